//! A call in a department's line: agents ring, the caller waits while none of them is free, and the line is left for
//! somebody else when it takes too long.

use super::served::CALLER;
use super::{CallCommand, CallMachine, Commands, LegPhase, Phase, Side, Stage, Stay, Wait};
use crate::ids::LegId;

impl CallMachine {
    /// The legs that ring are those of a line's free agents: the caller is answered only when it has to wait.
    pub fn offered(legs: &[LegId]) -> CallMachine {
        CallMachine {
            queued: true,
            ..CallMachine::new(legs, false)
        }
    }

    /// What is called next, for the caller who has not been answered or before anybody else, are a line's free agents.
    pub fn line_up(&mut self) {
        self.queued = true;
    }

    /// The call is in a line: its agents ring, or the caller waits for one of them.
    pub fn is_queued(&self) -> bool {
        match self.phase {
            Phase::Ringing | Phase::Summoning => self.queued,
            Phase::Waiting(wait) => wait.stage == Stage::Queued,
            Phase::Talking(..) | Phase::Served(_) | Phase::Over => false,
        }
    }

    /// We have answered, and ask whom the party wants.
    pub fn is_attended(&self) -> bool {
        match self.phase {
            Phase::Waiting(wait) => wait.stage == Stage::Attended,
            Phase::Summoning | Phase::Ringing | Phase::Talking(..) | Phase::Served(_) | Phase::Over => false,
        }
    }

    /// The parties have talked with somebody.
    pub fn has_talked(&self) -> bool {
        self.talked
    }

    /// A leg that is over and stands for nothing that goes on is known no more: a call may wait through many offers.
    pub fn forget(&mut self, leg: LegId) -> bool {
        let old = |leg: &LegPhase| matches!(leg, LegPhase::Over | LegPhase::Cancelled);
        let place = self
            .called
            .iter()
            .position(|known| known.id == leg && old(&known.phase));
        let Some(place) = place.filter(|place| *place < self.round) else {
            return false;
        };
        self.called.remove(place);
        self.round -= 1;
        true
    }

    /// The caller joins a line, or whoever `by` talks with does, while `by` is let go.
    pub(super) fn enqueue(&mut self, by: Option<Side>) -> Commands {
        match by {
            None => self.enqueue_caller(),
            Some(by) => {
                let mut commands = self.leave_waiting(by, None, Stage::Queued);
                if !commands.is_empty() {
                    commands.extend([CallCommand::Tell(by, 200), CallCommand::Release(by)]);
                }
                commands
            }
        }
    }

    fn enqueue_caller(&mut self) -> Commands {
        match self.phase {
            Phase::Ringing => self.let_wait(CALLER, Stage::Queued),
            Phase::Served(stay) => self.let_wait(stay, Stage::Queued),
            Phase::Summoning | Phase::Talking(..) | Phase::Waiting(_) | Phase::Over => Commands::new(),
        }
    }

    /// The caller is answered, and asked.
    pub(super) fn attend(&mut self) -> Commands {
        self.let_wait(CALLER, Stage::Attended)
    }

    fn let_wait(&mut self, Stay { party, first, .. }: Stay, stage: Stage) -> Commands {
        let mut commands = self.cancel_calling(false);
        self.begin_round();
        self.queued = false;
        self.phase = Phase::Waiting(Wait {
            party,
            first,
            transferor: None,
            stage,
        });
        commands.push(CallCommand::Hold);
        commands
    }

    /// Whoever waits for something else joins a line, or is asked.
    pub(super) fn move_waiting(&mut self, wait: Wait, stage: Stage) -> Commands {
        let mut commands = self.cancel_calling(false);
        self.begin_round();
        commands.extend(wait.tell(200));
        commands.extend(wait.transferor.map(CallCommand::Release));
        self.phase = Phase::Waiting(Wait {
            transferor: None,
            stage,
            ..wait
        });
        commands
    }

    /// No agent took the caller: it is answered, and waits for the next one.
    pub(super) fn offer_over(&mut self) -> Commands {
        let mut commands = self.enqueue_caller();
        commands.push(CallCommand::OfferOver);
        commands
    }

    /// The line is left; what rings is given up for whoever is called next.
    pub(super) fn overflow(&mut self) -> Commands {
        self.queued = false;
        let commands = self.cancel_calling(false);
        self.begin_round();
        if let Phase::Waiting(wait) = self.phase {
            let stage = Stage::Overflowed;
            self.phase = Phase::Waiting(Wait { stage, ..wait });
        }
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallEvent as E, Disposition, EndedBy};

    const A: Side = Side::Caller;

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

    fn run(call: &mut CallMachine, events: &[E]) -> Commands {
        events.iter().map(|event| call.step(*event)).last().unwrap_or_default()
    }

    /// V30: agents 1 and 2 ring.
    fn offered() -> CallMachine {
        CallMachine::offered(&[id(1), id(2)])
    }

    /// The caller waits, agent 3 rings.
    fn waiting() -> CallMachine {
        let mut call = offered();
        call.step(E::RingTimeout);
        call.call(&[id(3)], true);
        call
    }

    #[test]
    fn a_caller_whom_no_free_agent_takes_is_answered_and_waits() {
        let mut call = offered();
        assert_eq!(
            run(&mut call, &[E::Ringing(id(1))]).as_slice(),
            [CallCommand::RingCaller]
        );
        assert!(call.is_queued());
        let over = [
            cancel(1, false),
            cancel(2, false),
            CallCommand::Hold,
            CallCommand::OfferOver,
        ];
        assert_eq!(run(&mut call, &[E::RingTimeout]).as_slice(), over);
        assert_eq!((call.is_queued(), call.waiting()), (true, Some(A)));
        let mut call = offered();
        let refused = [E::Refused(id(1), 486), E::Refused(id(2), 480)];
        assert_eq!(
            run(&mut call, &refused).as_slice(),
            [CallCommand::Hold, CallCommand::OfferOver]
        );
        let mut call = offered();
        let answered = [CallCommand::Connect(id(2)), cancel(1, true)];
        assert_eq!(run(&mut call, &[E::Answered(id(2))]).as_slice(), answered);
        assert!(!call.is_queued() && call.has_talked());
    }

    #[test]
    fn a_waiting_caller_is_offered_again_until_somebody_answers_or_the_caller_leaves() {
        let mut call = waiting();
        assert_eq!(
            run(&mut call, &[E::Refused(id(3), 603)]).as_slice(),
            [CallCommand::OfferOver]
        );
        assert!(call.is_queued());
        assert_eq!(
            run(&mut waiting(), &[E::RingTimeout]).as_slice(),
            [cancel(3, false), CallCommand::OfferOver]
        );
        let answered = [CallCommand::Join(A, side(3))];
        assert_eq!(run(&mut waiting(), &[E::Answered(id(3))]).as_slice(), answered);
        let left = [cancel(3, false), end(Disposition::Abandoned, EndedBy::Caller, 487)];
        assert_eq!(run(&mut waiting(), &[E::HungUp(A)]).as_slice(), left);
        let stopped = [
            cancel(3, false),
            CallCommand::HangUp(A),
            end(Disposition::Failed, EndedBy::System, 503),
        ];
        assert_eq!(run(&mut waiting(), &[E::Stop]).as_slice(), stopped);
        let later = [E::Answered(id(3)), E::HungUp(A)];
        let ended = [
            CallCommand::HangUp(side(3)),
            end(Disposition::Answered, EndedBy::Caller, 200),
        ];
        assert_eq!(run(&mut waiting(), &later).as_slice(), ended);
    }

    #[test]
    fn a_line_that_is_left_rings_somebody_else_once() {
        let mut call = waiting();
        assert_eq!(run(&mut call, &[E::Overflow]).as_slice(), [cancel(3, false)]);
        assert!(!call.is_queued());
        let gone = [CallCommand::HangUp(A), end(Disposition::NoAnswer, EndedBy::System, 480)];
        assert_eq!(run(&mut call.clone(), &[E::NobodyCalled(480)]).as_slice(), gone);
        call.call(&[id(4)], true);
        let mut taken = call.clone();
        assert_eq!(
            run(&mut taken, &[E::Answered(id(4))]).as_slice(),
            [CallCommand::Join(A, side(4))]
        );
        let nobody = [CallCommand::HangUp(A), end(Disposition::Busy, EndedBy::System, 486)];
        assert_eq!(run(&mut call, &[E::Refused(id(4), 486)]).as_slice(), nobody);
    }

    #[test]
    fn a_transferred_party_joins_a_line_and_its_transferor_is_let_go() {
        let mut call = CallMachine::new(&[id(1)], true);
        call.step(E::Answered(id(1)));
        let by = Some(side(1));
        let expected = [
            CallCommand::Part(A, side(1)),
            CallCommand::Tell(side(1), 200),
            CallCommand::Release(side(1)),
        ];
        assert_eq!(run(&mut call, &[E::Enqueue { by }]).as_slice(), expected);
        assert!(call.is_queued());
        let left = end(Disposition::Answered, EndedBy::Caller, 200);
        assert_eq!(run(&mut call, &[E::HungUp(A)]).as_slice(), [left]);
    }

    #[test]
    fn a_caller_who_is_asked_goes_on_to_a_line_to_somebody_or_nowhere() {
        let attended = || {
            let mut call = CallMachine::offered(&[]);
            assert_eq!(run(&mut call, &[E::Attend]).as_slice(), [CallCommand::Hold]);
            assert!(call.is_attended() && !call.is_queued());
            call
        };
        let mut call = attended();
        assert!(run(&mut call, &[E::Enqueue { by: None }]).is_empty());
        assert!(call.is_queued());
        assert!(run(&mut call, &[E::Attend]).is_empty());
        assert!(call.is_attended());
        let mut call = attended();
        assert!(run(&mut call, &[E::Overflow]).is_empty());
        call.call(&[id(4)], true);
        let joined = [CallCommand::Join(A, side(4))];
        assert_eq!(run(&mut call, &[E::Answered(id(4))]).as_slice(), joined);
        let let_go = [CallCommand::HangUp(A), end(Disposition::NoAnswer, EndedBy::System, 480)];
        assert_eq!(run(&mut attended(), &[E::NobodyCalled(480)]).as_slice(), let_go);
        let left = [end(Disposition::Abandoned, EndedBy::Caller, 487)];
        assert_eq!(run(&mut attended(), &[E::HungUp(A)]).as_slice(), left);
    }

    #[test]
    fn legs_of_earlier_offers_are_forgotten_and_nothing_else() {
        let mut call = waiting();
        assert!(call.forget(id(1)) && call.forget(id(2)));
        assert!(!call.forget(id(3)) && !call.forget(id(9)));
        assert_eq!(
            run(&mut call, &[E::Refused(id(3), 486)]).as_slice(),
            [CallCommand::OfferOver]
        );
    }
}
