use frontdesk_routing::ids::{AccountId, StaffId};
use frontdesk_routing::plan::{Destination, Method};
use serde_json::Value;

use super::caller_id::{self, CallerId};
use super::row::{member, read, told};
use super::rules::{self, Checked};
use super::supervisor::{self, hold};
use super::until::{self, Whose};
use super::{NewStaff, StaffMember, StaffPatch};
use crate::access::Role;
use crate::audit::{self, Author, Deed};
use crate::store::text::id;
use crate::store::{Arg, Db, FieldError, Ids, StoreError, Tx, args};
use crate::{accounts, destinations, groups, logins, numbers, projects, roles, tokens};

const GET: &str = member!("AND s.id = $3");
const NAMES: &str = "SELECT id, surname, given_name, patronymic FROM staff WHERE account_id = $1 AND deleted_at IS NULL \
    ORDER BY sort_name, id";
const INSERT: &str = "INSERT INTO staff (id, account_id, is_main, surname, given_name, patronymic, phone, email, position, \
    work_place, short_number, login, password_hash, role, sort_name, search, created_at, updated_at, version) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, 1)";
pub(super) const UPDATE: &str = "UPDATE staff SET surname = $2, given_name = $3, patronymic = $4, phone = $5, email = $6, position = $7, \
    work_place = $8, short_number = $9, login = $10, role = $11, sort_name = $12, search = $13, updated_at = $14, \
    password_hash = COALESCE($15, password_hash), version = version + 1 WHERE id = $1 AND version = $16";
const DELETE: &str = "UPDATE staff SET deleted_at = $2, updated_at = $2, role = NULL, password_hash = NULL, supervisor_id = NULL, \
    version = version + 1 WHERE id = $1 AND version = $3";
const DELETE_SIP: &str = "DELETE FROM sip_accounts WHERE staff_id = $1";
const DELETE_MEMBER: &str = "DELETE FROM department_members WHERE staff_id = $1";
const TAKEN: &str = "SELECT COUNT(CASE WHEN lower(login) = lower($2) THEN 1 END) AS login, \
    COUNT(CASE WHEN short_number = $3 THEN 1 END) AS short_number \
    FROM staff WHERE account_id = $1 AND deleted_at IS NULL AND id <> $4";
const TAKEN_EMAIL: &str = "SELECT id FROM staff WHERE is_main AND lower(email) = lower($1) AND id <> $2";
const TAKEN_DEPARTMENT: &str = "SELECT id FROM departments WHERE account_id = $1 AND short_number = $2 \
    UNION ALL SELECT id FROM menus WHERE account_id = $1 AND short_number = $2";

pub(crate) const ALL: &[&str] = &[
    GET,
    NAMES,
    INSERT,
    UPDATE,
    DELETE,
    DELETE_SIP,
    DELETE_MEMBER,
    TAKEN,
    TAKEN_EMAIL,
    TAKEN_DEPARTMENT,
];

#[derive(sqlx::FromRow)]
struct NameRow {
    id: String,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
}

#[derive(sqlx::FromRow)]
struct TakenRow {
    login: i64,
    short_number: i64,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    #[expect(dead_code, reason = "that there is a row is the answer")]
    id: String,
}

/// A deleted one too. `now` decides whether there is a live session.
pub async fn get(db: &Db, account: AccountId, staff: StaffId, now: i64) -> Result<StaffMember, StoreError> {
    db.one(GET, args![account, now, staff])
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)
}

/// Id and name of everyone who is not deleted.
pub async fn names(db: &Db, account: AccountId) -> Result<Vec<(StaffId, String)>, StoreError> {
    let rows: Vec<NameRow> = db.all(NAMES, args![account]).await?;
    let name = |row: NameRow| {
        let parts = [row.surname, row.given_name, row.patronymic];
        Ok((id(&row.id)?, parts.into_iter().flatten().collect::<Vec<_>>().join(" ")))
    };
    rows.into_iter().map(name).collect()
}

pub async fn create(db: &Db, author: &Author, new: NewStaff) -> Result<StaffMember, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let checked = rules::new(&new, &account.region)?;
    let whose = Whose {
        main: false,
        zone: &account.time_zone,
        now: author.stamp.unix_ms,
    };
    let access_until = until::patched(None, new.access_until.map(Some), whose)?;
    let project = new.project;
    let mut ids = author.stamp.ids();
    let hash = hashed(new.password, ids.random()).await?;
    let staff = StaffId::new(ids.now, ids.random());
    let mut tx = db.begin().await?;
    hold(&mut tx, author.account).await?;
    let supervisor = new.supervisor.map(Some);
    let supervisor = supervisor::patched(&mut tx, author.account, (staff, None), supervisor).await?;
    free(&mut tx, (author.account, staff), &checked).await?;
    insert(
        &mut tx,
        &ids,
        (author.account, staff, false),
        checked.clone().into_row(),
        hash,
    )
    .await
    .map_err(raced)?;
    let project = project.unwrap_or_else(|| projects::first_of(author.account));
    projects::enter(&mut tx, staff, project).await?;
    let duties = (checked.role, Some(new.further_roles), checked.role.is_none());
    let duties = give_roles(&mut tx, (author.account, staff), duties).await?;
    let settings = (&CallerId::default(), new.caller_id, &*account.region);
    let settings = caller_id::patched(&mut tx, author.account, settings).await?;
    caller_id::set(&mut tx, staff, &settings).await?;
    until::set(&mut tx, staff, access_until).await?;
    supervisor::set(&mut tx, staff, supervisor).await?;
    let deed = author.deed("staff.created", "staff", staff.to_string());
    let told = caller_id::told_with(told_with_roles(&checked, &duties.1), &settings);
    let told = supervisor::told_with(told, supervisor);
    let after = Some(until::told_with(told, access_until));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    get(db, author.account, staff, author.stamp.unix_ms).await
}

/// Without a role there is no access, and live sessions and tokens end; so do sessions after a new password, but for the
/// author's own, and tokens where it was not the person's own doing.
pub async fn update(
    db: &Db,
    author: &Author,
    staff: StaffId,
    patch: StaffPatch,
    version: Option<i64>,
) -> Result<StaffMember, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let new_password = patch.password.is_some();
    let (further, token) = (patch.further_roles.clone(), patch.token.clone());
    let mut ids = author.stamp.ids();
    let hash = match &patch.password {
        Some(password) if password.chars().count() < 1000 => hashed(Some(password.clone()), ids.random()).await?,
        Some(_) | None => None,
    };
    let now = author.stamp.unix_ms;
    let mut tx = db.begin().await?;
    hold(&mut tx, author.account).await?;
    let member = live(&mut tx, author.account, staff, (now, version)).await?;
    let before = Checked::from(&member);
    let whom = rules::Whom {
        main: member.is_main,
        has_password: member.has_password,
    };
    let settings = (&member.caller_id, patch.caller_id.clone(), &*account.region);
    let settings = caller_id::patched(&mut tx, author.account, settings).await;
    let whose = Whose {
        main: member.is_main,
        zone: &account.time_zone,
        now,
    };
    let access_until = until::patched(member.access_until, patch.access_until.clone(), whose);
    let reports = (staff, member.supervisor);
    let supervisor = supervisor::patched(&mut tx, author.account, reports, patch.supervisor.clone()).await;
    let after = rules::patched(before.clone(), patch, &account.region, whom)?;
    let (settings, access_until, supervisor) = (settings?, access_until?, supervisor?);
    if after.phone.is_none() && member.method != Method::Sip {
        let why = "calls to this person go to this number: let them take calls by SIP first";
        return Err(StoreError::Invalid(vec![FieldError::new("phone", "required", why)]));
    }
    free(&mut tx, (author.account, staff), &after).await?;
    if member.is_main {
        sole_email(&mut tx, staff, &after).await?;
    }
    let mut values = args![staff];
    values.extend(after.clone().into_row());
    values.extend(args![now, hash, member.version]);
    changed(tx.run(UPDATE, values).await.map_err(raced)?)?;
    caller_id::set(&mut tx, staff, &settings).await?;
    until::set(&mut tx, staff, access_until).await?;
    supervisor::set(&mut tx, staff, supervisor).await?;
    let duties = (after.role, further, before.role == after.role);
    let duties = give_roles(&mut tx, (author.account, staff), duties).await?;
    let ends = (after.role.is_none(), new_password);
    let ended = until::end(&mut tx, author, (staff, token.as_deref()), ends).await?;
    let deed = author.deed("staff.updated", "staff", staff.to_string());
    let told_after = caller_id::told_with(told_with_roles(&after, &duties.1), &settings);
    let told_after = supervisor::told_with(told_after, supervisor);
    let mut told_after = until::told_with(told_after, access_until);
    if let (true, Some(object)) = (new_password, told_after.as_object_mut()) {
        object.insert("password".into(), "changed".into());
        object.insert("tokens_revoked".into(), ended.into());
    }
    let told_before = caller_id::told_with(told_with_roles(&before, &duties.0), &member.caller_id);
    let told_before = supervisor::told_with(told_before, member.supervisor);
    let deed = Deed {
        before: Some(until::told_with(told_before, member.access_until)),
        after: Some(told_after),
        ..deed
    };
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    get(db, author.account, staff, now).await
}

/// The record stays; access, sessions and SIP data go. Refused while connected numbers reach the person. Whoever reports to
/// the person reports to nobody from then on.
pub async fn delete(db: &Db, author: &Author, staff: StaffId, version: Option<i64>) -> Result<(), StoreError> {
    succeed(db, author, (staff, None), version).await
}

/// The same, but whoever reports to the person reports to the successor from then on.
pub async fn succeed(
    db: &Db,
    author: &Author,
    (staff, successor): (StaffId, Option<StaffId>),
    version: Option<i64>,
) -> Result<(), StoreError> {
    let now = author.stamp.unix_ms;
    let mut ids = author.stamp.ids();
    let mut tx = db.begin().await?;
    hold(&mut tx, author.account).await?;
    let member = live(&mut tx, author.account, staff, (now, version)).await?;
    if member.is_main {
        return Err(StoreError::Refused {
            code: "main",
            detail: "the main account cannot be deleted",
        });
    }
    numbers::none_reaches(&mut tx, staff).await?;
    destinations::not_used(&mut tx, Destination::Staff(staff)).await?;
    supervisor::replace(&mut tx, &mut ids, (author, &member), successor).await?;
    changed(tx.run(DELETE, args![staff, now, member.version]).await?)?;
    tx.run(DELETE_SIP, args![staff]).await?;
    tx.run(DELETE_MEMBER, args![staff]).await?;
    groups::leave_all(&mut tx, staff).await?;
    roles::set_further(&mut tx, staff, &[]).await?;
    roles::moved_on(&mut tx, author.account).await?;
    logins::end_all_of(&mut tx, staff, None, now).await?;
    tokens::revoke_all_of(&mut tx, staff, now).await?;
    let mut deed = author.deed("staff.deleted", "staff", staff.to_string());
    deed.before = Some(supervisor::told_with(told(&Checked::from(&member)), member.supervisor));
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await
}

/// The roles beside the first one, before and after. Nobody without a first one has any.
async fn give_roles(
    tx: &mut Tx,
    (account, staff): (AccountId, StaffId),
    (first, further, kept): (Option<Role>, Option<Vec<String>>, bool),
) -> Result<(Vec<Role>, Vec<Role>), StoreError> {
    if let Some(role) = first.filter(|_| !kept) {
        roles::known(tx, account, ("role", &[role])).await?;
    }
    let before = roles::further(tx, account, staff).await?;
    let after = match (first, further) {
        (None, _) => Vec::new(),
        (Some(_), None) => before.clone(),
        (Some(_), Some(names)) => roles::rules::named("further_roles", &names).map_err(StoreError::Invalid)?,
    };
    let after: Vec<Role> = after.into_iter().filter(|role| first != Some(*role)).collect();
    if before != after {
        roles::known(tx, account, ("further_roles", &after)).await?;
        roles::set_further(tx, staff, &after).await?;
        roles::moved_on(tx, account).await?;
    }
    Ok((before, after))
}

fn told_with_roles(checked: &Checked, further: &[Role]) -> Value {
    let mut told = told(checked);
    if let (false, Some(object)) = (further.is_empty(), told.as_object_mut()) {
        let names: Vec<String> = further.iter().map(|role| role.name().into_owned()).collect();
        object.insert("further_roles".into(), names.into());
    }
    told
}

/// One that is not deleted, in the version that the author has seen.
pub(super) async fn live(
    tx: &mut Tx,
    account: AccountId,
    staff: StaffId,
    (now, version): (i64, Option<i64>),
) -> Result<StaffMember, StoreError> {
    let member: StaffMember = tx
        .one(GET, args![account, now, staff])
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)?;
    if member.deleted_at.is_some() {
        return Err(StoreError::NotFound);
    }
    if version.is_some_and(|version| version != member.version) {
        return Err(StoreError::Stale);
    }
    Ok(member)
}

pub(crate) async fn insert(
    tx: &mut Tx,
    ids: &Ids,
    (account, staff, main): (AccountId, StaffId, bool),
    row: Vec<Arg>,
    hash: Option<String>,
) -> Result<(), StoreError> {
    let [
        surname,
        given_name,
        patronymic,
        phone,
        email,
        position,
        work_place,
        short_number,
        login,
        role,
        sort_name,
        search,
    ] = <[Arg; 12]>::try_from(row).map_err(|_| StoreError::Corrupt("a staff row has twelve values".into()))?;
    let mut values = args![staff, account, main];
    values.extend([
        surname,
        given_name,
        patronymic,
        phone,
        email,
        position,
        work_place,
        short_number,
        login,
    ]);
    values.push(Arg::from(hash));
    values.extend([role, sort_name, search]);
    values.push(Arg::from(ids.now));
    tx.run(INSERT, values).await.map(drop)
}

async fn free(tx: &mut Tx, (account, staff): (AccountId, StaffId), checked: &Checked) -> Result<(), StoreError> {
    let values = args![account, &checked.login, &checked.short_number, staff];
    let taken: Option<TakenRow> = tx.one(TAKEN, values).await?;
    let department: Option<IdRow> = tx.one(TAKEN_DEPARTMENT, args![account, &checked.short_number]).await?;
    let mut faults = Vec::new();
    if taken.as_ref().is_some_and(|taken| taken.login > 0) {
        faults.push(FieldError::new("login", "taken", "somebody else has this login"));
    }
    if taken.is_some_and(|taken| taken.short_number > 0) || department.is_some() {
        faults.push(FieldError::new(
            "short_number",
            "taken",
            "somebody else has this short number",
        ));
    }
    StoreError::taken(faults)?;
    match &checked.phone {
        Some(phone) => numbers::not_ours(tx, account, phone).await,
        None => Ok(()),
    }
}

/// A main account logs in with its e-mail alone: no two of an installation have the same one.
pub(super) async fn sole_email(tx: &mut Tx, staff: StaffId, checked: &Checked) -> Result<(), StoreError> {
    let other: Option<IdRow> = tx.one(TAKEN_EMAIL, args![&checked.email, staff]).await?;
    let fault = other.map(|_| FieldError::new("email", "taken", "another main account has this e-mail"));
    StoreError::taken(fault.into_iter().collect())
}

/// The version may have moved on since it was read.
pub(super) fn changed(rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::Stale) } else { Ok(()) }
}

/// Two authors at the same moment: the second one meets the index.
pub(super) fn raced(error: StoreError) -> StoreError {
    if error.is_unique() {
        StoreError::Taken(vec![FieldError::new(
            "login",
            "taken",
            "somebody took the login or the number just now",
        )])
    } else {
        error
    }
}

async fn hashed(password: Option<String>, salt: u128) -> Result<Option<String>, StoreError> {
    match password {
        Some(password) => logins::hash(password, salt).await.map(Some),
        None => Ok(None),
    }
}
