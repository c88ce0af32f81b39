//! Pages of past calls. What is asked for decides the way to them: along the calls of a client, of a person or with a
//! number, along one's own, or through all of them, where a page looks at so many calls and no more.

use frontdesk_routing::ids::{ClientId, StaffId};

use super::store::{Row, call, read};
use super::{Call, CallDirection, CallQuery, Disposition};
use crate::access::{Scope, within_calls};
use crate::store::page::{AFTER_ALL, LOOKED_THROUGH, Place, newest};
use crate::store::text::wildcard;
use crate::store::{Db, Listing, Page, StoreError, args};

/// Legs that a page looks through of the one whose own calls are looked for.
const LEGS_LOOKED_THROUGH: i64 = 3_000;
/// A leg begins this long after its call at the latest.
const LATE_LEG_MS: i64 = 24 * 60 * 60 * 1_000;

/// The calls that fit, as far as `$lead` leads to them; `$11` of them at most.
macro_rules! part {
    ($lead:literal) => {
        part!("calls", $lead)
    };
    ($source:literal, $lead:literal) => {
        concat!(
            call!(
                $source,
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
/// The same by several ways, each call once; a way may have a source of its own.
macro_rules! together {
    ($($lead:literal $(from $source:literal)?),*) => {
        concat!(
            "SELECT * FROM (",
            together!(@ $($lead $(from $source)?),*),
            ") t ORDER BY started_at DESC, id DESC LIMIT $11"
        )
    };
    (@ $lead:literal $(from $source:literal)?, $($rest:tt)+) => {
        concat!("SELECT * FROM (", part!($($source,)? $lead), ") t UNION ", together!(@ $($rest)+))
    };
    (@ $lead:literal $(from $source:literal)?) => {
        concat!("SELECT * FROM (", part!($($source,)? $lead), ") t")
    };
}

const ANY: &str = part!("(started_at, id) >= ($2, $15) AND ");
const BY_CLIENT: &str = part!("client_id = $9 AND ");
const BY_STAFF: &str = together!("caller_staff_id = $8 AND ", "callee_staff_id = $8 AND ");
const BY_NUMBER: &str = together!("caller_number = $7 AND ", "callee_number = $7 AND ", "called = $7 AND ");
/// One's own: as who called, as who was called, and as one of those who were rung or talked, which their legs tell. The
/// limit within is none: it has the databases begin with the legs.
const BY_OWN: &str = together!(
    "caller_staff_id = $13 AND ",
    "callee_staff_id = $13 AND ",
    "" from "(SELECT calls.* FROM (SELECT DISTINCT l.call_id FROM legs l WHERE l.staff_id = $13 AND l.started_at >= $2 \
     AND l.started_at < $15) AS mine CROSS JOIN calls WHERE calls.id = mine.call_id LIMIT 1000000) AS calls"
);
const LEG_FLOOR: &str = "SELECT l.started_at AS at, l.call_id AS id FROM legs l WHERE l.staff_id = $1 AND l.started_at >= $2 \
    AND l.started_at < $3 ORDER BY l.started_at DESC LIMIT 1 OFFSET $4";
const FLOOR: &str = "SELECT started_at AS at, id FROM calls WHERE account_id = $1 AND started_at >= $2 \
    AND (started_at, id) < ($3, $4) ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET $5";
const OF_CLIENT: &str = concat!(
    call!(
        "AND client_id = $2 AND ended_at IS NOT NULL AND (started_at, id) < ($3, $4) \
         AND (started_at, id) >= ($9, $10) AND "
    ),
    within_calls!("$6", "$7", "$8"),
    " ORDER BY started_at DESC, id DESC LIMIT $5"
);
const FLOOR_OF_CLIENT: &str = "SELECT started_at AS at, id FROM calls WHERE account_id = $1 AND client_id = $2 \
    AND (started_at, id) < ($3, $4) ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET $5";

pub(crate) const ALL: &[&str] = &[
    ANY,
    BY_CLIENT,
    BY_STAFF,
    BY_NUMBER,
    BY_OWN,
    LEG_FLOOR,
    FLOOR,
    OF_CLIENT,
    FLOOR_OF_CLIENT,
];

/// Past calls, newest first, by cursor. A page may hold fewer calls than it could although there are more.
pub async fn list(db: &Db, within: Scope, query: &CallQuery, page: &Page) -> Result<Listing<Call>, StoreError> {
    let place = Place::of(page)?.before(query.until);
    let from = query.from.unwrap_or(i64::MIN);
    let (way, floor, (lowest, further)) = match (way(query), within.only()) {
        (Some(way), _) => (way, None, (from, Vec::new())),
        (None, Some(own)) => {
            let floor = leg_floor(db, own, (from, &place)).await?;
            let lowest = floor.as_ref().map_or(from, |floor| floor.at.saturating_add(1));
            (BY_OWN, floor, (lowest, args![place.at.saturating_add(LATE_LEG_MS)]))
        }
        (None, None) => {
            let floor = floor(db, within, (from, &place)).await?;
            let (lowest, id) = floor.as_ref().map_or((from, ""), |floor| (floor.at, &floor.id));
            let id = args![id];
            (ANY, floor, (lowest, id))
        }
    };
    let mut values = args![
        within.account,
        lowest,
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
    values.extend(further);
    let (rows, last) = newest(db.all(way, values).await?, page, Row::place);
    let items = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Listing {
        items,
        total: 0,
        filtered: 0,
        next_cursor: last.or_else(|| floor.map(|place| place.write())),
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

/// The last call that a page looks at, of which perhaps none fits; `None`: it looks at all there are. Asked for when every
/// call fits too: without a floor a database may read all calls before it sorts out the newest.
async fn floor(db: &Db, within: Scope, (from, place): (i64, &Place)) -> Result<Option<Place>, StoreError> {
    let values = args![within.account, from, place.at, &place.id, LOOKED_THROUGH];
    Place::found(db, FLOOR, values).await
}

/// The moment down to which a page looks for one's own calls, itself not looked at: all the legs of later calls began later,
/// too. `None`: it looks at all there are.
async fn leg_floor(db: &Db, own: StaffId, (from, place): (i64, &Place)) -> Result<Option<Place>, StoreError> {
    let floor = Place::found(db, LEG_FLOOR, args![own, from, place.at, LEGS_LOOKED_THROUGH]).await?;
    Ok(floor.map(|floor| Place {
        id: AFTER_ALL.to_owned(),
        ..floor
    }))
}

/// Past calls with a client, newest first, from a place on and down to another.
pub(crate) async fn of_client(
    db: &Db,
    (within, client): (Scope, ClientId),
    lowest: &Place,
    (place, most): (&Place, u32),
) -> Result<Vec<Call>, StoreError> {
    let mut values = args![within.account, client, place.at, &place.id, most];
    values.extend(within.values());
    values.extend(args![lowest.at, &lowest.id]);
    let rows: Vec<Row> = db.all(OF_CLIENT, values).await?;
    rows.into_iter().map(read).collect()
}

/// The last of a client's calls that a page looks at, whoever may read them; `None`: it looks at all there are.
pub(crate) async fn floor_of_client(
    db: &Db,
    (within, client): (Scope, ClientId),
    place: &Place,
) -> Result<Option<Place>, StoreError> {
    let values = args![within.account, client, place.at, &place.id, LOOKED_THROUGH];
    Place::found(db, FLOOR_OF_CLIENT, values).await
}
