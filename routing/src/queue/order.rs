//! Places in their order, and how many stand before one: what that costs hardly grows with their number.

use super::line::Place;

/// A block that has grown beyond this becomes two, and two that are small together become one.
const LARGEST: usize = 128;

/// Sorted blocks of sorted places; none is empty.
#[derive(Debug, Default)]
pub(super) struct Order {
    blocks: Vec<Vec<Place>>,
}

impl Order {
    /// How many places stand before this one.
    pub(super) fn before(&self, place: Place) -> usize {
        let at = self.block_of(place);
        let earlier: usize = self.blocks.iter().take(at).map(Vec::len).sum();
        let block = self.blocks.get(at);
        earlier + block.map_or(0, |block| block.partition_point(|known| *known < place))
    }

    pub(super) fn insert(&mut self, place: Place) {
        let at = self.block_of(place).min(self.blocks.len().saturating_sub(1));
        let Some(block) = self.blocks.get_mut(at) else {
            self.blocks.push(vec![place]);
            return;
        };
        if let Err(within) = block.binary_search(&place) {
            block.insert(within, place);
        }
        if block.len() > LARGEST {
            let later = block.split_off(LARGEST / 2);
            self.blocks.insert(at + 1, later);
        }
    }

    pub(super) fn remove(&mut self, place: Place) {
        let at = self.block_of(place);
        let Some(block) = self.blocks.get_mut(at) else { return };
        if let Ok(within) = block.binary_search(&place) {
            block.remove(within);
        }
        let left = block.len();
        if left == 0 {
            self.blocks.remove(at);
        } else if self
            .blocks
            .get(at + 1)
            .is_some_and(|next| left + next.len() <= LARGEST / 2)
        {
            let next = self.blocks.remove(at + 1);
            self.blocks
                .get_mut(at)
                .into_iter()
                .for_each(|block| block.extend(&next));
        }
    }

    /// The first block that does not end before the place.
    fn block_of(&self, place: Place) -> usize {
        self.blocks
            .partition_point(|block| block.last().is_some_and(|last| *last < place))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::queue::settings::VipRule;

    fn place(since: u16) -> Place {
        Place::new(VipRule::Ignore, false, since.into(), since.into())
    }

    proptest! {
        /// Many come, some go, and everybody's number is known.
        #[test]
        fn places_are_counted_as_a_sorted_set_counts_them(steps in prop::collection::vec((0_u16..600, 0..3_u8), 0..2_000)) {
            let (mut order, mut known) = (Order::default(), BTreeSet::new());
            for (since, deed) in steps {
                let place = place(since);
                if deed == 0 {
                    order.remove(place);
                    known.remove(&place);
                } else {
                    order.insert(place);
                    known.insert(place);
                }
                prop_assert_eq!(order.before(place), known.range(..place).count());
                prop_assert!(order.blocks.iter().all(|block| (1..=LARGEST).contains(&block.len())));
            }
            let all: Vec<Place> = order.blocks.concat();
            prop_assert_eq!(all, known.into_iter().collect::<Vec<_>>());
        }
    }
}
