//! What a phone does to send a call on, and what it makes of what it is told.

use std::borrow::Cow;

use frontdesk_sip::Now;
use frontdesk_sip::command::Headers;
use frontdesk_sip::wire::{HeaderName, Message, Method, SessionIds};

use super::{DOMAIN, Phone, State};

impl Phone {
    /// Blind transfer of one of its calls.
    pub fn refer(&mut self, index: usize, number: &str, now: Now) {
        self.refer_with(index, &format!("<sip:{number}@{DOMAIN}>"), Vec::new(), now);
    }

    /// Attended transfer: the party of one call gets the one of the other.
    pub fn refer_to_call(&mut self, index: usize, other: usize, now: Now) {
        let replaces = self.replaces(other, false);
        let escaped = replaces.replace('@', "%40").replace(';', "%3B").replace('=', "%3D");
        let number = match self.calls[other].dialled.as_str() {
            "" => "102",
            dialled => dialled,
        };
        let target = format!("<sip:{number}@{DOMAIN}?Replaces={escaped}&Require=replaces>");
        self.refer_with(index, &target, Vec::new(), now);
    }

    pub fn refer_with(&mut self, index: usize, target: &str, mut headers: Headers, now: Now) {
        headers.push((Cow::Borrowed("Refer-To"), target.to_owned()));
        headers.push((Cow::Borrowed("Referred-By"), format!("<sip:{}@{DOMAIN}>", self.user)));
        self.say_with(index, ("REFER", headers), None, now);
    }

    /// The value that names a dialog of this phone to the server: as the other end of the phone's own dialog.
    pub fn replaces(&self, index: usize, early_only: bool) -> String {
        let info = self
            .endpoint
            .session_info(self.calls[index].session)
            .expect("a session");
        let early = if early_only { ";early-only" } else { "" };
        format!(
            "{};to-tag={};from-tag={}{early}",
            info.call_id, info.remote_tag, info.local_tag
        )
    }

    /// What the phone and whoever it talks with are called (RFC 7989), while the call is there.
    pub fn session_ids(&self, index: usize) -> SessionIds {
        let ids = self.endpoint.session_ids(self.calls[index].session);
        ids.expect("a session")
    }

    pub(super) fn on_transfer_notify(&mut self, index: usize, request: &Message, now: Now) {
        let event = request.header(HeaderName::Event).unwrap_or_default();
        if request.method() != Method::Notify || !event.starts_with(b"refer") {
            return;
        }
        let status = std::str::from_utf8(request.body()).ok();
        let status = status.and_then(|text| text.split(' ').nth(1)?.parse().ok());
        let status = status.expect("a status line in the body");
        self.calls[index].told.push(status);
        if (200..300).contains(&status) && self.lets_go && self.calls[index].state != State::Over {
            self.hang_up(index, now);
        }
    }

    /// What a refusal says beside its status.
    pub(super) fn forwarding(&self, status: u16) -> Headers {
        let contact = self.sends_on_to.iter().filter(|_| (300..400).contains(&status));
        let contact = contact.map(|number| (Cow::Borrowed("Contact"), format!("<sip:{number}@{DOMAIN}>")));
        let reason = self.gives.clone().map(|reason| (Cow::Borrowed("Reason"), reason));
        contact.chain(reason).collect()
    }
}
