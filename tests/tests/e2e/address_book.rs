//! The running daemon and an address book that a stop left without what it is found by.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_crm_core::testing::clients;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::ports::eventually;

const CLIENTS: u32 = 3_000;
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn clients_whose_words_a_stop_cut_off_are_found_after_the_next_start() -> Result<()> {
    let mut daemon = Daemon::start(&[]).await?;
    let me = daemon.get("/me").await?;
    let account = me["account"]["id"].as_str().context("no account")?.parse()?;
    daemon
        .restart_filled(async |db| {
            clients::many(db, account, CLIENTS.into()).await?;
            Ok(clients::without_words(db).await?)
        })
        .await?;
    let first = daemon.get("/clients?limit=1").await?;
    ensure!(first["items"][0]["name"] == "Client 0", "{first}");
    let last = CLIENTS - 1;
    let found = async || {
        let list = daemon.get(&format!("/clients?search=client {last}")).await.ok()?;
        (list["items"][0]["id"] == clients::nth(last)).then_some(())
    };
    eventually("the last client to be found", PATIENCE, found).await?;
    daemon.stop().await
}
