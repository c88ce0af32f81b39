//! Clients by number: compact, for a million of them, and cheap to change for one.

use std::sync::Arc;

use crate::ids::{AccountId, ClientId, StaffId};
use crate::number::PhoneNumber;

/// Parts of the book: a change copies one of them.
const SHARDS: usize = 1024;
/// 64 bits less the 10 that number a part.
const SHIFT: u32 = 54;

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
    fn key(&self) -> (AccountId, PhoneNumber) {
        (self.account, self.number)
    }
}

/// Parts by a hash of account and number, each sorted by both and shared with the sections before and after.
#[derive(Debug, Clone, Default)]
pub struct ClientSection {
    /// None at all, or [`SHARDS`].
    shards: Vec<Arc<[PlanClient]>>,
    len: usize,
}

impl ClientSection {
    /// When a number is there twice, the first one has it.
    pub fn new(mut clients: Vec<PlanClient>) -> ClientSection {
        if clients.is_empty() {
            return ClientSection::default();
        }
        clients.sort_by_key(|client| (shard(client.key()), client.key()));
        clients.dedup_by_key(|client| client.key());
        let len = clients.len();
        let mut rest = clients.into_iter().peekable();
        let mut shards = Vec::with_capacity(SHARDS);
        for at in 0..SHARDS {
            let mut part = Vec::new();
            while let Some(client) = rest.next_if(|client| shard(client.key()) == at) {
                part.push(client);
            }
            shards.push(part.into());
        }
        ClientSection { shards, len }
    }

    pub fn by_number(&self, account: AccountId, number: PhoneNumber) -> Option<&PlanClient> {
        let key = (account, number);
        let part = self.shards.get(shard(key))?;
        part.get(part.binary_search_by_key(&key, PlanClient::key).ok()?)
    }

    /// The section in which the number finds this client, or nobody; everything else is shared with this one.
    #[must_use]
    pub fn with(&self, account: AccountId, number: PhoneNumber, client: Option<PlanClient>) -> ClientSection {
        let key = (account, number);
        let mut next = self.clone();
        if next.shards.is_empty() {
            next.shards = vec![Vec::new().into(); SHARDS];
        }
        let Some(part) = next.shards.get_mut(shard(key)) else {
            return next;
        };
        let mut changed = part.to_vec();
        match (changed.binary_search_by_key(&key, PlanClient::key), client) {
            (Ok(at), Some(client)) => {
                if let Some(place) = changed.get_mut(at) {
                    *place = client;
                }
            }
            (Ok(at), None) => drop(changed.remove(at)),
            (Err(at), Some(client)) => changed.insert(at, client),
            (Err(_), None) => return next,
        }
        next.len = next.len.saturating_sub(part.len()).saturating_add(changed.len());
        *part = changed.into();
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

fn shard((account, number): (AccountId, PhoneNumber)) -> usize {
    let account = account.as_u128();
    let low = u64::try_from(account & u128::from(u64::MAX)).unwrap_or(0);
    let high = u64::try_from(account >> 64).unwrap_or(0);
    // Fibonacci hashing: the golden ratio spreads neighbours.
    let mixed = (low ^ high ^ number.as_u64()).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> SHIFT).unwrap_or(0)
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
    fn a_change_shares_all_parts_but_one() {
        let before = ClientSection::new((0..5000).map(|n| client(1, n, u128::from(n))).collect());
        let changed = client(1, 77, 1_000_000);
        let after = before.with(changed.account, changed.number, Some(changed.clone()));
        let pairs = before.shards.iter().zip(&after.shards);
        assert_eq!(pairs.filter(|(one, other)| !Arc::ptr_eq(one, other)).count(), 1);
        assert_eq!(after.by_number(changed.account, changed.number), Some(&changed));
        assert_ne!(before.by_number(changed.account, changed.number), Some(&changed));
        assert_eq!((before.len(), after.len()), (5000, 5000));
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
