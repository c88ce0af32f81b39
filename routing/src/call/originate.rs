//! A call that the system begins: somebody of the staff is rung first, and the other party when they have answered.
//!
//! There is no phone in the caller's place, only the legs that we call ourselves.

use smallvec::smallvec;

use super::step::disposition_of;
use super::{CallCommand, CallEvent, CallMachine, Commands, EndedBy, LegPhase, Phase, Side, Stage, Wait};
use crate::ids::LegId;

impl CallMachine {
    /// The legs are those of whoever is rung first.
    pub fn originated(legs: &[LegId]) -> CallMachine {
        let mut machine = CallMachine::new(legs, true);
        machine.phase = Phase::Summoning;
        machine
    }

    /// Somebody is rung who is to be connected with another party then.
    pub fn is_summoning(&self) -> bool {
        self.phase == Phase::Summoning
    }

    /// Every event until whoever is rung first has answered.
    pub(super) fn summon(&mut self, event: CallEvent) -> Commands {
        match event {
            CallEvent::Answered(leg) if self.is_calling(leg) => {
                self.mark(leg, LegPhase::Answered, 200);
                self.queued = false;
                let mut commands = self.cancel_calling(true);
                self.begin_round();
                self.phase = Phase::Waiting(Wait {
                    party: Side::Called(leg),
                    first: true,
                    transferor: None,
                    stage: Stage::CallingOut,
                });
                commands.push(CallCommand::CallOut(leg));
                commands
            }
            CallEvent::Answered(late) | CallEvent::Replace { by: late, .. } => {
                smallvec![CallCommand::HangUp(Side::Called(late))]
            }
            CallEvent::Refused(leg, status) if self.is_calling(leg) => {
                self.mark(leg, LegPhase::Over, status);
                self.nobody_summoned(status >= 600)
            }
            CallEvent::Lost(Side::Called(leg)) if self.is_calling(leg) => {
                let mut commands: Commands = smallvec![CallCommand::Cancel { leg, elsewhere: false }];
                self.mark(leg, LegPhase::Over, 503);
                commands.extend(self.nobody_summoned(false));
                commands
            }
            CallEvent::RingTimeout if self.queued => self.next_offer(),
            CallEvent::Overflow => self.overflow(),
            CallEvent::SendOn => self.send_on(),
            CallEvent::RingTimeout => self.end_summons(EndedBy::System, 480),
            CallEvent::NobodyCalled(status) => self.end_summons(EndedBy::System, status),
            CallEvent::Stop => self.end_summons(EndedBy::System, 503),
            CallEvent::Ringing(_)
            | CallEvent::Refused(..)
            | CallEvent::Cancelled
            | CallEvent::HungUp(_)
            | CallEvent::Lost(_)
            | CallEvent::Transfer { .. }
            | CallEvent::Park { .. }
            | CallEvent::Serve
            | CallEvent::Attend
            | CallEvent::Enqueue { .. } => Commands::new(),
        }
    }

    fn nobody_summoned(&mut self, declined: bool) -> Commands {
        match declined || self.calling().next().is_none() {
            true if self.queued => self.next_offer(),
            true => {
                let status = self.best_status();
                self.end_summons(EndedBy::Callee, status)
            }
            false => Commands::new(),
        }
    }

    /// No agent of the line has answered: the next one is rung.
    fn next_offer(&mut self) -> Commands {
        let mut commands = self.cancel_calling(false);
        self.begin_round();
        commands.push(CallCommand::OfferOver);
        commands
    }

    fn end_summons(&mut self, by: EndedBy, status: u16) -> Commands {
        self.phase = Phase::Over;
        let mut commands = self.cancel_calling(false);
        commands.push(CallCommand::End {
            disposition: disposition_of(status),
            by,
            status,
        });
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallEvent as E, Disposition};

    fn id(leg: u128) -> LegId {
        LegId::from_u128(leg)
    }

    fn side(leg: u128) -> Side {
        Side::Called(id(leg))
    }

    fn cancel(leg: u128, elsewhere: bool) -> CallCommand {
        let leg = id(leg);
        CallCommand::Cancel { leg, elsewhere }
    }

    fn end(disposition: Disposition, by: EndedBy, status: u16) -> CallCommand {
        CallCommand::End {
            disposition,
            by,
            status,
        }
    }

    fn check(events: &[E], expected: &[CallCommand]) {
        let mut call = CallMachine::originated(&[id(1), id(2)]);
        let mut last = Commands::new();
        for event in events {
            last = call.step(*event);
            if last.contains(&CallCommand::CallOut(id(1))) {
                call.call(&[id(3)], false);
            }
        }
        assert_eq!(last.as_slice(), expected, "after {events:?}");
    }

    /// L35: the staff member first, then the client.
    #[test]
    fn whoever_is_rung_first_answers_before_the_other_party_is_called() {
        check(&[E::Ringing(id(1))], &[]);
        check(&[E::Answered(id(1))], &[cancel(2, true), CallCommand::CallOut(id(1))]);
        check(
            &[E::Answered(id(1)), E::Answered(id(3))],
            &[CallCommand::Join(side(1), side(3))],
        );
        let by_staff = [
            CallCommand::HangUp(side(3)),
            end(Disposition::Answered, EndedBy::Caller, 200),
        ];
        check(&[E::Answered(id(1)), E::Answered(id(3)), E::HungUp(side(1))], &by_staff);
        let busy = [
            CallCommand::HangUp(side(1)),
            end(Disposition::Busy, EndedBy::System, 486),
        ];
        check(&[E::Answered(id(1)), E::Refused(id(3), 486)], &busy);
        let left = [cancel(3, false), end(Disposition::Abandoned, EndedBy::Caller, 487)];
        check(&[E::Answered(id(1)), E::HungUp(side(1))], &left);
    }

    /// L37: a visitor's wish waits in a department's line until an agent answers.
    #[test]
    fn a_call_for_a_line_rings_one_agent_after_the_other() {
        let mut call = CallMachine::originated(&[]);
        call.line_up();
        assert!(call.is_queued() && call.is_summoning());
        call.call(&[id(1)], true);
        let over = [cancel(1, false), CallCommand::OfferOver];
        assert_eq!(call.step(E::RingTimeout).as_slice(), over);
        assert!(call.is_queued());
        call.call(&[id(2)], true);
        let answered = [CallCommand::CallOut(id(2))];
        assert_eq!(call.step(E::Answered(id(2))).as_slice(), answered);
        assert!(!call.is_queued());
    }

    #[test]
    fn nobody_else_is_called_when_whoever_is_rung_first_does_not_answer() {
        let busy = [end(Disposition::Busy, EndedBy::Callee, 486)];
        check(&[E::Refused(id(1), 486), E::Refused(id(2), 486)], &busy);
        check(&[E::Refused(id(1), 480)], &[]);
        let declined = [cancel(2, false), end(Disposition::Busy, EndedBy::Callee, 603)];
        check(&[E::Refused(id(1), 603)], &declined);
        let unanswered = [
            cancel(1, false),
            cancel(2, false),
            end(Disposition::NoAnswer, EndedBy::System, 480),
        ];
        check(&[E::RingTimeout], &unanswered);
        check(&[E::RingTimeout, E::Answered(id(1))], &[CallCommand::HangUp(side(1))]);
    }
}
