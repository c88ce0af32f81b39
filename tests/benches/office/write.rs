//! Finished calls as the journal writes them.

use std::time::Instant;

use anyhow::{Context, Result};
use frontdesk_crm_core::accounts;
use frontdesk_crm_core::calls::{Call, CallDirection, Disposition, EndedBy, Leg, Party};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::store::Db;
use frontdesk_routing::ids::{AccountId, CallId, LegId};

use super::fill::number;

/// Calls of a batch, as many as the daemon's journal takes at most.
const BATCH: u32 = 1_000;
const BATCHES: u32 = 20;
const AT: i64 = 1_900_000_000_000;

fn entry(account: AccountId, n: u32) -> Entry {
    let started_at = AT + i64::from(n);
    let leg = |place: u32| Leg {
        id: LegId::new(started_at, u128::from(n * 2 + place)),
        caller: place == 0,
        staff: None,
        trunk: None,
        sip_call_id: format!("{n}@192.0.2.1"),
        peer: Some("192.0.2.9:5060".into()),
        started_at,
        answered_at: Some(started_at + 5_000),
        ended_at: Some(started_at + 95_000),
        status: 200,
    };
    let call = Call {
        id: CallId::new(started_at, u128::from(n)),
        account,
        direction: CallDirection::Inbound,
        caller: Party {
            number: Some(number(n)),
            ..Party::default()
        },
        called: "+78120000000".into(),
        callee: Party::default(),
        client: None,
        disposition: Some(Disposition::Answered),
        because: "client".into(),
        started_at,
        answered_at: Some(started_at + 5_000),
        ended_at: Some(started_at + 95_000),
        ended_by: Some(EndedBy::Caller),
        status: 200,
        department: None,
        waited_ms: None,
    };
    Entry::CallEnded {
        call: Box::new(call),
        legs: vec![leg(0), leg(1)],
    }
}

pub async fn calls(url: &str) -> Result<()> {
    let db = Db::open(url).await?;
    let account = accounts::list(&db).await?.first().context("no account")?.id;
    let began = Instant::now();
    for batch in 0..BATCHES {
        let entries: Vec<Entry> = (0..BATCH).map(|n| entry(account, batch * BATCH + n)).collect();
        journal::apply(&db, &entries).await?;
    }
    let rate = f64::from(BATCH * BATCHES) / began.elapsed().as_secs_f64();
    println!("  finished calls written: {rate:.0} a second");
    db.close().await;
    Ok(())
}
