//! Who works here, in pages: by offset, or from the last person of the page before on.

use frontdesk_routing::ids::AccountId;
use serde::{Deserialize, Serialize};

use super::row::{Row, member, read};
use super::{StaffMember, StaffOrder, StaffQuery, WorkPlace};
use crate::store::page::strange;
use crate::store::text::needle;
use crate::store::{Arg, Db, Listing, Page, StoreError, args};

/// What the list is ordered by in texts, either way.
macro_rules! text {
    () => {
        "CASE WHEN $6 IN ('name', '-name') THEN s.sort_name \
         WHEN $6 IN ('short_number', '-short_number') THEN COALESCE(s.short_number, '') \
         WHEN $6 IN ('position', '-position') THEN COALESCE(s.position, '') ELSE '' END"
    };
}
/// The same in numbers; downwards they are negative.
macro_rules! number {
    () => {
        "CASE WHEN $6 = 'last_seen_at' THEN COALESCE(s.last_seen_at, 0) WHEN $6 = '-last_seen_at' THEN -COALESCE(s.last_seen_at, 0) \
         WHEN $6 = 'created_at' THEN s.created_at WHEN $6 = '-created_at' THEN -s.created_at ELSE 0 END"
    };
}
macro_rules! gone {
    () => {
        "CASE WHEN s.deleted_at IS NULL THEN 0 ELSE 1 END"
    };
}
macro_rules! list {
    ($after:expr) => {
        concat!(
            member!(
                "AND (s.search LIKE $3 ESCAPE '\\' OR $3 IS NULL) AND (s.position = $4 OR $4 IS NULL) \
                 AND (s.work_place = $10 OR $10 IS NULL) AND (s.supervisor_id = $11 OR $11 IS NULL) \
                 AND (NOT $5 OR s.deleted_at IS NULL) AND (EXISTS (SELECT 1 FROM staff_projects x \
                 WHERE x.staff_id = s.id AND x.project_id = $9) OR s.is_main OR $9 IS NULL)"
            ),
            $after,
            " ORDER BY ",
            gone!(),
            ", CASE WHEN $6 IN ('name', 'short_number', 'position') THEN ",
            text!(),
            " ELSE '' END, CASE WHEN $6 IN ('-name', '-short_number', '-position') THEN ",
            text!(),
            " ELSE '' END DESC, ",
            number!(),
            ", s.sort_name, s.id LIMIT $7 OFFSET $8"
        )
    };
}

const LIST: &str = list!("");
/// `$12` to `$16`: the keys of the last one before.
const AFTER: &str = list!(concat!(
    " AND (",
    gone!(),
    " > $12 OR (",
    gone!(),
    " = $12 AND (CASE WHEN $6 IN ('-name', '-short_number', '-position') THEN ",
    text!(),
    " < $13 ELSE ",
    text!(),
    " > $13 END OR (",
    text!(),
    " = $13 AND (",
    number!(),
    ", s.sort_name, s.id) > ($14, $15, $16)))))"
));
const COUNT: &str = "SELECT COUNT(*) AS total, COUNT(CASE WHEN (search LIKE $2 ESCAPE '\\' OR $2 IS NULL) \
    AND (position = $3 OR $3 IS NULL) AND (work_place = $6 OR $6 IS NULL) AND (NOT $4 OR deleted_at IS NULL) \
    AND (supervisor_id = $7 OR $7 IS NULL) \
    AND (EXISTS (SELECT 1 FROM staff_projects x WHERE x.staff_id = staff.id AND x.project_id = $5) OR is_main OR $5 IS NULL) \
    THEN 1 END) AS filtered FROM staff WHERE account_id = $1";

pub(crate) const ALL: &[&str] = &[LIST, AFTER, COUNT];

#[derive(sqlx::FromRow)]
struct Counts {
    total: i64,
    filtered: i64,
}

/// What one of a page stands by. It is the cursor itself, so that the list goes on there whatever becomes of the person.
#[derive(Serialize, Deserialize)]
struct Anchor {
    order: String,
    gone: i64,
    text: String,
    number: i64,
    sort_name: String,
    id: String,
}

impl Anchor {
    fn of(row: &Row, query: &StaffQuery) -> Anchor {
        let text = match query.order {
            StaffOrder::Name => row.sort_name.clone(),
            StaffOrder::ShortNumber => row.short_number.clone().unwrap_or_default(),
            StaffOrder::Position => row.position.clone().unwrap_or_default(),
            StaffOrder::LastSeenAt | StaffOrder::CreatedAt => String::new(),
        };
        let number = match query.order {
            StaffOrder::Name | StaffOrder::ShortNumber | StaffOrder::Position => 0,
            StaffOrder::LastSeenAt => row.last_seen_at.unwrap_or(0),
            StaffOrder::CreatedAt => row.created_at,
        };
        Anchor {
            order: order(query),
            gone: i64::from(row.deleted_at.is_some()),
            text,
            number: if query.descending {
                number.saturating_neg()
            } else {
                number
            },
            sort_name: row.sort_name.clone(),
            id: row.id.clone(),
        }
    }

    fn write(&self) -> Result<String, StoreError> {
        let text = serde_json::to_vec(self).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(hex::encode(text))
    }

    /// One that was written for the same order.
    fn read(cursor: &str, query: &StaffQuery) -> Result<Anchor, StoreError> {
        let text = hex::decode(cursor).map_err(|_| strange())?;
        let anchor: Anchor = serde_json::from_slice(&text).map_err(|_| strange())?;
        match anchor.order == order(query) {
            true => Ok(anchor),
            false => Err(strange()),
        }
    }

    fn values(self) -> Vec<Arg> {
        args![self.gone, self.text, self.number, self.sort_name, self.id]
    }
}

/// By offset, or by cursor.
pub async fn list(
    db: &Db,
    account: AccountId,
    query: &StaffQuery,
    page: &Page,
    now: i64,
) -> Result<Listing<StaffMember>, StoreError> {
    let search = query.search.as_deref().map(needle);
    let (live, place) = (query.live_only, query.work_place.map(WorkPlace::name));
    let mut values = args![
        account,
        now,
        &search,
        &query.position,
        live,
        order(query),
        page.limit.saturating_add(1),
        page.offset,
        query.project,
        place,
        query.supervisor
    ];
    let sql = match &page.cursor {
        Some(cursor) => {
            values.extend(Anchor::read(cursor, query)?.values());
            AFTER
        }
        None => LIST,
    };
    let mut rows: Vec<Row> = db.all(sql, values).await?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let last = rows.last().filter(|_| more).map(|row| Anchor::of(row, query).write());
    let next_cursor = last.transpose()?;
    let counts: Option<Counts> = db
        .one(
            COUNT,
            args![
                account,
                &search,
                &query.position,
                live,
                query.project,
                place,
                query.supervisor
            ],
        )
        .await?;
    let count = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    Ok(Listing {
        items: rows.into_iter().map(read).collect::<Result<_, _>>()?,
        total: count(counts.as_ref().map(|counts| counts.total)),
        filtered: count(counts.map(|counts| counts.filtered)),
        next_cursor,
    })
}

fn order(query: &StaffQuery) -> String {
    let name = match query.order {
        StaffOrder::Name => "name",
        StaffOrder::ShortNumber => "short_number",
        StaffOrder::Position => "position",
        StaffOrder::LastSeenAt => "last_seen_at",
        StaffOrder::CreatedAt => "created_at",
    };
    if query.descending {
        format!("-{name}")
    } else {
        name.to_owned()
    }
}
