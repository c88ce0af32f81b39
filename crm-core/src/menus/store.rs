use std::collections::BTreeMap;

use frontdesk_routing::ids::{AccountId, MenuId, PromptId};
use frontdesk_routing::number::ShortNumber;
use frontdesk_routing::plan::{Destination, MenuSection, PlanMenu};
use serde_json::{Map, Value, json};

use super::{Menu, MenuPatch, rules};
use crate::accounts;
use crate::audit::{self, Author, Deed};
use crate::destinations::{self, DestinationRow};
use crate::numbers;
use crate::store::text::id;
use crate::store::{Arg, Db, FieldError, StoreError, Tx, args};

/// Menus as [`Row`] reads them.
macro_rules! menus {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, name, short_number, prompt_id, timeout_ms, between_ms, retries, dials_short, version \
             FROM menus ",
            $rest
        )
    };
}
/// Choices as [`ChoiceRow`] reads them.
macro_rules! choices {
    ($rest:literal) => {
        concat!(
            "SELECT c.menu_id, c.choice, c.staff_id AS to_staff_id, c.department_id AS to_department_id, c.to_menu_id, \
             c.mailbox_id AS to_mailbox_id, c.number AS to_number FROM menu_choices c ",
            $rest
        )
    };
}
const LIST: &str = menus!("WHERE account_id = $1 ORDER BY name, id");
const GET: &str = menus!("WHERE account_id = $1 AND id = $2");
const EVERY: &str = menus!("ORDER BY id");
const CHOICES: &str = choices!("JOIN menus m ON m.id = c.menu_id WHERE m.account_id = $1 ORDER BY c.menu_id, c.choice");
const EVERY_CHOICE: &str = choices!("ORDER BY c.menu_id, c.choice");
const DIALABLE: &str = "SELECT account_id, short_number, id AS to_staff_id, NULL AS to_department_id FROM staff \
    WHERE deleted_at IS NULL AND short_number IS NOT NULL \
    UNION ALL SELECT account_id, short_number, NULL AS to_staff_id, id AS to_department_id FROM departments";
const INSERT: &str = "INSERT INTO menus (id, account_id, created_at, version, name, short_number, prompt_id, timeout_ms, \
    between_ms, retries, dials_short) VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10)";
const UPDATE: &str = "UPDATE menus SET version = version + 1, name = $3, short_number = $4, prompt_id = $5, \
    timeout_ms = $6, between_ms = $7, retries = $8, dials_short = $9 WHERE id = $1 AND version = $2";
const DELETE: &str = "DELETE FROM menus WHERE account_id = $1 AND id = $2 AND (version = $3 OR $3 IS NULL)";
const NO_CHOICES: &str = "DELETE FROM menu_choices WHERE menu_id = $1";
const CHOOSE: &str = "INSERT INTO menu_choices (menu_id, choice, staff_id, department_id, to_menu_id, mailbox_id, number) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const TAKEN: &str = "SELECT COUNT(*) AS count FROM (SELECT id FROM staff WHERE account_id = $1 AND short_number = $2 \
    AND deleted_at IS NULL UNION ALL SELECT id FROM departments WHERE account_id = $1 AND short_number = $2 \
    UNION ALL SELECT id FROM menus WHERE account_id = $1 AND short_number = $2 AND id <> $3) t";
const PROMPT: &str = "SELECT COUNT(*) AS count FROM prompts WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[
    LIST,
    GET,
    EVERY,
    CHOICES,
    EVERY_CHOICE,
    DIALABLE,
    INSERT,
    UPDATE,
    DELETE,
    NO_CHOICES,
    CHOOSE,
    TAKEN,
    PROMPT,
];

/// Menus of one account.
const MOST: usize = 200;
const TIMEOUT: &str = "timeout";
const INVALID: &str = "invalid";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    name: String,
    short_number: Option<String>,
    prompt_id: String,
    timeout_ms: i64,
    between_ms: i64,
    retries: i64,
    dials_short: bool,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct ChoiceRow {
    menu_id: String,
    choice: String,
    #[sqlx(flatten)]
    to: DestinationRow,
}

#[derive(sqlx::FromRow)]
struct DialableRow {
    account_id: String,
    short_number: String,
    to_staff_id: Option<String>,
    to_department_id: Option<String>,
}

/// By name.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Menu>, StoreError> {
    let rows: Vec<Row> = db.all(LIST, args![account]).await?;
    let choices: Vec<ChoiceRow> = db.all(CHOICES, args![account]).await?;
    rows.iter().map(|row| read(row, &choices)).collect()
}

pub async fn get(db: &Db, account: AccountId, menu: MenuId) -> Result<Menu, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, menu]).await?;
    let choices: Vec<ChoiceRow> = db.all(CHOICES, args![account]).await?;
    read(&row.ok_or(StoreError::NotFound)?, &choices)
}

/// The dial plan's part. One menu that cannot be read must not take everybody's plan away.
pub(crate) async fn section(db: &Db) -> Result<MenuSection, StoreError> {
    let rows: Vec<Row> = db.all(EVERY, args![]).await?;
    let mut by_menu: BTreeMap<String, Vec<ChoiceRow>> = BTreeMap::new();
    for choice in db.all::<ChoiceRow>(EVERY_CHOICE, args![]).await? {
        by_menu.entry(choice.menu_id.clone()).or_default().push(choice);
    }
    let mut menus = Vec::with_capacity(rows.len());
    for row in rows {
        match read(&row, &by_menu.remove(&row.id).unwrap_or_default()) {
            Ok(menu) => menus.push(menu.plan),
            Err(error) => tracing::error!(%error, "a menu is left out"),
        }
    }
    let mut others = Vec::new();
    for row in db.all::<DialableRow>(DIALABLE, args![]).await? {
        let to = match (&row.to_staff_id, &row.to_department_id) {
            (Some(staff), _) => Destination::Staff(id(staff)?),
            (None, Some(department)) => Destination::Department(id(department)?),
            (None, None) => continue,
        };
        if let Ok(short) = ShortNumber::read(&row.short_number) {
            others.push((id(&row.account_id)?, short, to));
        }
    }
    Ok(MenuSection::new(menus, others).greeting_callers(numbers::greetings(db).await?))
}

pub async fn create(db: &Db, author: &Author, patch: MenuPatch) -> Result<Menu, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut ids = author.stamp.ids();
    let menu = MenuId::new(ids.now, ids.random());
    let patch = MenuPatch {
        name: Some(patch.name.unwrap_or_default()),
        prompt: Some(patch.prompt.unwrap_or_default()),
        ..patch
    };
    let nothing = PlanMenu::new(menu, author.account, "".into(), PromptId::from_u128(0));
    let plan = rules::patched(nothing, patch, &account.region)?;
    let mut tx = db.begin().await?;
    let others: Vec<Row> = tx.all(LIST, args![author.account]).await?;
    if others.len() >= MOST {
        return Err(StoreError::Refused {
            code: "too_many",
            detail: "200 menus at most",
        });
    }
    known(&mut tx, &plan).await?;
    let mut values = args![menu, author.account, ids.now];
    values.extend(values_of(&plan));
    tx.run(INSERT, values).await.map_err(raced)?;
    choose(&mut tx, &plan).await?;
    let deed = author.deed("menu.created", "menu", menu.to_string());
    let after = Some(told(&plan));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    Ok(Menu { plan, version: 1 })
}

pub async fn update(
    db: &Db,
    author: &Author,
    menu: MenuId,
    patch: MenuPatch,
    version: Option<i64>,
) -> Result<Menu, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let row: Option<Row> = tx.one(GET, args![author.account, menu]).await?;
    let choices: Vec<ChoiceRow> = tx.all(CHOICES, args![author.account]).await?;
    let before = read(&row.ok_or(StoreError::NotFound)?, &choices)?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Stale);
    }
    let after = rules::patched(before.plan.clone(), patch, &account.region)?;
    known(&mut tx, &after).await?;
    let mut values = args![menu, before.version];
    values.extend(values_of(&after));
    if tx.run(UPDATE, values).await.map_err(raced)? == 0 {
        return Err(StoreError::Stale);
    }
    tx.run(NO_CHOICES, args![menu]).await?;
    choose(&mut tx, &after).await?;
    let deed = author.deed("menu.updated", "menu", menu.to_string());
    let deed = Deed {
        before: Some(told(&before.plan)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    Ok(Menu {
        plan: after,
        version: before.version.saturating_add(1),
    })
}

/// Callers who are in it stay to its end. Refused while calls are sent to it.
///
/// # Errors
/// `NotFound`, or `Stale` when it is in another version than `version`; `InUse` while calls are sent to it.
pub async fn delete(db: &Db, author: &Author, menu: MenuId, version: Option<i64>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let row: Option<Row> = tx.one(GET, args![author.account, menu]).await?;
    let choices: Vec<ChoiceRow> = tx.all(CHOICES, args![author.account]).await?;
    let before = read(&row.ok_or(StoreError::NotFound)?, &choices)?;
    StoreError::unless(before.version, version)?;
    destinations::not_used(&mut tx, Destination::Menu(menu)).await?;
    tx.run(NO_CHOICES, args![menu]).await?;
    if tx.run(DELETE, args![author.account, menu, version]).await? == 0 {
        return Err(StoreError::missed(version));
    }
    let deed = author.deed("menu.deleted", "menu", menu.to_string());
    let before = Some(told(&before.plan));
    audit::write(&mut tx, &mut author.stamp.ids(), Deed { before, ..deed }).await?;
    tx.commit().await
}

/// What it names is the account's, and nobody else has its short number.
async fn known(tx: &mut Tx, menu: &PlanMenu) -> Result<(), StoreError> {
    let mut faults = Vec::new();
    if tx.count(PROMPT, args![menu.account, menu.prompt]).await? == 0 {
        faults.push(rules::no_prompt());
    }
    for (choice, to) in choices_of(menu) {
        let field = match &*choice {
            TIMEOUT => "on_timeout".to_owned(),
            INVALID => "on_invalid".to_owned(),
            key => format!("keys.{key}"),
        };
        if let Some(to) = to {
            faults.extend(destinations::fault(tx, menu.account, (&field, to)).await?);
        }
    }
    StoreError::invalid(faults)?;
    let Some(short) = menu.short_number else { return Ok(()) };
    match tx.count(TAKEN, args![menu.account, short.to_string(), menu.id]).await? {
        0 => Ok(()),
        _ => Err(taken()),
    }
}

async fn choose(tx: &mut Tx, menu: &PlanMenu) -> Result<(), StoreError> {
    for (choice, to) in choices_of(menu) {
        let mut values = args![menu.id, choice];
        values.extend(destinations::columns(to));
        tx.run(CHOOSE, values).await?;
    }
    Ok(())
}

/// Its keys, and what is done with callers who press none of them.
fn choices_of(menu: &PlanMenu) -> Vec<(String, Option<Destination>)> {
    let keys = menu.keys.iter().map(|(key, to)| (key.to_string(), *to));
    let others = [(TIMEOUT, menu.on_timeout), (INVALID, menu.on_invalid)];
    let others = others.into_iter().filter(|(_, to)| to.is_some());
    keys.chain(others.map(|(choice, to)| (choice.to_owned(), to))).collect()
}

fn values_of(menu: &PlanMenu) -> Vec<Arg> {
    args![
        &*menu.name,
        menu.short_number.map(|short| short.to_string()),
        menu.prompt,
        i64::from(menu.timeout_ms),
        i64::from(menu.between_ms),
        i64::from(menu.retries),
        menu.dials_short,
    ]
}

/// `choices` are those of all menus that are read.
fn read(row: &Row, choices: &[ChoiceRow]) -> Result<Menu, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of a menu"));
    let mut plan = PlanMenu::new(
        id(&row.id)?,
        id(&row.account_id)?,
        row.name.as_str().into(),
        id(&row.prompt_id)?,
    );
    plan.short_number = row
        .short_number
        .as_deref()
        .and_then(|short| ShortNumber::read(short).ok());
    plan.timeout_ms = u32::try_from(row.timeout_ms).map_err(|_| corrupt("timeout_ms"))?;
    plan.between_ms = u32::try_from(row.between_ms).map_err(|_| corrupt("between_ms"))?;
    plan.retries = u8::try_from(row.retries).map_err(|_| corrupt("retries"))?;
    plan.dials_short = row.dials_short;
    for choice in choices.iter().filter(|choice| choice.menu_id == row.id) {
        let to = choice.to.read()?;
        match &*choice.choice {
            TIMEOUT => plan.on_timeout = to,
            INVALID => plan.on_invalid = to,
            key => {
                plan.keys.extend(key.chars().next().map(|key| (key, to)));
            }
        }
    }
    Ok(Menu {
        plan,
        version: row.version,
    })
}

fn taken() -> StoreError {
    let fault = FieldError::new("short_number", "taken", "somebody else has this short number");
    StoreError::Taken(vec![fault])
}

/// Two writers at once: the second one meets the index.
fn raced(error: StoreError) -> StoreError {
    if error.is_unique() { taken() } else { error }
}

/// For the audit.
fn told(menu: &PlanMenu) -> Value {
    let choices = choices_of(menu);
    let choices: Map<String, Value> = choices
        .into_iter()
        .map(|(choice, to)| (choice, to.map_or(Value::Null, destinations::told)))
        .collect();
    json!({
        "name": &*menu.name,
        "short_number": menu.short_number.map(|short| short.to_string()),
        "prompt_id": menu.prompt.to_string(),
        "timeout_ms": menu.timeout_ms,
        "between_ms": menu.between_ms,
        "retries": menu.retries,
        "dials_short": menu.dials_short,
        "choices": choices,
    })
}
