use std::collections::BTreeMap;

use frontdesk_routing::ids::{AccountId, DepartmentId};
use frontdesk_routing::number::ShortNumber;
use frontdesk_routing::plan::{Destination, PlanDepartment};
use frontdesk_routing::queue::Member;
use serde_json::{Value, json};

use super::row::{self, MemberRow, Row, department};
use super::{Department, DepartmentPatch, names, rules};
use crate::accounts;
use crate::audit::{self, Author, Deed};
use crate::destinations;
use crate::emergency;
use crate::mailboxes;
use crate::store::page::{self, Mark};
use crate::store::{Db, FieldError, Listing, Page, StoreError, Tx, args};

const LIST: &str = department!("WHERE account_id = $1 ORDER BY short_number");
const PAGE: &str =
    department!("WHERE account_id = $1 AND (short_number, id) > ($2, $3) ORDER BY short_number, id LIMIT $4");
const COUNT: &str = "SELECT COUNT(*) AS count FROM departments WHERE account_id = $1";
const ALL_ACCOUNTS: &str = department!("ORDER BY id");
const GET: &str = department!("WHERE account_id = $1 AND id = $2");
const MEMBERS: &str = "SELECT m.department_id, m.staff_id, m.penalty, m.place, m.calls_at_once FROM department_members m \
    JOIN departments d ON d.id = m.department_id JOIN staff s ON s.id = m.staff_id \
    WHERE d.account_id = $1 AND s.deleted_at IS NULL ORDER BY m.department_id, m.place, m.staff_id";
const MEMBERS_BETWEEN: &str = "SELECT m.department_id, m.staff_id, m.penalty, m.place, m.calls_at_once \
    FROM department_members m JOIN departments d ON d.id = m.department_id JOIN staff s ON s.id = m.staff_id \
    WHERE d.account_id = $1 AND d.short_number >= $2 AND d.short_number <= $3 AND s.deleted_at IS NULL \
    ORDER BY m.department_id, m.place, m.staff_id";
const ALL_MEMBERS: &str = "SELECT m.department_id, m.staff_id, m.penalty, m.place, m.calls_at_once \
    FROM department_members m JOIN staff s ON s.id = m.staff_id WHERE s.deleted_at IS NULL \
    ORDER BY m.department_id, m.place, m.staff_id";
const INSERT: &str = "INSERT INTO departments (id, account_id, created_at, version, name, short_number, strategy, \
    ring_time_s, wrap_up_s, pause_after_missed_s, retry_s, capacity, longest_wait_s, join_when_empty, \
    leave_when_empty_s, vip, vip_lead_s, overtaken_at_most_s, priority, place, service_level_s, announce_every_s, announce_position, \
    announce_wait, whisper_department, whisper_vip, overflow_staff_id, overflow_department_id, overflow_menu_id, \
    overflow_mailbox_id, overflow_number) \
    VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, \
    $24, $25, $26, $27, $28, $29, $30)";
const UPDATE: &str = "UPDATE departments SET version = version + 1, name = $3, short_number = $4, strategy = $5, \
    ring_time_s = $6, wrap_up_s = $7, pause_after_missed_s = $8, retry_s = $9, capacity = $10, longest_wait_s = $11, \
    join_when_empty = $12, leave_when_empty_s = $13, vip = $14, vip_lead_s = $15, overtaken_at_most_s = $16, \
    priority = $17, place = $18, service_level_s = $19, announce_every_s = $20, announce_position = $21, \
    announce_wait = $22, whisper_department = $23, whisper_vip = $24, overflow_staff_id = $25, \
    overflow_department_id = $26, overflow_menu_id = $27, overflow_mailbox_id = $28, overflow_number = $29 \
    WHERE id = $1 AND version = $2";
const REMOVE_MEMBERS: &str = "DELETE FROM department_members WHERE department_id = $1";
const ADD_MEMBER: &str = "INSERT INTO department_members (department_id, staff_id, penalty, place, calls_at_once) \
    SELECT $1, s.id, $4, $5, $6 FROM staff s WHERE s.id = $2 AND s.account_id = $3 AND s.deleted_at IS NULL";
const TAKEN: &str = "SELECT COUNT(*) AS count FROM (SELECT id FROM staff WHERE account_id = $1 AND short_number = $2 \
    AND deleted_at IS NULL UNION ALL SELECT id FROM departments WHERE account_id = $1 AND short_number = $2 \
    AND id <> $3 UNION ALL SELECT id FROM menus WHERE account_id = $1 AND short_number = $2) t";
const CONNECTED: &str = "SELECT COUNT(*) AS count FROM numbers WHERE account_id = $1 AND department_id = $2";
const OVERFLOWS_TO: &str =
    "SELECT COUNT(*) AS count FROM departments WHERE account_id = $1 AND overflow_department_id = $2";
const STANDS_IN: &str = "SELECT COUNT(*) AS count FROM (SELECT id FROM departments WHERE closed_department_id = $1 AND id <> $1 \
    UNION ALL SELECT id FROM numbers WHERE closed_department_id = $1) t";
const OF_SITES: &str = "SELECT COUNT(*) AS count FROM sites WHERE department_id = $1";
const DELETE: &str = "DELETE FROM departments WHERE account_id = $1 AND id = $2 AND (version = $3 OR $3 IS NULL)";

pub(crate) const ALL: &[&str] = &[
    LIST,
    PAGE,
    COUNT,
    ALL_ACCOUNTS,
    GET,
    MEMBERS,
    MEMBERS_BETWEEN,
    ALL_MEMBERS,
    INSERT,
    UPDATE,
    REMOVE_MEMBERS,
    ADD_MEMBER,
    TAKEN,
    CONNECTED,
    OVERFLOWS_TO,
    STANDS_IN,
    OF_SITES,
    DELETE,
];

pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Department>, StoreError> {
    let rows: Vec<Row> = db.all(LIST, args![account]).await?;
    let members: Vec<MemberRow> = db.all(MEMBERS, args![account]).await?;
    rows.into_iter().map(|row| row.read(&members)).collect()
}

/// The same in pages, by cursor.
///
/// # Errors
/// `Invalid`: a cursor that is none of ours.
pub async fn page(db: &Db, account: AccountId, page: &Page) -> Result<Listing<Department>, StoreError> {
    let after = Mark::of(page)?;
    let values = args![account, after.text, after.id, page.limit.saturating_add(1)];
    let rows: Vec<Row> = db.all(PAGE, values).await?;
    let (rows, next_cursor) = page::shown(rows, page, Row::mark)?;
    let members: Vec<MemberRow> = match (rows.first(), rows.last()) {
        (Some(first), Some(last)) => {
            let between = args![account, first.mark().text, last.mark().text];
            db.all(MEMBERS_BETWEEN, between).await?
        }
        (None, _) | (_, None) => Vec::new(),
    };
    let total = page::counted(db, COUNT, args![account]).await?;
    let items = rows
        .into_iter()
        .map(|row| row.read(&members))
        .collect::<Result<_, _>>()?;
    Ok(Listing::of_all(items, total, next_cursor))
}

/// The dial plan's part. One department that cannot be read must not take everybody's plan away.
pub(crate) async fn planned(db: &Db) -> Result<Vec<PlanDepartment>, StoreError> {
    let rows: Vec<Row> = db.all(ALL_ACCOUNTS, args![]).await?;
    let members: Vec<MemberRow> = db.all(ALL_MEMBERS, args![]).await?;
    let mut by_department: BTreeMap<String, Vec<MemberRow>> = BTreeMap::new();
    for member in members {
        by_department
            .entry(member.department_id.clone())
            .or_default()
            .push(member);
    }
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let own = by_department.remove(row.id()).unwrap_or_default();
        match row.read(&own) {
            Ok(department) => all.push(department.plan),
            Err(error) => tracing::error!(%error, "a department is left out"),
        }
    }
    Ok(all)
}

pub async fn get(db: &Db, account: AccountId, department: DepartmentId) -> Result<Department, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, department]).await?;
    let members: Vec<MemberRow> = db.all(MEMBERS, args![account]).await?;
    row.ok_or(StoreError::NotFound)?.read(&members)
}

pub async fn create(db: &Db, author: &Author, patch: DepartmentPatch) -> Result<Department, StoreError> {
    let short = first_short_number(patch.short_number.as_deref())?;
    let account = accounts::get(db, author.account).await?;
    let mut ids = author.stamp.ids();
    let id = DepartmentId::new(ids.now, ids.random());
    let nothing = PlanDepartment {
        queue: row::usual(),
        ..PlanDepartment::new(id, author.account, "".into(), short)
    };
    let plan = rules::patched(nothing, patch, &account.region)?;
    let mut tx = db.begin().await?;
    known(&mut tx, &plan).await?;
    let mut values = args![id, author.account, ids.now];
    values.extend(row::values(&plan));
    tx.run(INSERT, values).await?;
    enter_members(&mut tx, &plan).await?;
    let deed = author.deed("department.created", "department", id.to_string());
    let after = Some(told(&plan));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    Ok(Department { plan, version: 1 })
}

fn first_short_number(given: Option<&str>) -> Result<ShortNumber, StoreError> {
    let missing = || FieldError::new("short_number", "required", "by which it is called");
    let short = given
        .ok_or_else(missing)
        .and_then(|given| emergency::short_number(given.trim()));
    short.map_err(|fault| StoreError::Invalid(vec![fault]))
}

pub async fn update(
    db: &Db,
    author: &Author,
    department: DepartmentId,
    patch: DepartmentPatch,
    version: Option<i64>,
) -> Result<Department, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let row: Option<Row> = tx.one(GET, args![author.account, department]).await?;
    let members: Vec<MemberRow> = tx.all(MEMBERS, args![author.account]).await?;
    let before = row.ok_or(StoreError::NotFound)?.read(&members)?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Stale);
    }
    let after = rules::patched(before.plan.clone(), patch, &account.region)?;
    known(&mut tx, &after).await?;
    let mut values = args![department, before.version];
    values.extend(row::values(&after));
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    if after.members != before.plan.members {
        tx.run(REMOVE_MEMBERS, args![department]).await?;
        enter_members(&mut tx, &after).await?;
    }
    let deed = author.deed("department.updated", "department", department.to_string());
    let deed = Deed {
        before: Some(told(&before.plan)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    Ok(Department {
        plan: after,
        version: before.version.saturating_add(1),
    })
}

/// The short number is nobody else's, and where the line overflows to is there.
async fn known(tx: &mut Tx, plan: &PlanDepartment) -> Result<(), StoreError> {
    let taken = args![plan.account, plan.short_number.to_string(), plan.id];
    if tx.count(TAKEN, taken).await? > 0 {
        let fault = FieldError::new("short_number", "taken", "somebody else has this short number");
        return Err(StoreError::Taken(vec![fault]));
    }
    let Some(overflow) = plan.overflow else { return Ok(()) };
    let fault = destinations::fault(tx, plan.account, ("overflow", overflow)).await?;
    StoreError::invalid(fault.into_iter().collect())
}

async fn enter_members(tx: &mut Tx, plan: &PlanDepartment) -> Result<(), StoreError> {
    for member in &plan.members {
        let values = args![
            plan.id,
            member.staff,
            plan.account,
            member.penalty,
            member.place,
            member.calls_at_once
        ];
        if tx.run(ADD_MEMBER, values).await? == 0 {
            let fault = FieldError::new("members", "unknown", "no such staff member");
            return Err(StoreError::Invalid(vec![fault]));
        }
    }
    Ok(())
}

/// Its members stay. Refused while numbers reach it, or another department's calls.
///
/// # Errors
/// `NotFound`, or `Stale` when it is in another version than `version`; `Refused` and `InUse` while calls go there.
pub async fn delete(
    db: &Db,
    author: &Author,
    department: DepartmentId,
    version: Option<i64>,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let found: Option<Row> = tx.one(GET, args![author.account, department]).await?;
    StoreError::unless(found.ok_or(StoreError::NotFound)?.version(), version)?;
    let in_use = |detail| StoreError::Refused { code: "in_use", detail };
    if tx.count(CONNECTED, args![author.account, department]).await? > 0 {
        return Err(in_use(
            "connected numbers reach this department: connect them with somebody else first",
        ));
    }
    if tx.count(OVERFLOWS_TO, args![author.account, department]).await? > 0 {
        return Err(in_use(
            "another department's calls overflow to this one: change that first",
        ));
    }
    if tx.count(STANDS_IN, args![department]).await? > 0 {
        return Err(in_use(
            "calls of closed departments or numbers go to this department: send them elsewhere first",
        ));
    }
    if tx.count(OF_SITES, args![department]).await? > 0 {
        return Err(in_use(
            "visitors of a site are called by this department: change that first",
        ));
    }
    destinations::not_used(&mut tx, Destination::Department(department)).await?;
    mailboxes::close_of(&mut tx, author.account, department).await?;
    if tx.run(DELETE, args![author.account, department, version]).await? == 0 {
        return Err(StoreError::missed(version));
    }
    let deed = author.deed("department.deleted", "department", department.to_string());
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

/// For the audit.
fn told(plan: &PlanDepartment) -> Value {
    let member = |member: &Member| {
        json!({ "staff_id": member.staff.to_string(), "penalty": member.penalty, "place": member.place,
            "calls_at_once": member.calls_at_once })
    };
    let queue = &plan.queue;
    json!({
        "name": &*plan.name,
        "short_number": plan.short_number.to_string(),
        "members": plan.members.iter().map(member).collect::<Vec<_>>(),
        "overflow": plan.overflow.map(destinations::told),
        "strategy": names::strategy_name(queue.strategy),
        "join_when_empty": names::join_name(queue.join_when_empty),
        "vip": format!("{:?}", queue.vip),
        "ring_time_ms": queue.ring_time_ms,
        "wrap_up_ms": queue.wrap_up_ms,
        "pause_after_missed_ms": queue.pause_after_missed_ms,
        "retry_ms": queue.retry_ms,
        "capacity": queue.capacity,
        "longest_wait_ms": queue.longest_wait_ms,
        "leave_when_empty_ms": queue.leave_when_empty_ms,
        "priority": queue.priority,
        "place": queue.place,
        "service_level_ms": queue.service_level_ms,
        "announce_every_s": plan.announce.every_s,
        "announce_position": plan.announce.position,
        "announce_wait": plan.announce.wait,
        "whisper_department": plan.whisper.department,
        "whisper_vip": plan.whisper.vip,
    })
}
