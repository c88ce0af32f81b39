//! The client's side: an answer to a challenge.

use super::digest::{self, Algorithm, Asked, Fields, Qop, hash, unescaped};

/// Who answers.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    pub user: &'a str,
    pub secret: &'a str,
}

/// What we prove ourselves with when somebody challenges us.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: Box<str>,
    pub secret: Box<str>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({})", self.user)
    }
}

/// Whether a challenge only wants a newer nonce (RFC 7616 section 3.3).
pub fn is_stale(challenge: &[u8]) -> bool {
    let fields = Fields::read(challenge).and_then(Result::ok);
    fields.is_some_and(|fields| fields.stale.is_some_and(|stale| stale.eq_ignore_ascii_case(b"true")))
}

/// What is being sent, and the client's part of the digest.
#[derive(Debug, Clone, Copy)]
pub struct Answering<'a> {
    pub method: &'a str,
    /// The Request-URI as written.
    pub uri: &'a str,
    /// The client's own random text.
    pub cnonce: &'a str,
    /// How many requests, this one included, use the server's nonce.
    pub count: u32,
}

/// The value of an `Authorization` (or `Proxy-Authorization`) header for the first challenge that is understood:
/// SHA-256 or MD5, with `qop=auth` when it is offered (RFC 8760 section 2.4).
pub fn answer<'a>(
    challenges: impl IntoIterator<Item = &'a [u8]>,
    login: &Login<'_>,
    request: &Answering<'_>,
) -> Option<String> {
    challenges.into_iter().find_map(|value| {
        let fields = Fields::read(value)?.ok()?;
        let algorithm = Algorithm::read(fields.algorithm)?;
        let with_qop = match fields.qop {
            Some(offers) => Some(
                offers
                    .split(|b| *b == b',')
                    .find(|o| o.trim_ascii().eq_ignore_ascii_case(b"auth"))?,
            ),
            None => None,
        };
        one(&fields, algorithm, with_qop.is_some(), (login, request))
    })
}

fn one(
    challenge: &Fields<'_>,
    algorithm: Algorithm,
    with_qop: bool,
    (login, request): (&Login<'_>, &Answering<'_>),
) -> Option<String> {
    let (realm, nonce) = (challenge.realm?, challenge.nonce?);
    let ha1 = hash(
        algorithm,
        &[login.user.as_bytes(), &unescaped(realm), login.secret.as_bytes()],
    );
    let nc = format!("{:08x}", request.count);
    let asked = Asked {
        algorithm,
        method: request.method.as_bytes(),
        uri: request.uri.as_bytes(),
        nonce,
        qop: with_qop.then_some(Qop {
            nc: nc.as_bytes(),
            cnonce: request.cnonce.as_bytes(),
            qop: b"auth",
        }),
    };
    let response = digest::response(&hex::decode(ha1.as_bytes()).ok()?, &asked);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut value = format!(
        "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{}\", algorithm={}",
        login.user.replace('\\', "\\\\").replace('"', "\\\""),
        text(realm),
        text(nonce),
        request.uri,
        text(response.as_bytes()),
        algorithm.name(),
    );
    if with_qop {
        value.push_str(&format!(", qop=auth, nc={nc}, cnonce=\"{}\"", request.cnonce));
    }
    if let Some(opaque) = challenge.opaque {
        value.push_str(&format!(", opaque=\"{}\"", text(opaque)));
    }
    Some(value)
}
