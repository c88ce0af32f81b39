//! How many files are looked at and brought in at the same time: one of each account, and few in all, since each may take
//! hundreds of megabytes for a moment. Whoever comes first goes first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use frontdesk_crm_core::store::Db;
use frontdesk_routing::ids::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::http::error::{ApiError, ApiResult};

const AT_ONCE: usize = 3;
/// How long a file waits for the one before it of the same account.
const OWN_TURN: Duration = Duration::from_secs(5);
/// How long it waits then for those of others; it is not read meanwhile.
const TURN: Duration = Duration::from_secs(15);

pub(in crate::http) struct Places {
    all: Arc<Semaphore>,
    /// Of accounts that have a file here or wait with one.
    own: Mutex<BTreeMap<AccountId, Arc<Semaphore>>>,
    writing: Arc<Semaphore>,
}

/// What a file has as long as it is here.
#[derive(Debug)]
pub(super) struct Place {
    _place: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
}

impl Default for Places {
    fn default() -> Places {
        Places {
            all: Arc::new(Semaphore::new(AT_ONCE)),
            own: Mutex::default(),
            writing: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Places {
    /// # Errors
    /// 503: it has waited as long as it may.
    pub(super) async fn take(&self, account: AccountId) -> ApiResult<Place> {
        let own = turn(OWN_TURN, self.of(account)).await?;
        Ok(Place {
            _place: turn(TURN, Arc::clone(&self.all)).await?,
            _own: own,
        })
    }

    /// The turn to write where a database has one writer: who waits for it too long is refused by the database, so that
    /// long transactions wait here.
    pub(super) async fn turn_to_write(&self, db: &Db) -> Option<OwnedSemaphorePermit> {
        match db.has_one_writer() {
            true => Arc::clone(&self.writing).acquire_owned().await.ok(),
            false => None,
        }
    }

    fn of(&self, account: AccountId) -> Arc<Semaphore> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|_, one| Arc::strong_count(one) > 1);
        Arc::clone(own.entry(account).or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}

async fn turn(patience: Duration, of: Arc<Semaphore>) -> ApiResult<OwnedSemaphorePermit> {
    let busy = || ApiError::unavailable("other files are being looked at or brought in");
    let turn = timeout(patience, of.acquire_owned()).await.map_err(|_| busy())?;
    turn.map_err(|_| busy())
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    fn company(n: u128) -> AccountId {
        AccountId::from_u128(n)
    }

    #[tokio::test]
    async fn a_companys_second_file_waits_for_its_first_while_those_of_others_go_on() {
        let places = Places::default();
        let first = places.take(company(1)).await.unwrap();
        let mut second = pin!(places.take(company(1)));
        assert!(poll!(&mut second).is_pending());
        places.take(company(2)).await.unwrap();
        drop(first);
        second.await.unwrap();
    }

    #[tokio::test]
    async fn few_are_here_at_once_and_whoever_came_first_goes_first() {
        let places = Places::default();
        let mut here = Vec::new();
        for n in 0..3 {
            here.push(places.take(company(n)).await.unwrap());
        }
        let (mut early, mut late) = (pin!(places.take(company(7))), pin!(places.take(company(8))));
        assert!(poll!(&mut early).is_pending() && poll!(&mut late).is_pending());
        here.pop();
        assert!(poll!(&mut late).is_pending(), "it is not its turn yet");
        let early = early.await.unwrap();
        assert!(poll!(&mut late).is_pending());
        drop(early);
        late.await.unwrap();
    }

    #[tokio::test]
    async fn of_companies_that_have_no_file_here_nothing_is_kept() {
        let places = Places::default();
        for n in 0..100 {
            places.take(company(n)).await.unwrap();
        }
        assert_eq!(places.own.lock().unwrap().len(), 1);
    }
}
