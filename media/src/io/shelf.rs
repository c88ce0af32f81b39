//! A media thread's ports: those not bound yet, the stock, those in use and those at rest.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use rand::Rng;
use rand::seq::SliceRandom;
use socket2::{Domain, Protocol, Socket, Type};

use super::sys::Batch;
use crate::clock::Moment;
use crate::ports::Partition;

/// Expedited forwarding (RFC 3246, RFC 4594 section 4.1), in the place of the field.
const VOICE: u32 = 46 << 2;
/// Ports tried in one refill: the thread has other things to do.
const TRIES: usize = 1_024;
/// Stale datagrams thrown away in one go.
const STALE_BATCHES: usize = 64;

/// The two sockets of a leg.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
}

impl Pair {
    fn bind(ip: IpAddr, port: u16) -> io::Result<Pair> {
        Ok(Pair {
            rtp: bind(ip, port)?,
            rtcp: bind(ip, port + 1)?,
        })
    }

    /// Throws away what came while nobody used the port; false if it does not end.
    fn drain(&self, batch: &mut Batch) -> bool {
        [&self.rtp, &self.rtcp].into_iter().all(|socket| {
            let mut batches = 0..STALE_BATCHES;
            batches.any(|_| !batch.receive(socket).is_ok_and(|count| count > 0))
        })
    }
}

fn bind(ip: IpAddr, port: u16) -> io::Result<UdpSocket> {
    let address = SocketAddr::new(ip, port);
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM.nonblocking(),
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(!ip.is_unspecified())?;
        // Marking packets is a courtesy: some systems forbid it.
        let _ = socket.set_tclass_v6(VOICE);
    } else {
        let _ = socket.set_tos_v4(VOICE);
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[derive(Debug)]
pub(super) struct Shelf {
    partition: Partition,
    thread: usize,
    ip: IpAddr,
    /// By place in the partition: this thread's own ones, and those of legs that have come from other threads.
    pairs: Vec<Option<Pair>>,
    unbound: VecDeque<u16>,
    ready: Vec<bool>,
    ready_count: usize,
    resting: VecDeque<(Moment, u16)>,
    /// Pairs that have been bound here and not closed, wherever they are now.
    bound: usize,
    most: usize,
    stock: usize,
    quarantine: Duration,
}

/// What a shelf is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShelfPlan {
    pub(super) partition: Partition,
    pub(super) thread: usize,
    pub(super) ip: IpAddr,
    /// Pairs that may be bound at once.
    pub(super) most: usize,
    pub(super) stock: usize,
    pub(super) quarantine: Duration,
}

impl Shelf {
    pub(super) fn new(plan: ShelfPlan, rng: &mut impl Rng) -> Self {
        let places = usize::from(plan.partition.pairs());
        let mine = |place: &u16| usize::from(*place) % plan.partition.threads() == plan.thread;
        let mut unbound: Vec<u16> = (0..plan.partition.pairs()).filter(mine).collect();
        // A port that cannot be guessed is one hurdle more for who would send into a call.
        unbound.shuffle(rng);
        Shelf {
            partition: plan.partition,
            thread: plan.thread,
            ip: plan.ip,
            pairs: std::iter::repeat_with(|| None).take(places).collect(),
            unbound: unbound.into(),
            ready: vec![false; places],
            ready_count: 0,
            resting: VecDeque::new(),
            bound: 0,
            most: plan.most,
            stock: plan.stock.max(2),
            quarantine: plan.quarantine,
        }
    }

    pub(super) fn ready_count(&self) -> usize {
        self.ready_count
    }

    pub(super) fn is_low(&self) -> bool {
        self.ready_count < self.stock / 4
    }

    pub(super) fn pair(&self, place: u16) -> Option<&Pair> {
        self.pairs.get(usize::from(place))?.as_ref()
    }

    /// Binds ports until the stock is full; gives those that are ready now, and the last problem met on the way.
    pub(super) fn refill(&mut self) -> (Vec<u16>, Option<io::Error>) {
        let (mut ports, mut problem) = (Vec::new(), None);
        for _ in 0..TRIES.min(self.unbound.len()) {
            if self.ready_count >= self.stock || self.bound >= self.most {
                break;
            }
            let Some(place) = self.unbound.pop_front() else {
                break;
            };
            let Some(port) = self.partition.port_at(place) else {
                continue;
            };
            match Pair::bind(self.ip, port) {
                Ok(pair) => {
                    if let Some(slot) = self.pairs.get_mut(usize::from(place)) {
                        *slot = Some(pair);
                    }
                    self.bound += 1;
                    self.set_ready(place, true);
                    ports.push(port);
                }
                Err(error) => {
                    // Somebody else's port may be free later.
                    self.unbound.push_back(place);
                    let taken = error.kind() == io::ErrorKind::AddrInUse;
                    problem = Some(error);
                    if !taken {
                        break;
                    }
                }
            }
        }
        (ports, problem)
    }

    /// Takes a ready port into use.
    pub(super) fn take(&mut self, port: u16, batch: &mut Batch) -> Option<u16> {
        let place = self.partition.index_of(port)?;
        if self.ready.get(usize::from(place)) != Some(&true) {
            return None;
        }
        self.set_ready(place, false);
        self.pair(place)?.drain(batch);
        Some(place)
    }

    /// The thread that a place belongs to, if it is another one.
    pub(super) fn home_of(&self, place: u16) -> Option<usize> {
        let home = usize::from(place) % self.partition.threads();
        (home != self.thread).then_some(home)
    }

    /// The sockets of a place go to another thread.
    pub(super) fn lend(&mut self, place: u16) -> Option<Pair> {
        self.pairs.get_mut(usize::from(place))?.take()
    }

    /// Sockets come from another thread.
    pub(super) fn put(&mut self, place: u16, pair: Pair) {
        if let Some(slot) = self.pairs.get_mut(usize::from(place)) {
            *slot = Some(pair);
        }
    }

    pub(super) fn put_to_rest(&mut self, place: u16, now: Moment) {
        self.resting.push_back((now.after(self.quarantine), place));
    }

    /// The ports whose rest is over.
    pub(super) fn wake(&mut self, now: Moment, batch: &mut Batch) -> Vec<u16> {
        let mut ports = Vec::new();
        while let Some((until, place)) = self.resting.front().copied() {
            if until > now {
                break;
            }
            self.resting.pop_front();
            if self.ready_count >= 2 * self.stock {
                if let Some(slot) = self.pairs.get_mut(usize::from(place)) {
                    *slot = None;
                }
                self.bound = self.bound.saturating_sub(1);
                self.unbound.push_back(place);
            } else if self.pair(place).is_some_and(|pair| pair.drain(batch)) {
                self.set_ready(place, true);
                ports.extend(self.partition.port_at(place));
            } else {
                self.put_to_rest(place, now);
            }
        }
        ports
    }

    fn set_ready(&mut self, place: u16, ready: bool) {
        if let Some(slot) = self.ready.get_mut(usize::from(place)) {
            *slot = ready;
        }
        if ready {
            self.ready_count += 1;
        } else {
            self.ready_count = self.ready_count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn no_more_pairs_are_bound_than_may_be() {
        let mut rng = StdRng::seed_from_u64(1);
        let plan = ShelfPlan {
            partition: Partition::new((34_000, 34_099), 1),
            thread: 0,
            ip: Ipv4Addr::new(127, 0, 0, 7).into(),
            most: 3,
            stock: 2,
            quarantine: Duration::ZERO,
        };
        let (mut shelf, mut batch) = (Shelf::new(plan, &mut rng), Batch::new(false));
        let (ports, problem) = shelf.refill();
        assert_eq!((ports.len(), problem.is_none()), (2, true));
        let places: Vec<u16> = ports.iter().filter_map(|port| shelf.take(*port, &mut batch)).collect();
        assert_eq!(places.len(), 2);
        // One more may be bound, though the stock has room for two.
        assert_eq!(shelf.refill().0.len(), 1);
        assert!(shelf.refill().0.is_empty());
        // A pair that has rested is ready again: no new one is needed.
        let now = Moment::from_micros(0);
        shelf.put_to_rest(places[0], now);
        assert_eq!(shelf.wake(now, &mut batch).len(), 1);
        assert!(shelf.refill().0.is_empty());
        assert_eq!(shelf.ready_count(), 2);
    }
}
