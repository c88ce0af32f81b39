//! What an engine is set up with, and what it counts.

use std::time::Duration;

use frontdesk_media::io::command::Codec;
use frontdesk_sip::auth::AuthConfig;
use frontdesk_sip::endpoint::EndpointConfig;
use frontdesk_sip::guard::GuardConfig;
use frontdesk_sip::registrar::RegistrarConfig;

#[derive(Debug, Clone)]
pub struct EngineConfig {
    pub endpoint: EndpointConfig,
    pub registrar: RegistrarConfig,
    pub auth: AuthConfig,
    pub guard: GuardConfig,
    /// How often phones behind a NAT are asked for a sign of life, and others at most; zero: never.
    pub keep_alive: Duration,
    /// How long phones ring before the caller gets 480.
    pub ring_timeout: Duration,
    /// How long a call stays parked before whoever parked it is called back.
    pub parking_timeout: Duration,
    /// False: nothing is recorded here, whatever an account's policy says.
    pub recording: bool,
    /// What phones may speak, best first.
    pub codecs: Vec<Codec>,
    pub srtp: SrtpPolicy,
    /// As the media threads have them.
    pub rtp_ports: (u16, u16),
    pub media_threads: usize,
}

/// With which phones audio is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SrtpPolicy {
    /// Those whose signalling is.
    #[default]
    Tls,
    Always,
    Never,
}

/// What has happened since the start, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    pub messages: u64,
    pub throttled: u64,
    /// Requests that got 503 because there was no time for them.
    pub turned_away: u64,
    /// Messages of blocked sources.
    pub blocked: u64,
    /// Sources that were blocked.
    pub blocks: u64,
    pub registers_accepted: u64,
    pub credentials_failed: u64,
    pub calls: u64,
    pub calls_answered: u64,
    pub calls_refused: u64,
    pub subscriptions: u64,
    pub bugs: u64,
}

/// What is held now; all zero when nothing goes on (bindings apart).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub calls: usize,
    pub sessions: usize,
    pub media_legs: usize,
    pub ports_in_use: usize,
    pub relayed: usize,
    pub subscriptions: usize,
    /// Legs to numbers outside.
    pub outside: usize,
    /// Legs to phones that could be reached otherwise too.
    pub flows: usize,
    /// Phones of whose lost connections something is left.
    pub adrift: usize,
    /// INVITEs to phones from which nothing has come since.
    pub doubts: usize,
    /// Places where calls are parked that are taken.
    pub parked: usize,
    /// Calls that wait in departments' lines.
    pub queued: usize,
    /// What is kept of watchers, and of calls for them.
    pub watches: usize,
    /// What phones have published of their people.
    pub publications: usize,
}
