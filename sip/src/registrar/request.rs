//! A REGISTER read and checked, before anything is touched.

use std::borrow::Cow;

use super::RegistrarConfig;
use crate::command::Reply;
use crate::wire::{HeaderName, Message, NameAddr, Scheme};

/// Contacts read in one request.
const MOST_CONTACTS: usize = 32;
const MOST_PATHS: usize = 8;
/// Bytes of a value that is kept: a contact, a Path value, a Call-ID, an instance.
const MOST_KEPT: usize = 512;
const MOST_USER_AGENT: usize = 128;
/// Option tags that a REGISTER may require.
const SERVED: [&[u8]; 2] = [b"path", b"outbound"];
/// RFC 5626 section 9.
const LARGEST_REG_ID: u32 = 0x7fff_ffff;
/// From here on a short registration may not be refused (RFC 3261 section 10.3, step 7).
const AN_HOUR: u32 = 3600;

pub(super) struct Registration {
    pub(super) sip_call_id: String,
    pub(super) cseq: u32,
    pub(super) wish: Wish,
    pub(super) path: Vec<String>,
    pub(super) supports_path: bool,
    /// The phone registers a flow and will keep it alive (RFC 5626 section 6).
    pub(super) outbound: bool,
    pub(super) user_agent: Option<String>,
}

pub(super) enum Wish {
    Fetch,
    RemoveAll,
    Update(Vec<Asked>),
}

pub(super) struct Asked {
    pub(super) contact: String,
    pub(super) q: u16,
    /// Seconds, within the limits; 0: remove.
    pub(super) expires: u32,
    pub(super) instance: Option<String>,
    pub(super) reg_id: Option<u32>,
}

impl Asked {
    /// The device and which of its flows it is.
    pub(super) fn outbound(&self) -> Option<(&str, u32)> {
        self.instance.as_deref().zip(self.reg_id)
    }
}

impl Registration {
    pub(super) fn read(request: &Message, config: &RegistrarConfig) -> Result<Registration, Box<Reply>> {
        check_required(request)?;
        let sip_call_id = request.call_id().ok_or_else(|| refusal(400, "Missing Call-ID"))?;
        let (cseq, _) = request.cseq().ok_or_else(|| refusal(400, "Missing CSeq"))?;
        let path = kept_values(request, HeaderName::Path)?;
        let wish = wish(request, config)?;
        Ok(Registration {
            sip_call_id: kept(sip_call_id, "Call-ID")?,
            cseq,
            outbound: asks_outbound(request, &wish) && is_first_hop(request, &path),
            wish,
            path,
            supports_path: lists(request, HeaderName::Supported, b"path"),
            user_agent: request.header(HeaderName::UserAgent).map(shortened),
        })
    }
}

fn wish(request: &Message, config: &RegistrarConfig) -> Result<Wish, Box<Reply>> {
    let by_header = request.header(HeaderName::Expires).map(|value| seconds(value, config));
    let mut asked = Vec::new();
    let mut all = false;
    for value in request.values(HeaderName::Contact) {
        if value.trim_ascii() == b"*" {
            all = true;
            continue;
        }
        if asked.len() == MOST_CONTACTS {
            return Err(refusal(403, "Too Many Contacts"));
        }
        asked.push(one(value, by_header, config)?);
    }
    match (all, asked.is_empty()) {
        (true, true)
            if request
                .header(HeaderName::Expires)
                .map(<[u8]>::trim_ascii)
                .is_some_and(is_zero) =>
        {
            Ok(Wish::RemoveAll)
        }
        (true, _) => Err(refusal(400, "Contact * Stands Alone With Expires 0")),
        (false, true) => Ok(Wish::Fetch),
        (false, false) => Ok(Wish::Update(asked)),
    }
}

fn one(value: &[u8], by_header: Option<u32>, config: &RegistrarConfig) -> Result<Asked, Box<Reply>> {
    let contact = NameAddr::read(value).map_err(|_| refusal(400, "Bad Contact"))?;
    let uri = contact.uri().map_err(|_| refusal(400, "Bad Contact URI"))?;
    if !matches!(uri.scheme(), Scheme::Sip | Scheme::Sips) {
        return Err(refusal(400, "Contact Is Not A SIP URI"));
    }
    let by_param = contact.param("expires").map(|value| seconds(value, config));
    let expires = by_param.or(by_header).unwrap_or(config.default_expires);
    if expires > 0 && expires < AN_HOUR && expires < config.min_expires {
        return Err(too_brief(config.min_expires));
    }
    let instance = contact.param("+sip.instance").map(unquoted);
    // RFC 5626 section 6: a flow of nobody is none.
    let reg_id = contact.param("reg-id").filter(|_| instance.is_some());
    Ok(Asked {
        contact: kept(contact.raw_uri(), "Contact")?,
        q: contact.param("q").map_or(1000, thousandths),
        expires: expires.min(config.max_expires),
        instance: instance.map(|value| kept(value, "Instance")).transpose()?,
        reg_id: reg_id.and_then(number).filter(|id| (1..=LARGEST_REG_ID).contains(id)),
    })
}

/// Delta-seconds; what is not a number counts as the default (RFC 3261 section 20.19).
fn seconds(value: &[u8], config: &RegistrarConfig) -> u32 {
    let digits = value.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return config.default_expires;
    }
    number(digits).unwrap_or(u32::MAX)
}

fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.trim().parse().ok()
}

fn is_zero(digits: &[u8]) -> bool {
    !digits.is_empty() && digits.iter().all(|digit| *digit == b'0')
}

/// `0.5` is 500; what is no qvalue counts as the highest, as if nothing were said.
fn thousandths(value: &[u8]) -> u16 {
    let (whole, fraction) = match value.iter().position(|b| *b == b'.') {
        Some(dot) => (
            value.get(..dot).unwrap_or_default(),
            value.get(dot + 1..).unwrap_or_default(),
        ),
        None => (value, &b""[..]),
    };
    if !is_zero(whole) && !whole.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return 1000;
    }
    let digits = fraction
        .iter()
        .map(|digit| u16::from(digit - b'0'))
        .chain(std::iter::repeat(0));
    digits.take(3).fold(0, |sum, digit| sum * 10 + digit)
}

fn unquoted(value: &[u8]) -> &[u8] {
    let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    inner.unwrap_or(value)
}

/// What we cannot honour must be refused before anything is done (RFC 3261 section 8.2.2.3).
fn check_required(request: &Message) -> Result<(), Box<Reply>> {
    let required = request.values(HeaderName::Require);
    let unknown: Vec<String> = required
        .map(<[u8]>::trim_ascii)
        .filter(|tag| !tag.is_empty() && !SERVED.iter().any(|known| tag.eq_ignore_ascii_case(known)))
        .map(|tag| String::from_utf8_lossy(tag).into_owned())
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let mut reply = refusal(420, "Bad Extension");
    reply.headers.push((Cow::Borrowed("Unsupported"), unknown.join(", ")));
    Err(reply)
}

fn asks_outbound(request: &Message, wish: &Wish) -> bool {
    let flow = match wish {
        Wish::Update(asked) => asked
            .iter()
            .any(|asked| asked.expires > 0 && asked.outbound().is_some()),
        Wish::Fetch | Wish::RemoveAll => false,
    };
    flow && lists(request, HeaderName::Supported, b"outbound")
}

/// Either nobody stands between the phone and us, or whoever is next to it keeps its flows (RFC 5626 section 6).
fn is_first_hop(request: &Message, path: &[String]) -> bool {
    let keeps_flows = |value: &String| {
        let value = NameAddr::read(value.as_bytes()).ok();
        let uri = value.as_ref().and_then(|value| value.uri().ok());
        uri.is_some_and(|uri| uri.params().has("ob"))
    };
    match path.last() {
        Some(next_to_phone) => keeps_flows(next_to_phone),
        None => request.vias().count() == 1,
    }
}

fn lists(request: &Message, header: HeaderName, tag: &[u8]) -> bool {
    request
        .values(header)
        .any(|value| value.trim_ascii().eq_ignore_ascii_case(tag))
}

fn kept_values(request: &Message, header: HeaderName) -> Result<Vec<String>, Box<Reply>> {
    let mut values = Vec::new();
    for value in request.values(header) {
        if values.len() == MOST_PATHS {
            return Err(refusal(400, "Too Many Path Values"));
        }
        values.push(kept(&Message::unfold(value.trim_ascii()), "Path")?);
    }
    Ok(values)
}

fn kept(value: &[u8], what: &'static str) -> Result<String, Box<Reply>> {
    match std::str::from_utf8(value) {
        Ok(text) if text.len() <= MOST_KEPT && !text.contains(['\r', '\n', '\0']) => Ok(text.to_owned()),
        Ok(_) | Err(_) => {
            let mut reply = refusal(400, "");
            reply.reason = Some(Cow::Owned(format!("Bad {what}")));
            Err(reply)
        }
    }
}

fn shortened(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.chars().filter(|c| !c.is_control()).take(MOST_USER_AGENT).collect()
}

fn too_brief(least: u32) -> Box<Reply> {
    let mut reply = refusal(423, "Interval Too Brief");
    reply.headers.push((Cow::Borrowed("Min-Expires"), least.to_string()));
    reply
}

pub(super) fn refusal(status: u16, reason: &'static str) -> Box<Reply> {
    Box::new(Reply {
        status,
        reason: Some(Cow::Borrowed(reason)),
        ..Reply::default()
    })
}
