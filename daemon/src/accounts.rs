//! `frontdesk account create`: one more company in the installation.

use anyhow::Context;
use frontdesk_config::Config;
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_crm_core::store::StoreError;

use crate::app::{open_database, stamp};
use crate::cli::NewAccount;
use crate::terminal::say;

/// Makes the company with its main staff member and says once how to log in.
pub(crate) async fn create(config: Config, new: NewAccount) -> anyhow::Result<()> {
    let beginning = Beginning {
        name: new.name,
        region: new.region,
        time_zone: new.time_zone,
        realm: config.sip.realm.clone(),
    };
    let db = open_database(&config).await?;
    let made = setup::another(&db, stamp(), beginning).await;
    let made = made.map_err(explained).context("no account was made")?;
    db.close().await;
    say(&format!(
        "The account {} is made. This is shown once; keep it.\n\n  Login      {}\n  Password   {}\n\n  \
         The first phone (short number 100):\n  User       {}\n  Password   {}\n\n\
         A daemon that runs sees it after SIGHUP or a restart.",
        made.account_number, made.login, made.password, made.sip.user, made.sip.secret
    ));
    Ok(())
}

/// Says which options cannot be taken.
fn explained(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Invalid(faults) => {
            let faults: Vec<String> = faults
                .iter()
                .map(|fault| format!("--{}: {}", fault.field.replace('_', "-"), fault.message))
                .collect();
            anyhow::anyhow!("{}", faults.join("; "))
        }
        error @ (StoreError::NotFound
        | StoreError::Gone
        | StoreError::Stale
        | StoreError::Taken(_)
        | StoreError::Refused { .. }
        | StoreError::InUse(_)
        | StoreError::Database(_)
        | StoreError::Migration(_)
        | StoreError::Corrupt(_)) => error.into(),
    }
}
