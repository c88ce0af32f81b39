//! `frontdesk staff import`: a company that comes over from another PBX.

use std::path::Path;

use anyhow::Context;
use frontdesk_config::Config;
use frontdesk_crm_core::accounts::{self, Account};
use frontdesk_crm_core::audit::{Actor, Author};
use frontdesk_crm_core::import;
use frontdesk_crm_core::store::Db;

use crate::app::{open_database, stamp};
use crate::terminal::say;

/// Brings in all rows of the file or none; `account` is a number, not needed while there is one account.
pub(crate) async fn staff(config: Config, file: &Path, account: Option<i64>) -> anyhow::Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let db = open_database(&config).await?;
    let account = chosen(&db, account).await?;
    let author = Author {
        account: account.id,
        actor: Actor::program(),
        login: None,
        stamp: stamp(),
    };
    let imported = import::staff_csv(&db, &author, &bytes)
        .await
        .with_context(|| format!("nothing was imported from {}", file.display()))?;
    db.close().await;
    say(&format!(
        "{} staff members and {} SIP accounts joined the account {}. A daemon that runs sees them after SIGHUP or a restart.",
        imported.staff, imported.sip_accounts, account.number
    ));
    Ok(())
}

async fn chosen(db: &Db, number: Option<i64>) -> anyhow::Result<Account> {
    if let Some(number) = number {
        return accounts::by_number(db, number)
            .await
            .with_context(|| format!("there is no account {number}"));
    }
    let mut accounts = accounts::list(db).await?;
    match (accounts.pop(), accounts.is_empty()) {
        (Some(account), true) => Ok(account),
        (None, _) => anyhow::bail!("there is no account yet: start `frontdesk` once, it makes the first one"),
        (Some(_), false) => anyhow::bail!("there are several accounts: say which by --account NUMBER"),
    }
}
