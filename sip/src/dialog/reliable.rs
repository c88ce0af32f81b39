//! Reliable provisional responses (RFC 3262): what either side remembers of them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::session_timer::lists;
use crate::command::{Body, Headers};
use crate::wire::{HeaderName, Message, Method, number};

/// The option tag.
pub(crate) const RELIABLE: &str = "100rel";
/// Provisional responses that wait for the one before them.
const MAX_WAITING: usize = 4;
/// Reliable provisional responses of one branch that we acknowledge.
const MAX_HEARD: u32 = 64;

/// A provisional response before it is sent.
#[derive(Debug)]
pub(crate) struct Provisional {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Option<Body>,
}

/// How far offer and answer of an INVITE have come before its final response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Exchange {
    /// Nothing has been described reliably.
    #[default]
    Open,
    /// Our offer is in a provisional response; the PRACK brings the answer.
    Offered,
    /// Both are known.
    Settled,
}

/// Our reliable responses to one INVITE.
#[derive(Debug, Default)]
pub(crate) struct Reliable {
    /// Of the INVITE.
    pub(crate) cseq: u32,
    /// The last one; 0: none yet.
    pub(crate) rseq: u32,
    pub(crate) outstanding: Option<Outstanding>,
    pub(crate) exchange: Exchange,
    waiting: VecDeque<Provisional>,
    /// The owner's 2xx that waits for a PRACK (RFC 3262 section 3).
    pub(crate) accept: Option<(Headers, Body)>,
}

/// Not acknowledged yet.
#[derive(Debug)]
pub(crate) struct Outstanding {
    pub(crate) bytes: Bytes,
    pub(crate) interval: Duration,
    pub(crate) due: Instant,
    pub(crate) gives_up_at: Instant,
    /// It has a session description.
    pub(crate) described: bool,
}

impl Reliable {
    pub(crate) fn of(cseq: u32) -> Self {
        Reliable {
            cseq,
            ..Reliable::default()
        }
    }

    /// Keeps a response for later; one too many is let go, because a later one tells more.
    pub(crate) fn wait(&mut self, provisional: Provisional) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(provisional);
        }
    }

    pub(crate) fn next(&mut self) -> Option<Provisional> {
        self.waiting.pop_front()
    }

    /// The owner's 2xx has to wait; what was to be said before it is said by it.
    pub(crate) fn holds_accept(&mut self) -> bool {
        self.waiting.clear();
        self.outstanding
            .as_ref()
            .is_some_and(|outstanding| outstanding.described)
    }

    /// The outstanding response if the RAck names it.
    pub(crate) fn acknowledge(&mut self, prack: &Message) -> Option<Outstanding> {
        let named = rack(prack)?;
        self.outstanding.take_if(|_| named == (self.rseq, self.cseq))
    }
}

/// The reliable responses of one branch of our INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    first: u32,
    last: u32,
}

impl Heard {
    /// Takes the next RSeq; a repeated one and one out of order are not taken (RFC 3262 section 4).
    pub(crate) fn take(heard: &mut Option<Heard>, rseq: u32) -> bool {
        let first = match *heard {
            Some(Heard { first, last }) if rseq.checked_sub(1) == Some(last) && rseq - first < MAX_HEARD => first,
            Some(_) => return false,
            None => rseq,
        };
        *heard = Some(Heard { first, last: rseq });
        true
    }
}

/// RSeq of a response that wants a PRACK.
pub(crate) fn rseq(response: &Message) -> Option<u32> {
    if !lists(response, HeaderName::Require, RELIABLE) {
        return None;
    }
    number(response.header(HeaderName::RSeq)?).filter(|rseq| *rseq > 0)
}

/// RSeq and CSeq that a PRACK names.
fn rack(prack: &Message) -> Option<(u32, u32)> {
    let value = Message::unfold(prack.header(HeaderName::RAck)?);
    let mut parts = value.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty());
    let (rseq, cseq, method) = (number(parts.next()?)?, number(parts.next()?)?, parts.next()?);
    (Method::read(method) == Method::Invite && parts.next().is_none()).then_some((rseq, cseq))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reliable_responses_are_taken_once_and_in_order_and_not_without_end() {
        let mut heard = None;
        let taken: Vec<bool> = [7, 7, 9, 8, 8, 9, 6].map(|rseq| Heard::take(&mut heard, rseq)).to_vec();
        assert_eq!(taken, [true, false, false, true, false, true, false]);
        let many = (10..1000).filter(|rseq| Heard::take(&mut heard, *rseq)).count();
        assert_eq!(many, 61);
        let mut last = None;
        assert!(Heard::take(&mut last, u32::MAX));
        assert!(!Heard::take(&mut last, 1));
    }

    #[test]
    fn a_prack_names_the_response_by_rseq_cseq_and_method() {
        let prack = |value: &str| {
            let text = format!("PRACK sip:a@b SIP/2.0\r\nRAck: {value}\r\n\r\n");
            Message::parse(Bytes::from(text), crate::wire::Framing::Datagram).unwrap()
        };
        assert_eq!(rack(&prack("776656 1 INVITE")), Some((776_656, 1)));
        assert_eq!(rack(&prack("776656\t 1   INVITE")), Some((776_656, 1)));
        for bad in ["776656 1", "776656 1 OPTIONS", "x 1 INVITE", "1 1 INVITE x", ""] {
            assert_eq!(rack(&prack(bad)), None, "{bad}");
        }
    }
}
