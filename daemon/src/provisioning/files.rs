//! The files that phones fetch, each in its maker's format.

use super::PhoneSettings;

/// Seconds between registrations.
const EXPIRES: u32 = 300;

/// A file as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

/// Whose format it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Files {
    Yealink,
    Grandstream,
    Snom,
    Fanvil,
    Linphone,
    MicroSip,
    Baresip,
}

impl Files {
    /// How the link ends that a person gives to the phone; it may ask for files of other names below it.
    pub(crate) fn link(self) -> &'static str {
        match self {
            Files::Yealink | Files::Fanvil => "",
            Files::Grandstream => "cfg.xml",
            Files::Snom => "snom.xml",
            Files::Linphone => "linphone.xml",
            Files::MicroSip => "microsip.ini",
            Files::Baresip => "accounts",
        }
    }

    /// Whether a phone that asks for this name gets its settings there. The hardware address tells the name, and nothing else.
    pub(super) fn fits(self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        match self {
            Files::Yealink => name == "yealink.cfg" || name.strip_suffix(".cfg").is_some_and(is_hardware_address),
            Files::Fanvil => name == "fanvil.cfg" || name.strip_suffix(".cfg").is_some_and(is_hardware_address),
            Files::Grandstream => {
                let address = name.strip_prefix("cfg").and_then(|rest| rest.strip_suffix(".xml"));
                address.is_some_and(|address| address.is_empty() || is_hardware_address(address))
            }
            Files::Snom | Files::Linphone | Files::MicroSip | Files::Baresip => name == self.link(),
        }
    }

    pub(super) fn of(self, settings: &PhoneSettings, password: &str) -> File {
        let xml = matches!(self, Files::Grandstream | Files::Snom | Files::Linphone);
        let text = match self {
            Files::Yealink => yealink(settings, password),
            Files::Grandstream => grandstream(settings, password),
            Files::Snom => snom(settings, password),
            Files::Fanvil => fanvil(settings, password),
            Files::Linphone => linphone(settings, password),
            Files::MicroSip => microsip(settings, password),
            Files::Baresip => format!("{}\n", baresip(settings, Some(password))),
        };
        let kind = match xml {
            true => "application/xml; charset=utf-8",
            false => "text/plain; charset=utf-8",
        };
        File { kind, text }
    }
}

fn is_hardware_address(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// On one line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn xml(text: &str) -> String {
    let mut escaped = String::new();
    for c in plain(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Within quotes of a SIP display name.
fn quoted(text: &str) -> String {
    plain(text).replace(['"', '\\'], "")
}

/// 0, 1 and 2, as three makers count.
fn number_of(transport: &str) -> u8 {
    match transport {
        "TCP" => 1,
        "TLS" => 2,
        _ => 0,
    }
}

fn yealink(settings: &PhoneSettings, password: &str) -> String {
    let (name, user) = (plain(&settings.name), &settings.user);
    let values = [
        ("enable", "1".to_owned()),
        ("label", name.clone()),
        ("display_name", name),
        ("auth_name", user.clone()),
        ("user_name", user.clone()),
        ("password", password.to_owned()),
        ("sip_server.1.address", settings.host.clone()),
        ("sip_server.1.port", settings.port.to_string()),
        ("sip_server.1.transport_type", number_of(settings.transport).to_string()),
        ("sip_server.1.expires", EXPIRES.to_string()),
        ("nat.rport", "1".to_owned()),
    ];
    let lines = values.map(|(name, value)| format!("account.1.{name} = {value}\n"));
    format!("#!version:1.0.0.1\n{}", lines.concat())
}

fn grandstream(settings: &PhoneSettings, password: &str) -> String {
    let values = [
        ("P271", "1".to_owned()),
        ("P270", xml(&settings.name)),
        ("P3", xml(&settings.name)),
        ("P47", xml(&settings.server())),
        ("P35", xml(&settings.user)),
        ("P36", xml(&settings.user)),
        ("P34", xml(password)),
        ("P130", number_of(settings.transport).to_string()),
        ("P32", (EXPIRES / 60).to_string()),
    ];
    let lines = values.map(|(name, value)| format!("    <{name}>{value}</{name}>\n"));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gs_provision version=\"1\">\n  <config version=\"1\">\n{}  </config>\n\
         </gs_provision>\n",
        lines.concat()
    )
}

fn snom(settings: &PhoneSettings, password: &str) -> String {
    let transport = settings.transport.to_ascii_lowercase();
    let values = [
        ("user_active", "on".to_owned()),
        ("user_realname", xml(&settings.name)),
        ("user_idle_text", xml(&settings.name)),
        ("user_name", xml(&settings.user)),
        ("user_pname", xml(&settings.user)),
        ("user_pass", xml(password)),
        ("user_host", xml(&settings.host)),
        (
            "user_outbound",
            xml(&format!("sip:{};transport={transport}", settings.server())),
        ),
        ("user_expiry", EXPIRES.to_string()),
    ];
    let lines = values.map(|(name, value)| format!("    <{name} idx=\"1\" perm=\"\">{value}</{name}>\n"));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<settings>\n  <phone-settings>\n{}  </phone-settings>\n</settings>\n",
        lines.concat()
    )
}

fn fanvil(settings: &PhoneSettings, password: &str) -> String {
    let transport = match settings.transport {
        "TCP" => 1,
        "TLS" => 3,
        _ => 0,
    };
    let values = [
        ("Phone Number", settings.user.clone()),
        ("Display Name", plain(&settings.name)),
        ("Register Addr", settings.host.clone()),
        ("Register Port", settings.port.to_string()),
        ("Register User", settings.user.clone()),
        ("Register Pswd", password.to_owned()),
        ("Register TTL", EXPIRES.to_string()),
        ("Enable Reg", "1".to_owned()),
        ("Transport", transport.to_string()),
    ];
    let lines = values.map(|(name, value)| format!("SIP1 {name:<14}:{value}\n"));
    format!(
        "<<VOIP CONFIG FILE>>Version:2.0002\n\n<SIP CONFIG MODULE>\n--SIP Line List--  :\n{}\n<<END OF FILE>>\n",
        lines.concat()
    )
}

fn linphone(settings: &PhoneSettings, password: &str) -> String {
    let transport = settings.transport.to_ascii_lowercase();
    let section = |name: &str, entries: &[(&str, String)]| {
        let lines: String = entries
            .iter()
            .map(|(name, value)| format!("    <entry name=\"{name}\" overwrite=\"true\">{value}</entry>\n"))
            .collect();
        format!("  <section name=\"{name}\">\n{lines}  </section>\n")
    };
    let host = settings.bracketed();
    let proxy = format!("<sip:{};transport={transport}>", settings.server());
    let identity = format!("\"{}\" <sip:{}@{host}>", quoted(&settings.name), settings.user);
    let proxies = [
        ("reg_proxy", xml(&proxy)),
        ("reg_route", xml(&proxy)),
        ("reg_identity", xml(&identity)),
        ("reg_expires", EXPIRES.to_string()),
        ("reg_sendregister", "1".to_owned()),
        ("publish", "0".to_owned()),
    ];
    let login = [
        ("username", xml(&settings.user)),
        ("userid", xml(&settings.user)),
        ("passwd", xml(password)),
        ("domain", xml(&host)),
    ];
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<config xmlns=\"http://www.linphone.org/xsds/lpconfig.xsd\">\n{}{}{}</config>\n",
        section("sip", &[("default_proxy", "0".to_owned())]),
        section("proxy_0", &proxies),
        section("auth_info_0", &login)
    )
}

fn microsip(settings: &PhoneSettings, password: &str) -> String {
    let (name, user, server) = (plain(&settings.name), &settings.user, settings.server());
    let transport = settings.transport.to_ascii_lowercase();
    format!(
        "[Settings]\naccountId=1\n[Account1]\nlabel={name}\nserver={server}\nproxy=\ndomain={server}\nusername={user}\n\
         password={password}\nauthID={user}\ndisplayName={name}\ntransport={transport}\npublicAddr=\n"
    )
}

/// The line of the file `accounts`.
pub(super) fn baresip(settings: &PhoneSettings, password: Option<&str>) -> String {
    let (name, user, server) = (quoted(&settings.name), &settings.user, settings.server());
    let transport = settings.transport.to_ascii_lowercase();
    let password = password.unwrap_or("…");
    format!(
        "\"{name}\" <sip:{user}@{server};transport={transport}>;auth_user={user};auth_pass={password};regint={EXPIRES}"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::anna;
    use super::*;

    const ALL: [Files; 7] = [
        Files::Yealink,
        Files::Grandstream,
        Files::Snom,
        Files::Fanvil,
        Files::Linphone,
        Files::MicroSip,
        Files::Baresip,
    ];

    #[test]
    fn each_file_says_who_with_what_and_where_and_a_name_adds_no_line() {
        for files in ALL {
            let File { kind, text } = files.of(&anna(), "p-word_1");
            for value in ["10001-105", "p-word_1", "pbx.example", "5060"] {
                assert!(text.contains(value), "{files:?} {value}\n{text}");
            }
            assert!(!text.lines().any(|line| line.starts_with("evil")), "{text}");
            assert!(!kind.contains("xml") || !text.contains("A&B"), "{text}");
        }
    }

    #[test]
    fn an_address_of_ipv6_stands_in_brackets_where_a_port_follows() {
        let mut settings = anna();
        settings.host = "2001:db8::1".into();
        assert!(baresip(&settings, None).contains("@[2001:db8::1]:5060;"));
        assert!(yealink(&settings, "x").contains("sip_server.1.address = 2001:db8::1\n"));
    }

    #[test]
    fn phones_ask_by_their_hardware_address_in_any_case() {
        assert!(Files::Yealink.fits("805ec0112233.cfg") && Files::Fanvil.fits("0C383E112233.cfg"));
        assert!(Files::Grandstream.fits("cfg000b82AABBCC.xml") && Files::Grandstream.fits("cfg.xml"));
        for name in ["", "cfg000b82aabbcc", "cfg1.xml", "../cfg.xml", "y000000000000.cfg.x"] {
            assert!(ALL.iter().all(|files| !files.fits(name)), "{name}");
        }
    }
}
