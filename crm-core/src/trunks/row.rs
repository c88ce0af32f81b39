//! A line as a row.

use std::time::Duration;

use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::PlanTrunk;
use frontdesk_routing::plan::fingerprint::Fingerprint;
use frontdesk_routing::plan::trunks::{Provider, Registration, Server, TrunkLimits};

use super::{Trunk, names};
use crate::sip_accounts::SipRow;
use crate::store::page::Mark;
use crate::store::text::id;
use crate::store::{Arg, StoreError, args};

/// Lines as [`Row`] reads them.
macro_rules! trunk {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.account_id, t.version, p.id AS sip_id, p.sip_user, p.ha1_md5, p.ha1_sha256, p.enabled, t.name, \
             t.servers, t.registration_user, t.registration_auth_user, t.registration_secret, \
             t.registration_expires_s, t.probe_s, t.sources, t.max_calls, t.max_calls_per_second, t.codecs, \
             t.numbers_in, t.numbers_out, t.identity, t.redirection, t.privacy, t.shown_number, t.prefixes, t.place, \
             t.tls_fingerprint \
             FROM trunks t LEFT JOIN sip_accounts p ON p.trunk_id = t.id ",
            $rest
        )
    };
}
pub(super) use trunk;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: String,
    account_id: String,
    version: i64,
    #[sqlx(flatten)]
    sip: SipRow,
    name: String,
    servers: String,
    registration_user: Option<String>,
    registration_auth_user: Option<String>,
    registration_secret: Option<String>,
    registration_expires_s: Option<i64>,
    probe_s: Option<i64>,
    sources: String,
    max_calls: Option<i64>,
    max_calls_per_second: Option<i64>,
    codecs: String,
    numbers_in: String,
    numbers_out: String,
    identity: String,
    redirection: String,
    privacy: bool,
    shown_number: Option<String>,
    prefixes: String,
    place: i64,
    tls_fingerprint: Option<String>,
}

/// The values from `name` on, in the order of the columns.
pub(super) fn values(plan: &PlanTrunk) -> Vec<Arg> {
    let none = Provider::default();
    let provider = plan.provider.as_ref().unwrap_or(&none);
    let registration = provider.registration.as_ref();
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    args![
        &*plan.name,
        lines(provider.servers.iter().map(server_line)),
        registration.map(|line| &*line.user),
        registration.map(|line| &*line.auth_user),
        registration.map(|line| &*line.secret),
        registration.map(|line| i64::from(line.expires)),
        provider.probe.map(seconds),
        lines(plan.sources.iter().map(ToString::to_string)),
        plan.limits.calls.map(i64::from),
        plan.limits.per_second.map(i64::from),
        lines(plan.codecs.iter().map(|codec| names::codec_name(*codec).to_owned())),
        names::format_name(plan.numbers_in),
        names::format_name(plan.numbers_out),
        names::identity_name(plan.identity),
        names::redirection_name(plan.redirection),
        plan.privacy,
        plan.shown_number.map(PhoneNumber::reveal),
        lines(plan.prefixes.iter().map(ToString::to_string)),
        plan.place,
        provider.tls_fingerprint.map(|shown| shown.to_string()),
    ]
}

fn lines(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("\n")
}

pub(super) fn server_line(server: &Server) -> String {
    let transport = names::transport_name(server.transport);
    match server.port {
        Some(port) => format!("{transport} {} {port}", server.host),
        None => format!("{transport} {}", server.host),
    }
}

fn read_server(line: &str) -> Result<Server, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("{line} as a server"));
    let mut parts = line.split(' ');
    let (transport, host) = parts.next().zip(parts.next()).ok_or_else(corrupt)?;
    Ok(Server {
        host: host.into(),
        port: parts.next().map(str::parse).transpose().map_err(|_| corrupt())?,
        transport: names::transport_named(transport).map_err(|_| corrupt())?,
    })
}

impl Row {
    /// Where it stands in the list.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            number: self.place,
            text: self.name.clone(),
            id: self.id.clone(),
        }
    }

    pub(super) fn read(self) -> Result<Trunk, StoreError> {
        let name = self.name;
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of the line {name}"));
        let number = |value: Option<i64>, what| value.map(u32::try_from).transpose().map_err(|_| corrupt(what));
        let registration = match (self.registration_user, self.registration_secret) {
            (Some(user), Some(secret)) => Some(Registration {
                auth_user: self.registration_auth_user.unwrap_or_else(|| user.clone()).into(),
                user: user.into(),
                secret: secret.into(),
                expires: number(self.registration_expires_s, "expires")?.unwrap_or_default(),
            }),
            (_, _) => None,
        };
        let probe = number(self.probe_s, "probe")?;
        let provider = Provider {
            servers: self.servers.lines().map(read_server).collect::<Result<_, _>>()?,
            registration,
            probe: probe.map(|seconds| Duration::from_secs(seconds.into())),
            tls_fingerprint: match self.tls_fingerprint.as_deref() {
                Some(text) => Some(Fingerprint::read(text).ok_or_else(|| corrupt("tls_fingerprint"))?),
                None => None,
            },
        };
        let limits = TrunkLimits {
            calls: number(self.max_calls, "max_calls")?,
            per_second: number(self.max_calls_per_second, "max_calls_per_second")?,
        };
        let sources = self.sources.lines().map(str::parse).collect::<Result<_, _>>();
        let codecs = self.codecs.lines().map(names::codec_named).collect::<Result<_, _>>();
        let shown = self.shown_number.as_deref().map(PhoneNumber::from_e164).transpose();
        let plan = PlanTrunk {
            sip: self.sip.read()?,
            provider: Some(provider).filter(|provider| !provider.servers.is_empty()),
            limits,
            sources: sources.map_err(|_| corrupt("sources"))?,
            codecs: codecs.map_err(corrupt)?,
            numbers_in: names::format_named(&self.numbers_in).map_err(corrupt)?,
            numbers_out: names::format_named(&self.numbers_out).map_err(corrupt)?,
            identity: names::identity_named(&self.identity).map_err(corrupt)?,
            redirection: names::redirection_named(&self.redirection).map_err(corrupt)?,
            privacy: self.privacy,
            shown_number: shown.map_err(|_| corrupt("shown_number"))?,
            prefixes: self.prefixes.lines().map(Box::from).collect(),
            place: u16::try_from(self.place).map_err(|_| corrupt("place"))?,
            ..PlanTrunk::new(id(&self.id)?, id(&self.account_id)?, name.as_str().into())
        };
        Ok(Trunk {
            plan,
            version: self.version,
        })
    }
}
