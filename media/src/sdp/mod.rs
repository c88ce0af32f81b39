//! Session descriptions and the offer/answer model: RFC 8866, RFC 3264, RFC 6337.
//!
//! [`Negotiator`] keeps what a session must remember between exchanges. No name is ever looked up.

use std::net::IpAddr;

use crate::io::command::{Codec, LegMedia};
use crate::srtp::{Key, Suite};

mod negotiate;
mod negotiator;
mod numbers;
mod read;
mod sdes;
#[cfg(test)]
mod tests;
mod write;

pub use negotiate::{Offer, accept, answer};
pub use negotiator::Negotiator;
pub use read::Session;

/// Our `o=` line: `id` stays for the whole session, `version` grows by one with each change (RFC 3264 section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    pub id: u64,
    pub version: u64,
}

/// Our side of a leg's audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalMedia {
    /// The address that faces this party.
    pub address: IpAddr,
    /// Our RTP port; RTCP is on the next one.
    pub port: u16,
    /// Best first: an answer takes the first one that was offered.
    pub codecs: Vec<Codec>,
    /// The address that the party's signalling comes from; it also stands in for a host name in `c=`.
    pub signalling: IpAddr,
    pub srtp: Srtp,
}

/// Whether the audio is encrypted. The keys travel in the description (RFC 4568): that is as secret as the signalling is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Srtp {
    /// An offer of nothing but SRTP is refused.
    Never,
    /// Where the other side offers it.
    Accept(Keys),
    /// Where the other side offers it, and in our first offer nothing else; [`Negotiator::plain`] is the second one.
    Offer(Keys),
    /// Nothing else: an offer without it is refused, and ours has no second one.
    Require(Keys),
}

impl Srtp {
    pub(crate) fn key(&self, suite: Suite) -> Option<Key> {
        match self {
            Srtp::Never => None,
            Srtp::Accept(keys) | Srtp::Offer(keys) | Srtp::Require(keys) => {
                keys.0.into_iter().find(|key| key.suite == suite)
            }
        }
    }
}

/// Our keys for one session, one for each suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys(pub(crate) [Key; 2]);

impl Keys {
    /// They must come from a generator that nobody can guess.
    pub fn random(rng: &mut (impl rand::Rng + rand::CryptoRng)) -> Keys {
        Keys(Suite::ALL.map(|suite| Key::random(suite, rng)))
    }
}

/// What we reply to an offer, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub body: Vec<u8>,
    pub media: LegMedia,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Not a session description at all: deserves a 400.
    #[error("unreadable session description: {0}")]
    Unreadable(String),
    /// Deserves a 488.
    #[error("no audio stream that we could take part in")]
    NoAudio,
    /// Deserves a 488.
    #[error("no codec in common")]
    NoCommonCodec,
    /// Deserves a 488.
    #[error("no SRTP, without which there is no audio here")]
    Plain,
    /// Deserves a 488.
    #[error("{0}")]
    BadMedia(&'static str),
    /// The far party refused the stream in its answer.
    #[error("the answer rejects the audio stream")]
    Rejected,
    /// An answer came and no offer of ours was open.
    #[error("an answer without an offer")]
    NotOffered,
}
