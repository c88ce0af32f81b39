//! Free ports, and waiting with a bound.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Below the ports that systems give out by themselves, so that nobody else's socket lands on one that was just found free.
const FIRST: u16 = 12_000;
const LAST: u16 = 31_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

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

/// Whether anybody listens for datagrams on this port of loopback. Asks the kernel's table: a socket of our own, bound to
/// find out, would take the port from the program that is about to bind it.
pub fn is_taken_udp(port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/udp").unwrap_or_default();
    let local = format!("0100007F:{port:04X}");
    table.lines().any(|line| line.split_whitespace().nth(1) == Some(&local))
}

/// The first of `step` ports that no earlier call in this process has given out. Processes start at different places.
fn candidate(step: u16) -> u16 {
    const SPAN: u32 = (LAST - FIRST) as u32;
    let start = std::process::id().wrapping_mul(2_654_435_761) >> 16;
    loop {
        let at = NEXT.fetch_add(u32::from(step).next_multiple_of(2), Ordering::Relaxed);
        let place = (start + at) % SPAN / 2 * 2;
        if place + u32::from(step) <= SPAN {
            return FIRST + place as u16;
        }
    }
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
