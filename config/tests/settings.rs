//! Sources in, settings or problems out.

use std::time::Duration;

use frontdesk_config::{Config, KEYS, Origin, Overrides, PortRange};

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn load(file: &str, pairs: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    Config::load(file, &env(pairs), &Overrides::default())
        .map_err(|problems| problems.0.iter().map(ToString::to_string).collect())
}

/// Every wanted text is part of one problem's line, in this order, and there is no other problem.
fn check_problems(file: &str, pairs: &[(&str, &str)], wanted: &[&str]) {
    let found = load(file, pairs).err().unwrap_or_default();
    assert_eq!(found.len(), wanted.len(), "{file:?} {pairs:?}: {found:#?}");
    for (line, wanted) in found.iter().zip(wanted) {
        assert!(line.contains(wanted), "{file:?} {pairs:?}: {line:?} lacks {wanted:?}");
    }
}

#[test]
fn nothing_given_is_a_complete_configuration() {
    let config = load("", &[]).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.sip.udp, ["0.0.0.0:5060".parse().unwrap()]);
    assert!(config.http.listen.ip().is_loopback());
    assert_eq!(config.database_url().reveal(), "data/frontdesk.db");
    assert_eq!(config.recordings_dir(), std::path::Path::new("data/recordings"));
    assert_eq!(config.origin("sip.udp"), Origin::Default);
}

#[test]
fn each_source_overrides_the_one_before() {
    let flags = Overrides {
        http: Some("127.0.0.1:3".into()),
        ..Overrides::default()
    };
    let file = "[http]\nlisten = \"127.0.0.1:1\"\n[data]\ndir = \"f\"\n[log]\nlevel = \"debug\"\n";
    let pairs = env(&[
        ("FRONTDESK_HTTP_LISTEN", "127.0.0.1:2"),
        ("FRONTDESK_DATA_DIR", "e"),
        ("HOME", "/"),
    ]);
    let config = Config::load(file, &pairs, &flags).unwrap();
    let origins = ["http.listen", "data.dir", "log.level", "log.format"].map(|key| config.origin(key));
    let wanted = [
        Origin::Flag("--http"),
        Origin::Env("FRONTDESK_DATA_DIR".into()),
        Origin::File { line: 6 },
        Origin::Default,
    ];
    assert_eq!(origins, wanted);
    assert_eq!((config.http.listen.port(), config.data.dir.to_str()), (3, Some("e")));
}

#[test]
fn the_flag_for_phones_sets_both_transports() {
    let flags = Overrides {
        sip: Some("127.0.0.1:5070".into()),
        rtp: Some("4000-4099".into()),
        ..Overrides::default()
    };
    let config = Config::load("", &[], &flags).unwrap();
    assert_eq!(
        (config.sip.udp, config.sip.tcp.len()),
        (vec!["127.0.0.1:5070".parse().unwrap()], 1)
    );
    assert_eq!(config.rtp.ports, PortRange { low: 4000, high: 4099 });
}

#[test]
fn no_two_listeners_for_connections_share_an_address() {
    let check = check_problems;
    check(
        "[sip]\nws = [\"127.0.0.1:5060\", \"127.0.0.1:81\", \"127.0.0.1:81\"]\ntcp = [\"127.0.0.1:5060\"]\n",
        &[],
        &["sip.ws: 127.0.0.1:5060 is taken by sip.tcp"],
    );
    check(
        "",
        &[("FRONTDESK_HTTP_LISTEN", "127.0.0.1:5061")],
        &["http.listen: 127.0.0.1:5061 is taken by sip.tls"],
    );
    check(
        "",
        &[("FRONTDESK_SIP_TCP", "127.0.0.1:65535")],
        &["sip.tls: 127.0.0.1:65535 is taken by sip.tcp"],
    );
    check(
        "",
        &[("FRONTDESK_SIP_TLS_KEY", "key.pem")],
        &["sip.tls_key: sip.tls_certificate and sip.tls_key go together"],
    );
}

#[test]
fn name_servers_are_addresses_that_can_be_asked() {
    let check = check_problems;
    let config = load(
        "[sip]\nname_servers = [\"192.0.2.53:53\", \"[2001:db8::53]:53\"]\n",
        &[],
    )
    .unwrap();
    assert_eq!(config.sip.name_servers.len(), 2);
    assert!(load("", &[]).unwrap().sip.name_servers.is_empty(), "the system's");
    let key = "FRONTDESK_SIP_NAME_SERVERS";
    check("", &[(key, "ns.example:53")], &["sip.name_servers"]);
    check(
        "",
        &[(key, "192.0.2.53:0")],
        &["192.0.2.53:0 is no address that can be asked"],
    );
    check(
        "",
        &[(key, "0.0.0.0:53")],
        &["0.0.0.0:53 is no address that can be asked"],
    );
    check(
        "",
        &[(key, "192.0.2.53:53,192.0.2.53:53")],
        &["192.0.2.53:53 stands there twice"],
    );
    let many: Vec<String> = (1..10).map(|last| format!("192.0.2.{last}:53")).collect();
    check("", &[(key, &many.join(","))], &["at most 8 can be asked"]);
}

#[test]
fn tls_is_on_the_port_after_tcp_unless_it_is_told_where() {
    fn check(pairs: &[(&str, &str)], expected: &[&str]) {
        let config = load("", pairs).unwrap();
        let found: Vec<String> = config.sip.tls.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{pairs:?}");
    }
    check(&[], &["0.0.0.0:5061"]);
    check(&[("FRONTDESK_SIP_UDP", "127.0.0.1:5070")], &["0.0.0.0:5061"]);
    check(
        &[("FRONTDESK_SIP_TCP", "127.0.0.1:5070,[::1]:5080")],
        &["127.0.0.1:5071", "[::1]:5081"],
    );
    check(&[("FRONTDESK_SIP_TCP", "127.0.0.1:0")], &["127.0.0.1:0"]);
    check(&[("FRONTDESK_SIP_TCP", "")], &[]);
    check(&[("FRONTDESK_SIP_TLS", "")], &[]);
    check(
        &[("FRONTDESK_SIP_TCP", ""), ("FRONTDESK_SIP_TLS", "[::]:5099")],
        &["[::]:5099"],
    );
    let flags = Overrides {
        sip: Some("192.0.2.1:6000".into()),
        ..Overrides::default()
    };
    let config = Config::load("", &[], &flags).unwrap();
    assert_eq!(config.sip.tls, ["192.0.2.1:6001".parse().unwrap()]);
}

#[test]
fn values_are_read_as_people_write_them() {
    fn check(name: &str, text: &str, read: impl Fn(&Config) -> bool) {
        let config = load("", &[(name, text)]);
        assert!(config.as_ref().is_ok_and(read), "{name}={text}: {config:?}");
    }
    check("FRONTDESK_SIP_UDP", "10.0.0.1:5060, [::1]:5060", |c| {
        c.sip.udp.len() == 2
    });
    check("FRONTDESK_SIP_TCP", "", |c| c.sip.tcp.is_empty());
    check("FRONTDESK_GUARD_ALLOW", "192.0.2.7,2001:db8::/32", |c| {
        c.guard.allow.first().is_some_and(|net| net.prefix_len() == 32) && c.guard.allow.len() == 2
    });
    check("FRONTDESK_GUARD_OPERATORS", "19079,98989", |c| {
        c.guard.operators == [19_079, 98_989]
    });
    check("FRONTDESK_NAT_PUBLIC_ADDRESS", "203.0.113.9", |c| {
        c.nat.public_address.is_some()
    });
    check("FRONTDESK_NAT_PUBLIC_ADDRESS", "", |c| c.nat.public_address.is_none());
    check("FRONTDESK_HTTP_SECURE_COOKIE", "yes", |c| c.http.secure_cookie);
    check("FRONTDESK_RECORDING_DIR", "/srv/rec", |c| {
        c.recordings_dir().ends_with("rec")
    });
    for (text, seconds) in [("90", 90), ("90s", 90), ("2m", 120), ("1h", 3600)] {
        check("FRONTDESK_RTP_SILENCE", text, |c| {
            c.rtp.silence == Duration::from_secs(seconds)
        });
    }
    let file = load("[rtp]\nsilence = 90\n[guard]\nallow = \"10.0.0.0/8\"\n", &[]).unwrap();
    assert_eq!((file.rtp.silence.as_secs(), file.guard.allow.len()), (90, 1));
}

#[test]
fn every_problem_is_named_with_its_key_and_place_at_once() {
    let file = "\
[sip]
udp = [\"nonsense\"]
rtp = 7
[rtp]
ports = \"9\"
bind = true
[http]
listen = 8080
[sipp]
[recordings]
dir = \"x\"
";
    check_problems(
        file,
        &[("FRONTDESK_LOG_LEVEL", "loud"), ("FRONTDESK_SIP_LISTN", "x")],
        &[
            "sip.udp: [\"nonsense\"] is not an address and a port",
            "sip.rtp: there is no such key",
            "rtp.ports: \"9\" is not two ports",
            "rtp.bind: true is not an IP address",
            "http.listen: 8080 is not an address and a port",
            "sipp: there is no such key",
            "recordings.dir: there is no such key; did you mean recording.dir? (line 11 of the file)",
            "log.level: \"loud\" is not error, warn, info, debug or trace (environment variable FRONTDESK_LOG_LEVEL)",
            "no key is set by FRONTDESK_SIP_LISTN",
        ],
    );
}

#[test]
fn well_formed_values_that_make_no_sense_are_refused() {
    let check = check_problems;
    check("", &[("FRONTDESK_RTP_PORTS", "20000-10000")], &["rtp.ports: must hold"]);
    check("", &[("FRONTDESK_RTP_PORTS", "20001-20004")], &["rtp.ports: must hold"]);
    check("", &[("FRONTDESK_RTP_PORTS", "80-90")], &["rtp.ports: must begin"]);
    check(
        "",
        &[("FRONTDESK_RTP_PORTS", "5000-5100")],
        &["sip.udp: 0.0.0.0:5060 lies within rtp.ports"],
    );
    check(
        "",
        &[("FRONTDESK_HTTP_LISTEN", "127.0.0.1:5060")],
        &["http.listen: 127.0.0.1:5060 is taken by sip.tcp"],
    );
    check(
        "",
        &[("FRONTDESK_SIP_UDP", ""), ("FRONTDESK_SIP_TCP", "")],
        &["all empty"],
    );
    check(
        "",
        &[("FRONTDESK_SIP_UDP", "[::]:5060,[::]:5060")],
        &["sip.udp: [::]:5060 stands there twice"],
    );
    check("", &[("FRONTDESK_SIP_REALM", "a\"b")], &["sip.realm"]);
    check("", &[("FRONTDESK_SIP_USER_AGENT", "a\r\nX: b")], &["sip.user_agent"]);
    check(
        "",
        &[("FRONTDESK_SIP_MAX_EXPIRES", "30")],
        &["sip.max_expires: must not be less"],
    );
    check(
        "",
        &[("FRONTDESK_SIP_DEFAULT_EXPIRES", "2h")],
        &["sip.default_expires: must lie between"],
    );
    check(
        "",
        &[("FRONTDESK_SIP_MIN_EXPIRES", "0")],
        &["sip.min_expires: must be at least"],
    );
    check(
        "",
        &[("FRONTDESK_SIP_SESSION_MIN_EXPIRES", "30")],
        &["sip.session_min_expires: must be at least 90s"],
    );
    check(
        "",
        &[("FRONTDESK_SIP_SESSION_EXPIRES", "80")],
        &["sip.session_expires: must not be less"],
    );
}

#[test]
fn times_and_rates_beyond_sense_are_refused() {
    let check = check_problems;
    check(
        "",
        &[("FRONTDESK_NAT_PUBLIC_ADDRESS", "0.0.0.0")],
        &["nat.public_address"],
    );
    check(
        "",
        &[("FRONTDESK_NAT_KEEP_ALIVE", "2s")],
        &["nat.keep_alive: must lie between 5s and 1h, or be 0"],
    );
    check(
        "",
        &[("FRONTDESK_CALLS_RING_TIMEOUT", "1s")],
        &["calls.ring_timeout: must lie between 5 and 600"],
    );
    check(
        "",
        &[("FRONTDESK_CALLS_PARKING_TIMEOUT", "2h")],
        &["calls.parking_timeout: must lie between 10 and 3600"],
    );
    check(
        "",
        &[("FRONTDESK_GUARD_RATE", "5000")],
        &["guard.burst: must not be less"],
    );
    check(
        "[rtp]\nports = [\"1-2\"",
        &[],
        &["not TOML: unclosed array", "rtp.ports: [\"1-2\"] is not two ports"],
    );
}

#[test]
fn a_password_is_in_no_message() {
    let config = load("[data]\ndatabase_url = \"postgres://me:hush@h/d\"\n", &[]).unwrap();
    assert_eq!(config.database_url().reveal(), "postgres://me:hush@h/d");
    assert!(!format!("{config:?}").contains("hush"));
    for value in ["mysql://me:hush@h/d", "hush"] {
        let found = load("", &[("FRONTDESK_DATA_DATABASE_URL", value)]).unwrap_err();
        assert!(
            found
                .iter()
                .all(|line| line.contains("data.database_url") && !line.contains("hush")),
            "{found:?}"
        );
    }
}

#[test]
fn the_example_names_every_key_and_shows_its_default() {
    let example = Config::example();
    assert_eq!(load(&example, &[]).unwrap(), Config::default());
    let is_setting = |line: &str| line.starts_with('#') && !line.starts_with("# ");
    let settings: String = example
        .lines()
        .map(|line| if is_setting(line) { &line[1..] } else { line })
        .map(|line| format!("{line}\n"))
        .collect();
    let config = load(&settings, &[]).unwrap();
    for key in KEYS {
        assert!(
            matches!(config.origin(key.path), Origin::File { .. }),
            "{} is not in the example",
            key.path
        );
        assert!(example.contains(&format!("# {}\n", key.variable())), "{}", key.path);
    }
    assert_eq!(
        (&config.sip, &config.rtp, &config.nat),
        (&Config::default().sip, &Config::default().rtp, &Config::default().nat)
    );
    assert_eq!(
        (&config.guard, &config.http),
        (&Config::default().guard, &Config::default().http)
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named_beside_the_other_problems() {
    let path = std::path::Path::new("/nonexistent/frontdesk.toml");
    let found = Config::read(Some(path), &env(&[("FRONTDESK_X", "1")]), &Overrides::default()).unwrap_err();
    assert_eq!(found.0.len(), 2);
    assert!(
        found.to_string().contains("/nonexistent/frontdesk.toml cannot be read"),
        "{found}"
    );
    let named = env(&[("FRONTDESK_CONFIG", "/nonexistent/other.toml")]);
    let found = Config::read(None, &named, &Overrides::default()).unwrap_err();
    assert!(found.to_string().contains("other.toml"), "{found}");
}
