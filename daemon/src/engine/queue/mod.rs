//! The lines of departments: what the pure queues decide becomes legs that ring, and what legs and people do is told to
//! them.
//!
//! What happens to calls and people only marks them; when the engine has settled, the queues are told of all that was
//! marked and asked for offers until there are none.

mod agents;
mod announce;
mod join;
mod offer;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use frontdesk_routing::because::Because;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::{AccountId, CallId, DepartmentId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::DialPlan;
use frontdesk_routing::queue::{ExpiredWhy, Queues};
use frontdesk_sip::Now;

use super::Engine;
use super::call::{Call, Side};
use super::output::{BoardChange, JournalEntry, LineOutcome, LineStay, Output};

pub(super) use join::{Queueing, party_of_department};

/// A call's stay in a line, and what came of it.
#[derive(Debug)]
pub(super) struct Stay {
    /// The one that it waits in, or waited in last.
    pub(super) department: DepartmentId,
    /// Who waits.
    party: Side,
    /// When it joined this line, as the queues count.
    joined_at: u64,
    /// Milliseconds that it was in lines before; talking in between is no waiting.
    earlier: u64,
    /// From when on its waiting counts for its place, as the queues count.
    since: u64,
    /// It is in the line.
    active: bool,
    /// How long it was in lines, in milliseconds, once it has left the last one.
    pub(super) waited: Option<u64>,
    /// Who took it from the line and has not finished with it.
    agent: Option<StaffId>,
    /// When the caller is told again where it stands.
    announce_at: Option<Instant>,
}

/// Somebody from outside who waits, as the book of clients finds them.
#[derive(Debug, Clone, Copy)]
struct Waits {
    account: AccountId,
    number: PhoneNumber,
    department: DepartmentId,
}

#[derive(Debug)]
pub(super) struct Lines {
    queues: Queues,
    /// The queues' time begins here.
    epoch: Instant,
    /// Calls in lines, or taken from one, to which something happened.
    touched: BTreeSet<CallId>,
    /// People who may have become free, busy or unreachable.
    people: BTreeSet<StaffId>,
    /// Calls that have just joined a line.
    fresh: BTreeSet<CallId>,
    /// Calls that are in a line, and of whom from outside.
    waiting: BTreeMap<CallId, Option<Waits>>,
    announcements: BTreeSet<(Instant, CallId)>,
    /// When the hours of members are looked at again; `None`: nobody has any.
    next_minute: Option<Instant>,
}

impl Lines {
    pub(super) fn new(seed: u64, now: Now) -> Lines {
        Lines {
            queues: Queues::new(seed),
            epoch: now.instant,
            touched: BTreeSet::new(),
            people: BTreeSet::new(),
            fresh: BTreeSet::new(),
            waiting: BTreeMap::new(),
            announcements: BTreeSet::new(),
            next_minute: None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let queues = self.queues.deadline().map(|at| self.instant(at));
        let announcements = self.announcements.first().map(|(at, _)| *at);
        queues.into_iter().chain(announcements).chain(self.next_minute).min()
    }

    /// Calls that wait.
    pub(super) fn count(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn touch_person(&mut self, staff: StaffId) {
        self.people.insert(staff);
    }

    pub(super) fn touch_call(&mut self, call: CallId) {
        self.touched.insert(call);
    }

    fn ms(&self, now: Now) -> u64 {
        let elapsed = now.instant.saturating_duration_since(self.epoch).as_millis();
        u64::try_from(elapsed).unwrap_or(u64::MAX)
    }

    fn instant(&self, ms: u64) -> Instant {
        self.epoch + Duration::from_millis(ms)
    }
}

impl Engine {
    /// Tells the queues what has happened, and rings whom they offer calls to.
    pub(super) fn run_lines(&mut self, now: Now) {
        let ms = self.lines.ms(now);
        for expired in self.lines.queues.pass(ms) {
            let name = department_name(&self.plan, expired.department);
            let why = match expired.why {
                ExpiredWhy::LongestWait => Because::WaitedTooLong { name },
                ExpiredWhy::NobodyWorks => Because::NobodyWorks { name },
            };
            self.overflow(expired.call, (expired.department, why), now);
        }
        self.announce_places(now);
        self.look_at_hours(now);
        loop {
            self.report_calls(now);
            self.report_people(now);
            while let Some(offer) = self.lines.queues.next_offer(ms) {
                self.offer(&offer, now);
            }
            while let Some(call) = self.lines.fresh.pop_first() {
                self.let_wait(call, now);
            }
            if self.lines.touched.is_empty() && self.lines.people.is_empty() {
                return;
            }
        }
    }

    /// A call that has joined a line and rings nowhere is answered and waits.
    fn let_wait(&mut self, id: CallId, now: Now) {
        let Some(call) = self.calls.get(&id) else { return };
        let machine = &call.machine;
        if machine.is_ringing() && machine.is_queued() && machine.calling().next().is_none() {
            self.step(id, CallEvent::Enqueue { by: None }, now);
        }
    }

    fn report_calls(&mut self, now: Now) {
        while let Some(id) = self.lines.touched.pop_first() {
            if let Some(mut call) = self.calls.remove(&id) {
                self.report_call(&mut call, now);
                self.calls.insert(id, call);
            }
        }
    }

    /// A call that has left its line was taken by somebody; whoever took it may have finished with it.
    fn report_call(&mut self, call: &mut Call, now: Now) {
        let queued = call.machine.is_queued();
        let partner = |stay: &Stay| call.leg(call.other(stay.party)?)?.staff;
        // Of a call that the system has begun the agent waits for the other party.
        let summoned = |stay: &Stay| {
            let waiting = call.ordered.and(call.machine.waiting())?;
            call.leg(waiting).filter(|_| waiting != stay.party)?.staff
        };
        let talks = call
            .line
            .as_ref()
            .and_then(|stay| partner(stay).or_else(|| summoned(stay)));
        let serves = |agent: StaffId| {
            let mut legs = call.legs();
            legs.any(|leg| leg.staff == Some(agent) && leg.answered_at.is_some() && leg.ended_at.is_none())
        };
        let gone = call
            .line
            .as_ref()
            .and_then(|stay| stay.agent)
            .filter(|agent| !serves(*agent));
        let over = call.machine.is_over();
        let Some(stay) = call.line.as_mut() else { return };
        let mut taken = None;
        if stay.active && !queued {
            let outcome = match talks {
                Some(_) => LineOutcome::Answered,
                None if over => LineOutcome::Abandoned,
                None => LineOutcome::Withdrawn,
            };
            self.leave_line((call.id, call.account), stay, outcome, now);
            let ms = self.lines.ms(now);
            match talks {
                Some(agent) => {
                    let name = self.plan.staff.get(agent).map(|agent| agent.name.to_string());
                    let waited = stay.waited.unwrap_or_default() / 1_000;
                    taken = Some(format!("taken by {} after {waited} s", name.unwrap_or_default()));
                    self.lines.queues.answered(call.id, agent, ms);
                    stay.agent = Some(agent);
                }
                None => {
                    self.lines.queues.take_away(call.id);
                }
            }
        } else if gone.is_some() {
            self.finish_with(call.id, stay, now);
        }
        if let Some(taken) = taken {
            call.note(&taken);
        }
    }

    /// The call is over.
    pub(super) fn line_over(&mut self, call: &mut Call, now: Now) {
        self.report_call(call, now);
        let Some(stay) = call.line.as_mut() else { return };
        if stay.active {
            self.leave_line((call.id, call.account), stay, LineOutcome::Abandoned, now);
            self.lines.queues.leave(call.id);
        }
        self.finish_with(call.id, stay, now);
        self.lines.touched.remove(&call.id);
        self.lines.fresh.remove(&call.id);
    }

    /// The call is dissolved in another one, which goes on: nobody has given up waiting.
    pub(super) fn line_withdrawn(&mut self, call: &mut Call, now: Now) {
        self.report_call(call, now);
        let Some(stay) = call.line.as_mut().filter(|stay| stay.active) else {
            return;
        };
        self.leave_line((call.id, call.account), stay, LineOutcome::Withdrawn, now);
        self.lines.queues.take_away(call.id);
    }

    fn leave_line(&mut self, (id, account): (CallId, AccountId), stay: &mut Stay, outcome: LineOutcome, now: Now) {
        stay.active = false;
        let here = self.lines.ms(now).saturating_sub(stay.joined_at);
        stay.waited = Some(stay.earlier.saturating_add(here));
        self.keep_stay((id, account), (stay.department, here), outcome, now);
        self.lines.waiting.remove(&id);
        if let Some(at) = stay.announce_at.take() {
            self.lines.announcements.remove(&(at, id));
        }
        self.outputs.push_back(Output::Board(BoardChange::CallQueued {
            call: id,
            department: None,
            at: now.unix_ms,
        }));
    }

    fn keep_stay(
        &mut self,
        (call, account): (CallId, AccountId),
        (department, waited_ms): (DepartmentId, u64),
        outcome: LineOutcome,
        now: Now,
    ) {
        self.outputs.push_back(Output::Journal(JournalEntry::LineLeft(LineStay {
            call,
            account,
            department,
            left_at: now.unix_ms,
            waited_ms: i64::try_from(waited_ms).unwrap_or(i64::MAX),
            outcome,
        })));
    }

    fn finish_with(&mut self, id: CallId, stay: &mut Stay, now: Now) {
        if stay.agent.take().is_some() {
            let ms = self.lines.ms(now);
            self.lines.queues.finished(id, ms);
        }
    }
}

impl Call {
    /// The line that it is in, and since when, as the queues count.
    pub(super) fn line_waited_in(&self) -> Option<(DepartmentId, u64)> {
        let stay = self.line.as_ref().filter(|stay| stay.active)?;
        Some((stay.department, stay.since))
    }
}

fn department_name(plan: &DialPlan, department: DepartmentId) -> String {
    let found = plan.departments.get(department);
    found.map(|department| department.name.to_string()).unwrap_or_default()
}
