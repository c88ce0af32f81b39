//! A phone that does as the test says: its SIP stack has its own state and knows nothing of the server.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_sip::auth::{Answering, Login, answer};
use frontdesk_sip::command::{Body, Command, Headers, Invite, Party, Reply, Request};
use frontdesk_sip::event::{EndedBy, Event, SessionId};
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::wire::{HeaderName, Message};
use frontdesk_sip::{Endpoint, Now};

use super::sdp::{self, Seen};

pub const DOMAIN: &str = "pbx.example";

/// What a phone does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Rings at once and answers after this time.
    Answer(Duration),
    /// Rings and nobody comes.
    Ring,
    /// Rings at once and refuses after this time.
    Refuse(u16, Duration),
    /// Says nothing at all.
    Mute,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Calling,
    Ringing,
    Talking,
    Over,
}

/// A call as one phone lives it.
#[derive(Debug, Clone)]
pub struct PhoneCall {
    pub session: SessionId,
    pub outgoing: bool,
    pub state: State,
    /// The final status: ours to them, or theirs to us.
    pub status: Option<u16>,
    /// Provisional statuses that came.
    pub progress: Vec<u16>,
    /// From of an incoming call: shown name and URI.
    pub shown: (String, String),
    /// P-Asserted-Identity of an incoming call.
    pub asserted: Option<String>,
    /// Max-Forwards of an incoming call.
    pub max_forwards: Option<u8>,
    /// The last description that the server gave.
    pub heard: Option<Seen>,
    /// Statuses of our re-INVITEs and of our other requests in the dialog.
    pub results: Vec<u16>,
    /// Offers that came inside the dialog.
    pub offers: u32,
    /// Requests of others in the dialog, by method.
    pub others: Vec<String>,
    /// Reason of the CANCEL or BYE that came.
    pub reason: Option<String>,
    pub ended_by: Option<EndedBy>,
    direction: &'static str,
    offered: bool,
    tried: bool,
    dialled: String,
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Ring(SessionId),
    Answer(SessionId),
    Refuse(SessionId, u16),
}

pub struct Phone {
    pub name: String,
    pub user: String,
    pub secret: String,
    pub manner: Manner,
    /// Payload types, best first.
    pub codecs: Vec<u8>,
    pub calls: Vec<PhoneCall>,
    /// Final statuses of REGISTERs and other requests outside dialogs, without the challenges.
    pub answers: Vec<u16>,
    pub contacts: Vec<String>,
    /// Extra header fields of new INVITEs.
    pub claims: Headers,
    /// From of what it sends; by default its own user.
    pub from: Party,
    /// An ACK with the answer to a late offer carries none.
    pub forgets_answer: bool,
    /// Status that offers inside a dialog get; 200: an answer.
    pub offer_status: u16,
    pub home: SocketAddr,
    pub flow: FlowId,
    endpoint: Endpoint,
    due: Vec<(Duration, Deed)>,
    asked: Vec<(u64, Request)>,
    token: u64,
    version: u32,
    elapsed: Duration,
    /// Switched off: neither sends nor hears.
    pub gone: bool,
}

impl Phone {
    pub fn new(name: &str, (user, secret): (&str, &str), flow: FlowId, endpoint: Endpoint) -> Phone {
        Phone {
            name: name.to_owned(),
            user: user.to_owned(),
            secret: secret.to_owned(),
            manner: Manner::Answer(Duration::from_secs(2)),
            codecs: vec![sdp::ALAW, sdp::ULAW],
            calls: Vec::new(),
            answers: Vec::new(),
            contacts: Vec::new(),
            claims: Vec::new(),
            from: Party {
                display: String::new(),
                uri: format!("sip:{user}@{DOMAIN}"),
            },
            forgets_answer: false,
            offer_status: 200,
            home: flow.local,
            flow,
            endpoint,
            due: Vec::new(),
            asked: Vec::new(),
            token: 0,
            version: 0,
            elapsed: Duration::ZERO,
            gone: false,
        }
    }

    pub fn call(&self, index: usize) -> &PhoneCall {
        &self.calls[index]
    }

    pub fn last(&self) -> &PhoneCall {
        self.calls.last().expect("a call")
    }

    pub fn states(&self) -> Vec<State> {
        self.calls.iter().map(|call| call.state).collect()
    }

    // What the person at the phone does.

    pub fn register(&mut self, expires: u32, now: Now) {
        let contact = format!("<sip:{}@{}{}>", self.user, self.home, self.transport_param());
        let headers = vec![
            (Cow::Borrowed("Contact"), contact),
            (Cow::Borrowed("Expires"), expires.to_string()),
        ];
        self.ask("REGISTER", &format!("sip:{DOMAIN}"), headers, now);
    }

    pub fn ask(&mut self, method: &'static str, uri: &str, headers: Headers, now: Now) {
        self.token += 1;
        let me = Party {
            display: String::new(),
            uri: format!("sip:{}@{DOMAIN}", self.user),
        };
        let request = Request {
            token: self.token,
            flow: self.flow,
            method: Cow::Borrowed(method),
            request_uri: uri.to_owned(),
            route: Vec::new(),
            from: me.clone(),
            to: me,
            max_forwards: 70,
            headers,
            body: None,
            after: None,
        };
        self.asked.push((self.token, request.clone()));
        self.command(Command::Request(Box::new(request)), now);
    }

    /// Dials, with an offer or without; the place of the call in `calls`.
    pub fn dial(&mut self, number: &str, with_offer: bool, now: Now) -> usize {
        let session = self.endpoint.new_session();
        self.calls.push(PhoneCall {
            outgoing: true,
            offered: with_offer,
            dialled: number.to_owned(),
            ..PhoneCall::new(session)
        });
        let index = self.calls.len() - 1;
        self.invite(index, None, now);
        index
    }

    pub fn cancel(&mut self, index: usize, now: Now) {
        let session = self.calls[index].session;
        self.calls[index].tried = true;
        self.command(Command::Cancel { session, reason: None }, now);
    }

    pub fn hang_up(&mut self, index: usize, now: Now) {
        let call = &mut self.calls[index];
        call.state = State::Over;
        let session = call.session;
        self.command(Command::Bye { session, reason: None }, now);
    }

    /// A re-INVITE with this direction.
    pub fn reinvite(&mut self, index: usize, direction: &'static str, now: Now) {
        self.calls[index].direction = direction;
        let body = self.offer(index);
        let session = self.calls[index].session;
        self.command(
            Command::Reinvite {
                session,
                headers: Vec::new(),
                body,
            },
            now,
        );
    }

    /// The same by UPDATE.
    pub fn update(&mut self, index: usize, direction: &'static str, now: Now) {
        self.calls[index].direction = direction;
        let body = self.offer(index);
        self.say(index, "UPDATE", Some(body), now);
    }

    pub fn info(&mut self, index: usize, now: Now) {
        let body = Body {
            content_type: Cow::Borrowed("application/dtmf-relay"),
            bytes: Bytes::from("Signal=5\r\nDuration=160\r\n"),
        };
        self.say(index, "INFO", Some(body), now);
    }

    fn say(&mut self, index: usize, method: &'static str, body: Option<Body>, now: Now) {
        self.token += 1;
        let (session, token) = (self.calls[index].session, self.token);
        let method = Cow::Borrowed(method);
        self.command(
            Command::SendInDialog {
                session,
                token,
                method,
                headers: Vec::new(),
                body,
            },
            now,
        );
    }

    // What the world does to it.

    pub fn receive(&mut self, bytes: Bytes, now: Now, elapsed: Duration) {
        self.elapsed = elapsed;
        let flow = self.flow;
        self.endpoint.receive(&flow, bytes, now);
        self.settle(now);
    }

    pub fn pass_time(&mut self, now: Now, elapsed: Duration) {
        self.elapsed = elapsed;
        self.endpoint.timeout(now);
        self.settle(now);
        while let Some(place) = self.due.iter().position(|(at, _)| *at <= elapsed) {
            let (_, deed) = self.due.remove(place);
            self.perform(deed, now);
        }
    }

    pub fn lose_connection(&mut self, now: Now) {
        let flow = self.flow;
        self.endpoint.flow_closed(&flow, now);
        self.settle(now);
    }

    pub fn deadline(&self, start: std::time::Instant) -> Option<Duration> {
        let deeds = self.due.iter().map(|(at, _)| *at);
        let timer = self.endpoint.deadline().map(|at| at.saturating_duration_since(start));
        deeds.chain(timer).min()
    }

    pub fn sends(&mut self) -> Option<Bytes> {
        let transmit = self.endpoint.poll_transmit()?;
        Some(transmit.bytes)
    }

    /// What its own stack holds.
    pub fn holds(&self) -> frontdesk_sip::endpoint::Counts {
        self.endpoint.counts()
    }

    fn transport_param(&self) -> &'static str {
        match self.flow.transport {
            frontdesk_sip::flow::Transport::Udp => "",
            _ => ";transport=tcp",
        }
    }

    fn command(&mut self, command: Command, now: Now) {
        self.endpoint.command(command, now);
        self.settle(now);
    }

    fn settle(&mut self, now: Now) {
        while let Some(event) = self.endpoint.poll_event() {
            self.on_event(event, now);
        }
    }

    fn perform(&mut self, deed: Deed, now: Now) {
        let session = match deed {
            Deed::Ring(session) | Deed::Answer(session) | Deed::Refuse(session, _) => session,
        };
        let Some(index) = self
            .place(session)
            .filter(|index| self.calls[*index].state != State::Over)
        else {
            return;
        };
        match deed {
            Deed::Ring(_) => self.command(
                Command::Ring {
                    session,
                    status: 180,
                    headers: Vec::new(),
                    body: None,
                },
                now,
            ),
            Deed::Answer(_) => {
                let body = self.answer(index);
                self.calls[index].state = State::Talking;
                self.calls[index].status = Some(200);
                self.command(
                    Command::Accept {
                        session,
                        headers: Vec::new(),
                        body,
                    },
                    now,
                );
            }
            Deed::Refuse(_, status) => {
                self.calls[index].state = State::Over;
                self.calls[index].status = Some(status);
                self.command(
                    Command::Refuse {
                        session,
                        reply: Reply {
                            status,
                            ..Reply::default()
                        },
                    },
                    now,
                );
            }
        }
    }

    fn on_event(&mut self, event: Event, now: Now) {
        match event {
            Event::Invite { session, request, .. } => self.on_invite(session, &request),
            Event::Request { transaction, .. } => {
                let reply = Reply {
                    status: 405,
                    ..Reply::default()
                };
                self.endpoint.command(Command::Respond { transaction, reply }, now);
            }
            Event::Response {
                token,
                status,
                response,
            } => self.on_response(token, status, response, now),
            Event::InDialog {
                session,
                transaction,
                request,
            } => {
                if let Some(index) = self.place(session) {
                    self.calls[index].others.push(request.method().as_str().to_owned());
                }
                let reply = Reply {
                    status: 200,
                    ..Reply::default()
                };
                self.endpoint.command(Command::Respond { transaction, reply }, now);
            }
            other => {
                let Some(index) = other.session().and_then(|session| self.place(session)) else {
                    return;
                };
                self.on_call_event(index, other, now);
            }
        }
    }

    fn on_call_event(&mut self, index: usize, event: Event, now: Now) {
        let session = self.calls[index].session;
        match event {
            Event::Cancelled { reason, .. } => {
                self.calls[index].reason = reason;
                self.over(index, Some(487));
            }
            Event::Progress { response, .. } => self.calls[index].progress.push(response.status().unwrap_or(0)),
            Event::Answered { response, .. } => {
                self.calls[index].heard = sdp::read(response.body());
                self.calls[index].state = State::Talking;
                self.calls[index].status = Some(200);
                if !self.calls[index].offered && self.forgets_answer {
                    let reply = Reply {
                        status: 488,
                        ..Reply::default()
                    };
                    self.endpoint.command(Command::RefuseOffer { session, reply }, now);
                    self.over(index, Some(200));
                } else if !self.calls[index].offered {
                    let body = self.answer(index);
                    self.endpoint.command(Command::AnswerOffer { session, body }, now);
                }
            }
            Event::Refused {
                status: 401,
                response: Some(response),
                ..
            } if !self.calls[index].tried => {
                self.calls[index].tried = true;
                self.calls[index].session = self.endpoint.new_session();
                self.invite(index, Some(response), now);
            }
            Event::Refused { status, .. } => self.over(index, Some(status)),
            Event::Acked { body, .. } if !body.is_empty() => self.calls[index].heard = sdp::read(&body),
            Event::Offer { request, .. } => self.on_offer(index, &request, now),
            Event::OfferResult { status, response, .. } => {
                self.calls[index].results.push(status);
                if let Some(seen) = response.and_then(|response| sdp::read(response.body())) {
                    self.calls[index].heard = Some(seen);
                }
            }
            Event::InDialogResult { status, .. } => self.calls[index].results.push(status),
            Event::Ended { by, reason, .. } => {
                self.calls[index].ended_by = Some(by);
                self.calls[index].reason = reason;
                self.over(index, None);
            }
            _ => {}
        }
    }

    fn on_invite(&mut self, session: SessionId, request: &Message) {
        let from = request.from().ok();
        let uri = from
            .as_ref()
            .map(|from| String::from_utf8_lossy(from.raw_uri()).into_owned());
        let asserted = request.header(HeaderName::PAssertedIdentity);
        self.calls.push(PhoneCall {
            state: State::Ringing,
            shown: (
                from.map(|from| from.display().into_owned()).unwrap_or_default(),
                uri.unwrap_or_default(),
            ),
            asserted: asserted.map(|value| String::from_utf8_lossy(value).into_owned()),
            max_forwards: request.max_forwards(),
            heard: sdp::read(request.body()),
            ..PhoneCall::new(session)
        });
        let soon = self.elapsed + Duration::from_millis(20);
        match self.manner {
            Manner::Answer(after) => {
                self.due.push((soon, Deed::Ring(session)));
                self.due.push((soon + after, Deed::Answer(session)));
            }
            Manner::Ring => self.due.push((soon, Deed::Ring(session))),
            Manner::Refuse(status, after) => {
                if !after.is_zero() {
                    self.due.push((soon, Deed::Ring(session)));
                }
                self.due.push((soon + after, Deed::Refuse(session, status)));
            }
            Manner::Mute => {}
        }
    }

    fn on_offer(&mut self, index: usize, request: &Message, now: Now) {
        let session = self.calls[index].session;
        self.calls[index].offers += 1;
        if self.offer_status != 200 {
            let reply = Reply {
                status: self.offer_status,
                ..Reply::default()
            };
            self.endpoint.command(Command::RefuseOffer { session, reply }, now);
            return;
        }
        if !request.body().is_empty() {
            self.calls[index].heard = sdp::read(request.body());
        }
        let body = self.answer(index);
        self.endpoint.command(Command::AnswerOffer { session, body }, now);
    }

    fn on_response(&mut self, token: u64, status: u16, response: Option<Message>, now: Now) {
        let Some(place) = self.asked.iter().position(|(asked, _)| *asked == token) else {
            return;
        };
        let (_, mut request) = self.asked.remove(place);
        match response {
            Some(response) if status == 401 && request.after.is_none() => {
                let uri = request.request_uri.clone();
                let method = request.method.clone();
                if let Some(value) = self.credentials(&response, &method, &uri) {
                    request.headers.push((Cow::Borrowed("Authorization"), value));
                }
                request.after = Some(response);
                self.asked.push((token, request.clone()));
                self.endpoint.command(Command::Request(Box::new(request)), now);
            }
            response => {
                self.answers.push(status);
                if let Some(response) = response {
                    let values = response.values(HeaderName::Contact);
                    self.contacts = values
                        .map(|value| String::from_utf8_lossy(value).into_owned())
                        .collect();
                }
            }
        }
    }

    fn invite(&mut self, index: usize, after: Option<Message>, now: Now) {
        let uri = format!("sip:{}@{DOMAIN}", self.calls[index].dialled);
        let mut headers = self.claims.clone();
        if let Some(value) = after
            .as_ref()
            .and_then(|challenge| self.credentials(challenge, "INVITE", &uri))
        {
            headers.push((Cow::Borrowed("Authorization"), value));
        }
        let body = self.calls[index].offered.then(|| self.offer(index));
        let invite = Invite {
            session: self.calls[index].session,
            flow: self.flow,
            request_uri: uri.clone(),
            route: Vec::new(),
            from: self.from.clone(),
            to: Party {
                display: String::new(),
                uri,
            },
            max_forwards: 70,
            headers,
            body,
            after,
        };
        self.command(Command::Invite(Box::new(invite)), now);
    }

    fn credentials(&mut self, challenge: &Message, method: &str, uri: &str) -> Option<String> {
        self.token += 1;
        let login = Login {
            user: &self.user,
            secret: &self.secret,
        };
        let cnonce = format!("{}{}", self.name, self.token);
        answer(
            challenge.headers(HeaderName::WwwAuthenticate),
            &login,
            &Answering {
                method,
                uri,
                cnonce: &cnonce,
                count: 1,
            },
        )
    }

    fn offer(&mut self, index: usize) -> Body {
        let direction = self.calls[index].direction;
        self.describe(index, direction)
    }

    /// An answer mirrors what was heard, or keeps the hold.
    fn answer(&mut self, index: usize) -> Body {
        let call = &self.calls[index];
        let heard = call.heard.as_ref().map_or("sendrecv", |heard| heard.direction.as_str());
        let direction = match (call.direction, heard) {
            ("sendrecv", heard) => sdp::mirrored(heard),
            (own, "sendrecv") => own,
            ("sendonly", "recvonly") => "sendonly",
            _ => "inactive",
        };
        self.describe(index, direction)
    }

    fn describe(&mut self, index: usize, direction: &str) -> Body {
        self.version += 1;
        let at = SocketAddr::new(self.home.ip(), 20_000 + 2 * u16::try_from(index).unwrap_or(0));
        let body = sdp::write(at, &self.codecs, direction, self.version);
        Body::sdp(Bytes::from(body))
    }

    fn over(&mut self, index: usize, status: Option<u16>) {
        let call = &mut self.calls[index];
        call.state = State::Over;
        if call.status.is_none() {
            call.status = status;
        }
    }

    fn place(&self, session: SessionId) -> Option<usize> {
        self.calls.iter().position(|call| call.session == session)
    }
}

impl PhoneCall {
    fn new(session: SessionId) -> PhoneCall {
        PhoneCall {
            session,
            outgoing: false,
            state: State::Calling,
            status: None,
            progress: Vec::new(),
            shown: Default::default(),
            asserted: None,
            max_forwards: None,
            heard: None,
            results: Vec::new(),
            offers: 0,
            others: Vec::new(),
            reason: None,
            ended_by: None,
            direction: "sendrecv",
            offered: true,
            tried: false,
            dialled: String::new(),
        }
    }
}
