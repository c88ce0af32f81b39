//! The kinds of values that settings have: how each is read and written.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use crate::secret::Secret;
use crate::source::Raw;

/// The first and the last port of a range, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    pub low: u16,
    pub high: u16,
}

impl FromStr for PortRange {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (low, high) = text.split_once('-').ok_or(())?;
        let port = |text: &str| text.trim().parse::<u16>().map_err(|_| ());
        Ok(PortRange {
            low: port(low)?,
            high: port(high)?,
        })
    }
}

/// What is allowed instead of the value that was given.
pub(crate) type Allowed = &'static str;

pub(crate) trait Field: Sized {
    const ALLOWED: Allowed;

    fn read(raw: &Raw) -> Option<Self>;

    /// As TOML.
    fn write(&self) -> String;
}

/// Fields that are a text in the file.
macro_rules! text_fields {
    ($($kind:ty, $allowed:literal, $parse:expr, $show:expr;)*) => {$(
        impl Field for $kind {
            const ALLOWED: Allowed = $allowed;

            fn read(raw: &Raw) -> Option<Self> {
                let parse: fn(&str) -> Option<$kind> = $parse;
                text(raw).and_then(parse)
            }

            fn write(&self) -> String {
                let show: fn(&$kind) -> String = $show;
                quoted(&show(self))
            }
        }
    )*};
}

text_fields! {
    String, "a text", |text| Some(text.to_owned()), String::clone;
    PathBuf, "a path", |text| (!text.is_empty()).then(|| PathBuf::from(text)), |path| path.to_string_lossy().into_owned();
    Secret, "a text", |text| (!text.is_empty()).then(|| Secret::new(text)), |secret| secret.reveal().to_owned();
    SocketAddr, "an address and a port, such as 127.0.0.1:8080 or [::1]:8080", |text| text.parse().ok(), SocketAddr::to_string;
    IpAddr, "an IP address, such as 203.0.113.5 or 2001:db8::5", |text| text.parse().ok(), IpAddr::to_string;
    IpNet, "a network, such as 192.168.0.0/16, or an IP address", network, IpNet::to_string;
    PortRange, "two ports, such as 10000-29999", |text| text.parse().ok(), |range| format!("{}-{}", range.low, range.high);
}

fn network(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl Field for bool {
    const ALLOWED: Allowed = "true or false";

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Boolean(flag) => Some(*flag),
            Raw::Untyped(text) => match text.trim() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" => Some(false),
                _ => None,
            },
            Raw::Text(_) | Raw::Integer(_) | Raw::List(_) | Raw::Foreign => None,
        }
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Field for u32 {
    const ALLOWED: Allowed = "a whole number";

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Integer(number) => u32::try_from(*number).ok(),
            Raw::Untyped(text) => text.trim().parse().ok(),
            Raw::Text(_) | Raw::Boolean(_) | Raw::List(_) | Raw::Foreign => None,
        }
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Field for Duration {
    const ALLOWED: Allowed = "a time, such as \"90s\", \"5m\", \"12h\" or \"7d\"; a bare number is seconds";

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Integer(seconds) => u64::try_from(*seconds).ok().map(Duration::from_secs),
            Raw::Text(text) | Raw::Untyped(text) => duration(text.trim()),
            Raw::Boolean(_) | Raw::List(_) | Raw::Foreign => None,
        }
    }

    fn write(&self) -> String {
        let seconds = self.as_secs();
        let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
        // "60s" reads better than "1m" among seconds.
        let unit = units
            .iter()
            .find(|(size, _)| seconds >= 2 * size && seconds.is_multiple_of(*size));
        match unit {
            Some((size, name)) => format!("\"{}{name}\"", seconds / size),
            None => format!("\"{seconds}s\""),
        }
    }
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..)?;
    let scale = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    digits
        .trim_end()
        .parse::<u64>()
        .ok()?
        .checked_mul(scale)
        .map(Duration::from_secs)
}

impl<T: Field> Field for Option<T> {
    const ALLOWED: Allowed = T::ALLOWED;

    fn read(raw: &Raw) -> Option<Self> {
        match text(raw) {
            Some("") => Some(None),
            _ => T::read(raw).map(Some),
        }
    }

    fn write(&self) -> String {
        self.as_ref().map_or_else(|| "\"\"".to_owned(), T::write)
    }
}

impl<T: Field> Field for Vec<T> {
    const ALLOWED: Allowed = T::ALLOWED;

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::List(items) => items.iter().map(T::read).collect(),
            Raw::Untyped(text) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                items.map(|item| T::read(&Raw::Untyped(item.to_owned()))).collect()
            }
            Raw::Text(_) | Raw::Integer(_) | Raw::Boolean(_) | Raw::Foreign => T::read(raw).map(|item| vec![item]),
        }
    }

    fn write(&self) -> String {
        let items: Vec<String> = self.iter().map(T::write).collect();
        format!("[{}]", items.join(", "))
    }
}

/// A setting that has one of a few names.
macro_rules! choice {
    ($(#[$doc:meta])* $kind:ident: $allowed:literal { $($variant:ident = $name:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind { $($variant),* }

        impl $kind {
            pub fn as_str(self) -> &'static str {
                match self { $($kind::$variant => $name),* }
            }
        }

        impl $crate::field::Field for $kind {
            const ALLOWED: $crate::field::Allowed = $allowed;

            fn read(raw: &$crate::source::Raw) -> Option<Self> {
                match $crate::field::text(raw)? { $($name => Some($kind::$variant),)* _ => None }
            }

            fn write(&self) -> String {
                $crate::field::quoted(self.as_str())
            }
        }
    };
}
pub(crate) use choice;

pub(crate) fn text(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Text(text) | Raw::Untyped(text) => Some(text.trim()),
        Raw::Integer(_) | Raw::Boolean(_) | Raw::List(_) | Raw::Foreign => None,
    }
}

pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
