//! Pages of past calls. What is asked for decides the way to them: along the calls of a client, of a person or with a
//! number, or through all of them, where a page looks at so many calls and no more.

use frontdesk_routing::ids::ClientId;

use super::store::{Row, call, read};
use super::{Call, CallDirection, CallQuery, Disposition};
use crate::access::{Scope, within_calls};
use crate::store::page::Place;
use crate::store::text::wildcard;
use crate::store::{Db, Listing, Page, StoreError, args};

/// Calls that a page looks through, where only some of them may fit: a page that finds fewer has a cursor to go on from.
const LOOKED_THROUGH: i64 = 10_000;

/// The calls that fit, as far as `$lead` leads to them; `$11` of them at most.
macro_rules! part {
    ($lead:literal) => {
        concat!(
            call!(
                "AND ended_at IS NOT NULL AND started_at >= $2 AND (started_at, id) < ($3, $4) \
                 AND (direction = $5 OR $5 IS NULL) AND (disposition = $6 OR $6 IS NULL) \
                 AND (caller_number LIKE $7 ESCAPE '\\' AND NOT caller_restricted OR called LIKE $7 ESCAPE '\\' \
                 OR callee_number LIKE $7 ESCAPE '\\' AND NOT callee_restricted OR $7 IS NULL) AND (caller_staff_id = $8 OR callee_staff_id = $8 OR $8 IS NULL) \
                 AND (client_id = $9 OR $9 IS NULL) \
                 AND (EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = calls.id AND r.state = 'ready') = $10 \
                 OR $10 IS NULL) AND "
            ),
            $lead,
            within_calls!("$12", "$13", "$14"),
            " ORDER BY started_at DESC, id DESC LIMIT $11"
        )
    };
}
/// The same by several ways, each call once.
macro_rules! together {
    ($($lead:literal)*) => {
        concat!(
            "SELECT * FROM (",
            together!(@ $($lead)*),
            ") t ORDER BY started_at DESC, id DESC LIMIT $11"
        )
    };
    (@ $lead:literal $($rest:literal)+) => {
        concat!("SELECT * FROM (", part!($lead), ") t UNION ", together!(@ $($rest)+))
    };
    (@ $lead:literal) => {
        concat!("SELECT * FROM (", part!($lead), ") t")
    };
}

const ANY: &str = part!("started_at >= $15 AND (started_at, id) >= ($15, $16) AND ");
const BY_CLIENT: &str = part!("client_id = $9 AND ");
const BY_STAFF: &str = together!("caller_staff_id = $8 AND " "callee_staff_id = $8 AND ");
const BY_NUMBER: &str = together!("caller_number = $7 AND " "callee_number = $7 AND " "called = $7 AND ");
const FLOOR: &str = "SELECT started_at, id FROM calls WHERE account_id = $1 AND started_at >= $2 \
    AND (started_at, id) < ($3, $4) ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET $5";
const OF_CLIENT: &str = concat!(
    call!("AND client_id = $2 AND ended_at IS NOT NULL AND (started_at, id) < ($3, $4) AND "),
    within_calls!("$6", "$7", "$8"),
    " ORDER BY started_at DESC, id DESC LIMIT $5"
);

pub(crate) const ALL: &[&str] = &[ANY, BY_CLIENT, BY_STAFF, BY_NUMBER, FLOOR, OF_CLIENT];

#[derive(sqlx::FromRow)]
struct FloorRow {
    started_at: i64,
    id: String,
}

/// Past calls, newest first, by cursor. A page may hold fewer calls than it could although there are more.
pub async fn list(db: &Db, within: Scope, query: &CallQuery, page: &Page) -> Result<Listing<Call>, StoreError> {
    let place = match (Place::of(page)?, query.until) {
        (place, Some(until)) if until <= place.at => Place {
            at: until,
            id: String::new(),
        },
        (place, _) => place,
    };
    let from = query.from.unwrap_or(i64::MIN);
    let mut values = args![
        within.account,
        from,
        place.at,
        &place.id,
        query.direction.map(CallDirection::name),
        query.disposition.map(Disposition::name),
        query.number.as_deref().map(wildcard),
        query.staff,
        query.client,
        query.recorded,
        page.limit.saturating_add(1),
    ];
    values.extend(within.values());
    let (way, floor) = match way(query) {
        Some(way) => (way, None),
        None => {
            let floor = floor(db, (within, query), (from, &place)).await?;
            let (at, id) = floor.as_ref().map_or((i64::MIN, ""), |floor| (floor.at, &floor.id));
            values.extend(args![at, id]);
            (ANY, floor)
        }
    };
    let mut rows: Vec<Row> = db.all(way, values).await?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let last = rows.last().filter(|_| more).map(Row::place);
    let items = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Listing {
        items,
        total: 0,
        filtered: 0,
        next_cursor: last.or(floor).map(|place| place.write()),
    })
}

/// The way along which whatever fits lies close together.
fn way(query: &CallQuery) -> Option<&'static str> {
    let number = query.number.as_deref().filter(|number| !number.contains('*'));
    match (query.client, query.staff, number) {
        (Some(_), _, _) => Some(BY_CLIENT),
        (None, Some(_), _) => Some(BY_STAFF),
        (None, None, Some(_)) => Some(BY_NUMBER),
        (None, None, None) => None,
    }
}

/// The last call that a page looks at, of which perhaps none fits; `None`: it looks at all there are.
async fn floor(
    db: &Db,
    (within, query): (Scope, &CallQuery),
    (from, place): (i64, &Place),
) -> Result<Option<Place>, StoreError> {
    let plain = query.direction.is_none() && query.disposition.is_none() && query.recorded.is_none();
    if plain && query.number.is_none() && within.is_whole() {
        return Ok(None);
    }
    let values = args![within.account, from, place.at, &place.id, LOOKED_THROUGH];
    let row: Option<FloorRow> = db.one(FLOOR, values).await?;
    Ok(row.map(|row| Place {
        at: row.started_at,
        id: row.id,
    }))
}

/// Past calls with a client, newest first, from a place on.
pub(crate) async fn of_client(
    db: &Db,
    within: Scope,
    client: ClientId,
    (place, most): (&Place, u32),
) -> Result<Vec<Call>, StoreError> {
    let mut values = args![within.account, client, place.at, &place.id, most];
    values.extend(within.values());
    let rows: Vec<Row> = db.all(OF_CLIENT, values).await?;
    rows.into_iter().map(read).collect()
}
