//! An answered party that waits: transferred, called back for, or parked; and who takes whose place.

use smallvec::smallvec;

use super::step::disposition_of;
use super::{
    CallCommand, CallEvent, CallMachine, CalledLeg, Commands, Disposition, EndedBy, LegPhase, Phase, Side, Stage, Stay,
    Wait,
};
use crate::ids::LegId;

impl CallMachine {
    /// Every event while a party waits.
    pub(super) fn wait(&mut self, wait: Wait, event: CallEvent) -> Commands {
        match event {
            CallEvent::Ringing(leg) if self.is_calling(leg) && !self.rang => {
                self.rang = true;
                wait.tell(180)
            }
            CallEvent::Answered(leg) if self.is_calling(leg) => {
                self.mark(leg, LegPhase::Answered, 200);
                self.take_over(wait, leg)
            }
            CallEvent::Answered(late) => smallvec![CallCommand::HangUp(Side::Called(late))],
            CallEvent::Refused(leg, status) => self.refused_to_waiting(wait, leg, status),
            CallEvent::NobodyCalled(status) => self.nobody_came(wait, status),
            CallEvent::Lost(Side::Called(leg)) if self.is_calling(leg) => {
                let mut commands: Commands = smallvec![CallCommand::Cancel { leg, elsewhere: false }];
                commands.extend(self.refused_to_waiting(wait, leg, 503));
                commands
            }
            CallEvent::Replace { gone, by } if self.may_come(gone) => {
                self.take_in(by);
                self.take_over(wait, by)
            }
            CallEvent::Replace { by, .. } => smallvec![CallCommand::HangUp(Side::Called(by))],
            CallEvent::SendOn if wait.stage.rings_for_the_first_time() => self.send_on(),
            CallEvent::Enqueue { .. } => self.move_waiting(wait, Stage::Queued),
            CallEvent::Attend => self.move_waiting(wait, Stage::Attended),
            CallEvent::Overflow if matches!(wait.stage, Stage::Queued | Stage::Attended) => self.overflow(),
            CallEvent::Serve => self.take_waiting(wait),
            CallEvent::RingTimeout => {
                let mut commands = self.cancel_calling(false);
                commands.extend(self.nobody_came(wait, 480));
                commands
            }
            CallEvent::HungUp(side) if side == wait.party => {
                let by = if wait.first { EndedBy::Caller } else { EndedBy::Callee };
                self.waited_in_vain(wait, Commands::new(), by)
            }
            CallEvent::Lost(side) if side == wait.party => {
                self.waited_in_vain(wait, smallvec![CallCommand::HangUp(side)], EndedBy::System)
            }
            CallEvent::HungUp(side) | CallEvent::Lost(side) if Some(side) == wait.transferor => {
                self.phase = Phase::Waiting(Wait {
                    transferor: None,
                    ..wait
                });
                smallvec![CallCommand::Release(side)]
            }
            CallEvent::Stop => self.waited_in_vain(wait, smallvec![CallCommand::HangUp(wait.party)], EndedBy::System),
            CallEvent::Ringing(_)
            | CallEvent::Cancelled
            | CallEvent::HungUp(_)
            | CallEvent::Lost(_)
            | CallEvent::SendOn
            | CallEvent::Overflow
            | CallEvent::Transfer { .. }
            | CallEvent::Park { .. } => Commands::new(),
        }
    }

    /// One of the pair wants somebody else in its own place.
    pub(super) fn transfer(&mut self, by: Side) -> Commands {
        self.leave_waiting(by, Some(by), Stage::Transferring)
    }

    pub(super) fn park(&mut self, party: Side) -> Commands {
        let Some(by) = self.other(party) else {
            return Commands::new();
        };
        let mut commands = self.leave_waiting(by, None, Stage::Parked);
        commands.push(CallCommand::Release(by));
        commands
    }

    pub(super) fn leave_waiting(&mut self, by: Side, transferor: Option<Side>, stage: Stage) -> Commands {
        let (Some((first, _)), Some(party)) = (self.pair(), self.other(by)) else {
            return Commands::new();
        };
        self.begin_round();
        self.phase = Phase::Waiting(Wait {
            party,
            first: party == first,
            transferor,
            stage,
        });
        smallvec![CallCommand::Part(party, by)]
    }

    /// An answered leg takes the place of one of the pair.
    pub(super) fn replace(&mut self, gone: Option<Side>, by: LegId) -> Commands {
        let new = Side::Called(by);
        let pair = match (self.pair(), gone) {
            (Some((first, second)), Some(gone)) if gone == first => (new, second),
            (Some((first, second)), Some(gone)) if gone == second => (first, new),
            _ => return smallvec![CallCommand::HangUp(new)],
        };
        self.take_in(by);
        self.phase = Phase::Talking(pair.0, pair.1);
        let mut commands: Commands = smallvec![CallCommand::Join(pair.0, pair.1)];
        commands.extend(gone.map(CallCommand::Release));
        commands
    }

    /// An answered leg takes the place of one that rings, before anybody has answered the caller.
    pub(super) fn pick_up(&mut self, gone: Option<Side>, by: LegId) -> Commands {
        if gone.is_none() || !self.may_come(gone) {
            return smallvec![CallCommand::HangUp(Side::Called(by))];
        }
        self.take_in(by);
        self.connect(by)
    }

    fn may_come(&self, gone: Option<Side>) -> bool {
        match gone {
            None => true,
            Some(Side::Called(leg)) => self.is_calling(leg),
            Some(Side::Caller) => false,
        }
    }

    fn take_in(&mut self, id: LegId) {
        self.called.push(CalledLeg {
            id,
            phase: LegPhase::Answered,
            status: 200,
        });
    }

    /// Somebody has come for whoever waits.
    fn take_over(&mut self, wait: Wait, leg: LegId) -> Commands {
        let pair = wait.pair(Side::Called(leg));
        self.phase = Phase::Talking(pair.0, pair.1);
        self.talked = true;
        let mut commands: Commands = smallvec![CallCommand::Join(pair.0, pair.1)];
        commands.extend(self.cancel_calling(true));
        commands.extend(wait.tell(200));
        commands.extend(wait.transferor.map(CallCommand::Release));
        commands
    }

    /// The party is ours from now on; whoever transferred it has done so.
    fn take_waiting(&mut self, wait: Wait) -> Commands {
        let Wait { party, first, .. } = wait;
        let mut commands = wait.tell(200);
        commands.extend(wait.transferor.map(CallCommand::Release));
        let wanted = false;
        commands.extend(self.take(Stay { party, first, wanted }));
        commands
    }

    fn refused_to_waiting(&mut self, wait: Wait, leg: LegId, status: u16) -> Commands {
        if !self.is_calling(leg) {
            return Commands::new();
        }
        self.mark(leg, LegPhase::Over, status);
        let declined = self.one_person && status >= 600;
        if self.calling().next().is_some() && !declined {
            return Commands::new();
        }
        let status = if declined { status } else { self.best_status() };
        let mut commands = self.cancel_calling(false);
        commands.extend(self.nobody_came(wait, status));
        commands
    }

    /// The party goes back to whoever transferred it; if that one has left, it is called again, once.
    fn nobody_came(&mut self, wait: Wait, status: u16) -> Commands {
        match (wait.stage, wait.transferor) {
            (Stage::Transferring, Some(back)) => {
                let pair = wait.pair(back);
                self.phase = Phase::Talking(pair.0, pair.1);
                smallvec![CallCommand::Join(pair.0, pair.1), CallCommand::Tell(back, status)]
            }
            (Stage::Transferring | Stage::Parked, _) => {
                self.begin_round();
                self.phase = Phase::Waiting(Wait {
                    stage: Stage::Recalling,
                    ..wait
                });
                smallvec![CallCommand::Recall(wait.party)]
            }
            (Stage::Queued, _) => {
                self.begin_round();
                smallvec![CallCommand::OfferOver]
            }
            (Stage::Recalling | Stage::Attended | Stage::Overflowed | Stage::CallingOut, _) => {
                let end = self.untaken(EndedBy::System, status);
                smallvec![CallCommand::HangUp(wait.party), end]
            }
        }
    }

    fn waited_in_vain(&mut self, wait: Wait, first: Commands, by: EndedBy) -> Commands {
        let status = match by {
            EndedBy::Caller | EndedBy::Callee => 487,
            EndedBy::System => 503,
        };
        let end = self.untaken(by, status);
        let mut commands = self.cancel_calling(false);
        commands.extend(first);
        commands.extend(wait.tell(487));
        commands.extend(wait.transferor.map(CallCommand::HangUp));
        commands.push(end);
        commands
    }

    /// The end of a call whose waiting party nobody took.
    fn untaken(&mut self, by: EndedBy, status: u16) -> CallCommand {
        self.phase = Phase::Over;
        let (disposition, status) = match (self.talked, by) {
            (true, _) => (Disposition::Answered, 200),
            (false, EndedBy::Caller | EndedBy::Callee) => (Disposition::Abandoned, status),
            (false, EndedBy::System) => (disposition_of(status), status),
        };
        CallCommand::End {
            disposition,
            by,
            status,
        }
    }

    /// What earlier legs came to says nothing of those that are called next.
    pub(super) fn begin_round(&mut self) {
        self.rang = false;
        self.round = self.called.len();
    }
}

impl Stage {
    fn rings_for_the_first_time(self) -> bool {
        matches!(self, Stage::Transferring | Stage::Overflowed | Stage::CallingOut)
    }
}

impl Wait {
    fn pair(&self, partner: Side) -> (Side, Side) {
        match self.first {
            true => (self.party, partner),
            false => (partner, self.party),
        }
    }

    pub(super) fn tell(&self, status: u16) -> Commands {
        self.transferor
            .map(|to| CallCommand::Tell(to, status))
            .into_iter()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Side = Side::Caller;

    fn id(leg: u128) -> LegId {
        LegId::from_u128(leg)
    }

    fn side(leg: u128) -> Side {
        Side::Called(id(leg))
    }

    /// A and leg 1 talk.
    fn talking() -> CallMachine {
        let mut call = CallMachine::new(&[id(1)], true);
        call.step(CallEvent::Answered(id(1)));
        call
    }

    /// One of the pair transfers the other to legs 2 and 3.
    fn transferred(by: Side) -> CallMachine {
        let mut call = talking();
        call.step(CallEvent::Transfer { by });
        call.call(&[id(2), id(3)], false);
        call
    }

    fn check(mut call: CallMachine, events: &[CallEvent], expected: &[CallCommand], pair: Option<(Side, Side)>) {
        let mut last = Commands::new();
        for event in events {
            last = call.step(*event);
        }
        assert_eq!(last.as_slice(), expected, "after {events:?}");
        assert_eq!(call.pair(), pair, "after {events:?}");
    }

    fn cancel(leg: u128, elsewhere: bool) -> CallCommand {
        CallCommand::Cancel {
            leg: id(leg),
            elsewhere,
        }
    }

    fn end(by: EndedBy) -> CallCommand {
        CallCommand::End {
            disposition: Disposition::Answered,
            by,
            status: 200,
        }
    }

    #[test]
    fn a_transferred_party_keeps_its_place_and_gets_whoever_answers() {
        use CallCommand as C;
        use CallEvent as E;
        check(talking(), &[E::Transfer { by: A }], &[C::Part(side(1), A)], None);
        check(talking(), &[E::Transfer { by: side(7) }], &[], Some((A, side(1))));
        check(transferred(A), &[E::Ringing(id(2))], &[C::Tell(A, 180)], None);
        check(transferred(A), &[E::Ringing(id(2)), E::Ringing(id(3))], &[], None);
        let answered = [
            C::Join(side(2), side(1)),
            cancel(3, true),
            C::Tell(A, 200),
            C::Release(A),
        ];
        check(
            transferred(A),
            &[E::Answered(id(2))],
            &answered,
            Some((side(2), side(1))),
        );
        let by_called = [
            C::Join(A, side(3)),
            cancel(2, true),
            C::Tell(side(1), 200),
            C::Release(side(1)),
        ];
        check(
            transferred(side(1)),
            &[E::Answered(id(3))],
            &by_called,
            Some((A, side(3))),
        );
        let later = [E::Answered(id(2)), E::HungUp(A)];
        check(transferred(A), &later, &[], Some((side(2), side(1))));
        let late = [E::Answered(id(2)), E::Answered(id(3))];
        check(transferred(A), &late, &[C::HangUp(side(3))], Some((side(2), side(1))));
        let over = [E::Answered(id(2)), E::HungUp(side(2))];
        check(transferred(A), &over, &[C::HangUp(side(1)), end(EndedBy::Caller)], None);
    }

    #[test]
    fn a_party_that_nobody_took_goes_back_or_calls_back_or_is_hung_up() {
        use CallCommand as C;
        use CallEvent as E;
        let refused = [E::Refused(id(2), 486), E::Refused(id(3), 480)];
        check(transferred(A), &refused[..1], &[], None);
        let back = [C::Join(A, side(1)), C::Tell(A, 486)];
        check(transferred(A), &refused, &back, Some((A, side(1))));
        let timeout = [cancel(2, false), cancel(3, false), C::Join(A, side(1)), C::Tell(A, 480)];
        check(transferred(A), &[E::RingTimeout], &timeout, Some((A, side(1))));
        let nobody = [C::Join(A, side(1)), C::Tell(A, 404)];
        check(transferred(A), &[E::NobodyCalled(404)], &nobody, Some((A, side(1))));
        let gone = [E::HungUp(A), refused[0], refused[1]];
        check(transferred(A), &gone, &[C::Recall(side(1))], None);
        let mut recalled = transferred(A);
        gone.iter().for_each(|event| drop(recalled.step(*event)));
        recalled.call(&[id(4)], true);
        check(
            recalled.clone(),
            &[E::Answered(id(4))],
            &[C::Join(side(4), side(1))],
            Some((side(4), side(1))),
        );
        let given_up = [C::HangUp(side(1)), end(EndedBy::System)];
        check(recalled.clone(), &[E::Refused(id(4), 486)], &given_up, None);
        check(recalled, &[E::NobodyCalled(480)], &given_up, None);
    }

    #[test]
    fn each_end_while_somebody_waits_leaves_nobody_behind() {
        use CallCommand as C;
        use CallEvent as E;
        let cancels = [cancel(2, false), cancel(3, false)];
        let left = [
            cancels[0],
            cancels[1],
            C::Tell(A, 487),
            C::HangUp(A),
            end(EndedBy::Callee),
        ];
        check(transferred(A), &[E::HungUp(side(1))], &left, None);
        let lost = [
            cancels[0],
            cancels[1],
            C::HangUp(side(1)),
            C::Tell(A, 487),
            C::HangUp(A),
            end(EndedBy::System),
        ];
        check(transferred(A), &[E::Lost(side(1))], &lost, None);
        check(transferred(A), &[E::Stop], &lost, None);
        let alone = [cancels[0], cancels[1], C::HangUp(side(1)), end(EndedBy::System)];
        check(transferred(A), &[E::HungUp(A), E::Stop], &alone, None);
        check(transferred(A), &[E::Lost(A)], &[C::Release(A)], None);
        check(transferred(A), &[E::Lost(side(2))], &[cancels[0]], None);
    }

    #[test]
    fn an_answered_leg_takes_the_place_of_one_that_talks_or_rings() {
        use CallCommand as C;
        use CallEvent as E;
        let replace = |gone, by| E::Replace { gone, by: id(by) };
        let first = [C::Join(side(5), side(1)), C::Release(A)];
        check(talking(), &[replace(Some(A), 5)], &first, Some((side(5), side(1))));
        let second = [C::Join(A, side(5)), C::Release(side(1))];
        check(talking(), &[replace(Some(side(1)), 5)], &second, Some((A, side(5))));
        check(
            talking(),
            &[replace(Some(side(9)), 5)],
            &[C::HangUp(side(5))],
            Some((A, side(1))),
        );
        let ringing = || CallMachine::new(&[id(1), id(2)], false);
        let picked = [C::Connect(id(5)), cancel(1, true), cancel(2, true)];
        check(ringing(), &[replace(Some(side(2)), 5)], &picked, Some((A, side(5))));
        check(ringing(), &[replace(Some(A), 5)], &[C::HangUp(side(5))], None);
        check(
            ringing(),
            &[E::Cancelled, replace(Some(side(2)), 5)],
            &[C::HangUp(side(5))],
            None,
        );
        let taken = [
            C::Join(side(5), side(1)),
            cancel(2, true),
            cancel(3, true),
            C::Tell(A, 200),
            C::Release(A),
        ];
        check(
            transferred(A),
            &[replace(Some(side(3)), 5)],
            &taken,
            Some((side(5), side(1))),
        );
        check(
            transferred(A),
            &[replace(Some(side(1)), 5)],
            &[C::HangUp(side(5))],
            None,
        );
    }

    #[test]
    fn a_parked_party_waits_until_somebody_comes_or_the_parker_is_called_back() {
        use CallCommand as C;
        use CallEvent as E;
        let park = E::Park { party: A };
        check(talking(), &[park], &[C::Part(A, side(1)), C::Release(side(1))], None);
        let come = [park, E::Replace { gone: None, by: id(5) }];
        check(talking(), &come, &[C::Join(A, side(5))], Some((A, side(5))));
        check(talking(), &[park, E::RingTimeout], &[C::Recall(A)], None);
        check(talking(), &[park, E::HungUp(A)], &[end(EndedBy::Caller)], None);
    }
}
