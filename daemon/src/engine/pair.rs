//! The talking pair changes: audio, recording, what the board shows, and the end of whoever has left.

use std::time::Duration;

use frontdesk_media::io::command::{MediaCommand, MediaLegId};
use frontdesk_routing::ids::CallId;
use frontdesk_sip::Now;

use super::Engine;
use super::call::{Call, Side};
use super::media::Tune;
use super::output::{BoardChange, CdrParty, Output};

impl Engine {
    /// The party waits and does not hear the other one any more. The recording goes on with what it says.
    pub(super) fn part(&mut self, id: CallId, (party, other): (Side, Side), now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let waits_first = call.joined.is_some_and(|(first, _)| first == party);
        let media = |side| call.leg(side).map(|leg| leg.media.leg);
        let (Some(a), Some(b)) = (media(party), media(other)) else {
            return;
        };
        let sides = match waits_first {
            true => (Some(a), None),
            false => (None, Some(a)),
        };
        if call.joined.take().is_some() {
            self.outputs.push_back(Output::Media(MediaCommand::Part { a, b }));
            self.retap(id, sides);
        }
        self.set_tune(id, other, None);
        self.set_tune(id, party, Some(Tune::Music));
        self.wait_at_most(id, self.config.ring_timeout, now);
    }

    /// Two parties that are answered hear each other from now on.
    pub(super) fn bring_together(&mut self, id: CallId, pair: (Side, Side), now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        self.ringing.remove(&(call.rings_until, id));
        let (account, place) = (call.account, call.place.take());
        self.vacate(account, place);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let party = |side| call.leg(side).map(|leg| leg.party.clone()).unwrap_or_default();
        let (caller, callee) = (party(pair.0), party(pair.1));
        call.callee = callee.clone();
        if call.answered_at.is_none() {
            self.first_answer(id, callee, now);
        } else {
            self.outputs.push_back(Output::Board(BoardChange::CallTransferred {
                call: id,
                caller,
                callee,
            }));
        }
        self.introduce(id, pair);
        for side in [pair.0, pair.1] {
            self.configure(id, side);
        }
        self.join(id, now);
        self.show_partners(id, pair, now);
        self.on_pair_changed(id, pair, now);
    }

    /// A party that has talked with somebody has to do with us now: with one of the menus, or with a mailbox.
    pub(super) fn show_instead(&mut self, id: CallId, us: CdrParty) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let side = call.machine.waiting().or(call.machine.served_party());
        let party = side.and_then(|side| call.leg(side)).map(|leg| leg.party.clone());
        let party = party.unwrap_or_default();
        let (caller, callee) = match call.machine.is_first() {
            true => (party, us),
            false => (us, party),
        };
        call.callee = callee.clone();
        self.outputs.push_back(Output::Board(BoardChange::CallTransferred {
            call: id,
            caller,
            callee,
        }));
    }

    /// Somebody took a caller whom we had answered to let it wait.
    fn first_answer(&mut self, id: CallId, callee: CdrParty, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.answered_at = Some(now.unix_ms);
        self.counters.calls_answered += 1;
        self.outputs.push_back(Output::Board(BoardChange::CallAnswered {
            call: id,
            at: now.unix_ms,
            callee,
            recording: None,
        }));
    }

    /// The recording goes on with these legs; a side may have nobody.
    pub(super) fn retap(&mut self, id: CallId, (left, right): (Option<MediaLegId>, Option<MediaLegId>)) {
        let Some(recording) = self.calls.get(&id).and_then(|call| call.recording) else {
            return;
        };
        self.outputs.push_back(Output::Media(MediaCommand::Retap {
            recording: recording.as_u128(),
            left,
            right,
        }));
    }

    /// Whoever waits gets the next step of its call after so long.
    pub(super) fn wait_at_most(&mut self, id: CallId, limit: Duration, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        self.ringing.remove(&(call.rings_until, id));
        call.rings_until = now.instant + limit;
        self.ringing.insert((call.rings_until, id));
    }

    /// A leg is over while its call goes on: its port is free, and nothing that comes for it counts.
    pub(super) fn drop_leg(&mut self, id: CallId, side: Side, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(leg) = call.leg_mut(side).filter(|leg| leg.open) else {
            return;
        };
        leg.open = false;
        leg.ended_at.get_or_insert(now.unix_ms);
        let (session, media) = (leg.session, leg.media.leg);
        let relayed = std::mem::take(&mut call.relayed);
        self.touch(id);
        self.leave_recording(id, side);
        self.refuse_relayed(relayed, now);
        self.forget_session(session);
        self.close_media(media);
    }

    /// Whoever talked with this party is recorded alone from now on.
    fn leave_recording(&mut self, id: CallId, side: Side) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some((first, second)) = call.joined.take_if(|(first, second)| side == *first || side == *second) else {
            return;
        };
        let media = |kept: Side| call.leg(kept).filter(|_| kept != side).map(|leg| leg.media.leg);
        let sides = (media(first), media(second));
        self.retap(id, sides);
    }

    pub(super) fn close_media(&mut self, leg: MediaLegId) {
        self.media_legs.remove(&leg);
        self.ports_in_use = self.ports_in_use.saturating_sub(1);
        self.outputs.push_back(Output::Media(MediaCommand::Close { leg }));
    }

    /// A leg whose session has ended: if the call goes on without it, it holds nothing more.
    pub(super) fn on_leg_over(&mut self, id: CallId, side: Side, now: Now) {
        if self.calls.get(&id).is_some_and(|call| !call.needs(side)) {
            self.drop_leg(id, side, now);
        }
    }
}

impl Call {
    fn needs(&self, side: Side) -> bool {
        self.other(side).is_some()
            || self.machine.waiting() == Some(side)
            || self.machine.is_ringing() && side == Side::Caller
    }

    /// Adds to the record why the call went on as it did.
    pub(super) fn note(&mut self, text: &str) {
        if self.because.ends_with(text) {
            return;
        }
        if self.because.len() + text.len() >= LONGEST_BECAUSE {
            // how it ended says more than the rest of the way
            let kept = self.because.find(LEFT_OUT).unwrap_or(self.because.len());
            self.because.truncate(kept);
            self.because.push_str(LEFT_OUT);
        }
        self.because.push_str("; ");
        self.because.push_str(text);
    }
}

/// A record's reason stays readable whatever is done to the call: beyond it only the last thing is told.
const LONGEST_BECAUSE: usize = 1_000;
const LEFT_OUT: &str = "; …";
