//! The list: any page of a million clients, and what a search finds, at the price of a page.
//!
//! A search looks at no more than [`SHOWN`] clients: where more fit, they are the first by what was searched, and the
//! answer says that there are more.

use frontdesk_routing::ids::{AccountId, ClientId};

use super::store::{Row, columns, read};
use super::terms::{self, NEEDLES, Needle};
use super::{Client, ClientOrder, ClientQuery};
use crate::access::{Scope, within_clients};
use crate::store::{Arg, Db, FieldError, Page, StoreError, args};

/// Clients that one search looks at.
pub const SHOWN: u64 = 1_000;
/// Counting stops here.
const COUNTED: u64 = 10_000;
/// A fragment within a word is looked for only in a book of so many.
const SMALL: u64 = 10_000;

/// Part of the book.
#[derive(Debug, Clone)]
pub struct Clients {
    pub items: Vec<Client>,
    /// All that there are.
    pub total: u64,
    /// Those that fit.
    pub filtered: u64,
    /// More fit than `filtered` says.
    pub more: bool,
    pub next_cursor: Option<String>,
}

macro_rules! of_account {
    () => {
        concat!(
            " FROM clients c WHERE c.account_id = $1 AND c.deleted_at IS NULL AND ",
            within_clients!("$5", "$6", "$7")
        )
    };
}
/// Every order may be walked along its index.
macro_rules! plain {
    () => {
        concat!(
            of_account!(),
            " AND (c.vip = $2 OR $2 IS NULL) AND (c.manager_id = $3 OR $3 IS NULL)"
        )
    };
}
macro_rules! of_manager {
    () => {
        concat!(of_account!(), " AND c.manager_id = $3 AND (c.vip = $2 OR $2 IS NULL)")
    };
}
macro_rules! vips {
    () => {
        concat!(
            of_account!(),
            " AND c.vip AND (c.vip = $2 OR $2 IS NULL) AND (c.manager_id = $3 OR $3 IS NULL)"
        )
    };
}
macro_rules! fits {
    ($a:literal $b:literal $c:literal $d:literal $e:literal $f:literal) => {
        concat!(
            " AND c.search LIKE ",
            $a,
            " ESCAPE '\\' AND c.search LIKE ",
            $b,
            " ESCAPE '\\' AND c.search LIKE ",
            $c,
            " ESCAPE '\\' AND c.search LIKE ",
            $d,
            " ESCAPE '\\' AND c.search LIKE ",
            $e,
            " ESCAPE '\\' AND c.search LIKE ",
            $f,
            " ESCAPE '\\'"
        )
    };
}
macro_rules! anywhere {
    () => {
        concat!(plain!(), fits!("$8" "$9" "$10" "$11" "$12" "$13"))
    };
}
macro_rules! in_range {
    ($from:literal, $to:literal, $limit:literal) => {
        concat!(
            "SELECT t.client FROM client_terms t WHERE t.account = (SELECT number FROM accounts WHERE id = $1) \
             AND t.term >= ",
            $from,
            " AND t.term < ",
            $to,
            " ORDER BY t.term, t.client LIMIT ",
            $limit
        )
    };
}
// CROSS JOIN: SQLite keeps the order of the tables then.
macro_rules! found {
    ($keys:expr) => {
        concat!(
            " FROM (SELECT DISTINCT k.client FROM (",
            $keys,
            ") AS k) AS hit CROSS JOIN clients c \
             WHERE c.search_key = hit.client AND c.account_id = $1 AND c.deleted_at IS NULL \
             AND (c.vip = $2 OR $2 IS NULL) AND (c.manager_id = $3 OR $3 IS NULL) AND ",
            within_clients!("$5", "$6", "$7")
        )
    };
}
macro_rules! by_one {
    () => {
        concat!(found!(in_range!("$8", "$9", "1000")), fits!("$10" "$11" "$12" "$13" "$14" "$15"))
    };
}
macro_rules! by_two {
    () => {
        concat!(
            found!(concat!(
                "SELECT one.client FROM (", in_range!("$8", "$9", "30000"), ") AS one WHERE one.client IN (SELECT other.client \
                 FROM (", in_range!("$10", "$11", "30000"), ") AS other) LIMIT 1000"
            )),
            fits!("$12" "$13" "$14" "$15" "$16" "$17")
        )
    };
}

/// Each order, up and down, as the first page and as one after a place.
macro_rules! pages {
    ($scope:ident, $key:literal, $id:literal) => {
        pages!(@ $scope, $key, $id, "c.sort_name", "c.sort_company", "c.number_order", "c.created_at")
    };
    (@ $scope:ident, $key:literal, $id:literal, $($column:literal),*) => {
        [$(
            concat!("SELECT ", columns!(), $scope!(), " ORDER BY ", $column, ", c.id LIMIT $4"),
            concat!("SELECT ", columns!(), $scope!(), " AND (", $column, ", c.id) > (", $key, ", ", $id, ") ORDER BY ",
                $column, ", c.id LIMIT $4"),
            concat!("SELECT ", columns!(), $scope!(), " ORDER BY ", $column, " DESC, c.id DESC LIMIT $4"),
            concat!("SELECT ", columns!(), $scope!(), " AND (", $column, ", c.id) < (", $key, ", ", $id, ") ORDER BY ",
                $column, " DESC, c.id DESC LIMIT $4"),
        )*]
    };
}
macro_rules! counted {
    ($scope:ident) => {
        concat!(
            "SELECT COUNT(*) AS count FROM (SELECT 1 AS one",
            $scope!(),
            " LIMIT $4) AS few"
        )
    };
}

const PLAIN: [&str; 16] = pages!(plain, "$8", "$9");
const OF_MANAGER: [&str; 16] = pages!(of_manager, "$8", "$9");
const VIPS: [&str; 16] = pages!(vips, "$8", "$9");
const ANYWHERE: [&str; 16] = pages!(anywhere, "$14", "$15");
const BY_ONE: [&str; 16] = pages!(by_one, "$16", "$17");
const BY_TWO: [&str; 16] = pages!(by_two, "$18", "$19");
const COUNT_PLAIN: &str = counted!(plain);
const COUNT_OF_MANAGER: &str = counted!(of_manager);
const COUNT_VIPS: &str = counted!(vips);
const COUNT_ANYWHERE: &str = counted!(anywhere);
const COUNT_BY_ONE: &str = counted!(by_one);
const COUNT_BY_TWO: &str = counted!(by_two);
/// How many terms there are in a range, as far as that matters.
const WIDTH: &str = concat!(
    "SELECT COUNT(*) AS count FROM (",
    in_range!("$2", "$3", "1000"),
    ") AS few"
);
const TOTAL: &str = "SELECT live AS count FROM client_counts WHERE account_id = $1";
const PLACE: &str =
    "SELECT sort_name, sort_company, number_order, created_at FROM clients WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[
    COUNT_PLAIN,
    COUNT_OF_MANAGER,
    COUNT_VIPS,
    COUNT_ANYWHERE,
    COUNT_BY_ONE,
    COUNT_BY_TWO,
    WIDTH,
    TOTAL,
    PLACE,
];
pub(crate) const PAGES: [&[&str]; 6] = [&PLAIN, &OF_MANAGER, &VIPS, &ANYWHERE, &BY_ONE, &BY_TWO];

#[derive(sqlx::FromRow)]
struct Count {
    count: i64,
}

#[derive(sqlx::FromRow)]
struct PlaceRow {
    sort_name: String,
    sort_company: String,
    number_order: i64,
    created_at: i64,
}

/// A way to the rows: its statements and what they take after whose the clients are.
struct Way {
    pages: &'static [&'static str; 16],
    count: &'static str,
    values: Vec<Arg>,
    /// Where the way itself ends.
    most: u64,
}

/// A page in the order that is asked for, by cursor.
pub async fn list(db: &Db, within: Scope, query: &ClientQuery, page: &Page) -> Result<Clients, StoreError> {
    // one's own are walked along the index of their manager
    let own = query.clone();
    let manager = own.manager.or(within.only());
    let query = &ClientQuery { manager, ..own };
    let total = match within.is_whole() {
        true => counted(db.one(TOTAL, args![within.account]).await?),
        false => all_within(db, within).await?,
    };
    let search = query.search.as_deref().filter(|search| !search.trim().is_empty());
    let needles = search.map(|search| terms::needles(search, query.numbers_hidden));
    let all = needles.is_none() && query.vip.is_none() && query.manager.is_none() && within.is_whole();
    let (way, filtered) = match &needles {
        None if all => (unsearched(query), total),
        None => counting(db, within, query, unsearched(query)).await?,
        Some(needles) if needles.is_empty() => return Ok(nothing(total)),
        Some(needles) => {
            let found = counting(db, within, query, searched(db, within.account, needles).await?).await?;
            if found.1 == 0 && total <= SMALL {
                counting(db, within, query, fragments(needles)).await?
            } else {
                found
            }
        }
    };
    let more = !all && filtered >= way.most;
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let mut rows: Vec<Row> = read_page(db, within, query, (&way, page)).await?;
    let goes_on = rows.len() > limit;
    rows.truncate(limit);
    let items: Vec<Client> = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    let last = items.last().filter(|_| goes_on).map(|client| client.id.to_string());
    Ok(Clients {
        items,
        total,
        filtered,
        more,
        next_cursor: last,
    })
}

fn nothing(total: u64) -> Clients {
    Clients {
        items: Vec::new(),
        total,
        filtered: 0,
        more: false,
        next_cursor: None,
    }
}

fn unsearched(query: &ClientQuery) -> Way {
    let (pages, count) = match (query.manager, query.vip) {
        (Some(_), _) => (&OF_MANAGER, COUNT_OF_MANAGER),
        (None, Some(true)) => (&VIPS, COUNT_VIPS),
        (None, Some(false) | None) => (&PLAIN, COUNT_PLAIN),
    };
    Way {
        pages,
        count,
        values: Vec::new(),
        most: COUNTED,
    }
}

/// The rarest word leads; where every word is too common, those that fit the two longest do.
async fn searched(db: &Db, account: AccountId, needles: &[Needle]) -> Result<Way, StoreError> {
    let mut rarest: Option<(u64, &Needle)> = None;
    for needle in needles {
        let range = args![account, needle.from.clone(), needle.to.clone()];
        let width = counted(db.one(WIDTH, range).await?);
        if rarest.is_none_or(|(least, _)| width < least) {
            rarest = Some((width, needle));
        }
    }
    let (pages, count, leaders) = match (rarest, needles) {
        (Some((SHOWN.., _)), [one, other, ..]) => (&BY_TWO, COUNT_BY_TWO, vec![one, other]),
        (Some((_, needle)), _) => (&BY_ONE, COUNT_BY_ONE, vec![needle]),
        (None, _) => (&BY_ONE, COUNT_BY_ONE, Vec::new()),
    };
    let ranges = leaders
        .into_iter()
        .flat_map(|needle| args![needle.from.clone(), needle.to.clone()]);
    let patterns = patterns(needles.iter().map(|needle| needle.pattern.as_str()));
    Ok(Way {
        pages,
        count,
        values: ranges.chain(patterns).collect(),
        most: SHOWN,
    })
}

fn fragments(needles: &[Needle]) -> Way {
    Way {
        pages: &ANYWHERE,
        count: COUNT_ANYWHERE,
        values: patterns(needles.iter().map(|needle| needle.anywhere.as_str())),
        most: u64::MAX,
    }
}

/// As many as the statements have places for.
fn patterns<'a>(needles: impl Iterator<Item = &'a str>) -> Vec<Arg> {
    needles
        .chain(std::iter::repeat("%"))
        .take(NEEDLES)
        .map(Arg::from)
        .collect()
}

/// As many as may be counted.
async fn all_within(db: &Db, within: Scope) -> Result<u64, StoreError> {
    let query = ClientQuery {
        manager: within.only(),
        ..ClientQuery::default()
    };
    Ok(counting(db, within, &query, unsearched(&query)).await?.1)
}

async fn counting(db: &Db, within: Scope, query: &ClientQuery, way: Way) -> Result<(Way, u64), StoreError> {
    let limit = i64::try_from(way.most).unwrap_or(i64::MAX);
    let mut values = args![within.account, query.vip, query.manager, limit];
    values.extend(within.values());
    values.extend(way.values.iter().cloned());
    let count = counted(db.one(way.count, values).await?);
    Ok((way, count))
}

async fn read_page(
    db: &Db,
    within: Scope,
    query: &ClientQuery,
    (way, page): (&Way, &Page),
) -> Result<Vec<Row>, StoreError> {
    let after = match &page.cursor {
        Some(cursor) => Some(place(db, within, query.order, cursor).await?),
        None => None,
    };
    let order = match query.order {
        ClientOrder::Name => 0,
        ClientOrder::Company => 4,
        ClientOrder::Number => 8,
        ClientOrder::CreatedAt => 12,
    };
    let at = order + 2 * usize::from(query.descending) + usize::from(after.is_some());
    let sql = way.pages.get(at).copied().unwrap_or_default();
    let mut values = args![within.account, query.vip, query.manager, page.limit.saturating_add(1)];
    values.extend(within.values());
    values.extend(way.values.iter().cloned());
    values.extend(after.into_iter().flatten());
    db.all(sql, values).await
}

/// A cursor is the last client that was shown.
async fn place(db: &Db, within: Scope, order: ClientOrder, cursor: &str) -> Result<[Arg; 2], StoreError> {
    let strange = || StoreError::Invalid(vec![FieldError::new("cursor", "invalid", "not a cursor of ours")]);
    let last: ClientId = cursor.parse().map_err(|_| strange())?;
    let row: PlaceRow = db.one(PLACE, args![within.account, last]).await?.ok_or_else(strange)?;
    let key = match order {
        ClientOrder::Name => Arg::from(row.sort_name),
        ClientOrder::Company => Arg::from(row.sort_company),
        ClientOrder::Number => Arg::from(row.number_order),
        ClientOrder::CreatedAt => Arg::from(row.created_at),
    };
    Ok([key, Arg::from(last)])
}

fn counted(count: Option<Count>) -> u64 {
    count.and_then(|count| u64::try_from(count.count).ok()).unwrap_or(0)
}
