//! `frontdesk audit verify`: whether the audit still says what was written.

use anyhow::Context;
use frontdesk_config::Config;
use frontdesk_crm_core::accounts::{self, Account};
use frontdesk_crm_core::audit::{self, Fault, Verified};
use frontdesk_crm_core::store::Db;

use crate::app::open_database;
use crate::shell::clock;
use crate::terminal::{complain, say};

/// Between two words about how far it has come.
const PAUSE_MS: i64 = 2_000;

/// Reads the chain of one account or of all; whether every one is as it was written.
pub(crate) async fn verify(config: Config, account: Option<i64>) -> anyhow::Result<bool> {
    let db = open_database(&config).await?;
    let accounts = match account {
        Some(number) => {
            let account = accounts::by_number(&db, number).await;
            vec![account.with_context(|| format!("there is no account {number}"))?]
        }
        None => accounts::list(&db).await?,
    };
    let mut intact = true;
    for account in &accounts {
        let found = read(&db, account).await?;
        intact &= found.broken.is_none();
        match told(account.number, &found) {
            Ok(text) => say(&text),
            Err(text) => complain(&text),
        }
    }
    db.close().await;
    Ok(intact)
}

async fn read(db: &Db, account: &Account) -> anyhow::Result<Verified> {
    let mut said = clock::unix_ms();
    let found = audit::verify(db, account.id, |rows, of| {
        let now = clock::unix_ms();
        if now.saturating_sub(said) >= PAUSE_MS {
            said = now;
            complain(&format!("account {}: {rows} of {of} rows", account.number));
        }
    });
    found.await.context("the audit cannot be read")
}

/// `Err` is about a broken chain.
fn told(number: i64, found: &Verified) -> Result<String, String> {
    let Some(broken) = &found.broken else {
        return Ok(format!(
            "account {number}: {} rows are as they were written, {} of them erased; the last hash is {}",
            found.rows, found.blanked, found.hash
        ));
    };
    let what = match broken.fault {
        Fault::Missing => "is missing",
        Fault::Link => "does not follow from the row before it",
        Fault::Row => "was changed",
        Fault::Content => "says something else before or after",
        Fault::Blanked => "was emptied, though nobody has erased what it tells of",
        Fault::Unchained => "was put in beside the chain",
    };
    let id = broken.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let seq = broken.seq;
    Err(format!(
        "account {number}: BROKEN: row {seq}{id} {what}; {} rows before it are as they were written",
        found.rows
    ))
}

#[cfg(test)]
mod tests {
    use frontdesk_crm_core::audit::Broken;

    use super::*;

    #[test]
    fn the_first_broken_row_is_named() {
        let mut found = Verified {
            rows: 41,
            blanked: 0,
            hash: "f00d".to_owned(),
            broken: None,
            next: None,
        };
        assert!(told(19_079, &found).unwrap().ends_with("the last hash is f00d"));
        found.broken = Some(Broken {
            seq: 42,
            id: Some("01JZ".to_owned()),
            fault: Fault::Row,
        });
        let text = told(19_079, &found).unwrap_err();
        assert!(
            text.starts_with("account 19079: BROKEN: row 42 (01JZ) was changed;"),
            "{text}"
        );
    }
}
