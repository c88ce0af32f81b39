//! A line as the API speaks of it.

use frontdesk_crm_core::trunks::{
    RegistrationPatch, ServerPatch, Trunk, TrunkPatch, codec_name, format_name, identity_name, redirection_name,
    transport_name,
};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::NumberSection;
use frontdesk_routing::plan::trunks::Server;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::output::TrunkState;
use crate::http::api::sip::SipDataView;
use crate::http::error::FieldProblem;
use crate::http::extract::given;
use crate::live::trunks::TrunkStateView;

/// A provider line.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrunkView {
    id: String,
    name: String,
    /// What the provider registers with us as, if it does.
    sip_user: Option<String>,
    servers: Vec<ServerView>,
    registration: Option<RegistrationView>,
    probe_s: Option<u64>,
    /// SHA-256 in hex with colons.
    tls_fingerprint: Option<String>,
    sources: Vec<String>,
    max_calls: Option<u32>,
    max_calls_per_second: Option<u32>,
    codecs: Vec<&'static str>,
    numbers_in: &'static str,
    numbers_out: &'static str,
    identity: &'static str,
    redirection: &'static str,
    privacy: bool,
    /// E.164. Calls show it once it is connected, and what the line registers as until then.
    shown_number: Option<String>,
    prefixes: Vec<String>,
    place: u16,
    /// What is set and has no effect yet: `shown_number` with the code `not_connected`.
    warnings: Vec<FieldProblem>,
    state: TrunkStateView,
    version: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ServerView {
    host: String,
    port: Option<u16>,
    /// `auto`, `udp`, `tcp` or `tls`.
    transport: &'static str,
}

/// The password is never told.
#[derive(Debug, Serialize, ToSchema)]
struct RegistrationView {
    user: String,
    auth_user: String,
    expires_s: u32,
}

/// A new line with what its other end registers with, if it does. The password is told this once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewTrunkView {
    #[serde(flatten)]
    pub(super) trunk: TrunkView,
    pub(super) sip: Option<SipDataView>,
}

/// What a line is set to. What is absent stays as it is, or has its default.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrunkBody {
    /// 1 to 100 characters; needed for a new line.
    name: Option<String>,
    /// Whether the provider's side registers with us, as a gateway does. Only for a new line; without `servers` and `sources`
    /// it is what is meant.
    pub(super) registers_with_us: Option<bool>,
    /// Where calls go out, tried in this order; at most 8.
    servers: Option<Vec<ServerBody>>,
    /// What we register with at the servers; `null`: we do not.
    #[serde(default, deserialize_with = "given")]
    registration: Option<Option<RegistrationBody>>,
    /// How often the servers are asked whether they live, 5 to 3600 seconds; `null`: never.
    #[serde(default, deserialize_with = "given")]
    probe_s: Option<Option<u32>>,
    /// The certificate that the servers have to show over TLS, whoever has signed it: SHA-256 in hex, with colons or
    /// without. `null`: one of a known authority for the server's name.
    #[serde(default, deserialize_with = "given")]
    tls_fingerprint: Option<Option<String>>,
    /// Addresses and networks whose calls are the provider's: `203.0.113.7`, `203.0.113.0/24`.
    sources: Option<Vec<String>>,
    /// Calls at a time; `null`: any number.
    #[serde(default, deserialize_with = "given")]
    max_calls: Option<Option<u32>>,
    #[serde(default, deserialize_with = "given")]
    max_calls_per_second: Option<Option<u32>>,
    /// `pcma`, `pcmu`, `g722`, `opus`, best first; empty: all that we speak.
    codecs: Option<Vec<String>>,
    /// How the provider writes numbers: `e164`, `e164_without_plus` or `national`.
    numbers_in: Option<String>,
    /// How it wants them written.
    numbers_out: Option<String>,
    /// How it is told who calls: `pai`, `rpid` or `from`.
    identity: Option<String>,
    /// How it is told that a call was sent on: `none`, `diversion` or `history_info`.
    redirection: Option<String>,
    /// Callers stay unknown to whom they call.
    privacy: Option<bool>,
    /// The number that is shown to whom is called, in any usual form.
    #[serde(default, deserialize_with = "given")]
    shown_number: Option<Option<String>>,
    /// Beginnings of the numbers that go out here, digits without a plus; empty: all. The longest that fits decides.
    prefixes: Option<Vec<String>>,
    /// Of lines that fit equally the lowest is tried first.
    place: Option<u16>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ServerBody {
    /// A domain name (NAPTR and SRV records are asked for when there is no port) or an address.
    host: String,
    port: Option<u16>,
    /// `auto` (when absent: what the domain's records say, else UDP), `udp`, `tcp` or `tls`.
    transport: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegistrationBody {
    user: Option<String>,
    /// The digest username, where it is not `user`.
    auth_user: Option<String>,
    /// Kept for the provider's challenges and told to nobody.
    password: Option<String>,
    /// 60 to 86400; 600 when absent.
    expires_s: Option<u32>,
}

impl std::fmt::Debug for RegistrationBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RegistrationBody({:?})", self.user)
    }
}

impl TrunkBody {
    /// What a new line is when nothing says how it is reached.
    pub(super) fn registers(&self) -> bool {
        let reached = self.servers.as_ref().is_some_and(|servers| !servers.is_empty());
        let known = self.sources.as_ref().is_some_and(|sources| !sources.is_empty());
        self.registers_with_us.unwrap_or(!reached && !known)
    }
}

impl From<TrunkBody> for TrunkPatch {
    fn from(body: TrunkBody) -> TrunkPatch {
        let server = |server: ServerBody| ServerPatch {
            host: server.host,
            port: server.port,
            transport: server.transport,
        };
        let registration = |line: RegistrationBody| RegistrationPatch {
            user: line.user,
            auth_user: line.auth_user,
            password: line.password,
            expires_s: line.expires_s,
        };
        TrunkPatch {
            name: body.name,
            servers: body.servers.map(|servers| servers.into_iter().map(server).collect()),
            registration: body.registration.map(|line| line.map(registration)),
            probe_s: body.probe_s,
            tls_fingerprint: body.tls_fingerprint,
            sources: body.sources,
            max_calls: body.max_calls,
            max_calls_per_second: body.max_calls_per_second,
            codecs: body.codecs,
            numbers_in: body.numbers_in,
            numbers_out: body.numbers_out,
            identity: body.identity,
            redirection: body.redirection,
            privacy: body.privacy,
            shown_number: body.shown_number,
            prefixes: body.prefixes,
            place: body.place,
        }
    }
}

/// `connected`: the account's numbers.
pub(super) fn view(trunk: Trunk, state: Option<TrunkState>, connected: &NumberSection) -> TrunkView {
    let plan = trunk.plan;
    let unconnected = |number: &PhoneNumber| connected.get(plan.account, *number).is_none();
    let warning = |_| FieldProblem {
        field: "shown_number".to_owned(),
        code: "not_connected".to_owned(),
        message: "no call shows it before it is connected".to_owned(),
    };
    let warnings = plan.shown_number.filter(unconnected).map(warning).into_iter().collect();
    let provider = plan.provider.unwrap_or_default();
    let server = |server: Server| ServerView {
        host: server.host.into(),
        port: server.port,
        transport: transport_name(server.transport),
    };
    let registration = provider.registration.map(|line| RegistrationView {
        user: line.user.into(),
        auth_user: line.auth_user.into(),
        expires_s: line.expires,
    });
    TrunkView {
        id: plan.id.to_string(),
        name: plan.name.to_string(),
        sip_user: plan.sip.map(|sip| sip.user.to_string()),
        servers: provider.servers.into_iter().map(server).collect(),
        registration,
        probe_s: provider.probe.map(|probe| probe.as_secs()),
        tls_fingerprint: provider.tls_fingerprint.map(|shown| shown.to_string()),
        sources: plan.sources.iter().map(ToString::to_string).collect(),
        max_calls: plan.limits.calls,
        max_calls_per_second: plan.limits.per_second,
        codecs: plan.codecs.into_iter().map(codec_name).collect(),
        numbers_in: format_name(plan.numbers_in),
        numbers_out: format_name(plan.numbers_out),
        identity: identity_name(plan.identity),
        redirection: redirection_name(plan.redirection),
        privacy: plan.privacy,
        shown_number: plan.shown_number.map(|number| number.reveal()),
        prefixes: plan.prefixes.into_iter().map(String::from).collect(),
        place: plan.place,
        warnings,
        state: state.as_ref().map(TrunkStateView::from).unwrap_or_default(),
        version: trunk.version,
    }
}
