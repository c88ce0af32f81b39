//! What the media threads did, for metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::command::LegStats;

/// Written by one thread, read by others.
#[derive(Debug, Default)]
pub(super) struct Counters {
    received: AtomicU64,
    sent: AtomicU64,
    ignored: AtomicU64,
    lost: AtomicU64,
    legs_closed: AtomicU64,
    legs: AtomicU64,
    ports_ready: AtomicU64,
    tap_frames_lost: AtomicU64,
}

/// Sums over all threads. The last three are at most a quarter of a second old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Datagrams on RTP ports in use.
    pub received: u64,
    pub sent: u64,
    /// From somebody else, or no RTP of the leg's.
    pub ignored: u64,
    /// Lost on the way to us, of legs that are over.
    pub lost: u64,
    pub legs_closed: u64,
    pub legs: u64,
    pub ports_ready: u64,
    /// The recorder was too slow for these: they are silence.
    pub tap_frames_lost: u64,
}

impl Counters {
    pub(super) fn relayed(&self, received: usize, sent: usize, ignored: usize) {
        add(&self.received, received);
        add(&self.sent, sent);
        add(&self.ignored, ignored);
    }

    pub(super) fn closed(&self, stats: &LegStats) {
        self.lost.fetch_add(stats.packets_lost, Relaxed);
        self.legs_closed.fetch_add(1, Relaxed);
    }

    pub(super) fn looked(&self, legs: usize, ports_ready: usize, tap_frames_lost: u64) {
        self.legs.store(wide(legs), Relaxed);
        self.ports_ready.store(wide(ports_ready), Relaxed);
        self.tap_frames_lost.store(tap_frames_lost, Relaxed);
    }

    pub(super) fn add_to(&self, counts: &mut Counts) {
        counts.received += self.received.load(Relaxed);
        counts.sent += self.sent.load(Relaxed);
        counts.ignored += self.ignored.load(Relaxed);
        counts.lost += self.lost.load(Relaxed);
        counts.legs_closed += self.legs_closed.load(Relaxed);
        counts.legs += self.legs.load(Relaxed);
        counts.ports_ready += self.ports_ready.load(Relaxed);
        counts.tap_frames_lost += self.tap_frames_lost.load(Relaxed);
    }
}

/// There is one writer: no need for a locked addition.
fn add(counter: &AtomicU64, count: usize) {
    counter.store(counter.load(Relaxed).wrapping_add(wide(count)), Relaxed);
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
