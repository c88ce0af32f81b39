//! The engine's end: which thread a command goes to.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender};

use super::command::{MediaCommand, MediaLegId, MediaNotice};
use super::counters::{Counters, Counts};
use super::moving::{Cargo, Ticket};
use super::sys;
use super::thread::{Notify, Order};
use crate::ports::Partition;

/// The way to the media threads. Dropping it stops them.
pub struct Handle {
    lanes: Vec<Lane>,
    partition: Partition,
    /// With one thread it stays empty.
    places: Mutex<Places>,
    notify: Notify,
}

/// Which thread has what.
#[derive(Debug, Default)]
struct Places {
    legs: HashMap<MediaLegId, usize>,
    recordings: HashMap<u128, usize>,
    tickets: Ticket,
}

pub(super) struct Lane {
    pub(super) way: Way,
    pub(super) counters: Arc<Counters>,
    pub(super) running: Option<JoinHandle<()>>,
}

/// Where a thread takes its orders.
#[derive(Clone)]
pub(super) struct Way {
    orders: Sender<Order>,
    pub(super) wake: Arc<File>,
    /// Set by who wakes, so that only the first one has to.
    pub(super) woken: Arc<AtomicBool>,
}

impl Way {
    pub(super) fn new() -> io::Result<(Way, Receiver<Order>)> {
        let (orders, receiver) = crossbeam_channel::unbounded();
        let way = Way {
            orders,
            wake: Arc::new(sys::wake_file()?),
            woken: Arc::new(AtomicBool::new(false)),
        };
        Ok((way, receiver))
    }

    pub(super) fn send(&self, order: Order) {
        // That a port is left can wait for the next order, or for the thread's next look around.
        let urgent = !matches!(order, Order::Media(MediaCommand::Close { .. }));
        // A thread that is gone takes no orders: `is_running` tells.
        let _ = self.orders.send(order);
        if urgent && !self.woken.swap(true, Ordering::SeqCst) {
            let _ = (&*self.wake).write(&1_u64.to_ne_bytes());
        }
    }
}

impl Handle {
    pub(super) fn new(lanes: Vec<Lane>, partition: Partition, notify: Notify) -> Self {
        Handle {
            lanes,
            partition,
            places: Mutex::default(),
            notify,
        }
    }

    /// Never blocks; the order of commands is kept.
    pub fn send(&self, command: MediaCommand) {
        if let [lane] = self.lanes.as_slice() {
            return lane.way.send(Order::Media(command));
        }
        // Held until the order is out: every thread meets what concerns several of them in the same order.
        let mut places = self.places();
        let thread = match &command {
            MediaCommand::Open { leg, port } => {
                let thread = self.partition.thread_of(*port);
                if let Some(thread) = thread {
                    places.legs.insert(*leg, thread);
                }
                thread.ok_or(*leg)
            }
            MediaCommand::Close { leg } => places.legs.remove(leg).ok_or(*leg),
            MediaCommand::Configure { leg, .. }
            | MediaCommand::Play { leg, .. }
            | MediaCommand::StopPlaying { leg }
            | MediaCommand::Echo { leg, .. }
            | MediaCommand::Listen { leg, .. }
            | MediaCommand::Attend { leg, .. }
            | MediaCommand::SendDigits { leg, .. } => places.thread_of(*leg),
            MediaCommand::Join { a, b } => self.gather(&mut places, *a, *b),
            // Legs of two threads do not hear each other.
            MediaCommand::Part { a, .. } => places.thread_of(*a),
            MediaCommand::Tap { left, right, recording } => {
                let thread = match right {
                    Some(right) => self.gather(&mut places, *left, *right),
                    None => places.thread_of(*left),
                };
                if let Ok(thread) = thread {
                    places.recordings.insert(*recording, thread);
                }
                thread
            }
            MediaCommand::Retap { recording, left, right } => {
                self.gather_recording(&mut places, *recording, [*left, *right])
            }
            MediaCommand::Untap { recording } => match places.recordings.remove(recording) {
                Some(thread) => Ok(thread),
                None => return,
            },
        };
        match thread {
            Ok(thread) => self.order(thread, Order::Media(command)),
            Err(leg) => {
                let why = "no such media port".to_owned();
                (self.notify)(MediaNotice::Failed { leg, why });
            }
        }
    }

    /// Brings `second` to the thread of `first`; the error is a leg that is not known.
    fn gather(&self, places: &mut Places, first: MediaLegId, second: MediaLegId) -> Result<usize, MediaLegId> {
        let (to, from) = (places.thread_of(first)?, places.thread_of(second)?);
        if to != from {
            self.bring(places, Cargo::Leg(second), from, to);
            places.legs.insert(second, to);
        }
        Ok(to)
    }

    /// Brings a recording to the thread of its legs.
    fn gather_recording(
        &self,
        places: &mut Places,
        recording: u128,
        legs: [Option<MediaLegId>; 2],
    ) -> Result<usize, MediaLegId> {
        let to = match legs {
            [Some(left), Some(right)] => Some(self.gather(places, left, right)?),
            [Some(leg), None] | [None, Some(leg)] => Some(places.thread_of(leg)?),
            [None, None] => None,
        };
        let from = places.recordings.get(&recording).copied();
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            self.bring(places, Cargo::Recording(recording), from, to);
            places.recordings.insert(recording, to);
        }
        Ok(to.or(from).unwrap_or(0))
    }

    fn bring(&self, places: &mut Places, cargo: Cargo, from: usize, to: usize) {
        let ticket = places.tickets.next();
        self.order(to, Order::Expect(ticket));
        self.order(from, Order::Give { cargo, to, ticket });
    }

    fn order(&self, thread: usize, order: Order) {
        if let Some(lane) = self.lanes.get(thread) {
            lane.way.send(order);
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

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    fn thread_of(&self, leg: MediaLegId) -> Result<usize, MediaLegId> {
        self.legs.get(&leg).copied().ok_or(leg)
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
        self.lanes.iter().for_each(|lane| lane.way.send(Order::Stop));
        for lane in &mut self.lanes {
            if let Some(running) = lane.running.take() {
                // A panic there was told when it happened.
                let _ = running.join();
            }
        }
    }
}
