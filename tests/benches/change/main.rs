//! How soon calls see a change of one client among 1,000,000: from the request to the running daemon, over SQLite, to its
//! answer, which is given when the engine has the new plan.
//!
//! `cargo bench --profile release -p frontdesk-tests --bench change`: the daemon is the one of the same profile.
#![expect(clippy::unwrap_used, reason = "what a bench is fed is its own")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk_crm_core::testing::clients;
use frontdesk_tests::daemon::Daemon;
use serde_json::{Value, json};

const CLIENTS: u32 = 1_000_000;
const NUMBER: &str = "+74951110001";

/// A company whose number rings somebody, and its clients.
async fn company() -> Result<Daemon> {
    let mut daemon = Daemon::start_for_load(&["105"]).await?;
    let me = daemon.get("/me").await?;
    let line = json!({ "name": "Line", "sources": ["203.0.113.7"] });
    daemon.post("/trunks", &line).await?;
    daemon
        .post("/numbers", &json!({ "number": NUMBER, "staff_id": me["id"] }))
        .await?;
    let account = me["account"]["id"].as_str().context("no account")?.parse()?;
    daemon
        .restart_filled(async |db| Ok(clients::many(db, account, CLIENTS.into()).await?))
        .await?;
    Ok(daemon)
}

/// The next call of this client is told as one of a VIP, or of somebody who is none.
async fn sees(daemon: &Daemon, client: u32, vip: bool) -> Result<()> {
    let call = json!({ "caller_number": format!("+79{client:09}"), "called": NUMBER });
    let told = daemon.post("/route/explain?lang=en", &call).await?;
    let first = told["sentences"][0].as_str().unwrap_or_default().to_owned();
    ensure!(
        first.starts_with("The caller is the client Client ") && first.ends_with(", a VIP.") == vip,
        "{told}"
    );
    Ok(())
}

async fn changes(daemon: &Daemon, (times, turn): (u64, &mut u32)) -> Result<Duration> {
    let mut spent = Duration::ZERO;
    for _ in 0..times {
        *turn += 1;
        let client = turn.wrapping_mul(7_919) % CLIENTS;
        let path = format!("/clients/{}", clients::nth(client));
        let known: Value = daemon.get(&path).await?;
        let vip = known["vip"] != true;
        let began = Instant::now();
        daemon.patch(&path, &json!({ "vip": vip })).await?;
        spent += began.elapsed();
        sees(daemon, client, vip).await?;
    }
    Ok(spent)
}

fn change(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let daemon = runtime.block_on(company()).unwrap();
    let mut turn = 0;
    criterion.bench_function("change/one_client_of_1000000", |bench| {
        bench.iter_custom(|times| runtime.block_on(changes(&daemon, (times, &mut turn))).unwrap());
    });
    runtime.block_on(daemon.stop()).unwrap();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(10));
    targets = change
}
criterion_main!(benches);
