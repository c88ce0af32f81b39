//! What is remembered of one source: its bucket, its record, and the users that it asked for.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use super::{GRACE, GuardConfig, Offence, limit};

/// Users of one source whose challenges are followed; a building whose phones all start at once needs no more, because
/// those that answer leave room.
const MOST_ASKED: usize = 64;

#[derive(Debug)]
pub(super) struct Bucket {
    /// Thousandths of a message.
    tokens: u64,
    filled_at: Instant,
}

/// Points of offences within a window.
#[derive(Debug)]
pub(super) struct Record {
    points: u32,
    began: Instant,
}

/// An address and port that has shown right credentials.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) until: Instant,
    pub(super) bucket: Bucket,
    pub(super) record: Record,
}

#[derive(Debug)]
pub(super) struct Source {
    pub(super) bucket: Bucket,
    pub(super) record: Record,
    asked: Vec<Asked>,
}

/// A user for whom credentials were asked and have not come.
#[derive(Debug)]
struct Asked {
    user: u64,
    at: Instant,
    counted: bool,
}

impl Bucket {
    pub(super) fn new(config: &GuardConfig, now: Instant) -> Bucket {
        Bucket {
            tokens: full(config),
            filled_at: now,
        }
    }

    pub(super) fn take(&mut self, config: &GuardConfig, now: Instant) -> bool {
        self.fill(config, now);
        match self.tokens.checked_sub(1000) {
            Some(left) => {
                self.tokens = left;
                true
            }
            None => false,
        }
    }

    fn fill(&mut self, config: &GuardConfig, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_millis();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        if passed > 0 {
            let fresh = passed.saturating_mul(u64::from(config.rate));
            self.tokens = self.tokens.saturating_add(fresh).min(full(config));
            self.filled_at = now;
        }
    }

    fn is_full(&mut self, config: &GuardConfig, now: Instant) -> bool {
        self.fill(config, now);
        self.tokens >= full(config)
    }
}

fn full(config: &GuardConfig) -> u64 {
    u64::from(config.burst) * 1000
}

impl Record {
    pub(super) fn new(now: Instant) -> Record {
        Record { points: 0, began: now }
    }

    /// True when it is too much.
    pub(super) fn add(&mut self, points: u32, config: &GuardConfig, now: Instant) -> bool {
        if self.points == 0 || now.saturating_duration_since(self.began) > config.failure_window {
            self.points = 0;
            self.began = now;
        }
        self.points = self.points.saturating_add(points);
        self.points >= limit(config)
    }

    fn is_clean(&self, config: &GuardConfig, now: Instant) -> bool {
        self.points == 0 || now.saturating_duration_since(self.began) > config.failure_window
    }
}

impl Known {
    pub(super) fn new(until: Instant, config: &GuardConfig, now: Instant) -> Known {
        Known {
            until,
            bucket: Bucket::new(config, now),
            record: Record::new(now),
        }
    }
}

impl Source {
    pub(super) fn new(config: &GuardConfig, now: Instant) -> Source {
        Source {
            bucket: Bucket::new(config, now),
            record: Record::new(now),
            asked: Vec::new(),
        }
    }

    /// Follows a challenge and counts those that have waited too long; true when they are too many.
    pub(super) fn ask(&mut self, user: &[u8], config: &GuardConfig, now: Instant) -> bool {
        self.asked
            .retain(|asked| now.saturating_duration_since(asked.at) <= config.failure_window.max(GRACE));
        let mut over = false;
        for asked in &mut self.asked {
            if !asked.counted && now.saturating_duration_since(asked.at) >= GRACE {
                asked.counted = true;
                over |= self.record.add(Offence::Credentials.weight(config), config, now);
            }
        }
        let user = hash(user);
        if self.asked.len() < MOST_ASKED && !self.asked.iter().any(|asked| asked.user == user) {
            self.asked.push(Asked {
                user,
                at: now,
                counted: false,
            });
        }
        over
    }

    pub(super) fn answered(&mut self, user: &[u8]) {
        let user = hash(user);
        self.asked.retain(|asked| asked.user != user);
        if self.asked.is_empty() {
            self.asked = Vec::new();
        }
    }

    pub(super) fn forgive(&mut self) {
        self.record.points = 0;
        self.asked = Vec::new();
    }

    pub(super) fn is_idle(&mut self, config: &GuardConfig, now: Instant) -> bool {
        let answered = self
            .asked
            .iter()
            .all(|asked| now.saturating_duration_since(asked.at) > config.failure_window.max(GRACE));
        answered && self.record.is_clean(config, now) && self.bucket.is_full(config, now)
    }
}

fn hash(user: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    user.hash(&mut hasher);
    hasher.finish()
}
