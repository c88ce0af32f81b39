//! Figures of a department's queue.

/// What happened since the queue was made, and how it stands now. Times are milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    pub counts: Counts,
    /// Callers in the queue, ringing ones too.
    pub length: usize,
    /// Callers who wait for an agent, at whom none rings.
    pub waiting: usize,
    /// When the caller who waits longest began to wait.
    pub longest_waiting_since: Option<u64>,
    /// Members who are reachable.
    pub working: usize,
    /// Members who could take a call now.
    pub free: usize,
}

/// Sums of a department since it was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub joined: u64,
    /// Callers who were turned away because the queue was full or nobody worked.
    pub turned_away: u64,
    pub answered: u64,
    /// Of these, within the time of the service level.
    pub answered_in_time: u64,
    /// Callers who hung up while they waited.
    pub abandoned: u64,
    /// Callers who left because they had waited too long or nobody worked.
    pub expired: u64,
    /// The sum of the waiting times of answered callers, each from joining this department.
    pub waited_ms: u64,
    /// A running mean of the time that a call keeps an agent, wrap-up included; 0 before the first one.
    pub handling_ms: u64,
}

impl Counts {
    /// Calls answered in time in thousandths of those answered, abandoned or expired. `None` before the first.
    pub fn service_level(&self) -> Option<u64> {
        let of = self.answered + self.abandoned + self.expired;
        (self.answered_in_time * 1_000).checked_div(of)
    }

    pub(super) fn answer(&mut self, waited: u64, in_time: bool) {
        self.answered += 1;
        self.answered_in_time += u64::from(in_time);
        self.waited_ms = self.waited_ms.saturating_add(waited);
    }

    /// The newest call weighs an eighth.
    pub(super) fn handled(&mut self, took: u64) {
        self.handling_ms = match self.handling_ms {
            0 => took,
            mean => (mean.saturating_mul(7).saturating_add(took)) / 8,
        };
    }
}
