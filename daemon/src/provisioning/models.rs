//! Phones and softphones that we know: where their settings are typed, by the words that stand there.

use super::PhoneSettings;
use super::files::{Files, baresip};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Desk,
    App,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Desk => "desk",
            Kind::App => "app",
        }
    }
}

/// In both languages.
#[derive(Debug)]
pub(crate) struct Words {
    en: &'static str,
    ru: &'static str,
}

impl Words {
    pub(crate) fn of(&self, lang: &str) -> &'static str {
        match lang {
            "ru" => self.ru,
            _ => self.en,
        }
    }
}

/// What stands in a field.
#[derive(Debug, Clone, Copy)]
enum Value {
    Name,
    User,
    Password,
    Host,
    Port,
    Server,
    Transport,
    Proxy,
    Line,
    Text(&'static str),
}

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Of the maker: where the program or the manual is.
    pub(crate) link: &'static str,
    /// Where the fields are.
    pub(crate) place: Words,
    fields: &'static [(&'static str, Value)],
    /// What it can fetch by itself.
    pub(crate) files: Option<Files>,
    /// Where the link is typed.
    pub(crate) link_place: Option<Words>,
}

/// One field of a form, as the phone calls it; without a value: the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) label: &'static str,
    pub(crate) value: Option<String>,
}

impl Model {
    pub(crate) fn filled(&self, settings: &PhoneSettings) -> Vec<Filled> {
        let filled = |(label, value): &(&'static str, Value)| Filled {
            label,
            value: value.of(settings),
        };
        self.fields.iter().map(filled).collect()
    }
}

impl Value {
    fn of(self, settings: &PhoneSettings) -> Option<String> {
        Some(match self {
            Value::Password => return None,
            Value::Name => settings.name.clone(),
            Value::User => settings.user.clone(),
            Value::Host => settings.host.clone(),
            Value::Port => settings.port.to_string(),
            Value::Server => settings.server(),
            Value::Transport => settings.transport.to_owned(),
            Value::Proxy => {
                let transport = settings.transport.to_ascii_lowercase();
                format!("sip:{};transport={transport}", settings.server())
            }
            Value::Line => baresip(settings, None),
            Value::Text(text) => text.to_owned(),
        })
    }
}

pub(crate) fn model(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}

pub(crate) static MODELS: &[Model] = &[
    Model {
        id: "yealink",
        name: "Yealink T2, T3, T4, T5, W",
        kind: Kind::Desk,
        link: "https://support.yealink.com",
        place: Words {
            en: "The phone's own page (its address: OK key), Account, Register",
            ru: "Страница телефона (адрес — по кнопке OK), раздел Account, Register",
        },
        fields: &[
            ("Line Active", Value::Text("Enabled")),
            ("Label", Value::Name),
            ("Display Name", Value::Name),
            ("Register Name", Value::User),
            ("User Name", Value::User),
            ("Password", Value::Password),
            ("SIP Server 1: Server Host", Value::Host),
            ("SIP Server 1: Port", Value::Port),
            ("SIP Server 1: Transport", Value::Transport),
        ],
        files: Some(Files::Yealink),
        link_place: Some(Words {
            en: "Settings, Auto Provision, Server URL; then Auto Provision Now",
            ru: "Settings, Auto Provision, поле Server URL; затем Auto Provision Now",
        }),
    },
    Model {
        id: "grandstream",
        name: "Grandstream GXP, GRP, HT",
        kind: Kind::Desk,
        link: "https://www.grandstream.com/support",
        place: Words {
            en: "The phone's own page, Accounts, Account 1, General Settings and SIP Settings",
            ru: "Страница телефона, Accounts, Account 1, General Settings и SIP Settings",
        },
        fields: &[
            ("Account Active", Value::Text("Yes")),
            ("Account Name", Value::Name),
            ("SIP Server", Value::Server),
            ("SIP User ID", Value::User),
            ("Authenticate ID", Value::User),
            ("Authenticate Password", Value::Password),
            ("Name", Value::Name),
            ("SIP Transport", Value::Transport),
        ],
        files: Some(Files::Grandstream),
        link_place: Some(Words {
            en: "Maintenance, Upgrade and Provisioning, Config Server Path, without the file's name",
            ru: "Maintenance, Upgrade and Provisioning, поле Config Server Path, без имени файла",
        }),
    },
    Model {
        id: "snom",
        name: "Snom D1xx, D3xx, D7xx, D8xx",
        kind: Kind::Desk,
        link: "https://service.snom.com",
        place: Words {
            en: "The phone's own page, Setup, Identity 1, Login",
            ru: "Страница телефона, Setup, Identity 1, вкладка Login",
        },
        fields: &[
            ("Identity active", Value::Text("on")),
            ("Displayname", Value::Name),
            ("Account", Value::User),
            ("Password", Value::Password),
            ("Registrar", Value::Host),
            ("Outbound Proxy", Value::Proxy),
            ("Authentication Username", Value::User),
        ],
        files: Some(Files::Snom),
        link_place: Some(Words {
            en: "Advanced, Update, Setting URL",
            ru: "Advanced, Update, поле Setting URL",
        }),
    },
    Model {
        id: "fanvil",
        name: "Fanvil X, V, H",
        kind: Kind::Desk,
        link: "https://www.fanvil.com/Support/download.html",
        place: Words {
            en: "The phone's own page, Line, SIP",
            ru: "Страница телефона, раздел Line, SIP",
        },
        fields: &[
            ("Activate", Value::Text("✓")),
            ("Username", Value::User),
            ("Display Name", Value::Name),
            ("Authentication Name", Value::User),
            ("Authentication Password", Value::Password),
            ("Server Address", Value::Host),
            ("Server Port", Value::Port),
            ("Transport Protocol", Value::Transport),
        ],
        files: Some(Files::Fanvil),
        link_place: Some(Words {
            en: "System, Auto Provision, Static Provisioning Server, Server Address; file name $mac.cfg",
            ru: "System, Auto Provision, Static Provisioning Server, поле Server Address; имя файла $mac.cfg",
        }),
    },
    Model {
        id: "linphone",
        name: "Linphone",
        kind: Kind::App,
        link: "https://www.linphone.org/en/download/",
        place: Words {
            en: "Windows, macOS, Linux, Android, iOS: Third-party SIP account",
            ru: "Windows, macOS, Linux, Android, iOS: «Учётная запись SIP стороннего провайдера»",
        },
        fields: &[
            ("Username", Value::User),
            ("Password", Value::Password),
            ("Domain", Value::Server),
            ("Display name", Value::Name),
            ("Transport", Value::Transport),
        ],
        files: Some(Files::Linphone),
        link_place: Some(Words {
            en: "Scan the QR code, or Settings, Advanced, Remote provisioning",
            ru: "Сканируйте QR-код, или Настройки, Дополнительно, Удалённая настройка",
        }),
    },
    Model {
        id: "zoiper",
        name: "Zoiper 5",
        kind: Kind::App,
        link: "https://www.zoiper.com/en/voip-softphone/download/current",
        place: Words {
            en: "Windows, macOS, Linux, Android, iOS: Settings, Accounts, Add, SIP",
            ru: "Windows, macOS, Linux, Android, iOS: Settings, Accounts, Add, SIP",
        },
        fields: &[
            ("Account name", Value::Name),
            ("Domain", Value::Server),
            ("Username", Value::User),
            ("Password", Value::Password),
            ("Authentication username", Value::User),
            ("Transport", Value::Transport),
        ],
        files: None,
        link_place: None,
    },
    Model {
        id: "microsip",
        name: "MicroSIP",
        kind: Kind::App,
        link: "https://www.microsip.org/downloads",
        place: Words {
            en: "Windows: menu, Add Account",
            ru: "Windows: меню, «Добавить аккаунт»",
        },
        fields: &[
            ("Account Name", Value::Name),
            ("SIP Server", Value::Server),
            ("Username", Value::User),
            ("Domain", Value::Server),
            ("Login", Value::User),
            ("Password", Value::Password),
            ("Display Name", Value::Name),
            ("Transport", Value::Transport),
        ],
        files: Some(Files::MicroSip),
        link_place: Some(Words {
            en: "Save it as microsip.ini in %APPDATA%\\MicroSIP before the first start",
            ru: "Сохраните как microsip.ini в %APPDATA%\\MicroSIP до первого запуска",
        }),
    },
    Model {
        id: "baresip",
        name: "baresip",
        kind: Kind::App,
        link: "https://github.com/baresip/baresip",
        place: Words {
            en: "Linux, macOS: a line of the file ~/.baresip/accounts",
            ru: "Linux, macOS: строка файла ~/.baresip/accounts",
        },
        fields: &[("accounts", Value::Line), ("auth_pass", Value::Password)],
        files: Some(Files::Baresip),
        link_place: Some(Words {
            en: "curl LINK >> ~/.baresip/accounts",
            ru: "curl ССЫЛКА >> ~/.baresip/accounts",
        }),
    },
];

#[cfg(test)]
mod tests {
    use super::super::tests::anna;
    use super::*;

    #[test]
    fn each_model_is_told_user_server_and_where_the_password_goes() {
        for model in MODELS {
            let filled = model.filled(&anna());
            let has = |wanted: &str| {
                let values = filled.iter().filter_map(|field| field.value.as_ref());
                values.into_iter().any(|value| value.contains(wanted))
            };
            assert!(has("10001-105") && has("pbx.example"), "{filled:?}");
            assert!(filled.iter().any(|field| field.value.is_none()), "{filled:?}");
            assert_eq!(model.files.is_some(), model.link_place.is_some(), "{}", model.id);
        }
    }
}
