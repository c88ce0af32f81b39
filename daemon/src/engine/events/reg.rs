//! `reg` (RFC 3680): which phones are registered for an address.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use frontdesk_sip::Now;
use frontdesk_sip::registrar::Aor;

use super::watchers::Watch;
use super::xml::escape;
use crate::engine::Engine;

/// A registered contact as a document shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contact {
    /// What tells it from the others: two flows of a phone may have one URI (RFC 5626).
    name: String,
    uri: String,
    expires_at: i64,
    q: u16,
    sip_call_id: String,
    cseq: u32,
}

impl Engine {
    pub(super) fn contacts_of(&self, watch: &Watch) -> Vec<Contact> {
        let bindings = self.registrar.bindings(Aor(watch.watcher.as_u128()));
        let contacts = bindings.iter().map(|binding| Contact {
            name: binding.name().into_owned(),
            uri: binding.contact.clone(),
            expires_at: binding.expires_at,
            q: binding.q,
            sip_call_id: binding.sip_call_id.clone(),
            cseq: binding.cseq,
        });
        contacts.collect()
    }
}

/// Full state; `before` are the contacts of the last document.
pub(super) fn document(contacts: &[Contact], before: &[Contact], watch: &Watch, now: Now) -> String {
    let state = match (contacts.is_empty(), before.is_empty()) {
        (false, _) => "active",
        (true, false) => "terminated",
        (true, true) => "init",
    };
    let aor = escape(&watch.address.uri());
    let (version, id) = (watch.version, watch.watcher);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
         <reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"{version}\" state=\"full\">\r\n\
         <registration aor=\"{aor}\" id=\"r{id}\" state=\"{state}\">\r\n"
    );
    for contact in contacts {
        let known = before.iter().find(|known| known.name == contact.name);
        let event = match known {
            Some(known) if known != contact => "refreshed",
            Some(_) | None => "registered",
        };
        let left = contact.expires_at.saturating_sub(now.unix_ms).max(0) / 1000;
        let expires = format!(" expires=\"{left}\"");
        write_contact(&mut text, contact, ("active", event), &expires);
    }
    let gone = before
        .iter()
        .filter(|old| !contacts.iter().any(|new| new.name == old.name));
    for contact in gone {
        let event = if contact.expires_at <= now.unix_ms {
            "expired"
        } else {
            "unregistered"
        };
        write_contact(&mut text, contact, ("terminated", event), "");
    }
    text.push_str("</registration>\r\n</reginfo>\r\n");
    text
}

fn write_contact(text: &mut String, contact: &Contact, (state, event): (&str, &str), expires: &str) {
    let mut id = DefaultHasher::new();
    contact.name.hash(&mut id);
    let _ = write!(
        text,
        "<contact id=\"c{:016x}\" state=\"{state}\" event=\"{event}\"{expires} q=\"{}.{:03}\" callid=\"{}\" \
         cseq=\"{}\"><uri>{}</uri></contact>\r\n",
        id.finish(),
        contact.q / 1000,
        contact.q % 1000,
        escape(&contact.sip_call_id),
        contact.cseq,
        escape(&contact.uri),
    );
}
