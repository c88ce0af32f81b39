//! What somebody wants to be told, and how.

use frontdesk_routing::ids::{AccountId, StaffId};
use serde_json::{Value, json};

use super::rules::{self, Reach};
use super::{Kind, Language};
use crate::audit::{self, Author, Deed};
use crate::store::text::id;
use crate::store::{Db, StoreError, args};

const GET: &str = "SELECT s.id AS staff_id, s.phone, s.email AS address, n.sms, n.email, n.kinds, n.language, n.version \
    FROM staff s LEFT JOIN notice_settings n ON n.staff_id = s.id \
    WHERE s.account_id = $1 AND s.id = $2 AND s.deleted_at IS NULL";
const PUT: &str = "INSERT INTO notice_settings (staff_id, sms, email, kinds, language, version) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (staff_id) DO UPDATE SET sms = excluded.sms, email = excluded.email, kinds = excluded.kinds, \
    language = excluded.language, version = excluded.version WHERE notice_settings.version = excluded.version - 1";

pub(crate) const ALL: &[&str] = &[GET, PUT];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub staff: StaffId,
    /// By short message to the person's own number.
    pub sms: bool,
    /// By e-mail to the person's own address.
    pub email: bool,
    pub kinds: Vec<Kind>,
    /// `None`: that of the account's country.
    pub language: Option<Language>,
    /// 0 until something is set.
    pub version: i64,
}

/// As typed.
#[derive(Debug, Clone, Default)]
pub struct NewSettings {
    pub sms: bool,
    pub email: bool,
    /// `None`: all, and those that a later version adds.
    pub kinds: Option<Vec<String>>,
    /// `ru` or `en`.
    pub language: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    staff_id: String,
    phone: Option<String>,
    address: Option<String>,
    sms: Option<bool>,
    email: Option<bool>,
    kinds: Option<String>,
    language: Option<String>,
    version: Option<i64>,
}

/// Of somebody who is not deleted.
pub async fn settings(db: &Db, account: AccountId, staff: StaffId) -> Result<Settings, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, staff]).await?;
    row.ok_or(StoreError::NotFound).and_then(|row| read(&row))
}

/// Replaces all of somebody's switches.
///
/// # Errors
/// Something is switched on for which the person has no number or address; an unknown kind or language; `Stale`.
pub async fn put_settings(
    db: &Db,
    author: &Author,
    staff: StaffId,
    new: NewSettings,
    version: Option<i64>,
) -> Result<Settings, StoreError> {
    let mut tx = db.begin().await?;
    let row: Option<Row> = tx.one(GET, args![author.account, staff]).await?;
    let row = row.ok_or(StoreError::NotFound)?;
    let before = read(&row)?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Stale);
    }
    let reach = Reach {
        phone: row.phone.is_some(),
        email: row.address.is_some(),
    };
    let (kinds, language) = rules::checked(&new, reach)?;
    let words = kinds
        .as_ref()
        .map(|kinds| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(","));
    let after = Settings {
        staff,
        sms: new.sms,
        email: new.email,
        kinds: kinds.unwrap_or_else(|| Kind::ALL.to_vec()),
        language,
        version: before.version.saturating_add(1),
    };
    let values = args![
        staff,
        after.sms,
        after.email,
        words,
        language.map(Language::name),
        after.version
    ];
    if tx.run(PUT, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("notices.updated", "staff", staff.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    Ok(after)
}

/// As the table has them. What an older version does not know is not asked for.
pub(super) fn kinds_of(words: Option<&str>) -> Vec<Kind> {
    match words {
        Some(words) => words.split(',').filter_map(Kind::named).collect(),
        None => Kind::ALL.to_vec(),
    }
}

fn read(row: &Row) -> Result<Settings, StoreError> {
    Ok(Settings {
        staff: id(&row.staff_id)?,
        sms: row.sms.unwrap_or(false),
        email: row.email.unwrap_or(false),
        kinds: kinds_of(row.kinds.as_deref()),
        language: row.language.as_deref().and_then(Language::named),
        version: row.version.unwrap_or(0),
    })
}

fn told(settings: &Settings) -> Value {
    json!({
        "sms": settings.sms,
        "email": settings.email,
        "kinds": settings.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
        "language": settings.language.map(Language::name),
    })
}
