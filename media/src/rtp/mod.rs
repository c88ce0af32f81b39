//! RTP and RTCP: RFC 3550, RFC 3551, RFC 4733, RFC 5761.

pub mod dtmf;
pub mod packet;
pub mod rewrite;
pub mod rtcp;
pub mod sequence;
