//! The words between the engine and the media threads.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::g711::Law;
use crate::sound::Sound;
use crate::srtp::Crypto;

/// Our side of one party's media; allocated by the engine, never used twice in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaLegId(pub u64);

/// An audio encoding that a leg speaks, with the payload types that its SDP agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioFormat {
    pub codec: Codec,
    /// In what we send: the number is the far party's.
    pub payload_type: u8,
    /// Payload type of telephone-event (RFC 4733) in what we send, when agreed.
    pub telephone_event: Option<u8>,
    /// Ticks a second in which events tell their duration: those of the codec's clock, as RFC 4733 section 2.1 has it,
    /// unless the far party knows events of 8000 only.
    pub event_clock: u32,
    /// In what comes, beside the two above: our own numbers, where the far party answered with others (RFC 3264 section
    /// 6.1).
    pub heard: Heard,
    /// Comfort noise ([`COMFORT_NOISE`]) was agreed: the far party may be told of pauses. With G.711 only.
    pub comfort_noise: bool,
}

/// Payload type of comfort noise by a clock of 8000, which has a fixed number (RFC 3389 section 4).
pub const COMFORT_NOISE: u8 = 13;

/// Payload types that our own description has given to the codec and to telephone-event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    pub audio: u8,
    pub telephone_event: Option<u8>,
}

impl AudioFormat {
    /// The same numbers both ways, events by the codec's clock, and no comfort noise.
    pub fn new(codec: Codec, payload_type: u8, telephone_event: Option<u8>) -> AudioFormat {
        AudioFormat {
            codec,
            payload_type,
            telephone_event,
            event_clock: codec.clock(),
            heard: Heard {
                audio: payload_type,
                telephone_event,
            },
            comfort_noise: false,
        }
    }

    /// The same with comfort noise, if the codec is one that goes with it.
    #[must_use]
    pub fn with_comfort_noise(self) -> AudioFormat {
        AudioFormat {
            comfort_noise: self.codec.law().is_some(),
            ..self
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Codec {
    Pcmu,
    Pcma,
    G722,
    Opus,
}

impl Codec {
    pub const ALL: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];

    /// RFC 3551, table 4. Opus has no number of its own: the dynamic one that we propose.
    pub fn payload_type(self) -> u8 {
        match self {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
            Codec::G722 => 9,
            Codec::Opus => 96,
        }
    }

    /// Its number needs an rtpmap.
    pub fn is_dynamic(self) -> bool {
        self.payload_type() >= 96
    }

    /// Ticks of the RTP clock in a second. That of Opus does not depend on what is encoded (RFC 7587 section 4.1), and
    /// G.722 has 16000 samples a second and a clock of half of that (RFC 3551 section 4.5.2).
    pub fn clock(self) -> u32 {
        match self {
            Codec::Pcmu | Codec::Pcma | Codec::G722 => 8_000,
            Codec::Opus => 48_000,
        }
    }

    /// The encoding with its clock, as rtpmap has it (RFC 3551, RFC 7587 section 7).
    pub fn encoding(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU/8000",
            Codec::Pcma => "PCMA/8000",
            Codec::G722 => "G722/8000",
            Codec::Opus => "opus/48000/2",
        }
    }

    /// Of G.711.
    pub fn law(self) -> Option<Law> {
        match self {
            Codec::Pcmu => Some(Law::U),
            Codec::Pcma => Some(Law::A),
            Codec::G722 | Codec::Opus => None,
        }
    }
}

/// What the far party wants to do, seen from us: `SendOnly` means that we may send to it and it sends nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    pub fn new(we_send: bool, they_send: bool) -> Self {
        match (we_send, they_send) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }

    pub fn we_send(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    pub fn they_send(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }
}

/// Everything that an offer/answer exchange settled for a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegMedia {
    /// Where the SDP says that RTP goes; latching may replace it (RFC 7362).
    pub remote: SocketAddr,
    /// Where RTCP goes; equal to `remote` with rtcp-mux (RFC 5761).
    pub remote_rtcp: SocketAddr,
    pub format: AudioFormat,
    pub direction: Direction,
    /// The address that the leg's signalling comes from: a latch prefers a source with this address.
    pub signalling: IpAddr,
    /// The keys of SRTP; `None`: plain RTP.
    pub crypto: Option<Crypto>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaCommand {
    /// A leg begins on a port of the stock that `MediaNotice::PortsReady` announced. Send it as soon as the port is told
    /// to anybody: only then is the stock refilled, and only so does the port rest after an attempt that failed.
    Open { leg: MediaLegId, port: u16 },
    /// An exchange has been settled, the first or a later one.
    Configure { leg: MediaLegId, media: LegMedia },
    /// The two legs hear each other from now on, and nobody whom they heard before; what they are played ends.
    Join { a: MediaLegId, b: MediaLegId },
    /// The two legs do not hear each other any more; nothing happens if they did not.
    Part { a: MediaLegId, b: MediaLegId },
    /// The leg hears a sound in place of its peer: to its end, which `MediaNotice::Played` tells with the token, or for
    /// ever. Another sound that it is played ends. A tap copies what a leg says: what it is played is not recorded.
    Play {
        leg: MediaLegId,
        sound: Arc<Sound>,
        repeat: bool,
        token: u64,
    },
    /// What the leg is played ends, without a notice.
    StopPlaying { leg: MediaLegId },
    /// The leg hears itself, if nobody else.
    Echo { leg: MediaLegId, on: bool },
    /// Whether the keys that the leg's party presses are told by `MediaNotice::Digit`: by telephone-event, or, of a leg that
    /// has agreed on none, by the tones in its audio.
    Listen { leg: MediaLegId, on: bool },
    /// Presses keys towards the leg by telephone-event (RFC 4733); nothing happens if that was not agreed.
    SendDigits { leg: MediaLegId, digits: String },
    /// Told once by `MediaNotice::Quiet`: the leg's party has said nothing for so long.
    Attend { leg: MediaLegId, pause: Duration },
    /// Copies the pair's audio to the recorder: `left` in the left channel; of a party that talks with nobody, its own.
    /// Position 0 is the moment of this command.
    Tap {
        left: MediaLegId,
        right: Option<MediaLegId>,
        recording: u128,
    },
    /// The running recording goes on with these legs on the same clock; a side without one is silent.
    Retap {
        recording: u128,
        left: Option<MediaLegId>,
        right: Option<MediaLegId>,
    },
    /// Stops the tap; the recorder is told the length.
    Untap { recording: u128 },
    /// The leg is over; its port rests for the quarantine time and comes back by `PortsReady`.
    Close { leg: MediaLegId },
}

#[derive(Debug, Clone, PartialEq)]
pub enum MediaNotice {
    /// These even RTP ports (RTCP on the next odd one) are bound and free to be used by `Open`.
    PortsReady(Vec<u16>),
    /// The first RTP packet of a leg came.
    Heard { leg: MediaLegId, from: SocketAddr },
    /// No RTP nor RTCP has come from this leg for the configured silence while its direction let it send. A leg that
    /// has told a pause by comfort noise is waited for by a minute at least.
    Silent { leg: MediaLegId, for_: Duration },
    /// A sound that was to be played once has ended by itself.
    Played { leg: MediaLegId, token: u64 },
    /// As `Attend` has asked; whether anything had been said before.
    Quiet { leg: MediaLegId, spoke: bool },
    /// A key was pressed: `0` to `9`, `*`, `#`, `A` to `D`. Told once for each, when it is first heard of.
    Digit { leg: MediaLegId, digit: char },
    /// Sent once, after `Close`.
    Closed { leg: MediaLegId, stats: LegStats },
    /// A bridge panicked or its socket failed: the call must end.
    Failed { leg: MediaLegId, why: String },
}

/// What a leg's media came to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LegStats {
    pub packets_received: u64,
    pub packets_sent: u64,
    /// By sequence numbers, RFC 3550 appendix A.3.
    pub packets_lost: u64,
    /// Milliseconds, RFC 3550 section 6.4.1.
    pub jitter_ms: f64,
    /// Packets from a source that the latch did not accept.
    pub packets_foreign: u64,
    /// Packets that SRTP could not authenticate, or that came before.
    pub packets_forged: u64,
}
