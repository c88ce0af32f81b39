//! Values that are well formed and still make no sense, alone or together.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::load::Problem;
use crate::model::Config;
use crate::secret::Secret;

/// More of them only make a failure longer.
const MOST_NAME_SERVERS: usize = 8;

struct Checker<'a> {
    config: &'a Config,
    problems: &'a mut Vec<Problem>,
}

pub(crate) fn check(config: &Config, problems: &mut Vec<Problem>) {
    let mut checker = Checker { config, problems };
    checker.data();
    checker.sip();
    checker.expiry();
    checker.rtp();
    checker.addresses();
    checker.times();
    checker.guard();
    checker.notices();
}

impl Checker<'_> {
    /// A key that could not be read has its problem already; its default is not to blame.
    fn wrong(&mut self, key: &str, message: impl Into<String>) {
        if !self.problems.iter().any(|problem| problem.key == key) {
            let origin = self.config.origin(key);
            self.problems.push(Problem {
                key: key.to_owned(),
                message: message.into(),
                origin,
            });
        }
    }

    fn data(&mut self) {
        if let Some(url) = &self.config.data.database_url {
            let scheme = url.reveal().split_once("://").map_or("", |(scheme, _)| scheme);
            if !matches!(scheme, "postgres" | "postgresql") {
                self.wrong(
                    "data.database_url",
                    "must begin with postgres:// (empty: SQLite in the data folder)",
                );
            }
        }
    }

    fn sip(&mut self) {
        let sip = &self.config.sip;
        if sip.udp.is_empty() && sip.tcp.is_empty() && sip.tls.is_empty() && sip.ws.is_empty() && sip.wss.is_empty() {
            self.wrong(
                "sip.udp",
                "sip.udp, sip.tcp, sip.tls, sip.ws and sip.wss are all empty: phones need one of them",
            );
        }
        self.name_servers();
        if let Some(twice) = repeated(&sip.udp) {
            self.wrong("sip.udp", format!("{twice} stands there twice"));
        }
        self.streams();
        for (key, other) in [
            (
                "sip.tls_certificate",
                sip.tls_key.is_none() && sip.tls_certificate.is_some(),
            ),
            ("sip.tls_key", sip.tls_certificate.is_none() && sip.tls_key.is_some()),
        ] {
            if other {
                self.wrong(key, "sip.tls_certificate and sip.tls_key go together: set both or none");
            }
        }
        if sip.realm.is_empty()
            || !sip
                .realm
                .chars()
                .all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\'))
        {
            self.wrong(
                "sip.realm",
                "must be a name of visible ASCII characters without quotes and blanks",
            );
        }
        if sip.user_agent.is_empty() || !sip.user_agent.chars().all(|c| matches!(c, ' '..='~')) {
            self.wrong("sip.user_agent", "must be a text of printable ASCII characters");
        }
    }

    fn name_servers(&mut self) {
        let servers = &self.config.sip.name_servers;
        if let Some(nowhere) = servers
            .iter()
            .find(|addr| addr.port() == 0 || addr.ip().is_unspecified())
        {
            self.wrong("sip.name_servers", format!("{nowhere} is no address that can be asked"));
        } else if let Some(twice) = repeated(servers) {
            self.wrong("sip.name_servers", format!("{twice} stands there twice"));
        } else if servers.len() > MOST_NAME_SERVERS {
            self.wrong("sip.name_servers", format!("at most {MOST_NAME_SERVERS} can be asked"));
        }
    }

    /// No two listeners for connections share an address.
    fn streams(&mut self) {
        let sip = &self.config.sip;
        let lists = [
            ("sip.tcp", &sip.tcp),
            ("sip.tls", &sip.tls),
            ("sip.ws", &sip.ws),
            ("sip.wss", &sip.wss),
        ];
        let mut earlier: Vec<(&str, SocketAddr)> = Vec::new();
        for (key, addresses) in lists {
            for address in addresses {
                let clash = earlier.iter().find(|(_, other)| other.port() != 0 && other == address);
                match clash {
                    Some((taker, _)) if *taker == key => self.wrong(key, format!("{address} stands there twice")),
                    Some((taker, _)) => self.wrong(key, format!("{address} is taken by {taker}")),
                    None => earlier.push((key, *address)),
                }
            }
        }
        let http = self.config.http.listen;
        let taker = earlier
            .iter()
            .find(|(_, sip)| http.port() != 0 && sip.port() == http.port() && overlap(sip.ip(), http.ip()));
        if let Some((taker, _)) = taker {
            self.wrong("http.listen", format!("{http} is taken by {taker}"));
        }
    }

    fn expiry(&mut self) {
        let sip = &self.config.sip;
        let (low, middle, high) = (sip.min_expires, sip.default_expires, sip.max_expires);
        if low.is_zero() {
            self.wrong("sip.min_expires", "must be at least 1s");
        }
        // RFC 3261 section 10.3: a server may refuse less than an hour only.
        if low > Duration::from_secs(3_600) {
            self.wrong("sip.min_expires", "must be at most 1h");
        }
        if high < low {
            self.wrong("sip.max_expires", "must not be less than sip.min_expires");
        } else if middle < low || middle > high {
            self.wrong(
                "sip.default_expires",
                "must lie between sip.min_expires and sip.max_expires",
            );
        }
        // RFC 4028 section 4: no less than 90 seconds.
        if sip.session_min_expires < Duration::from_secs(90) {
            self.wrong("sip.session_min_expires", "must be at least 90s");
        }
        if !sip.session_expires.is_zero() && sip.session_expires < sip.session_min_expires {
            self.wrong("sip.session_expires", "must not be less than sip.session_min_expires");
        }
        if high > Duration::from_secs(7 * 86_400) {
            self.wrong("sip.max_expires", "must be at most 7d");
        }
    }

    fn rtp(&mut self) {
        let ports = self.config.rtp.ports;
        if ports.low < 1_024 {
            self.wrong("rtp.ports", "must begin at 1024 or above");
        } else if u32::from(ports.high) + 1 < u32::from(ports.low) + u32::from(ports.low % 2) + 4 {
            self.wrong(
                "rtp.ports",
                "must hold two pairs of ports at least, the lower port first",
            );
        }
        if self.config.rtp.threads > 256 {
            self.wrong("rtp.threads", "must be at most 256");
        }
        let silence = self.config.rtp.silence;
        if !silence.is_zero() && silence < Duration::from_secs(5) {
            self.wrong("rtp.silence", "must be at least 5s, or 0 for never");
        }
    }

    fn addresses(&mut self) {
        let config = self.config;
        let alive = config.nat.keep_alive;
        if !alive.is_zero() && !(Duration::from_secs(5)..=Duration::from_secs(3_600)).contains(&alive) {
            self.wrong("nat.keep_alive", "must lie between 5s and 1h, or be 0 for never");
        }
        if let Some(public) = config.nat.public_address
            && (public.is_unspecified() || public.is_multicast())
        {
            self.wrong("nat.public_address", "must be an address that phones can send to");
        }
        if config.rtp.bind.is_multicast() {
            self.wrong("rtp.bind", "must be an address of this machine");
        }
        for address in &config.sip.udp {
            let ports = config.rtp.ports.low..=config.rtp.ports.high;
            if ports.contains(&address.port()) && overlap(address.ip(), config.rtp.bind) {
                self.wrong("sip.udp", format!("{address} lies within rtp.ports"));
            }
        }
    }

    fn times(&mut self) {
        let (calls, http, rtp) = (&self.config.calls, &self.config.http, &self.config.rtp);
        let bounds = [
            ("calls.ring_timeout", calls.ring_timeout, 5, 600),
            ("calls.parking_timeout", calls.parking_timeout, 10, 3_600),
            ("calls.drain_timeout", calls.drain_timeout, 0, 86_400),
            ("http.session_lifetime", http.session_lifetime, 60, 365 * 86_400),
            ("rtp.quarantine", rtp.quarantine, 0, 600),
            ("rtp.silence", rtp.silence, 0, 86_400),
            ("notices.retry_after", self.config.notices.retry_after, 1, 3_600),
            ("webhooks.retry_after", self.config.webhooks.retry_after, 1, 3_600),
            (
                "webhooks.give_up_after",
                self.config.webhooks.give_up_after,
                60,
                365 * 86_400,
            ),
            ("guard.ban", self.config.guard.ban, 1, 365 * 86_400),
        ];
        for (key, time, low, high) in bounds {
            if time < Duration::from_secs(low) || time > Duration::from_secs(high) {
                self.wrong(key, format!("must lie between {low} and {high} seconds"));
            }
        }
    }

    fn notices(&mut self) {
        let notices = &self.config.notices;
        if notices.smtp_server.as_deref().is_some_and(|server| !is_server(server)) {
            self.wrong(
                "notices.smtp_server",
                "must be a name, such as mail.example or mail.example:2525",
            );
        }
        match &notices.sender {
            None if notices.smtp_server.is_some() => self.wrong("notices.sender", "a mail server needs to know it"),
            Some(sender) if !sender.contains('@') || sender.contains(char::is_control) => {
                self.wrong(
                    "notices.sender",
                    "must be an address, such as Frontdesk <frontdesk@company.example>",
                );
            }
            Some(_) | None => {}
        }
        if notices.smtp_user.is_some() != notices.smtp_password.is_some() {
            self.wrong(
                "notices.smtp_user",
                "notices.smtp_user and notices.smtp_password go together: set both or none",
            );
        }
        let web = |url: &Secret| {
            ["http://", "https://"]
                .iter()
                .any(|scheme| url.reveal().starts_with(scheme))
        };
        if notices.sms_url.as_ref().is_some_and(|url| !web(url)) {
            self.wrong("notices.sms_url", "must begin with https:// or http://");
        }
        let header = |line: &Secret| {
            let named = line
                .reveal()
                .split_once(':')
                .is_some_and(|(name, _)| !name.trim().is_empty());
            named && !line.reveal().contains(char::is_control)
        };
        if !notices.sms_headers.iter().all(header) {
            self.wrong("notices.sms_headers", "each must be a name, a colon and a value");
        }
    }

    fn guard(&mut self) {
        let guard = &self.config.guard;
        if guard.rate == 0 {
            self.wrong("guard.rate", "must be at least 1");
        }
        if guard.burst < guard.rate {
            self.wrong("guard.burst", "must not be less than guard.rate");
        }
    }
}

/// A name or address, with a port or without: `mail.example`, `mail.example:2525`.
fn is_server(text: &str) -> bool {
    let (host, port) = text
        .rsplit_once(':')
        .map_or((text, None), |(host, port)| (host, Some(port)));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !host.is_empty()
        && host.chars().all(plain)
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn overlap(a: IpAddr, b: IpAddr) -> bool {
    // A socket on [::] takes IPv4 too.
    let covers = |wide: IpAddr, other: IpAddr| wide.is_unspecified() && (wide.is_ipv6() || other.is_ipv4());
    a == b || covers(a, b) || covers(b, a)
}

fn repeated(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    let mut rest = addresses;
    while let Some((first, others)) = rest.split_first() {
        if first.port() != 0 && others.contains(first) {
            return Some(*first);
        }
        rest = others;
    }
    None
}
