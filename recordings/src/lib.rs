//! Conversations to stereo WAV files: 8 kHz, 16 bit, the caller left and the callee right.
//!
//! [`worker::start`] runs one thread per disk. It takes [`source::Audio`] from a [`source::FrameSource`], aligns the two
//! sides of each recording to one clock and tells what became of each recording as a [`worker::Notice`]. A disk that is
//! full or slow stops recordings, never a call: nothing here is waited for.
//!
//! Deliberately absent: RTP, SIP, SQL. A recording is a number and a path.

pub mod align;
pub mod layout;
pub mod peaks;
pub mod playback;
pub mod recording;
pub mod recover;
pub mod remove;
pub mod source;
pub mod wav;
pub mod worker;

/// Samples a second of each side.
pub const SAMPLE_RATE: u32 = 8_000;

/// One moment of both sides: left, right.
pub type Moment = [i16; 2];

/// How long so many moments last.
pub fn milliseconds(moments: u64) -> u64 {
    moments.saturating_mul(1_000) / u64::from(SAMPLE_RATE)
}
