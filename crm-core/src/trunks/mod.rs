//! Trunks: provider lines. A provider registers with us, or we with it, or either knows the other by its address; all are
//! trusted to say who calls.

mod names;
mod row;
mod rules;
mod store;

use frontdesk_routing::plan::PlanTrunk;

pub use names::{codec_name, format_name, identity_name, redirection_name, transport_name};
pub(crate) use store::{ALL, planned};
pub use store::{create, delete, get, list, page, update};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    /// As calls go by it.
    pub plan: PlanTrunk,
    pub version: i64,
}

/// What is to change, as typed: an outer `None` stays, an inner one empties.
#[derive(Debug, Clone, Default)]
pub struct TrunkPatch {
    pub name: Option<String>,
    pub servers: Option<Vec<ServerPatch>>,
    pub registration: Option<Option<RegistrationPatch>>,
    /// Seconds.
    pub probe_s: Option<Option<u32>>,
    /// SHA-256 of the certificate that the servers have to show over TLS.
    pub tls_fingerprint: Option<Option<String>>,
    /// Networks or addresses.
    pub sources: Option<Vec<String>>,
    pub max_calls: Option<Option<u32>>,
    pub max_calls_per_second: Option<Option<u32>>,
    pub codecs: Option<Vec<String>>,
    pub numbers_in: Option<String>,
    pub numbers_out: Option<String>,
    pub identity: Option<String>,
    pub redirection: Option<String>,
    pub privacy: Option<bool>,
    pub shown_number: Option<Option<String>>,
    pub prefixes: Option<Vec<String>>,
    pub place: Option<u16>,
}

#[derive(Debug, Clone, Default)]
pub struct ServerPatch {
    pub host: String,
    pub port: Option<u16>,
    /// `auto` when absent.
    pub transport: Option<String>,
}

/// `None` stays as it is.
#[derive(Clone, Default)]
pub struct RegistrationPatch {
    pub user: Option<String>,
    /// The same as `user` when it was never given.
    pub auth_user: Option<String>,
    pub password: Option<String>,
    /// Seconds.
    pub expires_s: Option<u32>,
}

impl std::fmt::Debug for RegistrationPatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RegistrationPatch({:?})", self.user)
    }
}
