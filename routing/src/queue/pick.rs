//! The free agents of a department, and which of them the strategy picks.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use smallvec::{SmallVec, smallvec};

use super::agent::{Seat, Standing, Tried};
use super::settings::Strategy;
use crate::ids::StaffId;

/// Where an agent stands among the free ones: what the strategy says, then their place in the department.
pub(super) type Turn = (u64, u16);

/// Those who ring for one offer.
pub type Agents = SmallVec<[StaffId; 4]>;

#[derive(Debug)]
enum Order {
    ByTurn(BTreeSet<(Turn, StaffId)>),
    /// For a random pick: sorted, so that a pick is one index.
    Random(Vec<StaffId>),
}

#[derive(Debug)]
pub(super) struct FreeAgents {
    strategy: Strategy,
    order: Order,
    /// Who rang last, for `RoundRobin`.
    last: Option<(Turn, StaffId)>,
}

impl FreeAgents {
    pub(super) fn new(strategy: Strategy) -> FreeAgents {
        let order = match strategy {
            Strategy::Random => Order::Random(Vec::new()),
            Strategy::RingAll
            | Strategy::LongestIdle
            | Strategy::FewestCalls
            | Strategy::RoundRobin
            | Strategy::Linear => Order::ByTurn(BTreeSet::new()),
        };
        FreeAgents {
            strategy,
            order,
            last: None,
        }
    }

    /// The same for another strategy; a round robin that stays one keeps its memory.
    pub(super) fn renewed(&self, strategy: Strategy) -> FreeAgents {
        let mut new = FreeAgents::new(strategy);
        if strategy == self.strategy {
            new.last = self.last;
        }
        new
    }

    pub(super) fn turn(&self, seat: &Seat, standing: Standing) -> Turn {
        let first = match self.strategy {
            Strategy::LongestIdle => standing.idle_since,
            Strategy::FewestCalls => seat.answered,
            Strategy::Linear => u64::from(seat.member.penalty),
            Strategy::RingAll | Strategy::RoundRobin | Strategy::Random => 0,
        };
        (first, seat.member.place)
    }

    pub(super) fn insert(&mut self, turn: Turn, staff: StaffId) {
        match &mut self.order {
            Order::ByTurn(agents) => {
                agents.insert((turn, staff));
            }
            Order::Random(agents) => {
                if let Err(at) = agents.binary_search(&staff) {
                    agents.insert(at, staff);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, turn: Turn, staff: StaffId) {
        match &mut self.order {
            Order::ByTurn(agents) => {
                agents.remove(&(turn, staff));
            }
            Order::Random(agents) => {
                if let Ok(at) = agents.binary_search(&staff) {
                    agents.remove(at);
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match &self.order {
            Order::ByTurn(agents) => agents.len(),
            Order::Random(agents) => agents.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whom the strategy lets ring. Those whom the call tried already come after the others. Empty only when nobody is
    /// free.
    pub(super) fn pick(&mut self, tried: &mut Tried, random: &mut Random) -> Agents {
        if let (Strategy::RingAll, Order::ByTurn(agents)) = (self.strategy, &self.order) {
            return agents.iter().map(|(_, staff)| *staff).collect();
        }
        for again in [Tried::begin_again, Tried::clear] {
            if let Some(staff) = self.one(tried, random) {
                return smallvec![staff];
            }
            again(tried);
        }
        self.one(tried, random).into_iter().collect()
    }

    fn one(&mut self, tried: &Tried, random: &mut Random) -> Option<StaffId> {
        match &self.order {
            Order::Random(agents) => {
                let mut passed: SmallVec<[usize; 8]> = tried
                    .iter()
                    .filter_map(|staff| agents.binary_search(&staff).ok())
                    .collect();
                passed.sort_unstable();
                let mut at = random.below(agents.len() - passed.len())?;
                for skipped in passed {
                    at += usize::from(skipped <= at);
                }
                agents.get(at).copied()
            }
            Order::ByTurn(agents) => {
                let untried = |entry: &&(Turn, StaffId)| !tried.has(entry.1);
                let found = match self.last.filter(|_| self.strategy == Strategy::RoundRobin) {
                    Some(last) => agents
                        .range((Excluded(last), Unbounded))
                        .find(untried)
                        .or_else(|| agents.range(..=last).find(untried)),
                    None => agents.iter().find(untried),
                };
                let found = *found?;
                self.last = Some(found);
                Some(found.1)
            }
        }
    }
}

/// A small generator (SplitMix64): the same seed gives the same picks.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// `None` below 0.
    fn below(&mut self, bound: usize) -> Option<usize> {
        let bound = u128::try_from(bound).ok().filter(|bound| *bound > 0)?;
        usize::try_from((u128::from(self.next()) * bound) >> 64).ok()
    }
}
