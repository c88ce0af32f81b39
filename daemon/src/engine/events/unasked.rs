//! What stands in a mailbox, told to phones that never ask: many desk phones light their lamp by it out of the box.
//!
//! RFC 3842 knows subscriptions only. Most PBXs send this NOTIFY all the same: outside dialogs, once for each change and
//! when a person comes online. Whoever has subscribed gets none, and what a phone answers is not heeded.

use std::borrow::Cow;

use frontdesk_routing::ids::StaffId;
use frontdesk_sip::Now;
use frontdesk_sip::command::{Body, Command, Party, Request};
use frontdesk_sip::registrar::{Aor, Binding};

use super::address::Address;
use super::messages::{self, Messages};
use super::watchers::Package;
use crate::engine::Engine;

const EVENT: &str = "message-summary";
/// Nobody has subscribed, so that nothing is to be kept (RFC 6665 section 4.1.3).
const STATE: &str = "terminated;reason=noresource";

impl Engine {
    pub(super) fn tell_unasked(&mut self, now: Now) {
        for staff in self.watchers.take_mailbox_news() {
            let sip = self.plan.staff.get(staff).and_then(|staff| staff.sip.as_ref());
            let Some((account, user)) = sip.map(|sip| (sip.id, sip.user.to_string())) else {
                continue;
            };
            if self.watchers.has_subscribed(account, Package::MessageSummary) {
                continue;
            }
            let messages = self.watchers.messages(staff);
            // A phone with several flows is told once.
            let devices = self.registrar.devices(Aor(account.as_u128())).into_iter();
            let phones: Vec<Binding> = devices.filter_map(|flows| flows.first().copied().cloned()).collect();
            for binding in phones {
                self.tell_mailbox(&binding, &user, messages, now);
            }
        }
    }

    /// A person is online again: whoever has messages is told so.
    pub(in crate::engine) fn tell_of_mailbox(&mut self, staff: StaffId) {
        if self.watchers.messages(staff) != Messages::default() {
            self.watchers.note_mailbox(staff);
        }
    }

    fn tell_mailbox(&mut self, binding: &Binding, user: &str, messages: Messages, now: Now) {
        let flow = binding.target();
        let us = self.config.endpoint.advertise.signalling_address(&flow);
        let address = Address::at(user, us).uri();
        let party = || Party {
            display: String::new(),
            uri: address.clone(),
        };
        let header = |name, value: &str| (Cow::Borrowed(name), value.to_owned());
        let request = Request {
            token: self.token(),
            flow,
            method: Cow::Borrowed("NOTIFY"),
            request_uri: binding.request_uri().to_owned(),
            route: binding.path.clone(),
            from: party(),
            to: party(),
            max_forwards: 70,
            headers: vec![
                header("Event", EVENT),
                header("Subscription-State", STATE),
                header("Contact", &format!("<sip:{us}>")),
            ],
            body: Some(Body {
                content_type: Package::MessageSummary.content_type().into(),
                bytes: messages::document(&messages, &address).into(),
            }),
            after: None,
            credentials: None,
        };
        self.endpoint.command(Command::Request(Box::new(request)), now);
    }
}
