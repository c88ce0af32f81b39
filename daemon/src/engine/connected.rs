//! Connected identity: each phone is told with whom it talks now (RFC 4916, RFC 3325, RFC 5876).

use frontdesk_routing::ids::CallId;
use frontdesk_sip::Now;
use frontdesk_sip::command::{Command, Headers, Party};
use frontdesk_sip::privacy;
use frontdesk_sip::wire::{HeaderName, Message};

use super::Engine;
use super::call::Side;
use super::caller::shown_as;

/// Whether the sender of a message takes UPDATE (RFC 3311 section 4).
pub(super) fn takes_update(message: &Message) -> bool {
    let mut methods = message.values(HeaderName::Allow);
    methods.any(|method| method.eq_ignore_ascii_case(b"UPDATE"))
}

/// Whether the sender of a message understands a From that changes (RFC 4916 section 4.4.1).
pub(super) fn takes_another_from(message: &Message) -> bool {
    let mut tags = message.values(HeaderName::Supported);
    tags.any(|tag| tag.trim_ascii().eq_ignore_ascii_case(b"from-change"))
}

impl Engine {
    /// Tells both phones whom they talk with. A provider's line is told nothing: its caller hears it.
    pub(super) fn show_partners(&mut self, id: CallId, (first, second): (Side, Side), now: Now) {
        for (side, partner) in [(first, second), (second, first)] {
            self.show_partner(id, side, partner, now);
        }
    }

    fn show_partner(&mut self, id: CallId, side: Side, partner: Side, now: Now) {
        let wanted = self.wanted(id, side);
        self.remember_partner(id, (side, partner));
        let Some(named) = self.partner_of(id, side, partner) else {
            return;
        };
        let headers = vec![privacy::asserted(&named)];
        let token = self.token();
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) else {
            return;
        };
        if leg.trunk.is_some() || leg.sees == Some(partner) {
            return;
        }
        leg.sees = Some(partner);
        if leg.renames {
            self.endpoint.rename(leg.session, &named);
        }
        // A re-INVITE that has to go out anyway carries it.
        if leg.media.told != wanted || !leg.updates {
            return self.ask_with(id, side, headers, now);
        }
        let update = Command::SendInDialog {
            session: leg.session,
            token,
            method: "UPDATE".into(),
            headers,
            body: None,
        };
        self.endpoint.command(update, now);
    }

    /// A phone shows its partner from now on.
    pub(super) fn remember_partner(&mut self, id: CallId, (side, partner): (Side, Side)) {
        let Some(call) = self.calls.get(&id) else { return };
        if let (Some(leg), Some(partner)) = (call.leg(side), call.leg(partner)) {
            let (staff, shown) = (leg.staff, partner.shown.clone());
            self.remember(staff, &shown);
        }
    }

    /// P-Asserted-Identity of a party as another one's phone is given it.
    pub(super) fn identity_of(&self, id: CallId, side: Side, partner: Side) -> Headers {
        let partner = self.partner_of(id, side, partner);
        partner.iter().map(privacy::asserted).collect()
    }

    /// `None`: somebody who wants to stay unknown.
    fn partner_of(&self, id: CallId, side: Side, partner: Side) -> Option<Party> {
        let call = self.calls.get(&id)?;
        let (leg, partner) = (call.leg(side)?, call.leg(partner)?);
        let shown = self.viewer(call.account, leg.staff).caller(&partner.shown);
        shown.number()?;
        let host = self.config.endpoint.advertise.signalling_address(&leg.flow);
        Some(shown_as(&shown, host))
    }
}
