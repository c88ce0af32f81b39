//! A party whom we serve ourselves: answered at once, and nobody is called.

use smallvec::{SmallVec, smallvec};

use super::{CallCommand, CallEvent, CallMachine, Commands, Disposition, EndedBy, Phase, Side, Stay};

pub(super) const CALLER: Stay = Stay {
    party: Side::Caller,
    first: true,
    wanted: false,
};

impl CallMachine {
    /// The caller is answered and talks with us, whom it has called.
    pub fn served() -> CallMachine {
        let wanted = true;
        CallMachine::answered(Stay { wanted, ..CALLER })
    }

    /// The caller is answered and talks with us in place of whom it has called.
    pub fn taken() -> CallMachine {
        CallMachine::answered(CALLER)
    }

    fn answered(stay: Stay) -> CallMachine {
        CallMachine {
            phase: Phase::Served(stay),
            called: SmallVec::new(),
            rang: false,
            round: 0,
            one_person: false,
            outside: false,
            queued: false,
            talked: false,
        }
    }

    /// Whoever rings is given up: the party talks with us.
    pub(super) fn take(&mut self, stay: Stay) -> Commands {
        let mut commands = self.cancel_calling(false);
        self.begin_round();
        self.queued = false;
        self.phase = Phase::Served(stay);
        commands.push(CallCommand::Serve);
        commands
    }

    pub fn is_served(&self) -> bool {
        self.served_party().is_some()
    }

    /// Who talks with us.
    pub fn served_party(&self) -> Option<Side> {
        match self.phase {
            Phase::Served(stay) => Some(stay.party),
            Phase::Summoning | Phase::Ringing | Phase::Talking(..) | Phase::Waiting(_) | Phase::Over => None,
        }
    }

    /// Every event of such a call: it ends when the party leaves, or when we have said what there is to say.
    pub(super) fn serve(&mut self, stay: Stay, event: CallEvent) -> Commands {
        let party = stay.party;
        let by = if stay.first { EndedBy::Caller } else { EndedBy::Callee };
        match event {
            CallEvent::Enqueue { .. } => self.enqueue(None),
            CallEvent::HungUp(side) if side == party => self.serve_out(stay, Commands::new(), by),
            CallEvent::RingTimeout | CallEvent::Stop => {
                self.serve_out(stay, smallvec![CallCommand::HangUp(party)], EndedBy::System)
            }
            CallEvent::Lost(side) if side == party => {
                self.serve_out(stay, smallvec![CallCommand::HangUp(party)], EndedBy::System)
            }
            CallEvent::Answered(leg) | CallEvent::Replace { by: leg, .. } => {
                smallvec![CallCommand::HangUp(Side::Called(leg))]
            }
            CallEvent::Ringing(_)
            | CallEvent::Refused(..)
            | CallEvent::Cancelled
            | CallEvent::HungUp(_)
            | CallEvent::Lost(_)
            | CallEvent::Transfer { .. }
            | CallEvent::Park { .. }
            | CallEvent::SendOn
            | CallEvent::Attend
            | CallEvent::Overflow
            | CallEvent::Serve
            | CallEvent::NobodyCalled(_) => Commands::new(),
        }
    }

    /// Whoever called us has been answered; for anybody else we are nobody, however much they have told us.
    fn serve_out(&mut self, stay: Stay, mut commands: Commands, by: EndedBy) -> Commands {
        if stay.wanted || self.talked {
            return self.end(commands, by);
        }
        self.phase = Phase::Over;
        commands.push(CallCommand::End {
            disposition: Disposition::NoAnswer,
            by,
            status: 200,
        });
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::LegId;

    #[test]
    fn a_caller_who_rings_or_waits_is_taken_by_us_in_place_of_whoever_is_called() {
        let leg = LegId::from_u128(1);
        let cancel = CallCommand::Cancel { leg, elsewhere: false };
        let mut ringing = CallMachine::new(&[leg], true);
        let commands = ringing.step(CallEvent::Serve);
        assert_eq!(commands.as_slice(), [cancel, CallCommand::Serve]);
        assert!(ringing.is_served());
        let late = ringing.step(CallEvent::Answered(leg));
        assert_eq!(late.as_slice(), [CallCommand::HangUp(Side::Called(leg))]);
        let mut waiting = CallMachine::offered(&[leg]);
        waiting.step(CallEvent::RingTimeout);
        waiting.step(CallEvent::Overflow);
        assert_eq!(waiting.step(CallEvent::Serve).as_slice(), [CallCommand::Serve]);
        assert!(waiting.is_served() && waiting.step(CallEvent::Serve).is_empty());
    }

    #[test]
    fn a_transferred_party_is_taken_by_us_and_its_transferor_is_let_go() {
        let leg = LegId::from_u128(1);
        let party = Side::Called(leg);
        let mut call = CallMachine::new(&[leg], true);
        call.step(CallEvent::Answered(leg));
        call.step(CallEvent::Transfer { by: Side::Caller });
        let expected = [
            CallCommand::Tell(Side::Caller, 200),
            CallCommand::Release(Side::Caller),
            CallCommand::Serve,
        ];
        assert_eq!(call.step(CallEvent::Serve).as_slice(), expected);
        assert_eq!((call.served_party(), call.is_first()), (Some(party), false));
        assert!(call.step(CallEvent::HungUp(Side::Caller)).is_empty(), "it had left");
        let end = CallCommand::End {
            disposition: Disposition::Answered,
            by: EndedBy::Callee,
            status: 200,
        };
        assert_eq!(call.clone().step(CallEvent::HungUp(party)).as_slice(), [end]);
        assert_eq!(
            call.step(CallEvent::Enqueue { by: None }).as_slice(),
            [CallCommand::Hold]
        );
        assert_eq!((call.waiting(), call.is_first()), (Some(party), false));
    }

    #[test]
    fn l61_whoever_was_taken_in_place_of_somebody_else_has_talked_to_nobody() {
        let leg = LegId::from_u128(1);
        let check = |mut call: CallMachine, events: &[CallEvent], disposition: Disposition, by: EndedBy| {
            let mut last = Commands::new();
            for event in events {
                last = call.step(*event);
            }
            let end = CallCommand::End {
                disposition,
                by,
                status: 200,
            };
            assert_eq!(last.last(), Some(&end), "after {events:?}");
            assert!(call.is_over());
        };
        let left = CallEvent::HungUp(Side::Caller);
        let nobody = Disposition::NoAnswer;
        check(CallMachine::taken(), &[left], nobody, EndedBy::Caller);
        check(CallMachine::taken(), &[CallEvent::RingTimeout], nobody, EndedBy::System);
        check(CallMachine::taken(), &[CallEvent::Stop], nobody, EndedBy::System);
        let lost = CallEvent::Lost(Side::Caller);
        check(CallMachine::taken(), &[lost], nobody, EndedBy::System);
        let ringing = CallMachine::new(&[leg], true);
        check(ringing, &[CallEvent::Serve, left], nobody, EndedBy::Caller);
        let waiting = || CallMachine::offered(&[leg]);
        let after_line = [
            CallEvent::RingTimeout,
            CallEvent::Overflow,
            CallEvent::Serve,
            CallEvent::Stop,
        ];
        check(waiting(), &after_line, nobody, EndedBy::System);
        // A member has talked to the caller, and sent it to the mailbox.
        let talked = [
            CallEvent::Answered(leg),
            CallEvent::Transfer { by: Side::Called(leg) },
            CallEvent::Serve,
            left,
        ];
        check(waiting(), &talked, Disposition::Answered, EndedBy::Caller);
    }

    #[test]
    fn a_served_caller_leaves_or_is_let_go_once() {
        let end = |by| CallCommand::End {
            disposition: Disposition::Answered,
            by,
            status: 200,
        };
        let hang_up = CallCommand::HangUp(Side::Caller);
        let check = |events: &[CallEvent], expected: &[CallCommand]| {
            let mut call = CallMachine::served();
            let mut last = Commands::new();
            for event in events {
                last = call.step(*event);
            }
            assert_eq!(last.as_slice(), expected, "after {events:?}");
        };
        check(&[CallEvent::HungUp(Side::Caller)], &[end(EndedBy::Caller)]);
        check(&[CallEvent::Stop], &[hang_up, end(EndedBy::System)]);
        check(&[CallEvent::RingTimeout], &[hang_up, end(EndedBy::System)]);
        check(&[CallEvent::Lost(Side::Caller)], &[hang_up, end(EndedBy::System)]);
        check(&[CallEvent::Stop, CallEvent::HungUp(Side::Caller)], &[]);
        check(&[CallEvent::Transfer { by: Side::Caller }], &[]);
        let stranger = LegId::from_u128(7);
        let replace = CallEvent::Replace {
            gone: Some(Side::Caller),
            by: stranger,
        };
        check(&[replace], &[CallCommand::HangUp(Side::Called(stranger))]);
    }
}
