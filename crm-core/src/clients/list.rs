//! The list: any page of a million clients, and what a search finds, at the price of a page.
//!
//! A search gives no more than [`SHOWN`] clients: where more fit, they are the first by what was searched, and the
//! answer says that there are more. Whose clients are looked for is part of the search: those of others take no places.

use frontdesk_routing::ids::{AccountId, ClientId};

use super::pages::{
    ANYWHERE, BY_ONE, BY_ONE_OF_MANY, BY_TWO, COUNT_ANYWHERE, COUNT_BY_ONE, COUNT_BY_ONE_OF_MANY, COUNT_BY_TWO,
    COUNT_MANAGER_FITS, COUNT_OF_MANAGER, COUNT_PLAIN, COUNT_VIPS, COUNT_VIPS_FIT, MANAGER_FITS, OF_MANAGER, PLACE,
    PLAIN, TOTAL, VIPS, VIPS_FIT, WIDTH,
};
use super::store::{Row, read};
use super::terms::{self, NEEDLES, Needle};
use super::{Client, ClientOrder, ClientQuery};
use crate::access::Scope;
use crate::store::{Arg, Db, FieldError, Page, StoreError, args};

/// Clients that one search gives.
pub const SHOWN: u64 = 1_000;
/// Terms that a search looks at where not every client may fit, and of each of two words that are looked for together.
const LOOKED_THROUGH: u64 = 30_000;
/// Counting stops here.
const COUNTED: u64 = 10_000;
/// A fragment within a word is looked for only in a book of so many, or along so many clients of one manager or VIPs.
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
    /// Not all that may fit lies on the way.
    cut: bool,
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
    let all = needles.is_none() && !narrows(within, query);
    let (way, filtered) = match &needles {
        None if all => (unsearched(query), total),
        None => counting(db, within, query, unsearched(query)).await?,
        Some(needles) if needles.is_empty() => return Ok(nothing(total)),
        Some(needles) => search_for(db, within, query, needles).await?,
    };
    let more = !all && (way.cut || filtered >= way.most);
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

/// Whether not every client of the account may fit, whatever is searched.
fn narrows(within: Scope, query: &ClientQuery) -> bool {
    query.vip.is_some() || query.manager.is_some() || !within.is_whole()
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
        cut: false,
    }
}

/// By words and ends of numbers, or else by fragments of them where that costs little.
async fn search_for(db: &Db, within: Scope, query: &ClientQuery, needles: &[Needle]) -> Result<(Way, u64), StoreError> {
    let found = counting(db, within, query, searched(db, within, query, needles).await?).await?;
    if found.1 > 0 {
        return Ok(found);
    }
    let anywhere = patterns(needles.iter().map(|needle| needle.anywhere.as_str()));
    if few(db, within, query).await? {
        return counting(db, within, query, along(query, anywhere)).await;
    }
    match counted(db.one(TOTAL, args![within.account]).await?) <= SMALL {
        true => counting(db, within, query, fragments(anywhere)).await,
        false => Ok(found),
    }
}

/// The rarest word leads. Where every word is too common, it is looked for along the clients of the manager or the VIPs if
/// these are few; or else those are looked at that fit the two longest words.
async fn searched(db: &Db, within: Scope, query: &ClientQuery, needles: &[Needle]) -> Result<Way, StoreError> {
    let (rarest, width) = rarest(db, within.account, needles, SHOWN).await?;
    let fitting = patterns(needles.iter().map(|needle| needle.pattern.as_str()));
    let by = |leaders: &[&Needle]| -> Vec<Arg> {
        let ranges = leaders
            .iter()
            .flat_map(|needle| args![needle.from.clone(), needle.to.clone()]);
        ranges.chain(fitting.iter().cloned()).collect()
    };
    let way = |(pages, count), values, cut| Way {
        pages,
        count,
        values,
        most: SHOWN,
        cut,
    };
    let narrows = narrows(within, query);
    if width < SHOWN {
        return Ok(way((&BY_ONE, COUNT_BY_ONE), by(&[rarest]), false));
    }
    if narrows && few(db, within, query).await? {
        return Ok(along(query, fitting));
    }
    if narrows {
        let (rarest, width) = self::rarest(db, within.account, needles, LOOKED_THROUGH).await?;
        if width < LOOKED_THROUGH || needles.len() == 1 {
            let cut = width >= LOOKED_THROUGH;
            return Ok(way((&BY_ONE_OF_MANY, COUNT_BY_ONE_OF_MANY), by(&[rarest]), cut));
        }
    }
    let [one, other, ..] = needles else {
        return Ok(way((&BY_ONE, COUNT_BY_ONE), by(&[rarest]), true));
    };
    let mut cut = false;
    for leader in [one, other] {
        cut |= width_of(db, within.account, leader, LOOKED_THROUGH).await? >= LOOKED_THROUGH;
    }
    Ok(way((&BY_TWO, COUNT_BY_TWO), by(&[one, other]), cut))
}

/// The needle with the fewest terms, and how many these are if they are fewer than `most`.
async fn rarest<'a>(
    db: &Db,
    account: AccountId,
    needles: &'a [Needle],
    most: u64,
) -> Result<(&'a Needle, u64), StoreError> {
    let mut rarest = None;
    for needle in needles {
        let width = width_of(db, account, needle, most).await?;
        if rarest.is_none_or(|(_, least)| width < least) {
            rarest = Some((needle, width));
        }
    }
    rarest.ok_or(StoreError::NotFound)
}

async fn width_of(db: &Db, account: AccountId, needle: &Needle, most: u64) -> Result<u64, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let range = args![account, needle.from.clone(), needle.to.clone(), most];
    Ok(counted(db.one(WIDTH, range).await?))
}

/// Whether the clients of one manager or the VIPs alone may fit, and each of them may be looked at.
async fn few(db: &Db, within: Scope, query: &ClientQuery) -> Result<bool, StoreError> {
    if query.manager.is_none() && query.vip != Some(true) {
        return Ok(false);
    }
    Ok(counting(db, within, query, unsearched(query)).await?.1 < SMALL)
}

/// Along the clients of the manager, or along the VIPs.
fn along(query: &ClientQuery, patterns: Vec<Arg>) -> Way {
    let (pages, count) = match query.manager {
        Some(_) => (&MANAGER_FITS, COUNT_MANAGER_FITS),
        None => (&VIPS_FIT, COUNT_VIPS_FIT),
    };
    Way {
        pages,
        count,
        values: patterns,
        most: u64::MAX,
        cut: false,
    }
}

fn fragments(patterns: Vec<Arg>) -> Way {
    Way {
        pages: &ANYWHERE,
        count: COUNT_ANYWHERE,
        values: patterns,
        most: u64::MAX,
        cut: false,
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
