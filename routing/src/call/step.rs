//! `(phase, event) -> commands`.

use smallvec::smallvec;

use super::served::CALLER;
use super::{CallCommand, CallEvent, CallMachine, Commands, Disposition, EndedBy, LegPhase, Phase, Side};
use crate::ids::LegId;

impl CallMachine {
    /// One step. An event that cannot matter any more gives no command.
    pub fn step(&mut self, event: CallEvent) -> Commands {
        match (self.phase, event) {
            (Phase::Waiting(wait), event) => self.wait(wait, event),
            (Phase::Served(stay), event) => self.serve(stay, event),
            (Phase::Summoning, event) => self.summon(event),
            (Phase::Talking(..), CallEvent::Transfer { by }) => self.transfer(by),
            (Phase::Talking(..), CallEvent::Park { party }) => self.park(party),
            (Phase::Talking(..), CallEvent::Replace { gone, by }) => self.replace(gone, by),
            (Phase::Ringing, CallEvent::Replace { gone, by }) => self.pick_up(gone, by),
            (Phase::Over, CallEvent::Replace { by, .. }) => smallvec![CallCommand::HangUp(Side::Called(by))],
            (Phase::Ringing, CallEvent::Ringing(_)) if !self.rang => {
                self.rang = true;
                smallvec![CallCommand::RingCaller]
            }
            (Phase::Ringing, CallEvent::Answered(leg)) if self.is_calling(leg) => self.connect(leg),
            (Phase::Ringing, CallEvent::SendOn) => self.send_on(),
            (Phase::Ringing | Phase::Talking(..), CallEvent::Enqueue { by }) => self.enqueue(by),
            (Phase::Ringing, CallEvent::Attend) => self.attend(),
            (Phase::Ringing, CallEvent::Overflow) => self.overflow(),
            (Phase::Ringing, CallEvent::Serve) => self.take(CALLER),
            (Phase::Ringing, CallEvent::NobodyCalled(status)) => {
                self.give_up(Some(status), disposition_of(status), EndedBy::System, status)
            }
            (Phase::Ringing, CallEvent::Refused(leg, status)) => self.refused(leg, status),
            (Phase::Ringing, CallEvent::Cancelled | CallEvent::HungUp(Side::Caller)) => {
                self.give_up(None, Disposition::Abandoned, EndedBy::Caller, 487)
            }
            (Phase::Ringing, CallEvent::Lost(Side::Called(leg))) => self.lost(leg),
            (Phase::Ringing, CallEvent::RingTimeout) if self.queued => self.offer_over(),
            (Phase::Ringing, CallEvent::RingTimeout) => {
                self.give_up(Some(480), Disposition::NoAnswer, EndedBy::System, 480)
            }
            (Phase::Ringing, CallEvent::Stop | CallEvent::Lost(Side::Caller)) => {
                self.give_up(Some(503), Disposition::Failed, EndedBy::System, 503)
            }
            (Phase::Ringing | Phase::Talking(..) | Phase::Over, CallEvent::Answered(late)) => {
                smallvec![CallCommand::HangUp(Side::Called(late))]
            }
            (Phase::Talking(first, second), CallEvent::HungUp(side)) if side == first => {
                self.end(smallvec![CallCommand::HangUp(second)], EndedBy::Caller)
            }
            (Phase::Talking(first, second), CallEvent::HungUp(side)) if side == second => {
                self.end(smallvec![CallCommand::HangUp(first)], EndedBy::Callee)
            }
            (Phase::Talking(first, second), CallEvent::Lost(side)) if side == first || side == second => {
                self.end_both(first, second)
            }
            (Phase::Talking(first, second), CallEvent::Stop) => self.end_both(first, second),
            (Phase::Talking(..) | Phase::Over, CallEvent::Refused(leg, status)) => {
                self.mark(leg, LegPhase::Over, status);
                Commands::new()
            }
            (
                Phase::Ringing | Phase::Talking(..) | Phase::Over,
                CallEvent::Ringing(_)
                | CallEvent::Cancelled
                | CallEvent::HungUp(_)
                | CallEvent::Lost(_)
                | CallEvent::Transfer { .. }
                | CallEvent::Park { .. }
                | CallEvent::SendOn
                | CallEvent::Enqueue { .. }
                | CallEvent::Attend
                | CallEvent::Overflow
                | CallEvent::Serve
                | CallEvent::NobodyCalled(_)
                | CallEvent::RingTimeout
                | CallEvent::Stop,
            ) => Commands::new(),
        }
    }

    fn end_both(&mut self, first: Side, second: Side) -> Commands {
        self.end(
            smallvec![CallCommand::HangUp(first), CallCommand::HangUp(second)],
            EndedBy::System,
        )
    }

    pub(super) fn connect(&mut self, leg: LegId) -> Commands {
        self.mark(leg, LegPhase::Answered, 200);
        self.phase = Phase::Talking(Side::Caller, Side::Called(leg));
        self.talked = true;
        let mut commands: Commands = smallvec![CallCommand::Connect(leg)];
        commands.extend(self.cancel_calling(true));
        commands
    }

    /// The audio of a leg that rings has failed.
    fn lost(&mut self, leg: LegId) -> Commands {
        if !self.is_calling(leg) {
            return Commands::new();
        }
        let mut commands: Commands = smallvec![CallCommand::Cancel { leg, elsewhere: false }];
        commands.extend(self.refused(leg, 503));
        commands
    }

    pub(super) fn is_calling(&self, id: LegId) -> bool {
        self.calling().any(|calling| calling == id)
    }

    /// The phones that ring are given up for those that are called next, and count no more.
    pub(super) fn send_on(&mut self) -> Commands {
        self.round = self.called.len();
        self.cancel_calling(false)
    }

    fn refused(&mut self, leg: LegId, status: u16) -> Commands {
        let counts = self.is_calling(leg);
        self.mark(leg, LegPhase::Over, status);
        if !counts {
            return Commands::new();
        }
        let declined = self.one_person && status >= 600;
        let waiting = self.called.iter().any(|leg| leg.phase == LegPhase::Calling);
        if waiting && !declined {
            return Commands::new();
        }
        if self.queued {
            return self.offer_over();
        }
        let status = if declined { status } else { self.best_status() };
        self.give_up(Some(status), disposition_of(status), EndedBy::Callee, status)
    }

    /// Of several refusals the one that tells the caller most: declined, busy, not there, then the rest.
    pub(super) fn best_status(&self) -> u16 {
        let rank = |status: u16| match status {
            600.. => 0,
            486 => 1,
            480 | 408 => 2,
            400..=499 => 3,
            _ => 4,
        };
        let best = self
            .called
            .iter()
            .skip(self.round)
            .map(|leg| leg.status)
            .filter(|status| *status > 0)
            .min_by_key(|status| rank(*status));
        // What a phone says of itself (401, 404, 481 ...) or a time-out is no answer to this caller.
        match best {
            Some(status @ (486 | 488 | 600 | 603 | 606)) => status,
            Some(status @ (404 | 410 | 484 | 604)) if self.outside => status,
            Some(500..=599) => 503,
            _ => 480,
        }
    }

    fn give_up(&mut self, refuse: Option<u16>, disposition: Disposition, by: EndedBy, status: u16) -> Commands {
        self.phase = Phase::Over;
        let mut commands = self.cancel_calling(false);
        commands.extend(refuse.map(CallCommand::RefuseCaller));
        commands.push(CallCommand::End {
            disposition,
            by,
            status,
        });
        commands
    }

    pub(super) fn end(&mut self, mut commands: Commands, by: EndedBy) -> Commands {
        self.phase = Phase::Over;
        commands.push(CallCommand::End {
            disposition: Disposition::Answered,
            by,
            status: 200,
        });
        commands
    }

    pub(super) fn cancel_calling(&mut self, elsewhere: bool) -> Commands {
        let mut commands = Commands::new();
        for leg in self.called.iter_mut().filter(|leg| leg.phase == LegPhase::Calling) {
            leg.phase = LegPhase::Cancelled;
            commands.push(CallCommand::Cancel { leg: leg.id, elsewhere });
        }
        commands
    }

    pub(super) fn mark(&mut self, id: LegId, phase: LegPhase, status: u16) {
        if let Some(leg) = self.called.iter_mut().find(|leg| leg.id == id) {
            leg.phase = phase;
            leg.status = status;
        }
    }
}

pub(super) fn disposition_of(status: u16) -> Disposition {
    match status {
        486 | 600 | 603 => Disposition::Busy,
        408 | 480 => Disposition::NoAnswer,
        _ => Disposition::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: u128 = 1;
    const B: u128 = 2;

    fn id(leg: u128) -> LegId {
        LegId::from_u128(leg)
    }

    /// Runs the events on a call to legs A and B and gives the commands of the last one.
    fn check(one_person: bool, events: &[CallEvent], expected: &[CallCommand]) {
        let mut call = CallMachine::new(&[id(A), id(B)], one_person);
        let mut last = Commands::new();
        for event in events {
            last = call.step(*event);
        }
        assert_eq!(last.as_slice(), expected, "after {events:?}");
    }

    #[test]
    fn each_event_in_each_phase_gives_its_commands() {
        use CallCommand as C;
        use CallEvent as E;
        let end = |disposition, by, status| C::End {
            disposition,
            by,
            status,
        };
        let cancel = |leg, elsewhere| C::Cancel {
            leg: id(leg),
            elsewhere,
        };
        check(true, &[E::Ringing(id(A))], &[C::RingCaller]);
        check(true, &[E::Ringing(id(A)), E::Ringing(id(B))], &[]);
        check(true, &[E::Answered(id(B))], &[C::Connect(id(B)), cancel(A, true)]);
        check(
            true,
            &[E::Answered(id(B)), E::Answered(id(A))],
            &[C::HangUp(Side::Called(id(A)))],
        );
        check(true, &[E::Answered(id(B)), E::Refused(id(A), 487)], &[]);
        check(true, &[E::Refused(id(A), 486)], &[]);
        let busy = [C::RefuseCaller(486), end(Disposition::Busy, EndedBy::Callee, 486)];
        check(true, &[E::Refused(id(A), 480), E::Refused(id(B), 486)], &busy);
        let declined = [
            cancel(B, false),
            C::RefuseCaller(603),
            end(Disposition::Busy, EndedBy::Callee, 603),
        ];
        check(true, &[E::Refused(id(A), 603)], &declined);
        check(false, &[E::Refused(id(A), 603)], &[]);
        let failed = [C::RefuseCaller(503), end(Disposition::Failed, EndedBy::Callee, 503)];
        check(true, &[E::Refused(id(A), 500), E::Refused(id(B), 503)], &failed);
        let abandoned = [
            cancel(A, false),
            cancel(B, false),
            end(Disposition::Abandoned, EndedBy::Caller, 487),
        ];
        check(true, &[E::Cancelled], &abandoned);
        let timeout = [
            cancel(A, false),
            cancel(B, false),
            C::RefuseCaller(480),
            end(Disposition::NoAnswer, EndedBy::System, 480),
        ];
        check(true, &[E::RingTimeout], &timeout);
        let by_caller = [
            C::HangUp(Side::Called(id(A))),
            end(Disposition::Answered, EndedBy::Caller, 200),
        ];
        check(true, &[E::Answered(id(A)), E::HungUp(Side::Caller)], &by_caller);
        let by_callee = [
            C::HangUp(Side::Caller),
            end(Disposition::Answered, EndedBy::Callee, 200),
        ];
        check(true, &[E::Answered(id(A)), E::HungUp(Side::Called(id(A)))], &by_callee);
        check(true, &[E::Answered(id(A)), E::HungUp(Side::Called(id(B)))], &[]);
        let stopped = [
            C::HangUp(Side::Caller),
            C::HangUp(Side::Called(id(A))),
            end(Disposition::Answered, EndedBy::System, 200),
        ];
        check(true, &[E::Answered(id(A)), E::Stop], &stopped);
        check(true, &[E::Answered(id(A)), E::Lost(Side::Called(id(A)))], &stopped);
        check(true, &[E::Answered(id(A)), E::Lost(Side::Caller)], &stopped);
        check(true, &[E::Answered(id(A)), E::Lost(Side::Called(id(B)))], &[]);
        check(true, &[E::Answered(id(A)), E::Stop, E::Stop], &[]);
        let lost = E::Lost(Side::Called(id(A)));
        check(true, &[lost], &[cancel(A, false)]);
        check(true, &[lost, lost], &[]);
        let unheard = [C::RefuseCaller(503), end(Disposition::Failed, EndedBy::System, 503)];
        check(
            true,
            &[E::Refused(id(A), 486), lost, E::Lost(Side::Caller)],
            &[cancel(B, false), unheard[0], unheard[1]],
        );
        check(
            true,
            &[E::Cancelled, E::Answered(id(A))],
            &[C::HangUp(Side::Called(id(A)))],
        );
    }

    #[test]
    fn phones_that_ring_are_given_up_for_those_that_the_call_is_sent_on_to() {
        use CallCommand as C;
        use CallEvent as E;
        let cancel = |leg| C::Cancel {
            leg: id(leg),
            elsewhere: false,
        };
        let end = C::End {
            disposition: Disposition::Failed,
            by: EndedBy::System,
            status: 482,
        };
        check(true, &[E::SendOn], &[cancel(A), cancel(B)]);
        check(true, &[E::SendOn, E::Refused(id(A), 603)], &[]);
        check(
            true,
            &[E::SendOn, E::Answered(id(A))],
            &[C::HangUp(Side::Called(id(A)))],
        );
        check(true, &[E::Answered(id(A)), E::SendOn], &[]);
        check(true, &[E::SendOn, E::NobodyCalled(482)], &[C::RefuseCaller(482), end]);
    }
}
