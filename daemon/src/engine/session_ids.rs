//! By what the parties of a call are known in everybody's logs (RFC 7989), and what their applications tell each other
//! (RFC 7433).
//!
//! We stand between two parties and pass the UUID of each on to the other, also when another takes its place by a transfer
//! (RFC 7989 section 7). Whoever has to do with us alone, in a menu or in a line, knows us by a UUID of chance.

use frontdesk_routing::ids::CallId;
use frontdesk_sip::event::SessionId;
use frontdesk_sip::wire::{SessionUuid, USER_TO_USER};

use super::Engine;
use super::call::{Call, Side};
use super::outgoing::Header;

impl Engine {
    /// What the peer of this session is called.
    pub(super) fn uuid_of(&self, session: SessionId) -> SessionUuid {
        let ids = self.endpoint.session_ids(session);
        ids.map_or(SessionUuid::NIL, |ids| ids.remote)
    }

    /// These two have to do with each other: what either is sent from now on names the other.
    pub(super) fn introduce(&mut self, id: CallId, (first, second): (Side, Side)) {
        let Some(call) = self.calls.get(&id) else { return };
        let session = |side| call.leg(side).map(|leg| leg.session);
        let (Some(one), Some(other)) = (session(first), session(second)) else {
            return;
        };
        let (named_one, named_other) = (self.uuid_of(one), self.uuid_of(other));
        self.endpoint.stand_for(one, named_other);
        self.endpoint.stand_for(other, named_one);
        if let Some(call) = self.calls.get_mut(&id) {
            call.session_ids.local = or(named_one, call.session_ids.local);
            call.session_ids.remote = or(named_other, call.session_ids.remote);
        }
    }

    /// One of the two who talk may be somebody else now, behind a switch that we know nothing of.
    pub(super) fn introduce_pair(&mut self, id: CallId) {
        if let Some(pair) = self.calls.get(&id).and_then(|call| call.pair()) {
            self.introduce(id, pair);
        }
    }

    /// Somebody rings: if there is nobody else, it is they with whom the caller has to do.
    pub(super) fn introduce_callee(&mut self, id: CallId) {
        let only = self.calls.get(&id).and_then(|call| match call.called.as_slice() {
            [only] => Some(only.id),
            _ => None,
        });
        if let Some(only) = only {
            self.introduce(id, (Side::Caller, Side::Called(only)));
        }
    }
}

impl Call {
    /// What the caller's application tells whoever is rung for them: of somebody else who waits we know nothing such.
    pub(super) fn user_to_user_of(&self, waiting: Side) -> &[String] {
        match waiting {
            Side::Caller => &self.user_to_user,
            Side::Called(_) => &[],
        }
    }
}

/// The header fields of such values.
pub(super) fn user_to_user(values: &[String]) -> impl Iterator<Item = Header> + use<'_> {
    values.iter().map(|value| (USER_TO_USER.into(), value.clone()))
}

fn or(named: SessionUuid, before: SessionUuid) -> SessionUuid {
    if named.is_nil() { before } else { named }
}
