//! Connected numbers that somebody's calls show.

use frontdesk_routing::ids::AccountId;

use super::e164;
use crate::store::{FieldError, StoreError, Tx, args};

const CONNECTED: &str = "SELECT COUNT(*) AS count FROM numbers WHERE account_id = $1 AND number = $2";
const DISPLAYED: &str = "SELECT surname, given_name, patronymic FROM staff WHERE account_id = $1 \
    AND (displayed_number = $2 OR emergency_number = $2) AND deleted_at IS NULL ORDER BY sort_name, id LIMIT 4";
const LINES: &str = "SELECT name FROM trunks WHERE account_id = $1 AND shown_number = $2 ORDER BY name, id LIMIT 4";
const SETTINGS: &str = "SELECT COUNT(CASE WHEN single_number = $2 THEN 1 END) AS single, \
    COUNT(CASE WHEN emergency_number = $2 THEN 1 END) AS emergency FROM accounts WHERE id = $1";

pub(crate) const ALL: &[&str] = &[CONNECTED, DISPLAYED, LINES, SETTINGS];

/// People and lines who are named before the others are only counted as more.
const MOST_NAMED: usize = 3;

#[derive(sqlx::FromRow)]
struct NameRow {
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    name: String,
}

#[derive(sqlx::FromRow)]
struct SettingsRow {
    single: i64,
    emergency: i64,
}

/// E.164 of what was typed; nothing when it was empty.
pub(crate) fn typed(field: &str, typed: Option<String>, region: &str) -> Result<Option<String>, FieldError> {
    let typed = typed.filter(|typed| !typed.trim().is_empty());
    typed.map(|typed| e164(field, typed.trim(), region)).transpose()
}

/// What is wrong with a number that is to be shown: it is none of the account's connected ones.
pub(crate) async fn not_connected(
    tx: &mut Tx,
    account: AccountId,
    (field, number): (&str, Option<&str>),
) -> Result<Option<FieldError>, StoreError> {
    let Some(number) = number else { return Ok(None) };
    Ok(match tx.count(CONNECTED, args![account, number]).await? {
        0 => Some(FieldError::new(
            field,
            "not_connected",
            "only a connected number can be shown",
        )),
        _ => None,
    })
}

/// Refused while calls show the number, with who has to get another one first (L32).
pub(crate) async fn not_shown(tx: &mut Tx, account: AccountId, number: &str) -> Result<(), StoreError> {
    let people: Vec<NameRow> = tx.all(DISPLAYED, args![account, number]).await?;
    let settings: Option<SettingsRow> = tx.one(SETTINGS, args![account, number]).await?;
    let mut users: Vec<String> = Vec::new();
    if let Some(settings) = settings {
        users.extend((settings.single > 0).then(|| "the account as its single number".to_owned()));
        users.extend((settings.emergency > 0).then(|| "the account on emergency calls".to_owned()));
    }
    let lines: Vec<LineRow> = tx.all(LINES, args![account, number]).await?;
    let more = people.len() > MOST_NAMED || lines.len() > MOST_NAMED;
    users.extend(people.into_iter().take(MOST_NAMED).map(|row| {
        let parts = [row.surname, row.given_name, row.patronymic];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }));
    let lines = lines.into_iter().take(MOST_NAMED);
    users.extend(lines.map(|line| format!("the line {}", line.name)));
    users.extend(more.then(|| "others".to_owned()));
    if users.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "it is shown by {}: have them show another number first",
        users.join(", ")
    );
    Err(StoreError::InUse(detail))
}
