//! Phones behind one socket that call at a pace of their own, whatever comes back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use frontdesk_sip::auth::{Answering, Login, answer};
use frontdesk_sip::wire::{Framing, HeaderName, Message};
use frontdesk_tests::daemon::Phone;
use frontdesk_tests::wire::sdp;

/// RFC 3261 section 17.1.1.2.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const TIMER_B: Duration = Duration::from_secs(32);
/// How long they talk.
const TALK: Duration = Duration::from_millis(200);
/// Until the load is even, as a part of the whole time.
const WARM_UP: u32 = 4;
const OFFER_PORT: u16 = 42_000;

/// What became of the calls.
#[derive(Debug, Clone, Default)]
pub struct Score {
    load: f64,
    /// While the load was even.
    even: Duration,
    done: u32,
    pub time: Duration,
    called: u32,
    sent: u32,
    refused: u32,
    /// Those of them that had answered the challenge.
    refused_late: u32,
    setups: Vec<Duration>,
}

impl Score {
    /// Calls a second that succeeded from the first INVITE to the answer of the BYE.
    pub fn carried(&self) -> f64 {
        f64::from(self.done) / self.even.as_secs_f64()
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut setups = self.setups.clone();
        setups.sort();
        let median = setups.get(setups.len() / 2).copied().unwrap_or_default();
        write!(
            f,
            "{:5.0}/s offered ({:.0} made, {} messages), {:4.0}/s answered, {:4.0}/s carried, {} refused ({} late), set-up {} ms",
            self.load,
            f64::from(self.called) / self.time.as_secs_f64(),
            self.sent,
            setups.len() as f64 / self.time.as_secs_f64(),
            self.carried(),
            self.refused,
            self.refused_late,
            median.as_millis()
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The INVITE with this CSeq is out: 1 without credentials, 2 with them.
    Calling(u32),
    Ringing,
    Talking,
    Ending,
    Over,
}

struct Call {
    stage: Stage,
    since: Instant,
    /// What is repeated until it is answered.
    request: String,
    /// To say BYE with.
    answer: Option<Message>,
}

pub struct Callers {
    socket: UdpSocket,
    local: SocketAddr,
    phones: Vec<Phone>,
    called: Vec<String>,
    /// Counts the loads that were offered.
    load: u32,
    calls: Vec<Call>,
    /// When to look at a call again, and how long it has been waited for.
    timers: BinaryHeap<Reverse<(Instant, usize, Duration)>>,
    score: Score,
    /// Calls that end from then on count.
    counts: Option<Instant>,
    buffer: Vec<u8>,
}

impl Callers {
    pub fn before(server: SocketAddr, phones: &[Phone], called: &[Phone]) -> Result<Callers> {
        let socket = crate::socket(server)?;
        socket.set_read_timeout(Some(Duration::from_millis(1)))?;
        socket.set_nonblocking(true)?;
        Ok(Callers {
            local: socket.local_addr()?,
            socket,
            phones: phones.to_vec(),
            called: called.iter().map(|phone| phone.short_number.clone()).collect(),
            load: 0,
            calls: Vec::new(),
            timers: BinaryHeap::new(),
            score: Score::default(),
            counts: None,
            buffer: vec![0; 4096],
        })
    }

    /// So many calls a second for that time.
    pub fn call(&mut self, load: f64, time: Duration) -> Result<Score> {
        self.load += 1;
        self.calls.clear();
        self.timers.clear();
        self.score = Score {
            load,
            even: time - time / WARM_UP,
            time,
            ..Score::default()
        };
        let start = Instant::now();
        self.counts = Some(start + time / WARM_UP);
        loop {
            let now = Instant::now();
            let since = now - start;
            if since >= time {
                break;
            }
            while f64::from(self.score.called) < since.as_secs_f64() * load {
                self.start(now)?;
            }
            self.repeat(now)?;
            self.listen(now)?;
        }
        self.counts = None;
        Ok(self.score.clone())
    }

    /// Until nothing more is said: who still waits for an answer gives up, and who is answered hangs up.
    pub fn settle(&mut self) -> Result<()> {
        for call in self
            .calls
            .iter_mut()
            .filter(|call| matches!(call.stage, Stage::Calling(_)))
        {
            call.request.clear();
        }
        let mut quiet = Instant::now();
        while quiet.elapsed() < T1 * 3 {
            let now = Instant::now();
            let sent = self.score.sent;
            self.repeat(now)?;
            if self.listen(now)? || self.score.sent != sent {
                quiet = now;
            }
        }
        Ok(())
    }

    fn start(&mut self, now: Instant) -> Result<()> {
        let n = self.calls.len();
        self.score.called += 1;
        self.calls.push(Call {
            stage: Stage::Calling(1),
            since: now,
            request: self.invite(n, 1, ""),
            answer: None,
        });
        self.say(n, now)
    }

    /// Sends a call's request, again and again until it is answered.
    fn say(&mut self, n: usize, now: Instant) -> Result<()> {
        let Some(call) = self.calls.get(n) else { return Ok(()) };
        send(&self.socket, call.request.as_bytes())?;
        self.score.sent += 1;
        self.timers.push(Reverse((now + T1, n, T1)));
        Ok(())
    }

    /// Repeats what was not answered, and ends the calls that have lasted long enough.
    fn repeat(&mut self, now: Instant) -> Result<()> {
        while let Some(Reverse((at, n, waited))) = self.timers.peek().copied()
            && at <= now
        {
            self.timers.pop();
            let Some(call) = self.calls.get_mut(n) else { continue };
            match call.stage {
                Stage::Talking if waited == TALK => {
                    let bye = call.answer.take().and_then(|answer| self.within("BYE", &answer, n));
                    if let (Some(call), Some(bye)) = (self.calls.get_mut(n), bye) {
                        (call.request, call.stage) = (bye, Stage::Ending);
                        self.say(n, now)?;
                    }
                }
                Stage::Calling(_) | Stage::Ending if waited < TIMER_B && waited != TALK && !call.request.is_empty() => {
                    send(&self.socket, call.request.as_bytes())?;
                    self.score.sent += 1;
                    let step = if call.stage == Stage::Ending {
                        waited.min(T2)
                    } else {
                        waited
                    };
                    self.timers.push(Reverse((now + step * 2, n, waited * 2)));
                }
                Stage::Calling(_) | Stage::Ringing | Stage::Talking | Stage::Ending | Stage::Over => {}
            }
        }
        Ok(())
    }

    /// Takes what has come, and waits a little when nothing has; whether anything has.
    fn listen(&mut self, now: Instant) -> Result<bool> {
        for read in 0..64 {
            let mut received = self.socket.recv(&mut self.buffer);
            if read == 0 && matches!(&received, Err(error) if error.kind() == ErrorKind::WouldBlock) {
                self.socket.set_nonblocking(false)?;
                received = self.socket.recv(&mut self.buffer);
                self.socket.set_nonblocking(true)?;
            }
            let length = match received {
                Ok(length) => length,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let bytes = Bytes::copy_from_slice(self.buffer.get(..length).unwrap_or_default());
            self.on_response(&Message::parse(bytes, Framing::Datagram)?, now)?;
        }
        Ok(true)
    }

    fn on_response(&mut self, response: &Message, now: Instant) -> Result<()> {
        let status = response.status().context("callers are not called")?;
        let id = std::str::from_utf8(response.call_id().unwrap_or_default())?;
        let (load, n) = id.split_once('-').context("a Call-ID that is not ours")?;
        let (cseq, _) = response.cseq().context("no CSeq")?;
        let n: usize = n.parse()?;
        let stage = match load.parse::<u32>()? == self.load {
            true => self.calls.get(n).map_or(Stage::Over, |call| call.stage),
            false => Stage::Over,
        };
        match (cseq, status) {
            (1 | 2, 100..200) if stage == Stage::Calling(cseq) => self.to(n, Stage::Ringing),
            (1 | 2, 200..300) => {
                let ack = self.within("ACK", response, n);
                self.send_once(ack)?;
                if matches!(stage, Stage::Calling(_) | Stage::Ringing) {
                    self.to(n, Stage::Talking);
                    if let Some(call) = self.calls.get_mut(n) {
                        call.answer = Some(response.clone());
                        self.score.setups.push(now - call.since);
                    }
                    self.timers.push(Reverse((now + TALK, n, TALK)));
                }
            }
            (1 | 2, 300..) => {
                let ack = self.confirmation(response, n);
                self.send_once(Some(ack))?;
                let asks = stage == Stage::Calling(cseq);
                if asks && (cseq, status) == (1, 401) {
                    self.prove(response, n, now)?;
                } else if asks || stage == Stage::Ringing {
                    let wait = response.header(HeaderName::RetryAfter);
                    ensure!(status != 503 || wait.is_some(), "no Retry-After: {response:?}");
                    self.score.refused += 1;
                    self.score.refused_late += u32::from(cseq == 2);
                    self.to(n, Stage::Over);
                }
            }
            (3, 200) if stage == Stage::Ending => {
                self.to(n, Stage::Over);
                self.score.done += u32::from(self.counts.is_some_and(|from| now >= from));
            }
            _ => {}
        }
        Ok(())
    }

    fn to(&mut self, n: usize, stage: Stage) {
        if let Some(call) = self.calls.get_mut(n) {
            call.stage = stage;
        }
    }

    fn send_once(&mut self, request: Option<String>) -> Result<()> {
        self.score.sent += 1;
        send(&self.socket, request.context("no Contact")?.as_bytes())
    }

    /// The INVITE again, with credentials.
    fn prove(&mut self, challenge: &Message, n: usize, now: Instant) -> Result<()> {
        let phone = &self.phones[n % self.phones.len()];
        let login = Login {
            user: &phone.user,
            secret: &phone.secret,
        };
        let uri = self.uri(n);
        let asked = Answering {
            method: "INVITE",
            uri: &uri,
            cnonce: "0a4f113b",
            count: 1,
        };
        let value = answer(challenge.headers(HeaderName::WwwAuthenticate), &login, &asked);
        let value = value.context("no challenge that is understood")?;
        let request = self.invite(n, 2, &format!("Authorization: {value}\r\n"));
        if let Some(call) = self.calls.get_mut(n) {
            (call.request, call.stage) = (request, Stage::Calling(2));
        }
        self.say(n, now)
    }

    fn uri(&self, n: usize) -> String {
        format!("sip:{}@127.0.0.1", self.called[n % self.called.len()])
    }

    fn via(&self, n: usize, part: u32) -> String {
        let (local, load) = (self.local, self.load);
        format!("Via: SIP/2.0/UDP {local};rport;branch=z9hG4bK-{load}-{n}-{part}\r\nMax-Forwards: 70\r\n")
    }

    fn invite(&self, n: usize, cseq: u32, credentials: &str) -> String {
        let (uri, via, load, local) = (self.uri(n), self.via(n, cseq), self.load, self.local);
        let (user, body) = (&self.phones[n % self.phones.len()].user, sdp(OFFER_PORT));
        format!(
            "INVITE {uri} SIP/2.0\r\n{via}From: <sip:{user}@127.0.0.1>;tag=f{n}\r\nTo: <{uri}>\r\n\
             Call-ID: {load}-{n}\r\nCSeq: {cseq} INVITE\r\nContact: <sip:{user}@{local}>\r\n{credentials}\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// ACK of a refusal: in the transaction of the INVITE (RFC 3261 section 17.1.1.3).
    fn confirmation(&self, response: &Message, n: usize) -> String {
        let branch = response.via().ok().and_then(|via| via.branch().map(<[u8]>::to_vec));
        let branch = String::from_utf8_lossy(&branch.unwrap_or_default()).into_owned();
        let via = format!(
            "Via: SIP/2.0/UDP {};rport;branch={branch}\r\nMax-Forwards: 70\r\n",
            self.local
        );
        let cseq = response.cseq().map_or(1, |(number, _)| number);
        format!(
            "ACK {} SIP/2.0\r\n{via}{}CSeq: {cseq} ACK\r\nContent-Length: 0\r\n\r\n",
            self.uri(n),
            parties(response)
        )
    }

    /// ACK of an answer, or BYE.
    fn within(&self, method: &str, answer: &Message, n: usize) -> Option<String> {
        let contact = answer.contacts().next()?.ok()?;
        let uri = String::from_utf8_lossy(contact.raw_uri()).into_owned();
        let (part, cseq) = match method {
            "ACK" => (4, answer.cseq().map_or(1, |(number, _)| number)),
            _ => (3, 3),
        };
        Some(format!(
            "{method} {uri} SIP/2.0\r\n{}{}CSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n",
            self.via(n, part),
            parties(answer)
        ))
    }
}

/// From, To and Call-ID.
fn parties(response: &Message) -> String {
    let text = |name| String::from_utf8_lossy(response.header(name).unwrap_or_default());
    let (from, to) = (text(HeaderName::From), text(HeaderName::To));
    format!("From: {from}\r\nTo: {to}\r\nCall-ID: {}\r\n", text(HeaderName::CallId))
}

/// A full buffer is a lost datagram.
fn send(socket: &UdpSocket, bytes: &[u8]) -> Result<()> {
    match socket.send(bytes) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error.into()),
        _ => Ok(()),
    }
}
