//! What a line may be set to. Pure; whether others have a name or a source is the store's matter.

use std::net::IpAddr;
use std::time::Duration;

use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::PlanTrunk;
use frontdesk_routing::plan::fingerprint::Fingerprint;
use frontdesk_routing::plan::trunks::{Registration, Server, widest_source};
use ipnet::IpNet;

use super::{RegistrationPatch, ServerPatch, TrunkPatch, names};
use crate::numbers::e164;
use crate::store::faults::{Faults, within};
use crate::store::{FieldError, StoreError};

const LONGEST_NAME: usize = 100;
const MOST_SERVERS: usize = 8;
const MOST_SOURCES: usize = 64;
const MOST_PREFIXES: usize = 200;
/// A word of a provider's data.
const LONGEST_WORD: usize = 128;
const PROBE_S: std::ops::RangeInclusive<u32> = 5..=3_600;
const EXPIRES_S: std::ops::RangeInclusive<u32> = 60..=86_400;
const USUAL_EXPIRES_S: u32 = 600;
const LIMIT: std::ops::RangeInclusive<u32> = 1..=100_000;

pub(super) fn patched(before: PlanTrunk, patch: TrunkPatch, region: &str) -> Result<PlanTrunk, StoreError> {
    let (mut after, mut faults) = (before, Faults::default());
    let mut provider = after.provider.take().unwrap_or_default();
    words(&mut after, &mut faults, &patch);
    if let Some(name) = faults.keep(patch.name.map(|name| line_name(&name))) {
        after.name = name.into();
    }
    if let Some(servers) = faults.keep(patch.servers.map(servers)) {
        provider.servers = servers;
    }
    match patch.registration {
        Some(None) => provider.registration = None,
        Some(Some(given)) => {
            let before = provider.registration.take();
            provider.registration = faults.keep(Some(registration(before, given)));
        }
        None => {}
    }
    if let Some(probe) = faults.keep(patch.probe_s.map(|seconds| within("probe_s", seconds, PROBE_S))) {
        provider.probe = probe.map(|seconds| Duration::from_secs(seconds.into()));
    }
    if let Some(shown) = patch.tls_fingerprint {
        provider.tls_fingerprint = shown.and_then(|text| faults.keep(Some(fingerprint(&text))));
    }
    if let Some(sources) = faults.keep(
        patch
            .sources
            .map(|sources| list("sources", &sources, MOST_SOURCES, source)),
    ) {
        after.sources = sources;
    }
    if let Some(calls) = faults.keep(patch.max_calls.map(|calls| within("max_calls", calls, LIMIT))) {
        after.limits.calls = calls;
    }
    let rate = patch.max_calls_per_second;
    if let Some(rate) = faults.keep(rate.map(|rate| within("max_calls_per_second", rate, LIMIT))) {
        after.limits.per_second = rate;
    }
    if let Some(number) = patch.shown_number {
        after.shown_number = number.and_then(|number| faults.keep(Some(shown(&number, region))));
    }
    let prefixes = patch.prefixes;
    if let Some(prefixes) = faults.keep(prefixes.map(|given| list("prefixes", &given, MOST_PREFIXES, prefix))) {
        after.prefixes = prefixes;
    }
    after.privacy = patch.privacy.unwrap_or(after.privacy);
    after.place = patch.place.unwrap_or(after.place);
    if after.name.is_empty() {
        faults.add("name", "required", "a line has a name");
    }
    if provider.registration.is_some() && provider.servers.is_empty() {
        faults.add("servers", "required", "a registration needs a server to register with");
    }
    StoreError::invalid(faults.0)?;
    // What is set of servers says nothing where there are none.
    after.provider = Some(provider).filter(|provider| !provider.servers.is_empty());
    Ok(after)
}

fn words(after: &mut PlanTrunk, faults: &mut Faults, patch: &TrunkPatch) {
    faults.word(
        &mut after.numbers_in,
        ("numbers_in", &patch.numbers_in),
        names::format_named,
    );
    faults.word(
        &mut after.numbers_out,
        ("numbers_out", &patch.numbers_out),
        names::format_named,
    );
    faults.word(
        &mut after.identity,
        ("identity", &patch.identity),
        names::identity_named,
    );
    let redirection = ("redirection", &patch.redirection);
    faults.word(&mut after.redirection, redirection, names::redirection_named);
    let codec = |codec: &str| names::codec_named(codec).map_err(|known| format!("{known}, each once"));
    if let Some(codecs) = faults.keep(patch.codecs.as_ref().map(|codecs| list("codecs", codecs, 4, codec))) {
        after.codecs = codecs;
    }
}

fn line_name(name: &str) -> Result<String, FieldError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(FieldError::new("name", "required", "a line has a name"));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(FieldError::new("name", "too_long", "100 characters at most"));
    }
    Ok(name.to_owned())
}

/// Each item is read, none comes twice.
fn list<T: PartialEq>(
    field: &str,
    given: &[String],
    most: usize,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, FieldError> {
    if given.len() > most {
        return Err(FieldError::new(field, "too_long", format!("{most} at most")));
    }
    let mut all = Vec::with_capacity(given.len());
    for (place, item) in given.iter().enumerate() {
        let field = format!("{field}[{place}]");
        let item = read(item.trim()).map_err(|why| FieldError::new(&field, "invalid", why))?;
        if all.contains(&item) {
            return Err(FieldError::new(&field, "taken", "it is there already"));
        }
        all.push(item);
    }
    Ok(all)
}

fn servers(given: Vec<ServerPatch>) -> Result<Vec<Server>, FieldError> {
    if given.len() > MOST_SERVERS {
        return Err(FieldError::new("servers", "too_long", "8 at most"));
    }
    let read = |(place, server): (usize, ServerPatch)| {
        let wrong = |part: &str, why: &str| FieldError::new(&format!("servers[{place}].{part}"), "invalid", why);
        let host = server
            .host
            .trim()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_ascii_lowercase();
        if !is_host(&host) {
            return Err(wrong("host", "a domain name or an address, the port on its own"));
        }
        if server.port == Some(0) {
            return Err(wrong("port", "1 to 65535"));
        }
        let transport = names::transport_named(server.transport.as_deref().unwrap_or("auto"));
        Ok(Server {
            host: host.into(),
            port: server.port,
            transport: transport.map_err(|known| wrong("transport", known))?,
        })
    };
    given.into_iter().enumerate().map(read).collect()
}

/// RFC 1123 section 2.1, with the underscore that some have.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = || host.strip_suffix('.').unwrap_or(host).split('.').all(label);
    host.parse::<IpAddr>().is_ok() || (host.len() <= 253 && !host.ends_with(|c: char| c.is_ascii_digit()) && name())
}

fn registration(before: Option<Registration>, given: RegistrationPatch) -> Result<Registration, FieldError> {
    let word = |field: &str, text: String| {
        let good = (1..=LONGEST_WORD).contains(&text.len()) && !text.chars().any(char::is_control);
        let field = format!("registration.{field}");
        let why = || {
            FieldError::new(
                &field,
                "invalid",
                "1 to 128 characters, none of them a control character",
            )
        };
        good.then(|| text.into_boxed_str()).ok_or_else(why)
    };
    let missing = |field: &str| {
        FieldError::new(
            &format!("registration.{field}"),
            "required",
            "the provider gave you one",
        )
    };
    let (old_user, old_auth, old_secret, old_expires) = match before {
        Some(old) => (Some(old.user), Some(old.auth_user), Some(old.secret), Some(old.expires)),
        None => (None, None, None, None),
    };
    let user = given.user.map(|user| word("user", user)).transpose()?;
    let user = user.or(old_user).ok_or_else(|| missing("user"))?;
    if user.contains(|c: char| c.is_whitespace() || "@<>\"".contains(c)) {
        let why = "the part before the @ of the provider's address";
        return Err(FieldError::new("registration.user", "invalid", why));
    }
    let auth_user = given.auth_user.map(|user| word("auth_user", user)).transpose()?;
    let secret = given.password.map(|secret| word("password", secret)).transpose()?;
    let expires = within("registration.expires_s", given.expires_s, EXPIRES_S)?;
    Ok(Registration {
        auth_user: auth_user.or(old_auth).unwrap_or_else(|| user.clone()),
        user,
        secret: secret.or(old_secret).ok_or_else(|| missing("password"))?,
        expires: expires.or(old_expires).unwrap_or(USUAL_EXPIRES_S),
    })
}

fn source(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    let net = text.parse::<IpNet>().or_else(|_| address());
    let net = net
        .map_err(|_| "an address or a network, as in 203.0.113.0/24".to_owned())?
        .trunc();
    let widest = widest_source(&net);
    if net.prefix_len() < widest {
        return Err(format!("too wide to be trusted: /{widest} at most"));
    }
    Ok(net)
}

fn fingerprint(text: &str) -> Result<Fingerprint, FieldError> {
    let why = "SHA-256 of the certificate: 64 hex digits, with or without colons";
    Fingerprint::read(text).ok_or_else(|| FieldError::new("tls_fingerprint", "invalid", why))
}

fn shown(number: &str, region: &str) -> Result<PhoneNumber, FieldError> {
    let number = e164("shown_number", number, region)?;
    PhoneNumber::from_e164(&number).map_err(|bad| FieldError::new("shown_number", "invalid", bad.to_string()))
}

fn prefix(text: &str) -> Result<Box<str>, String> {
    let digits = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| Box::from(text))
        .ok_or_else(|| "1 to 15 digits with the country's, without a plus".to_owned())
}

#[cfg(test)]
mod tests {
    use frontdesk_routing::ids::{AccountId, TrunkId};

    use super::*;

    fn server(host: &str) -> ServerPatch {
        ServerPatch {
            host: host.to_owned(),
            ..ServerPatch::default()
        }
    }

    fn line() -> PlanTrunk {
        PlanTrunk::new(TrunkId::from_u128(1), AccountId::from_u128(1), "Line".into())
    }

    fn check(patch: TrunkPatch, expected: Result<(), &str>) {
        let fields = match patched(line(), patch.clone(), "RU") {
            Ok(_) => Ok(()),
            Err(StoreError::Invalid(faults)) => Err(faults
                .into_iter()
                .map(|fault| fault.field)
                .collect::<Vec<_>>()
                .join(" ")),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(fields, expected.map_err(str::to_owned), "{patch:?}");
    }

    fn with(set: impl FnOnce(&mut TrunkPatch)) -> TrunkPatch {
        let mut patch = TrunkPatch::default();
        set(&mut patch);
        patch
    }

    fn strings(items: &[&str]) -> Option<Vec<String>> {
        Some(items.iter().map(|item| (*item).to_owned()).collect())
    }

    #[test]
    fn a_server_is_a_name_or_an_address() {
        let check = |host: &str, good: bool| {
            let expected = if good { Ok(()) } else { Err("servers[0].host") };
            check(with(|patch| patch.servers = Some(vec![server(host)])), expected);
        };
        for good in ["sip.example.com", "203.0.113.7", "[2001:db8::1]", "pbx", "example.com."] {
            check(good, true);
        }
        for bad in ["", "a b", "sip.example.com:5060", "1.2.3", "-a.b", "a..b", "."] {
            check(bad, false);
        }
    }

    #[test]
    fn a_source_is_a_network_that_can_be_trusted() {
        let check = |source: &str, good: bool| {
            let expected = if good { Ok(()) } else { Err("sources[0]") };
            check(with(|patch| patch.sources = strings(&[source])), expected);
        };
        for good in ["203.0.113.0/24", "203.0.113.9", "2001:db8::/48"] {
            check(good, true);
        }
        for bad in ["0.0.0.0/0", "10.0.0.0/8", "::/0", "sip.example.com"] {
            check(bad, false);
        }
    }

    #[test]
    fn each_setting_is_checked_and_named() {
        check(TrunkPatch::default(), Ok(()));
        check(with(|patch| patch.name = Some(" ".into())), Err("name"));
        check(with(|patch| patch.probe_s = Some(Some(4))), Err("probe_s"));
        check(with(|patch| patch.probe_s = Some(None)), Ok(()));
        let pinned = |text: &str| with(|patch| patch.tls_fingerprint = Some(Some(text.into())));
        check(pinned(&"aB".repeat(32)), Ok(()));
        check(pinned(&"ab".repeat(20)), Err("tls_fingerprint"));
        check(with(|patch| patch.tls_fingerprint = Some(None)), Ok(()));
        check(
            with(|patch| patch.codecs = strings(&["opus", "g722", "pcma", "pcmu"])),
            Ok(()),
        );
        check(
            with(|patch| patch.codecs = strings(&["pcma", "g729"])),
            Err("codecs[1]"),
        );
        check(
            with(|patch| patch.codecs = strings(&["pcma", "pcma"])),
            Err("codecs[1]"),
        );
        check(with(|patch| patch.prefixes = strings(&["7", "+7"])), Err("prefixes[1]"));
        let words = |patch: &mut TrunkPatch| {
            (patch.numbers_in, patch.identity) = (Some("x".into()), Some("x".into()));
        };
        check(with(words), Err("numbers_in identity"));
        check(
            with(|patch| patch.shown_number = Some(Some("12".into()))),
            Err("shown_number"),
        );
        check(with(|patch| patch.max_calls = Some(Some(0))), Err("max_calls"));
    }

    #[test]
    fn a_registration_keeps_its_password_until_there_is_another() {
        let with = |registration: RegistrationPatch| TrunkPatch {
            registration: Some(Some(registration)),
            servers: Some(vec![server("sip.example.com")]),
            ..TrunkPatch::default()
        };
        let first = RegistrationPatch {
            user: Some("7495".into()),
            password: Some("one".into()),
            ..RegistrationPatch::default()
        };
        check(with(RegistrationPatch::default()), Err("registration.user"));
        check(
            with(RegistrationPatch {
                password: None,
                ..first.clone()
            }),
            Err("registration.password"),
        );
        check(
            TrunkPatch {
                servers: None,
                ..with(first.clone())
            },
            Err("servers"),
        );
        let line = patched(line(), with(first), "RU").unwrap();
        let changed = RegistrationPatch {
            expires_s: Some(300),
            ..RegistrationPatch::default()
        };
        let kept = patched(line, with(changed), "RU")
            .unwrap()
            .provider
            .unwrap()
            .registration
            .unwrap();
        assert_eq!(
            (&*kept.user, &*kept.auth_user, &*kept.secret, kept.expires),
            ("7495", "7495", "one", 300)
        );
    }
}
