//! What arrives: keep-alives, messages that cannot be served, retransmissions; the rest goes to its place.

use bytes::Bytes;

use super::Endpoint;
use super::outgoing::Answer;
use crate::Now;
use crate::command::Headers;
use crate::event::Transmit;
use crate::flow::{FlowId, Transport};
use crate::tx::key::{Marks, ServerKey};
use crate::wire::{Framing, Message, Method, stun};

/// A request with what the transaction layer has read of it.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) message: Message,
    /// Where it came from.
    pub(super) flow: FlowId,
    /// Where its responses go (RFC 3261 section 18.2.2, RFC 3581).
    pub(super) back: FlowId,
    pub(super) key: ServerKey,
    pub(super) merge: u64,
    pub(super) cseq: u32,
}

impl Endpoint {
    pub(super) fn on_bytes(&mut self, flow: &FlowId, bytes: Bytes, now: Now) {
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            self.on_keep_alive(flow, &bytes);
            return;
        }
        if flow.transport == Transport::Udp
            && let Some(answer) = stun::answer(&bytes, flow.peer)
        {
            self.totals.keep_alives += 1;
            self.send(*flow, answer);
            return;
        }
        let Ok(mut message) = Message::parse(bytes, Framing::over(flow.transport)) else {
            self.totals.unreadable += 1;
            return;
        };
        if describes(message.method()) {
            message.take_description();
        }
        if message.is_request() {
            self.totals.requests += 1;
            self.on_request(message, flow, now);
        } else if message.fault().is_some() {
            self.totals.faulty += 1;
        } else {
            self.totals.responses += 1;
            self.on_response(message, now);
        }
    }

    /// RFC 5626 section 4.4.1: a double CRLF on a connection is answered with a single one.
    fn on_keep_alive(&mut self, flow: &FlowId, bytes: &Bytes) {
        self.totals.keep_alives += 1;
        if bytes.as_ref() != b"\r\n\r\n" {
            return;
        }
        match flow.transport {
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                self.send(*flow, Bytes::from_static(b"\r\n"));
            }
            Transport::Udp => {}
        }
    }

    fn on_request(&mut self, message: Message, flow: &FlowId, now: Now) {
        if let Some(fault) = message.fault() {
            self.totals.faulty += 1;
            if message.method() != Method::Ack {
                let answer = Answer {
                    reason: Some(fault.reason),
                    headers: &fault.headers,
                    ..Answer::of(fault.status)
                };
                let back = response_target(&message, flow);
                let tag = self.secret.tag(ServerKey { id: 0, check: 0 });
                let bytes = self.response(&message, &back, tag, &answer);
                self.send(back, bytes);
            }
            return;
        }
        let Some(incoming) = self.identify(message, flow) else {
            self.totals.unreadable += 1;
            return;
        };
        let method = incoming.message.method();
        if method == Method::Ack {
            self.on_ack(&incoming, now);
        } else if method == Method::Cancel {
            self.on_cancel(&incoming, now);
        } else if !self.absorb(&incoming, now) {
            self.on_new_request(incoming, now);
        }
    }

    fn identify(&self, message: Message, flow: &FlowId) -> Option<Incoming> {
        let via = message.via().ok()?;
        let (cseq, _) = message.cseq()?;
        let method = message.method();
        let marks = Marks {
            branch: via.branch().unwrap_or_default(),
            sent_by: (via.host(), via.port().unwrap_or(0)),
            method: if matches!(method, Method::Ack | Method::Cancel) {
                b"INVITE"
            } else {
                method.as_bytes()
            },
            call_id: message.call_id()?,
            cseq,
            from_tag: message.from_tag().unwrap_or_default(),
            request_uri: message.request_uri(),
        };
        let key = self.secret.key(&marks);
        let merge = if message.to_tag().is_none() {
            self.secret.merge_key(&marks)
        } else {
            0
        };
        let back = response_target(&message, flow);
        Some(Incoming {
            flow: *flow,
            back,
            key,
            merge,
            cseq,
            message,
        })
    }

    /// Answers without keeping anything: a retransmission gets the same again (RFC 3261 section 8.2.7).
    pub(super) fn answer_stateless(&mut self, incoming: &Incoming, answer: &Answer<'_>) {
        let tag = self.secret.tag(incoming.key);
        let bytes = self.response(&incoming.message, &incoming.back, tag, answer);
        self.transmits.push_back(Transmit {
            flow: incoming.back,
            bytes,
        });
    }

    pub(super) fn refuse_stateless(&mut self, incoming: &Incoming, status: u16, headers: &Headers) {
        self.answer_stateless(
            incoming,
            &Answer {
                headers,
                ..Answer::of(status)
            },
        );
    }
}

/// Messages whose bodies are offers and answers.
fn describes(method: Method<'_>) -> bool {
    match method {
        Method::Invite | Method::Ack | Method::Prack | Method::Update => true,
        Method::Bye
        | Method::Cancel
        | Method::Options
        | Method::Register
        | Method::Info
        | Method::Refer
        | Method::Subscribe
        | Method::Notify
        | Method::Publish
        | Method::Message
        | Method::Other(_) => false,
    }
}

fn response_target(message: &Message, flow: &FlowId) -> FlowId {
    let via = message.via();
    via.map_or(*flow, |via| flow.response_target(via.port(), via.rport().is_some()))
}
