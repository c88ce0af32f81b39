//! Provider lines: where calls come from and go to outside.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::fingerprint::Fingerprint;
use super::staff::PlanSip;
use crate::ids::{AccountId, TrunkId};
use crate::number::PhoneNumber;

/// A provider's line. It may register with us and take calls where it is registered (`sip`), we may register with it or send calls to it (`provider`), and it
/// may send calls from known addresses (`sources`); whoever is recognised by any of these is trusted to say who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanTrunk {
    pub id: TrunkId,
    pub account: AccountId,
    pub name: Arc<str>,
    pub sip: Option<PlanSip>,
    pub provider: Option<Provider>,
    pub sources: Vec<IpNet>,
    pub limits: TrunkLimits,
    /// Best first; empty: all that we speak.
    pub codecs: Vec<TrunkCodec>,
    pub numbers_in: NumberFormat,
    pub numbers_out: NumberFormat,
    pub identity: IdentityStyle,
    pub redirection: RedirectionStyle,
    /// Callers stay unknown to whom they call; the provider knows them.
    pub privacy: bool,
    /// What those who are called see.
    pub shown_number: Option<PhoneNumber>,
    /// Beginnings of the numbers that go out here, digits without a plus; empty: all.
    pub prefixes: Vec<Box<str>>,
    /// Of several trunks that fit equally the one with the lowest place is tried first.
    pub place: u16,
}

impl PlanTrunk {
    /// One that nothing is set of.
    pub fn new(id: TrunkId, account: AccountId, name: Arc<str>) -> PlanTrunk {
        PlanTrunk {
            id,
            account,
            name,
            sip: None,
            provider: None,
            sources: Vec::new(),
            limits: TrunkLimits::default(),
            codecs: Vec::new(),
            numbers_in: NumberFormat::default(),
            numbers_out: NumberFormat::default(),
            identity: IdentityStyle::default(),
            redirection: RedirectionStyle::default(),
            privacy: false,
            shown_number: None,
            prefixes: Vec::new(),
            place: 0,
        }
    }

    /// Whether calls may go out here at all; a gateway need not be registered at the moment.
    pub fn takes_calls(&self) -> bool {
        self.provider.is_some() || self.sip.as_ref().is_some_and(|sip| sip.enabled)
    }
}

/// The shortest prefix of a network whose calls are believed to be a provider's. A shorter one holds half the world.
pub fn widest_source(net: &IpNet) -> u8 {
    match net {
        IpNet::V4(_) => 16,
        IpNet::V6(_) => 32,
    }
}

/// Where a trunk's calls go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provider {
    /// Tried in this order.
    pub servers: Vec<Server>,
    /// `None`: the provider knows us by our address.
    pub registration: Option<Registration>,
    /// How often OPTIONS asks whether a server lives; `None`: never.
    pub probe: Option<Duration>,
    /// The certificate that its servers have to show over TLS, whoever has signed it; `None`: one of a known authority for
    /// the server's name.
    pub tls_fingerprint: Option<Fingerprint>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Server {
    /// A domain or an IP address, without brackets.
    pub host: Box<str>,
    /// `None`: as SRV records say, else the transport's own.
    pub port: Option<u16>,
    pub transport: ServerTransport,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ServerTransport {
    /// What the domain's own records say (RFC 3263 section 4.1); UDP when they say nothing.
    #[default]
    Auto,
    Udp,
    Tcp,
    Tls,
}

/// What we register with.
#[derive(Clone, PartialEq, Eq)]
pub struct Registration {
    /// The user of the address of record.
    pub user: Box<str>,
    /// The digest username, usually the same.
    pub auth_user: Box<str>,
    pub secret: Box<str>,
    /// Seconds.
    pub expires: u32,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registration({}, {} s)", self.user, self.expires)
    }
}

/// `None`: no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrunkLimits {
    /// Calls at a time, in both directions.
    pub calls: Option<u32>,
    /// New calls a second, in both directions.
    pub per_second: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrunkCodec {
    Pcma,
    Pcmu,
    G722,
    Opus,
}

/// How a provider writes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NumberFormat {
    /// `+74951234567`.
    #[default]
    E164,
    /// `74951234567`.
    E164WithoutPlus,
    /// `84951234567`: as one dials within the country of the account.
    National,
}

/// How a provider is told who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdentityStyle {
    /// P-Asserted-Identity (RFC 3325).
    #[default]
    Pai,
    /// Remote-Party-ID.
    Rpid,
    FromOnly,
}

/// How a provider is told that a call was sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RedirectionStyle {
    #[default]
    None,
    /// RFC 5806.
    Diversion,
    /// RFC 7044.
    HistoryInfo,
}
