use frontdesk_routing::ids::{LoginId, StaffId};
use sha2::{Digest, Sha256};

use super::password::verify;
use super::{From, Known, Lifetime, Opened, Session};
use crate::access::Role;
use crate::audit::{self, Actor, Author, Deed};
use crate::store::text::id;
use crate::store::{Db, Ids, Stamp, StoreError, Tx, args};

const BY_LOGIN: &str = "SELECT s.id, s.account_id, s.password_hash, s.role, s.surname, s.given_name, s.patronymic FROM staff s \
    JOIN accounts a ON a.id = s.account_id \
    WHERE a.number = $1 AND lower(s.login) = lower($2) AND s.deleted_at IS NULL \
    AND (s.access_until IS NULL OR s.access_until > $3)";
const BY_EMAIL: &str = "SELECT id, account_id, password_hash, role, surname, given_name, patronymic FROM staff \
    WHERE is_main AND lower(email) = lower($1) AND deleted_at IS NULL";
const INSERT: &str = "INSERT INTO logins (id, account_id, staff_id, token_hash, csrf, kind, ip, user_agent, created_at, \
    last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, 'web', $6, $7, $8, $8, $9)";
const LOGGED_IN: &str = "UPDATE staff SET last_login_at = $2, last_seen_at = $2 WHERE id = $1";
const FIND: &str = "SELECT l.id, l.account_id, l.staff_id, l.csrf, l.created_at, l.last_seen_at, l.expires_at, s.surname, s.given_name, \
    s.patronymic, s.role, a.rights_version, (a.two_factor_required AND f.confirmed_at IS NULL) AS must_enrol FROM logins l \
    JOIN staff s ON s.id = l.staff_id JOIN accounts a ON a.id = l.account_id LEFT JOIN two_factor f ON f.staff_id = l.staff_id \
    WHERE l.token_hash = $1 AND l.ended_at IS NULL AND l.expires_at > $2 AND s.deleted_at IS NULL \
    AND (s.access_until IS NULL OR s.access_until > $2)";
const TOUCH: &str = "UPDATE logins SET last_seen_at = $2, expires_at = $3 WHERE id = $1 AND ended_at IS NULL";
const SEEN: &str = "UPDATE staff SET last_seen_at = $2 WHERE id = $1";
const END: &str = "UPDATE logins SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
const REPLACE: &str = "UPDATE logins SET ended_at = $2 WHERE token_hash = $1 AND ended_at IS NULL \
    RETURNING account_id, staff_id";
const RENEW: &str = "UPDATE logins SET token_hash = $2 WHERE id = $1 AND ended_at IS NULL";
const END_ALL: &str =
    "UPDATE logins SET ended_at = $2 WHERE staff_id = $1 AND ended_at IS NULL AND (id <> $3 OR $3 IS NULL)";

pub(crate) const ALL: &[&str] = &[
    BY_LOGIN, BY_EMAIL, INSERT, LOGGED_IN, FIND, TOUCH, SEEN, END, REPLACE, RENEW, END_ALL,
];

#[derive(sqlx::FromRow)]
struct KnownRow {
    id: String,
    account_id: String,
    password_hash: Option<String>,
    role: Option<String>,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    id: String,
    account_id: String,
    staff_id: String,
    csrf: String,
    created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
    role: Option<String>,
    rights_version: i64,
    must_enrol: bool,
}

#[derive(sqlx::FromRow)]
struct WhoseRow {
    account_id: String,
    staff_id: String,
}

/// `19079_ivan`, or the main account's e-mail, which is let in for ever. Whoever cannot log in costs the same work as a wrong
/// password, and so does whose access has ended by `now` (unix milliseconds).
pub async fn authenticate(db: &Db, login: &str, password: String, now: i64) -> Result<Option<Known>, StoreError> {
    let row: Option<KnownRow> = if login.contains('@') {
        db.one(BY_EMAIL, args![login]).await?
    } else {
        match login
            .split_once('_')
            .and_then(|(number, login)| Some((number.parse::<i64>().ok()?, login)))
        {
            Some((number, login)) => db.one(BY_LOGIN, args![number, login, now]).await?,
            None => None,
        }
    };
    let row = row.filter(|row| row.role.is_some());
    let hash = row.as_ref().and_then(|row| row.password_hash.clone());
    if !verify(password, hash).await? {
        return Ok(None);
    }
    row.map(|row| {
        Ok(Known {
            account: id(&row.account_id)?,
            staff: id(&row.id)?,
            name: joined([row.surname, row.given_name, row.patronymic]),
        })
    })
    .transpose()
}

/// A new session of somebody known, in place of the one that the browser had, whoever's that was.
pub async fn open(db: &Db, known: &Known, from: From, lifetime: Lifetime, stamp: Stamp) -> Result<Opened, StoreError> {
    let mut ids = stamp.ids();
    let now = stamp.unix_ms;
    let login = LoginId::new(now, ids.random());
    let mut opened = Opened {
        id: login,
        token: fresh_token(&mut ids),
        csrf: ids.secret(32),
        ended: None,
    };
    let agent: Option<String> = from.user_agent.map(|agent| agent.chars().take(300).collect());
    let mut tx = db.begin().await?;
    let values = args![
        login,
        known.account,
        known.staff,
        token_hash(&opened.token),
        &opened.csrf,
        &from.ip,
        agent,
        now,
        expires_at(lifetime, now, now),
    ];
    if let Some(before) = &from.session {
        let row: Option<WhoseRow> = tx.one(REPLACE, args![token_hash(before), now]).await?;
        let whose = row.map(|row| Ok::<_, StoreError>((id(&row.account_id)?, id(&row.staff_id)?)));
        opened.ended = whose.transpose()?;
    }
    tx.run(INSERT, values).await?;
    tx.run(LOGGED_IN, args![known.staff, now]).await?;
    let actor = Actor {
        staff: Some(known.staff),
        name: known.name.clone(),
        ip: from.ip,
    };
    let deed = Deed {
        account: known.account,
        action: "login.opened",
        entity: "login",
        entity_id: login.to_string(),
        before: None,
        after: None,
        actor: &actor,
    };
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    Ok(opened)
}

/// The live session of a token whose owner still has access at `now`, in unix milliseconds.
pub async fn find_by_token(db: &Db, token: &str, now: i64) -> Result<Option<Session>, StoreError> {
    let row: Option<SessionRow> = db.one(FIND, args![token_hash(token), now]).await?;
    let Some(row) = row else { return Ok(None) };
    let Some(role) = row.role.as_deref().and_then(Role::named) else {
        return Ok(None);
    };
    Ok(Some(Session {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        staff: id(&row.staff_id)?,
        name: joined([row.surname, row.given_name, row.patronymic]),
        role,
        rights_version: row.rights_version,
        must_enrol: row.must_enrol,
        csrf: row.csrf,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
    }))
}

/// The session was used: it lives on, but not for longer than a session may.
pub async fn touch(db: &Db, session: &Session, lifetime: Lifetime, now: i64) -> Result<(), StoreError> {
    let until = expires_at(lifetime, session.created_at, now);
    db.run(TOUCH, args![session.id, now, until]).await?;
    db.run(SEEN, args![session.staff, now]).await.map(drop)
}

pub async fn end(db: &Db, login: LoginId, now: i64) -> Result<(), StoreError> {
    db.run(END, args![login, now]).await.map(drop)
}

/// What a browser shows a session by.
pub fn fresh_token(ids: &mut Ids) -> String {
    ids.secret(43)
}

fn expires_at(lifetime: Lifetime, created_at: i64, now: i64) -> i64 {
    let idle = now.saturating_add(lifetime.idle_ms);
    idle.min(created_at.saturating_add(lifetime.longest_ms))
}

/// What somebody is let in by has changed: their other sessions end, and their own one is shown by another token from here
/// on, when there is one.
pub(crate) async fn end_others(
    tx: &mut Tx,
    author: &Author,
    staff: StaffId,
    token: Option<&str>,
) -> Result<(), StoreError> {
    end_all_of(tx, staff, author.login, author.stamp.unix_ms).await?;
    let own = author.login.filter(|_| author.actor.staff == Some(staff));
    match (own, token) {
        (Some(login), Some(token)) => tx.run(RENEW, args![login, token_hash(token)]).await.map(drop),
        (Some(_), None) | (None, _) => Ok(()),
    }
}

pub(crate) async fn end_all_of(tx: &mut Tx, staff: StaffId, keep: Option<LoginId>, now: i64) -> Result<(), StoreError> {
    tx.run(END_ALL, args![staff, now, keep]).await.map(drop)
}

fn joined(parts: [Option<String>; 3]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Tokens are random and long: one round of SHA-256 is what they need.
pub(crate) fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
