use frontdesk_routing::ids::AccountId;
use serde_json::Value;

use super::chain::Link;
use super::{AuditQuery, AuditRow, Deed};
use crate::store::page::{LOOKED_THROUGH, Place};
use crate::store::text::{id, maybe_id};
use crate::store::{Arg, Db, Ids, Listing, Page, StoreError, Tx, args};

/// The deeds that fit, as far as `$lead` leads to them.
macro_rules! deeds {
    ($lead:literal) => {
        concat!(
            "SELECT id, at, actor_staff_id, actor_name, action, entity, entity_id, before_json, after_json, ip \
             FROM audit WHERE account_id = $1 AND ",
            $lead,
            "(action = $2 OR $2 IS NULL) AND (entity = $3 OR $3 IS NULL) AND (entity_id = $4 OR $4 IS NULL) \
             AND (actor_staff_id = $5 OR $5 IS NULL) AND (ip = $10 OR $10 IS NULL) AND (at, id) < ($6, $7) \
             AND (at, id) >= ($9, $12) \
             AND (REPLACE(before_json, $11, '') <> before_json OR REPLACE(after_json, $11, '') <> after_json OR $11 IS NULL) \
             ORDER BY at DESC, id DESC LIMIT $8"
        )
    };
}
macro_rules! floor {
    ($lead:literal) => {
        concat!(
            "SELECT at, id FROM audit WHERE account_id = $1 AND ",
            $lead,
            "at >= $2 AND (at, id) < ($3, $4) ORDER BY at DESC, id DESC LIMIT 1 OFFSET $5"
        )
    };
}

const ANY: &str = deeds!("");
const BY_ENTITY: &str = deeds!("entity_id = $4 AND ");
const BY_ACTOR: &str = deeds!("actor_staff_id = $5 AND ");
const FLOOR: &str = floor!("");
const ACTORS_FLOOR: &str = floor!("actor_staff_id = $6 AND ");

pub(crate) const ALL: &[&str] = &[ANY, BY_ENTITY, BY_ACTOR, FLOOR, ACTORS_FLOOR];

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

/// Newest first, by cursor. A page may hold fewer deeds than it could although there are more.
pub async fn list(
    db: &Db,
    account: AccountId,
    query: &AuditQuery,
    page: &Page,
) -> Result<Listing<AuditRow>, StoreError> {
    let place = Place::of(page)?.before(query.until);
    let from = query.from.unwrap_or(i64::MIN);
    let (way, floor) = match (&query.entity_id, query.actor) {
        (Some(_), _) => (BY_ENTITY, None),
        (None, Some(_)) => (BY_ACTOR, Some(ACTORS_FLOOR)),
        (None, None) => (ANY, Some(FLOOR)),
    };
    let plain = query.action.is_none() && query.entity.is_none() && query.ip.is_none() && query.text.is_none();
    let floor = match floor.filter(|_| !plain) {
        Some(sql) => {
            let mut values = args![account, from, place.at, &place.id, LOOKED_THROUGH];
            values.extend(query.actor.map(Arg::from));
            Place::found(db, sql, values).await?
        }
        None => None,
    };
    let (lowest, id) = floor.as_ref().map_or((from, ""), |floor| (floor.at, &floor.id));
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
        lowest,
        &query.ip,
        query.text.as_deref().map(as_in_json),
        id,
    ];
    let mut rows: Vec<Row> = db.all(way, values).await?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let last = rows.last().filter(|_| more).map(|row| Place {
        at: row.at,
        id: row.id.clone(),
    });
    let items = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Listing {
        items,
        total: 0,
        filtered: 0,
        next_cursor: last.or(floor).map(|place| place.write()),
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
