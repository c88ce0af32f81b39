//! Two endpoints, a net between them that loses, doubles and reorders by its seed, and a clock that only we move.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::Now;
use crate::command::{Body, Command, Invite, Party, Reply};
use crate::endpoint::{Counts, Endpoint, EndpointConfig};
use crate::event::{Event, SessionId};
use crate::flow::{FlowId, Transport};

pub(super) const CALLER: usize = 0;
pub(super) const CALLEE: usize = 1;

#[expect(
    clippy::disallowed_methods,
    reason = "the one instant that all others are counted from"
)]
pub(super) fn start() -> Instant {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *START.get_or_init(Instant::now)
}

pub(super) fn at(elapsed: Duration) -> Now {
    Now {
        instant: start() + elapsed,
        unix_ms: 1_800_000_000_000 + i64::try_from(elapsed.as_millis()).unwrap(),
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    pub(super) loss: u32,
    pub(super) double: u32,
    /// Longest way in milliseconds; the shortest is 1.
    pub(super) delay: u64,
}

pub(super) const FAIR: Weather = Weather {
    loss: 0,
    double: 0,
    delay: 1,
};

type Filter = fn(usize, &str) -> bool;

pub(super) struct Net {
    pub(super) elapsed: Duration,
    pub(super) ends: [Endpoint; 2],
    pub(super) events: Vec<(usize, Event)>,
    /// Who sent which first line.
    pub(super) ladder: Vec<(usize, String)>,
    pub(super) lose: Option<Filter>,
    /// All bytes and who sent them.
    pub(super) spoken: Vec<(usize, Bytes)>,
    /// Of streams.
    pub(super) connection: u64,
    transport: Transport,
    weather: Weather,
    under_way: BTreeMap<(Duration, u64), (usize, Bytes)>,
    sent: u64,
    rng: StdRng,
}

impl Net {
    pub(super) fn new(weather: Weather, seed: u8) -> Self {
        Net::over(Transport::Udp, weather, seed)
    }

    pub(super) fn over(transport: Transport, weather: Weather, seed: u8) -> Self {
        let end = |side: u8| Endpoint::new(EndpointConfig::default(), [seed.wrapping_mul(2).wrapping_add(side); 32]);
        Net {
            elapsed: Duration::ZERO,
            ends: [end(0), end(1)],
            events: Vec::new(),
            ladder: Vec::new(),
            lose: None,
            spoken: Vec::new(),
            connection: 1,
            transport,
            weather,
            under_way: BTreeMap::new(),
            sent: 0,
            rng: StdRng::from_seed([seed; 32]),
        }
    }

    pub(super) fn flow(&self, side: usize) -> FlowId {
        let address = |side: usize| format!("192.0.2.{}:5060", side + 1).parse().unwrap();
        let connection = match self.transport {
            Transport::Udp => 0,
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => self.connection,
        };
        FlowId {
            transport: self.transport,
            local: address(side),
            peer: address(1 - side),
            connection,
        }
    }

    pub(super) fn now(&self) -> Now {
        at(self.elapsed)
    }

    pub(super) fn command(&mut self, side: usize, command: Command) {
        let now = self.now();
        self.ends[side].command(command, now);
        self.drain(side);
    }

    pub(super) fn close(&mut self, side: usize) {
        let (flow, now) = (self.flow(side), self.now());
        self.ends[side].flow_closed(&flow, now);
        self.drain(side);
    }

    /// The connection breaks, and there is another one; neither side knows what it is for.
    pub(super) fn reconnect(&mut self) {
        for side in [CALLER, CALLEE] {
            self.close(side);
        }
        self.under_way.clear();
        self.connection += 1;
    }

    /// A side learns that this is the successor of the last connection.
    pub(super) fn succeed(&mut self, side: usize) {
        let new = self.flow(side);
        let old = FlowId {
            connection: new.connection - 1,
            ..new
        };
        let now = self.now();
        self.ends[side].succeed(&old, new, None, now);
        self.drain(side);
    }

    pub(super) fn call(&mut self, body: Option<Body>) -> SessionId {
        let session = self.ends[CALLER].new_session();
        let invite = invite(session, self.flow(CALLER), body);
        self.command(CALLER, Command::Invite(Box::new(invite)));
        session
    }

    /// Lets the net and the clock go on until `elapsed`; `owner` answers events.
    pub(super) fn run_to(&mut self, elapsed: Duration, owner: &mut dyn FnMut(&mut Net, usize, &Event)) {
        let mut told = self.events.len();
        loop {
            while told < self.events.len() {
                let (side, event) = self.events.remove(told);
                owner(self, side, &event);
                self.events.insert(told, (side, event));
                told += 1;
            }
            let packet = self.under_way.first_key_value().map(|((at, _), _)| *at);
            let timer = self
                .ends
                .iter()
                .filter_map(Endpoint::deadline)
                .min()
                .map(|at| at - start());
            let Some(next) = packet.into_iter().chain(timer).min().filter(|next| *next <= elapsed) else {
                break;
            };
            self.elapsed = self.elapsed.max(next);
            if packet == Some(next) {
                let (_, (side, bytes)) = self.under_way.pop_first().unwrap();
                let (flow, now) = (self.flow(side), self.now());
                self.ends[side].receive(&flow, bytes, now);
                self.drain(side);
            } else {
                for side in [CALLER, CALLEE] {
                    let now = self.now();
                    self.ends[side].timeout(now);
                    self.drain(side);
                }
            }
        }
        self.elapsed = elapsed;
    }

    pub(super) fn run(&mut self, milliseconds: u64, owner: &mut dyn FnMut(&mut Net, usize, &Event)) {
        self.run_to(self.elapsed + Duration::from_millis(milliseconds), owner);
    }

    /// Nobody answers.
    pub(super) fn pass(&mut self, milliseconds: u64) {
        self.run(milliseconds, &mut |_, _, _| {});
    }

    pub(super) fn names(&self, side: usize) -> Vec<String> {
        self.events
            .iter()
            .filter(|(at, _)| *at == side)
            .map(|(_, event)| name(event))
            .collect()
    }

    pub(super) fn session(&self, side: usize) -> SessionId {
        let mut sessions = self
            .events
            .iter()
            .filter(|(at, _)| *at == side)
            .filter_map(|(_, event)| event.session());
        sessions.next().unwrap()
    }

    pub(super) fn steps(&self) -> Vec<String> {
        let arrow = |side: &usize| if *side == CALLER { "->" } else { "<-" };
        self.ladder
            .iter()
            .map(|(side, line)| format!("{} {line}", arrow(side)))
            .collect()
    }

    #[track_caller]
    pub(super) fn assert_nothing_is_left(&mut self) {
        self.pass(120_000);
        for end in &self.ends {
            assert_eq!(
                end.counts(),
                Counts::default(),
                "{:?}\n{:#?}",
                self.events,
                self.steps()
            );
            assert_eq!(end.index_entries(), 0, "{:?}", self.events);
        }
    }

    /// Answers to nobody, which a net would carry astray.
    pub(super) fn pass_over(&mut self, side: usize) {
        while self.ends[side].poll_transmit().is_some() {}
        while let Some(event) = self.ends[side].poll_event() {
            self.events.push((side, event));
        }
    }

    /// Both owners hang everything up that they ever heard of.
    pub(super) fn end_all(&mut self) {
        self.lose = Some(|_, _| true);
        for _ in 0..2 {
            for number in 0..10_000 {
                for side in [CALLER, CALLEE] {
                    self.command(side, bye(SessionId(number)));
                }
            }
            self.pass(100_000);
        }
        self.assert_nothing_is_left();
    }

    fn drain(&mut self, side: usize) {
        while let Some(event) = self.ends[side].poll_event() {
            self.events.push((side, event));
        }
        while let Some(transmit) = self.ends[side].poll_transmit() {
            let text = String::from_utf8_lossy(&transmit.bytes).into_owned();
            self.ladder.push((side, line(&text)));
            self.spoken.push((side, transmit.bytes.clone()));
            if self.lose.is_some_and(|lose| lose(side, &text)) {
                continue;
            }
            assert_eq!(transmit.flow.peer, self.flow(side).peer);
            let copies = if self.rng.random_ratio(self.weather.double, 100) {
                2
            } else {
                1
            };
            for _ in 0..copies {
                if self.rng.random_ratio(self.weather.loss, 100) {
                    continue;
                }
                let delay = Duration::from_millis(self.rng.random_range(1..=self.weather.delay));
                self.sent += 1;
                self.under_way
                    .insert((self.elapsed + delay, self.sent), (1 - side, transmit.bytes.clone()));
            }
        }
    }
}

/// `INVITE` or `200 INVITE`.
pub(super) fn line(text: &str) -> String {
    let first = text.lines().next().unwrap();
    let method = text
        .lines()
        .find_map(|line| line.strip_prefix("CSeq: "))
        .unwrap_or("? ?");
    match first.strip_prefix("SIP/2.0 ") {
        Some(status) => format!("{} {}", &status[..3], method.split(' ').nth(1).unwrap()),
        None => first.split(' ').next().unwrap().to_owned(),
    }
}

pub(super) fn name(event: &Event) -> String {
    match event {
        Event::Request { request, .. } => format!("Request {}", request.method().as_str()),
        Event::Invite { .. } => "Invite".to_owned(),
        Event::Cancelled { .. } => "Cancelled".to_owned(),
        Event::Progress { response, .. } => format!("Progress {}", response.status().unwrap()),
        Event::Answered { .. } => "Answered".to_owned(),
        Event::SecondOffer { .. } => "SecondOffer".to_owned(),
        Event::Refused { status, .. } => format!("Refused {status}"),
        Event::Acked { body, .. } => format!("Acked {}", String::from_utf8_lossy(body)),
        Event::Offer { request, .. } => format!("Offer {}", request.method().as_str()),
        Event::OfferResult { status, .. } => format!("OfferResult {status}"),
        Event::InDialog { request, .. } => format!("InDialog {}", request.method().as_str()),
        Event::Response { status, .. } => format!("Response {status}"),
        Event::InDialogResult { token, status, .. } => format!("InDialogResult {token} {status}"),
        Event::Ended { by, .. } => format!("Ended {by:?}"),
        Event::Subscribe { .. } => "Subscribe".to_owned(),
        Event::SubscriptionRefreshed { expires, .. } => format!("SubscriptionRefreshed {expires}"),
        Event::SubscriptionEnded { .. } => "SubscriptionEnded".to_owned(),
        Event::FlowLeft { .. } => "FlowLeft".to_owned(),
    }
}

pub(super) fn body(text: &'static str) -> Body {
    Body::sdp(Bytes::from_static(text.as_bytes()))
}

pub(super) fn party(uri: &str) -> Party {
    Party {
        display: String::new(),
        uri: uri.to_owned(),
    }
}

pub(super) fn invite(session: SessionId, flow: FlowId, body: Option<Body>) -> Invite {
    Invite {
        session,
        flow,
        request_uri: "sip:102@192.0.2.2".to_owned(),
        route: Vec::new(),
        follow_routes: false,
        from: party("sip:101@pbx.example"),
        to: party("sip:102@pbx.example"),
        max_forwards: 69,
        session_id: None,
        headers: Vec::new(),
        body,
        second: None,
        after: None,
        credentials: None,
    }
}

pub(super) fn reply(status: u16) -> Reply {
    Reply {
        status,
        ..Reply::default()
    }
}

pub(super) fn accept(session: SessionId) -> Command {
    Command::Accept {
        session,
        headers: Vec::new(),
        body: body("answer"),
    }
}

pub(super) fn ring(session: SessionId) -> Command {
    Command::Ring {
        session,
        status: 180,
        headers: Vec::new(),
        body: None,
    }
}

pub(super) fn bye(session: SessionId) -> Command {
    Command::Bye { session, reason: None }
}

/// The callee rings and answers at once; offers are answered.
pub(super) fn willing(net: &mut Net, side: usize, event: &Event) {
    if let Event::Invite { session, .. } = event {
        net.command(side, ring(*session));
        net.command(side, accept(*session));
    } else if let Event::Offer { session, .. } = event {
        net.command(
            side,
            Command::AnswerOffer {
                session: *session,
                body: body("answer"),
            },
        );
    } else if let Event::InDialog { transaction, .. } = event {
        net.command(
            side,
            Command::Respond {
                transaction: *transaction,
                reply: reply(200),
            },
        );
    }
}

/// A call that stands: (caller's session, callee's session).
pub(super) fn established(net: &mut Net) -> (SessionId, SessionId) {
    let caller = net.call(Some(body("offer")));
    net.run(1000, &mut willing);
    assert_eq!(net.names(CALLER), ["Progress 180", "Answered"]);
    let callee = net.session(CALLEE);
    net.events.clear();
    net.ladder.clear();
    (caller, callee)
}

pub(super) fn config() -> EndpointConfig {
    EndpointConfig::default()
}
