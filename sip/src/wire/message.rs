//! A received message: the bytes as they came and where its parts lie in them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;

use super::fault::{self, Fault};
use super::name_addr::{BadNameAddr, NameAddr};
use super::names::{HeaderName, Method};
use super::parts::{self, Entity};
use super::scan::{self, Values};
use super::uri::{BadUri, Uri};
use super::via::{BadVia, Via};
use crate::flow::Transport;

/// The largest message that is read.
pub const MAX_MESSAGE: usize = 65_535;
/// How many branches a request may have that does not say (RFC 5393 section 5.3.3).
pub const MAX_BREADTH: u32 = 60;
/// More header fields than this are an attack.
const MAX_FIELDS: usize = 256;
/// Longest header field with its folded lines.
const MAX_LINE: usize = 16 << 10;

/// How the end of a message is known (RFC 3261 section 18.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Without Content-Length the body runs to the end.
    Datagram,
    /// Without Content-Length there is no body.
    Stream,
}

impl Framing {
    /// A WebSocket keeps the bounds of messages, so that Content-Length may be missing (RFC 7118 section 5.2).
    pub fn over(transport: Transport) -> Framing {
        match transport {
            Transport::Tcp | Transport::Tls => Framing::Stream,
            Transport::Udp | Transport::Ws | Transport::Wss => Framing::Datagram,
        }
    }
}

/// Not even a start line and header fields: nothing can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("empty, or a keep-alive")]
    Empty,
    #[error("larger than {MAX_MESSAGE} octets")]
    TooLarge,
    #[error("no start line of SIP")]
    StartLine,
    #[error("no empty line after the header fields")]
    Cut,
    #[error("more than {MAX_FIELDS} header fields")]
    TooManyFields,
    #[error("a header field is longer than {MAX_LINE} octets")]
    TooLong,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    name: Option<HeaderName>,
    start: u16,
    value: u16,
    end: u16,
}

#[derive(Debug, Clone, Copy)]
enum Start {
    Request {
        method: (u16, u16),
        uri: (u16, u16),
        version: (u16, u16),
    },
    Response {
        status: u16,
        reason: (u16, u16),
    },
}

/// A received message; cheap to clone, its bytes are shared.
#[derive(Clone)]
pub struct Message {
    bytes: Bytes,
    start: Start,
    fields: Arc<[Field]>,
    body: (u16, u16),
    /// The body is no longer all that came, but the session description in it.
    described: bool,
    /// What the header fields themselves got wrong, found while reading.
    pub(super) flaw: Option<&'static str>,
}

impl Message {
    /// Reads a message; leading CRLFs are passed over (section 7.5).
    pub fn parse(bytes: Bytes, framing: Framing) -> Result<Message, Unreadable> {
        if bytes.len() > MAX_MESSAGE {
            return Err(Unreadable::TooLarge);
        }
        let all: &[u8] = &bytes;
        let begin = all
            .iter()
            .position(|byte| !matches!(byte, b'\r' | b'\n'))
            .ok_or(Unreadable::Empty)?;
        let mut at = begin;
        let (line, next) = line(all, at).ok_or(Unreadable::Cut)?;
        let start = read_start(all, line).ok_or(Unreadable::StartLine)?;
        at = next;
        let mut fields: SmallVec<[Field; 32]> = SmallVec::new();
        let mut flaw = None;
        loop {
            if at == all.len() && matches!(framing, Framing::Datagram) {
                flaw = flaw.or(Some("No empty line after the header fields"));
                break;
            }
            let (mut line, mut next) = self::line(all, at).ok_or(Unreadable::Cut)?;
            if line.is_empty() {
                at = next;
                break;
            }
            while all.get(next).is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
                let (folded, after) = self::line(all, next).ok_or(Unreadable::Cut)?;
                line.end = folded.end;
                next = after;
            }
            if line.len() > MAX_LINE {
                return Err(Unreadable::TooLong);
            }
            match read_field(all, line) {
                Some(field) if fields.len() < MAX_FIELDS => fields.push(field),
                Some(_) => return Err(Unreadable::TooManyFields),
                None => flaw = flaw.or(Some("Malformed header field")),
            }
            at = next;
        }
        let mut message = Message {
            start,
            fields: Arc::from(fields.as_slice()),
            body: (0, 0),
            described: false,
            flaw,
            bytes,
        };
        message.frame(at, framing);
        Ok(message)
    }

    fn frame(&mut self, at: usize, framing: Framing) {
        let present = self.bytes.len().saturating_sub(at);
        let (mut length, mut bad) = (None, false);
        for value in self.headers(HeaderName::ContentLength) {
            match scan::number::<u32>(value).and_then(|length| usize::try_from(length).ok()) {
                Some(value) if length.is_none_or(|length| length == value) => length = Some(value),
                _ => bad = true,
            }
        }
        if bad {
            self.flaw = Some("Bad Content-Length");
        }
        let length = match (length, framing) {
            (Some(length), _) if length > present => {
                self.flaw = self.flaw.or(Some("Body shorter than Content-Length"));
                present
            }
            (Some(length), _) => length,
            (None, Framing::Datagram) => present,
            (None, Framing::Stream) => 0,
        };
        self.body = pair(&(at..at + length));
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub fn body(&self) -> &[u8] {
        self.slice(self.body)
    }

    pub fn body_bytes(&self) -> Bytes {
        self.bytes.slice(usize::from(self.body.0)..usize::from(self.body.1))
    }

    pub fn is_request(&self) -> bool {
        matches!(self.start, Start::Request { .. })
    }

    /// The request's method; of a response the method in its CSeq.
    pub fn method(&self) -> Method<'_> {
        match self.start {
            Start::Request { method, .. } => Method::read(self.slice(method)),
            Start::Response { .. } => self.cseq().map_or(Method::Other(b""), |(_, method)| method),
        }
    }

    /// As it stands; empty in a response.
    pub fn request_uri(&self) -> &[u8] {
        match self.start {
            Start::Request { uri, .. } => self.slice(uri),
            Start::Response { .. } => b"",
        }
    }

    pub fn uri(&self) -> Result<Uri<'_>, BadUri> {
        Uri::read(self.request_uri())
    }

    /// `SIP/2.0`, or what a stranger wrote there.
    pub(super) fn version(&self) -> &[u8] {
        match self.start {
            Start::Request { version, .. } => self.slice(version),
            Start::Response { .. } => b"SIP/2.0",
        }
    }

    pub fn status(&self) -> Option<u16> {
        match self.start {
            Start::Request { .. } => None,
            Start::Response { status, .. } => Some(status),
        }
    }

    pub fn reason(&self) -> &[u8] {
        match self.start {
            Start::Request { .. } => b"",
            Start::Response { reason, .. } => self.slice(reason),
        }
    }

    /// The first field of that name, trimmed; a folded value still holds its line breaks.
    pub fn header(&self, name: HeaderName) -> Option<&[u8]> {
        self.headers(name).next()
    }

    /// Every field of that name.
    pub fn headers(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> + use<'_> {
        self.fields
            .iter()
            .filter(move |field| self.is(field, name))
            .map(|field| self.value(field))
    }

    /// Every comma-separated value of every field of that name.
    pub fn values(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> + use<'_> {
        self.headers(name).flat_map(Values::new)
    }

    /// All values of a header as one list; `None`: there is none.
    pub fn listed(&self, name: HeaderName) -> Option<String> {
        let values = self
            .headers(name)
            .map(|value| String::from_utf8_lossy(&Message::unfold(value)).into_owned());
        let listed: Vec<String> = values.collect();
        (!listed.is_empty()).then(|| listed.join(", "))
    }

    /// Names and values of all fields in order.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> + use<'_> {
        self.fields
            .iter()
            .map(|field| (self.field_name(field), self.value(field)))
    }

    pub fn via(&self) -> Result<Via<'_>, BadVia> {
        self.vias().next().unwrap_or(Err(BadVia))
    }

    pub fn vias(&self) -> impl Iterator<Item = Result<Via<'_>, BadVia>> + use<'_> {
        self.values(HeaderName::Via).map(Via::read)
    }

    pub fn from(&self) -> Result<NameAddr<'_>, BadNameAddr> {
        NameAddr::read(self.header(HeaderName::From).unwrap_or_default())
    }

    pub fn to(&self) -> Result<NameAddr<'_>, BadNameAddr> {
        NameAddr::read(self.header(HeaderName::To).unwrap_or_default())
    }

    pub fn contacts(&self) -> impl Iterator<Item = Result<NameAddr<'_>, BadNameAddr>> + use<'_> {
        self.values(HeaderName::Contact).map(NameAddr::read)
    }

    pub fn from_tag(&self) -> Option<&[u8]> {
        self.from().ok()?.tag()
    }

    pub fn to_tag(&self) -> Option<&[u8]> {
        self.to().ok()?.tag()
    }

    pub fn call_id(&self) -> Option<&[u8]> {
        self.header(HeaderName::CallId).filter(|value| !value.is_empty())
    }

    /// The number (below 2^31, section 8.1.1.5) and the method.
    pub fn cseq(&self) -> Option<(u32, Method<'_>)> {
        let value = self.header(HeaderName::CSeq)?;
        let end = value.iter().position(|byte| scan::is_space(*byte))?;
        let (digits, method) = value.split_at_checked(end)?;
        let number = scan::number::<u32>(digits).filter(|number| *number <= i32::MAX.unsigned_abs())?;
        let method = scan::trim(method);
        scan::is_token(method).then(|| (number, Method::read(method)))
    }

    pub fn max_forwards(&self) -> Option<u8> {
        scan::number(self.header(HeaderName::MaxForwards)?)
    }

    /// Into how many branches this request may be forked at once; [`MAX_BREADTH`] when it does not say (RFC 5393
    /// section 5.3).
    pub fn max_breadth(&self) -> u32 {
        self.header(HeaderName::Other("Max-Breadth"))
            .and_then(scan::number)
            .map_or(MAX_BREADTH, |breadth: u32| breadth.min(MAX_BREADTH))
    }

    /// Seconds; a value that is no number or too large is `None`.
    pub fn expires(&self) -> Option<u32> {
        scan::number(self.header(HeaderName::Expires)?)
    }

    /// For whoever reads session descriptions and nothing else: the one within the body is the body from now on, and a
    /// body that may be passed over is none (RFC 5621). Where something has to be understood and is not, nothing changes.
    pub fn take_description(&mut self) {
        let entity = Entity {
            kind: self.header(HeaderName::ContentType),
            disposition: self.header(HeaderName::Other("Content-Disposition")),
            encoded: self.header(HeaderName::ContentEncoding).is_some(),
        };
        let found = match entity.kind {
            Some(_) if !self.body().is_empty() => parts::description(self.body(), &entity),
            Some(_) | None => return,
        };
        let Ok(found) = found else { return };
        let begin = usize::from(self.body.0);
        self.described = found.is_some();
        self.body = found.map_or((self.body.0, self.body.0), |place| {
            pair(&(begin + place.start..begin + place.end))
        });
    }

    /// `type/subtype` of the body without parameters, as it stands.
    pub fn content_type(&self) -> Option<&[u8]> {
        if self.described {
            return Some(b"application/sdp");
        }
        let value = self.header(HeaderName::ContentType)?;
        value.split(|byte| *byte == b';').next().map(scan::trim)
    }

    /// The option tags of Require that are not among `supported`.
    pub fn unsupported<'a>(&'a self, supported: &'a [&'a str]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.values(HeaderName::Require)
            .filter(move |tag| !supported.iter().any(|known| tag.eq_ignore_ascii_case(known.as_bytes())))
    }

    /// What a request deserves before anybody looks at its meaning; `None` when it is well formed.
    pub fn fault(&self) -> Option<Fault> {
        fault::of(self)
    }

    /// A value on one line: each line break with the white space around it becomes one space.
    pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
        if !value.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
            return Cow::Borrowed(value);
        }
        let mut plain = Vec::with_capacity(value.len());
        for line in value
            .split(|byte| matches!(byte, b'\r' | b'\n'))
            .map(scan::trim)
            .filter(|line| !line.is_empty())
        {
            if !plain.is_empty() {
                plain.push(b' ');
            }
            plain.extend_from_slice(line);
        }
        Cow::Owned(plain)
    }

    fn is(&self, field: &Field, name: HeaderName) -> bool {
        if let HeaderName::Other(text) = name {
            return field.name.is_none() && self.field_name(field).eq_ignore_ascii_case(text.as_bytes());
        }
        field.name == Some(name)
    }

    fn field_name(&self, field: &Field) -> &[u8] {
        let name = self.slice((field.start, field.value));
        scan::trim(name.split(|byte| *byte == b':').next().unwrap_or_default())
    }

    fn value(&self, field: &Field) -> &[u8] {
        scan::trim(self.slice((field.value, field.end)))
    }

    fn slice(&self, (start, end): (u16, u16)) -> &[u8] {
        self.bytes.get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self
            .bytes
            .split(|byte| *byte == b'\r')
            .find(|line| !line.is_empty())
            .unwrap_or_default();
        write!(f, "Message({})", String::from_utf8_lossy(line))
    }
}

fn pair(range: &Range<usize>) -> (u16, u16) {
    // Messages are at most 65 535 octets long.
    let offset = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
    (offset(range.start), offset(range.end))
}

/// The line that begins at `at` without its CRLF (a bare LF is let pass), and where the next begins.
fn line(all: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    let rest = all.get(at..)?;
    let length = rest.iter().position(|byte| *byte == b'\n')?;
    let end = if length > 0 && rest.get(length - 1) == Some(&b'\r') {
        length - 1
    } else {
        length
    };
    Some((at..at + end, at + length + 1))
}

fn read_start(all: &[u8], line: Range<usize>) -> Option<Start> {
    let text = all.get(line.clone())?;
    if text.len() > MAX_LINE {
        return None;
    }
    if let Some(rest) = text
        .get(..8)
        .filter(|head| head.eq_ignore_ascii_case(b"SIP/2.0 "))
        .and(text.get(8..))
    {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (status, reason) = rest.split_at_checked(digits)?;
        if !(reason.is_empty() || reason.first() == Some(&b' ')) || digits == 0 {
            return None;
        }
        // More digits than a status has are kept as one that no class knows.
        let status = if digits == 3 { scan::number(status)? } else { 0 };
        let begin = (line.start + 8 + digits + 1).min(line.end);
        return Some(Start::Response {
            status,
            reason: pair(&(begin..line.end)),
        });
    }
    let first = text.iter().position(|byte| *byte == b' ')?;
    let last = text.iter().rposition(|byte| !scan::is_space(*byte)).map(|at| at + 1)?;
    let space = text.get(..last)?.iter().rposition(|byte| *byte == b' ')?;
    if space <= first
        || !text
            .get(space + 1..last)?
            .get(..4)
            .is_some_and(|head| head.eq_ignore_ascii_case(b"SIP/"))
    {
        return None;
    }
    let offset = line.start;
    Some(Start::Request {
        method: pair(&(offset..offset + first)),
        uri: pair(&(offset + first + 1..offset + space)),
        // White space after the version stays in it, so that the fault finder sees it.
        version: pair(&(offset + space + 1..line.end)),
    })
}

fn read_field(all: &[u8], line: Range<usize>) -> Option<Field> {
    let text = all.get(line.clone())?;
    let colon = text.iter().position(|byte| *byte == b':')?;
    let name = scan::trim(text.get(..colon)?);
    if !scan::is_token(name) {
        return None;
    }
    let (start, end) = pair(&line);
    let value = u16::try_from(line.start + colon + 1).ok()?;
    Some(Field {
        name: HeaderName::read(name),
        start,
        value,
        end,
    })
}
