//! Which registrations the journal has been given, so that a mere refresh does not cost a write.

use std::collections::BTreeMap;

use frontdesk_routing::ids::SipAccountId;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::registrar::Binding;

/// A refresh is written down once it has moved the expiry so far, in milliseconds: after a restart a phone may count as
/// gone that much too early.
const WORTH_WRITING: i64 = 30_000;

#[derive(Debug)]
struct Written {
    name: String,
    /// Where the name does not say it.
    contact: Option<Box<str>>,
    flow: FlowId,
    expires_at: i64,
}

/// What the journal knows.
#[derive(Debug, Default)]
pub(super) struct Kept {
    written: BTreeMap<SipAccountId, Vec<Written>>,
}

impl Kept {
    /// Whether this registration is news for the journal; if so it counts as written from now on.
    pub(super) fn is_news(&mut self, account: SipAccountId, binding: &Binding) -> bool {
        let of_account = self.written.entry(account).or_default();
        let name = binding.name();
        let news = Written {
            name: String::new(),
            contact: (name != binding.contact).then(|| binding.contact.as_str().into()),
            flow: binding.flow,
            expires_at: binding.expires_at,
        };
        match of_account.iter_mut().find(|written| written.name == name) {
            Some(written) => {
                let moved = binding.expires_at.saturating_sub(written.expires_at);
                let same = written.flow == binding.flow && written.contact == news.contact;
                if same && (0..WORTH_WRITING).contains(&moved) {
                    return false;
                }
                let name = std::mem::take(&mut written.name);
                *written = Written { name, ..news };
            }
            None => {
                // Most people have one phone.
                of_account.reserve_exact(1);
                of_account.push(Written {
                    name: name.into_owned(),
                    ..news
                });
            }
        }
        true
    }

    /// Where it was registered by last, as far as the journal knows.
    pub(super) fn flow_of(&self, account: SipAccountId, name: &str) -> Option<FlowId> {
        let mut of_account = self.written.get(&account)?.iter();
        Some(of_account.find(|written| written.name == name)?.flow)
    }

    pub(super) fn forget(&mut self, account: SipAccountId, name: &str) {
        if let Some(of_account) = self.written.get_mut(&account) {
            of_account.retain(|written| written.name != name);
            if of_account.is_empty() {
                self.written.remove(&account);
            }
        }
    }
}
