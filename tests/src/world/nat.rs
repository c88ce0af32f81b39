//! An address translation between a phone and the net, which forgets.

use std::time::Duration;

use frontdesk::engine::EngineConfig;

use super::net::Weather;
use super::people::{self, ANNA, BORIS, CLARA, DAVID};
use super::{World, s};

/// How long a NAT keeps a way open that nobody goes.
const IDLE: Duration = Duration::from_secs(60);
/// How often the server asks phones behind one for a sign of life.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// One phone's way through it.
#[derive(Debug)]
pub struct Nat {
    /// After so long without a datagram from within nothing gets in any more.
    idle: Duration,
    left: Option<Duration>,
    /// How often the way has been closed and opened again.
    turns: u16,
}

impl Nat {
    pub fn new(idle: Duration) -> Nat {
        Nat {
            idle,
            left: None,
            turns: 0,
        }
    }

    /// It knows nothing any more, as after a restart.
    pub fn forgets(&mut self) {
        if self.left.take().is_some() {
            self.turns += 1;
        }
    }

    /// A datagram leaves: by another port than before, if the way had been closed.
    pub(super) fn leave(&mut self, now: Duration) {
        if !self.lets_in(now) {
            self.forgets();
        }
        self.left = Some(now);
    }

    pub(super) fn lets_in(&self, now: Duration) -> bool {
        self.left.is_some_and(|left| now <= left + self.idle)
    }

    pub(super) fn port(&self, first: u16) -> u16 {
        first + 100 * self.turns
    }
}

impl World {
    /// The office with David (104), each behind a NAT that forgets after a minute; the server keeps the ways open.
    pub fn office_behind_nats(seed: u8, weather: Weather) -> World {
        let config = EngineConfig {
            keep_alive: KEEP_ALIVE,
            ..people::engine_config()
        };
        let mut world = World::with_config(seed, weather, people::plan(), config);
        for person in [ANNA, BORIS, CLARA, DAVID] {
            let phone = world.add_phone(person);
            world.put_behind_nat(phone);
            world.register(phone);
        }
        world.run_for(s(40));
        world
    }

    pub fn put_behind_nat(&mut self, phone: usize) {
        self.phones[phone].nat = Some(Nat::new(IDLE));
    }

    /// The phone's NAT knows nothing any more: nothing gets in, and what the phone sends next comes by another port.
    pub fn nat_forgets(&mut self, phone: usize) {
        self.phones[phone].nat.as_mut().expect("a NAT").forgets();
    }
}
