use frontdesk_routing::ids::{AccountId, DepartmentId, MailboxId, MenuId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::Destination;

use super::rules::{part, unknown};
use crate::store::text::{id, maybe_id};
use crate::store::{Arg, Db, FieldError, StoreError, Tx, args};

const STAFF: &str = "SELECT COUNT(*) AS count FROM staff WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
const DEPARTMENT: &str = "SELECT COUNT(*) AS count FROM departments WHERE account_id = $1 AND id = $2";
const MENU: &str = "SELECT COUNT(*) AS count FROM menus WHERE account_id = $1 AND id = $2";
const MAILBOX: &str = "SELECT COUNT(*) AS count FROM mailboxes WHERE account_id = $1 AND id = $2";
const MENUS: &str = "SELECT id, name FROM menus WHERE account_id = $1 ORDER BY name, id";
const MAILBOXES: &str = "SELECT id, staff_id, department_id FROM mailboxes WHERE account_id = $1 ORDER BY id";
const TO_STAFF: &str = "SELECT 'menu' AS kind, m.name FROM menu_choices c JOIN menus m ON m.id = c.menu_id \
    WHERE c.staff_id = $1 ORDER BY kind, name LIMIT 4";
const TO_DEPARTMENT: &str = "SELECT 'menu' AS kind, m.name FROM menu_choices c JOIN menus m ON m.id = c.menu_id \
    WHERE c.department_id = $1 ORDER BY kind, name LIMIT 4";
const TO_MENU: &str = "SELECT 'number' AS kind, number AS name FROM numbers WHERE menu_id = $1 OR closed_menu_id = $1 \
    UNION SELECT 'department' AS kind, name FROM departments WHERE overflow_menu_id = $1 OR closed_menu_id = $1 \
    UNION SELECT 'menu' AS kind, m.name FROM menu_choices c JOIN menus m ON m.id = c.menu_id \
    WHERE c.to_menu_id = $1 AND c.menu_id <> $1 ORDER BY kind, name LIMIT 4";
const TO_MAILBOX: &str = "SELECT 'number' AS kind, number AS name FROM numbers WHERE mailbox_id = $1 \
    OR closed_mailbox_id = $1 \
    UNION SELECT 'department' AS kind, name FROM departments WHERE overflow_mailbox_id = $1 OR closed_mailbox_id = $1 \
    UNION SELECT 'menu' AS kind, m.name FROM menu_choices c JOIN menus m ON m.id = c.menu_id WHERE c.mailbox_id = $1 \
    ORDER BY kind, name LIMIT 4";

pub(crate) const ALL: &[&str] = &[
    STAFF,
    DEPARTMENT,
    MENU,
    MAILBOX,
    MENUS,
    MAILBOXES,
    TO_STAFF,
    TO_DEPARTMENT,
    TO_MENU,
    TO_MAILBOX,
];

/// Users that are named before the others are only counted as more.
const MOST_NAMED: usize = 3;

/// A destination's columns under the names that statements give them.
#[derive(sqlx::FromRow)]
pub(crate) struct DestinationRow {
    to_staff_id: Option<String>,
    to_department_id: Option<String>,
    to_menu_id: Option<String>,
    to_mailbox_id: Option<String>,
    to_number: Option<String>,
}

#[derive(sqlx::FromRow)]
struct UserRow {
    kind: String,
    name: String,
}

#[derive(sqlx::FromRow)]
struct MenuRow {
    id: String,
    name: String,
}

#[derive(sqlx::FromRow)]
struct MailboxRow {
    id: String,
    staff_id: Option<String>,
    department_id: Option<String>,
}

/// Whose a mailbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Staff(StaffId),
    Department(DepartmentId),
}

/// Menus by their names.
pub async fn menus(db: &Db, account: AccountId) -> Result<Vec<(MenuId, String)>, StoreError> {
    let rows: Vec<MenuRow> = db.all(MENUS, args![account]).await?;
    rows.into_iter().map(|row| Ok((id(&row.id)?, row.name))).collect()
}

/// Mailboxes and whose they are.
pub async fn mailboxes(db: &Db, account: AccountId) -> Result<Vec<(MailboxId, Owner)>, StoreError> {
    let rows: Vec<MailboxRow> = db.all(MAILBOXES, args![account]).await?;
    let mut boxes = Vec::new();
    for row in rows {
        let staff = maybe_id(&row.staff_id)?.map(Owner::Staff);
        if let Some(owner) = staff.or(maybe_id(&row.department_id)?.map(Owner::Department)) {
            boxes.push((id(&row.id)?, owner));
        }
    }
    Ok(boxes)
}

impl DestinationRow {
    /// A number that cannot be dialled is no destination.
    pub(crate) fn read(&self) -> Result<Option<Destination>, StoreError> {
        let number = self
            .to_number
            .as_deref()
            .and_then(|number| PhoneNumber::from_e164(number).ok());
        let destinations = [
            maybe_id(&self.to_staff_id)?.map(Destination::Staff),
            maybe_id(&self.to_department_id)?.map(Destination::Department),
            maybe_id(&self.to_menu_id)?.map(Destination::Menu),
            maybe_id(&self.to_mailbox_id)?.map(Destination::Mailbox),
            number.map(Destination::Number),
        ];
        Ok(destinations.into_iter().flatten().next())
    }
}

/// What is wrong with a destination: it is none of the account's. `field` is where it stands.
pub(crate) async fn fault(
    tx: &mut Tx,
    account: AccountId,
    (field, destination): (&str, Destination),
) -> Result<Option<FieldError>, StoreError> {
    let (name, sql, id) = match destination {
        Destination::Staff(to) => ("staff_id", STAFF, Arg::from(to)),
        Destination::Department(to) => ("department_id", DEPARTMENT, Arg::from(to)),
        Destination::Menu(to) => ("menu_id", MENU, Arg::from(to)),
        Destination::Mailbox(to) => ("mailbox_id", MAILBOX, Arg::from(to)),
        Destination::Number(_) => return Ok(None),
    };
    let known = tx.count(sql, vec![Arg::from(account), id]).await? > 0;
    Ok((!known).then(|| unknown(&part(field, name))))
}

/// Refused while calls are sent to the destination by others, who are named. Of people and departments only menus are asked.
pub(crate) async fn not_used(tx: &mut Tx, destination: Destination) -> Result<(), StoreError> {
    let (sql, id) = match destination {
        Destination::Staff(to) => (TO_STAFF, Arg::from(to)),
        Destination::Department(to) => (TO_DEPARTMENT, Arg::from(to)),
        Destination::Menu(to) => (TO_MENU, Arg::from(to)),
        Destination::Mailbox(to) => (TO_MAILBOX, Arg::from(to)),
        Destination::Number(_) => return Ok(()),
    };
    let users: Vec<UserRow> = tx.all(sql, vec![id]).await?;
    if users.is_empty() {
        return Ok(());
    }
    let more = (users.len() > MOST_NAMED).then(|| "others".to_owned());
    let named = users
        .iter()
        .take(MOST_NAMED)
        .map(|user| format!("the {} {}", user.kind, user.name));
    let all: Vec<String> = named.chain(more).collect();
    Err(StoreError::InUse(format!(
        "calls are sent there by {}: send them elsewhere first",
        all.join(", ")
    )))
}
