//! One media thread: reads what is ready, bridges it, writes it, and looks around four times a second.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam_channel::Receiver;
use rand::rngs::StdRng;

use super::clock::Clock;
use super::command::{MediaCommand, MediaLegId, MediaNotice};
use super::counters::Counters;
use super::handle::Way;
use super::moving::{Cargo, Moves, Parcel, Ticket};
use super::shelf::{Pair, Shelf};
use super::sys::{BATCH, Batch, Poller};
use crate::bridge::{Incoming, Leg, Outcome, PACKET, echo, step};
use crate::clock::Moment;
use crate::rtp::packet::is_rtcp;
use crate::rtp::rtcp::{ReportTime, Reporter};
use crate::tap::TapProducer;

/// How often silence, reports and resting ports are looked after.
const SWEEP: Duration = Duration::from_millis(250);
/// RFC 3550 section 6.2: the mean time between reports.
pub(super) const REPORT_INTERVAL: Duration = Duration::from_secs(5);
/// A leg that was read so shortly before may have several datagrams waiting.
const BURST: Duration = Duration::from_millis(8);
/// A round with fewer datagrams is no busy one.
const BUSY: usize = 4;
const WAKE: u64 = u64::MAX;

pub(super) enum Order {
    Media(MediaCommand),
    /// Something is to come: later orders wait for it.
    Expect(Ticket),
    /// Something goes to another thread.
    Give {
        cargo: Cargo,
        to: usize,
        ticket: Ticket,
    },
    /// It comes.
    Take {
        ticket: Ticket,
        parcel: Box<Parcel>,
    },
    /// Sockets of ours that another thread has used.
    Home {
        place: u16,
        pair: Pair,
    },
    Stop,
}

pub(super) type Notify = Arc<dyn Fn(MediaNotice) + Send + Sync>;

/// What a thread is given.
pub(super) struct Equipment {
    pub(super) orders: Receiver<Order>,
    /// Our own.
    pub(super) way: Way,
    /// Of all threads; set once all have been started.
    pub(super) ways: Arc<OnceLock<Vec<Way>>>,
    pub(super) notify: Notify,
    pub(super) tap: TapProducer,
    pub(super) counters: Arc<Counters>,
    pub(super) shelf: Shelf,
    pub(super) rng: StdRng,
    /// The same for all threads: moments move with legs.
    pub(super) clock: Clock,
    pub(super) ipv6: bool,
    pub(super) silence: Duration,
    pub(super) pause: Duration,
}

pub(super) struct MediaThread {
    pub(super) given: Equipment,
    pub(super) poller: Poller,
    pub(super) batch: Batch,
    pub(super) clock: Clock,
    /// By the place of the port.
    pub(super) slots: Vec<Option<Box<Active>>>,
    pub(super) places: HashMap<MediaLegId, u16>,
    pub(super) taps: HashMap<u128, Tapped>,
    pub(super) sweep_at: Moment,
    /// When which place says something of our own.
    pub(super) pacing: BinaryHeap<Reverse<(Moment, u16)>>,
    pub(super) packet: Box<[u8; PACKET]>,
    pub(super) moves: Moves,
}

/// A leg on its port.
pub(super) struct Active {
    pub(super) id: MediaLegId,
    pub(super) leg: Leg,
    pub(super) reporter: Reporter,
    pub(super) peer: Option<u16>,
    pub(super) read_at: Moment,
    pub(super) report_at: Moment,
    /// When the thread looks after its comfort noise next.
    pub(super) noise_at: Option<Moment>,
    /// The sign of life whose absence was told.
    pub(super) told_silent: Option<Moment>,
}

pub(super) struct Tapped {
    pub(super) started: Moment,
    pub(super) legs: [Option<MediaLegId>; 2],
    /// A leg has gone to another thread: somebody will say how the recording goes on.
    pub(super) lent: bool,
}

impl MediaThread {
    pub(super) fn new(given: Equipment, places: u16) -> io::Result<Self> {
        let poller = Poller::new(1_024)?;
        poller.add(&*given.way.wake, WAKE)?;
        let clock = given.clock;
        Ok(MediaThread {
            poller,
            batch: Batch::new(given.ipv6),
            slots: std::iter::repeat_with(|| None).take(usize::from(places)).collect(),
            places: HashMap::new(),
            taps: HashMap::new(),
            sweep_at: clock.now(),
            // A packet to be said and comfort noise to be made, of each.
            pacing: BinaryHeap::with_capacity(2 * usize::from(places)),
            packet: Box::new([0; PACKET]),
            moves: Moves::default(),
            clock,
            given,
        })
    }

    /// Until it is told to stop.
    pub(super) fn run(mut self) -> io::Result<()> {
        loop {
            let now = self.clock.now();
            let until = self.paced_at().map_or(self.sweep_at, |at| at.min(self.sweep_at));
            let ready = self.poller.wait(until.since(now))?;
            let now = self.clock.now();
            let mut datagrams = 0;
            let mut orders = false;
            for place in 0..ready {
                match self.poller.token(place) {
                    Some(WAKE) => orders = true,
                    Some(token) => datagrams += self.readable(token, now),
                    None => {}
                }
            }
            let due = now >= self.sweep_at;
            if (orders || due) && self.obey() {
                break;
            }
            self.pace(now);
            if due {
                self.sweep_at = now.after(SWEEP);
                self.sweep(now);
            }
            if datagrams >= BUSY && !self.given.pause.is_zero() {
                std::thread::sleep(self.given.pause);
            }
        }
        self.finish();
        Ok(())
    }

    fn readable(&mut self, token: u64, now: Moment) -> usize {
        let Ok(place) = u16::try_from(token >> 1) else {
            return 0;
        };
        self.guarded(place, |thread| {
            if token & 1 == 0 {
                thread.relay(place, now)
            } else {
                thread.read_rtcp(place, now)
            }
        })
    }

    /// Whatever goes wrong in `work` ends one call only.
    pub(super) fn guarded(&mut self, place: u16, work: impl FnOnce(&mut Self) -> io::Result<usize>) -> usize {
        let problem = match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(Ok(datagrams)) => return datagrams,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the bridge panicked".to_owned(),
        };
        self.fail(place, problem);
        0
    }

    fn relay(&mut self, place: u16, now: Moment) -> io::Result<usize> {
        let Some(pair) = self.given.shelf.pair(place) else {
            return Ok(0);
        };
        let slot = self.slots.get_mut(usize::from(place)).and_then(Option::as_mut);
        let burst = slot.is_some_and(|active| now.since(std::mem::replace(&mut active.read_at, now)) < BURST);
        let count = if burst {
            self.batch.receive(&pair.rtp)
        } else {
            self.batch.receive_one(&pair.rtp)
        };
        let count = received(count)?;
        let slot = self.slot(place);
        let peer = slot.and_then(|active| active.peer).filter(|peer| *peer != place);
        let echoes = peer.is_none() && slot.is_some_and(|active| active.leg.echo);
        let Some((active, mut other)) = two(&mut self.slots, place, peer) else {
            return Ok(0);
        };
        let tap = &mut self.given.tap;
        let mut ignored = 0;
        for number in 0..count {
            let Some((buffer, length, source)) = self.batch.datagram(number) else {
                ignored += 1;
                continue;
            };
            if is_rtcp(buffer.get(..length).unwrap_or_default()) {
                let compound = buffer.get_mut(..length).unwrap_or_default();
                active.hear_rtcp(compound, source, false, self.clock.report_time(now));
                continue;
            }
            let incoming = Incoming {
                buffer,
                length,
                source,
                now,
            };
            let mut record = |frame| tap.frame(frame);
            let outcome = if echoes {
                echo(&mut active.leg, incoming, &mut record)
            } else {
                let to = other.as_deref_mut().map(|other| &mut other.leg);
                step(&mut active.leg, to, incoming, &mut record)
            };
            let first = match outcome {
                Outcome::Forward { bytes, to, first } => {
                    self.batch.queue(number, bytes, to);
                    first
                }
                Outcome::Kept { first } => first,
                Outcome::Foreign | Outcome::Ignored => {
                    ignored += 1;
                    false
                }
            };
            if first {
                (self.given.notify)(MediaNotice::Heard {
                    leg: active.id,
                    from: source,
                });
            }
            if let Some(digit) = active.leg.take_key() {
                (self.given.notify)(MediaNotice::Digit { leg: active.id, digit });
            }
        }
        if let (Some(due), None) = (active.leg.noise_due(), active.noise_at) {
            active.noise_at = Some(due);
            self.pacing.push(Reverse((due, place)));
        }
        let out = peer
            .or(echoes.then_some(place))
            .and_then(|peer| self.given.shelf.pair(peer));
        let sent = out.map_or(0, |pair| self.batch.flush(&pair.rtp));
        self.given.counters.relayed(count, sent, ignored);
        Ok(count)
    }

    fn read_rtcp(&mut self, place: u16, now: Moment) -> io::Result<usize> {
        let Some(pair) = self.given.shelf.pair(place) else {
            return Ok(0);
        };
        let count = received(self.batch.receive(&pair.rtcp))?;
        let active = self.slots.get_mut(usize::from(place)).and_then(Option::as_mut);
        let Some(active) = active else {
            return Ok(0);
        };
        for number in 0..count.min(BATCH) {
            if let Some((buffer, length, source)) = self.batch.datagram(number) {
                let compound = buffer.get_mut(..length).unwrap_or_default();
                active.hear_rtcp(compound, source, true, self.clock.report_time(now));
            }
        }
        Ok(0)
    }

    /// True when it is over.
    fn obey(&mut self) -> bool {
        // An eventfd that was not set is nothing to worry about.
        let _ = (&*self.given.way.wake).read(&mut [0; 8]);
        self.given.way.woken.store(false, Ordering::SeqCst);
        while let Ok(order) = self.given.orders.try_recv() {
            if matches!(order, Order::Stop) {
                return true;
            }
            self.follow(order);
        }
        false
    }

    pub(super) fn leg(&mut self, leg: MediaLegId) -> Option<&mut Active> {
        let place = *self.places.get(&leg)?;
        self.slot_mut(place)
    }

    pub(super) fn slot(&self, place: u16) -> Option<&Active> {
        self.slots.get(usize::from(place))?.as_deref()
    }

    pub(super) fn slot_mut(&mut self, place: u16) -> Option<&mut Active> {
        self.slots.get_mut(usize::from(place))?.as_deref_mut()
    }
}

impl Active {
    fn hear_rtcp(&mut self, datagram: &mut [u8], source: SocketAddr, own_port: bool, time: ReportTime) {
        if !is_rtcp(datagram) {
            return;
        }
        let compound = self.leg.open_rtcp(datagram).and_then(|length| datagram.get(..length));
        if let Some(compound) = compound.filter(|_| self.leg.hear_rtcp(source, own_port, time.now)) {
            self.reporter.read(compound, self.leg.sending.ssrc(), time);
        }
    }
}

/// Nothing to read is no error, nor is an answer that could not be delivered (RFC 1122 section 4.1.3.3).
fn received(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(0)
        }
        other => other,
    }
}

/// A leg and its peer, both to be changed.
pub(super) fn two(
    slots: &mut [Option<Box<Active>>],
    place: u16,
    peer: Option<u16>,
) -> Option<(&mut Active, Option<&mut Active>)> {
    let first = usize::from(place);
    match peer.map(usize::from) {
        Some(second) => {
            let [first, second] = slots.get_disjoint_mut([first, second]).ok()?;
            Some((first.as_deref_mut()?, second.as_deref_mut()))
        }
        None => Some((slots.get_mut(first)?.as_deref_mut()?, None)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::mpsc::{Receiver as Notices, channel};

    use rand::SeedableRng;

    use super::super::shelf::ShelfPlan;
    use super::*;
    use crate::ports::Partition;
    use crate::tap::{TapConsumer, TapMessage, ring};

    fn thread(range: (u16, u16)) -> (MediaThread, Notices<MediaNotice>, TapConsumer) {
        let mut rng = StdRng::seed_from_u64(1);
        let partition = Partition::new(range, 1);
        let plan = ShelfPlan {
            most: usize::MAX,
            partition,
            thread: 0,
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            stock: 4,
            quarantine: Duration::ZERO,
        };
        let (sender, notices) = channel();
        let (tap, consumer) = ring(64);
        let (way, orders) = Way::new().unwrap();
        let given = Equipment {
            orders,
            way,
            ways: Arc::new(OnceLock::new()),
            notify: Arc::new(move |notice| drop(sender.send(notice))),
            tap,
            counters: Arc::new(Counters::default()),
            shelf: Shelf::new(plan, &mut rng),
            rng,
            clock: Clock::start(),
            ipv6: false,
            silence: Duration::ZERO,
            pause: Duration::ZERO,
        };
        let mut thread = MediaThread::new(given, partition.pairs()).unwrap();
        thread.refill();
        (thread, notices, consumer)
    }

    /// Two joined legs.
    fn call(thread: &mut MediaThread, notices: &Notices<MediaNotice>) -> [MediaLegId; 2] {
        let Ok(MediaNotice::PortsReady(ports)) = notices.try_recv() else {
            panic!("no ports");
        };
        let legs = [MediaLegId(1), MediaLegId(2)];
        for (leg, port) in legs.into_iter().zip(ports) {
            thread.command(MediaCommand::Open { leg, port });
        }
        thread.command(MediaCommand::Join { a: legs[0], b: legs[1] });
        legs
    }

    #[test]
    fn a_panic_ends_one_leg_and_the_thread_goes_on() {
        let (mut thread, notices, _tap) = thread((22_500, 22_599));
        let [broken, whole] = call(&mut thread, &notices);
        let place = thread.places[&broken];
        assert_eq!(thread.guarded(place, |_| panic!("a bug")), 0);
        let failed = notices.try_iter().find_map(|notice| match notice {
            MediaNotice::Failed { leg, .. } => Some(leg),
            MediaNotice::PortsReady(_)
            | MediaNotice::Heard { .. }
            | MediaNotice::Silent { .. }
            | MediaNotice::Played { .. }
            | MediaNotice::Digit { .. }
            | MediaNotice::Quiet { .. }
            | MediaNotice::Closed { .. } => None,
        });
        assert_eq!(failed, Some(broken));
        let now = thread.clock.now();
        assert_eq!(
            thread.guarded(thread.places[&whole], |thread| thread.relay(thread.places[&whole], now)),
            0
        );
        for leg in [broken, whole] {
            thread.command(MediaCommand::Close { leg });
        }
        let closed = notices
            .try_iter()
            .filter(|notice| matches!(notice, MediaNotice::Closed { .. }));
        assert_eq!(closed.count(), 2);
    }

    #[test]
    fn a_recording_ends_with_the_last_of_its_legs() {
        let (mut thread, notices, mut tap) = thread((22_600, 22_699));
        let [left, right] = call(&mut thread, &notices);
        thread.command(MediaCommand::Tap {
            left,
            right: Some(right),
            recording: 5,
        });
        thread.command(MediaCommand::Close { leg: left });
        assert_eq!(tap.pop(), None);
        thread.command(MediaCommand::Close { leg: right });
        assert!(matches!(tap.pop(), Some(TapMessage::End(end)) if end.recording == 5));
        thread.command(MediaCommand::Untap { recording: 5 });
        assert_eq!(tap.pop(), None);
    }
}
