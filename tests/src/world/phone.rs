//! A phone that does as the test says: its SIP stack has its own state and knows nothing of the server.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_sip::command::{Body, Command, Headers, Party, Request};
use frontdesk_sip::endpoint::SessionIntervals;
use frontdesk_sip::event::{EndedBy, SessionId};
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::{Endpoint, EndpointConfig, Now};

use super::nat::Nat;
use super::provider::Provider;
use super::sdp::{self, Seen};
pub use publishes::{Published, doing, pidf};
pub use watches::Watching;

mod hears;
mod publishes;
mod transfer;
mod watches;

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

/// What a phone knows of SRTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Secrecy {
    /// Answers as if plain RTP had been offered.
    #[default]
    Ignorant,
    /// Refuses an INVITE that offers nothing else with this status.
    Refuses(u16),
    /// Takes the call, but not the stream.
    Rejects,
    /// Offers it and answers it.
    Knows,
    /// Offers either, plain RTP first.
    Both,
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
    /// How it was asked to ring (RFC 7462).
    pub alert: Option<String>,
    /// The last description that the server gave.
    pub heard: Option<Seen>,
    /// Statuses of our re-INVITEs and of our other requests in the dialog.
    pub results: Vec<u16>,
    /// Offers that came inside the dialog.
    pub offers: u32,
    /// Requests of others in the dialog, by method.
    pub others: Vec<String>,
    /// Statuses that NOTIFYs told of a transfer.
    pub told: Vec<u16>,
    /// Reason of the CANCEL, BYE or refusal that came.
    pub reason: Option<String>,
    pub ended_by: Option<EndedBy>,
    direction: &'static str,
    claims: Headers,
    offered: bool,
    tried: bool,
    /// As it was dialled; of an incoming call nothing.
    pub dialled: String,
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
    /// It knows telephone-event.
    pub events: bool,
    pub secrecy: Secrecy,
    pub calls: Vec<PhoneCall>,
    pub watching: Vec<Watching>,
    /// What its PUBLISHes came to.
    pub published: Vec<Published>,
    /// Bodies of NOTIFYs that it has not subscribed to.
    pub unasked: Vec<String>,
    /// Final statuses of REGISTERs and other requests outside dialogs, without the challenges.
    pub answers: Vec<u16>,
    pub contacts: Vec<String>,
    /// Extra header fields of new INVITEs.
    pub claims: Headers,
    /// Extra header fields of its 200 to an INVITE.
    pub answers_with: Headers,
    /// It registers a flow (RFC 5626): of which device, and which of its flows.
    pub outbound: Option<(&'static str, u32)>,
    /// What stands beside its descriptions, with header fields of its own: they are bodies of several parts then.
    pub beside: Option<&'static str>,
    /// From of what it sends; by default its own user.
    pub from: Party,
    /// An ACK with the answer to a late offer carries none.
    pub forgets_answer: bool,
    /// Describes its media when it rings, by 183.
    pub early: bool,
    /// Status that offers inside a dialog get; 200: an answer.
    pub offer_status: u16,
    pub home: SocketAddr,
    pub flow: FlowId,
    endpoint: Endpoint,
    outbox: watches::Outbox,
    due: Vec<(Duration, Deed)>,
    asked: Vec<(u64, Request)>,
    token: u64,
    version: u32,
    elapsed: Duration,
    /// Hangs up when a NOTIFY says that the transfer was a success.
    pub lets_go: bool,
    /// Reason of its refusals, CANCELs and BYEs.
    pub gives: Option<String>,
    /// Contact of 3xx answers.
    pub sends_on_to: Option<String>,
    /// Takes connections at the address that it sends datagrams from.
    pub listens: bool,
    /// Takes the connections that the server opens to its address.
    pub takes: bool,
    /// Where it hears too, as a provider with several nodes does.
    pub elsewhere: Vec<SocketAddr>,
    /// What becomes of its messages on their way.
    pub rewrites: Option<fn(&str) -> String>,
    /// Switched off: neither sends nor hears.
    pub gone: bool,
    /// What stands between it and the net; `None`: something that never forgets.
    pub nat: Option<Nat>,
    /// It is no phone but a provider.
    pub provider: Option<Box<Provider>>,
}

impl Phone {
    pub fn new(name: &str, (user, secret): (&str, &str), flow: FlowId, endpoint: Endpoint) -> Phone {
        Phone {
            name: name.to_owned(),
            user: user.to_owned(),
            secret: secret.to_owned(),
            manner: Manner::Answer(Duration::from_secs(2)),
            codecs: vec![sdp::ALAW, sdp::ULAW],
            events: true,
            secrecy: Secrecy::default(),
            calls: Vec::new(),
            watching: Vec::new(),
            published: Vec::new(),
            unasked: Vec::new(),
            answers: Vec::new(),
            contacts: Vec::new(),
            claims: Vec::new(),
            answers_with: Vec::new(),
            outbound: None,
            beside: None,
            from: Party {
                display: String::new(),
                uri: format!("sip:{user}@{DOMAIN}"),
            },
            forgets_answer: false,
            early: false,
            offer_status: 200,
            home: flow.local,
            flow,
            endpoint,
            outbox: Default::default(),
            due: Vec::new(),
            asked: Vec::new(),
            token: 0,
            version: 0,
            elapsed: Duration::ZERO,
            lets_go: true,
            gives: None,
            sends_on_to: None,
            listens: false,
            takes: false,
            elsewhere: Vec::new(),
            rewrites: None,
            gone: false,
            nat: None,
            provider: None,
        }
    }

    /// It wants sessions refreshed at this interval, and refuses shorter ones than `least` (RFC 4028); before its first call.
    pub fn times_sessions(&mut self, interval: Duration, least: Duration) {
        let config = EndpointConfig {
            session_timer: Some(SessionIntervals {
                interval,
                min_se: least,
            }),
            ..self.endpoint.config().clone()
        };
        let seed = self.name.bytes().fold(0, u8::wrapping_add);
        self.endpoint = Endpoint::new(config, [seed; 32]);
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
        let mut contact = format!("<sip:{}@{}{}>", self.user, self.home, self.transport_param());
        let mut headers = vec![(Cow::Borrowed("Expires"), expires.to_string())];
        if let Some((device, reg_id)) = self.outbound {
            contact.push_str(&format!(";+sip.instance=\"<urn:uuid:{device}>\";reg-id={reg_id}"));
            headers.push((Cow::Borrowed("Supported"), "path, outbound".to_owned()));
        }
        headers.push((Cow::Borrowed("Contact"), contact));
        self.ask("REGISTER", &format!("sip:{DOMAIN}"), headers, now);
    }

    pub fn ask(&mut self, method: &'static str, uri: &str, headers: Headers, now: Now) {
        self.ask_with(method, uri, (headers, None), now);
    }

    fn ask_with(&mut self, method: &'static str, uri: &str, (headers, body): (Headers, Option<Body>), now: Now) {
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
            body,
            after: None,
            credentials: None,
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
            claims: self.claims.clone(),
            ..PhoneCall::new(session)
        });
        let index = self.calls.len() - 1;
        self.invite(index, None, now);
        index
    }

    pub fn cancel(&mut self, index: usize, now: Now) {
        let (session, reason) = (self.calls[index].session, self.gives.clone());
        self.calls[index].tried = true;
        self.command(Command::Cancel { session, reason }, now);
    }

    pub fn hang_up(&mut self, index: usize, now: Now) {
        let call = &mut self.calls[index];
        call.state = State::Over;
        let (session, reason) = (call.session, self.gives.clone());
        self.command(Command::Bye { session, reason }, now);
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
        self.press(index, '5', now);
    }

    /// A key by INFO.
    pub fn press(&mut self, index: usize, key: char, now: Now) {
        let body = Body {
            content_type: Cow::Borrowed("application/dtmf-relay"),
            bytes: Bytes::from(format!("Signal={key}\r\nDuration=160\r\n")),
        };
        self.say(index, "INFO", Some(body), now);
    }

    /// A text by INFO.
    pub fn inform(&mut self, index: usize, text: &'static str, now: Now) {
        let body = Body {
            content_type: Cow::Borrowed("text/plain"),
            bytes: Bytes::from(text),
        };
        self.say(index, "INFO", Some(body), now);
    }

    fn say(&mut self, index: usize, method: &'static str, body: Option<Body>, now: Now) {
        self.say_with(index, (method, Vec::new()), body, now);
    }

    fn say_with(&mut self, index: usize, (method, headers): (&'static str, Headers), body: Option<Body>, now: Now) {
        self.token += 1;
        let (session, token) = (self.calls[index].session, self.token);
        let method = Cow::Borrowed(method);
        self.command(
            Command::SendInDialog {
                session,
                token,
                method,
                headers,
                body,
            },
            now,
        );
    }

    // What the world does to it.

    pub fn receive(&mut self, flow: &FlowId, bytes: Bytes, now: Now, elapsed: Duration) {
        self.elapsed = elapsed;
        if self.provider.as_ref().is_some_and(|provider| provider.ignores(&bytes)) {
            return;
        }
        if self.hears_of_watched(&bytes, now) {
            return;
        }
        self.endpoint.receive(flow, bytes, now);
        self.settle(now);
    }

    pub fn pass_time(&mut self, now: Now, elapsed: Duration) {
        self.elapsed = elapsed;
        self.watches_pass(now);
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

    /// It has another connection than the one that it lost, and goes on by that.
    pub fn reconnect(&mut self, old: &FlowId, now: Now) {
        let new = self.flow;
        self.endpoint.succeed(old, new, None, now);
        self.settle(now);
    }

    pub fn deadline(&self, start: std::time::Instant) -> Option<Duration> {
        let deeds = self.due.iter().map(|(at, _)| *at);
        let timer = self.endpoint.deadline().map(|at| at.saturating_duration_since(start));
        deeds.chain(timer).chain(self.watches_deadline()).min()
    }

    /// With the flow as it sees that itself.
    pub fn sends(&mut self) -> Option<(FlowId, Bytes)> {
        if let Some(beside) = self.outbox.0.pop_front() {
            return Some((self.flow, beside));
        }
        let transmit = self.endpoint.poll_transmit()?;
        Some((transmit.flow, transmit.bytes))
    }

    /// What its own stack holds.
    pub fn holds(&self) -> frontdesk_sip::endpoint::Counts {
        self.endpoint.counts()
    }

    fn transport_param(&self) -> &'static str {
        match self.flow.transport {
            Transport::Udp => "",
            Transport::Tcp | Transport::Tls => ";transport=tcp",
            Transport::Ws | Transport::Wss => ";transport=ws",
        }
    }

    fn command(&mut self, command: Command, now: Now) {
        self.endpoint.command(command, now);
        self.settle(now);
    }
}

impl PhoneCall {
    /// The server's last description wants SRTP.
    fn is_offered_srtp(&self) -> bool {
        self.heard.as_ref().is_some_and(|heard| heard.profile == "RTP/SAVP")
    }

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
            alert: None,
            heard: None,
            results: Vec::new(),
            offers: 0,
            others: Vec::new(),
            told: Vec::new(),
            reason: None,
            ended_by: None,
            direction: "sendrecv",
            claims: Vec::new(),
            offered: true,
            tried: false,
            dialled: String::new(),
        }
    }
}
