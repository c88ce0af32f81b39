//! Digest fields and their arithmetic (RFC 7616, RFC 8760; RFC 2069 for clients without `qop`).

use std::borrow::Cow;

use md5::Md5;
use sha2::{Digest, Sha256};

/// Fields of one header value that are read at most; a longer value is malformed.
const MOST_FIELDS: usize = 32;

/// A hash that is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Sha256,
    Md5,
}

impl Algorithm {
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Md5 => "MD5",
        }
    }

    /// `None`: one that is not offered (also every `-sess`). An absent field means MD5 (RFC 7616 section 3.4).
    pub(super) fn read(field: Option<&[u8]>) -> Option<Algorithm> {
        match field {
            None => Some(Algorithm::Md5),
            Some(name) if name.eq_ignore_ascii_case(b"MD5") => Some(Algorithm::Md5),
            Some(name) if name.eq_ignore_ascii_case(b"SHA-256") => Some(Algorithm::Sha256),
            Some(_) => None,
        }
    }
}

/// A hash in lower-case hexadecimal digits.
pub(super) struct Hex {
    digits: [u8; 64],
    length: usize,
}

impl Hex {
    pub(super) fn of(bytes: &[u8]) -> Hex {
        let mut digits = [0; 64];
        let length = (bytes.len() * 2).min(64);
        if let Some(room) = digits.get_mut(..length) {
            let bytes = bytes.get(..length / 2).unwrap_or_default();
            hex::encode_to_slice(bytes, room).unwrap_or_default();
        }
        Hex { digits, length }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }
}

/// The hash of the parts with colons between them.
pub(super) fn hash(algorithm: Algorithm, parts: &[&[u8]]) -> Hex {
    match algorithm {
        Algorithm::Sha256 => Hex::of(joined::<Sha256>(parts).as_slice()),
        Algorithm::Md5 => Hex::of(joined::<Md5>(parts).as_slice()),
    }
}

fn joined<D: Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut digest = D::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            digest.update(b":");
        }
        digest.update(part);
    }
    digest.finalize()
}

/// What a response is made of besides the user's HA1.
pub(super) struct Asked<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) method: &'a [u8],
    pub(super) uri: &'a [u8],
    pub(super) nonce: &'a [u8],
    pub(super) qop: Option<Qop<'a>>,
}

/// The fields that come with `qop=auth`.
#[derive(Clone, Copy)]
pub(super) struct Qop<'a> {
    pub(super) nc: &'a [u8],
    pub(super) cnonce: &'a [u8],
    /// As written, usually `auth`.
    pub(super) qop: &'a [u8],
}

/// RFC 7616 section 3.4.1.
pub(super) fn response(ha1: &[u8], asked: &Asked<'_>) -> Hex {
    let ha2 = hash(asked.algorithm, &[asked.method, asked.uri]);
    let ha1 = Hex::of(ha1);
    match asked.qop {
        Some(Qop { nc, cnonce, qop }) => hash(
            asked.algorithm,
            &[ha1.as_bytes(), asked.nonce, nc, cnonce, qop, ha2.as_bytes()],
        ),
        None => hash(asked.algorithm, &[ha1.as_bytes(), asked.nonce, ha2.as_bytes()]),
    }
}

/// The fields of a challenge or of credentials, quotes removed, escapes as written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields<'a> {
    pub(super) username: Option<&'a [u8]>,
    pub(super) realm: Option<&'a [u8]>,
    pub(super) nonce: Option<&'a [u8]>,
    pub(super) uri: Option<&'a [u8]>,
    pub(super) response: Option<&'a [u8]>,
    pub(super) algorithm: Option<&'a [u8]>,
    pub(super) qop: Option<&'a [u8]>,
    pub(super) nc: Option<&'a [u8]>,
    pub(super) cnonce: Option<&'a [u8]>,
    pub(super) opaque: Option<&'a [u8]>,
    pub(super) stale: Option<&'a [u8]>,
}

/// The header's text is not a list of `name=value`, or names a field twice.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl<'a> Fields<'a> {
    /// `None`: another scheme than Digest.
    pub(super) fn read(value: &'a [u8]) -> Option<Result<Fields<'a>, Malformed>> {
        let value = value.trim_ascii_start();
        let scheme = value.get(..6)?;
        let rest = value.get(6..)?;
        if !scheme.eq_ignore_ascii_case(b"Digest") || !rest.first().is_some_and(u8::is_ascii_whitespace) {
            return None;
        }
        Some(Fields::read_list(rest))
    }

    fn read_list(mut rest: &'a [u8]) -> Result<Fields<'a>, Malformed> {
        let mut fields = Fields::default();
        for _ in 0..=MOST_FIELDS {
            rest = skip(rest, |b| b.is_ascii_whitespace() || b == b',');
            if rest.is_empty() {
                return Ok(fields);
            }
            let (name, value, after) = one_field(rest).ok_or(Malformed)?;
            rest = after;
            if let Some(place) = fields.place(name)
                && place.replace(value).is_some()
            {
                return Err(Malformed);
            }
        }
        Err(Malformed)
    }

    fn place(&mut self, name: &[u8]) -> Option<&mut Option<&'a [u8]>> {
        let places: [(&[u8], &mut Option<&'a [u8]>); 11] = [
            (b"username", &mut self.username),
            (b"realm", &mut self.realm),
            (b"nonce", &mut self.nonce),
            (b"uri", &mut self.uri),
            (b"response", &mut self.response),
            (b"algorithm", &mut self.algorithm),
            (b"qop", &mut self.qop),
            (b"nc", &mut self.nc),
            (b"cnonce", &mut self.cnonce),
            (b"opaque", &mut self.opaque),
            (b"stale", &mut self.stale),
        ];
        places
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, place)| place)
    }
}

/// `name = value` or `name = "value"`, and what follows.
fn one_field(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let equals = text.iter().position(|b| matches!(b, b'=' | b',' | b'"'))?;
    let (name, after) = (text.get(..equals)?.trim_ascii(), text.get(equals..)?);
    let value = after.strip_prefix(b"=")?.trim_ascii_start();
    if name.is_empty() {
        return None;
    }
    if let Some(quoted) = value.strip_prefix(b"\"") {
        let end = end_of_quoted(quoted)?;
        return Some((name, quoted.get(..end)?, quoted.get(end + 1..)?));
    }
    let end = value
        .iter()
        .position(|b| *b == b',' || b.is_ascii_whitespace())
        .unwrap_or(value.len());
    Some((name, value.get(..end)?, value.get(end..)?))
}

fn end_of_quoted(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|b| match (escaped, b) {
        (false, b'"') => true,
        (false, b'\\') => {
            escaped = true;
            false
        }
        _ => {
            escaped = false;
            false
        }
    })
}

fn skip(text: &[u8], unwanted: impl Fn(u8) -> bool) -> &[u8] {
    let start = text.iter().position(|b| !unwanted(*b)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

/// The text with `\x` read as `x`.
pub(super) fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut escaped = false;
    for &byte in text {
        if byte == b'\\' && !escaped {
            escaped = true;
        } else {
            plain.push(byte);
            escaped = false;
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_7616_come_out() {
        let asked = |algorithm| Asked {
            algorithm,
            method: b"GET",
            uri: b"/dir/index.html",
            nonce: b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            qop: Some(Qop {
                nc: b"00000001",
                cnonce: b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                qop: b"auth",
            }),
        };
        let check = |algorithm, expected: &[u8]| {
            let ha1 = hash(algorithm, &[b"Mufasa", b"http-auth@example.org", b"Circle of Life"]);
            let ha1 = hex::decode(ha1.as_bytes()).unwrap();
            assert_eq!(response(&ha1, &asked(algorithm)).as_bytes(), expected);
        };
        check(Algorithm::Md5, b"8ca523f5e9506fed4657c9700eebdbec");
        check(
            Algorithm::Sha256,
            b"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        );
    }

    #[test]
    fn the_example_of_rfc_2069_comes_out_without_qop() {
        let ha1 = hash(Algorithm::Md5, &[b"Mufasa", b"testrealm@host.com", b"CircleOfLife"]);
        let ha1 = hex::decode(ha1.as_bytes()).unwrap();
        let asked = Asked {
            algorithm: Algorithm::Md5,
            method: b"GET",
            uri: b"/dir/index.html",
            nonce: b"dcd98b7102dd2f0e8b11d0f600bfb0c093",
            qop: None,
        };
        assert_eq!(response(&ha1, &asked).as_bytes(), b"1949323746fe6a43ef61f9606e7febea");
    }

    #[test]
    fn fields_are_read_with_quotes_spaces_and_empty_items() {
        let check = |text: &[u8], username: Option<&[u8]>, nc: Option<&[u8]>| {
            let fields = Fields::read(text).unwrap().unwrap();
            assert_eq!(
                (fields.username, fields.nc),
                (username, nc),
                "{:?}",
                String::from_utf8_lossy(text)
            );
        };
        check(b"Digest username=\"101\",nc=00000001", Some(b"101"), Some(b"00000001"));
        check(b"digest  USERNAME = \"101\" , , nc = 1f ,", Some(b"101"), Some(b"1f"));
        check(b"Digest username=\"a\\\"b, c\", x=y", Some(b"a\\\"b, c"), None);
        check(b"Digest realm=\"=,=\"\t,nc=\"2\"", None, Some(b"2"));
        check(b"Digest ", None, None);
    }

    #[test]
    fn malformed_lists_are_told_from_other_schemes() {
        let check = |text: &[u8], expected: Option<Result<(), Malformed>>| {
            let read = Fields::read(text).map(|read| read.map(|_| ()));
            assert_eq!(read, expected, "{:?}", String::from_utf8_lossy(text));
        };
        check(b"NoOneKnowsThisScheme opaque-data=here", None);
        check(b"Digestive nonce=1", None);
        check(b"", None);
        check(b"Digest nonce", Some(Err(Malformed)));
        check(b"Digest =x", Some(Err(Malformed)));
        check(b"Digest nonce=\"open", Some(Err(Malformed)));
        check(b"Digest nonce=\"a\\\"", Some(Err(Malformed)));
        check(b"Digest nc=1, nc=1", Some(Err(Malformed)));
        check(format!("Digest {}", "x=y,".repeat(40)).as_bytes(), Some(Err(Malformed)));
    }

    #[test]
    fn escapes_are_removed_only_where_asked() {
        assert_eq!(unescaped(b"a\\\"b\\\\"), Cow::<[u8]>::Owned(b"a\"b\\".to_vec()));
        assert_eq!(unescaped(b"plain"), Cow::Borrowed(b"plain"));
    }
}
