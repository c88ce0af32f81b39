//! Media threads: what the engine tells them and what they tell the engine.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::tap::TapConsumer;
use command::{MediaCommand, MediaNotice};

pub mod command;

/// How the media threads work.
#[derive(Debug, Clone)]
pub struct IoConfig {
    /// Where the ports are bound; an unspecified IPv6 address serves IPv4 too.
    pub bind: IpAddr,
    /// First and last port; RTP on the even ones, RTCP on the next.
    pub range: (u16, u16),
    pub threads: usize,
    /// How long a port rests after its leg.
    pub quarantine: Duration,
    /// When a leg that may send and does not is reported; zero: never.
    pub silence: Duration,
    /// Ports that a thread keeps ready.
    pub stock: usize,
    /// Room of the recorder's ring, in frames of 20 ms, for each thread.
    pub tap_slots: usize,
    /// After a busy round a thread rests this long, so that one wake-up serves many legs.
    pub pause: Duration,
}

impl Default for IoConfig {
    fn default() -> Self {
        IoConfig {
            bind: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            range: (10_000, 19_999),
            threads: 1,
            quarantine: Duration::from_secs(5),
            silence: Duration::from_secs(30),
            stock: 64,
            tap_slots: 16_384,
            pause: Duration::from_millis(2),
        }
    }
}

/// Starts the media threads. `notices` is called on them and must not block.
///
/// Gives one ring for each thread; a recording comes through one ring alone.
pub fn start(
    config: &IoConfig,
    notices: impl Fn(MediaNotice) + Send + Sync + 'static,
) -> std::io::Result<(Handle, Vec<TapConsumer>)> {
    let _ = (config, notices);
    Err(std::io::Error::from(std::io::ErrorKind::Unsupported))
}

/// The way to the media threads. Dropping it stops them.
#[derive(Debug)]
pub struct Handle {}

impl Handle {
    /// Never blocks; the order of commands is kept.
    pub fn send(&self, command: MediaCommand) {
        let _ = command;
    }

    /// Ends the threads and waits for them.
    pub fn stop(self) {}
}
