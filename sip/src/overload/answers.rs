//! Who is told that there is no time, when not all can be.

/// Answers of 503 for each message of low rank that is served. A call has two, so that what sixteen more callers get
/// costs less than what one gets.
const EARNED: u32 = 8;
/// Answers that may be saved up for a burst: what comes while a machine that has little time for us has none at all.
pub(super) const SAVED: u32 = 2_048;
/// Everybody.
const ALL: u64 = 256;

/// It goes by a request's key, so that a retransmission fares as the request did: whoever is answered at once does not ask
/// again, and all others ask as seldom as they can.
#[derive(Debug)]
pub(super) struct Answers {
    left: u32,
    /// Of the keys, in parts of [`ALL`].
    share: u64,
    /// There were too few for the share.
    short: bool,
}

impl Default for Answers {
    fn default() -> Self {
        Answers {
            left: SAVED,
            share: ALL,
            short: false,
        }
    }
}

impl Answers {
    /// Whether the request with this key gets one.
    pub(super) fn take(&mut self, key: u64) -> bool {
        if key % ALL >= self.share {
            return false;
        }
        self.short |= self.left == 0;
        let some = self.left > 0;
        self.left = self.left.saturating_sub(1);
        some
    }

    /// Something was served.
    pub(super) fn earn(&mut self) {
        self.left = SAVED.min(self.left + EARNED);
    }

    /// From time to time: a smaller share when there were too few, a larger one when some are left.
    pub(super) fn adjust(&mut self) {
        if std::mem::take(&mut self.short) {
            self.share -= self.share / 16;
        } else if self.left > SAVED / 8 {
            self.share = ALL.min(self.share + 4);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a hundred requests at a time, one is served and eight may be answered.
    #[test]
    fn the_share_finds_what_can_be_answered_and_goes_back_when_more_can() {
        let mut answers = Answers::default();
        let mut round = |requests: u64| {
            answers.earn();
            let keys = (0..requests).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32);
            let told: Vec<u64> = keys.filter(|key| answers.take(*key)).collect();
            answers.adjust();
            told
        };
        let first = round(100);
        assert_eq!(first.len(), 100);
        for _ in 0..200 {
            round(100);
        }
        let (one, next) = (round(100), round(100));
        assert!((4..=8).contains(&one.len()), "{}", one.len());
        // The same ones again.
        assert!(next.iter().filter(|key| one.contains(key)).count() >= 4);
        for _ in 0..200 {
            round(1);
        }
        assert_eq!(round(100).len(), 100);
    }
}
