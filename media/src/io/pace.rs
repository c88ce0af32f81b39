//! Packets of our own, sent when the clock says so.

use std::cmp::Reverse;
use std::net::SocketAddr;
use std::ops::Range;

use super::command::{MediaLegId, MediaNotice};
use super::thread::{MediaThread, two};
use crate::bridge::{Leg, fill_pause};
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
                thread.make_noise(place, at, now);
                thread.say(place, at, now);
                Ok(0)
            });
        }
    }

    /// What stands for a leg that pauses.
    fn make_noise(&mut self, place: u16, at: Moment, now: Moment) {
        let peer = self.slot(place).and_then(|active| active.peer);
        let Some((active, other)) = two(&mut self.slots, place, peer.filter(|peer| *peer != place)) else {
            return;
        };
        if active.noise_at.take_if(|noise_at| *noise_at == at).is_none() {
            return;
        }
        // The pause may have been another one when this moment was set.
        let due = active.leg.noise_due().is_some_and(|due| due <= now);
        let to = other.map(|other| &mut other.leg);
        let tap = &mut self.given.tap;
        let made = due.then(|| {
            fill_pause(&mut active.leg, to, &mut self.packet, now, &mut |frame| {
                tap.frame(frame)
            })
        });
        active.noise_at = active.leg.noise_due();
        if let Some(due) = active.noise_at {
            self.pacing.push(Reverse((due, place)));
        }
        let packet = made.flatten();
        let packet = packet.and_then(|(bytes, to)| Some((bytes, super::for_family(to, self.given.ipv6)?)));
        if let (Some((bytes, to)), Some(peer)) = (packet, peer) {
            self.send_packet(peer, bytes, to);
        }
    }

    /// Sends what was put together, on the port of `place`.
    fn send_packet(&self, place: u16, bytes: Range<usize>, to: SocketAddr) {
        if let (Some(bytes), Some(pair)) = (self.packet.get(bytes), self.given.shelf.pair(place)) {
            // What cannot be sent now would be late.
            let sent = pair.rtp.send_to(bytes, to).is_ok();
            self.given.counters.relayed(0, usize::from(sent), 0);
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
        let packet = tick.packet;
        if let Some((bytes, to)) = packet.and_then(|(bytes, to)| Some((bytes, super::for_family(to, self.given.ipv6)?)))
        {
            self.send_packet(place, bytes, to);
        }
        if let Some(token) = tick.played {
            (self.given.notify)(MediaNotice::Played { leg, token });
        }
    }
}
