//! More calls than a daemon held down to a part of a core can carry: how many of them still succeed.
//!
//! `cargo bench -p frontdesk-tests --bench overload -- [ROUNDS] [PERCENT]` as root on Linux. Each round looks for the most
//! calls a second that are made, answered and ended, whatever is offered, and then offers ten times as many. The callers
//! are held down by nothing: each does what RFC 3261 asks of it, challenge, retransmissions and ACKs of refusals too.
#![expect(clippy::disallowed_methods, reason = "it measures")]

mod callees;
mod callers;
mod held;

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
/// Around the load that was best.
const AROUND: [f64; 3] = [0.9, 1.0, 1.15];
const SECONDS: Duration = Duration::from_secs(6);
/// Ten times the load, until it is even.
const LONG: Duration = Duration::from_secs(12);

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

    fn round(&mut self, around: Option<Best>) -> Result<(Best, f64)> {
        let best = match around {
            None => self.best((0..).map(|step| FIRST * GROWTH.powi(step)))?,
            Some(best) => self.best(AROUND.map(|part| best.load * part))?,
        };
        let ten = self.offer(best.carried * 10.0, LONG)?;
        Ok((best, ten.carried()))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

async fn run(rounds: usize, percent: u32) -> Result<()> {
    let numbers: Vec<String> = (0..PEOPLE * 2).map(|n| (200 + n).to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let daemon = Daemon::start_for_load(&numbers).await?;
    let (calling, called) = daemon.phones.split_at(PEOPLE);
    let callees = Callees::register(daemon.sip, called)?;
    let mut bench = Bench {
        callers: Callers::before(daemon.sip, calling, called)?,
        held: Held::down(daemon.pid().context("the daemon has ended")?, percent)?,
    };
    let (mut around, mut shares) = (None, Vec::new());
    for round in 1..=rounds {
        println!("round {round}, {percent} % of a core:");
        let (best, ten) = bench.round(around)?;
        let share = ten / best.carried * 100.0;
        println!(
            "  best {:.0}/s, at ten times that {ten:.0}/s: {share:.0} %",
            best.carried
        );
        around = Some(best);
        shares.push(share);
    }
    println!("median of {rounds}: {:.0} %", median(shares));
    drop(bench);
    callees.leave();
    daemon.stop().await
}

fn main() -> Result<()> {
    let mut numbers = std::env::args().filter_map(|word| word.parse().ok());
    let (rounds, percent) = (numbers.next().unwrap_or(5), numbers.next().unwrap_or(15));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(run(rounds, percent.try_into()?))
}
