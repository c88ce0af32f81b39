//! Free ports, and waiting with a bound.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Below the ports that systems give out by themselves, so that nobody else's socket lands on one that was just found free.
const FIRST: u16 = 12_000;
const LAST: u16 = 31_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port that is free for UDP and TCP on loopback, and the one above it too (some programs take a pair). Each call
/// gives another one.
pub fn free_udp_and_tcp() -> Result<u16> {
    for _ in 0..2_000 {
        let port = candidate(4);
        let free =
            |port| UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok();
        if free(port) && free(port + 1) {
            return Ok(port);
        }
    }
    bail!("no free port between {FIRST} and {LAST}")
}

/// The first of `count` ports that no other call here gives out.
pub fn range(count: u16) -> u16 {
    candidate(count)
}

/// Processes of one test run start at different places.
fn candidate(step: u16) -> u16 {
    let span = LAST - FIRST - step;
    let at = NEXT.fetch_add(step, Ordering::Relaxed);
    let start = (std::process::id().wrapping_mul(2_654_435_761) >> 16) as u16;
    FIRST + (start.wrapping_add(at) % span) / 2 * 2
}

/// Waits until `look` finds something; the error says what was waited for.
pub async fn eventually<T>(what: &str, limit: Duration, look: impl AsyncFn() -> Option<T>) -> Result<T> {
    let search = async {
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        loop {
            tick.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    tokio::time::timeout(limit, search)
        .await
        .with_context(|| format!("waited {limit:?} for {what}"))
}
