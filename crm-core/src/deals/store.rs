use frontdesk_routing::ids::{AccountId, ClientId, ProjectId, RequestId, SiteId, StaffId};
use serde_json::{Value, json};

use super::list::{any, one_within, reached, within};
use super::rules::{self, Checked, MOST_AT_ONCE, known, unknown};
use super::{Deal, DealId, DealPatch, NewDeal, history, reception};
use crate::access::Scope;
use crate::accounts;
use crate::audit::{self, Author, Deed};
use crate::projects;
use crate::store::text::id;
use crate::store::{Db, FieldError, Ids, StoreError, Tx, args};

const INSERT: &str = "INSERT INTO deals (id, account_id, kind, client_id, project_id, staff_id, taken_at, stage, title, \
    step_at, step_text, source_site_id, request_id, created_at, updated_at, version) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, 1)";
const UPDATE: &str = "UPDATE deals SET kind = $3, project_id = $4, staff_id = $5, taken_at = COALESCE($6, taken_at), \
    stage = $7, title = $8, step_at = $9, step_text = $10, closed_at = $11, updated_at = $12, version = version + 1 \
    WHERE id = $1 AND version = $2";
const DELETE: &str = "UPDATE deals SET deleted_at = $3, version = version + 1 WHERE id = $1 AND version = $2";
const COLLEAGUE: &str = "SELECT COUNT(*) AS count FROM staff WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
const CLIENT: &str = "SELECT COUNT(*) AS count FROM clients WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
const OPEN_OF: &str = concat!(
    "SELECT d.id FROM deals d WHERE ",
    within!(),
    " AND d.staff_id = $5 AND d.closed_at IS NULL ORDER BY d.id"
);
const ERASE_HISTORY: &str =
    "UPDATE deal_history SET body = '', reason = '' WHERE deal_id IN (SELECT id FROM deals WHERE client_id = $1)";
const ERASE: &str = "UPDATE deals SET client_id = NULL, title = '', step_text = '', updated_at = $2, version = version + 1 \
    WHERE client_id = $1";

pub(crate) const ALL: &[&str] = &[INSERT, UPDATE, DELETE, COLLEAGUE, CLIENT, OPEN_OF, ERASE_HISTORY, ERASE];

#[derive(sqlx::FromRow)]
struct IdRow {
    id: String,
}

/// Which are handed over together.
#[derive(Debug, Clone)]
pub enum Which {
    /// As typed: all of them or none.
    These(Vec<String>),
    /// All that somebody has and is not done with.
    OpenOf(StaffId),
}

/// Takes a new one. Where nobody is named who has it, it is given to whoever takes such in the project.
pub async fn create(db: &Db, author: &Author, new: &NewDeal, here: ProjectId) -> Result<Deal, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut checked = rules::new(new, here, &account.time_zone)?;
    let mut ids = author.stamp.ids();
    let mut tx = db.begin().await?;
    let client = client_of(&mut tx, account.id, new.client.as_deref().unwrap_or_default()).await;
    known_here(&mut tx, account.id, None, &checked).await?;
    let client = client?;
    if new.staff.is_none() {
        let whose = (account.id, client, None);
        let what = (checked.project, checked.kind);
        checked.staff = reception::whoever_takes(&mut tx, whose, what, ids.now).await?;
    }
    let deal = insert(&mut tx, (author, &mut ids), (client, None), &checked).await?;
    let made = any(&mut tx, account.id, deal).await?;
    tx.commit().await?;
    Ok(made)
}

async fn client_of(tx: &mut Tx, account: AccountId, typed: &str) -> Result<ClientId, StoreError> {
    let client: ClientId = known("client_id", typed).map_err(|fault| StoreError::Invalid(vec![fault]))?;
    match tx.count(CLIENT, args![account, client]).await? {
        0 => Err(StoreError::Invalid(vec![unknown("client_id")])),
        _ => Ok(client),
    }
}

/// The rows of a new one, which has been checked.
pub(super) async fn insert(
    tx: &mut Tx,
    (author, ids): (&Author, &mut Ids),
    (client, source): (ClientId, Option<(SiteId, RequestId)>),
    new: &Checked,
) -> Result<DealId, StoreError> {
    let deal = DealId::new(ids.now, ids.random());
    let step = new.step.as_ref();
    let values = args![
        deal,
        author.account,
        new.kind.name(),
        client,
        new.project,
        new.staff,
        new.staff.map(|_| ids.now),
        new.stage.name(),
        &new.title,
        step.map(|step| step.at),
        step.map_or("", |step| step.text.as_str()),
        source.map(|(site, _)| site),
        source.map(|(_, request)| request),
        ids.now,
    ];
    tx.run(INSERT, values).await?;
    history::write(tx, (author, ids), deal, (None, new), "").await?;
    let deed = author.deed("deal.created", "deal", deal.to_string());
    let mut after = told(new);
    if let Value::Object(fields) = &mut after {
        fields.insert("client_id".into(), client.to_string().into());
    }
    let deed = Deed {
        after: Some(after),
        ..deed
    };
    audit::write(tx, ids, deed).await?;
    Ok(deal)
}

/// Changes one; `may_omit_reason`: its step is moved without one as well.
pub async fn update(
    db: &Db,
    author: &Author,
    deal: DealId,
    patch: &DealPatch,
    (version, may_omit_reason): (Option<i64>, bool),
) -> Result<Deal, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let found = at_version(&mut tx, account.id, deal, version).await?;
    let before = Checked::of(&found);
    let (after, reason) = rules::patched(&before, patch, &account.time_zone, may_omit_reason)?;
    known_here(&mut tx, account.id, Some(&before), &after).await?;
    let mut ids = author.stamp.ids();
    rewrite(&mut tx, (author, &mut ids), (&found, &before, &after), &reason).await?;
    let now = any(&mut tx, account.id, deal).await?;
    tx.commit().await?;
    Ok(now)
}

/// Leaves the row, which nobody sees any more.
pub async fn delete(db: &Db, author: &Author, deal: DealId, version: Option<i64>) -> Result<Deal, StoreError> {
    let mut tx = db.begin().await?;
    let found = at_version(&mut tx, author.account, deal, version).await?;
    let values = args![deal, found.version, author.stamp.unix_ms];
    if tx.run(DELETE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("deal.deleted", "deal", deal.to_string());
    let deed = Deed {
        before: Some(told(&Checked::of(&found))),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    Ok(found)
}

/// Hands several over to a colleague, or to nobody; of those that are within reach. Gives them as they are now.
pub async fn hand_over(
    db: &Db,
    author: &Author,
    which: &Which,
    within: Scope,
    to: Option<StaffId>,
) -> Result<Vec<Deal>, StoreError> {
    let mut tx = db.begin().await?;
    let account = author.account;
    if let Some(to) = to
        && tx.count(COLLEAGUE, args![account, to]).await? == 0
    {
        return Err(StoreError::Invalid(vec![unknown("to_staff_id")]));
    }
    let deals = match which {
        Which::These(typed) => these(&mut tx, typed, within).await?,
        Which::OpenOf(from) => open_of(&mut tx, *from, within).await?,
    };
    let mut ids = author.stamp.ids();
    let mut moved = Vec::new();
    for found in deals.into_iter().filter(|deal| deal.staff != to) {
        let before = Checked::of(&found);
        let after = Checked {
            staff: to,
            ..before.clone()
        };
        rewrite(&mut tx, (author, &mut ids), (&found, &before, &after), "").await?;
        moved.push(any(&mut tx, account, found.id).await?);
    }
    tx.commit().await?;
    Ok(moved)
}

async fn these(tx: &mut Tx, typed: &[String], within: Scope) -> Result<Vec<Deal>, StoreError> {
    if typed.len() > MOST_AT_ONCE {
        let fault = FieldError::new("deal_ids", "too_long", "500 at once");
        return Err(StoreError::Invalid(vec![fault]));
    }
    let (mut found, mut faults) = (Vec::<Deal>::new(), Vec::new());
    for (place, text) in typed.iter().enumerate() {
        let field = format!("deal_ids[{place}]");
        let deal = match known(&field, text) {
            Ok(deal) => one_within(tx, deal, within).await?,
            Err(_) => None,
        };
        match deal {
            Some(deal) if found.iter().any(|known| known.id == deal.id) => {}
            Some(deal) => found.push(deal),
            None => faults.push(unknown(&field)),
        }
    }
    StoreError::invalid(faults)?;
    Ok(found)
}

async fn open_of(tx: &mut Tx, from: StaffId, within: Scope) -> Result<Vec<Deal>, StoreError> {
    let mut values = reached(within);
    values.extend(args![from]);
    let rows: Vec<IdRow> = tx.all(OPEN_OF, values).await?;
    let mut deals = Vec::new();
    for row in rows {
        deals.push(any(tx, within.account, id(&row.id)?).await?);
    }
    Ok(deals)
}

async fn rewrite(
    tx: &mut Tx,
    (author, ids): (&Author, &mut Ids),
    (found, before, after): (&Deal, &Checked, &Checked),
    reason: &str,
) -> Result<(), StoreError> {
    let step = after.step.as_ref();
    let closed_at = after.stage.is_closed().then_some(found.closed_at.unwrap_or(ids.now));
    let taken_at = after.staff.filter(|_| before.staff != after.staff).map(|_| ids.now);
    let values = args![
        found.id,
        found.version,
        after.kind.name(),
        after.project,
        after.staff,
        taken_at,
        after.stage.name(),
        &after.title,
        step.map(|step| step.at),
        step.map_or("", |step| step.text.as_str()),
        closed_at,
        ids.now,
    ];
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    history::write(tx, (author, ids), found.id, (Some(before), after), reason).await?;
    let action = match before.staff == after.staff {
        true => "deal.updated",
        false => "deal.handed_over",
    };
    let deed = author.deed(action, "deal", found.id.to_string());
    let deed = Deed {
        before: Some(told(before)),
        after: Some(told(after)),
        ..deed
    };
    audit::write(tx, ids, deed).await
}

async fn at_version(tx: &mut Tx, account: AccountId, deal: DealId, version: Option<i64>) -> Result<Deal, StoreError> {
    let found = any(tx, account, deal).await?;
    match version.is_some_and(|version| version != found.version) {
        true => Err(StoreError::Stale),
        false => Ok(found),
    }
}

/// The project and the person are the account's, where they are not those of before.
async fn known_here(
    tx: &mut Tx,
    account: AccountId,
    before: Option<&Checked>,
    after: &Checked,
) -> Result<(), StoreError> {
    let mut faults = Vec::new();
    if before.is_none_or(|before| before.project != after.project) {
        let live = projects::live(tx, account).await?;
        if !live.iter().any(|project| project.id == after.project) {
            faults.push(unknown("project_id"));
        }
    }
    let staff = after
        .staff
        .filter(|_| before.is_none_or(|before| before.staff != after.staff));
    if let Some(staff) = staff
        && tx.count(COLLEAGUE, args![account, staff]).await? == 0
    {
        faults.push(unknown("staff_id"));
    }
    StoreError::invalid(faults)
}

/// Of a client who is forgotten nothing is left that somebody has written.
pub(crate) async fn erase(tx: &mut Tx, client: ClientId, now: i64) -> Result<(), StoreError> {
    tx.run(ERASE_HISTORY, args![client]).await?;
    tx.run(ERASE, args![client, now]).await.map(drop)
}

/// For the audit: nothing that names the client, who may want to be forgotten.
fn told(deal: &Checked) -> Value {
    json!({
        "kind": deal.kind.name(),
        "project_id": deal.project.to_string(),
        "staff_id": deal.staff.map(|staff| staff.to_string()),
        "stage": deal.stage.name(),
        "step_at": deal.step.as_ref().map(|step| step.at),
    })
}
