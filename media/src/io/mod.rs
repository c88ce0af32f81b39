//! Media threads: what the engine tells them and what they tell the engine.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::ports::Partition;
use crate::tap::{self, TapConsumer};
use clock::Clock;
use command::MediaNotice;
use counters::Counters;
use handle::{Lane, Way};
use shelf::{Shelf, ShelfPlan};
use thread::{Equipment, MediaThread, Notify};

mod clock;
pub mod command;
mod counters;
mod datagrams;
mod handle;
mod legs;
mod moving;
mod pace;
mod shelf;
mod sys;
mod thread;

pub use counters::Counts;
pub use datagrams::Datagrams;
pub use handle::Handle;

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
/// Gives one ring for each thread; the frames of a recording come through the ring of the thread where its legs are. With
/// several threads a port belongs to one of them, and a leg that is joined to one of another thread moves there: calls
/// that take their second port with [`PortStock::take_near`](crate::ports::PortStock::take_near) spare that.
pub fn start(
    config: &IoConfig,
    notices: impl Fn(MediaNotice) + Send + Sync + 'static,
) -> io::Result<(Handle, Vec<TapConsumer>)> {
    let descriptors = sys::raise_descriptor_limit();
    let partition = Partition::new(config.range, config.threads);
    let shared = Shared {
        partition,
        most_pairs: descriptors.map_or(usize::MAX, |most| most_pairs(most, partition.threads())),
        notify: Arc::new(notices),
        clock: Clock::start(),
        ways: Arc::new(OnceLock::new()),
    };
    let (mut lanes, mut taps) = (Vec::new(), Vec::new());
    for thread in 0..partition.threads() {
        let (lane, tap) = start_thread(config, thread, &shared)?;
        lanes.push(lane);
        taps.push(tap);
    }
    // It was empty until now.
    let _ = shared
        .ways
        .set(lanes.iter().map(|lane: &Lane| lane.way.clone()).collect());
    Ok((Handle::new(lanes, partition, shared.notify), taps))
}

/// Pairs of sockets that a thread may bind. A recorded call of two legs has four sockets and two files: three quarters
/// of the descriptors are for the ports, so that recordings, connections and the database find theirs when many call.
fn most_pairs(descriptors: usize, threads: usize) -> usize {
    descriptors / 4 * 3 / 2 / threads.max(1)
}

/// What all threads have in common.
struct Shared {
    partition: Partition,
    most_pairs: usize,
    notify: Notify,
    clock: Clock,
    ways: Arc<OnceLock<Vec<Way>>>,
}

fn start_thread(config: &IoConfig, thread: usize, shared: &Shared) -> io::Result<(Lane, TapConsumer)> {
    let mut rng = StdRng::from_os_rng();
    let plan = ShelfPlan {
        partition: shared.partition,
        thread,
        ip: config.bind,
        most: shared.most_pairs,
        stock: config.stock,
        quarantine: config.quarantine,
    };
    let mut shelf = Shelf::new(plan, &mut rng);
    let (ports, problem) = shelf.refill();
    if ports.is_empty() {
        return Err(problem.unwrap_or_else(|| io::Error::other("the range has no pair of ports")));
    }
    let (way, orders) = Way::new()?;
    let (tap, consumer) = tap::ring(config.tap_slots);
    let counters = Arc::new(Counters::default());
    let given = Equipment {
        orders,
        way: way.clone(),
        ways: Arc::clone(&shared.ways),
        notify: Arc::clone(&shared.notify),
        tap,
        counters: Arc::clone(&counters),
        shelf,
        rng,
        clock: shared.clock,
        ipv6: config.bind.is_ipv6(),
        silence: config.silence,
        pause: config.pause,
    };
    let media = MediaThread::new(given, shared.partition.pairs())?;
    (shared.notify)(MediaNotice::PortsReady(ports));
    let running = std::thread::Builder::new()
        .name(format!("media-{thread}"))
        .spawn(move || {
            if let Err(error) = media.run() {
                tracing::error!(%error, "a media thread ended");
            }
        })?;
    let lane = Lane {
        way,
        counters,
        running: Some(running),
    };
    Ok((lane, consumer))
}

/// The address as a socket of that family takes it.
fn for_family(address: SocketAddr, ipv6: bool) -> Option<SocketAddr> {
    match (address, ipv6) {
        (SocketAddr::V4(v4), true) => Some(SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())),
        (SocketAddr::V6(_), false) => None,
        (SocketAddr::V4(_), false) | (SocketAddr::V6(_), true) => Some(address),
    }
}
