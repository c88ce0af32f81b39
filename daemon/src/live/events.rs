//! A ring of numbered events that a stream can take up again where it broke off.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use frontdesk_crm_core::access::Whose;
use frontdesk_routing::ids::{AccountId, StaffId};
use serde_json::Value;
use tokio::sync::watch;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub seq: u64,
    /// `None`: every account's readers are told.
    pub account: Option<AccountId>,
    /// `None`: everybody of the account may read it.
    pub staff: Option<StaffId>,
    /// Whose the thing is that it tells of; `None`: the company's.
    pub whose: Option<Whose>,
    pub name: &'static str,
    /// JSON in one line.
    pub data: Arc<str>,
    /// The same for whom clients' numbers are hidden; `None`: it holds none.
    pub masked: Option<Arc<str>>,
}

impl Event {
    /// What a reader gets who sees clients' numbers, or who does not.
    pub fn data_for(&self, masked: bool) -> &str {
        match &self.masked {
            Some(data) if masked => data,
            Some(_) | None => &self.data,
        }
    }
}

/// News as it comes, without a number.
#[derive(Debug)]
pub struct News {
    /// `None`: every account's readers are told.
    pub account: Option<AccountId>,
    /// `None`: everybody of the account is told.
    pub staff: Option<StaffId>,
    /// Whose the thing is that it tells of; `None`: the company's.
    pub whose: Option<Whose>,
    pub name: &'static str,
    /// JSON in one line.
    pub data: String,
    /// The same for whom clients' numbers are hidden; `None`: it holds none.
    pub masked: Option<String>,
}

/// Events were lost between what the reader had and what is kept: it has to read everything anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// Go on from here.
    pub last: u64,
}

#[derive(Debug)]
pub struct EventLog {
    ring: Arc<Mutex<Ring>>,
    head: watch::Sender<u64>,
}

#[derive(Debug)]
struct Ring {
    events: VecDeque<Event>,
    capacity: usize,
    /// The number of the newest event, or the start value.
    last: u64,
}

impl EventLog {
    pub fn new(first: u64, capacity: usize) -> Self {
        let ring = Ring {
            events: VecDeque::new(),
            capacity: capacity.max(1),
            last: first,
        };
        EventLog {
            ring: Arc::new(Mutex::new(ring)),
            head: watch::Sender::new(first),
        }
    }

    pub fn push(&self, account: AccountId, name: &'static str, data: &Value) {
        self.add(News {
            account: Some(account),
            staff: None,
            whose: None,
            name,
            data: data.to_string(),
            masked: None,
        });
    }

    /// For the readers of all accounts.
    pub fn push_to_all(&self, name: &'static str, data: &Value) {
        self.add(News {
            account: None,
            staff: None,
            whose: None,
            name,
            data: data.to_string(),
            masked: None,
        });
    }

    pub fn add(&self, news: News) {
        let data = news.data.into();
        let masked = news.masked.map(Arc::from);
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.last = ring.last.saturating_add(1);
        let seq = ring.last;
        if ring.events.len() >= ring.capacity {
            ring.events.pop_front();
        }
        ring.events.push_back(Event {
            seq,
            account: news.account,
            staff: news.staff,
            whose: news.whose,
            name: news.name,
            data,
            masked,
        });
        drop(ring);
        self.head.send_modify(|head| *head = (*head).max(seq));
    }

    pub fn last(&self) -> u64 {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).last
    }

    pub fn subscribe(&self, account: AccountId, since: Option<u64>) -> Subscription {
        self.follow(Some(account), since)
    }

    /// What is new in all accounts.
    pub fn subscribe_to_all(&self) -> Subscription {
        self.follow(None, None)
    }

    fn follow(&self, account: Option<AccountId>, since: Option<u64>) -> Subscription {
        let head = self.head.subscribe();
        let seen = since.unwrap_or_else(|| self.last());
        Subscription {
            ring: Arc::clone(&self.ring),
            head,
            account,
            seen,
            ready: VecDeque::new(),
        }
    }
}

impl Ring {
    /// What of `account`, or of all, came after `seen`, and the number up to which everything was looked at.
    fn after(&self, account: Option<AccountId>, seen: u64) -> Result<(VecDeque<Event>, u64), Missed> {
        let oldest = self
            .events
            .front()
            .map_or(self.last.saturating_add(1), |event| event.seq);
        if seen.saturating_add(1) < oldest || seen > self.last {
            return Err(Missed { last: self.last });
        }
        let skip = usize::try_from(seen.saturating_add(1).saturating_sub(oldest)).unwrap_or(usize::MAX);
        let fresh = self
            .events
            .iter()
            .skip(skip)
            .filter(|event| account.is_none() || event.account.is_none_or(|of| account == Some(of)))
            .cloned()
            .collect();
        Ok((fresh, self.last))
    }
}

/// One reader's place in the log.
#[derive(Debug)]
pub struct Subscription {
    ring: Arc<Mutex<Ring>>,
    head: watch::Receiver<u64>,
    /// `None`: those of all accounts.
    account: Option<AccountId>,
    seen: u64,
    ready: VecDeque<Event>,
}

impl Subscription {
    /// The next event, waiting for it. `Missed` comes once; the reader then goes on with what is new.
    pub async fn next(&mut self) -> Result<Event, Missed> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            self.head.borrow_and_update();
            let fresh = self
                .ring
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .after(self.account, self.seen);
            match fresh {
                Ok((fresh, looked)) => {
                    self.seen = looked;
                    self.ready = fresh;
                }
                Err(missed) => {
                    self.seen = missed.last;
                    return Err(missed);
                }
            }
            if self.ready.is_empty() && self.head.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Up to which number the reader is served.
    pub fn seen(&self) -> u64 {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn account() -> AccountId {
        AccountId::from_u128(1)
    }

    #[tokio::test]
    async fn a_reader_takes_up_where_it_broke_off() {
        let log = EventLog::new(100, 10);
        for n in 0..3 {
            log.push(account(), "call.created", &json!({ "n": n }));
        }
        let mut reader = log.subscribe(account(), Some(101));
        assert_eq!(reader.next().await.unwrap().seq, 102);
        assert_eq!(reader.next().await.unwrap().seq, 103);
        log.push(account(), "call.ended", &json!({}));
        assert_eq!(reader.next().await.unwrap().seq, 104);
    }

    #[tokio::test]
    async fn a_reader_who_was_away_too_long_is_told_so_once() {
        let log = EventLog::new(0, 4);
        for n in 0..9 {
            log.push(account(), "call.created", &json!({ "n": n }));
        }
        let mut reader = log.subscribe(account(), Some(2));
        assert_eq!(reader.next().await, Err(Missed { last: 9 }));
        log.push(account(), "call.ended", &json!({}));
        assert_eq!(reader.next().await.unwrap().seq, 10);
    }

    #[tokio::test]
    async fn a_number_from_before_a_restart_is_told_as_missed() {
        let log = EventLog::new(1000, 4);
        let mut reader = log.subscribe(account(), Some(17));
        assert_eq!(reader.next().await, Err(Missed { last: 1000 }));
    }

    #[tokio::test]
    async fn what_concerns_all_is_told_to_every_account() {
        let log = EventLog::new(0, 10);
        let mut readers = [
            log.subscribe(account(), None),
            log.subscribe(AccountId::from_u128(2), None),
        ];
        log.push_to_all("security.blocked", &json!({}));
        for reader in &mut readers {
            assert_eq!(reader.next().await.unwrap().name, "security.blocked");
        }
    }

    #[tokio::test]
    async fn other_accounts_events_are_passed_over() {
        let log = EventLog::new(0, 10);
        let mut reader = log.subscribe(account(), None);
        log.push(AccountId::from_u128(2), "call.created", &json!({}));
        log.push(account(), "call.ended", &json!({}));
        assert_eq!(reader.next().await.unwrap().name, "call.ended");
    }
}
