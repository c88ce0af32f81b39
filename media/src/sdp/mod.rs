//! Session descriptions and the offer/answer model: RFC 8866, RFC 3264, RFC 6337.
//!
//! [`Negotiator`] keeps what a session must remember between exchanges. No name is ever looked up.

use std::net::IpAddr;

use crate::io::command::{Codec, LegMedia};

mod negotiate;
mod negotiator;
mod read;
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
    #[error("{0}")]
    BadMedia(&'static str),
    /// The far party refused the stream in its answer.
    #[error("the answer rejects the audio stream")]
    Rejected,
    /// An answer came and no offer of ours was open.
    #[error("an answer without an offer")]
    NotOffered,
}
