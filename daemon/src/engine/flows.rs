//! Phones with several flows to us (RFC 5626): one of them is tried, and when it does not carry the call the next one is.

use std::collections::HashMap;

use frontdesk_sip::Now;
use frontdesk_sip::event::SessionId;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::registrar::{Aor, Binding};
use frontdesk_sip::wire::Message;

use super::Engine;
use super::call::Side;
use super::setup::{Reach, Target};

/// RFC 5626 section 11.5: a proxy on the way says that it has lost the phone.
const FLOW_FAILED: u16 = 430;

/// The flows to one device, as it is called.
#[derive(Debug, Clone)]
pub(super) struct Flows {
    /// The one that is tried.
    pub(super) now: Binding,
    /// Those that may be tried after it.
    left: Vec<Binding>,
}

impl Flows {
    /// `None`: there is none.
    pub(super) fn of(device: &[&Binding]) -> Option<Flows> {
        let (now, left) = device.split_first()?;
        Some(Flows {
            now: Binding::clone(now),
            left: left.iter().copied().cloned().collect(),
        })
    }

    /// Whether one of them is this.
    pub(super) fn has(&self, flow: &FlowId) -> bool {
        std::iter::once(&self.now)
            .chain(&self.left)
            .any(|binding| binding.flow == *flow)
    }
}

/// Legs to phones that have another flow, by session.
pub(super) type Alternatives = HashMap<SessionId, Flows>;

impl Engine {
    /// A phone is about to be called: what else could be tried is remembered until the leg is over.
    pub(super) fn remember_flows(&mut self, session: SessionId, target: &Target, now: Now) {
        let Reach::Phone(flows) = &target.reach else { return };
        if flows.left.is_empty() {
            self.doubt(session, (target.staff, &flows.now), now);
        } else {
            self.flows.insert(session, Flows::clone(flows));
            self.trunks.await_sign(session, now);
        }
    }

    /// An INVITE to a phone failed. If that was the flow's fault the device's next flow is tried before the leg counts as
    /// over; what the device itself has answered is its answer (RFC 5626 section 7).
    pub(super) fn on_flow_failed(&mut self, session: SessionId, status: u16, response: Option<&Message>, now: Now) {
        let Some(flows) = self.flows.remove(&session) else {
            return;
        };
        if response.is_some() && status != FLOW_FAILED {
            return;
        }
        let Some((id, Side::Called(leg))) = self.find(session) else {
            return;
        };
        let Some(aor) = self.aor_of(session) else { return };
        let failed = &flows.now;
        let bindings = self.registrar.bindings(aor);
        // It may have been registered anew meanwhile, over another connection.
        if bindings.iter().any(|binding| binding.flow == failed.flow) {
            self.registrar.set_reachable(aor, &failed.name(), false);
        }
        if let Some(next) = self.still_there(aor, &flows) {
            let why = format!("a connection of the phone failed with {status}");
            self.call_otherwise((id, leg), Reach::Phone(Box::new(next)), &why, now);
        }
    }

    /// The phone that this session rings could be reached otherwise.
    pub(super) fn has_other_flow(&self, session: SessionId) -> bool {
        let flows = self.flows.get(&session).zip(self.aor_of(session));
        flows.is_some_and(|(flows, aor)| self.still_there(aor, flows).is_some())
    }

    /// What has not been tried and is registered still.
    fn still_there(&self, aor: Aor, flows: &Flows) -> Option<Flows> {
        let bindings = self.registrar.bindings(aor);
        let still = |flow: &Binding| bindings.iter().find(|binding| binding.name() == flow.name());
        let left: Vec<&Binding> = flows.left.iter().filter_map(still).collect();
        Flows::of(&left)
    }

    /// Where the phones of the person register whom this session rings.
    fn aor_of(&self, session: SessionId) -> Option<Aor> {
        let (id, side) = self.find(session)?;
        let staff = self.calls.get(&id)?.leg(side)?.staff?;
        let sip = self.plan.staff.get(staff)?.sip.as_ref()?;
        Some(Aor(sip.id.as_u128()))
    }
}
