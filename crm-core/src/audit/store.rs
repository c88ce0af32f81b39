use frontdesk_routing::ids::AccountId;
use serde_json::Value;

use super::chain::Link;
use super::{AuditQuery, AuditRow, Deed};
use crate::store::page::Place;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, Ids, Listing, Page, StoreError, Tx, args};

const LIST: &str = "SELECT id, at, actor_staff_id, actor_name, action, entity, entity_id, before_json, after_json, ip \
    FROM audit WHERE account_id = $1 AND (action = $2 OR $2 IS NULL) AND (entity = $3 OR $3 IS NULL) \
    AND (entity_id = $4 OR $4 IS NULL) AND (actor_staff_id = $5 OR $5 IS NULL) \
    AND (at, id) < ($6, $7) AND (at >= $9 OR $9 IS NULL) AND (at < $10 OR $10 IS NULL) AND (ip = $11 OR $11 IS NULL) \
    AND (REPLACE(before_json, $12, '') <> before_json OR REPLACE(after_json, $12, '') <> after_json OR $12 IS NULL) \
    ORDER BY at DESC, id DESC LIMIT $8";

pub(crate) const ALL: &[&str] = &[LIST];

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

/// Together with what it tells, when the transaction commits.
pub async fn write(tx: &mut Tx, ids: &mut Ids, deed: Deed<'_>) -> Result<(), StoreError> {
    tx.tell(Link::new(ids, deed));
    Ok(())
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
        query.from,
        query.until,
        &query.ip,
        query.text.as_deref().map(as_in_json),
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

/// As it stands within the quotes of a JSON text.
fn as_in_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    let within = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    within.unwrap_or_default().to_owned()
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
