//! Digest authentication of requests (RFC 3261 section 22, RFC 7616, RFC 8760).
//!
//! A challenge offers SHA-256 first and MD5 after it (or as [`AuthConfig::offers`] says) with `qop="auth"` and stores
//! nothing. A nonce count is accepted once for each nonce. Clients without `qop` (RFC 2069) are served too, but a nonce serves one request of theirs;
//! the next one gets `stale=true`, which costs a round trip and no question to the user. The same answer meets a nonce
//! that has expired, or that an earlier run of this program gave out. `auth-int`, `-sess` and `userhash` are not offered.
//!
//! An unknown user costs the same work and gets the same answer as a wrong password. The `uri` field is hashed as it
//! stands and not compared with the Request-URI: proxies change the latter, and clients write the former in many ways.

mod answer;
mod digest;
mod nonce;
mod quirks;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::time::Duration;

use subtle::ConstantTimeEq;

pub use answer::{Answering, Credentials, Login, answer, is_stale};
pub use digest::Algorithm;
use digest::{Asked, Fields, Malformed, Qop, hash};
use nonce::{Nonces, Use};

use crate::Now;
use crate::command::{Headers, Reply};
use crate::wire::{HeaderName, Message};

/// Credentials looked at in one request.
const MOST_CREDENTIALS: usize = 4;

/// What is stored of a password: its hashes with user and realm.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ha1 {
    pub md5: [u8; 16],
    pub sha256: [u8; 32],
}

impl Ha1 {
    pub fn new(user: &str, realm: &str, secret: &str) -> Ha1 {
        let parts = [user.as_bytes(), realm.as_bytes(), secret.as_bytes()];
        let mut ha1 = Ha1 {
            md5: [0; 16],
            sha256: [0; 32],
        };
        hex::decode_to_slice(hash(Algorithm::Md5, &parts).as_bytes(), &mut ha1.md5).unwrap_or_default();
        hex::decode_to_slice(hash(Algorithm::Sha256, &parts).as_bytes(), &mut ha1.sha256).unwrap_or_default();
        ha1
    }

    fn of(&self, algorithm: Algorithm) -> &[u8] {
        match algorithm {
            Algorithm::Sha256 => &self.sha256,
            Algorithm::Md5 => &self.md5,
        }
    }
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(..)")
    }
}

#[derive(Debug, Clone)]
pub struct AuthConfig {
    pub realm: String,
    /// How long a nonce serves.
    pub nonce_lifetime: Duration,
    /// Algorithms in the order offered.
    pub offers: Vec<Algorithm>,
    /// Nonces in use that are remembered; beyond them the oldest become stale.
    pub most_nonces: usize,
}

impl AuthConfig {
    pub fn new(realm: impl Into<String>) -> AuthConfig {
        AuthConfig {
            realm: realm.into(),
            nonce_lifetime: Duration::from_secs(3600),
            offers: vec![Algorithm::Sha256, Algorithm::Md5],
            most_nonces: 65_536,
        }
    }
}

/// What a request's credentials are worth.
#[derive(Debug)]
pub enum Check {
    Passed {
        user: String,
    },
    /// None yet, or right ones over a nonce that no longer serves: no reason for suspicion.
    Challenge {
        reply: Reply,
    },
    /// A wrong password, an unknown user (the reply does not tell which), or credentials that cannot be read.
    Failed {
        reply: Reply,
        user: String,
    },
}

/// Checks credentials and makes challenges.
pub struct Authenticator {
    config: AuthConfig,
    nonces: Option<Nonces>,
    nobody: Ha1,
}

impl Authenticator {
    /// With the same secret nonces survive a restart (each then serves again once); it must be random.
    pub fn new(secret: [u8; 32], config: AuthConfig) -> Authenticator {
        let lifetime = u64::try_from(config.nonce_lifetime.as_millis()).unwrap_or(u64::MAX >> 16);
        Authenticator {
            nonces: Nonces::new(&secret, lifetime, config.most_nonces),
            nobody: Ha1::new("", &config.realm, &hex::encode(secret)),
            config,
        }
    }

    pub fn realm(&self) -> &str {
        &self.config.realm
    }

    /// Judges a request by its `Authorization` and `Proxy-Authorization` headers. Not for ACK and CANCEL, which cannot
    /// be challenged (RFC 3261 section 22.1).
    pub fn check(&mut self, request: &Message, secrets: &dyn Fn(&str) -> Option<Ha1>, now: Now) -> Check {
        let asking = Asking {
            method: request.method().as_bytes(),
            only_md5: request
                .header(HeaderName::UserAgent)
                .is_some_and(quirks::gives_up_at_sha_256)
                && self.config.offers.contains(&Algorithm::Md5),
        };
        self.weigh(asking, credentials(request), secrets, now)
    }

    /// Judges what is no SIP but challenged in the same way, by the values of its `Authorization` headers.
    pub fn check_values<'a>(
        &mut self,
        method: &[u8],
        values: impl Iterator<Item = &'a [u8]>,
        secrets: &dyn Fn(&str) -> Option<Ha1>,
        now: Now,
    ) -> Check {
        let asking = Asking {
            method,
            only_md5: false,
        };
        self.weigh(asking, values, secrets, now)
    }

    fn weigh<'a>(
        &mut self,
        asking: Asking<'_>,
        values: impl Iterator<Item = &'a [u8]>,
        secrets: &dyn Fn(&str) -> Option<Ha1>,
        now: Now,
    ) -> Check {
        for value in values.take(MOST_CREDENTIALS) {
            match Fields::read(value) {
                Some(Ok(fields)) if fields.realm == Some(self.config.realm.as_bytes()) => {
                    return self.judge(&fields, asking, secrets, now);
                }
                Some(Err(Malformed)) => return unreadable(),
                Some(Ok(_)) | None => {}
            }
        }
        Check::Challenge {
            reply: self.challenge(asking, false, now),
        }
    }

    fn judge(
        &mut self,
        fields: &Fields<'_>,
        asking: Asking<'_>,
        secrets: &dyn Fn(&str) -> Option<Ha1>,
        now: Now,
    ) -> Check {
        let Some(claim) = Claim::read(fields, asking.method) else {
            return unreadable();
        };
        let user = String::from_utf8_lossy(&claim.user).into_owned();
        let known = secrets(&user);
        let ha1 = known.as_ref().unwrap_or(&self.nobody);
        let expected = digest::response(ha1.of(claim.asked.algorithm), &claim.asked);
        let given = claim.response.to_ascii_lowercase();
        let right: bool = expected.as_bytes().ct_eq(&given).into();
        let offered = self.config.offers.contains(&claim.asked.algorithm);
        if !right || !offered || known.is_none() {
            let reply = self.challenge(asking, false, now);
            return Check::Failed { reply, user };
        }
        let fresh = self
            .nonces
            .as_mut()
            .is_some_and(|nonces| nonces.spend(claim.asked.nonce, claim.how, now));
        match fresh {
            true => Check::Passed { user },
            false => Check::Challenge {
                reply: self.challenge(asking, true, now),
            },
        }
    }

    /// A 401 that asks for credentials.
    fn challenge(&mut self, asking: Asking<'_>, stale: bool, now: Now) -> Reply {
        let nonce = self.nonces.as_mut().map(|nonces| nonces.issue(now)).unwrap_or_default();
        let realm = &self.config.realm;
        let stale = if stale { ", stale=true" } else { "" };
        let headers: Headers = self
            .config
            .offers
            .iter()
            .filter(|algorithm| !asking.only_md5 || **algorithm == Algorithm::Md5)
            .map(|algorithm| {
                let name = algorithm.name();
                let mut value = String::with_capacity(realm.len() + nonce.len() + 80);
                let _ = write!(
                    value,
                    "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}"
                );
                (Cow::Borrowed("WWW-Authenticate"), value)
            })
            .collect();
        Reply {
            status: 401,
            headers,
            ..Reply::default()
        }
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

fn unreadable() -> Check {
    Check::Failed {
        reply: Reply {
            status: 400,
            reason: Some(Cow::Borrowed("Credentials Cannot Be Read")),
            ..Reply::default()
        },
        user: String::new(),
    }
}

/// What matters of a request besides its credentials.
#[derive(Clone, Copy)]
struct Asking<'a> {
    method: &'a [u8],
    /// Offer MD5 alone.
    only_md5: bool,
}

/// What a client says with its credentials.
struct Claim<'a> {
    user: Cow<'a, [u8]>,
    response: &'a [u8],
    asked: Asked<'a>,
    how: Use,
}

impl<'a> Claim<'a> {
    /// `None`: a field is missing or has no sense. An algorithm that was never offered is read as MD5: it fails as a
    /// wrong password does.
    fn read(fields: &Fields<'a>, method: &'a [u8]) -> Option<Claim<'a>> {
        let qop = match fields.qop {
            Some(qop) if qop.eq_ignore_ascii_case(b"auth") => Some(Qop {
                nc: fields.nc?,
                cnonce: fields.cnonce?,
                qop,
            }),
            Some(_) => return None,
            None => None,
        };
        let how = match qop {
            Some(Qop { nc, .. }) => Use::Counted(count(nc)?),
            None => Use::Once,
        };
        Some(Claim {
            user: digest::unescaped(fields.username?),
            response: fields.response?,
            asked: Asked {
                algorithm: Algorithm::read(fields.algorithm).unwrap_or(Algorithm::Md5),
                method,
                uri: fields.uri?,
                nonce: fields.nonce?,
                qop,
            },
            how,
        })
    }
}

/// The nonce count: up to eight hexadecimal digits.
fn count(nc: &[u8]) -> Option<u32> {
    if nc.is_empty() || nc.len() > 8 {
        return None;
    }
    nc.iter().try_fold(0u32, |sum, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(sum << 4 | digit)
    })
}

fn credentials(request: &Message) -> impl Iterator<Item = &[u8]> {
    request
        .headers(HeaderName::Authorization)
        .chain(request.headers(HeaderName::ProxyAuthorization))
}
