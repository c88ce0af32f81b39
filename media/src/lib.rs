//! SDP, RTP, codecs and the bridge between two legs.
//!
//! The protocol half has no I/O; the socket half is [`io`].
//!
//! Deliberately absent: SIP, calls, files.

pub mod io;
