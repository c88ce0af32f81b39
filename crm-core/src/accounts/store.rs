use frontdesk_routing::ids::AccountId;
use serde_json::{Value, json};

use super::{Account, AccountPatch, UnknownCallers, caller_id, is_zone, policy_name, policy_named};
use crate::audit::{self, Author, Deed};
use crate::store::text::id;
use crate::store::{Db, FieldError, Ids, StoreError, Tx, args};
use crate::{media_links, projects, revisions};

macro_rules! account {
    ($rest:literal) => {
        concat!(
            "SELECT id, number, name, region, time_zone, realm, recording_policy, open_when_unknown, version, single_number, \
             emergency_number, forwarded_shows, stub_number, stub_dials_back, hiding_key, \
             unknown_callers, two_factor_required FROM accounts ",
            $rest
        )
    };
}

const GET: &str = account!("WHERE id = $1");
const BY_NUMBER: &str = account!("WHERE number = $1");
const LIST: &str = account!("ORDER BY number");
const INSERT: &str = "INSERT INTO accounts (id, number, name, region, time_zone, realm, recording_policy, created_at, version, \
    hiding_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)";
const UPDATE: &str = "UPDATE accounts SET name = $2, time_zone = $3, recording_policy = $4, single_number = $6, \
    emergency_number = $7, forwarded_shows = $8, stub_number = $9, stub_dials_back = $10, open_when_unknown = $11, unknown_callers = $12, two_factor_required = $13, version = version + 1 \
    WHERE id = $1 AND version = $5";
const SEAL: &str = "UPDATE accounts SET hiding_key = $2 WHERE id = $1 AND hiding_key IS NULL";

pub(crate) const ALL: &[&str] = &[GET, BY_NUMBER, LIST, INSERT, UPDATE, SEAL];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    number: i64,
    name: String,
    region: String,
    time_zone: String,
    realm: String,
    recording_policy: String,
    open_when_unknown: bool,
    unknown_callers: String,
    two_factor_required: bool,
    version: i64,
    #[sqlx(flatten)]
    caller_id: caller_id::Row,
}

pub async fn get(db: &Db, account: AccountId) -> Result<Account, StoreError> {
    db.one(GET, args![account])
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)
}

pub async fn by_number(db: &Db, number: i64) -> Result<Account, StoreError> {
    db.one(BY_NUMBER, args![number])
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)
}

/// The same within a change.
pub(crate) async fn within(tx: &mut Tx, account: AccountId) -> Result<Account, StoreError> {
    tx.one(GET, args![account])
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)
}

/// Every account of this installation.
pub async fn list(db: &Db) -> Result<Vec<Account>, StoreError> {
    db.all(LIST, args![]).await?.into_iter().map(read).collect()
}

pub async fn create(tx: &mut Tx, ids: &mut Ids, account: &Account) -> Result<(), StoreError> {
    let values = args![
        account.id,
        account.number,
        &account.name,
        &account.region,
        &account.time_zone,
        &account.realm,
        policy_name(account.recording),
        ids.now,
        caller_id::fresh_key(ids),
    ];
    tx.run(INSERT, values).await?;
    projects::found(tx, ids, account.id).await?;
    media_links::found(tx, ids, account.id).await?;
    revisions::begin(tx, account.id, ids.now).await
}

/// Gives each account the keys that hidden clients' names and links to sounds are made with, where it has none yet.
pub async fn seal(db: &Db, ids: &mut Ids) -> Result<(), StoreError> {
    for account in list(db).await? {
        db.run(SEAL, args![account.id, caller_id::fresh_key(ids)]).await?;
        media_links::seal(db, ids, account.id).await?;
    }
    Ok(())
}

pub async fn update(
    db: &Db,
    author: &Author,
    patch: AccountPatch,
    version: Option<i64>,
) -> Result<Account, StoreError> {
    let account = author.account;
    let mut tx = db.begin().await?;
    let before: Account = tx
        .one(GET, args![account])
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Stale);
    }
    let after = patched(&before, patch)?;
    caller_id::connected(&mut tx, account, &after.caller_id).await?;
    let policy = policy_name(after.recording);
    let mut values = args![account, &after.name, &after.time_zone, policy, before.version];
    values.extend(after.caller_id.values());
    values.extend(args![
        after.open_when_unknown,
        after.unknown_callers.word(),
        after.two_factor_required
    ]);
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("account.updated", "account", account.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, account).await
}

fn patched(before: &Account, patch: AccountPatch) -> Result<Account, StoreError> {
    let (mut after, mut faults) = (before.clone(), Vec::new());
    if let Some(name) = patch.name {
        name.trim().clone_into(&mut after.name);
        if after.name.is_empty() {
            faults.push(FieldError::new("name", "required", "a company has a name"));
        }
        if after.name.chars().count() > 200 {
            faults.push(FieldError::new("name", "too_long", "200 characters at most"));
        }
    }
    if let Some(zone) = patch.time_zone {
        if !is_zone(&zone) {
            faults.push(FieldError::new(
                "time_zone",
                "invalid",
                "not a time zone, as in Europe/Moscow",
            ));
        }
        after.time_zone = zone;
    }
    if let Some(name) = patch.recording_policy {
        match policy_named(&name) {
            Some(policy) => after.recording = policy,
            None => faults.push(FieldError::new("recording_policy", "invalid", "`always` or `never`")),
        }
    }
    caller_id::patched(&mut after.caller_id, patch.caller_id, &before.region, &mut faults);
    after.open_when_unknown = patch.open_when_unknown.unwrap_or(after.open_when_unknown);
    after.two_factor_required = patch.two_factor_required.unwrap_or(after.two_factor_required);
    if let Some(name) = patch.unknown_callers {
        match UnknownCallers::named(&name) {
            Some(policy) => after.unknown_callers = policy,
            None => faults.push(FieldError::new(
                "unknown_callers",
                "invalid",
                "`ignore` or `make_client`",
            )),
        }
    }
    StoreError::invalid(faults)?;
    Ok(after)
}

fn told(account: &Account) -> Value {
    let caller_id = &account.caller_id;
    json!({
        "name": account.name,
        "time_zone": account.time_zone,
        "recording_policy": policy_name(account.recording),
        "single_number": caller_id.single_number,
        "emergency_number": caller_id.emergency_number,
        "forwarded_shows": caller_id::shows_name(caller_id.forwarded_shows),
        "stub_number": caller_id.stub_number,
        "stub_dials_back": caller_id.stub_dials_back,
        "open_when_unknown": account.open_when_unknown,
        "unknown_callers": account.unknown_callers.name(),
        "two_factor_required": account.two_factor_required,
    })
}

fn read(row: Row) -> Result<Account, StoreError> {
    let policy = policy_named(&row.recording_policy);
    let unknown_callers = UnknownCallers::read(&row.unknown_callers);
    Ok(Account {
        id: id(&row.id)?,
        number: row.number,
        name: row.name,
        region: row.region,
        time_zone: row.time_zone,
        realm: row.realm,
        recording: policy.ok_or_else(|| StoreError::Corrupt(format!("recording policy {}", row.recording_policy)))?,
        caller_id: row.caller_id.read()?,
        open_when_unknown: row.open_when_unknown,
        unknown_callers: unknown_callers
            .ok_or_else(|| StoreError::Corrupt("what unknown callers become".to_owned()))?,
        two_factor_required: row.two_factor_required,
        version: row.version,
    })
}
