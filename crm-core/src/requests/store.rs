use frontdesk_routing::ids::{AccountId, ClientId, ProjectId, RequestId};
use frontdesk_routing::number::PhoneNumber;
use serde_json::json;

use super::rules::{self, Checked, MOST_WAITING};
use super::{Kind, NewRequest, Request, RequestQuery, State, Submitted};
use crate::access::{Scope, Whose, within_clients};
use crate::accounts::{self, Account};
use crate::audit::{self, Author, Deed};
use crate::clients;
use crate::deals::{self, Arrival, DealId};
use crate::notices::{self, Caller, News, What};
use crate::projects::first_of;
use crate::sites::{Receiver, Site};
use crate::store::page::Place;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, Ids, Listing, Page, StoreError, Tx, args};

/// A row of `site_requests r` is within the reach when its client is.
macro_rules! within_requests {
    ($reach:literal, $staff:literal, $project:literal) => {
        concat!(
            "(",
            $reach,
            " = 'any' OR EXISTS (SELECT 1 FROM clients c WHERE c.id = r.client_id AND ",
            within_clients!($reach, $staff, $project),
            "))"
        )
    };
}
macro_rules! request {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.account_id, r.site_id, s.name AS site_name, r.kind, r.state, r.number, r.name, r.subject, \
             r.comment, r.page, r.client_id, r.wanted_at, r.next_at, r.attempts, r.call_id, r.created_at, r.updated_at, \
             r.version FROM site_requests r JOIN sites s ON s.id = r.site_id ",
            $rest
        )
    };
}

const LIST: &str = concat!(
    request!(
        "WHERE r.account_id = $1 AND (r.created_at, r.id) < ($2, $3) AND (r.state = $4 OR $4 IS NULL) \
     AND (r.site_id = $5 OR $5 IS NULL) AND (r.client_id = $6 OR $6 IS NULL) AND "
    ),
    within_requests!("$8", "$9", "$10"),
    " ORDER BY r.created_at DESC, r.id DESC LIMIT $7"
);
const OF_CLIENT: &str = concat!(
    request!("WHERE r.account_id = $1 AND r.client_id = $2 AND (r.created_at, r.id) < ($3, $4) AND "),
    within_requests!("$6", "$7", "$8"),
    " ORDER BY r.created_at DESC, r.id DESC LIMIT $5"
);
const GET: &str = concat!(
    request!("WHERE r.account_id = $1 AND r.id = $2 AND "),
    within_requests!("$3", "$4", "$5")
);
const BY_KEY: &str = request!("WHERE r.site_id = $1 AND r.request_key = $2");
const WAITING: &str = "SELECT COUNT(*) AS count FROM site_requests WHERE site_id = $1 AND next_at IS NOT NULL";
const INSERT: &str = "INSERT INTO site_requests (id, account_id, site_id, request_key, kind, state, number, name, subject, \
    comment, page, client_id, wanted_at, next_at, attempts, created_at, updated_at, version) \
    VALUES ($1, $2, $3, $4, $5, 'new', $6, $7, $8, $9, $10, $11, $12, $12, 0, $13, $13, 1)";
const SET_STATE: &str = "UPDATE site_requests SET state = $3, next_at = NULL, updated_at = $4, version = version + 1 \
    WHERE id = $1 AND version = $2";

const PROJECT_OF_DEPARTMENT: &str = "SELECT project_id FROM departments WHERE id = $1 AND project_id IS NOT NULL";
const PROJECT_OF_PERSON: &str = "SELECT p.id AS project_id FROM staff_projects sp JOIN projects p ON p.id = sp.project_id \
    WHERE sp.staff_id = $1 AND p.archived_at IS NULL ORDER BY CASE WHEN p.id = $2 THEN 0 ELSE 1 END, p.name, p.id LIMIT 1";

pub(crate) const ALL: &[&str] = &[
    LIST,
    OF_CLIENT,
    GET,
    BY_KEY,
    WAITING,
    INSERT,
    SET_STATE,
    PROJECT_OF_DEPARTMENT,
    PROJECT_OF_PERSON,
];

#[derive(sqlx::FromRow)]
struct ProjectRow {
    project_id: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    site_id: String,
    site_name: String,
    kind: String,
    state: String,
    number: String,
    name: String,
    subject: String,
    comment: String,
    page: String,
    client_id: Option<String>,
    wanted_at: Option<i64>,
    next_at: Option<i64>,
    attempts: i64,
    call_id: Option<String>,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

/// Newest first, by cursor.
pub async fn list(db: &Db, within: Scope, query: &RequestQuery, page: &Page) -> Result<Listing<Request>, StoreError> {
    let place = Place::of(page)?;
    let mut values = args![
        within.account,
        place.at,
        place.id,
        query.state.map(State::name),
        query.site,
        query.client,
        page.limit.saturating_add(1),
    ];
    values.extend(within.values());
    let mut rows: Vec<Row> = db.all(LIST, values).await?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let place = |row: &Row| Place {
        at: row.created_at,
        id: row.id.clone(),
    };
    let next_cursor = rows.last().filter(|_| more).map(|row| place(row).write());
    Ok(Listing {
        items: rows.into_iter().map(read).collect::<Result<_, _>>()?,
        total: 0,
        filtered: 0,
        next_cursor,
    })
}

/// A client's, newest first, from a place on.
pub(crate) async fn of_client(
    db: &Db,
    (within, client): (Scope, ClientId),
    (place, most): (&Place, u32),
) -> Result<Vec<Request>, StoreError> {
    let mut values = args![within.account, client, place.at, &place.id, most];
    values.extend(within.values());
    let rows: Vec<Row> = db.all(OF_CLIENT, values).await?;
    rows.into_iter().map(read).collect()
}

pub async fn get(db: &Db, within: Scope, request: RequestId) -> Result<Request, StoreError> {
    let values = args![within.account, request].into_iter().chain(within.values());
    let row: Option<Row> = db.one(GET, values.collect()).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// Whose it is: its client's. `None`: nobody's, or there is no such request.
///
/// # Errors
/// Those of the database.
pub async fn whose(db: &Db, account: AccountId, request: RequestId) -> Result<Option<Whose>, StoreError> {
    let everywhere = Scope::whole(account);
    let client = match get(db, everywhere, request).await {
        Ok(request) => request.client,
        Err(StoreError::NotFound) => None,
        Err(error) => return Err(error),
    };
    let Some(client) = client else { return Ok(None) };
    match clients::get(db, everywhere, client).await {
        Ok(client) => Ok(Some(client.whose())),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes a visitor's request. Whoever has the number is its client; a client is made of whoever is not known.
///
/// # Errors
/// Wrong fields, or more requests of the site waiting for their call than may.
pub async fn submit(
    db: &Db,
    author: &Author,
    site: &Site,
    new: NewRequest,
    wanted_at: Option<i64>,
) -> Result<Submitted, StoreError> {
    let account = accounts::get(db, site.account).await?;
    let checked = rules::checked(new, &account.region)?;
    let enter = || entered(db, author, (&account, site), &checked, wanted_at);
    match enter().await {
        // Two at once: what the other one has entered is found now.
        Err(error) if error.is_unique() || matches!(error, StoreError::Taken(_)) => enter().await,
        done => done,
    }
}

async fn entered(
    db: &Db,
    author: &Author,
    (account, site): (&Account, &Site),
    checked: &Checked,
    wanted_at: Option<i64>,
) -> Result<Submitted, StoreError> {
    let mut ids = author.stamp.ids();
    let new = RequestId::new(ids.now, ids.random());
    let key = checked.key.clone().unwrap_or_else(|| new.to_string());
    let mut tx = db.begin().await?;
    let known: Option<Row> = tx.one(BY_KEY, args![site.id, &key]).await?;
    if let Some(row) = known {
        return Ok(Submitted {
            request: read(row)?,
            lead: None,
            new_client: None,
        });
    }
    if wanted_at.is_some() && tx.count(WAITING, args![site.id]).await? >= MOST_WAITING {
        return Err(StoreError::Refused {
            code: "too_many",
            detail: "too many visitors of this site wait for their call",
        });
    }
    let visitor = (checked.number, checked.name.as_str());
    let (client, made) = clients::of_visitor(&mut tx, account, visitor, site.id, &mut ids).await?;
    let values = args![
        new,
        account.id,
        site.id,
        &key,
        checked.kind.name(),
        checked.number,
        &checked.name,
        &checked.subject,
        &checked.comment,
        &checked.page,
        client,
        wanted_at,
        ids.now,
    ];
    tx.run(INSERT, values).await?;
    tell(&mut tx, site, checked, (new, client, ids.now)).await?;
    let lead = lead_of(&mut tx, (author, &mut ids), (site, checked), (new, client)).await?;
    let deed = author.deed("request.created", "request", new.to_string());
    let after = json!({
        "site": site.name, "kind": checked.kind.name(), "client_id": client.to_string(),
        "new_client": made, "wanted_at": wanted_at,
    });
    let after = Some(after);
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    Ok(Submitted {
        request: get(db, Scope::whole(account.id), new).await?,
        lead: Some(lead),
        new_client: made.then_some(checked.number),
    })
}

/// The lead that it is, for whoever takes leads where the site belongs.
async fn lead_of(
    tx: &mut Tx,
    (author, ids): (&Author, &mut Ids),
    (site, checked): (&Site, &Checked),
    (request, client): (RequestId, ClientId),
) -> Result<DealId, StoreError> {
    let first = first_of(site.account);
    let (row, wanted): (Option<ProjectRow>, _) = match site.to {
        Receiver::Department(department) => (tx.one(PROJECT_OF_DEPARTMENT, args![department]).await?, None),
        Receiver::Staff(staff) => (tx.one(PROJECT_OF_PERSON, args![staff, first]).await?, Some(staff)),
    };
    let project: Option<ProjectId> = row.map(|row| id(&row.project_id)).transpose()?;
    let arrival = Arrival {
        client,
        title: [checked.subject.as_str(), &site.name]
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default(),
        project: project.unwrap_or(first),
        wanted,
        site: site.id,
        request,
    };
    deals::arrive(tx, (author, ids), &arrival).await
}

/// Puts letters about it into the outbox.
async fn tell(
    tx: &mut Tx,
    site: &Site,
    checked: &Checked,
    (request, client, now): (RequestId, ClientId, i64),
) -> Result<(), StoreError> {
    let number = checked.number.reveal();
    let news = News {
        account: site.account,
        about: &request.to_string(),
        client: Some(client),
        caller: Caller {
            name: Some(&checked.name),
            number: Some(&number),
        },
        what: What::Request {
            site: &site.name,
            subject: &checked.subject,
            comment: &checked.comment,
            page: &checked.page,
        },
        happened_at: now,
        at: now,
    };
    notices::asked(tx, &news, site).await
}

/// What a person says of a request. No call begins by itself after that.
pub async fn set_state(
    db: &Db,
    author: &Author,
    (within, request): (Scope, RequestId),
    state: State,
    version: Option<i64>,
) -> Result<Request, StoreError> {
    let mut tx = db.begin().await?;
    let values = args![within.account, request].into_iter().chain(within.values());
    let row: Option<Row> = tx.one(GET, values.collect()).await?;
    let before = row.ok_or(StoreError::NotFound).and_then(read)?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Stale);
    }
    let values = args![request, before.version, state.name(), author.stamp.unix_ms];
    if tx.run(SET_STATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("request.updated", "request", request.to_string());
    let deed = Deed {
        before: Some(json!({ "state": before.state.name() })),
        after: Some(json!({ "state": state.name() })),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, within, request).await
}

fn read(row: Row) -> Result<Request, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("the request {}", row.id));
    // of a client who has been erased no number is left
    let number = match row.number.as_str() {
        "" => PhoneNumber::STUB,
        number => PhoneNumber::from_e164(number).map_err(|_| corrupt())?,
    };
    Ok(Request {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        site: id(&row.site_id)?,
        kind: Kind::named(&row.kind).ok_or_else(corrupt)?,
        state: State::named(&row.state).ok_or_else(corrupt)?,
        number,
        client: maybe_id(&row.client_id)?,
        wanted_at: row.wanted_at,
        next_at: row.next_at,
        attempts: u32::try_from(row.attempts).map_err(|_| corrupt())?,
        call: maybe_id(&row.call_id)?,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
        site_name: row.site_name,
        name: row.name,
        subject: row.subject,
        comment: row.comment,
        page: row.page,
    })
}
