//! From a caller at the head of a line to an agent who answers, or to the caller's leaving.

use smallvec::smallvec;

use super::agent::{Agent, Rest, RestReason, Served};
use super::pick::Agents;
use super::{Queues, Source};
use crate::ids::{CallId, DepartmentId, StaffId};

/// A call is to ring at these agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub call: CallId,
    pub department: DepartmentId,
    /// At least one; all ring at once.
    pub agents: Agents,
    /// Then [`Queues::offer_over`] is due, in milliseconds as `now`.
    pub until: u64,
}

/// Why an agent did not take an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Busy,
    /// The phone rang out.
    NoAnswer,
    Declined,
    /// No phone could be reached.
    Unreachable,
}

/// A caller left the queue by itself: it is for the overflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    pub call: CallId,
    pub department: DepartmentId,
    pub why: ExpiredWhy,
}

/// Why a caller left the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiredWhy {
    /// They waited `longest_wait_ms`.
    LongestWait,
    /// No member was reachable for `leave_when_empty_ms`.
    NobodyWorks,
}

impl Queues {
    /// The next call that is to ring, and at whom. To be asked until `None` after every change.
    pub fn next_offer(&mut self, now: u64) -> Option<Offer> {
        self.advance(now);
        let (_, _, source) = *self.ready.first()?;
        let id = match source {
            Source::Manager(staff) => self.agents.get(&staff)?.clients.first()?.2,
            Source::Department(department) => self.departments.get(&department)?.line.head()?.1,
        };
        let caller = self.callers.get_mut(&id)?;
        let queue = self.departments.get_mut(&caller.department)?;
        let manager = caller
            .manager
            .filter(|staff| self.agents.get(staff).is_some_and(Agent::takes_client));
        let agents = match manager {
            Some(staff) => smallvec![staff],
            None => queue.free.pick(&mut caller.tried, &mut self.random),
        };
        let (department, ring_time) = (caller.department, queue.settings.ring_time_ms);
        self.withdraw(id);
        for staff in &agents {
            if let Some(agent) = self.agents.get_mut(staff) {
                agent.offer = Some(id);
            }
            self.reseat(*staff);
        }
        self.callers.get_mut(&id)?.rings.clone_from(&agents);
        Some(Offer {
            call: id,
            department,
            agents,
            until: self.now.saturating_add(ring_time),
        })
    }

    /// A member of staff answered a call of the queue, offered to them or not; the others at whom it rang are free
    /// again. `false` if the call is in no queue: another was faster, or the caller left.
    pub fn answered(&mut self, id: CallId, staff: StaffId, now: u64) -> bool {
        self.advance(now);
        let Some(caller) = self.remove(id) else {
            return false;
        };
        if let Some(queue) = self.departments.get_mut(&caller.department) {
            let waited = self.now.saturating_sub(caller.joined);
            queue.counts.answer(waited, waited <= queue.settings.service_level_ms);
        }
        let agent = self.agents.entry(staff).or_default();
        agent.serves.push(Served {
            call: id,
            department: caller.department,
            since: self.now,
        });
        self.served.insert(id, staff);
        if let Some(seat) = agent.seat(caller.department) {
            seat.answered += 1;
        }
        self.reseat(staff);
        true
    }

    /// One agent does not take an offer; the call rings on at the others. `true` if they were the last, so that the
    /// offer is over and the call waits again in its place. `false` also if the call did not ring at them.
    pub fn refused(&mut self, id: CallId, staff: StaffId, why: Refusal, now: u64) -> bool {
        self.advance(now);
        let Some(caller) = self.callers.get_mut(&id) else {
            return false;
        };
        let Some(at) = caller.rings.iter().position(|rings| *rings == staff) else {
            return false;
        };
        caller.rings.remove(at);
        caller.tried.add(staff);
        if caller.manager == Some(staff) {
            caller.manager = None;
        }
        let over = caller.rings.is_empty();
        let rest = self.departments.get(&caller.department).map(|queue| {
            let retry = queue.settings.retry_ms;
            match why {
                Refusal::NoAnswer => (retry.max(queue.settings.pause_after_missed_ms), RestReason::Missed),
                Refusal::Busy | Refusal::Declined => (retry, RestReason::Refused),
                Refusal::Unreachable => (retry, RestReason::Unreachable),
            }
        });
        if let Some(agent) = self.agents.get_mut(&staff) {
            agent.offer = None;
        }
        if let Some((rest, reason)) = rest {
            self.rest(staff, rest, reason);
        }
        self.reseat(staff);
        if over {
            self.wait_again(id);
        }
        over
    }

    /// The ring time is over: nobody at whom the call still rang answered. `false` if the call does not ring.
    pub fn offer_over(&mut self, id: CallId, now: u64) -> bool {
        let rings = self.callers.get(&id).map(|caller| caller.rings.clone());
        let rings = rings.unwrap_or_default();
        for staff in &rings {
            self.refused(id, *staff, Refusal::NoAnswer, now);
        }
        !rings.is_empty()
    }

    /// The agent who answered a call of a department is done with it: they wrap up. `false` if nobody serves it.
    pub fn finished(&mut self, id: CallId, now: u64) -> bool {
        self.advance(now);
        let Some(staff) = self.served.remove(&id) else {
            return false;
        };
        let Some(agent) = self.agents.get_mut(&staff) else {
            return false;
        };
        let Some(at) = agent.serves.iter().position(|served| served.call == id) else {
            return false;
        };
        let Served { department, since, .. } = agent.serves.remove(at);
        agent.idle_since = self.now;
        let wrap_up = self.departments.get_mut(&department).map(|queue| {
            let wrap_up = queue.settings.wrap_up_ms;
            queue
                .counts
                .handled(self.now.saturating_sub(since).saturating_add(wrap_up));
            wrap_up
        });
        self.rest(staff, wrap_up.unwrap_or(0), RestReason::WrapUp);
        self.reseat(staff);
        true
    }

    /// When [`pass`](Self::pass) is due, in milliseconds as `now`. The ring times of offers are not among it.
    pub fn deadline(&self) -> Option<u64> {
        let leaves = self.leaves.first().map(|(at, _)| *at);
        let rests = self.rests.first().map(|(at, _)| *at);
        let deserted = self.deserted.first().map(|(at, _)| *at);
        leaves.into_iter().chain(rests).chain(deserted).min()
    }

    /// Time passes: agents have rested, callers have waited too long. Those who are given back are in no queue any more.
    pub fn pass(&mut self, now: u64) -> Vec<Expired> {
        self.advance(now);
        let mut expired = Vec::new();
        while let Some((_, id)) = self.leaves.first().filter(|(at, _)| *at <= self.now).copied() {
            self.leaves.pop_first();
            self.expire(id, ExpiredWhy::LongestWait, &mut expired);
        }
        while let Some((_, department)) = self.deserted.first().filter(|(at, _)| *at <= self.now).copied() {
            self.deserted.pop_first();
            let Some(queue) = self.departments.get_mut(&department) else {
                continue;
            };
            queue.deserted_at = None;
            let waiting: Vec<CallId> = queue.line.open_calls().collect();
            for id in waiting {
                self.expire(id, ExpiredWhy::NobodyWorks, &mut expired);
            }
            self.settle(department);
        }
        expired
    }

    fn expire(&mut self, call: CallId, why: ExpiredWhy, expired: &mut Vec<Expired>) {
        let Some(caller) = self.remove(call) else {
            return;
        };
        let department = caller.department;
        if let Some(queue) = self.departments.get_mut(&department) {
            queue.counts.expired += 1;
        }
        expired.push(Expired { call, department, why });
    }

    /// A caller waits on. Who has waited too long meanwhile is not offered again but leaves at the next pass.
    pub(super) fn wait_again(&mut self, id: CallId) {
        let leave_at = self.callers.get(&id).and_then(|caller| caller.leave_at);
        match leave_at.filter(|at| *at <= self.now) {
            Some(at) => {
                self.leaves.insert((at, id));
            }
            None => self.open(id),
        }
    }

    /// Lets an agent rest; the longer of two rests counts.
    pub(super) fn rest(&mut self, staff: StaffId, ms: u64, reason: RestReason) {
        let until = self.now.saturating_add(ms);
        let Some(agent) = self.agents.get_mut(&staff).filter(|_| ms > 0) else {
            return;
        };
        if let Some(rest) = agent.rest {
            if rest.until >= until {
                return;
            }
            self.rests.remove(&(rest.until, staff));
        }
        agent.rest = Some(Rest { until, reason });
        self.rests.insert((until, staff));
    }

    pub(super) fn end_rest(&mut self, staff: StaffId) {
        let rest = self.agents.get_mut(&staff).and_then(|agent| agent.rest.take());
        if let Some(rest) = rest {
            self.rests.remove(&(rest.until, staff));
        }
    }
}
