//! Who may speak to us, and how much.
//!
//! A source is an IPv4 address or an IPv6 /64. It has a token bucket, and what it does wrong is counted over a window:
//! credentials that do not fit, users that were asked for and never proved, messages that cannot be read, more than the
//! bucket allows, the names of scanners. A phone's first 401 is no offence: a challenge counts only when it has not been
//! answered in some seconds, once for each user. Too many offences block the source.
//!
//! Behind one address there may be an attacker and honest phones. Whoever shows right credentials is *known* by address and
//! port: it has a bucket of its own, and no automatic block of its address reaches it. A block silences the ports that have
//! offended; any other port of the address may still ring the doorbell, slowly, so that a phone can log in and become known,
//! while one offence more silences that port too. A block by hand leaves nobody out.
//!
//! What is not bound to a network path can be forged: whoever forges a known pair of address and port can make it lose
//! that standing, and whoever forges an unknown address can have it blocked. `allow` is for those who must never be.
//!
//! All memory is bounded. When it is full, newcomers share one bucket until old sources are forgotten.

mod block;
mod scanner;
mod source;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use crate::Now;
pub use block::{Block, Reason};
use block::{Blocks, Entrance};
pub use scanner::is_scanner;
use source::{Known, Source};

/// A challenge that is not answered by then is not going to be: two lost datagrams and their retransmissions fit in.
const GRACE: Duration = Duration::from_secs(4);
/// Known pairs for each source that may be remembered.
const KNOWN_PER_SOURCE: usize = 4;

#[derive(Debug, Clone)]
pub struct GuardConfig {
    /// Messages a second that a source may send for long.
    pub rate: u32,
    /// Messages that it may send at once.
    pub burst: u32,
    /// Failed credentials, or users asked for in vain, within `failure_window` that lead to a block; 0: never.
    pub failures: u32,
    pub failure_window: Duration,
    pub ban: Duration,
    /// How long right credentials make an address and port known.
    pub trust: Duration,
    /// Never throttled, never blocked.
    pub allow: Vec<IpNet>,
    pub most_sources: usize,
}

impl Default for GuardConfig {
    fn default() -> Self {
        let loopback = ["127.0.0.0/8", "::1/128"];
        GuardConfig {
            rate: 100,
            burst: 400,
            failures: 20,
            failure_window: Duration::from_secs(600),
            ban: Duration::from_secs(3600),
            trust: Duration::from_secs(3600),
            allow: loopback.iter().filter_map(|net| net.parse().ok()).collect(),
            most_sources: 16_384,
        }
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// From an allowed network or a known phone.
    Trusted,
    /// To be served, and looked at for offences.
    Watched,
    /// To be dropped without an answer: the source sends too much.
    Throttled,
    /// To be dropped without an answer.
    Blocked,
}

/// What a source did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offence {
    /// Credentials that do not fit, or none for a user that was asked for.
    Credentials,
    /// Nothing that could be read or served.
    Malformed,
    /// More than its bucket holds.
    Excess,
    /// It says that it is a scanner.
    Scanner,
}

impl Offence {
    /// In hundredths of failed credentials.
    fn weight(self, config: &GuardConfig) -> u32 {
        match self {
            Offence::Credentials => 100,
            Offence::Malformed => 20,
            Offence::Excess => 2,
            Offence::Scanner => limit(config),
        }
    }

    fn reason(self) -> Reason {
        match self {
            Offence::Credentials => Reason::Credentials,
            Offence::Malformed => Reason::Malformed,
            Offence::Excess => Reason::Flood,
            Offence::Scanner => Reason::Scanner,
        }
    }
}

/// What the owner should tell people and remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    Blocked(Block),
    /// The block of this address has ended or was lifted.
    Lifted(IpAddr),
}

#[derive(Debug)]
pub struct Guard {
    config: GuardConfig,
    /// Like `allow`, but of those who come and go.
    trusted: Vec<IpNet>,
    sources: HashMap<IpAddr, Source>,
    known: HashMap<SocketAddr, Known>,
    newcomers: Source,
    blocks: Blocks,
    notices: VecDeque<Notice>,
    /// When idle sources may be looked for again.
    next_sweep: Option<Instant>,
}

impl Guard {
    pub fn new(config: GuardConfig, now: Now) -> Guard {
        Guard {
            newcomers: Source::new(&config, now.instant),
            blocks: Blocks::new(config.most_sources),
            config,
            trusted: Vec::new(),
            sources: HashMap::new(),
            known: HashMap::new(),
            notices: VecDeque::new(),
            next_sweep: None,
        }
    }

    /// Networks that are never throttled and never blocked from now on, beside `allow`: providers.
    pub fn trust(&mut self, networks: Vec<IpNet>) {
        self.trusted = networks;
    }

    /// Judges one message.
    pub fn admit(&mut self, peer: SocketAddr, now: Now) -> Verdict {
        if self.is_allowed(peer.ip()) {
            return Verdict::Trusted;
        }
        let entrance = self.blocks.entrance(source_of(peer.ip()), peer.port(), now.instant);
        if entrance == Entrance::ByHand {
            return Verdict::Blocked;
        }
        if let Some(known) = self.known.get_mut(&peer).filter(|known| known.until > now.instant) {
            return match known.bucket.take(&self.config, now.instant) {
                true => Verdict::Trusted,
                false => Verdict::Throttled,
            };
        }
        match entrance {
            Entrance::Doorbell if self.blocks.knock(source_of(peer.ip()), now.instant) => return Verdict::Watched,
            Entrance::Doorbell | Entrance::Closed | Entrance::ByHand => return Verdict::Blocked,
            Entrance::Open => {}
        }
        let (place, config) = self.place(peer.ip(), now.instant);
        if place.bucket.take(config, now.instant) {
            return Verdict::Watched;
        }
        self.offence(peer, Offence::Excess, now);
        Verdict::Throttled
    }

    /// Counts what a source did wrong; true when this led to a block.
    pub fn offence(&mut self, peer: SocketAddr, offence: Offence, now: Now) -> bool {
        if self.is_allowed(peer.ip()) || self.config.failures == 0 {
            return false;
        }
        if let Some(known) = self.known.get_mut(&peer).filter(|known| known.until > now.instant) {
            let over = known
                .record
                .add(offence.weight(&self.config), &self.config, now.instant);
            if !over || offence == Offence::Excess {
                return false;
            }
            self.known.remove(&peer);
            return self.block_source(peer, offence.reason(), now);
        }
        if self.blocks.silence(source_of(peer.ip()), peer.port()) {
            return false;
        }
        let Some((place, config)) = self.place_of_its_own(peer.ip(), now.instant) else {
            return false;
        };
        let over = place.record.add(offence.weight(config), config, now.instant);
        over && self.block_source(peer, offence.reason(), now)
    }

    /// A request for a user was asked for credentials. Whoever answers in time is innocent.
    pub fn challenged(&mut self, peer: SocketAddr, user: &[u8], now: Now) {
        if self.config.failures == 0 || self.is_allowed(peer.ip()) || self.known.contains_key(&peer) {
            return;
        }
        let Some((place, config)) = self.place_of_its_own(peer.ip(), now.instant) else {
            return;
        };
        let over = place.ask(user, config, now.instant);
        if over && !self.blocks.silence(source_of(peer.ip()), peer.port()) {
            self.block_source(peer, Reason::Guessing, now);
        }
    }

    /// Right credentials: the pair is known from now on, and the question for this user is answered.
    pub fn passed(&mut self, peer: SocketAddr, user: &[u8], now: Now) {
        if self.is_allowed(peer.ip()) {
            return;
        }
        if let Some(source) = self.sources.get_mut(&source_of(peer.ip())) {
            source.answered(user);
        }
        let until = now.instant + self.config.trust;
        if let Some(known) = self.known.get_mut(&peer) {
            known.until = until;
        } else if self.room_for_known(now.instant) {
            self.known.insert(peer, Known::new(until, &self.config, now.instant));
        }
    }

    /// Blocks an address for a person who wants that; false when it is allowed by the configuration.
    pub fn block_by_hand(&mut self, address: IpAddr, until_ms: Option<i64>, now: Now) -> bool {
        if self.is_allowed(address) {
            return false;
        }
        let block = Block {
            address: source_of(address),
            reason: Reason::ByHand,
            since_ms: now.unix_ms,
            until_ms,
        };
        self.put_block(block, None, now)
    }

    /// Takes back a block from before a restart.
    pub fn restore(&mut self, block: Block, now: Now) {
        if !self.is_allowed(block.address) && block.until_ms.is_none_or(|until| until > now.unix_ms) {
            self.put_block(block, None, now);
        }
    }

    /// Lifts the block of an address, and forgets what led to it.
    pub fn lift(&mut self, address: IpAddr) {
        let address = source_of(address);
        self.sources.remove(&address);
        if self.blocks.remove(address) {
            self.notices.push_back(Notice::Lifted(address));
        }
    }

    /// Ends what is over.
    pub fn expire(&mut self, now: Now) {
        while let Some(address) = self.blocks.pop_expired(now.instant) {
            self.notices.push_back(Notice::Lifted(address));
        }
    }

    /// When `expire` wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        self.blocks.deadline()
    }

    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Sources that are remembered.
    pub fn sources(&self) -> usize {
        self.sources.len()
    }

    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    pub fn is_allowed(&self, source: IpAddr) -> bool {
        let source = source.to_canonical();
        self.config
            .allow
            .iter()
            .chain(&self.trusted)
            .any(|net| net.contains(&source))
    }

    /// Whether the peer has shown who it is, or need not: it is allowed, or its credentials were right not long ago.
    pub fn knows(&self, peer: SocketAddr, now: Now) -> bool {
        let known = self.known.get(&peer);
        self.is_allowed(peer.ip()) || known.is_some_and(|known| known.until > now.instant)
    }

    fn block_source(&mut self, peer: SocketAddr, reason: Reason, now: Now) -> bool {
        let ban = i64::try_from(self.config.ban.as_millis()).unwrap_or(i64::MAX);
        let block = Block {
            address: source_of(peer.ip()),
            reason,
            since_ms: now.unix_ms,
            until_ms: Some(now.unix_ms.saturating_add(ban)),
        };
        if let Some(source) = self.sources.get_mut(&block.address) {
            source.forgive();
        }
        self.put_block(block, Some(peer.port()), now)
    }

    fn put_block(&mut self, block: Block, offender: Option<u16>, now: Now) -> bool {
        let put = self.blocks.put(block.clone(), offender, now);
        if put {
            self.notices.push_back(Notice::Blocked(block));
        }
        put
    }

    fn place(&mut self, source: IpAddr, now: Instant) -> (&mut Source, &GuardConfig) {
        let key = source_of(source);
        let full = !self.sources.contains_key(&key) && self.is_full(now);
        let place = match full {
            true => &mut self.newcomers,
            false => self
                .sources
                .entry(key)
                .or_insert_with(|| Source::new(&self.config, now)),
        };
        (place, &self.config)
    }

    /// `None` when there is no room: nobody answers for what others do.
    fn place_of_its_own(&mut self, source: IpAddr, now: Instant) -> Option<(&mut Source, &GuardConfig)> {
        if !self.sources.contains_key(&source_of(source)) && self.is_full(now) {
            return None;
        }
        Some(self.place(source, now))
    }

    /// Whether there is no room for another source, after idle ones were forgotten. They are looked for at most once a
    /// second: a flood of new sources must not cost a sweep each.
    fn is_full(&mut self, now: Instant) -> bool {
        if self.sources.len() < self.config.most_sources {
            return false;
        }
        self.sweep(now);
        self.sources.len() >= self.config.most_sources
    }

    fn room_for_known(&mut self, now: Instant) -> bool {
        let most = self.config.most_sources.saturating_mul(KNOWN_PER_SOURCE);
        if self.known.len() >= most {
            self.sweep(now);
        }
        self.known.len() < most
    }

    fn sweep(&mut self, now: Instant) {
        if self.next_sweep.is_none_or(|at| at <= now) {
            self.next_sweep = Some(now + Duration::from_secs(1));
            let config = &self.config;
            self.sources.retain(|_, source| !source.is_idle(config, now));
            self.known.retain(|_, known| known.until > now);
        }
    }
}

/// Points that lead to a block.
fn limit(config: &GuardConfig) -> u32 {
    config.failures.saturating_mul(100)
}

/// The address, or the first of the /64 of an IPv6 one: a subscriber has all of it.
pub fn source_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}
