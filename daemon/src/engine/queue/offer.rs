//! A call is offered to agents: their phones ring, and what they say is told to the queues.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_routing::ids::{CallId, LegId, StaffId};
use frontdesk_routing::queue::{Offer, Refusal};
use frontdesk_sip::Now;

use super::{Engine, Side};
use crate::engine::media::Wanted;
use crate::engine::sent_on::Way;
use crate::engine::setup::Target;
use crate::engine::transfer::More;

/// Whoever waits in a line and is offered to nobody is looked at again after so long; nothing depends on it.
const LONG: Duration = Duration::from_secs(24 * 3_600);
/// Legs of offers that came to nothing are remembered up to so many.
const MOST_OLD_LEGS: usize = 40;

impl Engine {
    pub(super) fn offer(&mut self, offer: &Offer, now: Now) {
        let id = offer.call;
        self.forget_old_legs(id);
        let ms = self.lines.ms(now);
        let Some(more) = self.ring_agents(offer, now) else {
            for agent in &offer.agents {
                self.lines.queues.refused(id, *agent, Refusal::Unreachable, ms);
            }
            return;
        };
        let rings = |agent: &StaffId| more.targets.iter().any(|target| target.staff == Some(*agent));
        let unreachable = offer.agents.iter().filter(|agent| !rings(agent));
        for agent in unreachable {
            self.lines.queues.refused(id, *agent, Refusal::Unreachable, ms);
        }
        let Some(call) = self.calls.get(&id) else { return };
        let (left, trail) = (call.max_forwards, call.way.trail.clone());
        let share = share(call.breadth, more.targets.len());
        let mut headers = self.diversions(&self.plan, &trail, more.targets.first());
        headers.push(("Max-Breadth".into(), share.to_string()));
        self.call_more(id, more, headers, now);
        if let Some(call) = self.calls.get_mut(&id) {
            // One offer after the other is no longer a way.
            call.max_forwards = left;
        }
        let limit = Duration::from_millis(offer.until.saturating_sub(ms));
        self.wait_at_most(id, limit, now);
    }

    /// Legs to all phones of the agents; `None`: there is none, or none can be called now.
    fn ring_agents(&mut self, offer: &Offer, now: Now) -> Option<More> {
        let plan = Arc::clone(&self.plan);
        let call = self.calls.get(&offer.call)?;
        let nobody_yet = call.machine.is_summoning();
        let waiting = call.leg(call.machine.waiting().unwrap_or(Side::Caller))?;
        let offered = call
            .offer
            .as_ref()
            .and_then(|offer| waiting.media.try_offer(offer).ok());
        let wanted = offered.or(waiting.media.codec().map(Wanted::from));
        let (near, own) = (waiting.media.port, (waiting.flow, waiting.staff));
        let agents = offer.agents.iter().filter_map(|agent| plan.staff.get(*agent));
        let phones = agents.flat_map(|agent| self.ways_to(&plan, agent));
        let is_own = |target: &Target| target.staff == own.1 && target.is_at(&own.0);
        let most = usize::try_from(call.breadth).unwrap_or(usize::MAX);
        let mut targets: Vec<Target> = phones.filter(|target| !is_own(target)).take(most).collect();
        if targets.is_empty() {
            return None;
        }
        let way = Way {
            person: None,
            trail: call.way.trail.clone(),
        };
        let legs = match nobody_yet {
            true => self.first_legs(&mut targets, now).ok()?,
            false => self.called_legs(&mut targets, near, wanted.as_ref(), now).ok()?,
        };
        Some(More {
            targets,
            legs,
            one_person: offer.agents.len() == 1,
            way,
        })
    }

    /// A phone has refused: when it was the last one of its agent, that agent has.
    pub(in crate::engine) fn on_agent_refused(&mut self, id: CallId, (leg, status): (LegId, u16), now: Now) {
        let Some(call) = self.calls.get(&id).filter(|call| call.machine.is_queued()) else {
            return;
        };
        let Some(agent) = call.leg(Side::Called(leg)).and_then(|leg| leg.staff) else {
            return;
        };
        let others = call.machine.calling().filter(|other| *other != leg);
        let mut others = others.filter_map(|other| call.leg(Side::Called(other)));
        let rings_on = others.any(|other| other.staff == Some(agent));
        drop(others);
        if rings_on {
            return;
        }
        let name = call.leg(Side::Called(leg)).and_then(|leg| leg.party.name.clone());
        let why = match status {
            486 | 600 => Refusal::Busy,
            603 => Refusal::Declined,
            408 | 480 | 487 => Refusal::NoAnswer,
            _ => Refusal::Unreachable,
        };
        self.note(id, &format!("{} {}", name.unwrap_or_default(), said(why)));
        let ms = self.lines.ms(now);
        self.lines.queues.refused(id, agent, why, ms);
    }

    /// Nobody answered in time, or all have refused.
    pub(in crate::engine) fn on_offer_over(&mut self, id: CallId, now: Now) {
        for agent in self.lines.queues.rings(id) {
            let agent = self.plan.staff.get(agent).map(|agent| agent.name.to_string());
            self.note(
                id,
                &format!("{} {}", agent.unwrap_or_default(), said(Refusal::NoAnswer)),
            );
        }
        let ms = self.lines.ms(now);
        self.lines.queues.offer_over(id, ms);
        self.wait_without_end(id, now);
    }

    pub(in crate::engine) fn wait_without_end(&mut self, id: CallId, now: Now) {
        self.wait_at_most(id, LONG, now);
    }

    /// A call may wait through any number of offers: of those that came to nothing the last ones stay on record.
    fn forget_old_legs(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        while call.called.len() > MOST_OLD_LEGS {
            let over = |leg: &crate::engine::call::Leg| !leg.open && leg.answered_at.is_none();
            let Some(at) = call.called.iter().position(over) else {
                return;
            };
            let leg = call.called.remove(at).id;
            call.machine.forget(leg);
        }
    }
}

fn said(why: Refusal) -> &'static str {
    match why {
        Refusal::Busy => "is busy",
        Refusal::NoAnswer => "does not answer",
        Refusal::Declined => "declines",
        Refusal::Unreachable => "cannot be reached",
    }
}

/// Each phone's share of the forks that the call may still have (RFC 5393 section 5.3.3).
fn share(breadth: u32, phones: usize) -> u32 {
    let phones = u32::try_from(phones).unwrap_or(u32::MAX);
    breadth.checked_div(phones).unwrap_or(0).max(1)
}
