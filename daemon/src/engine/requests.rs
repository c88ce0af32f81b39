//! Credentials, and requests outside dialogs.

use std::borrow::Cow;

use frontdesk_routing::ids::SipAccountId;
use frontdesk_routing::plan::Owner;
use frontdesk_sip::Now;
use frontdesk_sip::auth::{Check, Ha1};
use frontdesk_sip::command::{Command, Reply};
use frontdesk_sip::event::TransactionId;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::registrar::Aor;
use frontdesk_sip::wire::{ACCEPT, Message, Method};

use super::Engine;
use super::events::{ALLOW_EVENTS, PIDF};

/// What we take outside dialogs.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, REGISTER, SUBSCRIBE, PUBLISH";

pub(super) fn reply(status: u16) -> Reply {
    Reply {
        status,
        ..Reply::default()
    }
}

pub(super) fn reply_with(status: u16, name: &'static str, value: impl Into<String>) -> Reply {
    Reply {
        status,
        headers: vec![(Cow::Borrowed(name), value.into())],
        ..Reply::default()
    }
}

impl Engine {
    /// The SIP account whose credentials a request carries, or the answer that asks for them. A disabled account is
    /// treated like an unknown one.
    pub(super) fn authenticate(&mut self, request: &Message, flow: &FlowId, now: Now) -> Result<SipAccountId, Reply> {
        let plan = std::sync::Arc::clone(&self.plan);
        let secrets = |user: &str| {
            let sip = plan.staff.by_user(user)?.sip()?;
            sip.enabled.then_some(Ha1 {
                md5: sip.ha1_md5,
                sha256: sip.ha1_sha256,
            })
        };
        match self.auth.check(request, &secrets, now) {
            Check::Passed { user } => {
                self.credentials_passed(request, flow, now);
                let sip = plan.staff.by_user(&user).and_then(|owner| owner.sip());
                sip.map(|sip| sip.id).ok_or_else(|| reply(403))
            }
            Check::Challenge { reply } => {
                self.credentials_asked(request, flow, now);
                Err(reply)
            }
            Check::Failed { reply, .. } => {
                self.credentials_failed(flow, now);
                Err(reply)
            }
        }
    }

    pub(super) fn on_request(&mut self, transaction: TransactionId, request: &Message, flow: &FlowId, now: Now) {
        let reply = match request.method() {
            Method::Register => self.register(request, flow, now),
            Method::Options => self.abilities(flow, now),
            Method::Publish => self.publish(request, flow, now),
            // Nobody is called for a stranger: a transfer has a call (RFC 3515 section 2.4.4, RFC 7647).
            Method::Refer => reply(403),
            Method::Invite
            | Method::Ack
            | Method::Bye
            | Method::Cancel
            | Method::Prack
            | Method::Update
            | Method::Info
            | Method::Subscribe
            | Method::Notify
            | Method::Message
            | Method::Other(_) => reply_with(405, "Allow", ALLOW),
        };
        self.endpoint.command(Command::Respond { transaction, reply }, now);
    }

    /// The answer to OPTIONS. A stranger hears that somebody is there, and nothing that tells who.
    fn abilities(&self, flow: &FlowId, now: Now) -> Reply {
        if !self.guard.knows(flow.peer, now) {
            return Reply {
                unnamed: true,
                ..reply(200)
            };
        }
        let headers = vec![
            (Cow::Borrowed("Allow"), ALLOW.to_owned()),
            (Cow::Borrowed("Supported"), self.endpoint.supported().to_owned()),
            (Cow::Borrowed("Accept"), format!("{ACCEPT}, {PIDF}")),
            (Cow::Borrowed("Allow-Events"), ALLOW_EVENTS.to_owned()),
        ];
        Reply { headers, ..reply(200) }
    }

    fn register(&mut self, request: &Message, flow: &FlowId, now: Now) -> Reply {
        let account = match self.authenticate(request, flow, now) {
            Ok(account) => account,
            Err(reply) => return reply,
        };
        if !self.may_register(account, request) {
            return reply(403);
        }
        let registered = self.registrar.register(request, Aor(account.as_u128()), flow, now);
        if registered.reply.status < 300 {
            self.counters.registers_accepted += 1;
        }
        self.on_binding_changes(registered.changes, now);
        registered.reply
    }

    /// The address of record is the credentials' own: its SIP user, or the short number of the same person.
    fn may_register(&self, account: SipAccountId, request: &Message) -> bool {
        let Ok(to) = request.to() else { return false };
        let Ok(uri) = to.uri() else { return false };
        let user = uri.decoded_user().unwrap_or_default();
        let Some(owner) = self.plan.staff.by_sip(account) else {
            return false;
        };
        let own = owner.sip().is_some_and(|sip| sip.user.as_bytes() == user.as_ref());
        let short = match owner {
            Owner::Staff(staff) => staff
                .short_number
                .is_some_and(|short| short.to_string().as_bytes() == user.as_ref()),
            Owner::Trunk(_) => false,
        };
        own || short
    }
}
