use frontdesk_routing::ids::{AccountId, AuditId};
use serde_json::Value;

use super::{AuditQuery, AuditRow, Deed};
use crate::store::page::Place;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, Ids, Listing, Page, StoreError, Tx, args};

const INSERT: &str = "INSERT INTO audit (id, account_id, at, actor_staff_id, actor_name, action, entity, entity_id, \
    before_json, after_json, ip) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const LIST: &str = "SELECT id, at, actor_staff_id, actor_name, action, entity, entity_id, before_json, after_json, ip \
    FROM audit WHERE account_id = $1 AND (action = $2 OR $2 IS NULL) AND (entity = $3 OR $3 IS NULL) \
    AND (entity_id = $4 OR $4 IS NULL) AND (actor_staff_id = $5 OR $5 IS NULL) \
    AND (at, id) < ($6, $7) ORDER BY at DESC, id DESC LIMIT $8";

pub(crate) const ALL: &[&str] = &[INSERT, LIST];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    at: i64,
    actor_staff_id: Option<String>,
    actor_name: String,
    action: String,
    entity: String,
    entity_id: String,
    before_json: Option<String>,
    after_json: Option<String>,
    ip: Option<String>,
}

/// In the transaction of what it tells.
pub async fn write(tx: &mut Tx, ids: &mut Ids, deed: Deed<'_>) -> Result<(), StoreError> {
    let text = |value: Option<Value>| value.map(|value| value.to_string());
    let row = AuditId::new(ids.now, ids.random());
    let values = args![
        row,
        deed.account,
        ids.now,
        deed.actor.staff,
        &deed.actor.name,
        deed.action,
        deed.entity,
        deed.entity_id,
        text(deed.before),
        text(deed.after),
        &deed.actor.ip,
    ];
    tx.run(INSERT, values).await.map(drop)
}

/// Newest first, by cursor.
pub async fn list(
    db: &Db,
    account: AccountId,
    query: &AuditQuery,
    page: &Page,
) -> Result<Listing<AuditRow>, StoreError> {
    let place = Place::of(page)?;
    let limit = page.limit.saturating_add(1);
    let values = args![
        account,
        &query.action,
        &query.entity,
        &query.entity_id,
        query.actor,
        place.at,
        place.id,
        limit,
    ];
    let mut rows: Vec<Row> = db.all(LIST, values).await?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let last = rows.last().filter(|_| more).map(|row| {
        Place {
            at: row.at,
            id: row.id.clone(),
        }
        .write()
    });
    let items = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Listing {
        items,
        total: 0,
        filtered: 0,
        next_cursor: last,
    })
}

fn read(row: Row) -> Result<AuditRow, StoreError> {
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    Ok(AuditRow {
        id: id(&row.id)?,
        at: row.at,
        actor_staff: maybe_id(&row.actor_staff_id)?,
        actor_name: row.actor_name,
        action: row.action,
        entity: row.entity,
        entity_id: row.entity_id,
        before: json(row.before_json),
        after: json(row.after_json),
        ip: row.ip,
    })
}
