use frontdesk_routing::ids::{AccountId, DepartmentId, SiteId, StaffId};
use serde_json::{Value, json};

use super::rules::{self, MOST};
use super::{PER_SITE, PER_SOURCE, Receiver, Site, SitePatch};
use crate::audit::{self, Author, Deed};
use crate::store::text::{id, maybe_id};
use crate::store::{Arg, Db, FieldError, StoreError, Tx, args};

macro_rules! site {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, name, site_key, origins, subjects, department_id, staff_id, schedule_id, enabled, \
             forms_call, per_source, per_site, letters_to, created_at, version FROM sites WHERE deleted_at IS NULL ",
            $rest
        )
    };
}

const LIST: &str = site!("AND account_id = $1 ORDER BY name, id");
const GET: &str = site!("AND account_id = $1 AND id = $2");
const BY_KEY: &str = site!("AND site_key = $1");
const INSERT: &str = "INSERT INTO sites (id, account_id, site_key, created_at, version, name, origins, subjects, \
    department_id, staff_id, schedule_id, enabled, forms_call, per_source, per_site, letters_to) \
    VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
const UPDATE: &str = "UPDATE sites SET version = version + 1, name = $3, origins = $4, subjects = $5, department_id = $6, \
    staff_id = $7, schedule_id = $8, enabled = $9, forms_call = $10, per_source = $11, per_site = $12, letters_to = $13 \
    WHERE id = $1 AND version = $2";
const DELETE: &str = "UPDATE sites SET deleted_at = $3, department_id = NULL, staff_id = NULL, schedule_id = NULL, \
    enabled = FALSE, version = version + 1 WHERE id = $1 AND version = $2";
const NO_MORE_CALLS: &str = "UPDATE site_requests SET next_at = NULL, updated_at = $2, version = version + 1 \
    WHERE site_id = $1 AND next_at IS NOT NULL";
const COUNT: &str = "SELECT COUNT(*) AS count FROM sites WHERE account_id = $1 AND deleted_at IS NULL";
const STAFF: &str = "SELECT COUNT(*) AS count FROM staff WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
const DEPARTMENT: &str = "SELECT COUNT(*) AS count FROM departments WHERE account_id = $1 AND id = $2";
const SCHEDULE: &str = "SELECT COUNT(*) AS count FROM schedules WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[
    LIST,
    GET,
    BY_KEY,
    INSERT,
    UPDATE,
    DELETE,
    NO_MORE_CALLS,
    COUNT,
    STAFF,
    DEPARTMENT,
    SCHEDULE,
];

/// Characters of a site's key.
const KEY: usize = 22;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    name: String,
    site_key: String,
    origins: String,
    subjects: String,
    department_id: Option<String>,
    staff_id: Option<String>,
    schedule_id: Option<String>,
    enabled: bool,
    forms_call: bool,
    per_source: i64,
    per_site: i64,
    letters_to: String,
    created_at: i64,
    version: i64,
}

/// By name.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Site>, StoreError> {
    let rows: Vec<Row> = db.all(LIST, args![account]).await?;
    rows.into_iter().map(read).collect()
}

pub async fn get(db: &Db, account: AccountId, site: SiteId) -> Result<Site, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, site]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// The site that a page names; `None`: there is none, or it takes no requests.
pub async fn by_key(db: &Db, key: &str) -> Result<Option<Site>, StoreError> {
    let row: Option<Row> = db.one(BY_KEY, args![key]).await?;
    let site = row.map(read).transpose()?;
    Ok(site.filter(|site| site.enabled))
}

/// Adds a site; its key is made here.
///
/// # Errors
/// Wrong fields, or as many sites as a company may have.
pub async fn create(db: &Db, author: &Author, patch: SitePatch) -> Result<Site, StoreError> {
    let mut ids = author.stamp.ids();
    let blank = Site {
        id: SiteId::new(ids.now, ids.random()),
        account: author.account,
        name: String::new(),
        key: ids.secret(KEY),
        origins: Vec::new(),
        subjects: Vec::new(),
        // a new site without a receiver is refused
        to: Receiver::Department(DepartmentId::from_u128(0)),
        schedule: None,
        enabled: true,
        forms_call: true,
        letters_to: Vec::new(),
        per_source: PER_SOURCE,
        per_site: PER_SITE,
        created_at: ids.now,
        version: 1,
    };
    let site = rules::patched(blank, patch, true)?;
    let mut tx = db.begin().await?;
    if tx.count(COUNT, args![author.account]).await? >= MOST {
        return Err(StoreError::Refused {
            code: "too_many",
            detail: "1000 sites at most",
        });
    }
    known(&mut tx, &site).await?;
    let mut values = args![site.id, site.account, &site.key, site.created_at];
    values.extend(values_of(&site));
    tx.run(INSERT, values).await?;
    let deed = author.deed("site.created", "site", site.id.to_string());
    let after = Some(told(&site));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    Ok(site)
}

pub async fn update(
    db: &Db,
    author: &Author,
    site: SiteId,
    patch: SitePatch,
    version: Option<i64>,
) -> Result<Site, StoreError> {
    let mut tx = db.begin().await?;
    let before = at_version(&mut tx, author.account, (site, version)).await?;
    let after = rules::patched(before.clone(), patch, false)?;
    known(&mut tx, &after).await?;
    let mut values = args![site, before.version];
    values.extend(values_of(&after));
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("site.updated", "site", site.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    Ok(Site {
        version: before.version.saturating_add(1),
        ..after
    })
}

/// It takes no more requests; those that it has brought stay, and are called by people only.
pub async fn delete(db: &Db, author: &Author, site: SiteId, version: Option<i64>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let before = at_version(&mut tx, author.account, (site, version)).await?;
    let now = author.stamp.unix_ms;
    if tx.run(DELETE, args![site, before.version, now]).await? == 0 {
        return Err(StoreError::Stale);
    }
    tx.run(NO_MORE_CALLS, args![site, now]).await?;
    let deed = author.deed("site.deleted", "site", site.to_string());
    let before = Some(told(&before));
    audit::write(&mut tx, &mut author.stamp.ids(), Deed { before, ..deed }).await?;
    tx.commit().await
}

async fn at_version(
    tx: &mut Tx,
    account: AccountId,
    (site, version): (SiteId, Option<i64>),
) -> Result<Site, StoreError> {
    let row: Option<Row> = tx.one(GET, args![account, site]).await?;
    let found = row.ok_or(StoreError::NotFound).and_then(read)?;
    match version.is_some_and(|version| version != found.version) {
        true => Err(StoreError::Stale),
        false => Ok(found),
    }
}

/// Who is rung first, and whose hours count, is there.
async fn known(tx: &mut Tx, site: &Site) -> Result<(), StoreError> {
    let mut faults = Vec::new();
    let (field, what, found) = match site.to {
        Receiver::Staff(staff) => {
            let found = tx.count(STAFF, args![site.account, staff]).await?;
            ("staff_id", "no such staff member", found)
        }
        Receiver::Department(department) => {
            let found = tx.count(DEPARTMENT, args![site.account, department]).await?;
            ("department_id", "no such department", found)
        }
    };
    faults.extend((found == 0).then(|| FieldError::new(field, "unknown", what)));
    if let Some(schedule) = site.schedule
        && tx.count(SCHEDULE, args![site.account, schedule]).await? == 0
    {
        faults.push(FieldError::new("schedule_id", "unknown", "no such schedule"));
    }
    StoreError::invalid(faults)
}

/// From `name` to `letters_to`, as the statements want them.
fn values_of(site: &Site) -> Vec<Arg> {
    let (staff, department): (Option<StaffId>, Option<DepartmentId>) = match site.to {
        Receiver::Staff(staff) => (Some(staff), None),
        Receiver::Department(department) => (None, Some(department)),
    };
    args![
        &site.name,
        site.origins.join("\n"),
        site.subjects.join("\n"),
        department,
        staff,
        site.schedule,
        site.enabled,
        site.forms_call,
        site.per_source,
        site.per_site,
        site.letters_to.join("\n"),
    ]
}

fn read(row: Row) -> Result<Site, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("the site {}", row.id));
    let to = match (maybe_id(&row.staff_id)?, maybe_id(&row.department_id)?) {
        (Some(staff), _) => Receiver::Staff(staff),
        (None, Some(department)) => Receiver::Department(department),
        (None, None) => return Err(corrupt()),
    };
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    Ok(Site {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        origins: lines(&row.origins),
        subjects: lines(&row.subjects),
        letters_to: lines(&row.letters_to),
        to,
        schedule: maybe_id(&row.schedule_id)?,
        enabled: row.enabled,
        forms_call: row.forms_call,
        per_source: u32::try_from(row.per_source).map_err(|_| corrupt())?,
        per_site: u32::try_from(row.per_site).map_err(|_| corrupt())?,
        created_at: row.created_at,
        version: row.version,
        name: row.name,
        key: row.site_key,
    })
}

fn told(site: &Site) -> Value {
    let (staff, department) = match site.to {
        Receiver::Staff(staff) => (Some(staff.to_string()), None),
        Receiver::Department(department) => (None, Some(department.to_string())),
    };
    json!({
        "name": site.name,
        "origins": site.origins,
        "subjects": site.subjects,
        "staff_id": staff,
        "department_id": department,
        "schedule_id": site.schedule.map(|schedule| schedule.to_string()),
        "enabled": site.enabled,
        "forms_call": site.forms_call,
        "letters_to": site.letters_to,
        "per_source": site.per_source,
        "per_site": site.per_site,
    })
}
