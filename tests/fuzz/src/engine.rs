//! Sequences of messages into a real engine with a plan: phones that know their passwords and dialogs, so that the deep states
//! are reached, and strangers. An octet chooses what happens, the octets after it how. Whatever comes: no panic, a bounded
//! answer to each input, media commands in their legal order, and nothing left when all is over.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use frontdesk::engine::Engine;
use frontdesk::engine::input::{Input, OperatorCommand};
use frontdesk::engine::output::{BoardChange, Output};
use frontdesk_media::io::command::MediaNotice;
use frontdesk_routing::ids::CallId;
use frontdesk_routing::plan::PlanTrunk;
use frontdesk_sip::Now;
use frontdesk_sip::auth::{Answering, Login, answer};
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::wire::{Framing, HeaderName, Message};
use frontdesk_tests::world::media::MediaModel;
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, Person};
use frontdesk_tests::world::trunks::{GATEWAY, plan, trunk};

/// Outputs that one input may lead to: some phones ring, some calls end.
const MOST_OUTPUTS: usize = 2_000;
/// Deadlines that may pass until all is over.
const MOST_TICKS: usize = 200_000;
const SERVER: &str = "203.0.113.1:5060";
const SDP: &str = "v=0\r\no=p 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
                   m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
const METHODS: [&str; 14] = [
    "INVITE",
    "UPDATE",
    "INFO",
    "REFER",
    "PRACK",
    "SUBSCRIBE",
    "NOTIFY",
    "MESSAGE",
    "OPTIONS",
    "BYE",
    "CANCEL",
    "ACK",
    "PUBLISH",
    "FROB",
];
/// What phones ask for beside calls.
const BESIDE_CALLS: [(&str, &str); 8] = [
    ("REGISTER", ""),
    ("REGISTER", "Expires: 0\r\n"),
    ("REGISTER", "Expires: 60\r\n"),
    ("SUBSCRIBE", "Event: dialog\r\n"),
    ("SUBSCRIBE", "Event: dialog;id=7\r\nExpires: 0\r\n"),
    ("SUBSCRIBE", "Event: presence\r\nExpires: 60\r\n"),
    ("SUBSCRIBE", "Event: message-summary\r\nAccept: */*\r\n"),
    ("SUBSCRIBE", "Event: reg\r\nExpires: 4294967296\r\n"),
];
const STATUSES: [u16; 12] = [100, 180, 183, 200, 202, 302, 401, 404, 486, 491, 500, 603];
const NUMBERS: [&str; 16] = [
    "101",
    "102",
    "103",
    "200",
    "*21",
    "+79161234567",
    "+74951110001",
    "anna_u",
    "*43",
    "*8",
    "**102",
    "701",
    "*68",
    "*65",
    "*76",
    "*90102",
];

/// One who sends and remembers just enough.
struct Phone {
    person: Person,
    flow: FlowId,
    challenges: Vec<Vec<u8>>,
    count: u32,
    /// The last request and the last response that came.
    asked: Option<Message>,
    answered: Option<Message>,
    sent: Vec<u8>,
}

struct Play {
    engine: Engine,
    media: MediaModel,
    phones: Vec<Phone>,
    calls: Vec<CallId>,
    faces: Vec<(Transport, SocketAddr)>,
    now: Now,
    unique: u32,
}

/// What is left of the input.
struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let index = usize::from(self.octet()?) % from.len();
        from.get(index).copied()
    }

    fn some(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.octet()?);
        let (some, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        Some(some)
    }
}

pub(super) fn play(data: &[u8]) {
    let mut play = Play::begin();
    let mut source = Source(data);
    while play.act(&mut source).is_some() {}
    play.end();
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one instant that all others are counted from"
)]
fn beginning() -> Instant {
    Instant::now()
}

impl Play {
    fn begin() -> Play {
        let now = Now {
            instant: beginning(),
            unix_ms: 1_800_000_000_000,
        };
        let mut config = people::engine_config();
        config.guard.failures = 50;
        let phone = |(n, person): (u8, Person)| Phone {
            person,
            flow: FlowId {
                transport: if n == 2 { Transport::Tcp } else { Transport::Udp },
                local: SERVER.parse().expect("an address"),
                peer: ([192, 0, 2, 7 + n], 5060).into(),
                connection: u64::from(n / 2),
            },
            challenges: Vec::new(),
            count: 0,
            asked: None,
            answered: None,
            sent: Vec::new(),
        };
        let mut play = Play {
            engine: Engine::new(config, [7; 32], now),
            media: MediaModel::default(),
            phones: (0..).zip([ANNA, BORIS, CLARA, GATEWAY]).map(phone).collect(),
            calls: Vec::new(),
            faces: Vec::new(),
            now,
            unique: 0,
        };
        let ports = play.media.stock();
        play.input(Input::Media(MediaNotice::PortsReady(ports)));
        play.input(Input::Plan(plan(vec![provider()]).into()));
        for phone in 0..3 {
            play.request(phone, "REGISTER", "101", "");
            play.request(phone, "REGISTER", "101", "");
        }
        play
    }

    fn act(&mut self, source: &mut Source<'_>) -> Option<()> {
        let what = source.octet()?;
        let phone = usize::from(source.octet()?) % self.phones.len();
        match what % 12 {
            0 => self.pass(Duration::from_millis(1 << (source.octet()? % 20))),
            1 => {
                let (method, more) = source.pick(&BESIDE_CALLS)?;
                let user = if method == "REGISTER" {
                    "101"
                } else {
                    source.pick(&NUMBERS)?
                };
                self.request(phone, method, user, more);
            }
            2 => self.request(phone, "INVITE", source.pick(&NUMBERS)?, SDP),
            3 => {
                let body = source.pick(&["", SDP])?;
                self.respond(phone, source.pick(&STATUSES)?, body);
            }
            4 => self.inside(phone, "ACK", source.pick(&["", SDP])?),
            5 => self.inside(phone, "BYE", ""),
            6 => self.again(phone, "CANCEL"),
            7 => {
                let method = source.pick(&METHODS)?;
                self.inside(phone, method, source.pick(&["", SDP])?);
            }
            8 => self.send(phone, source.some()?.to_vec()),
            9 => self.input(Input::FlowClosed(self.phones.get(phone)?.flow)),
            10 => self.mutated(phone, usize::from(source.octet()?) * 4, source.some()?),
            _ => self.others(source.octet()?),
        }
        Some(())
    }

    /// What the daemon's other parts and people do.
    fn others(&mut self, which: u8) {
        let leg = self.media.legs.keys().nth(usize::from(which >> 3)).copied();
        let input = match (which % 8, leg, self.calls.last()) {
            (0, Some(leg), _) => Input::Media(MediaNotice::Silent {
                leg,
                for_: Duration::from_secs(60),
            }),
            (1, _, Some(call)) => Input::Operator(OperatorCommand::HangUp { call: *call }),
            (2, ..) => Input::JournalLoad(which),
            (3, ..) => {
                Input::Plan(people::plan_with(&[ANNA, BORIS], frontdesk_routing::plan::RecordingPolicy::Never).into())
            }
            (4, ..) => Input::Plan(people::plan().into()),
            (5, ..) => Input::HangUpAll,
            _ => Input::Tick,
        };
        self.input(input);
    }

    /// A request outside dialogs, with credentials when a challenge has come.
    fn request(&mut self, index: usize, method: &str, user: &str, more: &str) {
        self.unique += 1;
        let n = self.unique;
        let Some(phone) = self.phones.get_mut(index) else {
            return;
        };
        phone.count += 1;
        let uri = format!("sip:{user}@pbx");
        let login = Login {
            user: phone.person.user,
            secret: phone.person.secret,
        };
        let asked = Answering {
            method,
            uri: &uri,
            cnonce: "c",
            count: phone.count,
        };
        let credentials = answer(phone.challenges.iter().map(Vec::as_slice), &login, &asked)
            .map(|value| format!("Authorization: {value}\r\n"))
            .unwrap_or_default();
        let to = if method == "REGISTER" {
            phone.person.number
        } else {
            user
        };
        let (headers, body) = if more.starts_with("v=0") {
            ("", more)
        } else {
            (more, "")
        };
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP p:5060;branch=z9hG4bK{n};rport\r\nFrom: <sip:{own}@pbx>;tag=f{n}\r\n\
             To: <sip:{to}@pbx>\r\nCall-ID: c{n}\r\nCSeq: {n} {method}\r\nContact: <sip:{own}@{peer}>\r\n{credentials}{headers}\
             Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}",
            own = phone.person.number,
            peer = phone.flow.peer,
            length = body.len(),
        );
        self.send(index, text.into_bytes());
    }

    fn respond(&mut self, index: usize, status: u16, body: &str) {
        let Some(request) = self.phones.get(index).and_then(|phone| phone.asked.clone()) else {
            return;
        };
        let mut text = format!("SIP/2.0 {status} Whatever\r\n");
        for name in [HeaderName::Via, HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
            for value in request.headers(name) {
                text.push_str(&format!("{}: {}\r\n", label(name), String::from_utf8_lossy(value)));
            }
        }
        let to = String::from_utf8_lossy(request.header(HeaderName::To).unwrap_or_default()).into_owned();
        let tag = if to.contains(";tag=") {
            String::new()
        } else {
            format!(";tag=t{index}")
        };
        text.push_str(&format!(
            "To: {to}{tag}\r\nContact: <sip:{index}@192.0.2.7>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        self.send(index, text.into_bytes());
    }

    /// A request of the dialog that the last answer to us, or else the last request for us, belongs to.
    fn inside(&mut self, index: usize, method: &str, body: &str) {
        self.unique += 1;
        let n = self.unique;
        let Some(phone) = self.phones.get(index) else { return };
        let text =
            |message: &Message, name| String::from_utf8_lossy(message.header(name).unwrap_or_default()).into_owned();
        let (from, to, message) = match (&phone.answered, &phone.asked) {
            (Some(response), _) => (
                text(response, HeaderName::From),
                text(response, HeaderName::To),
                response,
            ),
            (None, Some(request)) => {
                let own = format!("{};tag=t{index}", text(request, HeaderName::To));
                (own, text(request, HeaderName::From), request)
            }
            (None, None) => return,
        };
        // An ACK has its INVITE's number.
        let number = match (method, message.cseq()) {
            ("ACK", Some((number, _))) => number,
            _ => n,
        };
        let message = format!(
            "{method} sip:x@pbx SIP/2.0\r\nVia: SIP/2.0/UDP p:5060;branch=z9hG4bK{n};rport\r\nFrom: {from}\r\nTo: {to}\r\n\
             Call-ID: {call_id}\r\nCSeq: {number} {method}\r\nContact: <sip:x@192.0.2.7>\r\nRefer-To: <sip:103@pbx>\r\n\
             Event: {event}\r\nRAck: 1 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}",
            call_id = text(message, HeaderName::CallId),
            event = ["refer", "dialog", "presence", "reg"][usize::try_from(n % 4).unwrap_or(0)],
            length = body.len(),
        );
        self.send(index, message.into_bytes());
    }

    /// What was sent last, as another method.
    fn again(&mut self, index: usize, method: &str) {
        let Some(phone) = self.phones.get(index) else { return };
        let text = String::from_utf8_lossy(&phone.sent).replace("INVITE", method);
        self.send(index, text.into_bytes());
    }

    fn mutated(&mut self, index: usize, at: usize, with: &[u8]) {
        let Some(phone) = self.phones.get(index) else { return };
        let mut bytes = phone.sent.clone();
        let at = at.min(bytes.len());
        let end = (at + with.len()).min(bytes.len());
        bytes.splice(at..end, with.iter().copied());
        self.send(index, bytes);
    }

    fn send(&mut self, index: usize, bytes: Vec<u8>) {
        let Some(phone) = self.phones.get_mut(index) else {
            return;
        };
        phone.sent.clone_from(&bytes);
        let flow = phone.flow;
        self.input(Input::Datagram {
            flow,
            bytes: Bytes::from(bytes),
        });
    }

    fn input(&mut self, input: Input) {
        self.engine.handle(input, self.now);
        let mut outputs = 0;
        loop {
            while let Some(output) = self.engine.poll() {
                outputs += 1;
                assert!(outputs < MOST_OUTPUTS, "one input has led to {outputs} outputs");
                self.take(output);
            }
            let notices = self.media.notices();
            let faces = std::mem::take(&mut self.faces);
            if notices.is_empty() && faces.is_empty() {
                return;
            }
            for (transport, peer) in faces {
                let local = SERVER.parse().expect("an address");
                self.engine.handle(Input::Faced { transport, peer, local }, self.now);
            }
            for notice in notices {
                self.engine.handle(Input::Media(notice), self.now);
            }
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Transmit { flow, bytes } => {
                let Ok(message) = Message::parse(bytes.clone(), Framing::Stream) else {
                    assert!(
                        bytes.as_ref() == b"\r\n",
                        "what we send cannot be read: {}",
                        bytes.escape_ascii()
                    );
                    return;
                };
                if let Some(phone) = self
                    .phones
                    .iter_mut()
                    .find(|phone| phone.flow.peer.ip() == flow.peer.ip())
                {
                    phone.hear(message);
                }
            }
            Output::Media(command) => self.media.command(command),
            Output::Face { transport, peer } => self.faces.push((transport, peer)),
            Output::Board(BoardChange::CallCreated(call)) => self.calls.push(call.id),
            _ => {}
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now.instant + time;
        for _ in 0..MOST_TICKS {
            let Some(at) = self.engine.deadline().filter(|at| *at <= end) else {
                break;
            };
            let step = at.saturating_duration_since(self.now.instant);
            self.advance(step);
            self.input(Input::Tick);
        }
        self.advance(end.saturating_duration_since(self.now.instant));
    }

    fn advance(&mut self, step: Duration) {
        self.now.instant += step;
        self.now.unix_ms += i64::try_from(step.as_millis()).expect("a short play");
    }

    fn end(&mut self) {
        self.input(Input::HangUpAll);
        self.pass(Duration::from_secs(3 * 3_600));
        let counts = self.engine.counts();
        assert_eq!(counts, Default::default(), "something is left");
        assert_eq!(self.engine.bindings(), 0, "bindings are left");
        assert!(self.media.legs.is_empty(), "media legs are left: {:?}", self.media.legs);
        assert!(
            self.engine.deadline().is_none_or(|at| at > self.now.instant),
            "a deadline stands still"
        );
        assert_eq!(self.engine.counters().bugs, 0, "the engine saw a bug");
    }
}

/// The last of the phones is a provider that we register with, probe and call.
fn provider() -> PlanTrunk {
    let mut trunk = trunk(1, &["192.0.2.10"], true);
    trunk.sources = vec!["192.0.2.10/32".parse().expect("a network")];
    if let Some(provider) = &mut trunk.provider {
        provider.probe = Some(Duration::from_secs(300));
    }
    trunk
}

impl Phone {
    fn hear(&mut self, message: Message) {
        if message.is_request() {
            self.asked = Some(message);
            return;
        }
        let challenges: Vec<Vec<u8>> = message
            .headers(HeaderName::WwwAuthenticate)
            .map(<[u8]>::to_vec)
            .collect();
        if !challenges.is_empty() {
            self.challenges = challenges;
            self.count = 0;
        }
        if message.to_tag().is_some() && message.status().is_some_and(|status| status > 100) {
            self.answered = Some(message);
        }
    }
}

fn label(name: HeaderName) -> &'static str {
    match name {
        HeaderName::Via => "Via",
        HeaderName::From => "From",
        HeaderName::CallId => "Call-ID",
        _ => "CSeq",
    }
}
