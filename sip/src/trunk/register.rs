//! A registration of ours with a provider (RFC 3261 section 10.2): refreshed in time, tried at every server, never given up.

use std::time::{Duration, Instant};

use crate::Now;
use crate::wire::{HeaderName, Message};

/// The wait after the first round in which no server took the registration; it doubles from round to round.
const FIRST_WAIT: Duration = Duration::from_secs(4);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// Whoever refuses our credentials locks us out when we insist.
const REFUSED_WAIT: Duration = Duration::from_secs(30);
/// A longer Retry-After is not believed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);
/// A larger Min-Expires is not followed.
const LONGEST_EXPIRES: u32 = 86_400;
/// Trunks that start at the same moment spread their first requests over this time.
const SPREAD_MS: u64 = 500;
/// A server that starts anew has time to begin.
const RENEW_AFTER: Duration = Duration::from_secs(1);

/// What is to be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Which of the servers, in their present order.
    pub server: usize,
    /// Seconds.
    pub expires: u32,
}

/// How the registration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// No answer yet.
    Trying,
    Registered,
    Failing {
        /// Unix milliseconds.
        since: i64,
        reason: String,
    },
}

#[derive(Debug)]
pub struct Register {
    expires: u32,
    /// `None`: a request is under way.
    due: Option<Instant>,
    /// Servers that have failed in this round.
    failed: usize,
    rounds: u32,
    raised: bool,
    /// No server was known when one was wanted.
    starved: bool,
    standing: Standing,
}

impl Register {
    /// `random` spreads the first request.
    pub fn new(expires: u32, random: u64, now: Now) -> Register {
        Register {
            expires,
            due: Some(now.instant + Duration::from_millis(random % SPREAD_MS)),
            failed: 0,
            rounds: 0,
            raised: false,
            starved: false,
            standing: Standing::Trying,
        }
    }

    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    pub fn is_registered(&self) -> bool {
        self.standing == Standing::Registered
    }

    /// When `poll` wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// What is due; `servers` are known now, the one that took the last registration first. Then comes exactly one
    /// `answered`.
    pub fn poll(&mut self, servers: usize, random: u64, now: Now) -> Option<Ask> {
        if self.due.is_none_or(|due| due > now.instant) {
            return None;
        }
        self.starved = servers == 0;
        if self.starved {
            self.fail("no address of the server is known".to_owned(), now);
            self.wait(FIRST_WAIT, random, now);
            return None;
        }
        self.due = None;
        Some(Ask {
            server: self.failed.min(servers - 1),
            expires: self.expires,
        })
    }

    /// What the server knows of us may be worth nothing any more: told anew soon, unless that is under way.
    pub fn renew(&mut self, random: u64, now: Now) {
        if self.is_registered() && self.due.is_some() {
            self.due = Some(now.instant + RENEW_AFTER + Duration::from_millis(random % SPREAD_MS));
        }
    }

    /// A server is known now: whoever waited for one tries at once. Who was refused goes on waiting.
    pub fn server_found(&mut self, now: Now) {
        if self.starved && self.due.is_some() {
            self.starved = false;
            self.due = Some(now.instant);
        }
    }

    /// The final answer; `contact` is in our Contact and in no other.
    pub fn answered(
        &mut self,
        (status, response): (u16, Option<&Message>),
        (servers, contact): (usize, &str),
        random: u64,
        now: Now,
    ) {
        match status {
            200..=299 => self.registered(response, contact, random, now),
            423 if self.raise(response) => self.due = Some(now.instant),
            _ => self.refused((status, response), servers, random, now),
        }
    }

    fn registered(&mut self, response: Option<&Message>, contact: &str, random: u64, now: Now) {
        let granted = response
            .and_then(|response| granted(response, contact))
            .unwrap_or(self.expires);
        self.standing = Standing::Registered;
        (self.failed, self.rounds, self.raised) = (0, 0, false);
        // Between 75 and 85 percent: a lost request can be repeated before the time is over.
        let part = 750 + random % 100;
        let after = Duration::from_millis(u64::from(granted) * part);
        self.due = Some(now.instant + after.max(Duration::from_secs(1)));
    }

    /// RFC 3261 section 10.2.8; once for each registration.
    fn raise(&mut self, response: Option<&Message>) -> bool {
        let least = response
            .and_then(|response| number(response.header(HeaderName::MinExpires)?))
            .filter(|least| (self.expires.saturating_add(1)..=LONGEST_EXPIRES).contains(least));
        let Some(least) = least.filter(|_| !self.raised) else {
            return false;
        };
        self.raised = true;
        self.expires = least;
        true
    }

    fn refused(&mut self, (status, response): (u16, Option<&Message>), servers: usize, random: u64, now: Now) {
        self.raised = false;
        let reason = match (status, response) {
            (408, None) => "no answer".to_owned(),
            (_, None) => "no connection".to_owned(),
            (401 | 407, Some(_)) => "the credentials were refused".to_owned(),
            (status, Some(_)) => format!("refused with {status}"),
        };
        self.fail(reason, now);
        self.failed += 1;
        let elsewhere = status == 408 || status >= 500;
        if elsewhere && self.failed < servers {
            self.due = Some(now.instant);
            return;
        }
        self.failed = 0;
        let doubled = FIRST_WAIT.saturating_mul(1 << self.rounds.min(10));
        self.rounds = self.rounds.saturating_add(1);
        let least = if elsewhere { Duration::ZERO } else { REFUSED_WAIT };
        let wait = doubled.max(least).min(LONGEST_WAIT);
        match response.and_then(|response| number(response.header(HeaderName::RetryAfter)?)) {
            Some(seconds) => {
                let asked = Duration::from_secs(seconds.into()).min(LONGEST_RETRY_AFTER);
                // Not before, so the spread comes on top.
                self.due = Some(now.instant + asked + Duration::from_millis(random % 1000));
            }
            None => self.wait(wait, random, now),
        }
    }

    /// Half of the time at least: whoever failed together does not come back together.
    fn wait(&mut self, most: Duration, random: u64, now: Now) {
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        let wait = most / 2 + random % (most / 2 + 1);
        self.due = Some(now.instant + Duration::from_millis(wait));
    }

    fn fail(&mut self, why: String, now: Now) {
        match &mut self.standing {
            Standing::Failing { reason, .. } => *reason = why,
            Standing::Trying | Standing::Registered => {
                self.standing = Standing::Failing {
                    since: now.unix_ms,
                    reason: why,
                }
            }
        }
    }
}

/// Seconds that the registrar grants us: of our Contact, else of the whole answer.
fn granted(response: &Message, contact: &str) -> Option<u32> {
    let ours = response.contacts().flatten().find(|known| {
        let uri = known.raw_uri();
        !contact.is_empty() && uri.windows(contact.len()).any(|part| part == contact.as_bytes())
    });
    let own = ours.and_then(|ours| number(ours.param("expires")?));
    own.or_else(|| number(response.header(HeaderName::Expires)?))
        .filter(|seconds| *seconds > 0)
        .map(|seconds| seconds.min(LONGEST_EXPIRES))
}

fn number(value: &[u8]) -> Option<u32> {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(value.get(..digits)?).ok()?.parse().ok()
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the one instant that all others are counted from"
)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::Framing;

    struct Line {
        register: Register,
        start: Instant,
        elapsed: u64,
        servers: usize,
    }

    impl Line {
        fn new(servers: usize) -> Line {
            let start = Instant::now();
            let now = Now {
                instant: start,
                unix_ms: 0,
            };
            Line {
                register: Register::new(600, 0, now),
                start,
                elapsed: 0,
                servers,
            }
        }

        fn now(&self) -> Now {
            Now {
                instant: self.start + Duration::from_millis(self.elapsed),
                unix_ms: i64::try_from(self.elapsed).unwrap(),
            }
        }

        /// Waits until a request is due; how long that was in milliseconds, and the request.
        fn next(&mut self, random: u64) -> (u64, Ask) {
            let before = self.elapsed;
            for _ in 0..100 {
                let due = self.register.deadline().expect("something is due");
                self.elapsed = u64::try_from(due.saturating_duration_since(self.start).as_millis()).unwrap();
                let now = self.now();
                if let Some(ask) = self.register.poll(self.servers, random, now) {
                    return (self.elapsed - before, ask);
                }
            }
            panic!("never asks");
        }

        fn hears(&mut self, status: u16, headers: &str, random: u64) {
            let text = format!(
                "SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
                 To: <sip:a@h>;tag=2\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\n{headers}\r\n"
            );
            let response = Message::parse(Bytes::from(text), Framing::Datagram).unwrap();
            let (now, servers) = (self.now(), self.servers);
            self.register
                .answered((status, Some(&response)), (servers, ";line=abc"), random, now);
        }

        fn hears_nothing(&mut self, random: u64) {
            let (now, servers) = (self.now(), self.servers);
            self.register.answered((408, None), (servers, ";line=abc"), random, now);
        }
    }

    fn ask(server: usize, expires: u32) -> Ask {
        Ask { server, expires }
    }

    #[test]
    fn a_registration_is_refreshed_before_what_was_granted_for_our_own_contact_is_over() {
        let check = |headers: &str, granted: u64| {
            let mut line = Line::new(1);
            assert_eq!(line.next(0), (0, ask(0, 600)));
            line.hears(200, headers, 99);
            assert!(line.register.is_registered());
            let (after, again) = line.next(0);
            assert_eq!((after, again), (granted * 849, ask(0, 600)), "{headers}");
        };
        check("Contact: <sip:a@h>;expires=10, <sip:a@h;line=abc>;expires=120\r\n", 120);
        check("Contact: <sip:a@h;line=abc>\r\nExpires: 300\r\n", 300);
        check("Contact: <sip:a@h;line=abc>;expires=0\r\n", 600);
        check("", 600);
        check("Expires: 4294967295\r\n", 86_400);
        check("Expires: x\r\n", 600);
    }

    #[test]
    fn an_interval_too_brief_is_raised_once() {
        let mut line = Line::new(1);
        line.next(0);
        line.hears(423, "Min-Expires: 1800\r\n", 0);
        assert_eq!(line.next(0), (0, ask(0, 1800)));
        line.hears(423, "Min-Expires: 3600\r\n", 0);
        let (after, again) = line.next(0);
        assert_eq!(again, ask(0, 1800));
        assert!(after >= 15_000, "a registrar that plays with us is a failure: {after}");
        for senseless in ["", "Min-Expires: 60\r\n", "Min-Expires: 999999999\r\n"] {
            let mut line = Line::new(1);
            line.next(0);
            line.hears(423, senseless, 0);
            assert!(line.next(0).0 > 0, "{senseless}");
        }
    }

    #[test]
    fn servers_are_tried_in_their_order_and_then_again_after_a_growing_wait_for_ever() {
        let mut line = Line::new(3);
        let mut longest = 0;
        for round in 0..40 {
            let (waited, first) = line.next(0);
            assert_eq!(first, ask(0, 600), "round {round}");
            assert!(
                waited >= longest || waited == 150_000,
                "round {round}: {waited} after {longest}"
            );
            longest = waited;
            line.hears(503, "", 0);
            assert_eq!(line.next(0), (0, ask(1, 600)));
            line.hears_nothing(0);
            assert_eq!(line.next(0), (0, ask(2, 600)));
            line.hears(500, "", 0);
        }
        assert_eq!(
            longest, 150_000,
            "half of five minutes is the least of the longest wait"
        );
        line.next(0);
        line.hears(200, "", 0);
        assert!(line.register.is_registered());
        let before = line.next(0);
        assert_eq!(before.1, ask(0, 600));
        line.hears_nothing(0);
        assert_eq!(line.next(0), (0, ask(1, 600)), "the next server takes over at once");
    }

    #[test]
    fn waits_are_spread() {
        let waits: Vec<u64> = [0, 700, 1999]
            .into_iter()
            .map(|random| {
                let mut line = Line::new(1);
                line.next(0);
                line.hears_nothing(random);
                line.next(0).0
            })
            .collect();
        assert_eq!(waits, [2000, 2700, 3999]);
    }

    #[test]
    fn a_refusal_waits_long_enough_and_as_long_as_it_says() {
        let mut line = Line::new(2);
        line.next(0);
        line.hears(403, "", 0);
        assert_eq!(line.next(0), (15_000, ask(0, 600)), "another server would refuse too");
        line.hears(403, "Retry-After: 90 (later)\r\n", 0);
        assert_eq!(line.next(0).0, 90_000);
        line.hears(403, "Retry-After: 999999\r\n", 0);
        assert_eq!(line.next(0).0, 3_600_000);
    }

    #[test]
    fn it_tells_since_when_it_fails_and_why() {
        let mut line = Line::new(0);
        let now = line.now();
        assert_eq!(line.register.standing(), &Standing::Trying);
        assert_eq!(line.register.poll(0, 0, now), None);
        let failing = |since, reason: &str| Standing::Failing {
            since,
            reason: reason.to_owned(),
        };
        assert_eq!(
            line.register.standing(),
            &failing(0, "no address of the server is known")
        );
        line.servers = 1;
        line.next(0);
        line.hears(401, "", 0);
        assert_eq!(line.register.standing(), &failing(0, "the credentials were refused"));
        line.next(0);
        line.hears(200, "", 0);
        line.next(0);
        let at = line.now().unix_ms;
        line.hears_nothing(0);
        assert_eq!(line.register.standing(), &failing(at, "no answer"));
    }

    #[test]
    fn a_registration_is_renewed_when_its_connection_is_lost() {
        let mut line = Line::new(1);
        line.next(0);
        let now = line.now();
        line.register.renew(0, now);
        assert_eq!(line.register.deadline(), None, "under way");
        line.hears(200, "", 0);
        let now = line.now();
        line.register.renew(7, now);
        assert_eq!(line.next(0).0, 1007);
    }

    #[test]
    fn a_server_that_is_found_is_asked_at_once_and_one_that_refused_is_not() {
        let mut line = Line::new(0);
        let now = line.now();
        assert_eq!(line.register.poll(0, 0, now), None);
        line.servers = 1;
        line.register.server_found(now);
        assert_eq!(line.next(0).0, 0);
        line.hears(403, "", 0);
        let now = line.now();
        line.register.server_found(now);
        assert_eq!(line.next(0).0, 15_000);
    }
}
