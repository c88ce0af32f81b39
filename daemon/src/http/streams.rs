//! Places of open event streams: so many of everybody's together that no account, and in an account no person, takes them all.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use frontdesk_routing::ids::{AccountId, StaffId};

/// Of everybody.
const ALL: usize = 2_000;
/// Of one account; more only while at least half of all are free.
const ACCOUNT: usize = 200;
/// Of one person, by whichever sessions and tokens.
const PERSON: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Streams(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    accounts: BTreeMap<AccountId, usize>,
    people: BTreeMap<StaffId, usize>,
}

/// Given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    taken: Arc<Mutex<Taken>>,
    account: AccountId,
    staff: StaffId,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    Everybody,
    Account,
    Person,
}

impl Streams {
    /// A place of a person's stream.
    ///
    /// # Errors
    /// There is none for this person at the moment.
    pub(super) fn take(&self, account: AccountId, staff: StaffId) -> Result<Place, Full> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_account = taken.accounts.get(&account).copied().unwrap_or_default();
        let of_person = taken.people.get(&staff).copied().unwrap_or_default();
        if of_person >= PERSON {
            return Err(Full::Person);
        }
        if taken.all >= ALL {
            return Err(Full::Everybody);
        }
        if of_account >= ACCOUNT && taken.all >= ALL / 2 {
            return Err(Full::Account);
        }
        taken.all = taken.all.saturating_add(1);
        taken.accounts.insert(account, of_account.saturating_add(1));
        taken.people.insert(staff, of_person.saturating_add(1));
        Ok(Place {
            taken: Arc::clone(&self.0),
            account,
            staff,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        one_less(taken.accounts.entry(self.account));
        one_less(taken.people.entry(self.staff));
    }
}

fn one_less<K: Ord>(entry: Entry<'_, K, usize>) {
    if let Entry::Occupied(mut known) = entry {
        let left = known.get().saturating_sub(1);
        known.insert(left);
        if left == 0 {
            known.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(n: usize) -> StaffId {
        StaffId::from_u128(u128::try_from(n).unwrap())
    }

    fn account(n: u128) -> AccountId {
        AccountId::from_u128(n)
    }

    /// So many streams, of as many people of the account, each with one; whoever has got none, and why.
    fn open(streams: &Streams, of: u128, people: std::ops::Range<usize>) -> (Vec<Place>, Option<Full>) {
        let mut places = Vec::new();
        for n in people {
            match streams.take(account(of), person(n)) {
                Ok(place) => places.push(place),
                Err(full) => return (places, Some(full)),
            }
        }
        (places, None)
    }

    #[test]
    fn one_person_has_twenty_and_gets_another_when_one_ends() {
        let streams = Streams::default();
        let take = || streams.take(account(1), person(1));
        let mut places: Vec<Place> = (0..PERSON).map(|_| take().unwrap()).collect();
        assert_eq!(take().unwrap_err(), Full::Person);
        assert!(streams.take(account(1), person(2)).is_ok());
        drop(places.pop());
        assert!(take().is_ok());
        drop(places);
        let left = streams.0.lock().unwrap();
        assert!(
            left.all == 0 && left.accounts.is_empty() && left.people.is_empty(),
            "{left:?}"
        );
    }

    #[test]
    fn a_large_account_leaves_half_of_all_places_to_others() {
        let streams = Streams::default();
        let (large, full) = open(&streams, 1, 0..ALL);
        assert_eq!((large.len(), full), (ALL / 2, Some(Full::Account)));
        let mut others = Vec::new();
        for of in 2..7 {
            let from = ALL * usize::try_from(of).unwrap();
            let (places, full) = open(&streams, of, from..from + ALL);
            assert_eq!((places.len(), full), expected(others.len()), "{of}");
            others.extend(places);
        }
        let newcomer = streams.take(account(9), person(1_000_000));
        assert_eq!(newcomer.unwrap_err(), Full::Everybody);
        drop(large);
        assert!(streams.take(account(9), person(1_000_000)).is_ok());
    }

    /// What an account gets while a large one has half of all and others have so many.
    fn expected(others: usize) -> (usize, Option<Full>) {
        match ALL / 2 - others {
            left if left > ACCOUNT => (ACCOUNT, Some(Full::Account)),
            left => (left, Some(Full::Everybody)),
        }
    }
}
