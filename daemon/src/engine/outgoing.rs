//! What a call says of itself: outside, where it shows a number, and inside, where each phone sees what its person may.

use frontdesk_routing::because::Ordered;
use frontdesk_routing::caller_id::{Kind, OutgoingCall};
use frontdesk_routing::decision::Decision;
use frontdesk_routing::facts::{CallFacts, Caller};
use frontdesk_routing::forwarding::Trail;
use frontdesk_routing::identity::{Asserted, CallerIdentity};
use frontdesk_routing::ids::{AccountId, CallId, StaffId};
use frontdesk_routing::inbound;
use frontdesk_routing::masking::{Dialled, Viewer, may_hold_a_number};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_sip::command::{Body, Headers, Invite, Party};
use frontdesk_sip::privacy;
use frontdesk_sip::registrar::Binding;

use super::Engine;
use super::call::{Call, Leg, Side};
use super::caller::shown_as;
use super::output::{BoardChange, CdrParty, Output};
use super::requests::reply;
use super::session_ids::user_to_user;
use super::setup::{Asked, Shown, Target};
use super::turned::{Turned, turned};

impl Engine {
    /// A phone's eyes.
    pub(super) fn viewer(&self, account: AccountId, staff: Option<StaffId>) -> Viewer<'_> {
        Viewer::phone(&self.plan, account, staff)
    }

    /// How the one who waits goes outside.
    pub(super) fn outgoing(&self, call: &Call, waiting: Side) -> OutgoingCall {
        let plan = &self.plan;
        let hides = |staff: StaffId| plan.staff.get(staff).is_some_and(|staff| staff.caller_id.hides_clients);
        let leg = call.leg(waiting).unwrap_or(&call.caller);
        let inside = leg.trunk.is_none() && leg.staff.is_some();
        let hops = call.way.trail.hops();
        let sender = hops.last().map(|hop| hop.by).or(call.sender);
        OutgoingCall {
            kind: match call.ordered.filter(|_| inside) {
                Some(Ordered::Crm) => Kind::Crm,
                Some(Ordered::Widget) => Kind::Widget,
                None if inside => Kind::Direct,
                None => Kind::Forwarded,
            },
            account: call.account,
            staff: if inside { leg.staff } else { sender },
            client: leg.shown.outside(),
            arrived_on: self.arrived_on(call),
            restricted: leg.shown.restricted,
            hidden: hops.iter().map(|hop| hop.by).chain(sender).any(hides),
        }
    }

    /// The number of ours that a call from outside was for.
    pub(super) fn arrived_on(&self, call: &Call) -> Option<PhoneNumber> {
        let trunk = call.caller.trunk.and_then(|trunk| self.plan.staff.trunk(trunk))?;
        inbound::connected(&self.plan, trunk, &call.dialled).map(|number| number.number)
    }

    /// Whoever is called, as those see it whom they are connected with.
    pub(super) fn identity_of_target(&self, target: &Target) -> CallerIdentity {
        let trunk = target.party.trunk.and_then(|trunk| self.plan.staff.trunk(trunk));
        match trunk {
            Some(trunk) => identity_of_party(Viewer::of(&self.plan, trunk.account, false), &target.party),
            None => inside(&target.party),
        }
    }

    /// The INVITE of a phone, which is shown of the caller what its person may see.
    pub(super) fn invite(&self, leg: &Leg, target: &Target, shown: &Shown<'_>, body: Body) -> Invite {
        let host = self.config.endpoint.advertise.signalling_address(&leg.flow);
        let viewer = self.viewer(shown.outgoing.account, target.staff);
        let caller = viewer.caller(shown.caller);
        let from = shown_as(&caller, host);
        let asserted = caller.number().map(|_| privacy::asserted(&from));
        let to_user = target.party.number.as_deref().unwrap_or_default();
        // Nobody can tell what it holds: a number may be in it.
        let masked = viewer.is_masked();
        let told = user_to_user(shown.user_to_user).filter(|_| !masked);
        Invite {
            session: leg.session,
            flow: leg.flow,
            request_uri: target
                .binding()
                .map(Binding::request_uri)
                .unwrap_or_default()
                .to_owned(),
            route: target.binding().map(|binding| binding.path.clone()).unwrap_or_default(),
            follow_routes: false,
            headers: asserted
                .into_iter()
                .chain([shown.alert.header()])
                .chain(passed_on(&shown.headers, viewer))
                .chain(told)
                .collect(),
            to: Party {
                display: String::new(),
                uri: format!("sip:{to_user}@{host}"),
            },
            from,
            max_forwards: shown.max_forwards,
            session_id: Some(shown.session_id),
            body: Some(body),
            second: None,
            after: None,
            credentials: None,
        }
    }

    /// Where a call goes, with the forwardings on its way; the stub and tokens are the clients whom they hide.
    pub(super) fn decided(&self, asked: &Asked<'_>) -> Result<(Decision, Trail), Box<Turned>> {
        let unmasked = self.unmasked(asked)?;
        let facts = CallFacts {
            dialled: unmasked.as_deref().unwrap_or(asked.dialled),
            ..asked.facts()
        };
        Ok(self.decide(asked.plan, &facts))
    }

    /// The number of a hidden client in place of the stub or the token that was dialled; `None`: it was neither.
    fn unmasked(&self, asked: &Asked<'_>) -> Result<Option<String>, Box<Turned>> {
        let Caller::Staff(staff) = asked.caller else {
            return Ok(None);
        };
        let Some(staff) = asked.plan.staff.get(staff) else {
            return Ok(None);
        };
        match self.recent.dialled(asked.plan, staff, asked.dialled) {
            Dialled::Itself => Ok(None),
            Dialled::Client(number) => Ok(Some(number.reveal())),
            Dialled::Refused(status, because) => Err(turned(reply(status), because)),
        }
    }

    /// A phone of this person shows the party now: if its number is hidden there, the stub reaches it from now on.
    pub(super) fn remember(&mut self, staff: Option<StaffId>, party: &CallerIdentity) {
        if let (Some(staff), Some(number)) = (staff.filter(|staff| self.hides(*staff)), party.outside())
            && (!party.restricted || party.client.is_some())
        {
            self.recent.note(staff, number);
        }
    }

    /// The stub reaches whom it reached before the restart.
    pub(super) fn restore_clients(&mut self, clients: Vec<(StaffId, PhoneNumber)>) {
        for (staff, number) in clients {
            if self.hides(staff) {
                self.recent.note(staff, number);
            }
        }
    }

    /// Clients' numbers are hidden from this person.
    fn hides(&self, staff: StaffId) -> bool {
        let staff = self.plan.staff.get(staff);
        staff.is_some_and(|staff| staff.caller_id.hides_clients)
    }

    /// The card of a caller from outside, for those who want to see it when their phones ring (L45).
    pub(super) fn raise_cards(&mut self, id: CallId, staff: impl Iterator<Item = StaffId>, waiting: Side) {
        let Some(leg) = self.calls.get(&id).and_then(|call| call.leg(waiting)) else {
            return;
        };
        if leg.trunk.is_none() {
            return;
        }
        let (client, party) = (leg.shown.client, leg.party.clone());
        let mut told: Vec<StaffId> = Vec::new();
        for staff in staff {
            let wants = self.plan.staff.get(staff).filter(|staff| staff.caller_id.raises_card);
            let Some(account) = wants.map(|staff| staff.account).filter(|_| !told.contains(&staff)) else {
                continue;
            };
            told.push(staff);
            self.outputs.push_back(Output::Board(BoardChange::CallCard {
                account,
                staff,
                call: id,
                caller: party.clone(),
                client,
            }));
        }
    }
}

/// What goes on to a phone of somebody else's headers: nothing that could be a number where numbers are hidden.
fn passed_on<'a>(headers: &'a Headers, viewer: Viewer<'a>) -> impl Iterator<Item = Header> + 'a {
    let fits = move |value: &str| !(viewer.is_masked() && may_hold_a_number(value));
    headers.iter().filter(move |(_, value)| fits(value)).cloned()
}

pub(super) type Header = (std::borrow::Cow<'static, str>, String);

fn identity_of_party(viewer: Viewer<'_>, party: &CdrParty) -> CallerIdentity {
    let number = party.number.as_deref();
    let outside = number.and_then(|number| PhoneNumber::from_e164(number).ok());
    match outside.filter(|_| party.staff.is_none()) {
        Some(number) => viewer.outside(number, party.name.as_deref().unwrap_or_default()),
        None => inside(party),
    }
}

/// A colleague.
pub(super) fn inside(party: &CdrParty) -> CallerIdentity {
    CallerIdentity {
        name: party.name.clone().unwrap_or_default(),
        asserted: party.number.clone().map_or(Asserted::Nobody, Asserted::Inside),
        client: None,
        restricted: false,
    }
}
