//! More calls than a daemon held down to a part of a core can carry: how many of them still succeed.
//!
//! `cargo bench --profile release -p frontdesk-tests --bench overload -- [ROUNDS] [PERCENT] [LOAD...]` as root on Linux.
//! First it looks for the load at which the most calls a second are made, answered and ended. Then that load and ten times
//! as much as was carried of it take turns, because machines do not stay equally fast. LOADs, in calls a second, are
//! offered instead of all that. The callers are held down by nothing: each does what RFC 3261 asks of it, challenge,
//! retransmissions and ACKs of refusals too. `TMPDIR` says where the daemon keeps its data: file systems that have many
//! files deleted just before can be slow at making new ones.
#![expect(clippy::disallowed_methods, reason = "it measures")]

mod callees;
mod callers;
mod held;

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_tests::daemon::Daemon;

use callees::Callees;
use callers::{Callers, Score};
use held::Held;

/// Callers, and as many callees.
const PEOPLE: usize = 16;
/// The first load that is tried, in calls a second, and by what it grows.
const FIRST: f64 = 60.0;
const GROWTH: f64 = 1.25;
const SECONDS: Duration = Duration::from_secs(6);
/// Ten times the load, until it is even.
const LONG: Duration = Duration::from_secs(12);
/// Octets.
const ROOM: usize = 4 << 20;

/// One socket stands for many phones: what each of them would have room for, all have together.
fn socket(server: SocketAddr) -> Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(server)?;
    socket2::SockRef::from(&socket).set_recv_buffer_size(ROOM)?;
    Ok(socket)
}

struct Bench {
    callers: Callers,
    held: Held,
}

/// The best of a sweep: the load in calls a second, and what was carried.
#[derive(Debug, Clone, Copy, Default)]
struct Best {
    load: f64,
    carried: f64,
}

impl Bench {
    fn offer(&mut self, load: f64, time: Duration) -> Result<Score> {
        let before = self.held.used()?;
        let score = self.callers.call(load, time)?;
        let used = self.held.used()?.saturating_sub(before);
        println!(
            "  {score}, {:.1} % of a core",
            used.as_secs_f64() / score.time.as_secs_f64() * 100.0
        );
        self.callers.settle()?;
        Ok(score)
    }

    fn best(&mut self, loads: impl IntoIterator<Item = f64>) -> Result<Best> {
        let mut best = Best::default();
        for load in loads {
            let carried = self.offer(load, SECONDS)?.carried();
            if carried > best.carried {
                best = Best { load, carried };
            } else if load > best.carried * 2.0 {
                break;
            }
        }
        ensure!(best.carried > 0.0, "no call succeeded");
        Ok(best)
    }

    /// What is carried of the best load, and of ten times as much as that.
    fn round(&mut self, best: Best) -> Result<(f64, f64)> {
        let carried = self.offer(best.load, LONG)?.carried();
        let ten = self.offer(best.carried * 10.0, LONG)?.carried();
        Ok((carried, ten))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

async fn run(rounds: usize, percent: u32, loads: &[u32]) -> Result<()> {
    let numbers: Vec<String> = (0..PEOPLE * 2).map(|n| (200 + n).to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let daemon = Daemon::start_for_load(&numbers).await?;
    let (calling, called) = daemon.phones.split_at(PEOPLE);
    let callees = Callees::register(daemon.sip, called)?;
    let mut bench = Bench {
        callers: Callers::before(daemon.sip, calling, called)?,
        held: Held::down(daemon.pid().context("the daemon has ended")?, percent)?,
    };
    for load in loads {
        bench.offer(f64::from(*load), SECONDS * 2)?;
    }
    if loads.is_empty() {
        println!("{percent} % of a core:");
        let best = bench.best((0..).map(|step| FIRST * GROWTH.powi(step)))?;
        let mut shares = Vec::new();
        for _ in 0..rounds {
            let (carried, ten) = bench.round(best)?;
            shares.push(ten / carried * 100.0);
            println!(
                "  best {carried:.0}/s, at ten times the load {ten:.0}/s: {:.0} %",
                ten / carried * 100.0
            );
        }
        println!("median of {rounds}: {:.0} %", median(shares));
    }
    drop(bench);
    callees.leave();
    daemon.stop().await
}

fn main() -> Result<()> {
    let mut numbers = std::env::args().filter_map(|word| word.parse::<u32>().ok());
    let (rounds, percent) = (numbers.next().unwrap_or(5), numbers.next().unwrap_or(15));
    let loads: Vec<u32> = numbers.collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(run(rounds.try_into()?, percent, &loads))
}
