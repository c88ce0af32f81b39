//! Conversations to stereo WAV files.
//!
//! Deliberately absent: RTP, SIP, SQL. A recording is a number and a path.
