//! A line's settings as a row.

use std::time::Duration;

use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::trunks::{Provider, Registration, Server, TrunkLimits};

use super::{TrunkSettings, names};
use crate::store::{Arg, StoreError, args};

/// What [`Row`] reads of the table `trunks t`.
macro_rules! columns {
    () => {
        "t.name, t.servers, t.registration_user, t.registration_auth_user, t.registration_secret, \
         t.registration_expires_s, t.probe_s, t.sources, t.max_calls, t.max_calls_per_second, t.codecs, t.numbers_in, \
         t.numbers_out, t.identity, t.redirection, t.privacy, t.shown_number, t.prefixes, t.place"
    };
}
pub(crate) use columns;

#[derive(sqlx::FromRow)]
pub(crate) struct Row {
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
}

/// The values from `name` on, in the order of the columns.
pub(super) fn values(settings: &TrunkSettings) -> Vec<Arg> {
    let registration = settings.provider.registration.as_ref();
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    args![
        &settings.name,
        lines(settings.provider.servers.iter().map(server_line)),
        registration.map(|line| &*line.user),
        registration.map(|line| &*line.auth_user),
        registration.map(|line| &*line.secret),
        registration.map(|line| i64::from(line.expires)),
        settings.provider.probe.map(seconds),
        lines(settings.sources.iter().map(ToString::to_string)),
        settings.limits.calls.map(i64::from),
        settings.limits.per_second.map(i64::from),
        lines(settings.codecs.iter().map(|codec| names::codec_name(*codec).to_owned())),
        names::format_name(settings.numbers_in),
        names::format_name(settings.numbers_out),
        names::identity_name(settings.identity),
        names::redirection_name(settings.redirection),
        settings.privacy,
        settings.shown_number.map(PhoneNumber::reveal),
        lines(settings.prefixes.iter().map(ToString::to_string)),
        settings.place,
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
    pub(crate) fn read(self) -> Result<TrunkSettings, StoreError> {
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
        };
        let limits = TrunkLimits {
            calls: number(self.max_calls, "max_calls")?,
            per_second: number(self.max_calls_per_second, "max_calls_per_second")?,
        };
        let sources = self.sources.lines().map(str::parse).collect::<Result<_, _>>();
        let codecs = self.codecs.lines().map(names::codec_named).collect::<Result<_, _>>();
        let shown = self.shown_number.as_deref().map(PhoneNumber::from_e164).transpose();
        Ok(TrunkSettings {
            provider,
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
            name,
        })
    }
}
