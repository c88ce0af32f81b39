//! A net that loses, doubles and reorders by its seed.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_sip::flow::FlowId;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// How the net treats datagrams; connections lose nothing and keep their order.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// Percent.
    pub loss: u32,
    /// Percent.
    pub double: u32,
    /// Shortest and longest way in milliseconds; a wide span reorders.
    pub way: (u64, u64),
}

pub const FAIR: Weather = Weather {
    loss: 0,
    double: 0,
    way: (10, 10),
};

/// Loses `loss` percent, doubles some, reorders much.
pub fn rough(loss: u32) -> Weather {
    Weather {
        loss,
        double: 5,
        way: (5, 60),
    }
}

/// What is to hold on any net holds in each of these.
pub fn weathers() -> [Weather; 3] {
    [FAIR, rough(5), rough(20)]
}

impl Weather {
    /// Nothing is lost in it, so that moments and numbers of messages are exact.
    pub fn is_fair(self) -> bool {
        self.loss == 0
    }
}

/// Where a message arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Server,
    Phone(usize),
}

/// A message under way, with the flow as its receiver sees it.
#[derive(Debug, Clone)]
pub struct Packet {
    pub to: End,
    pub flow: FlowId,
    pub bytes: Bytes,
}

#[derive(Debug)]
pub struct Net {
    weather: Weather,
    under_way: BTreeMap<(Duration, u64), Packet>,
    sent: u64,
    rng: StdRng,
}

impl Net {
    pub fn new(weather: Weather, seed: u8) -> Net {
        Net {
            weather,
            under_way: BTreeMap::new(),
            sent: 0,
            rng: StdRng::from_seed([seed; 32]),
        }
    }

    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    pub fn send(&mut self, packet: Packet, reliable: bool, now: Duration) {
        if reliable {
            self.put(packet, now + Duration::from_millis(self.weather.way.0));
            return;
        }
        if self.rng.random_range(0..100) < self.weather.loss {
            return;
        }
        if self.rng.random_range(0..100) < self.weather.double {
            let late = self.way();
            self.put(packet.clone(), now + late);
        }
        let way = self.way();
        self.put(packet, now + way);
    }

    pub fn next_at(&self) -> Option<Duration> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    pub fn arrived(&mut self, now: Duration) -> Option<Packet> {
        let (at, _) = *self.under_way.first_key_value()?.0;
        (at <= now)
            .then(|| self.under_way.pop_first())?
            .map(|(_, packet)| packet)
    }

    fn way(&mut self) -> Duration {
        let (short, long) = self.weather.way;
        Duration::from_millis(self.rng.random_range(short..=long))
    }

    fn put(&mut self, packet: Packet, at: Duration) {
        self.sent += 1;
        self.under_way.insert((at, self.sent), packet);
    }
}
