//! Relays calls between fixed ports, to be measured beside a plain relay loop.
//!
//! `relay [--pause-us N] [--record] [--legs N] [--low PORT] [--seconds S]` opens N legs on N ports from PORT on, joins
//! them in pairs and prints what an RTP generator needs, one leg a line: our address and port. Each leg's party is
//! `127.0.0.1`, port 61000 + 2 i. At the end it prints the CPU time that its media thread took.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::time::Duration;

use frontdesk_media::io::command::{AudioFormat, Codec, Direction, LegMedia, MediaCommand, MediaLegId, MediaNotice};
use frontdesk_media::io::{IoConfig, start};

fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

fn number(name: &str, otherwise: u64) -> u64 {
    option(name).and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// CPU time of the whole process so far, in microseconds.
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let main: u64 = stat.split(' ').next().and_then(|value| value.parse().ok()).unwrap_or(0);
    let mut total = main;
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        total += text
            .split(' ')
            .next()
            .and_then(|value| value.parse::<u64>().ok())
            .unwrap_or(0);
    }
    total.saturating_sub(main) / 1_000
}

fn main() -> std::io::Result<()> {
    let legs = number("--legs", 400);
    let low = u16::try_from(number("--low", 20_000)).unwrap_or(20_000);
    let config = IoConfig {
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        range: (low, low + u16::try_from(2 * legs + 40).unwrap_or(1_000)),
        stock: usize::try_from(legs).unwrap_or(0) + 10,
        pause: Duration::from_micros(number("--pause-us", 0)),
        ..IoConfig::default()
    };
    let (notices, heard) = mpsc::channel();
    let (handle, mut taps) = start(&config, move |notice| drop(notices.send(notice)))?;
    let Ok(MediaNotice::PortsReady(mut ports)) = heard.recv() else {
        return Err(std::io::Error::other("no ports"));
    };
    while u64::try_from(ports.len()).unwrap_or(0) < legs {
        let Ok(notice) = heard.recv() else { break };
        if let MediaNotice::PortsReady(more) = notice {
            ports.extend(more);
        }
    }
    let mut out = std::io::stdout().lock();
    for (leg, port) in (0..legs).zip(&ports) {
        let remote = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 61_000 + u16::try_from(leg).unwrap_or(0));
        let media = LegMedia {
            remote,
            remote_rtcp: SocketAddr::new(remote.ip(), 59_999),
            format: AudioFormat::new(Codec::Pcmu, 0, None),
            direction: Direction::SendRecv,
            signalling: remote.ip(),
            crypto: None,
        };
        let id = MediaLegId(leg);
        handle.send(MediaCommand::Open { leg: id, port: *port });
        handle.send(MediaCommand::Configure { leg: id, media });
        if leg % 2 == 1 {
            let other = MediaLegId(leg - 1);
            handle.send(MediaCommand::Join { a: other, b: id });
            if std::env::args().any(|argument| argument == "--record") {
                handle.send(MediaCommand::Tap {
                    left: other,
                    right: Some(id),
                    recording: u128::from(leg),
                });
            }
        }
        writeln!(out, "{} 127.0.0.1 {port} 0", remote.port())?;
    }
    out.flush()?;
    let before = cpu();
    let mut frames = 0_u64;
    for _ in 0..number("--seconds", 15) * 20 {
        std::thread::sleep(Duration::from_millis(50));
        for tap in &mut taps {
            while tap.pop().is_some() {
                frames += 1;
            }
        }
    }
    let (spent, counts) = (cpu().saturating_sub(before), handle.counts());
    let packets = counts.sent.max(1);
    writeln!(
        std::io::stderr(),
        "{{\"what\":\"frontdesk\",\"packets\":{packets},\"cpu_us\":{spent},\"cpu_ns_per_packet\":{},\"tapped\":{frames},\"counts\":\"{counts:?}\"}}",
        spent * 1_000 / packets
    )?;
    Ok(())
}
