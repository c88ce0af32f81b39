//! RTP and RTCP: RFC 3550, RFC 3551, RFC 4733, RFC 5761.

pub mod dtmf;
pub mod packet;
pub mod rewrite;
pub mod rtcp;
pub mod sequence;

/// How a packet's timestamp is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Ticks a second.
    pub rate: u32,
    /// False for packets whose timestamps do not follow the clock (RFC 4733 events).
    pub flows: bool,
}

impl Timing {
    /// Of audio by a clock of that many ticks a second.
    pub fn audio(rate: u32) -> Timing {
        Timing { rate, flows: true }
    }
}
