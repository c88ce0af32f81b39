//! A call to a number outside: server after server, trunk after trunk (RFC 3263 section 4.3).

use std::collections::VecDeque;

use frontdesk_media::io::command::Codec;
use frontdesk_routing::because::Because;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::caller_id::{self, Kind, OutgoingCall};
use frontdesk_routing::ids::{CallId, LegId, TrunkId};
use frontdesk_routing::masking;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::outbound::OutsideNumber;
use frontdesk_routing::plan::trunks::{TrunkCodec, TrunkLimits};
use frontdesk_routing::plan::{DialPlan, PlanTrunk};
use frontdesk_sip::Now;
use frontdesk_sip::command::{Body, Command, Invite};
use frontdesk_sip::event::SessionId;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::registrar::{Aor, Binding};
use frontdesk_sip::trunk::cause;
use frontdesk_sip::wire::{HeaderName, Message};

use super::register::credentials;
use super::servers::{Address, transport_param, uri_host};
use super::{Engine, identity};
use crate::engine::call::{Leg, Side};
use crate::engine::media::Wanted;
use crate::engine::output::CdrParty;
use crate::engine::requests::reply_with;
use crate::engine::session_ids::user_to_user;
use crate::engine::setup::{Reach, Rung, Shown, Target};
use crate::engine::transfer::{MOST_LEGS, More};
use crate::engine::turned::{Turned, turned};

/// One way to a number.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Attempt {
    trunk: TrunkId,
    place: Place,
}

/// What takes an INVITE.
#[derive(Debug, Clone)]
enum Place {
    Server {
        address: Address,
        /// As somebody named it.
        host: Box<str>,
    },
    /// A gateway that is registered with us.
    Gateway(Box<Binding>),
}

/// A number outside, and the ways to it that have not been tried.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Outside {
    pub(in crate::engine) to: OutsideNumber,
    pub(in crate::engine) ways: VecDeque<Attempt>,
}

/// A leg's way, and those that are left.
#[derive(Debug)]
pub(in crate::engine) struct Attempts {
    now: Attempt,
    left: Outside,
    /// The number that its INVITE shows.
    shows: Option<PhoneNumber>,
}

impl Attempts {
    /// The one that is shown, and the one that is rung.
    pub(super) fn numbers(&self) -> [Option<PhoneNumber>; 2] {
        [self.shows, self.left.to.number()]
    }
}

/// A way that was taken.
pub(in crate::engine) struct Taken {
    pub(in crate::engine) trunk: TrunkId,
    pub(in crate::engine) flow: FlowId,
    pub(in crate::engine) codecs: Vec<Codec>,
}

impl Engine {
    /// The ways to a number by these trunks, as a target.
    pub(in crate::engine) fn outside(&self, plan: &DialPlan, to: OutsideNumber, trunks: &[TrunkId]) -> Target {
        let mut ways = Vec::new();
        for trunk in trunks.iter().filter_map(|id| plan.staff.trunk(*id)) {
            let servers = self.addresses_of(trunk).into_iter();
            let servers = servers.map(|(address, host)| Place::Server { address, host });
            let gateways = self.registered(trunk).iter().cloned();
            let gateways = gateways.map(|binding| Place::Gateway(Box::new(binding)));
            let trunk = trunk.id;
            ways.extend(servers.chain(gateways).map(|place| Attempt { trunk, place }));
        }
        // Another trunk is better than a server that is down.
        ways.sort_by_key(|way: &Attempt| match &way.place {
            Place::Server { address, .. } => self.trunks.grade(*address),
            Place::Gateway(binding) => (false, !binding.reachable),
        });
        let first = trunks.first().and_then(|id| plan.staff.trunk(*id));
        let number = first.zip(to.number());
        let client = number.and_then(|(trunk, number)| plan.clients.by_number(trunk.account, number));
        Target {
            staff: None,
            party: CdrParty {
                staff: None,
                trunk: first.map(|trunk| trunk.id),
                number: Some(to.reveal()),
                name: client.map(|client| client.name.to_string()),
                restricted: false,
            },
            reach: Reach::Outside(Outside { to, ways: ways.into() }),
        }
    }

    /// A number outside as all that is rung.
    pub(in crate::engine) fn rung_outside(
        &self,
        plan: &DialPlan,
        (to, trunks): (OutsideNumber, &[TrunkId]),
        because: Because,
    ) -> Rung {
        let target = self.outside(plan, to, trunks);
        let callee = target.party.clone();
        (vec![target], because, callee)
    }

    /// Where a trunk is registered with us.
    fn registered(&self, trunk: &PlanTrunk) -> &[Binding] {
        let sip = trunk.sip.as_ref().filter(|sip| sip.enabled);
        sip.map_or(&[], |sip| self.registrar.bindings(Aor(sip.id.as_u128())))
    }

    /// The flow to a place; `None`: there is none any more.
    fn flow_of(&self, way: &Attempt) -> Option<FlowId> {
        match &way.place {
            Place::Server { address, .. } => self.flow_to(*address),
            Place::Gateway(known) => {
                let line = self.trunks.lines.get(&way.trunk)?;
                let mut bindings = self.registered(&line.trunk).iter();
                let still = bindings.find(|binding| binding.name() == known.name())?;
                Some(still.target())
            }
        }
    }

    /// Takes the first way that is free for the session.
    pub(in crate::engine) fn take_way(
        &mut self,
        outside: &Outside,
        session: SessionId,
        now: Now,
    ) -> Result<Taken, Box<Turned>> {
        let mut left = outside.clone();
        let mut why = String::from("no server of theirs is known and no gateway registered");
        let mut full = None;
        while let Some(way) = left.ways.pop_front() {
            if full == Some(way.trunk) {
                continue;
            }
            let Some(flow) = self.flow_of(&way) else {
                continue;
            };
            let Some(line) = self.trunks.lines.get_mut(&way.trunk) else {
                continue;
            };
            let sessions = &self.sessions;
            let lives = |session| sessions.contains_key(&session);
            let limits = match outside.to {
                OutsideNumber::Number(_) => line.trunk.limits,
                OutsideNumber::Emergency(_) => TrunkLimits::default(),
            };
            if let Err(reason) = line.channels.take(session, limits, lives, now.instant) {
                why = format!("{} {}", line.trunk.name, reason.why());
                full = Some(way.trunk);
                continue;
            }
            let taken = Taken {
                trunk: way.trunk,
                flow,
                codecs: line.trunk.codecs.iter().map(|codec| codec_of(*codec)).collect(),
            };
            if !left.ways.is_empty() {
                self.trunks.await_sign(session, now);
            }
            let attempts = Attempts {
                now: way,
                left,
                shows: None,
            };
            self.trunks.attempts.insert(session, attempts);
            return Ok(taken);
        }
        Err(turned(reply_with(503, "Retry-After", "5"), Because::NoTrunkFree(why)))
    }

    /// The INVITE of a leg that goes outside.
    pub(in crate::engine) fn invite_outside(
        &mut self,
        leg: &Leg,
        shown: &Shown<'_>,
        body: &Body,
    ) -> Option<(Invite, Because)> {
        let Attempts { now: way, left, .. } = self.trunks.attempts.get(&leg.session)?;
        let line = self.trunks.lines.get(&way.trunk)?;
        let host = match &way.place {
            Place::Server { host, .. } => host.to_string(),
            // What is registered with us knows our address at least.
            Place::Gateway(_) => {
                let us = self.config.endpoint.advertise.signalling_address(&leg.flow);
                us.ip().to_string()
            }
        };
        let account = shown.outgoing.account;
        let call = match left.to {
            OutsideNumber::Number(number) => OutgoingCall {
                hidden: shown.outgoing.hidden || masking::hides_from(&self.plan, account, number),
                ..shown.outgoing
            },
            OutsideNumber::Emergency(_) => OutgoingCall {
                kind: Kind::Emergency,
                ..shown.outgoing
            },
        };
        let (presented, because) = caller_id::resolve(&self.plan, &call, &line.trunk);
        let said = identity::say(&self.plan, &line.trunk, left.to, presented, &host);
        let user = said.to.uri.split('@').next().unwrap_or_default();
        let (request_uri, route) = match &way.place {
            Place::Server { host, .. } => (at_server(user, host, &leg.flow), Vec::new()),
            Place::Gateway(binding) => (at_gateway(user, binding), binding.path.clone()),
        };
        // What a client's application says is not for another provider, and nothing goes along with who wants to stay unknown.
        let open = !line.trunk.privacy && !presented.restricted && !call.restricted && !call.hidden;
        let ours = matches!(call.kind, Kind::Direct | Kind::Crm | Kind::Widget);
        let told = user_to_user(shown.user_to_user).filter(|_| open && ours);
        let invite = Invite {
            session: leg.session,
            flow: leg.flow,
            request_uri,
            route,
            follow_routes: matches!(way.place, Place::Server { .. }),
            from: said.from,
            to: said.to,
            max_forwards: shown.max_forwards,
            session_id: Some(shown.session_id),
            headers: said.headers.into_iter().chain(told).collect(),
            body: Some(body.clone()),
            second: None,
            after: None,
            credentials: line.registration().map(credentials),
        };
        if let Some(attempts) = self.trunks.attempts.get_mut(&leg.session) {
            attempts.shows = presented.number;
            self.trunks.abroad.note(leg.session, attempts.numbers());
        }
        Some((invite, because))
    }

    /// A provider refused a call, or did not answer: the next way is tried before the leg counts as over. Gives the
    /// status that the refusal comes to.
    pub(in crate::engine) fn on_outside_refused(
        &mut self,
        session: SessionId,
        status: u16,
        response: Option<&Message>,
        now: Now,
    ) -> u16 {
        let Some(attempts) = self.trunks.attempts.remove(&session) else {
            return status;
        };
        self.trunks.abroad.forget(session, attempts.numbers());
        let way = attempts.now;
        if let Some(line) = self.trunks.lines.get_mut(&way.trunk) {
            line.channels.release(session);
        }
        let said = response.map_or(status, |response| cause::refusal(status, response));
        let of_server = status == 503 || response.is_none();
        let of_trunk = matches!(said, 401..=403 | 407 | 500..=599) || is_line_busy(&way, said, response);
        // That a provider does not know an emergency number is no answer.
        let urgent = attempts.left.to.is_emergency();
        let of_trunk = of_trunk || urgent;
        if of_server {
            self.way_failed(&way, response.is_none(), now);
        }
        if !(of_server || of_trunk) {
            return said;
        }
        let mut left = attempts.left;
        if !of_server {
            left.ways.retain(|other| other.trunk != way.trunk);
        }
        let goes_on = !left.ways.is_empty();
        if let Some((id, Side::Called(leg))) = self.find(session).filter(|_| goes_on) {
            let why = format!("a trunk failed with {status}");
            self.call_otherwise((id, leg), Reach::Outside(left), &why, now);
        }
        // What a provider says of us is no business of the caller's, and nobody's refusal ends an emergency call.
        if matches!(said, 401..=403 | 407) || (urgent && goes_on) {
            503
        } else {
            said
        }
    }

    /// `silent`: nothing came from there.
    fn way_failed(&mut self, way: &Attempt, silent: bool, now: Now) {
        let line = self.trunks.lines.get(&way.trunk);
        let sip = line.and_then(|line| line.trunk.sip.as_ref());
        match (&way.place, sip) {
            (Place::Server { address, .. }, _) => {
                self.has_failed(*address, now);
                if silent {
                    self.register_again(*address, now);
                }
            }
            (Place::Gateway(binding), Some(sip)) => {
                let aor = Aor(sip.id.as_u128());
                self.registrar.set_reachable(aor, &binding.name(), false);
            }
            (Place::Gateway(_), None) => {}
        }
    }

    /// Whoever is called by this leg is called by another way, before the leg counts as over.
    pub(in crate::engine) fn call_otherwise(&mut self, (id, leg): (CallId, LegId), reach: Reach, why: &str, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let calling = call.machine.calling().any(|calling| calling == leg);
        if !calling || call.called.len() >= MOST_LEGS {
            return;
        }
        let of = |id: LegId| call.leg(Side::Called(id)).map(|leg| leg.staff);
        let alone = call.machine.calling().all(|calling| of(calling) == of(leg));
        // The same hop once more.
        call.max_forwards = call.max_forwards.saturating_add(1);
        let summoning = call.machine.is_summoning();
        let waiting = call.machine.waiting().unwrap_or(Side::Caller);
        let wanted = call.leg(waiting).and_then(|leg| leg.media.codec()).map(Wanted::from);
        let near = call.leg(waiting).map(|leg| leg.media.port);
        let party = call.leg(Side::Called(leg)).map(|leg| (leg.staff, leg.party.clone()));
        let way = call.way.clone();
        let (Some(near), Some((staff, party))) = (near, party) else {
            return;
        };
        let wanted = wanted.or_else(|| self.wanted_by(id));
        let mut targets = vec![Target { staff, party, reach }];
        let legs = match summoning {
            true => self.first_legs(&mut targets, now).ok(),
            false => self.called_legs(&mut targets, near, wanted.as_ref(), now).ok(),
        };
        let Some(legs) = legs else {
            return self.note(id, &format!("{why} and no other is free"));
        };
        self.note(id, &format!("{why}, so the next way was tried"));
        let headers = self.diversions(&self.plan, &way.trail, targets.first());
        let more = More {
            targets,
            legs,
            one_person: alone,
            way,
        };
        self.call_more(id, more, headers, now);
    }

    /// What the caller has offered, if that is still open.
    fn wanted_by(&self, id: CallId) -> Option<Wanted> {
        let call = self.calls.get(&id)?;
        call.caller.media.try_offer(call.offer.as_ref()?).ok()
    }

    /// Nothing was heard of an INVITE for a while.
    pub(super) fn on_silent(&mut self, session: SessionId, now: Now) {
        if !self.endpoint.is_unheard(session) {
            return;
        }
        let attempts = self.trunks.attempts.get(&session);
        let waits = attempts.is_some_and(|attempts| !attempts.left.ways.is_empty()) || self.has_other_flow(session);
        let Some((id, Side::Called(leg))) = self.find(session).filter(|_| waits) else {
            return;
        };
        self.on_outside_refused(session, 408, None, now);
        self.on_flow_failed(session, 408, None, now);
        let reason = None;
        self.endpoint.command(Command::Cancel { session, reason }, now);
        self.step(id, CallEvent::Refused(leg, 408), now);
    }

    /// A session is over.
    pub(in crate::engine) fn forget_session(&mut self, session: SessionId) {
        self.forget_way(session);
        self.flows.remove(&session);
        self.sessions.remove(&session);
    }

    pub(in crate::engine) fn forget_way(&mut self, session: SessionId) {
        let Some(attempts) = self.trunks.attempts.remove(&session) else {
            return;
        };
        self.trunks.abroad.forget(session, attempts.numbers());
        if let Some(line) = self.trunks.lines.get_mut(&attempts.now.trunk) {
            line.channels.release(session);
        }
    }
}

/// A gateway says of its own line that it is busy, when it does not say in the words of the telephone network that whoever
/// is called there is.
fn is_line_busy(way: &Attempt, status: u16, response: Option<&Message>) -> bool {
    let reason = response.and_then(|response| response.listed(HeaderName::Reason));
    let told = reason.and_then(|reason| cause::passed_on(&reason));
    matches!(way.place, Place::Gateway(_)) && status == 486 && told.is_none()
}

/// `user` with its scheme, at a server.
fn at_server(user: &str, host: &str, flow: &FlowId) -> String {
    let port = match host.parse::<std::net::IpAddr>() {
        Ok(_) => format!(":{}", flow.peer.port()),
        Err(_) => String::new(),
    };
    format!("{user}@{}{port}{}", uri_host(host), transport_param(flow.transport))
}

/// The same where a gateway is registered, with the parameters that it gave itself.
fn at_gateway(user: &str, binding: &Binding) -> String {
    let uri = binding.request_uri();
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    format!("{user}@{place}")
}

fn codec_of(codec: TrunkCodec) -> Codec {
    match codec {
        TrunkCodec::Pcma => Codec::Pcma,
        TrunkCodec::Pcmu => Codec::Pcmu,
        TrunkCodec::G722 => Codec::G722,
        TrunkCodec::Opus => Codec::Opus,
    }
}
