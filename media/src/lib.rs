//! SDP, RTP, codecs and the bridge between two legs.
//!
//! The protocol half has no I/O and no clock; the socket half is [`io`].
//! A leg's owner negotiates with [`sdp::Negotiator`], takes ports from a [`ports::PortStock`], commands the media
//! threads through [`io::Handle`] and reads the recorder's copies from a [`tap::TapConsumer`].
//!
//! Deliberately absent: SIP, calls, files.

pub mod bridge;
pub mod clock;
mod codec;
pub mod g711;
pub mod io;
mod keytones;
pub mod latch;
pub mod ports;
pub mod rtp;
pub mod sdp;
pub mod sound;
pub mod srtp;
pub mod stats;
pub mod tap;
