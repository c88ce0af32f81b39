//! Messages written: requests from nothing, responses out of their request by copying what section 8.2.6 says.

use std::net::SocketAddr;

use bytes::{BufMut, Bytes, BytesMut};

use super::message::Message;
use super::names::HeaderName;
use super::via::Via;
use crate::command::Body;

/// What most messages fit into; a larger block would come from a slower part of the allocator.
const ROOM: usize = 1_000;

/// A request being written, top down.
#[derive(Debug)]
pub struct RequestBuilder {
    out: BytesMut,
}

impl RequestBuilder {
    /// A method and a Request-URI with a line break in them give a request that nobody can read; both are ours.
    pub fn new(method: &str, uri: &str) -> RequestBuilder {
        let mut out = BytesMut::with_capacity(ROOM);
        put(&mut out, &[one_line(method), b" ", one_line(uri), b" SIP/2.0\r\n"]);
        RequestBuilder { out }
    }

    /// A field whose value holds CR or LF is left out.
    pub fn header(mut self, name: &str, value: &str) -> RequestBuilder {
        field(&mut self.out, name, value);
        self
    }

    /// Writes Content-Type, Content-Length and the body.
    pub fn body(self, body: Option<&Body>) -> Finished {
        finish(self.out, body)
    }
}

/// A response that is about to be written.
#[derive(Debug)]
pub struct ResponseBuilder<'a> {
    request: &'a Message,
    status: u16,
    reason: &'a str,
    received: Option<SocketAddr>,
    to_tag: Option<&'a str>,
}

/// The rest of a response, whose copied fields are written.
#[derive(Debug)]
pub struct ResponseFields {
    out: BytesMut,
}

impl<'a> ResponseBuilder<'a> {
    /// An empty `reason` gives the RFC's phrase.
    pub fn to(request: &'a Message, status: u16, reason: &'a str) -> ResponseBuilder<'a> {
        ResponseBuilder {
            request,
            status,
            reason,
            received: None,
            to_tag: None,
        }
    }

    /// Fills received and rport of the top Via from where the request came (section 18.2.1, RFC 3581).
    pub fn received(mut self, source: SocketAddr) -> Self {
        self.received = Some(source);
        self
    }

    /// The To tag, when the request had none.
    pub fn to_tag(mut self, tag: &'a str) -> Self {
        self.to_tag = Some(tag);
        self
    }

    /// A field whose value holds CR or LF is left out.
    pub fn header(self, name: &str, value: &str) -> ResponseFields {
        self.fields().header(name, value)
    }

    /// Writes it all, with Content-Type, Content-Length and the body.
    pub fn body(self, body: Option<&Body>) -> Finished {
        self.fields().body(body)
    }

    /// Writes the status line and what is copied from the request.
    pub fn fields(self) -> ResponseFields {
        let mut out = BytesMut::with_capacity(ROOM);
        let status = self.status.to_string();
        let reason = if self.reason.is_empty() {
            phrase(self.status)
        } else {
            self.reason
        };
        put(
            &mut out,
            &[b"SIP/2.0 ", status.as_bytes(), b" ", one_line(reason), b"\r\n"],
        );
        self.vias(&mut out);
        if (101..300).contains(&self.status) {
            copy(&mut out, self.request, HeaderName::RecordRoute);
        }
        copy(&mut out, self.request, HeaderName::From);
        self.to_field(&mut out);
        copy(&mut out, self.request, HeaderName::CallId);
        copy(&mut out, self.request, HeaderName::CSeq);
        ResponseFields { out }
    }

    fn vias(&self, out: &mut BytesMut) {
        let mut values = self.request.values(HeaderName::Via);
        if let Some(top) = values.next() {
            let top = Message::unfold(top);
            match (self.received, Via::read(&top)) {
                (Some(source), Ok(via)) => top_via(out, &top, &via, source),
                _ => put(out, &[b"Via: ", &top, b"\r\n"]),
            }
        }
        for value in values {
            put(out, &[b"Via: ", &Message::unfold(value), b"\r\n"]);
        }
    }

    fn to_field(&self, out: &mut BytesMut) {
        let Some(value) = self.request.header(HeaderName::To) else {
            return;
        };
        put(out, &[b"To: ", &Message::unfold(value)]);
        if let (Some(tag), None) = (self.to_tag, self.request.to_tag()) {
            put(out, &[b";tag=", one_line(tag)]);
        }
        out.put_slice(b"\r\n");
    }
}

impl ResponseFields {
    /// A field whose value holds CR or LF is left out.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        field(&mut self.out, name, value);
        self
    }

    /// Writes Content-Type, Content-Length and the body.
    pub fn body(self, body: Option<&Body>) -> Finished {
        finish(self.out, body)
    }
}

/// A written message.
#[derive(Debug)]
pub struct Finished(Bytes);

impl Finished {
    pub fn finish(self) -> Bytes {
        self.0
    }
}

/// The top Via of a response, with where the request came from (section 18.2.1, RFC 3581).
pub(crate) fn top_via(out: &mut BytesMut, top: &[u8], via: &Via<'_>, source: SocketAddr) {
    let head = top.len() - via.params().as_bytes().len();
    put(out, &[b"Via: ", top.get(..head).unwrap_or_default()]);
    for (name, value) in via.params().iter() {
        let ours = name.eq_ignore_ascii_case(b"received") || name.eq_ignore_ascii_case(b"rport");
        if !ours {
            put(out, &[b";", name]);
            if let Some(value) = value {
                put(out, &[b"=", value]);
            }
        }
    }
    let asked = via.rport().is_some();
    if asked || via.host_ip() != Some(source.ip()) {
        put(out, &[b";received=", source.ip().to_string().as_bytes()]);
    }
    if asked {
        put(out, &[b";rport=", source.port().to_string().as_bytes()]);
    }
    out.put_slice(b"\r\n");
}

fn copy(out: &mut BytesMut, request: &Message, name: HeaderName) {
    for value in request.headers(name) {
        put(
            out,
            &[name.as_str().as_bytes(), b": ", &Message::unfold(value), b"\r\n"],
        );
    }
}

fn field(out: &mut BytesMut, name: &str, value: &str) {
    let broken = |text: &str| text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    if !broken(value) && !broken(name) {
        put(out, &[name.as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
    }
}

fn finish(mut out: BytesMut, body: Option<&Body>) -> Finished {
    let bytes: &[u8] = body.map_or(b"", |body| &body.bytes);
    if let Some(body) = body {
        field(&mut out, "Content-Type", &body.content_type);
    }
    put(
        &mut out,
        &[
            b"Content-Length: ",
            bytes.len().to_string().as_bytes(),
            b"\r\n\r\n",
            bytes,
        ],
    );
    Finished(out.freeze())
}

pub(crate) fn put(out: &mut BytesMut, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn one_line(text: &str) -> &[u8] {
    text.lines().next().unwrap_or_default().as_bytes()
}

/// The reason phrase that the RFCs give a status.
pub fn phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        430 => "Flow Failed",
        439 => "First Hop Lacks Outbound Support",
        440 => "Max-Breadth Exceeded",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        other => match other / 100 {
            1 => "Progress",
            2 => "OK",
            3 => "Redirection",
            4 => "Request Failure",
            5 => "Server Failure",
            _ => "Global Failure",
        },
    }
}
