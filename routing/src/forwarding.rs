//! Do not disturb and forwarding: what a person has set, and where a call to them goes because of it.

use std::collections::BTreeMap;
use std::fmt;

use smallvec::SmallVec;

use crate::because::Because;
use crate::decision::{Callee, Decision};
use crate::facts::{CallFacts, Caller};
use crate::ids::{DepartmentId, StaffId};
use crate::internal;
use crate::number::{PhoneNumber, ShortNumber};
use crate::plan::DialPlan;
use crate::reception;

mod away;

use away::Away;

/// A call is forwarded so many times at most.
pub const MOST_HOPS: usize = 5;
/// Seconds that a person's phones ring before a call is forwarded, when nothing else is set.
pub const NO_ANSWER_AFTER: u16 = 20;

/// Where a forwarded call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Short(ShortNumber),
    Outside(PhoneNumber),
    /// The mailbox of whoever forwards.
    Mailbox,
}

/// How [`Target::Mailbox`] is written.
pub const MAILBOX: &str = "voicemail";

impl Target {
    /// As the person who forwards would dial it.
    pub fn dialled(self) -> String {
        match self {
            Target::Short(short) => short.to_string(),
            Target::Outside(number) => number.reveal(),
            Target::Mailbox => MAILBOX.to_owned(),
        }
    }
}

/// When a person's calls go elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    Always,
    /// All phones of the person said so, or the person wants no calls.
    Busy,
    NoAnswer,
    /// No phone of the person is registered; and calls of clients while the person takes none.
    Offline,
}

impl Condition {
    pub const ALL: [Condition; 4] = [
        Condition::Always,
        Condition::Busy,
        Condition::NoAnswer,
        Condition::Offline,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Condition::Always => "always",
            Condition::Busy => "busy",
            Condition::NoAnswer => "no_answer",
            Condition::Offline => "offline",
        }
    }

    pub fn named(name: &str) -> Option<Condition> {
        Condition::ALL.into_iter().find(|condition| condition.name() == name)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Condition::Always => "all calls",
            Condition::Busy => "calls while busy",
            Condition::NoAnswer => "calls that are not answered",
            Condition::Offline => "calls while no phone is registered",
        })
    }
}

/// What a person has set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forwarding {
    /// Do not disturb.
    pub dnd: bool,
    pub always: Option<Target>,
    pub busy: Option<Target>,
    pub no_answer: Option<Target>,
    /// Seconds.
    pub no_answer_after: u16,
    pub offline: Option<Target>,
}

impl Default for Forwarding {
    fn default() -> Forwarding {
        Forwarding {
            dnd: false,
            always: None,
            busy: None,
            no_answer: None,
            no_answer_after: NO_ANSWER_AFTER,
            offline: None,
        }
    }
}

impl Forwarding {
    pub fn to(&self, condition: Condition) -> Option<Target> {
        match condition {
            Condition::Always => self.always,
            Condition::Busy => self.busy,
            Condition::NoAnswer => self.no_answer,
            Condition::Offline => self.offline,
        }
    }

    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Dnd(on) => self.dnd = on,
            Change::Forward(Condition::Always, to) => self.always = to,
            Change::Forward(Condition::Busy, to) => self.busy = to,
            Change::Forward(Condition::NoAnswer, to) => self.no_answer = to,
            Change::Forward(Condition::Offline, to) => self.offline = to,
        }
    }
}

/// What a person changes by a feature code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Dnd(bool),
    Forward(Condition, Option<Target>),
}

impl Change {
    fn same_setting(self, other: Change) -> bool {
        match (self, other) {
            (Change::Dnd(_), Change::Dnd(_)) => true,
            (Change::Forward(one, _), Change::Forward(two, _)) => one == two,
            (Change::Dnd(_) | Change::Forward(..), _) => false,
        }
    }
}

/// Changes made by phone that the plan does not show yet. Each has a mark; a plan shows all up to its own mark.
#[derive(Debug, Default)]
pub struct Pending {
    changes: BTreeMap<StaffId, SmallVec<[(i64, Change); 2]>>,
    newest: i64,
}

impl Pending {
    /// What a person has set, with what they have just changed.
    pub fn settings(&self, plan: &DialPlan, staff: StaffId) -> Forwarding {
        let mut settings = plan.features.forwarding(staff).settings;
        for (_, change) in self.changes.get(&staff).into_iter().flatten() {
            settings.apply(*change);
        }
        settings
    }

    /// Notes a change and gives its mark, which is above all earlier ones. Of changes to one setting the last stays.
    pub fn note(&mut self, plan: &DialPlan, staff: StaffId, change: Change, unix_ms: i64) -> i64 {
        let shown = plan.features.forwarding(staff).mark;
        let mark = unix_ms.max(self.newest.saturating_add(1)).max(shown.saturating_add(1));
        self.newest = mark;
        let changes = self.changes.entry(staff).or_default();
        changes.retain(|(_, earlier)| !earlier.same_setting(change));
        changes.push((mark, change));
        mark
    }

    /// Forgets what a new plan shows, and whoever is not in it.
    pub fn settle(&mut self, plan: &DialPlan) {
        self.changes.retain(|staff, changes| {
            let shown = plan.features.forwarding(*staff).mark;
            changes.retain(|(mark, _)| *mark > shown);
            !changes.is_empty() && plan.staff.get(*staff).is_some()
        });
    }

    pub fn len(&self) -> usize {
        self.changes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// What changes from one second to the next.
pub trait Situation {
    /// A phone of this person is registered.
    fn online(&self, staff: StaffId) -> bool;
    /// The one telephone outside by which the person takes calls is in a call already. Registered phones say so themselves.
    fn busy(&self, _: StaffId) -> bool {
        false
    }
    fn settings(&self, staff: StaffId) -> Forwarding;
    /// Calls that the person is in or is rung for, as far as that is known.
    fn calls_with(&self, _: StaffId) -> u16 {
        0
    }
    /// How many calls wait in the line of the department; `None`: that is not known.
    fn waiting(&self, _: DepartmentId) -> Option<usize> {
        None
    }
}

/// One forwarding on a call's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    pub by: StaffId,
    pub why: Condition,
    /// The person wanted no calls at all.
    pub dnd: bool,
    pub to: Target,
}

/// The forwardings that a call has taken, the first one first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trail(SmallVec<[Hop; 2]>);

impl Trail {
    pub fn hops(&self) -> &[Hop] {
        &self.0
    }
}

/// Takes a decision on through what those who would be rung have set for the moment before any phone rings. Of whoever takes
/// no calls now that is what they have set for all calls, or without a phone; where they have set nothing, their own mailbox.
pub fn follow(
    plan: &DialPlan,
    facts: &CallFacts<'_>,
    situation: &dyn Situation,
    (mut decision, trail): (Decision, &mut Trail),
) -> Decision {
    let mut away: Option<Away> = None;
    let decision = loop {
        if let Some(person) = Away::of(&decision) {
            if let Some(hop) = person.hop(plan, facts, situation) {
                away = Some(person.after(away));
                decision = forwarded(plan, facts, trail, hop);
                continue;
            }
            decision = person.message(plan, facts).unwrap_or(decision);
        }
        let Decision::Ring { targets, because } = decision else {
            break decision;
        };
        let Some(person) = targets.first().copied() else {
            break Decision::Ring { targets, because };
        };
        match at_once(plan, facts, situation, person) {
            AtOnce::Ring => break Decision::Ring { targets, because },
            AtOnce::Refuse => {
                let name = name_of(plan, person);
                let because = told(plan, trail, Because::DoNotDisturb { name });
                break Decision::refuse_for(Callee::Staff(person), 480, because);
            }
            AtOnce::Busy => {
                let name = name_of(plan, person);
                let because = told(plan, trail, Because::InCall { name });
                break Decision::refuse_for(Callee::Staff(person), 486, because);
            }
            AtOnce::Forward(hop) => decision = forwarded(plan, facts, trail, hop),
        }
    };
    match away {
        Some(away) => away.in_place(plan, facts, decision),
        None => decision,
    }
}

/// What becomes of a call whose last person on the trail was rung in vain; `None`: they have set nothing for that.
pub fn follow_later(
    plan: &DialPlan,
    facts: &CallFacts<'_>,
    situation: &dyn Situation,
    (person, why, trail): (StaffId, Condition, &mut Trail),
) -> Option<Decision> {
    let to = situation
        .settings(person)
        .to(why)
        .filter(|to| !is_caller(plan, facts, *to))?;
    let hop = Hop {
        by: person,
        why,
        dnd: false,
        to,
    };
    let decision = forwarded(plan, facts, trail, hop);
    Some(follow(plan, facts, situation, (decision, trail)))
}

/// Seconds that a person's phones ring before the call goes elsewhere.
pub fn ring_time(settings: &Forwarding) -> Option<u16> {
    settings.no_answer.map(|_| settings.no_answer_after)
}

enum AtOnce {
    Ring,
    Refuse,
    Busy,
    Forward(Hop),
}

fn at_once(plan: &DialPlan, facts: &CallFacts<'_>, situation: &dyn Situation, person: StaffId) -> AtOnce {
    let settings = situation.settings(person);
    let offline = || !situation.online(person);
    let in_call = situation.busy(person);
    let wanted = match settings {
        Forwarding { always: Some(to), .. } => Some((Condition::Always, to)),
        Forwarding { dnd: true, busy, .. } => busy.map(|to| (Condition::Busy, to)),
        Forwarding { busy, .. } if in_call => busy.map(|to| (Condition::Busy, to)),
        Forwarding { offline: Some(to), .. } if offline() => Some((Condition::Offline, to)),
        Forwarding { .. } => None,
    };
    match wanted.filter(|(_, to)| !is_caller(plan, facts, *to)) {
        Some((why, to)) => AtOnce::Forward(Hop {
            by: person,
            why,
            dnd: settings.dnd && why == Condition::Busy,
            to,
        }),
        None if settings.dnd => AtOnce::Refuse,
        None if in_call => AtOnce::Busy,
        None => AtOnce::Ring,
    }
}

/// Whoever takes a person's calls still reaches that person: a call is not forwarded to the one who makes it.
fn is_caller(plan: &DialPlan, facts: &CallFacts<'_>, to: Target) -> bool {
    let Caller::Staff(caller) = facts.caller else {
        return false;
    };
    let caller = plan.staff.get(caller);
    match to {
        Target::Short(short) => caller.is_some_and(|caller| caller.short_number == Some(short)),
        Target::Outside(number) => caller.is_some_and(|caller| caller.phone == Some(number)),
        Target::Mailbox => false,
    }
}

/// The person who forwards makes the next part of the way, with their own rights.
fn forwarded(plan: &DialPlan, facts: &CallFacts<'_>, trail: &mut Trail, hop: Hop) -> Decision {
    let name = name_of(plan, hop.by);
    let end = match trail.0.iter().any(|earlier| earlier.by == hop.by) {
        true => Some((482, Because::ForwardingLoop { name })),
        false => (trail.0.len() >= MOST_HOPS).then_some((480, Because::ForwardedTooOften)),
    };
    if let Some((status, because)) = end {
        let because = told(plan, trail, because);
        return Decision::refuse_for(Callee::Staff(hop.by), status, because);
    }
    trail.0.push(hop);
    let dialled = hop.to.dialled();
    let onwards = CallFacts {
        account: facts.account,
        caller: Caller::Staff(hop.by),
        dialled: &dialled,
        at: facts.at,
    };
    let mut decision = match hop.to {
        Target::Mailbox => reception::own_message(plan, facts.account, hop.by),
        Target::Short(_) | Target::Outside(_) => internal::decide(plan, &onwards),
    };
    if let Decision::Emergency { .. } = decision {
        decision = Decision::refuse(480, Because::ForwardedToEmergency);
    }
    decision.was_for(Callee::Staff(hop.by));
    decision.because_of(|then| told(plan, trail, then));
    // Forwarded to nowhere: the caller dialled a good number and hears that nobody is there.
    if let Decision::Refuse {
        status: status @ 404, ..
    } = &mut decision
    {
        *status = 480;
    }
    decision
}

/// The reason of what comes at the trail's end, with the last forwarding before it.
fn told(plan: &DialPlan, trail: &Trail, because: Because) -> Because {
    trail.0.iter().rev().fold(because, |then, hop| Because::Forwarded {
        by: name_of(plan, hop.by),
        why: hop.why,
        then: Box::new(then),
    })
}

fn name_of(plan: &DialPlan, staff: StaffId) -> String {
    plan.staff
        .get(staff)
        .map(|staff| staff.name.to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
