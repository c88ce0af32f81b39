//! Who calls whom, and when: always a few conversations at the same time.

use std::collections::VecDeque;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::company::{CUSTOMERS, Customer, GROUPS};
use super::phone::{Order, Phone};

const BEAT: Duration = Duration::from_millis(400);
/// Calls among the staff that are wanted at the same time, and calls from outside.
const AMONG_STAFF: usize = 1;
const FROM_OUTSIDE: usize = 2;
/// The first calls are short, so that there is something to replay soon.
const SHORT_CALLS: u32 = 3;
const RECENT: usize = 8;

/// The phones of the staff by short number, and the provider's line.
pub(super) struct Cast {
    pub(super) staff: Vec<(String, Phone)>,
    pub(super) provider: Phone,
}

/// Lets them call each other until told to stop.
pub(super) async fn play(cast: Cast, stopping: CancellationToken, seed: u64) {
    let mut director = Director {
        cast,
        rng: StdRng::seed_from_u64(seed),
        calls: 0,
        recent: VecDeque::new(),
    };
    let mut beat = interval(BEAT);
    loop {
        tokio::select! {
            _ = beat.tick() => director.beat(),
            () = stopping.cancelled() => return,
        }
    }
}

struct Director {
    cast: Cast,
    rng: StdRng,
    calls: u32,
    /// Those who called last, and are not to call again at once.
    recent: VecDeque<&'static str>,
}

impl Director {
    /// Begins one call at most, so that two never go to the same phone at once.
    fn beat(&mut self) {
        let idle: Vec<usize> = (0..)
            .zip(&self.cast.staff)
            .filter(|(_, (_, phone))| phone.is_idle())
            .map(|(at, _)| at)
            .collect();
        let outside = self.cast.provider.calls();
        let busy = self.cast.staff.iter().filter(|(_, phone)| phone.calls() > 0).count();
        let inside = busy.saturating_sub(outside).div_ceil(2);
        if inside < AMONG_STAFF && idle.len() >= 3 {
            self.call_colleague(&idle);
        } else if outside < FROM_OUTSIDE && !idle.is_empty() && self.cast.provider.is_registered() {
            self.call_in(&idle);
        }
    }

    fn call_colleague(&mut self, idle: &[usize]) {
        let pair: Vec<usize> = idle.choose_multiple(&mut self.rng, 2).copied().collect();
        let [caller, callee] = pair.as_slice() else { return };
        let talk = self.talk();
        let (Some((_, caller)), Some((number, _))) = (self.cast.staff.get(*caller), self.cast.staff.get(*callee))
        else {
            return;
        };
        caller.call(Order {
            number: number.clone(),
            talk,
            caller: None,
        });
    }

    fn call_in(&mut self, idle: &[usize]) {
        let talk = self.talk();
        let Some(customer) = self.customer() else { return };
        let number = self.answering(idle);
        let Some(number) = number else { return };
        let caller = Some((String::new(), customer.number.to_owned()));
        self.cast.provider.call(Order { number, talk, caller });
    }

    /// Those who matter most call most.
    fn customer(&mut self) -> Option<&'static Customer> {
        let others: Vec<&Customer> = CUSTOMERS
            .iter()
            .filter(|customer| !self.recent.contains(&customer.number))
            .collect();
        let weight = |customer: &&Customer| if customer.vip { 3 } else { 1 };
        let customer = *others.choose_weighted(&mut self.rng, weight).ok()?;
        self.recent.push_back(customer.number);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        Some(customer)
    }

    /// Somebody's own number, or that of their department.
    fn answering(&mut self, idle: &[usize]) -> Option<String> {
        let (number, _) = self.cast.staff.get(*idle.choose(&mut self.rng)?)?;
        let mut groups = GROUPS.iter().filter(|group| group.members.contains(&number.as_str()));
        let group = groups.next().filter(|_| self.rng.random_ratio(1, 2));
        Some(group.map_or_else(|| number.clone(), |group| group.short_number.to_owned()))
    }

    fn talk(&mut self) -> Duration {
        self.calls += 1;
        let range = if self.calls <= SHORT_CALLS {
            2_500..4_000
        } else {
            8_000..30_000
        };
        Duration::from_millis(self.rng.random_range(range))
    }
}
