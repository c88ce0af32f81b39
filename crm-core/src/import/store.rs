use std::collections::BTreeSet;

use frontdesk_routing::ids::{AccountId, StaffId};
use serde_json::json;

use super::read::{self, Row, at};
use super::{ImportError, Imported, Problem};
use crate::accounts::{self, Account};
use crate::audit::{self, Author, Deed};
use crate::projects;
use crate::sip_accounts::{self, Ha1, Owner};
use crate::staff;
use crate::store::{Db, Ids, StoreError, Tx, args};

const SHORTS: &str = "SELECT short_number AS value FROM staff WHERE account_id = $1 AND short_number IS NOT NULL \
    AND deleted_at IS NULL UNION ALL SELECT short_number AS value FROM departments WHERE account_id = $1";
const USERS: &str = "SELECT sip_user AS value FROM sip_accounts";

const NUMBERS: &str = "SELECT number AS value FROM numbers WHERE account_id = $1";

pub(crate) const ALL: &[&str] = &[SHORTS, USERS, NUMBERS];

#[derive(sqlx::FromRow)]
struct Value {
    value: String,
}

/// Brings the staff of a file into an account. SIP passwords are kept as digests in the account's realm only.
pub async fn staff_csv(db: &Db, author: &Author, file: &[u8]) -> Result<Imported, ImportError> {
    let account = accounts::get(db, author.account).await?;
    let rows = read::rows(file, &account.region).map_err(ImportError::Problems)?;
    let mut tx = db.begin().await?;
    let problems = taken(&mut tx, author.account, &rows).await?;
    if !problems.is_empty() {
        return Err(ImportError::Problems(problems));
    }
    let mut imported = Imported::default();
    let mut ids = author.stamp.ids();
    for row in rows {
        imported.staff = imported.staff.saturating_add(1);
        imported.sip_accounts = imported.sip_accounts.saturating_add(usize::from(row.sip.is_some()));
        enter(&mut tx, &mut ids, (author, &account), row).await?;
    }
    tx.commit().await?;
    Ok(imported)
}

async fn taken(tx: &mut Tx, account: AccountId, rows: &[Row]) -> Result<Vec<Problem>, StoreError> {
    let shorts = set(tx.all(SHORTS, args![account]).await?);
    let users = set(tx.all(USERS, args![]).await?);
    let ours = set(tx.all(NUMBERS, args![account]).await?);
    let mut problems = Vec::new();
    for row in rows {
        if let Some(short) = row.staff.short_number.as_ref().filter(|short| shorts.contains(*short)) {
            problems.push(at(row.line, "short_number", format!("somebody has {short} already")));
        }
        if row.staff.phone.as_ref().is_some_and(|phone| ours.contains(phone)) {
            problems.push(at(row.line, "phone", "one of our own connected numbers".to_owned()));
        }
        if let Some(sip) = row.sip.as_ref().filter(|sip| users.contains(&sip.user)) {
            problems.push(at(row.line, "sip_user", format!("somebody has {} already", sip.user)));
        }
    }
    Ok(problems)
}

fn set(values: Vec<Value>) -> BTreeSet<String> {
    values.into_iter().map(|value| value.value).collect()
}

async fn enter(tx: &mut Tx, ids: &mut Ids, (author, account): (&Author, &Account), row: Row) -> Result<(), StoreError> {
    let id = StaffId::new(ids.now, ids.random());
    let mut after = staff::told(&row.staff);
    staff::insert(tx, ids, (account.id, id, false), row.staff.into_row(), None).await?;
    projects::enter(tx, id, projects::first_of(account.id)).await?;
    if let Some(sip) = row.sip {
        let ha1 = Ha1::of(&sip.user, &account.realm, &sip.password);
        sip_accounts::add(
            tx,
            ids,
            (account.id, Owner::Staff(id)),
            (&sip.user, &account.realm),
            &ha1,
        )
        .await?;
        if let Some(object) = after.as_object_mut() {
            object.insert("sip_user".into(), json!(sip.user));
        }
    }
    let deed = author.deed("staff.imported", "staff", id.to_string());
    audit::write(
        tx,
        ids,
        Deed {
            after: Some(after),
            ..deed
        },
    )
    .await
}
