//! Media threads: what the engine tells them and what they tell the engine.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Sender;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::ports::Partition;
use crate::tap::{self, TapConsumer};
use command::{MediaCommand, MediaLegId, MediaNotice};
use counters::Counters;
use shelf::{Shelf, ShelfPlan};
use thread::{Equipment, MediaThread, Notify, Order};

mod clock;
pub mod command;
mod counters;
mod legs;
mod pace;
mod shelf;
mod sys;
mod thread;

pub use counters::Counts;

/// How the media threads work.
#[derive(Debug, Clone)]
pub struct IoConfig {
    /// Where the ports are bound; an unspecified IPv6 address serves IPv4 too.
    pub bind: IpAddr,
    /// First and last port; RTP on the even ones, RTCP on the next.
    pub range: (u16, u16),
    pub threads: usize,
    /// How long a port rests after its leg.
    pub quarantine: Duration,
    /// When a leg that may send and does not is reported; zero: never.
    pub silence: Duration,
    /// Ports that a thread keeps ready: what may be asked for before the next refill, which an `Open` brings about.
    pub stock: usize,
    /// Room of the recorder's ring, in frames of 20 ms, for each thread.
    pub tap_slots: usize,
    /// After a busy round a thread rests this long, so that one wake-up serves many legs. Zero measured best, where
    /// packets come in bursts anyway.
    pub pause: Duration,
}

impl Default for IoConfig {
    fn default() -> Self {
        IoConfig {
            bind: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            range: (10_000, 19_999),
            threads: 1,
            quarantine: Duration::from_secs(5),
            silence: Duration::from_secs(30),
            stock: 256,
            tap_slots: 16_384,
            pause: Duration::ZERO,
        }
    }
}

/// Starts the media threads. `notices` is called on them and must not block.
///
/// Gives one ring for each thread; a recording comes through one ring alone. With several threads a port belongs to
/// one of them, and so the two legs of a call must have ports of the same thread: see
/// [`PortStock::take_near`](crate::ports::PortStock::take_near).
pub fn start(
    config: &IoConfig,
    notices: impl Fn(MediaNotice) + Send + Sync + 'static,
) -> io::Result<(Handle, Vec<TapConsumer>)> {
    sys::raise_descriptor_limit();
    let partition = Partition::new(config.range, config.threads);
    let notify: Notify = Arc::new(notices);
    let mut handle = Handle {
        lanes: Vec::new(),
        partition,
        threads: Mutex::new(HashMap::new()),
        notify,
    };
    let mut taps = Vec::new();
    for thread in 0..partition.threads() {
        let (lane, tap) = start_thread(config, thread, &handle)?;
        handle.lanes.push(lane);
        taps.push(tap);
    }
    Ok((handle, taps))
}

fn start_thread(config: &IoConfig, thread: usize, handle: &Handle) -> io::Result<(Lane, TapConsumer)> {
    let mut rng = StdRng::from_os_rng();
    let plan = ShelfPlan {
        partition: handle.partition,
        thread,
        ip: config.bind,
        stock: config.stock,
        quarantine: config.quarantine,
    };
    let mut shelf = Shelf::new(plan, &mut rng);
    let (ports, problem) = shelf.refill();
    if ports.is_empty() {
        return Err(problem.unwrap_or_else(|| io::Error::other("the range has no pair of ports")));
    }
    let (orders, receiver) = crossbeam_channel::unbounded();
    let (tap, consumer) = tap::ring(config.tap_slots);
    let wake = sys::wake_file()?;
    let woken = Arc::new(AtomicBool::new(false));
    let counters = Arc::new(Counters::default());
    let given = Equipment {
        orders: receiver,
        wake: wake.try_clone()?,
        woken: Arc::clone(&woken),
        notify: Arc::clone(&handle.notify),
        tap,
        counters: Arc::clone(&counters),
        shelf,
        rng,
        ipv6: config.bind.is_ipv6(),
        silence: config.silence,
        pause: config.pause,
    };
    let media = MediaThread::new(given, handle.partition.pairs())?;
    (handle.notify)(MediaNotice::PortsReady(ports));
    let running = std::thread::Builder::new()
        .name(format!("media-{thread}"))
        .spawn(move || {
            if let Err(error) = media.run() {
                tracing::error!(%error, "a media thread ended");
            }
        })?;
    let lane = Lane {
        orders,
        wake,
        woken,
        counters,
        running: Some(running),
    };
    Ok((lane, consumer))
}

/// The way to the media threads. Dropping it stops them.
pub struct Handle {
    lanes: Vec<Lane>,
    partition: Partition,
    /// Which thread has a leg; with one thread it stays empty.
    threads: Mutex<HashMap<MediaLegId, usize>>,
    notify: Notify,
}

struct Lane {
    orders: Sender<Order>,
    wake: File,
    woken: Arc<AtomicBool>,
    counters: Arc<Counters>,
    running: Option<JoinHandle<()>>,
}

impl Handle {
    /// Never blocks; the order of commands is kept.
    pub fn send(&self, command: MediaCommand) {
        if let [lane] = self.lanes.as_slice() {
            lane.send(Order::Media(command));
            return;
        }
        match command {
            MediaCommand::Untap { .. } | MediaCommand::Retap { .. } => {
                self.lanes
                    .iter()
                    .for_each(|lane| lane.send(Order::Media(command.clone())));
            }
            MediaCommand::Open { leg, port } => {
                if let Some(thread) = self.partition.thread_of(port) {
                    self.known().insert(leg, thread);
                }
                self.send_to(leg, None, command);
            }
            MediaCommand::Configure { leg, .. }
            | MediaCommand::Play { leg, .. }
            | MediaCommand::StopPlaying { leg }
            | MediaCommand::Echo { leg, .. }
            | MediaCommand::Listen { leg, .. }
            | MediaCommand::SendDigits { leg, .. } => self.send_to(leg, None, command),
            MediaCommand::Close { leg } => {
                self.send_to(leg, None, command);
                self.known().remove(&leg);
            }
            MediaCommand::Join { a, b } | MediaCommand::Part { a, b } => self.send_to(a, Some(b), command),
            MediaCommand::Tap { left, right, .. } => self.send_to(left, Some(right), command),
        }
    }

    /// Sums over all threads.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.lanes.iter().for_each(|lane| lane.counters.add_to(&mut counts));
        counts
    }

    /// False when a thread has ended by itself.
    pub fn is_running(&self) -> bool {
        self.lanes
            .iter()
            .all(|lane| lane.running.as_ref().is_some_and(|running| !running.is_finished()))
    }

    /// Ends the threads and waits for them. Open taps get their end.
    pub fn stop(self) {
        drop(self);
    }

    fn send_to(&self, leg: MediaLegId, other: Option<MediaLegId>, command: MediaCommand) {
        let (thread, elsewhere) = {
            let known = self.known();
            let thread = known.get(&leg).copied();
            let elsewhere = other.filter(|other| known.get(other).copied() != thread);
            (thread, elsewhere)
        };
        let lane = thread.and_then(|thread| self.lanes.get(thread));
        match (lane, elsewhere) {
            (Some(lane), None) => lane.send(Order::Media(command)),
            (_, Some(other)) => {
                for leg in [leg, other] {
                    let why = "the two legs are on different media threads".to_owned();
                    (self.notify)(MediaNotice::Failed { leg, why });
                }
            }
            (None, None) => {
                let why = "no such media port".to_owned();
                (self.notify)(MediaNotice::Failed { leg, why });
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<MediaLegId, usize>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle")
            .field("threads", &self.lanes.len())
            .finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.lanes.iter().for_each(|lane| lane.send(Order::Stop));
        for lane in &mut self.lanes {
            if let Some(running) = lane.running.take() {
                // A panic there was told when it happened.
                let _ = running.join();
            }
        }
    }
}

impl Lane {
    fn send(&self, order: Order) {
        // A thread that is gone takes no orders: `is_running` tells.
        let _ = self.orders.send(order);
        if !self.woken.swap(true, Ordering::SeqCst) {
            let _ = (&self.wake).write(&1_u64.to_ne_bytes());
        }
    }
}

/// The address as a socket of that family takes it.
fn for_family(address: SocketAddr, ipv6: bool) -> Option<SocketAddr> {
    match (address, ipv6) {
        (SocketAddr::V4(v4), true) => Some(SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())),
        (SocketAddr::V6(_), false) => None,
        (SocketAddr::V4(_), false) | (SocketAddr::V6(_), true) => Some(address),
    }
}
