//! Packets of our own, sent when the clock says so.

use std::cmp::Reverse;

use super::command::{MediaLegId, MediaNotice};
use super::thread::MediaThread;
use crate::bridge::Leg;
use crate::clock::Moment;

impl MediaThread {
    /// Changes what a leg is fed with, and sees to its next packet.
    pub(super) fn feed(&mut self, leg: MediaLegId, change: impl FnOnce(&mut Leg)) {
        let Some(place) = self.places.get(&leg).copied() else {
            return;
        };
        let Some(active) = self.slot_mut(place) else {
            return;
        };
        let before = active.leg.due();
        change(&mut active.leg);
        if let Some(due) = active.leg.due().filter(|due| before != Some(*due)) {
            self.pacing.push(Reverse((due, place)));
        }
    }

    pub(super) fn pace_at(&mut self, due: Moment, place: u16) {
        self.pacing.push(Reverse((due, place)));
    }

    pub(super) fn paced_at(&self) -> Option<Moment> {
        self.pacing.peek().map(|Reverse((at, _))| *at)
    }

    /// Says what is due.
    pub(super) fn pace(&mut self, now: Moment) {
        while let Some(Reverse((at, place))) = self.pacing.peek().copied()
            && at <= now
        {
            self.pacing.pop();
            self.guarded(place, |thread| {
                thread.say(place, at, now);
                Ok(0)
            });
        }
    }

    fn say(&mut self, place: u16, at: Moment, now: Moment) {
        let Some(active) = self.slots.get_mut(usize::from(place)).and_then(Option::as_mut) else {
            return;
        };
        // What was ended or begun anew meanwhile has another time.
        if active.leg.due() != Some(at) {
            return;
        }
        let tick = active.leg.tick(&mut self.packet, now);
        let (leg, due) = (active.id, active.leg.due());
        if let Some(due) = due {
            self.pacing.push(Reverse((due, place)));
        }
        let packet = tick
            .packet
            .and_then(|(bytes, to)| Some((self.packet.get(bytes)?, super::for_family(to, self.given.ipv6)?)));
        if let (Some((bytes, to)), Some(pair)) = (packet, self.given.shelf.pair(place)) {
            // What cannot be sent now would be late.
            let sent = pair.rtp.send_to(bytes, to).is_ok();
            self.given.counters.relayed(0, usize::from(sent), 0);
        }
        if let Some(token) = tick.played {
            (self.given.notify)(MediaNotice::Played { leg, token });
        }
    }
}
