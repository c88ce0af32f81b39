//! Legs and recordings that move from one media thread to another, because those whom they are joined to live there.
//!
//! The thread that gets something is told to expect it and keeps its later orders until it is there; so the order of
//! commands is kept over all threads. Expectations are fulfilled in the order in which they were given out, which is the
//! same everywhere: threads never wait for each other in a circle.

use std::collections::{HashMap, VecDeque};

use super::command::MediaLegId;
use super::shelf::Pair;
use super::thread::{Active, MediaThread, Order, Tapped};
use crate::clock::Moment;

/// What moves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cargo {
    Leg(MediaLegId),
    Recording(u128),
}

/// Tells one move from another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Ticket(u64);

impl Ticket {
    pub(super) fn next(&mut self) -> Ticket {
        self.0 += 1;
        *self
    }
}

/// Something on its way.
pub(super) enum Parcel {
    Leg {
        place: u16,
        pair: Pair,
        active: Box<Active>,
    },
    Recording {
        recording: u128,
        started: Moment,
    },
    /// It was gone already.
    Nothing,
}

/// What a thread waits for, and what waits with it.
#[derive(Default)]
pub(super) struct Moves {
    awaited: Option<Ticket>,
    arrived: HashMap<Ticket, Parcel>,
    waiting: VecDeque<Order>,
}

impl MediaThread {
    /// Carries out an order, or keeps it until what was expected before it has come.
    pub(super) fn follow(&mut self, order: Order) {
        match order {
            Order::Take { ticket, parcel } => {
                self.moves.arrived.insert(ticket, *parcel);
            }
            order @ (Order::Media(_) | Order::Expect(_) | Order::Give { .. } | Order::Home { .. } | Order::Stop) => {
                self.moves.waiting.push_back(order)
            }
        }
        loop {
            if let Some(ticket) = self.moves.awaited {
                let Some(parcel) = self.moves.arrived.remove(&ticket) else {
                    return;
                };
                self.moves.awaited = None;
                self.take(parcel);
            }
            let Some(order) = self.moves.waiting.pop_front() else {
                return;
            };
            match order {
                Order::Media(command) => self.command(command),
                Order::Expect(ticket) => self.moves.awaited = Some(ticket),
                Order::Give { cargo, to, ticket } => self.give(cargo, to, ticket),
                Order::Home { place, pair } => self.home(place, pair),
                Order::Take { .. } | Order::Stop => {}
            }
        }
    }

    fn give(&mut self, cargo: Cargo, to: usize, ticket: Ticket) {
        let parcel = match cargo {
            Cargo::Leg(leg) => self.pack_leg(leg),
            Cargo::Recording(recording) => self.taps.remove(&recording).map(|tapped| {
                self.loosen(recording, &tapped);
                Parcel::Recording {
                    recording,
                    started: tapped.started,
                }
            }),
        };
        let parcel = Box::new(parcel.unwrap_or(Parcel::Nothing));
        self.tell(to, Order::Take { ticket, parcel });
    }

    fn pack_leg(&mut self, leg: MediaLegId) -> Option<Parcel> {
        let place = self.places.remove(&leg)?;
        self.part(place);
        self.unwatch(place);
        let mut active = self.slots.get_mut(usize::from(place))?.take()?;
        if let Some(recording) = active.leg.tapped() {
            active.leg.untap(recording);
            if let Some(tapped) = self.taps.get_mut(&recording) {
                tapped.lent = true;
            }
        }
        let pair = self.given.shelf.lend(place)?;
        Some(Parcel::Leg { place, pair, active })
    }

    fn take(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Leg { place, pair, active } => {
                let (leg, due, noise_at) = (active.id, active.leg.due(), active.noise_at);
                self.given.shelf.put(place, pair);
                if let Some(slot) = self.slots.get_mut(usize::from(place)) {
                    *slot = Some(active);
                }
                self.places.insert(leg, place);
                if let Err(error) = self.watch(place) {
                    self.fail(place, error.to_string());
                }
                for due in [due, noise_at].into_iter().flatten() {
                    self.pace_at(due, place);
                }
            }
            Parcel::Recording { recording, started } => {
                let tapped = Tapped {
                    started,
                    legs: [None; 2],
                    lent: true,
                };
                self.taps.insert(recording, tapped);
            }
            Parcel::Nothing => {}
        }
    }

    /// A leg is over: its port rests, at home.
    pub(super) fn retire(&mut self, place: u16, now: Moment) {
        let home = self.given.shelf.home_of(place);
        match home.and_then(|home| Some((home, self.given.shelf.lend(place)?))) {
            Some((home, pair)) => self.tell(home, Order::Home { place, pair }),
            None => self.given.shelf.put_to_rest(place, now),
        }
    }

    fn home(&mut self, place: u16, pair: Pair) {
        let now = self.clock.now();
        self.given.shelf.put(place, pair);
        self.given.shelf.put_to_rest(place, now);
    }

    fn tell(&self, thread: usize, order: Order) {
        if let Some(way) = self.given.ways.get().and_then(|ways| ways.get(thread)) {
            way.send(order);
        }
    }
}
