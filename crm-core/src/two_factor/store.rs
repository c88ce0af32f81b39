use frontdesk_routing::ids::{AccountId, StaffId};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::code::{base32, step_of};
use super::{Begun, Checked, Status};
use crate::audit::{self, Actor, Author, Deed};
use crate::logins::{self, Known};
use crate::store::{Db, FieldError, Ids, StoreError, Tx, args};
use crate::tokens;

const STATUS: &str = "SELECT f.secret, f.confirmed_at, f.last_step, a.two_factor_required, a.name, a.number, s.login, s.email, \
    (SELECT COUNT(*) FROM recovery_codes r WHERE r.staff_id = s.id AND r.used_at IS NULL) AS codes \
    FROM staff s JOIN accounts a ON a.id = s.account_id LEFT JOIN two_factor f ON f.staff_id = s.id \
    WHERE s.account_id = $1 AND s.id = $2 AND s.deleted_at IS NULL";
const BEGIN: &str = "INSERT INTO two_factor (staff_id, secret, last_step) VALUES ($1, $2, 0) \
    ON CONFLICT (staff_id) DO UPDATE SET secret = $2, last_step = 0 WHERE two_factor.confirmed_at IS NULL";
const CONFIRM: &str =
    "UPDATE two_factor SET confirmed_at = $2, last_step = $3 WHERE staff_id = $1 AND confirmed_at IS NULL";
/// Of two who use one code at the same moment, one changes the row.
const USE: &str = "UPDATE two_factor SET last_step = $2 WHERE staff_id = $1 AND last_step < $2";
const REMOVE: &str = "DELETE FROM two_factor WHERE staff_id = $1";
const KEEP: &str = "INSERT INTO recovery_codes (staff_id, code_hash) VALUES ($1, $2)";
const RECOVER: &str =
    "UPDATE recovery_codes SET used_at = $3 WHERE staff_id = $1 AND code_hash = $2 AND used_at IS NULL";
const FORGET: &str = "DELETE FROM recovery_codes WHERE staff_id = $1";

pub(crate) const ALL: &[&str] = &[STATUS, BEGIN, CONFIRM, USE, REMOVE, KEEP, RECOVER, FORGET];

const SECRET_BYTES: usize = 20;
const RECOVERY_CODES: usize = 10;
/// 80 bits each: one round of SHA-256 is what they need.
const RECOVERY_BYTES: usize = 10;

#[derive(sqlx::FromRow)]
struct Row {
    secret: Option<String>,
    confirmed_at: Option<i64>,
    last_step: Option<i64>,
    two_factor_required: bool,
    name: String,
    number: i64,
    login: Option<String>,
    email: Option<String>,
    codes: i64,
}

impl Row {
    fn enabled(&self) -> bool {
        self.confirmed_at.is_some()
    }

    fn step_of(&self, code: &str, now: i64) -> Option<i64> {
        let secret = hex::decode(self.secret.as_deref()?).ok()?;
        step_of(&secret, code, now, self.last_step?)
    }
}

pub async fn status(db: &Db, account: AccountId, staff: StaffId) -> Result<Status, StoreError> {
    let row: Option<Row> = db.one(STATUS, args![account, staff]).await?;
    let row = row.ok_or(StoreError::NotFound)?;
    Ok(Status {
        enabled: row.enabled(),
        required: row.two_factor_required,
        recovery_codes: if row.enabled() { row.codes } else { 0 },
    })
}

/// Makes a new secret, which counts for nothing until a code of it has been shown.
pub async fn begin(db: &Db, author: &Author, staff: StaffId) -> Result<Begun, StoreError> {
    let mut ids = author.stamp.ids();
    let secret = random(&mut ids, SECRET_BYTES);
    let mut tx = db.begin().await?;
    let row = of(&mut tx, author.account, staff).await?;
    if tx.run(BEGIN, args![staff, hex::encode(&secret)]).await? == 0 {
        return Err(StoreError::Refused {
            code: "two_factor_on",
            detail: "there is one already: switch it off first",
        });
    }
    tx.commit().await?;
    let login = row.login.map(|login| format!("{}_{login}", row.number));
    let who = login.or(row.email).unwrap_or_else(|| row.number.to_string());
    let (company, who, secret) = (escaped(&row.name), escaped(&who), base32(&secret));
    Ok(Begun {
        uri: format!("otpauth://totp/{company}:{who}?secret={secret}&issuer={company}"),
        secret,
    })
}

/// From here on a code is needed, the person's other logins end, and their own one is shown by `token`; gives the recovery
/// codes, which are kept as hashes.
pub async fn confirm(
    db: &Db,
    author: &Author,
    staff: StaffId,
    (code, token): (&str, &str),
) -> Result<Vec<String>, StoreError> {
    let (mut ids, now) = (author.stamp.ids(), author.stamp.unix_ms);
    let mut tx = db.begin().await?;
    let row = of(&mut tx, author.account, staff).await?;
    let step = row.step_of(&typed(code), now).ok_or_else(wrong)?;
    if tx.run(CONFIRM, args![staff, now, step]).await? == 0 {
        return Err(wrong());
    }
    tx.run(FORGET, args![staff]).await?;
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let code = base32(&random(&mut ids, RECOVERY_BYTES)).to_lowercase();
        tx.run(KEEP, args![staff, hash(&code)]).await?;
        codes.push(grouped(&code));
    }
    logins::end_others(&mut tx, author, staff, Some(token)).await?;
    let deed = author.deed("two_factor.enabled", "staff", staff.to_string());
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    Ok(codes)
}

/// The password is enough again, which is to be shown by one more code.
pub async fn disable(db: &Db, author: &Author, staff: StaffId, code: &str) -> Result<(), StoreError> {
    let mut ids = author.stamp.ids();
    let mut tx = db.begin().await?;
    let row = of(&mut tx, author.account, staff).await?;
    if row.two_factor_required {
        return Err(StoreError::Refused {
            code: "two_factor_required",
            detail: "the account wants a second factor of everybody",
        });
    }
    if !row.enabled()
        || used(&mut tx, &row, staff, (code, author.stamp.unix_ms))
            .await?
            .is_none()
    {
        return Err(wrong());
    }
    remove(
        &mut tx,
        &mut ids,
        author.deed("two_factor.disabled", "staff", staff.to_string()),
        staff,
    )
    .await?;
    tx.commit().await
}

/// For somebody who has lost both authenticator and recovery codes: their logins and tokens end.
pub async fn reset(db: &Db, author: &Author, staff: StaffId) -> Result<(), StoreError> {
    let mut ids = author.stamp.ids();
    let mut tx = db.begin().await?;
    if !of(&mut tx, author.account, staff).await?.enabled() {
        return Err(StoreError::NotFound);
    }
    logins::end_all_of(&mut tx, staff, author.login, author.stamp.unix_ms).await?;
    let ended = tokens::revoke_all_of(&mut tx, staff, author.stamp.unix_ms).await?;
    let deed = author.deed("two_factor.reset", "staff", staff.to_string());
    let after = Some(json!({ "tokens_revoked": ended }));
    remove(&mut tx, &mut ids, Deed { after, ..deed }, staff).await?;
    tx.commit().await
}

/// The second half of a login, after the right password. A right code is used up by this.
pub async fn check(
    db: &Db,
    known: &Known,
    (code, ip): (Option<&str>, Option<String>),
    mut ids: Ids,
) -> Result<Checked, StoreError> {
    let mut tx = db.begin().await?;
    let row = of(&mut tx, known.account, known.staff).await?;
    if !row.enabled() {
        return Ok(Checked::NotNeeded);
    }
    let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
        return Ok(Checked::Missing);
    };
    let found = used(&mut tx, &row, known.staff, (code, ids.now)).await?;
    let action = match found {
        Some(Factor::Code) => None,
        Some(Factor::Recovery) => Some("two_factor.recovery_used"),
        None => Some("two_factor.refused"),
    };
    if let Some(action) = action {
        let actor = Actor {
            staff: Some(known.staff),
            name: known.name.clone(),
            ip,
        };
        let deed = Deed {
            account: known.account,
            action,
            entity: "staff",
            entity_id: known.staff.to_string(),
            before: None,
            after: None,
            actor: &actor,
        };
        audit::write(&mut tx, &mut ids, deed).await?;
    }
    tx.commit().await?;
    Ok(if found.is_some() {
        Checked::Right
    } else {
        Checked::Wrong
    })
}

enum Factor {
    Code,
    Recovery,
}

/// Uses a code up, if it is one of either kind.
async fn used(tx: &mut Tx, row: &Row, staff: StaffId, (code, now): (&str, i64)) -> Result<Option<Factor>, StoreError> {
    let code = typed(code);
    if let Some(step) = row.step_of(&code, now) {
        let first = tx.run(USE, args![staff, step]).await? > 0;
        return Ok(first.then_some(Factor::Code));
    }
    let found = tx.run(RECOVER, args![staff, hash(&code), now]).await? > 0;
    Ok(found.then_some(Factor::Recovery))
}

async fn of(tx: &mut Tx, account: AccountId, staff: StaffId) -> Result<Row, StoreError> {
    let row: Option<Row> = tx.one(STATUS, args![account, staff]).await?;
    row.ok_or(StoreError::NotFound)
}

async fn remove(tx: &mut Tx, ids: &mut Ids, deed: Deed<'_>, staff: StaffId) -> Result<(), StoreError> {
    tx.run(REMOVE, args![staff]).await?;
    tx.run(FORGET, args![staff]).await?;
    audit::write(tx, ids, deed).await
}

fn wrong() -> StoreError {
    let message = "not the code of this moment; check the clock of the device";
    StoreError::Invalid(vec![FieldError::new("code", "invalid", message)])
}

/// As it was told, whatever spaces, dashes and capitals it is typed with.
fn typed(code: &str) -> String {
    let letters = code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    letters.take(64).flat_map(char::to_lowercase).collect()
}

fn grouped(code: &str) -> String {
    let (first, second) = code.split_at_checked(code.len() / 2).unwrap_or((code, ""));
    format!("{first}-{second}")
}

fn hash(code: &str) -> String {
    hex::encode(Sha256::digest(code.as_bytes()))
}

fn random(ids: &mut Ids, count: usize) -> Vec<u8> {
    let words = std::iter::repeat_with(|| ids.random().to_be_bytes());
    words.flatten().take(count).collect()
}

/// For a URI (RFC 3986 section 2.1).
fn escaped(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}
