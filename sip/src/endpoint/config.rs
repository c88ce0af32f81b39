//! What an endpoint is set up with.

use std::borrow::Cow;
use std::time::Duration;

use crate::flow::Advertise;

#[derive(Debug, Clone)]
pub struct EndpointConfig {
    pub timers: Timers,
    /// The value of User-Agent and Server; empty: neither is sent.
    pub user_agent: String,
    pub advertise: Advertise,
    /// Option tags that the owner serves; a request that requires another gets 420. `100rel` and `timer` are served
    /// inside.
    pub supported: Vec<Cow<'static, str>>,
    /// `None`: session timers are neither offered nor understood.
    pub session_timer: Option<SessionIntervals>,
    pub limits: Limits,
    pub subscriptions: SubscriptionTerms,
    /// Event packages that the owner serves, as Allow-Events lists them (RFC 6665 section 8.2.2); empty: none.
    pub allow_events: Cow<'static, str>,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        EndpointConfig {
            timers: Timers::default(),
            user_agent: "Frontdesk".to_owned(),
            advertise: Advertise::default(),
            supported: vec![
                Cow::Borrowed("path"),
                Cow::Borrowed("replaces"),
                Cow::Borrowed("norefersub"),
                Cow::Borrowed("outbound"),
            ],
            session_timer: Some(SessionIntervals::default()),
            limits: Limits::default(),
            subscriptions: SubscriptionTerms::default(),
            allow_events: Cow::Borrowed(""),
        }
    }
}

/// What we want of session timers (RFC 4028); whole seconds count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionIntervals {
    /// After this long without a refresh a session is over.
    pub interval: Duration,
    /// A peer that wants less gets 422.
    pub min_se: Duration,
}

impl SessionIntervals {
    pub(crate) fn interval_seconds(&self) -> u32 {
        u32::try_from(self.interval.as_secs())
            .unwrap_or(u32::MAX)
            .max(self.min_se_seconds())
    }

    pub(crate) fn min_se_seconds(&self) -> u32 {
        u32::try_from(self.min_se.as_secs()).unwrap_or(u32::MAX).max(1)
    }
}

impl Default for SessionIntervals {
    fn default() -> Self {
        SessionIntervals {
            interval: Duration::from_secs(1800),
            min_se: Duration::from_secs(90),
        }
    }
}

/// The base values of RFC 3261 table 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Round-trip estimate.
    pub t1: Duration,
    /// The longest interval between retransmissions.
    pub t2: Duration,
    /// How long a message may stay in the network.
    pub t4: Duration,
    /// After this long without another response an INVITE gets 100 (RFC 3261 section 17.2.1).
    pub trying: Duration,
    /// A ringing INVITE gets its provisional response again this often (RFC 3261 section 13.3.1.1).
    pub ring_refresh: Duration,
}

impl Timers {
    /// 64*T1: timers B, F, H, J, L and M.
    pub fn give_up(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// The interval after `interval`: doubled, at most T2.
    pub fn next(&self, interval: Duration) -> Duration {
        interval.saturating_mul(2).min(self.t2)
    }
}

impl Default for Timers {
    fn default() -> Self {
        Timers {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            trying: Duration::from_millis(200),
            ring_refresh: Duration::from_secs(60),
        }
    }
}

/// How long subscriptions last, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionTerms {
    /// A shorter wish is refused with 423; 0, the end, is always granted.
    pub min_expires: u32,
    /// A longer wish is cut.
    pub max_expires: u32,
}

impl Default for SubscriptionTerms {
    fn default() -> Self {
        SubscriptionTerms {
            min_expires: 60,
            max_expires: 3600,
        }
    }
}

/// What peers can make the endpoint hold at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Beyond this many server transactions new requests get 503 and are not kept.
    pub server_transactions: usize,
    /// Beyond this many sessions new INVITEs get 503.
    pub sessions: usize,
    /// Branches of one of our INVITEs that are told apart; more are ignored while they ring.
    pub early_dialogs: usize,
    /// Beyond this many subscriptions new SUBSCRIBEs get 503.
    pub subscriptions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            server_transactions: 1_000_000,
            sessions: 100_000,
            early_dialogs: 16,
            subscriptions: 50_000,
        }
    }
}
