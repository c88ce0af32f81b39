use frontdesk_routing::emergency::ALWAYS;
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::ShortNumber;
use serde_json::{Value, json};

use super::{Conflict, Emergency, EmergencyPatch, PlanEmergency};
use crate::accounts;
use crate::audit::{self, Author, Deed};
use crate::store::text::id;
use crate::store::{Db, FieldError, StoreError, args};

const GET: &str =
    "SELECT account_id, numbers, prefix, before_short_numbers, version FROM emergency_settings WHERE account_id = $1";
const SECTION: &str =
    "SELECT account_id, numbers, prefix, before_short_numbers, version FROM emergency_settings ORDER BY account_id";
const PUT: &str = "INSERT INTO emergency_settings (account_id, numbers, prefix, before_short_numbers, updated_at, version) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id) DO UPDATE SET numbers = excluded.numbers, \
    prefix = excluded.prefix, before_short_numbers = excluded.before_short_numbers, updated_at = excluded.updated_at, \
    version = excluded.version WHERE emergency_settings.version = excluded.version - 1";
const SHORT: &str = "SELECT short_number FROM staff WHERE account_id = $1 AND short_number IS NOT NULL \
    AND deleted_at IS NULL UNION SELECT short_number FROM departments WHERE account_id = $1 \
    UNION SELECT short_number FROM menus WHERE account_id = $1 AND short_number IS NOT NULL ORDER BY short_number";

pub(crate) const ALL: &[&str] = &[GET, SECTION, PUT, SHORT];

const MOST_NUMBERS: usize = 20;
const NUMBER: &str = "2 to 6 digits";

#[derive(sqlx::FromRow)]
struct Row {
    account_id: String,
    /// One a line.
    numbers: String,
    prefix: Option<String>,
    before_short_numbers: bool,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct Short {
    short_number: String,
}

pub async fn get(db: &Db, account: AccountId) -> Result<Emergency, StoreError> {
    let row: Option<Row> = db.one(GET, args![account]).await?;
    let (settings, version) = match row {
        Some(row) => (row.read()?, row.version),
        None => (PlanEmergency::usual(&accounts::get(db, account).await?.region), 0),
    };
    let taken: Vec<Short> = db.all(SHORT, args![account]).await?;
    let taken = taken.into_iter().map(|short| short.short_number);
    Ok(Emergency {
        account,
        conflicts: taken.filter_map(|short| conflict(&settings, short)).collect(),
        settings,
        version,
    })
}

pub async fn update(
    db: &Db,
    author: &Author,
    patch: EmergencyPatch,
    version: Option<i64>,
) -> Result<Emergency, StoreError> {
    let account = author.account;
    let before = get(db, account).await?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Stale);
    }
    let after = patched(before.settings.clone(), patch)?;
    let mut tx = db.begin().await?;
    let values = args![
        account,
        lines(&after),
        after.prefix.as_deref(),
        after.before_short_numbers,
        author.stamp.unix_ms,
        before.version.saturating_add(1),
    ];
    if tx.run(PUT, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("emergency.updated", "account", account.to_string());
    let deed = Deed {
        before: Some(told(&before.settings)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, account).await
}

/// The accounts that have set something, for the dial plan.
pub(crate) async fn planned(db: &Db) -> Result<Vec<(AccountId, PlanEmergency)>, StoreError> {
    let rows: Vec<Row> = db.all(SECTION, args![]).await?;
    rows.iter().map(|row| Ok((id(&row.account_id)?, row.read()?))).collect()
}

/// The settings after the patch, or every fault at once.
fn patched(mut settings: PlanEmergency, patch: EmergencyPatch) -> Result<PlanEmergency, StoreError> {
    let mut faults = Vec::new();
    if let Some(typed) = patch.numbers {
        match numbers(&typed) {
            Ok(numbers) => settings.numbers = numbers,
            Err(fault) => faults.push(fault),
        }
    }
    if let Some(prefix) = patch.prefix {
        let prefix = prefix
            .map(|prefix| prefix.trim().to_owned())
            .filter(|prefix| !prefix.is_empty());
        let good = |prefix: &String| prefix.len() <= 3 && prefix.bytes().all(|byte| byte.is_ascii_digit());
        match prefix {
            Some(prefix) if !good(&prefix) => {
                faults.push(FieldError::new("prefix", "invalid", "1 to 3 digits, or null"));
            }
            prefix => settings.prefix = prefix.map(String::into_boxed_str),
        }
    }
    settings.before_short_numbers = patch.before_short_numbers.unwrap_or(settings.before_short_numbers);
    StoreError::invalid(faults)?;
    Ok(settings)
}

/// 112 need not be said.
fn numbers(typed: &[String]) -> Result<Vec<ShortNumber>, FieldError> {
    if typed.len() > MOST_NUMBERS {
        return Err(FieldError::new("numbers", "too_long", "20 at most"));
    }
    let mut all: Vec<ShortNumber> = Vec::new();
    for (place, typed) in typed.iter().enumerate() {
        let wrong = |_| FieldError::new(&format!("numbers[{place}]"), "invalid", NUMBER);
        let number = ShortNumber::read(typed.trim()).map_err(wrong)?;
        if number.to_string() != ALWAYS && !all.contains(&number) {
            all.push(number);
        }
    }
    Ok(all)
}

fn conflict(settings: &PlanEmergency, short: String) -> Option<Conflict> {
    let emergency = |text: &str| {
        let number = ShortNumber::read(text).ok();
        text == ALWAYS || number.is_some_and(|number| settings.numbers.contains(&number))
    };
    let prefixed = settings.prefix.as_deref().and_then(|prefix| short.strip_prefix(prefix));
    let prefixed = prefixed.is_some_and(emergency);
    let is_emergency = prefixed || short == ALWAYS || settings.before_short_numbers;
    (prefixed || emergency(&short)).then_some(Conflict {
        short_number: short,
        is_emergency,
    })
}

fn lines(settings: &PlanEmergency) -> String {
    let numbers: Vec<String> = settings.numbers.iter().map(ShortNumber::to_string).collect();
    numbers.join("\n")
}

fn told(settings: &PlanEmergency) -> Value {
    json!({
        "numbers": lines(settings).lines().collect::<Vec<_>>(),
        "prefix": settings.prefix,
        "before_short_numbers": settings.before_short_numbers,
    })
}

impl Row {
    fn read(&self) -> Result<PlanEmergency, StoreError> {
        let read = |line: &str| {
            let wrong = |_| StoreError::Corrupt(format!("an emergency number of {}", self.account_id));
            ShortNumber::read(line).map_err(wrong)
        };
        Ok(PlanEmergency {
            numbers: self.numbers.lines().map(read).collect::<Result<_, _>>()?,
            prefix: self.prefix.clone().map(String::into_boxed_str),
            before_short_numbers: self.before_short_numbers,
        })
    }
}
