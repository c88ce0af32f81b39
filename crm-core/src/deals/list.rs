//! Which leads and deals somebody may look at, in pages.

use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::PhoneNumber;

use super::{Deal, DealId, DealQuery, Kind, Looker, Order, Party, Stage, Step};
use crate::access::Scope;
use crate::clients::Source;
use crate::store::page::{AFTER_ALL, LOOKED_THROUGH, Place};
use crate::store::text::{id, maybe_id};
use crate::store::{Arg, Db, Listing, Page, StoreError, Tx, args};

macro_rules! deal {
    ($rest:expr) => {
        concat!(
            "SELECT d.id, d.account_id, d.kind, d.client_id, c.name AS client_name, c.number AS client_number, d.project_id, \
             d.staff_id, d.stage, d.title, d.step_at, d.step_text, d.source_site_id, s.name AS source_name, d.request_id, \
             d.created_at, d.updated_at, d.closed_at, d.version FROM deals d LEFT JOIN clients c ON c.id = d.client_id \
             LEFT JOIN sites s ON s.id = d.source_site_id ",
            $rest
        )
    };
}

/// `$1` to `$4`: the account and what [`reached`] gives.
macro_rules! within {
    () => {
        "d.account_id = $1 AND d.deleted_at IS NULL AND ($2 = 'any' OR d.staff_id = $3 OR ($2 IN ('department', 'project') AND d.staff_id IN \
         (SELECT o.staff_id FROM department_members o JOIN department_members m ON m.department_id = o.department_id \
         WHERE m.staff_id = $3)) OR ($2 = 'project' AND d.project_id = $4))"
    };
}
pub(super) use within;

/// `$5` to `$14`: what is looked for. Own leads that are overdue come before all others: `$5`.
macro_rules! fits {
    () => {
        " AND (d.kind <> 'lead' OR (d.staff_id = $3 AND d.step_at < $6) OR NOT $5) AND (d.kind = $7 OR $7 IS NULL) \
         AND (d.stage = $8 OR $8 IS NULL) AND (d.client_id = $9 OR $9 IS NULL) AND (d.project_id = $10 OR $10 IS NULL) \
         AND (d.staff_id = $11 OR $11 IS NULL) AND ((d.closed_at IS NULL) = $12 OR $12 IS NULL) \
         AND (COALESCE(d.step_at < $6, FALSE) = $13 OR $13 IS NULL) \
         AND ((d.step_at IS NULL AND d.closed_at IS NULL) = $14 OR $14 IS NULL)"
    };
}

/// The newest that fit, as far as `$lead` leads to them.
macro_rules! newest {
    ($lead:literal) => {
        deal!(concat!(
            "WHERE ",
            $lead,
            within!(),
            fits!(),
            " AND (d.created_at, d.id) < ($15, $16) AND (d.created_at, d.id) >= ($18, $19) \
             ORDER BY d.created_at DESC, d.id DESC LIMIT $17"
        ))
    };
}
/// The most urgent that fit.
macro_rules! urgent {
    ($lead:literal) => {
        deal!(concat!(
            "WHERE ",
            $lead,
            within!(),
            fits!(),
            " AND d.step_at IS NOT NULL AND (d.step_at, d.id) > ($15, $16) \
             AND (d.step_at, d.id) <= ($18, $19) ORDER BY d.step_at, d.id LIMIT $17"
        ))
    };
}
macro_rules! floor {
    ($lead:literal) => {
        concat!(
            "SELECT d.created_at AS at, d.id FROM deals d WHERE ",
            $lead,
            "d.account_id = $1 AND (d.created_at, d.id) < ($2, $3) ORDER BY d.created_at DESC, d.id DESC LIMIT 1 OFFSET $4"
        )
    };
}

const NEWEST: &str = newest!("");
const NEWEST_OF_CLIENT: &str = newest!("d.client_id = $9 AND ");
const NEWEST_OF_STAFF: &str = newest!("d.staff_id = $11 AND ");
const NEWEST_OPEN: &str = newest!("d.closed_at IS NULL AND ");
const NEWEST_WITHOUT_STEP: &str = newest!("d.step_at IS NULL AND d.closed_at IS NULL AND ");
const URGENT: &str = urgent!("");
const URGENT_OF_STAFF: &str = urgent!("d.staff_id = $11 AND ");
const FLOOR: &str = floor!("");
const FLOOR_OPEN: &str = floor!("d.closed_at IS NULL AND d.deleted_at IS NULL AND ");
const FLOOR_WITHOUT_STEP: &str = floor!("d.step_at IS NULL AND d.closed_at IS NULL AND d.deleted_at IS NULL AND ");
const FLOOR_URGENT: &str = "SELECT d.step_at AS at, d.id FROM deals d WHERE d.account_id = $1 AND d.step_at IS NOT NULL \
    AND (d.step_at, d.id) > ($2, $3) ORDER BY d.step_at, d.id LIMIT 1 OFFSET $4";
const GET: &str = deal!(concat!("WHERE ", within!(), " AND d.id = $5"));
const ANY: &str = deal!("WHERE d.account_id = $1 AND d.id = $2 AND d.deleted_at IS NULL");
const HELD: &str = "SELECT COUNT(*) AS count FROM deals WHERE account_id = $1 AND staff_id = $2 AND kind = 'lead' \
    AND deleted_at IS NULL AND step_at < $3";

pub(crate) const ALL: &[&str] = &[
    NEWEST,
    NEWEST_OF_CLIENT,
    NEWEST_OF_STAFF,
    NEWEST_OPEN,
    NEWEST_WITHOUT_STEP,
    URGENT,
    URGENT_OF_STAFF,
    FLOOR,
    FLOOR_OPEN,
    FLOOR_WITHOUT_STEP,
    FLOOR_URGENT,
    GET,
    ANY,
    HELD,
];

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: String,
    account_id: String,
    kind: String,
    client_id: Option<String>,
    client_name: Option<String>,
    client_number: Option<String>,
    project_id: String,
    staff_id: Option<String>,
    stage: String,
    title: String,
    step_at: Option<i64>,
    step_text: String,
    source_site_id: Option<String>,
    source_name: Option<String>,
    request_id: Option<String>,
    created_at: i64,
    updated_at: i64,
    closed_at: Option<i64>,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    count: i64,
}

/// Those that the one who looks may see, by cursor. A page may hold fewer than it could although there are more.
pub async fn list(db: &Db, query: &DealQuery, looker: Looker, page: &Page) -> Result<Listing<Deal>, StoreError> {
    let query = &DealQuery {
        staff: query.staff.or(looker.within.only()),
        ..*query
    };
    let first = Place {
        at: 0,
        id: String::new(),
    };
    let place = match (query.order, &page.cursor) {
        (Order::CreatedAt, _) | (Order::StepAt, Some(_)) => Place::of(page)?,
        (Order::StepAt, None) => first,
    };
    let held = held(db, looker).await?;
    let (sql, floor) = way(query);
    let floor = match floor.filter(|_| narrows(query, looker.within, held)) {
        Some(floor) => {
            Place::found(
                db,
                floor,
                args![looker.within.account, place.at, &place.id, LOOKED_THROUGH],
            )
            .await?
        }
        None => None,
    };
    let (last, floor) = last_looked_at(query, looker.now, floor);
    let mut values = reached(looker.within);
    values.extend(args![
        held,
        looker.now,
        query.kind.map(Kind::name),
        query.stage.map(Stage::name),
        query.client,
        query.project,
        query.staff,
        query.open,
        query.overdue,
        query.no_step,
        place.at,
        place.id,
        page.limit.saturating_add(1),
    ]);
    values.extend(last);
    let mut rows: Vec<Row> = db.all(sql, values).await?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let place = |row: &Row| Place {
        at: match query.order {
            Order::CreatedAt => row.created_at,
            Order::StepAt => row.step_at.unwrap_or(0),
        },
        id: row.id.clone(),
    };
    let next_cursor = rows.last().filter(|_| more).map(place).or(floor);
    Ok(Listing {
        items: rows.into_iter().map(read).collect::<Result<_, _>>()?,
        total: 0,
        filtered: 0,
        next_cursor: next_cursor.map(|place| place.write()),
    })
}

/// The way along which whatever fits lies close together, and how far a page goes on it where not all on it may fit.
fn way(query: &DealQuery) -> (&'static str, Option<&'static str>) {
    if query.order == Order::StepAt {
        return match query.staff {
            Some(_) => (URGENT_OF_STAFF, None),
            None => (URGENT, Some(FLOOR_URGENT)),
        };
    }
    let open_stage = query.stage.is_some_and(|stage| !stage.is_closed());
    let open = query.open == Some(true) || query.overdue == Some(true) || open_stage;
    match (query.client, query.staff) {
        (Some(_), _) => (NEWEST_OF_CLIENT, None),
        (None, Some(_)) => (NEWEST_OF_STAFF, None),
        (None, None) if query.no_step == Some(true) => (NEWEST_WITHOUT_STEP, Some(FLOOR_WITHOUT_STEP)),
        (None, None) if open => (NEWEST_OPEN, Some(FLOOR_OPEN)),
        (None, None) => (NEWEST, Some(FLOOR)),
    }
}

/// Whether not all that lies on the way may fit.
fn narrows(query: &DealQuery, within: Scope, held: bool) -> bool {
    let chosen = query.kind.is_some() || query.stage.is_some() || query.client.is_some() || query.project.is_some();
    let not_open = query.open == Some(false) || query.no_step == Some(false);
    held || chosen || not_open || query.overdue.is_some() || !within.is_whole()
}

/// Where a page ends, and where the next one begins if that is not the end of all.
fn last_looked_at(query: &DealQuery, now: i64, floor: Option<Place>) -> ([Arg; 2], Option<Place>) {
    // no step after now is overdue
    let end = if query.overdue == Some(true) { now } else { i64::MAX };
    let (floor, none) = match query.order {
        Order::CreatedAt => (floor, (i64::MIN, "")),
        Order::StepAt => (floor.filter(|floor| floor.at < end), (end, AFTER_ALL)),
    };
    let (at, id) = floor.as_ref().map_or(none, |floor| (floor.at, &floor.id));
    ([at.into(), id.into()], floor)
}

/// One that the one who looks may see. A lead of others is not shown while the list would not.
pub async fn get(db: &Db, deal: DealId, looker: Looker) -> Result<Deal, StoreError> {
    let mut values = reached(looker.within);
    values.extend(args![deal]);
    let row: Option<Row> = db.one(GET, values).await?;
    let found = row.ok_or(StoreError::NotFound).and_then(read)?;
    let others = found.kind == Kind::Lead && found.staff != looker.within.staff();
    match others && held(db, looker).await? {
        true => Err(StoreError::NotFound),
        false => Ok(found),
    }
}

/// Whether own leads are to be processed first.
pub(super) async fn held(db: &Db, looker: Looker) -> Result<bool, StoreError> {
    if looker.sees_new {
        return Ok(false);
    }
    let values = args![looker.within.account, looker.within.staff(), looker.now];
    let row: Option<CountRow> = db.one(HELD, values).await?;
    Ok(row.is_some_and(|row| row.count > 0))
}

/// Whether it is one of those that somebody has to do with.
pub async fn reaches(db: &Db, deal: DealId, within: Scope) -> Result<bool, StoreError> {
    let mut values = reached(within);
    values.extend(args![deal]);
    let row: Option<Row> = db.one(GET, values).await?;
    Ok(row.is_some())
}

/// Whichever it is, for those who may change it.
pub(super) async fn any(tx: &mut Tx, account: AccountId, deal: DealId) -> Result<Deal, StoreError> {
    let row: Option<Row> = tx.one(ANY, args![account, deal]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// One of those that are reached.
pub(super) async fn one_within(tx: &mut Tx, deal: DealId, within: Scope) -> Result<Option<Deal>, StoreError> {
    let mut values = reached(within);
    values.extend(args![deal]);
    let row: Option<Row> = tx.one(GET, values).await?;
    row.map(read).transpose()
}

/// The first four values of a statement.
pub(super) fn reached(within: Scope) -> Vec<Arg> {
    let mut values = args![within.account];
    values.extend(within.values());
    values
}

pub(super) fn read(row: Row) -> Result<Deal, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("the deal {}", row.id));
    let client = match (maybe_id(&row.client_id)?, row.client_name) {
        (Some(id), Some(name)) => Some(Party {
            id,
            name,
            number: row
                .client_number
                .as_deref()
                .and_then(|number| PhoneNumber::from_e164(number).ok()),
        }),
        _ => None,
    };
    let source = match (maybe_id(&row.source_site_id)?, row.source_name) {
        (Some(site), Some(name)) => Some(Source { site, name }),
        _ => None,
    };
    Ok(Deal {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        kind: Kind::named(&row.kind).ok_or_else(corrupt)?,
        client,
        project: id(&row.project_id)?,
        staff: maybe_id(&row.staff_id)?,
        stage: Stage::named(&row.stage).ok_or_else(corrupt)?,
        title: row.title,
        step: row.step_at.map(|at| Step {
            at,
            text: row.step_text,
        }),
        source,
        request: maybe_id(&row.request_id)?,
        created_at: row.created_at,
        updated_at: row.updated_at,
        closed_at: row.closed_at,
        version: row.version,
    })
}
