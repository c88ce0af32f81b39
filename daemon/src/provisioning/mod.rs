//! How phones and softphones are set up: what is to be typed where, and files that they fetch themselves.
//!
//! A phone's password is known only while it is made, and is kept nowhere as it is. So whatever fetches it must come soon:
//! a link is made together with the password, lives in memory alone, and gives the password away once.

mod files;
mod models;
pub(crate) mod qr;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use frontdesk_routing::ids::{AccountId, StaffId};
use sha2::{Digest, Sha256};

pub(crate) use files::{File, Files};
pub(crate) use models::{Filled, MODELS, Model, model};
pub(crate) use qr::svg;

/// How long a link waits for its phone.
const LIFETIME_MS: i64 = 60 * 60_000;
/// Links that wait at a time; the oldest gives way.
const MOST: usize = 10_000;

/// What a phone is set up with.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PhoneSettings {
    pub(crate) account: AccountId,
    pub(crate) staff: StaffId,
    /// The person's.
    pub(crate) name: String,
    pub(crate) user: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `UDP`, `TCP` or `TLS`; the port is that one's.
    pub(crate) transport: &'static str,
}

impl PhoneSettings {
    /// Host and port, in brackets where the host is an IPv6 address.
    fn server(&self) -> String {
        format!("{}:{}", self.bracketed(), self.port)
    }

    fn bracketed(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        }
    }
}

struct Ticket {
    settings: PhoneSettings,
    password: String,
    until: i64,
}

/// Links that have not been followed yet, by the digest of what makes them unguessable.
#[derive(Default)]
pub(crate) struct Tickets(Mutex<HashMap<[u8; 32], Ticket>>);

impl Tickets {
    /// Lets whoever knows `token` fetch this once; an older link of the person ends. Gives the moment until when.
    pub(crate) fn issue(&self, token: &str, (settings, password): (PhoneSettings, String), now: i64) -> i64 {
        let until = now.saturating_add(LIFETIME_MS);
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.retain(|_, ticket| ticket.until > now && ticket.settings.staff != settings.staff);
        if tickets.len() >= MOST {
            let oldest = tickets.iter_mut().min_by_key(|(_, ticket)| ticket.until);
            let oldest = oldest.map(|(key, _)| *key);
            oldest.and_then(|key| tickets.remove(&key));
        }
        let ticket = Ticket {
            settings,
            password,
            until,
        };
        tickets.insert(digest(token), ticket);
        until
    }

    /// Whose phone a link is for, whether it is still good or not.
    pub(crate) fn whose(&self, token: &str) -> Option<(AccountId, StaffId)> {
        let tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let settings = &tickets.get(&digest(token))?.settings;
        Some((settings.account, settings.staff))
    }

    /// The file that a phone asks for by this name, and whose phone it is. The link ends with that; a name that is none of
    /// the model's leaves it be, since phones try several.
    pub(crate) fn redeem(&self, token: &str, (model, name): (&str, &str), now: i64) -> Option<(File, PhoneSettings)> {
        let kind = self::model(model)?.files.filter(|files| files.fits(name))?;
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = tickets.remove(&digest(token)).filter(|ticket| ticket.until > now)?;
        let file = kind.of(&ticket.settings, &ticket.password);
        Some((file, ticket.settings))
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn anna() -> PhoneSettings {
        PhoneSettings {
            account: AccountId::from_u128(1),
            staff: StaffId::from_u128(2),
            name: "Анна <\"A&B\">\r\nevil = 1".into(),
            user: "10001-105".into(),
            host: "pbx.example".into(),
            port: 5060,
            transport: "UDP",
        }
    }

    #[test]
    fn a_link_is_good_once_for_an_hour_and_only_for_a_file_of_the_model() {
        let tickets = Tickets::default();
        let issue = |token: &str, now| tickets.issue(token, (anna(), "secret".into()), now);
        let redeem = |token: &str, name: &str, now| tickets.redeem(token, ("yealink", name), now).is_some();
        assert_eq!(issue("a", 0), LIFETIME_MS);
        assert!(!redeem("b", "yealink.cfg", 1));
        assert!(!redeem("a", "y000000000058.boot", 1));
        assert!(!redeem("a", "y00000000005.cfg", 1));
        assert!(redeem("a", "805EC0112233.cfg", 1));
        assert!(!redeem("a", "805EC0112233.cfg", 1));
        issue("c", 0);
        assert!(!redeem("c", "yealink.cfg", LIFETIME_MS));
        issue("d", 0);
        issue("e", 1);
        assert!(
            !redeem("d", "yealink.cfg", 2),
            "the password of the older one is no longer good"
        );
        assert!(redeem("e", "yealink.cfg", 2));
    }
}
