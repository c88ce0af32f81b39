//! Symmetric RTP (RFC 4961) and whom to believe (RFC 7362): where a leg's packets really come from.
//!
//! The description says one address; behind a NAT the packets come from another one, and the answer must go there.
//! A source is learned from a few plausible packets in a row. One that is the described address, or shares its host or
//! the signalling's, is believed from its first packet; any other only after a longer proof, and never while a better
//! one speaks. Once learned, nobody takes its place while it speaks.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::clock::Moment;

/// Packets in a row after which an expected host is kept.
const PROOF: u8 = 4;
/// Packets in a row after which an unexpected host is believed.
const LONG_PROOF: u8 = 12;
/// A candidate that pauses this long loses its turn.
const CANDIDATE_PAUSE: Duration = Duration::from_millis(200);
/// Only after this silence of the present source may another one take its place.
const SILENCE: Duration = Duration::from_secs(2);

/// How much is known of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Stranger,
    /// The described or the signalling host, or the host of the present source.
    Host,
    /// Exactly the described address.
    Described,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    source: SocketAddr,
    rank: Rank,
    ssrc: u32,
    next: u16,
    proof: u8,
    heard_at: Moment,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    source: SocketAddr,
    rank: Rank,
    heard_at: Moment,
}

/// Who sends a leg's RTP.
#[derive(Debug, Clone)]
pub struct Latch {
    described: SocketAddr,
    signalling: IpAddr,
    kept: Option<Kept>,
    candidate: Option<Candidate>,
}

impl Latch {
    pub fn new(described: SocketAddr, signalling: IpAddr) -> Self {
        Latch {
            described,
            signalling: signalling.to_canonical(),
            kept: None,
            candidate: None,
        }
    }

    /// A new description: another address opens the latch again, the same one or none (a hold) does not.
    pub fn describe(&mut self, described: SocketAddr, signalling: IpAddr) {
        self.signalling = signalling.to_canonical();
        if described.ip().is_unspecified() || described == self.described {
            return;
        }
        self.described = described;
        self.kept = None;
        self.candidate = None;
    }

    /// Judges a packet that is plausible RTP: whether it is the leg's.
    pub fn admit(&mut self, source: SocketAddr, ssrc: u32, sequence: u16, now: Moment) -> bool {
        if let Some(kept) = &mut self.kept {
            if kept.source == source {
                kept.heard_at = now;
                self.candidate = None;
                return true;
            }
            let silent = now.since(kept.heard_at) >= SILENCE;
            let lower = self.rank(source) < self.kept.map_or(Rank::Stranger, |kept| kept.rank.min(Rank::Host));
            if !silent || lower {
                return false;
            }
        }
        let proven = self.prove(source, ssrc, sequence, now);
        let believed = self.kept.is_none() && self.trusted() == Some(source);
        if proven {
            let rank = self.rank(source);
            self.candidate = None;
            self.kept = Some(Kept {
                source,
                rank,
                heard_at: now,
            });
        }
        proven || believed
    }

    /// Where the leg's packets go; `None` if there is nowhere.
    pub fn target(&self) -> Option<SocketAddr> {
        let kept = self.kept.map(|kept| kept.source);
        let target = kept.or(self.trusted()).unwrap_or(self.described);
        (!target.ip().is_unspecified() && target.port() != 0).then_some(target)
    }

    /// Whether a host may send RTCP for the leg.
    pub fn knows(&self, host: IpAddr) -> bool {
        let source = self.kept.map(|kept| kept.source).or(self.trusted());
        match source {
            Some(source) => source.ip() == host,
            None => host == self.described.ip() || host == self.signalling,
        }
    }

    pub fn described(&self) -> SocketAddr {
        self.described
    }

    /// The candidate that is believed before it has proven itself.
    fn trusted(&self) -> Option<SocketAddr> {
        let candidate = self.candidate.filter(|candidate| candidate.rank >= Rank::Host)?;
        Some(candidate.source)
    }

    fn rank(&self, source: SocketAddr) -> Rank {
        let host = source.ip();
        if source == self.described {
            Rank::Described
        } else if host == self.described.ip()
            || host == self.signalling
            || self.kept.is_some_and(|kept| kept.source.ip() == host)
        {
            Rank::Host
        } else {
            Rank::Stranger
        }
    }

    /// Counts packets in a row; true when they suffice.
    fn prove(&mut self, source: SocketAddr, ssrc: u32, sequence: u16, now: Moment) -> bool {
        let rank = self.rank(source);
        let proof = match self.candidate {
            Some(candidate) if candidate.source == source => {
                let step = sequence.wrapping_sub(candidate.next);
                let in_row = candidate.ssrc == ssrc && step < 3;
                if in_row { candidate.proof.saturating_add(1) } else { 1 }
            }
            Some(candidate) if candidate.rank >= rank && now.since(candidate.heard_at) < CANDIDATE_PAUSE => {
                return false;
            }
            Some(_) | None => 1,
        };
        self.candidate = Some(Candidate {
            source,
            rank,
            ssrc,
            next: sequence.wrapping_add(1),
            proof,
            heard_at: now,
        });
        proof >= if rank >= Rank::Host { PROOF } else { LONG_PROOF }
    }
}

#[cfg(test)]
mod tests;
