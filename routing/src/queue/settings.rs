//! What an office sets for a department's queue.

use crate::ids::StaffId;

/// Shortest ring time and shortest rest after an offer that was turned down: a phone that answers "busy" at once must
/// not be called in a circle.
pub const SHORTEST_MS: u64 = 1_000;

/// Which free agents ring for the caller at the head of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// All free agents at once.
    RingAll,
    /// The one who ended their last call, or came to work, longest ago.
    #[default]
    LongestIdle,
    /// The one who answered the fewest calls of this department. Who is added later starts with the lowest count of the
    /// others, so that they do not get every call until they have caught up.
    FewestCalls,
    /// The next one by place after the one who rang last, whoever the caller was.
    RoundRobin,
    /// The lowest penalty, then the lowest place.
    Linear,
    /// Anyone, evenly; by the seed of [`Queues::new`](super::Queues::new).
    Random,
}

/// May a caller join a line that nobody serves?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JoinWhenEmpty {
    /// Yes: the caller waits for somebody to come.
    Always,
    /// Only while at least one member is reachable, be they in a call or not.
    #[default]
    WhenSomebodyWorks,
    /// Only while at least one member could take the call now.
    WhenSomebodyFree,
}

/// What the VIP flag of a client does to their place in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VipRule {
    /// VIPs stand ahead of all ordinary callers.
    Strict {
        /// An ordinary caller is overtaken only by VIPs who arrived at most so long after them, in milliseconds.
        /// `None`: by every VIP, so that many VIPs can keep an ordinary caller waiting.
        overtaken_at_most_ms: Option<u64>,
    },
    /// A VIP counts as having arrived so much earlier, in milliseconds: nobody starves.
    HeadStart { lead_ms: u64 },
    /// The flag changes nothing.
    Ignore,
}

impl Default for VipRule {
    /// VIPs first, but nobody is overtaken by a VIP who comes more than ten minutes later.
    fn default() -> Self {
        VipRule::Strict {
            overtaken_at_most_ms: Some(600_000),
        }
    }
}

/// The settings of one department's queue. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    pub strategy: Strategy,
    /// How long one offer rings; at least [`SHORTEST_MS`].
    pub ring_time_ms: u64,
    /// Rest of an agent after a call of this department.
    pub wrap_up_ms: u64,
    /// Rest of an agent who let an offer ring out. The longer of this and `retry_ms` counts.
    pub pause_after_missed_ms: u64,
    /// Rest of an agent after any offer that came to nothing; at least [`SHORTEST_MS`].
    pub retry_ms: u64,
    /// Most calls in the queue, ringing ones too. `None`: no limit.
    pub capacity: Option<u32>,
    /// A caller who has waited so long in this department leaves it. `None`: they may wait for ever.
    pub longest_wait_ms: Option<u64>,
    pub join_when_empty: JoinWhenEmpty,
    /// Waiting callers leave once no member has been reachable for so long; at least [`SHORTEST_MS`].
    /// `None`: they stay.
    pub leave_when_empty_ms: Option<u64>,
    pub vip: VipRule,
    /// Among departments that share agents, the higher one is served first.
    pub priority: u16,
    /// Among departments of one priority, the lower one is served first; equal ones share one order of callers.
    pub place: u16,
    /// A call answered within this time counts as answered in time.
    pub service_level_ms: u64,
}

impl Default for QueueSettings {
    fn default() -> Self {
        QueueSettings {
            strategy: Strategy::default(),
            ring_time_ms: 20_000,
            wrap_up_ms: 0,
            pause_after_missed_ms: 0,
            retry_ms: 5_000,
            capacity: None,
            longest_wait_ms: None,
            join_when_empty: JoinWhenEmpty::default(),
            leave_when_empty_ms: None,
            vip: VipRule::default(),
            priority: 0,
            place: 0,
            service_level_ms: 20_000,
        }
    }
}

impl QueueSettings {
    pub(super) fn bounded(mut self) -> QueueSettings {
        self.ring_time_ms = self.ring_time_ms.max(SHORTEST_MS);
        self.retry_ms = self.retry_ms.max(SHORTEST_MS);
        self.leave_when_empty_ms = self.leave_when_empty_ms.map(|ms| ms.max(SHORTEST_MS));
        self
    }
}

/// A staff member as a department sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub staff: StaffId,
    /// For [`Strategy::Linear`]: lower ones ring first.
    pub penalty: u16,
    /// Settles what the strategy leaves open: lower ones ring first.
    pub place: u16,
    /// Calls of any kind in which the member gets no further one of this department; 0 counts as 1.
    pub calls_at_once: u16,
}

impl Member {
    /// A member with one call at a time and no penalty.
    pub fn new(staff: StaffId) -> Member {
        Member {
            staff,
            penalty: 0,
            place: 0,
            calls_at_once: 1,
        }
    }
}
