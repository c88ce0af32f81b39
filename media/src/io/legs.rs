//! What a media thread does on command and by the clock.

use std::io;
use std::time::Duration;

use rand::Rng;

use super::command::{MediaCommand, MediaLegId, MediaNotice};
use super::thread::{Active, MediaThread, REPORT_INTERVAL, Tapped};
use crate::bridge::Leg;
use crate::clock::Moment;
use crate::rtp::rewrite::Rewriter;
use crate::rtp::rtcp::Reporter;
use crate::tap::{Side, TapEnd};

/// How long the last words wait for a recorder that is behind: a second in all.
const LAST_TRIES: usize = 200;
const LAST_PAUSE: Duration = Duration::from_millis(5);

impl MediaThread {
    pub(super) fn command(&mut self, command: MediaCommand) {
        let now = self.clock.now();
        match command {
            MediaCommand::Open { leg, port } => self.open(leg, port, now),
            MediaCommand::Configure { leg, media } => {
                if let Some(active) = self.leg(leg) {
                    active.leg.configure(media, now);
                }
                self.outfit(leg);
            }
            MediaCommand::Join { a, b } => self.join(a, b),
            MediaCommand::Part { a, b } => self.part_pair(a, b),
            MediaCommand::Play {
                leg,
                sound,
                repeat,
                token,
            } => self.feed(leg, |leg| leg.play(sound, repeat, token, now)),
            MediaCommand::StopPlaying { leg } => self.feed(leg, Leg::stop_playing),
            MediaCommand::SendDigits { leg, digits } => self.feed(leg, |leg| leg.press(&digits, now)),
            MediaCommand::Echo { leg, on } => {
                if let Some(active) = self.leg(leg) {
                    active.leg.set_echo(on);
                }
            }
            MediaCommand::Listen { leg, on } => {
                if let Some(active) = self.leg(leg) {
                    active.leg.listen(on);
                }
                self.outfit(leg);
            }
            MediaCommand::Attend { leg, pause } => {
                if let Some(active) = self.leg(leg) {
                    active.leg.attend(pause, now);
                }
            }
            MediaCommand::Tap { left, right, recording } => self.tap(recording, [Some(left), right], now),
            MediaCommand::Retap { recording, left, right } => {
                if let Some(tapped) = self.taps.remove(&recording) {
                    self.loosen(recording, &tapped);
                    self.tap(recording, [left, right], tapped.started);
                }
            }
            MediaCommand::Untap { recording } => self.untap(recording, now),
            MediaCommand::Close { leg } => self.close(leg, now),
        }
    }

    fn open(&mut self, id: MediaLegId, port: u16, now: Moment) {
        let opened = self.occupy(id, port, now);
        match opened {
            Ok(place) => {
                let rng = &mut self.given.rng;
                let sending = Rewriter::new(rng.random(), rng.random(), rng.random());
                let active = Active {
                    id,
                    leg: Leg::new(sending, now),
                    reporter: Reporter::new(rng.random()),
                    peer: None,
                    read_at: now,
                    report_at: now.after(REPORT_INTERVAL.mul_f64(rng.random_range(0.25..0.75))),
                    noise_at: None,
                    told_silent: None,
                };
                if let Some(slot) = self.slots.get_mut(usize::from(place)) {
                    *slot = Some(Box::new(active));
                }
                self.places.insert(id, place);
            }
            Err(error) => {
                let why = format!("port {port}: {error}");
                (self.given.notify)(MediaNotice::Failed { leg: id, why });
            }
        }
        if self.given.shelf.is_low() {
            self.refill();
        }
    }

    /// The place of a port that is now read.
    fn occupy(&mut self, id: MediaLegId, port: u16, now: Moment) -> io::Result<u16> {
        if self.places.contains_key(&id) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let place = self
            .given
            .shelf
            .take(port, &mut self.batch)
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        if let Err(error) = self.watch(place) {
            self.given.shelf.put_to_rest(place, now);
            return Err(error);
        }
        Ok(place)
    }

    /// Reads a place's sockets from now on.
    pub(super) fn watch(&self, place: u16) -> io::Result<()> {
        let Some(pair) = self.given.shelf.pair(place) else {
            return Ok(());
        };
        self.poller.add(&pair.rtp, u64::from(place) << 1)?;
        self.poller.add(&pair.rtcp, u64::from(place) << 1 | 1)
    }

    /// Reads them no longer.
    pub(super) fn unwatch(&self, place: u16) {
        if let Some(pair) = self.given.shelf.pair(place) {
            // A leg that failed is not polled any more.
            let _ = self.poller.remove(&pair.rtp);
            let _ = self.poller.remove(&pair.rtcp);
        }
    }

    fn join(&mut self, a: MediaLegId, b: MediaLegId) {
        let places = [a, b].map(|leg| self.places.get(&leg).copied());
        let [Some(first), Some(second)] = places else {
            return;
        };
        for place in [first, second] {
            self.part(place);
        }
        for (place, peer) in [(first, second), (second, first)] {
            if let Some(active) = self.slot_mut(place) {
                active.peer = Some(peer);
                active.leg.change_peer();
            }
        }
        self.outfit(a);
    }

    /// Sees to it that a leg and its peer understand each other.
    fn outfit(&mut self, leg: MediaLegId) {
        let Some(place) = self.places.get(&leg).copied() else {
            return;
        };
        let peer = self.slot(place).and_then(|active| active.peer);
        let codec_at = |place: Option<u16>| self.slot(place?)?.leg.codec();
        let (own, other) = (codec_at(Some(place)), codec_at(peer));
        for (place, codec) in [(Some(place), other), (peer, own)] {
            if let Some(active) = place.and_then(|place| self.slot_mut(place)) {
                active.leg.outfit(codec);
            }
        }
    }

    /// Whoever was joined to it hears nothing more.
    pub(super) fn part(&mut self, place: u16) {
        let peer = self.slot_mut(place).and_then(|active| active.peer.take());
        if let Some(other) = peer.and_then(|peer| self.slot_mut(peer)) {
            other.peer.take_if(|peer| *peer == place);
        }
    }

    fn part_pair(&mut self, a: MediaLegId, b: MediaLegId) {
        let [first, second] = [a, b].map(|leg| self.places.get(&leg).copied());
        let joined = first.and_then(|place| self.slot(place)).and_then(|active| active.peer);
        if let (Some(first), true) = (first, joined.is_some() && joined == second) {
            self.part(first);
        }
    }

    /// Copies what these legs say to a recording whose clock began at `started`.
    fn tap(&mut self, recording: u128, legs: [Option<MediaLegId>; 2], started: Moment) {
        for (leg, side) in legs.into_iter().zip([Side::Left, Side::Right]) {
            if let Some(active) = leg.and_then(|leg| self.leg(leg)) {
                active.leg.tap(recording, side, started);
            }
            leg.into_iter().for_each(|leg| self.outfit(leg));
        }
        let lent = false;
        self.taps.insert(recording, Tapped { started, legs, lent });
    }

    pub(super) fn loosen(&mut self, recording: u128, tapped: &Tapped) {
        for leg in tapped.legs.into_iter().flatten() {
            if let Some(active) = self.leg(leg) {
                active.leg.untap(recording);
            }
        }
    }

    fn untap(&mut self, recording: u128, now: Moment) {
        let Some(tapped) = self.taps.remove(&recording) else {
            return;
        };
        self.loosen(recording, &tapped);
        self.given.tap.end(TapEnd {
            recording,
            length: now.samples_since(tapped.started),
        });
    }

    /// Nobody is left to be recorded.
    fn untap_if_alone(&mut self, recording: u128, now: Moment) {
        let tapped = self.taps.get(&recording).filter(|tapped| !tapped.lent);
        if tapped.is_some_and(|tapped| tapped.legs.iter().flatten().all(|leg| !self.places.contains_key(leg))) {
            self.untap(recording, now);
        }
    }

    fn close(&mut self, id: MediaLegId, now: Moment) {
        let Some(place) = self.places.remove(&id) else {
            return;
        };
        self.report(place, now, true);
        self.part(place);
        let active = self.slots.get_mut(usize::from(place)).and_then(Option::take);
        self.unwatch(place);
        self.retire(place, now);
        if let Some(active) = active {
            let stats = active.leg.stats();
            self.given.counters.closed(&stats);
            if let Some(recording) = active.leg.tapped() {
                self.untap_if_alone(recording, now);
            }
            (self.given.notify)(MediaNotice::Closed { leg: id, stats });
        }
    }

    pub(super) fn fail(&mut self, place: u16, why: String) {
        self.part(place);
        self.unwatch(place);
        let leg = self.slot(place).map(|active| active.id);
        if let Some(leg) = leg {
            tracing::error!(?leg, %why, "a leg's media failed");
            (self.given.notify)(MediaNotice::Failed { leg, why });
        }
    }

    pub(super) fn sweep(&mut self, now: Moment) {
        for place in 0..u16::try_from(self.slots.len()).unwrap_or(u16::MAX) {
            let silence = self.given.silence;
            let Some(active) = self.slots.get_mut(usize::from(place)).and_then(Option::as_mut) else {
                continue;
            };
            if let Some(since) = active.leg.expected_since() {
                let for_ = now.since(since);
                if !silence.is_zero() && for_ >= silence && active.told_silent != Some(since) {
                    active.told_silent = Some(since);
                    (self.given.notify)(MediaNotice::Silent { leg: active.id, for_ });
                }
            }
            if let Some(spoke) = active.leg.fell_quiet(now) {
                (self.given.notify)(MediaNotice::Quiet { leg: active.id, spoke });
            }
            if now >= active.report_at {
                // RFC 3550 section 6.2: spread, so that all of them do not speak at once.
                let spread = self.given.rng.random_range(0.5..1.5);
                active.report_at = now.after(REPORT_INTERVAL.mul_f64(spread));
                self.report(place, now, false);
            }
        }
        let woken = self.given.shelf.wake(now, &mut self.batch);
        self.announce(woken);
        self.refill();
        self.given.tap.flush();
        self.given
            .counters
            .looked(self.places.len(), self.given.shelf.ready_count(), self.given.tap.lost());
    }

    fn report(&mut self, place: u16, now: Moment, last: bool) {
        let time = self.clock.report_time(now);
        let Some(active) = self.slots.get_mut(usize::from(place)).and_then(Option::as_mut) else {
            return;
        };
        let leg = &mut active.leg;
        let Some(target) = leg
            .rtcp_target()
            .and_then(|target| super::for_family(target, self.given.ipv6))
        else {
            return;
        };
        let multiplexed = leg.multiplexes_rtcp();
        let mut report = active.reporter.write(&leg.sending, &mut leg.reception, time, last);
        if let Some(report) = &mut report {
            leg.protect_rtcp(report);
        }
        if let (Some(report), Some(pair)) = (report, self.given.shelf.pair(place)) {
            let socket = if multiplexed { &pair.rtp } else { &pair.rtcp };
            // A report that is lost is followed by the next one.
            let _ = socket.send_to(&report, target);
        }
    }

    pub(super) fn refill(&mut self) {
        let (ports, problem) = self.given.shelf.refill();
        if let (Some(problem), true) = (problem, self.given.shelf.ready_count() == 0) {
            tracing::warn!(%problem, "no media port is left");
        }
        self.announce(ports);
    }

    fn announce(&self, ports: Vec<u16>) {
        if !ports.is_empty() {
            (self.given.notify)(MediaNotice::PortsReady(ports));
        }
    }

    /// What is still open ends now.
    pub(super) fn finish(&mut self) {
        let now = self.clock.now();
        for (recording, tapped) in self.taps.drain() {
            let length = now.samples_since(tapped.started);
            self.given.tap.end(TapEnd { recording, length });
        }
        for place in 0..u16::try_from(self.slots.len()).unwrap_or(u16::MAX) {
            self.report(place, now, true);
        }
        let mut patience = 0..LAST_TRIES;
        while !self.given.tap.flush() && patience.next().is_some() {
            std::thread::sleep(LAST_PAUSE);
        }
    }
}
