use frontdesk_routing::ids::{AccountId, DepartmentId, MailboxId};
use frontdesk_routing::plan::{Destination, PlanMailbox};
use serde_json::{Value, json};

use super::rules::{self, DEFAULT_LONGEST};
use super::{Mailbox, MailboxPatch, Owner};
use crate::audit::{self, Author, Deed};
use crate::destinations;
use crate::notices::Language;
use crate::store::page::{self, Mark};
use crate::store::text::{id, maybe_id};
use crate::store::{Db, FieldError, Listing, Page, StoreError, Tx, args};

macro_rules! mailbox {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.account_id, m.staff_id, m.department_id, m.enabled, m.own_greeting, m.language, m.longest_s, \
             m.email_staff_id, m.version, a.region, d.name AS department_name, s.surname, s.given_name, s.patronymic, \
             (SELECT COUNT(*) FROM voicemails v WHERE v.mailbox_id = m.id AND v.state = 'kept') AS total, \
             (SELECT COUNT(*) FROM voicemails v WHERE v.mailbox_id = m.id AND v.state = 'kept' AND v.heard_at IS NULL) \
             AS fresh FROM mailboxes m JOIN accounts a ON a.id = m.account_id \
             LEFT JOIN staff s ON s.id = m.staff_id LEFT JOIN departments d ON d.id = m.department_id \
             WHERE s.deleted_at IS NULL ",
            $rest
        )
    };
}

const LIST: &str = mailbox!("AND m.account_id = $1 ORDER BY m.id");
const PAGE: &str = mailbox!("AND m.account_id = $1 AND m.id > $2 ORDER BY m.id LIMIT $3");
const COUNT: &str = "SELECT COUNT(*) AS count FROM mailboxes m LEFT JOIN staff s ON s.id = m.staff_id \
    WHERE s.deleted_at IS NULL AND m.account_id = $1";
const GET: &str = mailbox!("AND m.account_id = $1 AND m.id = $2");
const PLANNED: &str = mailbox!("ORDER BY m.id");
const STAFF: &str = "SELECT COUNT(*) AS count FROM staff WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
const DEPARTMENT: &str = "SELECT COUNT(*) AS count FROM departments WHERE account_id = $1 AND id = $2";
const TAKEN: &str =
    "SELECT COUNT(*) AS count FROM mailboxes WHERE account_id = $1 AND (staff_id = $2 OR department_id = $3)";
const INSERT: &str = "INSERT INTO mailboxes (id, account_id, staff_id, department_id, longest_s, sends_email, created_at, \
    version, enabled, own_greeting, language, email_staff_id) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, FALSE, $9, $10)";
const UPDATE: &str = "UPDATE mailboxes SET longest_s = $3, sends_email = $4, enabled = $5, language = $6, \
    email_staff_id = $7, version = version + 1 WHERE id = $1 AND version = $2";
const GREETING: &str = "UPDATE mailboxes SET own_greeting = $3, version = version + 1 WHERE account_id = $1 AND id = $2 AND (version = $4 OR $4 IS NULL)";
const DELETE: &str = "DELETE FROM mailboxes WHERE account_id = $1 AND id = $2 AND (version = $3 OR $3 IS NULL)";
const OF_DEPARTMENT: &str = mailbox!("AND m.account_id = $1 AND m.department_id = $2");

pub(crate) const ALL: &[&str] = &[
    LIST,
    PAGE,
    COUNT,
    GET,
    PLANNED,
    STAFF,
    DEPARTMENT,
    TAKEN,
    INSERT,
    UPDATE,
    GREETING,
    DELETE,
    OF_DEPARTMENT,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    staff_id: Option<String>,
    department_id: Option<String>,
    enabled: bool,
    own_greeting: bool,
    language: Option<String>,
    longest_s: i64,
    email_staff_id: Option<String>,
    version: i64,
    region: String,
    department_name: Option<String>,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
    total: i64,
    fresh: i64,
}

/// In the order in which they were made.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Mailbox>, StoreError> {
    let rows: Vec<Row> = db.all(LIST, args![account]).await?;
    rows.iter().map(read).collect()
}

/// The same in pages, by cursor.
///
/// # Errors
/// `Invalid`: a cursor that is none of ours.
pub async fn page(db: &Db, account: AccountId, page: &Page) -> Result<Listing<Mailbox>, StoreError> {
    let after = Mark::of(page)?;
    let values = args![account, after.id, page.limit.saturating_add(1)];
    let mark = |row: &Row| Mark {
        number: 0,
        text: String::new(),
        id: row.id.clone(),
    };
    let (rows, next_cursor) = page::shown(db.all(PAGE, values).await?, page, mark)?;
    let total = page::counted(db, COUNT, args![account]).await?;
    let items = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Listing::of_all(items, total, next_cursor))
}

pub async fn get(db: &Db, account: AccountId, mailbox: MailboxId) -> Result<Mailbox, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, mailbox]).await?;
    read(&row.ok_or(StoreError::NotFound)?)
}

/// The dial plan's part. One that cannot be read must not take everybody's plan away.
pub(crate) async fn planned(db: &Db) -> Result<Vec<PlanMailbox>, StoreError> {
    let rows: Vec<Row> = db.all(PLANNED, args![]).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in &rows {
        match read(row) {
            Ok(mailbox) => all.push(plan(row, &mailbox)),
            Err(error) => tracing::error!(%error, "a mailbox is left out"),
        }
    }
    Ok(all)
}

/// Those of all accounts that have a greeting of their own.
pub async fn with_greeting(db: &Db) -> Result<Vec<MailboxId>, StoreError> {
    let all = planned(db).await?.into_iter();
    Ok(all.filter(|one| one.own_greeting).map(|one| one.id).collect())
}

pub async fn create(db: &Db, author: &Author, patch: MailboxPatch) -> Result<Mailbox, StoreError> {
    let mut ids = author.stamp.ids();
    let owner = rules::owner(&patch).map_err(|fault| StoreError::Invalid(vec![fault]))?;
    let empty = Mailbox {
        id: MailboxId::new(ids.now, ids.random()),
        account: author.account,
        owner,
        enabled: true,
        own_greeting: false,
        language: None,
        longest_s: DEFAULT_LONGEST,
        email_to: None,
        fresh: 0,
        total: 0,
        version: 1,
    };
    let mut tx = db.begin().await?;
    let made = checked(&mut tx, &empty, &patch).await?;
    let (staff, department) = parts(owner);
    let taken = tx.count(TAKEN, args![author.account, staff, department]).await? > 0;
    let field = if staff.is_some() { "staff_id" } else { "department_id" };
    let fault = taken.then(|| FieldError::new(field, "taken", "there is a mailbox already"));
    StoreError::taken(fault.into_iter().collect())?;
    let values = args![
        made.id,
        author.account,
        staff,
        department,
        made.longest_s,
        made.email_to.is_some(),
        ids.now,
        made.enabled,
        made.language.map(Language::name),
        made.email_to,
    ];
    tx.run(INSERT, values).await?;
    let deed = author.deed("mailbox.created", "mailbox", made.id.to_string());
    let after = Some(told(&made));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    Ok(made)
}

pub async fn update(
    db: &Db,
    author: &Author,
    (mailbox, version): (MailboxId, Option<i64>),
    patch: MailboxPatch,
) -> Result<Mailbox, StoreError> {
    let mut tx = db.begin().await?;
    let row: Option<Row> = tx.one(GET, args![author.account, mailbox]).await?;
    let before = read(&row.ok_or(StoreError::NotFound)?)?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Stale);
    }
    let after = checked(&mut tx, &before, &patch).await?;
    let values = args![
        mailbox,
        before.version,
        after.longest_s,
        after.email_to.is_some(),
        after.enabled,
        after.language.map(Language::name),
        after.email_to,
    ];
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("mailbox.updated", "mailbox", mailbox.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    let version = before.version.saturating_add(1);
    Ok(Mailbox { version, ..after })
}

/// The greeting is one of the mailbox's own from now on, or no longer.
pub async fn greeting(
    db: &Db,
    author: &Author,
    (mailbox, version): (MailboxId, Option<i64>),
    own: bool,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let found: Option<Row> = tx.one(GET, args![author.account, mailbox]).await?;
    StoreError::unless(found.ok_or(StoreError::NotFound)?.version, version)?;
    if tx.run(GREETING, args![author.account, mailbox, own, version]).await? == 0 {
        return Err(StoreError::missed(version));
    }
    let action = if own {
        "mailbox.greeting_replaced"
    } else {
        "mailbox.greeting_removed"
    };
    let deed = author.deed(action, "mailbox", mailbox.to_string());
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

/// Its messages are forgotten with it; their recordings stay those of their calls.
///
/// # Errors
/// `NotFound`, or `Stale` when it is in another version than `version`; `InUse` while calls are sent there.
pub async fn delete(db: &Db, author: &Author, mailbox: MailboxId, version: Option<i64>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let found: Option<Row> = tx.one(GET, args![author.account, mailbox]).await?;
    StoreError::unless(found.ok_or(StoreError::NotFound)?.version, version)?;
    destinations::not_used(&mut tx, Destination::Mailbox(mailbox)).await?;
    if tx.run(DELETE, args![author.account, mailbox, version]).await? == 0 {
        return Err(StoreError::missed(version));
    }
    let deed = author.deed("mailbox.deleted", "mailbox", mailbox.to_string());
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

/// A department that goes takes its mailbox along, unless calls are sent there by others.
pub(crate) async fn close_of(tx: &mut Tx, account: AccountId, department: DepartmentId) -> Result<(), StoreError> {
    let row: Option<Row> = tx.one(OF_DEPARTMENT, args![account, department]).await?;
    let Some(mailbox) = row.map(|row| read(&row)).transpose()? else {
        return Ok(());
    };
    destinations::not_used(tx, Destination::Mailbox(mailbox.id)).await?;
    tx.run(DELETE, args![account, mailbox.id, None::<i64>]).await.map(drop)
}

async fn checked(tx: &mut Tx, before: &Mailbox, patch: &MailboxPatch) -> Result<Mailbox, StoreError> {
    let (after, mut faults) = rules::patched(before, patch);
    let (staff, department) = parts(after.owner);
    let account = before.account;
    if let Some(staff) = staff
        && tx.count(STAFF, args![account, staff]).await? == 0
    {
        faults.push(rules::unknown("staff_id"));
    }
    if let Some(department) = department
        && tx.count(DEPARTMENT, args![account, department]).await? == 0
    {
        faults.push(rules::unknown("department_id"));
    }
    if let Some(staff) = after.email_to
        && tx.count(STAFF, args![account, staff]).await? == 0
    {
        faults.push(rules::unknown("email_to_staff_id"));
    }
    StoreError::invalid(faults)?;
    Ok(after)
}

fn parts(owner: Owner) -> (Option<frontdesk_routing::ids::StaffId>, Option<DepartmentId>) {
    match owner {
        Owner::Staff(staff) => (Some(staff), None),
        Owner::Department(department) => (None, Some(department)),
    }
}

/// For the audit.
fn told(mailbox: &Mailbox) -> Value {
    let (staff, department) = parts(mailbox.owner);
    json!({
        "staff_id": staff.map(|staff| staff.to_string()),
        "department_id": department.map(|department| department.to_string()),
        "enabled": mailbox.enabled,
        "language": mailbox.language.map(Language::name),
        "longest_s": mailbox.longest_s,
        "email_to_staff_id": mailbox.email_to.map(|staff| staff.to_string()),
    })
}

fn read(row: &Row) -> Result<Mailbox, StoreError> {
    let owner = match (maybe_id(&row.staff_id)?, maybe_id(&row.department_id)?) {
        (Some(staff), None) => Owner::Staff(staff),
        (None, Some(department)) => Owner::Department(department),
        (None, None) | (Some(_), Some(_)) => return Err(StoreError::Corrupt(format!("whose mailbox is {}", row.id))),
    };
    Ok(Mailbox {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        owner,
        enabled: row.enabled,
        own_greeting: row.own_greeting,
        language: row.language.as_deref().and_then(Language::named),
        longest_s: row.longest_s,
        email_to: maybe_id(&row.email_staff_id)?,
        fresh: row.fresh,
        total: row.total,
        version: row.version,
    })
}

fn plan(row: &Row, mailbox: &Mailbox) -> PlanMailbox {
    let person = [&row.surname, &row.given_name, &row.patronymic];
    let person: Vec<&str> = person.into_iter().filter_map(Option::as_deref).collect();
    let name = row.department_name.clone().unwrap_or_else(|| person.join(" "));
    let (staff, department) = parts(mailbox.owner);
    PlanMailbox {
        id: mailbox.id,
        account: mailbox.account,
        staff,
        department,
        name: name.into(),
        enabled: mailbox.enabled,
        own_greeting: mailbox.own_greeting,
        russian: mailbox.language.unwrap_or_else(|| Language::of(&row.region)) == Language::Russian,
        longest_s: u16::try_from(mailbox.longest_s).unwrap_or(u16::MAX),
    }
}
