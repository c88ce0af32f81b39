use std::collections::BTreeSet;

use frontdesk_routing::ids::{AccountId, ImportId, StaffId};
use serde_json::json;

use super::read::{self, Row};
use super::{Ended, ImportError, Imported, Mapping, Problem, Table, jobs};
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
    let mut ids = author.stamp.ids();
    let imported = bring(&mut tx, &mut ids, (author, &account), rows).await?;
    tx.commit().await?;
    Ok(imported)
}

/// Staff of a table that can come in, if nobody else has their numbers.
pub struct StaffRows(Vec<Row>);

impl StaffRows {
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// # Errors
/// Every problem of the table itself.
pub fn check_staff(table: &Table, mapping: &Mapping, region: &str) -> Result<StaffRows, Vec<Problem>> {
    read::staff(table, &mapping.0, region).map(StaffRows)
}

/// Whose numbers somebody has already.
///
/// # Errors
/// The database's only.
pub async fn staff_taken(db: &Db, account: AccountId, rows: &StaffRows) -> Result<Vec<Problem>, StoreError> {
    taken(&mut db.begin().await?, account, &rows.0).await
}

/// Brings in all rows and ends the job, or neither.
///
/// # Errors
/// Somebody has a number meanwhile.
pub async fn enter_staff(db: &Db, author: &Author, job: ImportId, rows: StaffRows) -> Result<Imported, ImportError> {
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let mut ids = author.stamp.ids();
    let imported = bring(&mut tx, &mut ids, (author, &account), rows.0).await?;
    let ended = Ended {
        created: imported.staff,
        ..Ended::default()
    };
    jobs::done(&mut tx, (author, &mut ids), job, ended).await?;
    tx.commit().await?;
    Ok(imported)
}

async fn bring(
    tx: &mut Tx,
    ids: &mut Ids,
    (author, account): (&Author, &Account),
    rows: Vec<Row>,
) -> Result<Imported, ImportError> {
    let problems = taken(tx, author.account, &rows).await?;
    if !problems.is_empty() {
        return Err(ImportError::Problems(problems));
    }
    let mut imported = Imported::default();
    for row in rows {
        imported.staff = imported.staff.saturating_add(1);
        imported.sip_accounts = imported.sip_accounts.saturating_add(usize::from(row.sip.is_some()));
        enter(tx, ids, (author, account), row).await?;
    }
    Ok(imported)
}

async fn taken(tx: &mut Tx, account: AccountId, rows: &[Row]) -> Result<Vec<Problem>, StoreError> {
    let shorts = set(tx.all(SHORTS, args![account]).await?);
    let users = set(tx.all(USERS, args![]).await?);
    let ours = set(tx.all(NUMBERS, args![account]).await?);
    let mut problems = Vec::new();
    for row in rows {
        if let Some(short) = row.staff.short_number.as_ref().filter(|short| shorts.contains(*short)) {
            problems.push(taken_by(
                row.line,
                "short_number",
                format!("somebody has {short} already"),
            ));
        }
        if row.staff.phone.as_ref().is_some_and(|phone| ours.contains(phone)) {
            problems.push(taken_by(
                row.line,
                "phone",
                "one of our own connected numbers".to_owned(),
            ));
        }
        if let Some(sip) = row.sip.as_ref().filter(|sip| users.contains(&sip.user)) {
            problems.push(taken_by(
                row.line,
                "sip_user",
                format!("somebody has {} already", sip.user),
            ));
        }
    }
    Ok(problems)
}

fn taken_by(line: usize, column: &str, message: String) -> Problem {
    Problem::cell(line, column, "taken", message)
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
