//! Every setting there is, once: its key, type, default and description.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::field::{Allowed, Field, PortRange, choice};
use crate::load::{Origin, Origins};
use crate::secret::Secret;
use crate::source::Raw;

/// A setting's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub section: &'static str,
    pub name: &'static str,
    /// `section.name`.
    pub path: &'static str,
    /// One line each.
    pub description: &'static [&'static str],
}

impl Key {
    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!(
            "FRONTDESK_{}_{}",
            self.section.to_ascii_uppercase(),
            self.name.to_ascii_uppercase()
        )
    }
}

macro_rules! model {
    ($($(#[doc = $section_doc:literal])+ $section:ident: $kind:ident {
        $($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr;)*
    })*) => {
        /// Every setting, checked.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Config {
            $($(#[doc = $section_doc])+ pub $section: $kind,)*
            pub(crate) origins: Origins,
        }

        $(
            $(#[doc = $section_doc])+
            #[derive(Debug, Clone, PartialEq)]
            pub struct $kind { $($(#[doc = $doc])+ pub $name: $type,)* }
        )*

        impl Default for Config {
            fn default() -> Self {
                Config {
                    $($section: $kind { $($name: $default,)* },)*
                    origins: Origins::default(),
                }
            }
        }

        /// Every key, in the order of the example file.
        pub const KEYS: &[Key] = &[$($(Key {
            section: stringify!($section),
            name: stringify!($name),
            path: concat!(stringify!($section), ".", stringify!($name)),
            description: &[$($doc),+],
        },)*)*];

        const SECTIONS: &[(&str, &[&str])] = &[$((stringify!($section), &[$($section_doc),+]),)*];

        impl Config {
            /// Sets one key, or says what is allowed there.
            pub(crate) fn set(&mut self, path: &str, raw: &Raw) -> Result<(), Allowed> {
                $($(if path == concat!(stringify!($section), ".", stringify!($name)) {
                    self.$section.$name = <$type as Field>::read(raw).ok_or(<$type as Field>::ALLOWED)?;
                })*)*
                Ok(())
            }

            /// A key's value as TOML.
            fn show(&self, path: &str) -> String {
                $($(if path == concat!(stringify!($section), ".", stringify!($name)) {
                    return self.$section.$name.write();
                })*)*
                String::new()
            }
        }
    };
}

model! {
    /// Where everything is kept.
    data: Data {
        /// Folder of the database and the recordings; created when absent.
        dir: PathBuf = PathBuf::from("data");
        /// A PostgreSQL database: postgres://user:password@host/name. Empty: SQLite, in frontdesk.db of the data folder.
        database_url: Option<Secret> = None;
    }
    /// Phones and provider lines.
    sip: Sip {
        /// Addresses that take SIP over UDP; an empty list turns it off.
        udp: Vec<SocketAddr> = vec![any(5060)];
        /// Addresses that take SIP over TCP; an empty list turns it off.
        tcp: Vec<SocketAddr> = vec![any(5060)];
        /// Addresses that take SIP over TLS; an empty list turns it off. Unless set, those of sip.tcp with the next port.
        tls: Vec<SocketAddr> = vec![any(5061)];
        /// Addresses that take SIP over WebSocket (RFC 7118), beside /ws of http.listen.
        ws: Vec<SocketAddr> = Vec::new();
        /// Addresses that take SIP over secure WebSocket.
        wss: Vec<SocketAddr> = Vec::new();
        /// Certificate for TLS and secure WebSocket, in PEM, with its chain; read again when it changes.
        /// Empty: one that Frontdesk makes for itself, in "tls" of the data folder.
        tls_certificate: Option<PathBuf> = None;
        /// Its private key, in PEM.
        tls_key: Option<PathBuf> = None;
        /// Certificates in PEM that are trusted, beside the public ones, where Frontdesk is the client of a TLS server.
        tls_ca: Option<PathBuf> = None;
        /// Name servers (DNS) that find providers, such as 192.0.2.53:53; an empty list: the system's.
        name_servers: Vec<SocketAddr> = Vec::new();
        /// Name of the protection space that phones' passwords are for; changing it makes all of them invalid.
        realm: String = "frontdesk".to_owned();
        /// Digests that phones may answer with, the preferred one first. Phones that know only MD5 should skip the other one,
        /// yet a few (and SIPp before 3.7) read no further than the first: those need md5-first.
        digest: DigestOrder = DigestOrder::Sha256First;
        /// What Frontdesk calls itself in Server and User-Agent.
        user_agent: String = "Frontdesk".to_owned();
        /// The shortest registration that a phone may ask for; shorter ones get 423.
        min_expires: Duration = Duration::from_secs(60);
        /// The longest registration; longer ones are cut to it.
        max_expires: Duration = Duration::from_secs(3_600);
        /// A registration that names no time.
        default_expires: Duration = Duration::from_secs(300);
        /// After so long without a sign of life a call with a phone that knows session timers is over; half of it passes
        /// between two signs. 0 turns session timers off.
        session_expires: Duration = Duration::from_secs(1_800);
        /// The shortest such time that a phone may ask for; shorter ones get 422.
        session_min_expires: Duration = Duration::from_secs(90);
    }
    /// Audio.
    rtp: Rtp {
        /// UDP ports for audio; each party of a call takes two.
        ports: PortRange = PortRange { low: 10_000, high: 29_999 };
        /// Local address of the audio sockets; 0.0.0.0 for all.
        bind: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        /// Threads that move audio; 0: half as many as there are processors.
        threads: u32 = 0;
        /// How long a port rests after a call, so that no late packet reaches the next one.
        quarantine: Duration = Duration::from_secs(5);
        /// A call is hung up when a phone that should speak has sent nothing for so long; 0 turns this off.
        silence: Duration = Duration::from_secs(60);
        /// Audio codecs that phones may use, the preferred one first: pcma, pcmu, g722, opus. A phone is offered what its
        /// caller speaks, and G.711 (pcma, pcmu) in any case. opus stands up best to lossy networks and is the most work where
        /// only one side of a call has it: put it first for phones out of the house.
        codecs: Vec<AudioCodec> = vec![AudioCodec::G722, AudioCodec::Pcma, AudioCodec::Pcmu, AudioCodec::Opus];
        /// Encryption of the audio (SRTP, its keys in the signalling): with phones on TLS and WSS (tls), with all (always), or
        /// with none (never). Phones that are rung are offered nothing else at first; one that does not take that is offered
        /// plain audio, but not with `always`: whoever offers none then is refused (488).
        srtp: SrtpPolicy = SrtpPolicy::Tls;
    }
    /// Phones on the other side of an address translation.
    nat: Nat {
        /// Our address as phones outside reach it; empty: the local address that faces the phone.
        public_address: Option<IpAddr> = None;
        /// Networks whose phones are told the local address even so.
        local_networks: Vec<IpNet> = local_networks();
        /// How often a phone there that registered over UDP is asked for a sign of life, which keeps the way to it open too;
        /// one elsewhere is asked once a minute at most. One that gives none three times in a row is offline until it is
        /// heard of again. 0 turns this off.
        keep_alive: Duration = Duration::from_secs(30);
    }
    /// Pages and API.
    http: Http {
        /// Where pages and API are. Anything beyond loopback belongs behind a proxy that speaks HTTPS.
        listen: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8_080);
        /// Session cookies travel over HTTPS only; turn on when a proxy provides it.
        secure_cookie: bool = false;
        /// How long a login lasts at most, however much it is used; one that is not used ends after 12 hours.
        session_lifetime: Duration = Duration::from_secs(7 * 86_400);
    }
    /// Calls.
    calls: Calls {
        /// How long a phone rings before the call counts as not answered.
        ring_timeout: Duration = Duration::from_secs(60);
        /// How long a call stays parked before whoever parked it is called back.
        parking_timeout: Duration = Duration::from_secs(120);
        /// How long calls in progress may go on when the daemon is told to stop.
        drain_timeout: Duration = Duration::from_secs(30);
    }
    /// Recordings.
    recording: Recording {
        /// true: every account's own policy decides; false: nothing is recorded here.
        enabled: bool = true;
        /// Folder of the recordings; empty: "recordings" in the data folder.
        dir: Option<PathBuf> = None;
    }
    /// What people are told by e-mail and by short message.
    notices: Notices {
        /// Mail server, with its port where that is not the usual one: mail.company.example or mail.company.example:2525. Empty:
        /// letters are written as files into "notices" of the data folder, for you to see what would be sent.
        smtp_server: Option<String> = None;
        /// STARTTLS (port 587), TLS from the first byte (port 465), or none (port 25). A server that is not who its certificate
        /// says is sent nothing; sip.tls_ca counts here too.
        smtp_security: SmtpSecurity = SmtpSecurity::Starttls;
        /// User at the mail server; empty: no login.
        smtp_user: Option<String> = None;
        /// Password at the mail server.
        smtp_password: Option<Secret> = None;
        /// From whom letters are, such as Frontdesk <frontdesk@company.example>.
        sender: Option<String> = None;
        /// Address of the gateway for short messages. {to} (with its plus), {text} and {id} (always the same for the same
        /// message) stand for what is to be sent, here and in sms_body. Empty: files in "notices" of the data folder.
        sms_url: Option<Secret> = None;
        /// How the gateway is asked: post, put or get.
        sms_method: SmsMethod = SmsMethod::Post;
        /// Header lines for the gateway, such as "Authorization: Bearer ...".
        sms_headers: Vec<Secret> = vec![Secret::new("Content-Type: application/json")];
        /// Body for the gateway; what is put into it is escaped as the Content-Type of sms_headers asks (JSON, form).
        sms_body: String = r#"{"to":"{to}","text":"{text}","id":"{id}"}"#.to_owned();
        /// The first pause after a failure; it doubles with each, up to an hour, for 16 attempts.
        retry_after: Duration = Duration::from_secs(30);
    }
    /// Programs outside that are told what happens (/api/v1/webhooks).
    webhooks: Webhooks {
        /// true: they may be in this machine and its networks too; whoever may set up webhooks reaches what is there.
        allow_private: bool = false;
        /// The first pause after a failure; it doubles with each, up to an hour, for 12 attempts.
        retry_after: Duration = Duration::from_secs(10);
        /// A webhook that has taken nothing for so long is switched off.
        give_up_after: Duration = Duration::from_secs(259_200);
    }
    /// Protection against scanners and floods.
    guard: Guard {
        /// Networks that are never throttled or banned.
        allow: Vec<IpNet> = loopback();
        /// SIP messages a second that one address may send for long.
        rate: u32 = 200;
        /// SIP messages that one address may send at once.
        burst: u32 = 1_000;
        /// Failed logins of a phone within a minute that get its address banned; 0: never.
        failures: u32 = 20;
        /// Numbers of the accounts that see, make and lift blocks, where there are several: the first one when none is named.
        operators: Vec<u32> = Vec::new();
        /// How long a banned address meets silence.
        ban: Duration = Duration::from_secs(600);
    }
    /// What the daemon says about itself.
    log: Log {
        /// The least important lines that are written: error, warn, info, debug or trace.
        level: LogLevel = LogLevel::Info;
        /// Lines for people (text) or for machines (json).
        format: LogFormat = LogFormat::Text;
    }
}

choice! {
    /// Digests that phones may answer with, the preferred one first.
    DigestOrder: "sha256-first, md5-first, sha256 or md5" {
        Sha256First = "sha256-first", Md5First = "md5-first", Sha256Only = "sha256", Md5Only = "md5",
    }
}

choice! {
    /// An audio codec.
    AudioCodec: "pcma, pcmu, g722 or opus" { Pcma = "pcma", Pcmu = "pcmu", G722 = "g722", Opus = "opus" }
}

choice! {
    /// With which phones audio is encrypted.
    SrtpPolicy: "tls, always or never" { Tls = "tls", Always = "always", Never = "never" }
}

choice! {
    /// How a mail server is spoken to.
    SmtpSecurity: "starttls, tls or none" { Starttls = "starttls", Tls = "tls", Cleartext = "none" }
}

choice! {
    /// How a gateway for short messages is asked.
    SmsMethod: "post, put or get" { Post = "post", Put = "put", Get = "get" }
}

choice! {
    /// The least important lines that are written.
    LogLevel: "error, warn, info, debug or trace" {
        Error = "error", Warn = "warn", Info = "info", Debug = "debug", Trace = "trace",
    }
}

choice! {
    /// How a line of the log looks.
    LogFormat: "text or json" { Text = "text", Json = "json" }
}

impl Config {
    /// A PostgreSQL address, or the path of the SQLite file.
    pub fn database_url(&self) -> Secret {
        match &self.data.database_url {
            Some(url) => url.clone(),
            None => Secret::new(self.data.dir.join("frontdesk.db").to_string_lossy()),
        }
    }

    /// Where notices are written that no server is set for.
    pub fn notices_dir(&self) -> PathBuf {
        self.data.dir.join("notices")
    }

    /// Where the certificate that Frontdesk makes for itself is kept.
    pub fn tls_dir(&self) -> PathBuf {
        self.data.dir.join("tls")
    }

    /// TLS is spoken on the port after that of TCP, unless it was told where (RFC 3261 section 19.1.2).
    pub(crate) fn follow(&mut self) {
        if self.origin("sip.tls") == Origin::Default && self.origin("sip.tcp") != Origin::Default {
            self.sip.tls = self.sip.tcp.iter().map(|address| after(*address)).collect();
        }
    }

    pub fn recordings_dir(&self) -> PathBuf {
        self.recording
            .dir
            .clone()
            .unwrap_or_else(|| self.data.dir.join("recordings"))
    }

    /// A file that sets every key to its default, with every key's description.
    pub fn example() -> String {
        let defaults = Config::default();
        let mut text = String::from(
            "# Frontdesk's settings. Every line that is commented out shows the default.\n\
             # Each can also be set by the environment variable named beside it, where lists are comma separated.\n\
             # Flags override the environment, the environment overrides this file.\n",
        );
        for (section, descriptions) in SECTIONS {
            text.push('\n');
            for line in *descriptions {
                text.push_str(&format!("#{line}\n"));
            }
            text.push_str(&format!("[{section}]\n"));
            for key in KEYS.iter().filter(|key| key.section == *section) {
                for line in key.description {
                    text.push_str(&format!("#{line}\n"));
                }
                text.push_str(&format!(
                    "# {}\n#{} = {}\n",
                    key.variable(),
                    key.name,
                    defaults.show(key.path)
                ));
            }
        }
        text
    }
}

fn any(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)
}

/// Port 0 is given by the system, and so is what comes after it. After the last port comes none: that is reported.
fn after(address: SocketAddr) -> SocketAddr {
    let port = match address.port() {
        0 => 0,
        port => port.saturating_add(1),
    };
    SocketAddr::new(address.ip(), port)
}

fn net4(a: u8, b: u8, length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), length))
}

fn net6(first: u16, last: u16, length: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(
        Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, last),
        length,
    ))
}

fn loopback() -> Vec<IpNet> {
    vec![net4(127, 0, 8), net6(0, 1, 128)]
}

/// RFC 1918, RFC 3927, RFC 4193, RFC 4291 section 2.5.6, and loopback.
fn local_networks() -> Vec<IpNet> {
    let mut networks = vec![
        net4(10, 0, 8),
        net4(172, 16, 12),
        net4(192, 168, 16),
        net4(169, 254, 16),
    ];
    networks.extend([net6(0xfc00, 0, 7), net6(0xfe80, 0, 10)]);
    networks.extend(loopback());
    networks
}
