//! Calls to somebody who takes none of that project now: they are switched off, or their hours are over.

use super::{Condition, Hop, Situation, is_caller};
use crate::because::Because;
use crate::decision::{Callee, Decision};
use crate::facts::CallFacts;
use crate::ids::{ProjectId, StaffId};
use crate::plan::DialPlan;
use crate::reception::{self, Skipped};

/// Somebody whose calls go on because they take none now.
pub(super) struct Away {
    staff: StaffId,
    /// Whose calls they are.
    project: Option<ProjectId>,
    of: Because,
}

impl Away {
    /// `None`: the decision is another one.
    pub(super) fn of(decision: &Decision) -> Option<Away> {
        let Decision::Refuse {
            callee: Some(Callee::Away { staff, project }),
            because,
            ..
        } = decision
        else {
            return None;
        };
        Some(Away {
            staff: *staff,
            project: *project,
            of: because.clone(),
        })
    }

    /// After somebody else who takes none either.
    pub(super) fn after(self, earlier: Option<Away>) -> Away {
        let Some(earlier) = earlier else { return self };
        Away {
            of: instead(earlier.of, self.of),
            project: earlier.project.or(self.project),
            ..self
        }
    }

    /// Where all their calls go, or else those that no phone of theirs is there for.
    pub(super) fn hop(&self, plan: &DialPlan, facts: &CallFacts<'_>, situation: &dyn Situation) -> Option<Hop> {
        let settings = situation.settings(self.staff);
        let set = [Condition::Always, Condition::Offline]
            .into_iter()
            .find_map(|why| Some((why, settings.to(why)?)));
        let (why, to) = set.filter(|(_, to)| !is_caller(plan, facts, *to))?;
        Some(Hop {
            by: self.staff,
            why,
            dnd: false,
            to,
        })
    }

    /// A message can be left for them.
    pub(super) fn message(&self, plan: &DialPlan, facts: &CallFacts<'_>) -> Option<Decision> {
        let mut message = reception::own_message(plan, facts.account, self.staff);
        message.because_of(|then| instead(self.of.clone(), then));
        matches!(message, Decision::Message { .. }).then_some(message)
    }

    /// What comes in their place: nobody is rung who takes no calls of the project.
    pub(super) fn in_place(self, plan: &DialPlan, facts: &CallFacts<'_>, mut decision: Decision) -> Decision {
        if let Some(refused) = self.rings_others(plan, &decision) {
            if let Some(message) = self.message(plan, facts) {
                return message;
            }
            decision = refused;
        }
        decision.because_of(|then| instead(self.of, then));
        decision
    }

    fn rings_others(&self, plan: &DialPlan, decision: &Decision) -> Option<Decision> {
        let Decision::Ring { targets, because } = decision else {
            return None;
        };
        let others = |staff: &StaffId| reception::in_project(plan, *staff, self.project).err();
        let why: Skipped = targets.iter().find_map(others)?;
        let whom = Box::new(because.clone());
        let because = Because::Skipped { whom, why };
        Some(Decision::refuse_for(Callee::Staff(self.staff), 480, because))
    }
}

fn instead(of: Because, then: Because) -> Because {
    Because::Instead {
        of: Box::new(of),
        then: Box::new(then),
    }
}

#[cfg(test)]
mod tests;
