use std::collections::BTreeMap;

use frontdesk_routing::ids::{AccountId, RouteId, TrunkId};
use frontdesk_routing::plan::routes::{PlanRoute, RouteFor, Ways};
use serde_json::{Value, json};

use super::{Route, RoutePatch, rules};
use crate::audit::{self, Author, Deed};
use crate::store::page::{self, Mark};
use crate::store::text::id;
use crate::store::{Db, FieldError, Listing, Page, StoreError, Tx, args};

macro_rules! route {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, name, prefix, version FROM outbound_routes ",
            $rest
        )
    };
}

/// A route for emergencies has no prefix and comes first.
const LIST: &str = route!("WHERE account_id = $1 ORDER BY COALESCE(prefix, ''), id");
const PAGE: &str = route!(
    "WHERE account_id = $1 AND (COALESCE(prefix, ''), id) > ($2, $3) ORDER BY COALESCE(prefix, ''), id LIMIT $4"
);
const COUNT: &str = "SELECT COUNT(*) AS count FROM outbound_routes WHERE account_id = $1";
const ALL_ACCOUNTS: &str = route!("ORDER BY id");
const GET: &str = route!("WHERE account_id = $1 AND id = $2");
const WAYS: &str = "SELECT w.route_id, w.trunk_id FROM outbound_route_trunks w \
    JOIN outbound_routes r ON r.id = w.route_id WHERE r.account_id = $1 ORDER BY w.route_id, w.place";
const WAYS_BETWEEN: &str = "SELECT w.route_id, w.trunk_id FROM outbound_route_trunks w \
    JOIN outbound_routes r ON r.id = w.route_id WHERE r.account_id = $1 AND COALESCE(r.prefix, '') >= $2 \
    AND COALESCE(r.prefix, '') <= $3 ORDER BY w.route_id, w.place";
const ALL_WAYS: &str = "SELECT route_id, trunk_id FROM outbound_route_trunks ORDER BY route_id, place";
const INSERT: &str = "INSERT INTO outbound_routes (id, account_id, name, prefix, emergency, created_at, version) \
    VALUES ($1, $2, $3, $4, $5, $6, 1)";
const UPDATE: &str =
    "UPDATE outbound_routes SET name = $3, prefix = $4, version = version + 1 WHERE id = $1 AND version = $2";
const CLEAR: &str = "DELETE FROM outbound_route_trunks WHERE route_id = $1";
const ADD: &str = "INSERT INTO outbound_route_trunks (route_id, place, trunk_id) VALUES ($1, $2, $3)";
const DELETE: &str = "DELETE FROM outbound_routes WHERE account_id = $1 AND id = $2 AND (version = $3 OR $3 IS NULL)";
const SAME: &str = "SELECT COUNT(*) AS count FROM outbound_routes WHERE account_id = $1 AND id <> $2 \
    AND (prefix = $3 OR (emergency AND $4))";
const OWN: &str = "SELECT COUNT(*) AS count FROM trunks WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[
    LIST,
    PAGE,
    COUNT,
    ALL_ACCOUNTS,
    GET,
    WAYS,
    WAYS_BETWEEN,
    ALL_WAYS,
    INSERT,
    UPDATE,
    CLEAR,
    ADD,
    DELETE,
    SAME,
    OWN,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    name: String,
    prefix: Option<String>,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct Way {
    route_id: String,
    trunk_id: String,
}

/// All routes of the account, by their prefix.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Route>, StoreError> {
    let rows: Vec<Row> = db.all(LIST, args![account]).await?;
    let ways = by_route(db.all(WAYS, args![account]).await?)?;
    rows.into_iter().map(|row| row.read(&ways)).collect()
}

/// The same in pages, by cursor.
///
/// # Errors
/// `Invalid`: a cursor that is none of ours.
pub async fn page(db: &Db, account: AccountId, page: &Page) -> Result<Listing<Route>, StoreError> {
    let after = Mark::of(page)?;
    let values = args![account, after.text, after.id, page.limit.saturating_add(1)];
    let rows: Vec<Row> = db.all(PAGE, values).await?;
    let (rows, next_cursor) = page::shown(rows, page, Row::mark)?;
    let ways = match (rows.first(), rows.last()) {
        (Some(first), Some(last)) => {
            let between = args![account, first.mark().text, last.mark().text];
            by_route(db.all(WAYS_BETWEEN, between).await?)?
        }
        (None, _) | (_, None) => BTreeMap::new(),
    };
    let total = page::counted(db, COUNT, args![account]).await?;
    let items = rows.into_iter().map(|row| row.read(&ways)).collect::<Result<_, _>>()?;
    Ok(Listing::of_all(items, total, next_cursor))
}

/// The dial plan's part.
pub(crate) async fn planned(db: &Db) -> Result<Vec<PlanRoute>, StoreError> {
    let rows: Vec<Row> = db.all(ALL_ACCOUNTS, args![]).await?;
    let ways = by_route(db.all(ALL_WAYS, args![]).await?)?;
    rows.into_iter().map(|row| Ok(row.read(&ways)?.plan)).collect()
}

pub async fn get(db: &Db, account: AccountId, route: RouteId) -> Result<Route, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, route]).await?;
    let ways = by_route(db.all(WAYS, args![account]).await?)?;
    row.ok_or(StoreError::NotFound)?.read(&ways)
}

pub async fn create(db: &Db, author: &Author, patch: RoutePatch) -> Result<Route, StoreError> {
    let mut ids = author.stamp.ids();
    let new = PlanRoute {
        id: RouteId::new(ids.now, ids.random()),
        account: author.account,
        name: "".into(),
        calls: RouteFor::Prefix("".into()),
        trunks: Ways::new(),
    };
    let plan = rules::patched(new, patch)?;
    let mut tx = db.begin().await?;
    fits(&mut tx, &plan).await?;
    let emergency = plan.calls == RouteFor::Emergency;
    let values = args![plan.id, plan.account, &*plan.name, prefix_of(&plan), emergency, ids.now];
    tx.run(INSERT, values).await?;
    set_ways(&mut tx, &plan).await?;
    let deed = author.deed("route.created", "route", plan.id.to_string());
    let deed = Deed {
        after: Some(told(&plan)),
        ..deed
    };
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    Ok(Route { plan, version: 1 })
}

pub async fn update(
    db: &Db,
    author: &Author,
    route: RouteId,
    patch: RoutePatch,
    version: Option<i64>,
) -> Result<Route, StoreError> {
    let before = get(db, author.account, route).await?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Stale);
    }
    let after = rules::patched(before.plan.clone(), patch)?;
    let mut tx = db.begin().await?;
    fits(&mut tx, &after).await?;
    let values = args![route, before.version, &*after.name, prefix_of(&after)];
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    set_ways(&mut tx, &after).await?;
    let deed = author.deed("route.updated", "route", route.to_string());
    let deed = Deed {
        before: Some(told(&before.plan)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, author.account, route).await
}

/// # Errors
/// `NotFound`, or `Stale` when it is in another version than `version`.
pub async fn delete(db: &Db, author: &Author, route: RouteId, version: Option<i64>) -> Result<(), StoreError> {
    let before = get(db, author.account, route).await?;
    StoreError::unless(before.version, version)?;
    let mut tx = db.begin().await?;
    tx.run(CLEAR, args![route]).await?;
    if tx.run(DELETE, args![author.account, route, version]).await? == 0 {
        return Err(StoreError::missed(version));
    }
    let deed = author.deed("route.deleted", "route", route.to_string());
    let deed = Deed {
        before: Some(told(&before.plan)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

/// One route for a prefix, one for emergencies; lines of the account only.
async fn fits(tx: &mut Tx, plan: &PlanRoute) -> Result<(), StoreError> {
    let mut unknown = Vec::new();
    for (place, trunk) in plan.trunks.iter().enumerate() {
        if tx.count(OWN, args![plan.account, *trunk]).await? == 0 {
            let field = format!("trunk_ids[{place}]");
            unknown.push(FieldError::new(&field, "unknown", "no such line"));
        }
    }
    StoreError::invalid(unknown)?;
    let emergency = plan.calls == RouteFor::Emergency;
    let same = args![plan.account, plan.id, prefix_of(plan), emergency];
    let field = if emergency { "emergency" } else { "prefix" };
    let taken = (tx.count(SAME, same).await? > 0)
        .then(|| FieldError::new(field, "taken", "another route is for these numbers already"));
    StoreError::taken(taken.into_iter().collect())
}

async fn set_ways(tx: &mut Tx, plan: &PlanRoute) -> Result<(), StoreError> {
    tx.run(CLEAR, args![plan.id]).await?;
    for (place, trunk) in (0_i64..).zip(&plan.trunks) {
        tx.run(ADD, args![plan.id, place, *trunk]).await?;
    }
    Ok(())
}

fn prefix_of(plan: &PlanRoute) -> Option<&str> {
    match &plan.calls {
        RouteFor::Prefix(prefix) => Some(prefix),
        RouteFor::Emergency => None,
    }
}

fn told(plan: &PlanRoute) -> Value {
    let trunks: Vec<String> = plan.trunks.iter().map(TrunkId::to_string).collect();
    json!({
        "name": &*plan.name,
        "prefix": prefix_of(plan).map(|digits| format!("+{digits}")),
        "trunk_ids": trunks,
    })
}

fn by_route(ways: Vec<Way>) -> Result<BTreeMap<String, Ways>, StoreError> {
    let mut all: BTreeMap<String, Ways> = BTreeMap::new();
    for way in ways {
        all.entry(way.route_id).or_default().push(id(&way.trunk_id)?);
    }
    Ok(all)
}

impl Row {
    /// Where it stands in the list.
    fn mark(&self) -> Mark {
        Mark {
            number: 0,
            text: self.prefix.clone().unwrap_or_default(),
            id: self.id.clone(),
        }
    }

    fn read(self, ways: &BTreeMap<String, Ways>) -> Result<Route, StoreError> {
        let trunks = ways.get(&self.id).cloned().unwrap_or_default();
        Ok(Route {
            plan: PlanRoute {
                id: id(&self.id)?,
                account: id(&self.account_id)?,
                name: self.name.into(),
                calls: match self.prefix {
                    Some(prefix) => RouteFor::Prefix(prefix.into()),
                    None => RouteFor::Emergency,
                },
                trunks,
            },
            version: self.version,
        })
    }
}
