//! Clients by number: compact, for a million of them, and cheap to change for one.

use std::sync::Arc;

use crate::ids::{AccountId, ClientId, StaffId};
use crate::number::PhoneNumber;

/// Groups of the book, and parts of a group: a change copies one part and what leads to it.
const GROUPS: usize = 128;
const PARTS: usize = 128;
/// Bits of a [`Key`]'s place that number a group, or a part of it.
const BITS: u32 = 7;
/// The others say where in its part it is.
const REST: u32 = u64::BITS - 2 * BITS;

type Key = (AccountId, PhoneNumber);
/// Sorted by place and key.
type Part = Arc<[PlanClient]>;
type Group = Arc<[Part]>;

/// A client as one of their numbers finds them; who has several is there several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanClient {
    pub id: ClientId,
    pub account: AccountId,
    pub number: PhoneNumber,
    pub name: Arc<str>,
    pub vip: bool,
    /// Who looks after them; may have left the company.
    pub manager: Option<StaffId>,
}

impl PlanClient {
    fn key(&self) -> Key {
        (self.account, self.number)
    }

    fn placed(&self) -> (u64, Key) {
        let key = self.key();
        (place(key), key)
    }
}

/// Groups and parts by a hash of account and number, shared with the sections before and after.
#[derive(Debug, Clone, Default)]
pub struct ClientSection {
    /// None at all, or [`GROUPS`].
    groups: Vec<Group>,
    len: usize,
}

impl ClientSection {
    /// When a number is there twice, the first one has it.
    pub fn new(mut clients: Vec<PlanClient>) -> ClientSection {
        if clients.is_empty() {
            return ClientSection::default();
        }
        clients.sort_by_key(PlanClient::placed);
        clients.dedup_by_key(|client| client.key());
        let len = clients.len();
        let mut rest = clients.into_iter().peekable();
        let nobody = empty_group();
        let mut groups = Vec::with_capacity(GROUPS);
        for group in 0..GROUPS {
            if rest.peek().is_none_or(|client| group_of(place(client.key())) != group) {
                groups.push(Arc::clone(&nobody));
                continue;
            }
            let mut parts = Vec::with_capacity(PARTS);
            for part in 0..PARTS {
                let here = |client: &PlanClient| {
                    let place = place(client.key());
                    (group_of(place), part_of(place)) == (group, part)
                };
                let mut members = Vec::new();
                while let Some(client) = rest.next_if(here) {
                    members.push(client);
                }
                parts.push(members.into());
            }
            groups.push(parts.into());
        }
        ClientSection { groups, len }
    }

    pub fn by_number(&self, account: AccountId, number: PhoneNumber) -> Option<&PlanClient> {
        let key = (account, number);
        let place = place(key);
        let part = self.part(place)?;
        part.get(find(part, place, key).ok()?)
    }

    /// The number finds the same client in the other section, as one sees without looking for the client: both share the
    /// part of the book where the number stands. False says nothing.
    pub fn shares(&self, other: &ClientSection, account: AccountId, number: PhoneNumber) -> bool {
        let place = place((account, number));
        match (self.part(place), other.part(place)) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    fn part(&self, place: u64) -> Option<&Part> {
        self.groups.get(group_of(place))?.get(part_of(place))
    }

    /// The section in which the number finds this client, or nobody; everything else is shared with this one.
    #[must_use]
    pub fn with(&self, account: AccountId, number: PhoneNumber, client: Option<PlanClient>) -> ClientSection {
        let key = (account, number);
        let place = place(key);
        let mut next = self.clone();
        if next.groups.is_empty() {
            next.groups = vec![empty_group(); GROUPS];
        }
        let Some(group) = next.groups.get_mut(group_of(place)) else {
            return next;
        };
        let mut parts = group.to_vec();
        let Some(part) = parts.get_mut(part_of(place)) else {
            return next;
        };
        let mut changed = part.to_vec();
        match (find(&changed, place, key), client) {
            (Ok(at), Some(client)) => {
                if let Some(there) = changed.get_mut(at) {
                    *there = client;
                }
            }
            (Ok(at), None) => drop(changed.remove(at)),
            (Err(at), Some(client)) => changed.insert(at, client),
            (Err(_), None) => return next,
        }
        next.len = next.len.saturating_sub(part.len()).saturating_add(changed.len());
        *part = changed.into();
        *group = parts.into();
        next
    }

    /// Numbers that find somebody.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// A hash, the higher bits of which spread best.
fn place((account, number): Key) -> u64 {
    let account = account.as_u128();
    let low = u64::try_from(account & u128::from(u64::MAX)).unwrap_or(0);
    let high = u64::try_from(account >> u64::BITS).unwrap_or(0);
    // Fibonacci hashing: the golden ratio spreads neighbours.
    (low ^ high ^ number.as_u64()).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn group_of(place: u64) -> usize {
    usize::try_from(place >> (u64::BITS - BITS)).unwrap_or(0)
}

fn part_of(place: u64) -> usize {
    usize::try_from(place >> REST).unwrap_or(0) % PARTS
}

fn empty_group() -> Group {
    let nobody: Part = Vec::new().into();
    vec![nobody; PARTS].into()
}

/// Like a binary search. It begins where the key would be if all were spread evenly, and for the most part is there at
/// once: every other place that it looks at is one more that has to be brought from memory.
fn find(part: &[PlanClient], place: u64, key: Key) -> Result<usize, usize> {
    let wanted = (place, key);
    let within = u128::from(place & ((1 << REST) - 1));
    let guess = usize::try_from((within * u128::try_from(part.len()).unwrap_or(0)) >> REST).unwrap_or(0);
    let before = |at: usize| part.get(at).is_some_and(|client| client.placed() < wanted);
    // Whatever stands below `low` comes before the key, and nothing does from `high` on.
    let (mut low, mut high, mut step) = (0, part.len(), 1);
    let upwards = before(guess);
    if upwards {
        low = guess + 1;
    } else {
        high = guess.min(high);
    }
    while low < high {
        let probe = match upwards {
            true => (low + step - 1).min(high - 1),
            false => high.saturating_sub(step).max(low),
        };
        let comes_before = before(probe);
        (low, high) = match comes_before {
            true => (probe + 1, high),
            false => (low, probe),
        };
        step = if comes_before == upwards { step * 2 } else { 1 };
    }
    match part.get(low).is_some_and(|client| client.key() == key) {
        true => Ok(low),
        false => Err(low),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn client(account: u8, number: u16, id: u128) -> PlanClient {
        PlanClient {
            id: ClientId::from_u128(id),
            account: AccountId::from_u128(u128::from(account)),
            number: PhoneNumber::from_u64(79_000_000_000 + u64::from(number)).unwrap(),
            name: "Лебедева Ольга".into(),
            vip: id.is_multiple_of(2),
            manager: None,
        }
    }

    #[test]
    fn a_client_takes_at_most_200_bytes() {
        // the counters of an `Arc`, and what an allocator rounds up
        let name = 16 + "Константинопольский Константин".len() + 16;
        assert!(size_of::<PlanClient>() + name <= 200, "{}", size_of::<PlanClient>());
    }

    #[test]
    fn a_change_shares_all_groups_and_parts_but_one() {
        let before = ClientSection::new((0..5000).map(|n| client(1, n, u128::from(n))).collect());
        let changed = client(1, 77, 1_000_000);
        let after = before.with(changed.account, changed.number, Some(changed.clone()));
        let pairs = before.groups.iter().zip(&after.groups);
        let groups: Vec<_> = pairs.filter(|(one, other)| !Arc::ptr_eq(one, other)).collect();
        assert_eq!(groups.len(), 1);
        let parts = groups.into_iter().flat_map(|(one, other)| one.iter().zip(other.iter()));
        assert_eq!(parts.filter(|(one, other)| !Arc::ptr_eq(one, other)).count(), 1);
        assert_eq!(after.by_number(changed.account, changed.number), Some(&changed));
        assert_ne!(before.by_number(changed.account, changed.number), Some(&changed));
        assert_eq!((before.len(), after.len()), (5000, 5000));
        let shared = (0..5000).filter(|n| {
            let (account, number) = client(1, *n, 0).key();
            after.shares(&before, account, number)
        });
        let shared = shared.count();
        assert!((4_990..5000).contains(&shared), "{shared}");
        assert!(!after.shares(&before, changed.account, changed.number));
    }

    proptest! {
        #[test]
        fn changes_one_by_one_give_what_building_anew_gives(
            changes in proptest::collection::vec((0_u8..3, 0_u16..40, proptest::option::of(0_u128..1000)), 0..200)
        ) {
            let mut model = BTreeMap::new();
            let mut section = ClientSection::default();
            for (account, number, id) in changes {
                let key = client(account, number, 0).key();
                let new = id.map(|id| client(account, number, id));
                section = section.with(key.0, key.1, new.clone());
                match new {
                    Some(new) => drop(model.insert(key, new)),
                    None => drop(model.remove(&key)),
                }
                prop_assert_eq!(section.len(), model.len());
            }
            let anew = ClientSection::new(model.values().cloned().collect());
            for account in 0..3 {
                for number in 0..40 {
                    let key = client(account, number, 0).key();
                    prop_assert_eq!(section.by_number(key.0, key.1), model.get(&key));
                    prop_assert_eq!(anew.by_number(key.0, key.1), model.get(&key));
                }
            }
        }
    }
}
