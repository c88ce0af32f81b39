//! How our messages look.

use std::fmt::Write;

use bytes::Bytes;

use super::{Endpoint, EndpointConfig};
use crate::command::{Body, Headers, Reply};
use crate::dialog::reliable::RELIABLE;
use crate::dialog::route_set::{Address, address};
use crate::dialog::session::Session;
use crate::dialog::session_timer::TIMER;
use crate::dialog::{Dialog, text};
use crate::flow::{FlowId, Transport};
use crate::tx::key::{push_token, token};
use crate::wire::{HeaderName, MAX_BREADTH, Message, RequestBuilder, ResponseBuilder, SESSION_ID, SessionIds};

/// What a dialog of ours takes, and what the owner gets outside dialogs.
pub(super) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, REFER, NOTIFY, SUBSCRIBE, REGISTER, PUBLISH";

pub(super) const NO_HEADERS: &Headers = &Vec::new();

/// Our parts of a response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) reason: Option<&'a str>,
    pub(super) headers: &'a Headers,
    pub(super) body: Option<&'a Body>,
    /// Contact: the response makes or refreshes a dialog.
    pub(super) contact: bool,
    /// Allow and Supported.
    pub(super) abilities: bool,
    /// Without Server.
    pub(super) unnamed: bool,
}

impl<'a> Answer<'a> {
    pub(super) fn of(status: u16) -> Self {
        Answer {
            status,
            reason: None,
            headers: NO_HEADERS,
            body: None,
            contact: false,
            abilities: false,
            unnamed: false,
        }
    }

    pub(super) fn from_reply(reply: &'a Reply) -> Self {
        Answer {
            reason: reply.reason.as_deref(),
            headers: &reply.headers,
            body: reply.body.as_ref(),
            unnamed: reply.unnamed,
            ..Answer::of(reply.status)
        }
    }
}

/// A request before it is bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outgoing<'a> {
    pub(super) method: &'a str,
    pub(super) address: Address<'a>,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) call_id: &'a str,
    pub(super) cseq: u32,
    pub(super) flow: &'a FlowId,
    pub(super) branch: u64,
    pub(super) max_forwards: u8,
    pub(super) contact: bool,
    pub(super) abilities: bool,
    /// Of a session.
    pub(super) session_ids: Option<SessionIds>,
    /// Written when `headers` has no field of that name.
    pub(super) more: &'a Headers,
    pub(super) headers: &'a Headers,
    pub(super) body: Option<&'a Body>,
}

impl<'a> Outgoing<'a> {
    /// Inside a dialog (RFC 3261 section 12.2.1.1); `place` is the flow, the branch and the CSeq.
    pub(super) fn within(
        session: &'a Session,
        dialog: &'a Dialog,
        method: &'a str,
        (flow, branch, cseq): (&'a FlowId, u64, u32),
    ) -> Self {
        Outgoing {
            method,
            address: address(&dialog.routes, &dialog.target),
            from: &session.local,
            to: &dialog.remote,
            call_id: &session.call_id,
            cseq,
            flow,
            branch,
            max_forwards: 70,
            contact: false,
            abilities: false,
            session_ids: Some(session.ids),
            more: NO_HEADERS,
            headers: NO_HEADERS,
            body: None,
        }
    }
}

/// Fields that many of our messages share, written once.
#[derive(Debug)]
pub(super) struct Fields {
    /// Of a first INVITE with an offer.
    pub(super) invite: Headers,
    /// Of one without: the answer to an offer in a provisional response would have to be in our PRACK.
    pub(super) late_invite: Headers,
    /// Of requests inside dialogs.
    pub(super) dialog: Headers,
    /// What responses say of it.
    pub(super) supported: String,
}

impl Fields {
    pub(super) fn new(config: &EndpointConfig) -> Self {
        let mut known: Vec<&str> = config.supported.iter().map(AsRef::as_ref).collect();
        let mut timer = Headers::new();
        if let Some(ours) = &config.session_timer {
            known.push(TIMER);
            timer.push(("Session-Expires".into(), ours.interval_seconds().to_string()));
            if ours.min_se_seconds() != 90 {
                timer.push(("Min-SE".into(), ours.min_se_seconds().to_string()));
            }
        }
        let supported = |known: &[&str]| -> Headers { vec![("Supported".into(), known.join(", "))] };
        let dialog = supported(&known);
        timer.push(("Max-Breadth".into(), MAX_BREADTH.to_string()));
        let late_invite = [supported(&known), timer.clone()].concat();
        known.push(RELIABLE);
        Fields {
            invite: [supported(&known), timer].concat(),
            late_invite,
            dialog,
            supported: known.join(", "),
        }
    }
}

impl Endpoint {
    pub(super) fn response(&self, request: &Message, back: &FlowId, our_tag: u64, answer: &Answer<'_>) -> Bytes {
        let reason = answer.reason.unwrap_or_default();
        let tag = token(our_tag);
        let mut builder = ResponseBuilder::to(request, answer.status, reason).received(back.peer);
        if answer.status != 100 && request.to_tag().is_none() {
            builder = builder.to_tag(&tag);
        }
        let mut builder = builder.fields();
        if let Some(ids) = self.ids_of_response(request, our_tag) {
            builder = builder.header(SESSION_ID, &ids.to_string());
        }
        if answer.contact && !has(answer.headers, "Contact") {
            builder = builder.header("Contact", &self.contact(back));
        }
        if answer.abilities && !has(answer.headers, "Allow") {
            builder = builder
                .header("Allow", ALLOW)
                .header("Supported", &self.fields.supported);
        }
        if answer.abilities && !self.config.allow_events.is_empty() {
            builder = builder.header("Allow-Events", &self.config.allow_events);
        }
        for (name, value) in answer.headers {
            builder = builder.header(name, value);
        }
        if !self.config.user_agent.is_empty() && !answer.unnamed {
            builder = builder.header("Server", &self.config.user_agent);
        }
        builder.body(answer.body).finish()
    }

    pub(super) fn request(&self, outgoing: &Outgoing<'_>) -> Bytes {
        let mut builder = RequestBuilder::new(outgoing.method, outgoing.address.uri)
            .header("Via", &self.via(outgoing.flow, outgoing.branch));
        for route in outgoing.address.routes {
            builder = builder.header("Route", route);
        }
        if let Some(last) = outgoing.address.last {
            builder = builder.header("Route", &format!("<{last}>"));
        }
        let mut number = String::with_capacity(16);
        let _ = write!(number, "{} {}", outgoing.cseq, outgoing.method);
        builder = builder
            .header("Max-Forwards", &outgoing.max_forwards.to_string())
            .header("From", outgoing.from)
            .header("To", outgoing.to)
            .header("Call-ID", outgoing.call_id)
            .header("CSeq", &number);
        if let Some(ids) = outgoing.session_ids {
            builder = builder.header(SESSION_ID, &ids.to_string());
        }
        if outgoing.contact && !has(outgoing.headers, "Contact") {
            builder = builder.header("Contact", &self.contact(outgoing.flow));
        }
        if outgoing.abilities && !has(outgoing.headers, "Allow") {
            builder = builder.header("Allow", ALLOW);
        }
        for (name, value) in outgoing.more {
            if !has(outgoing.headers, name) {
                builder = builder.header(name, value);
            }
        }
        for (name, value) in outgoing.headers {
            builder = builder.header(name, value);
        }
        if !self.config.user_agent.is_empty() && !has(outgoing.headers, "User-Agent") {
            builder = builder.header("User-Agent", &self.config.user_agent);
        }
        builder.body(outgoing.body).finish()
    }

    /// A request of ours outside dialogs once more, with another branch and CSeq, and with these fields in place of those
    /// of the same names.
    pub(super) fn request_again(
        &self,
        request: &Message,
        (flow, branch, cseq): (&FlowId, u64, u32),
        fields: &Headers,
    ) -> Bytes {
        let body = request.header(HeaderName::ContentType).map(|kind| Body {
            content_type: text(kind).into(),
            bytes: request.body_bytes(),
        });
        self.request_with(request, (flow, branch, cseq), fields, body.as_ref())
    }

    /// The same with another body.
    pub(super) fn request_with(
        &self,
        request: &Message,
        (flow, branch, cseq): (&FlowId, u64, u32),
        fields: &Headers,
        body: Option<&Body>,
    ) -> Bytes {
        let method = request.method();
        let uri = text(request.request_uri());
        let mut builder = RequestBuilder::new(method.as_str(), &uri).header("Via", &self.via(flow, branch));
        for (name, value) in request.fields() {
            let name = text(name);
            let written = ["Via", "CSeq", "Content-Type", "Content-Length"];
            if !written.iter().any(|known| name.eq_ignore_ascii_case(known)) && !has(fields, &name) {
                builder = builder.header(&name, &text(value));
            }
        }
        builder = builder.header("CSeq", &format!("{cseq} {}", method.as_str()));
        for (name, value) in fields {
            builder = builder.header(name, value);
        }
        builder.body(body).finish()
    }

    /// RFC 3581: rport asks for the port that the peer sees.
    fn via(&self, flow: &FlowId, branch: u64) -> String {
        let name = match flow.transport {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
            Transport::Ws => "WS",
            Transport::Wss => "WSS",
        };
        let address = self.config.advertise.signalling_address(flow);
        let mut via = String::with_capacity(72);
        let _ = write!(via, "SIP/2.0/{name} {address};rport;branch=z9hG4bK");
        push_token(&mut via, branch);
        via
    }

    pub(super) fn contact(&self, flow: &FlowId) -> String {
        let address = self.config.advertise.signalling_address(flow);
        match flow.transport {
            Transport::Udp => format!("<sip:{address}>"),
            Transport::Tcp => format!("<sip:{address};transport=tcp>"),
            Transport::Tls => format!("<sip:{address};transport=tls>"),
            Transport::Ws | Transport::Wss => format!("<sip:{address};transport=ws>"),
        }
    }
}

pub(super) fn has(headers: &Headers, name: &str) -> bool {
    headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name))
}

/// From or To; the display name is quoted (RFC 3261 section 25.1).
pub(super) fn name_addr(display: &str, uri: &str, tag: Option<u64>) -> String {
    let mut text = String::with_capacity(display.len() + uri.len() + 32);
    if !display.is_empty() {
        text.push('"');
        for character in display.chars().filter(|character| !character.is_control()) {
            if matches!(character, '"' | '\\') {
                text.push('\\');
            }
            text.push(character);
        }
        text.push_str("\" ");
    }
    text.push('<');
    text.push_str(uri);
    text.push('>');
    if let Some(tag) = tag {
        text.push_str(";tag=");
        push_token(&mut text, tag);
    }
    text
}
