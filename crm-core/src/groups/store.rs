use std::collections::{BTreeMap, BTreeSet};

use frontdesk_routing::ids::{AccountId, GroupId, StaffId};
use serde_json::{Value, json};

use super::{Group, GroupPatch};
use crate::access::Role;
use crate::audit::{self, Author, Deed};
use crate::roles::{self, rules};
use crate::store::text::{fold, id};
use crate::store::{Db, FieldError, StoreError, Tx, args};

const LIST: &str =
    "SELECT id, name, created_at, updated_at, version FROM staff_groups WHERE account_id = $1 ORDER BY name, id";
const MEMBERS: &str = "SELECT m.group_id, m.staff_id AS what FROM group_members m JOIN staff_groups g ON g.id = m.group_id \
    JOIN staff s ON s.id = m.staff_id WHERE g.account_id = $1 AND s.deleted_at IS NULL \
    ORDER BY m.group_id, s.sort_name, s.id";
const ROLES: &str = "SELECT r.group_id, r.role AS what FROM group_roles r JOIN staff_groups g ON g.id = r.group_id \
    WHERE g.account_id = $1 ORDER BY r.group_id, r.role";
const INSERT: &str = "INSERT INTO staff_groups (id, account_id, name, created_at, updated_at, version) \
    VALUES ($1, $2, $3, $4, $4, 1)";
const UPDATE: &str =
    "UPDATE staff_groups SET name = $3, updated_at = $4, version = version + 1 WHERE id = $1 AND version = $2";
const DELETE: &str = "DELETE FROM staff_groups WHERE id = $1 AND version = $2";
const NO_MEMBERS: &str = "DELETE FROM group_members WHERE group_id = $1";
const NO_ROLES: &str = "DELETE FROM group_roles WHERE group_id = $1";
const MEMBER: &str = "INSERT INTO group_members (group_id, staff_id) VALUES ($1, $2)";
const ROLE: &str = "INSERT INTO group_roles (group_id, role) VALUES ($1, $2)";
const LIVE: &str = "SELECT id FROM staff WHERE account_id = $1 AND deleted_at IS NULL";
const LEAVE_ALL: &str = "DELETE FROM group_members WHERE staff_id = $1";

pub(crate) const ALL: &[&str] = &[
    LIST, MEMBERS, ROLES, INSERT, UPDATE, DELETE, NO_MEMBERS, NO_ROLES, MEMBER, ROLE, LIVE, LEAVE_ALL,
];

/// Groups of one account.
const MOST: usize = 500;
const MOST_MEMBERS: usize = 10_000;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct PartRow {
    group_id: String,
    what: String,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: String,
}

/// By name.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Group>, StoreError> {
    let parts = (
        db.all(MEMBERS, args![account]).await?,
        db.all(ROLES, args![account]).await?,
    );
    read(db.all(LIST, args![account]).await?, parts)
}

pub async fn get(db: &Db, account: AccountId, group: GroupId) -> Result<Group, StoreError> {
    let all = list(db, account).await?;
    all.into_iter().find(|one| one.id == group).ok_or(StoreError::NotFound)
}

/// Those that somebody is a member of.
pub async fn of(db: &Db, account: AccountId, staff: StaffId) -> Result<Vec<Group>, StoreError> {
    let mut all = list(db, account).await?;
    all.retain(|group| group.members.contains(&staff));
    Ok(all)
}

pub async fn create(db: &Db, author: &Author, patch: GroupPatch) -> Result<Group, StoreError> {
    let mut ids = author.stamp.ids();
    let mut tx = db.begin().await?;
    roles::moved_on(&mut tx, author.account).await?;
    let others = within(&mut tx, author.account).await?;
    if others.len() >= MOST {
        return Err(StoreError::Refused {
            code: "too_many",
            detail: "500 groups at most",
        });
    }
    let empty = Group {
        id: GroupId::new(ids.now, ids.random()),
        name: String::new(),
        members: Vec::new(),
        roles: Vec::new(),
        created_at: ids.now,
        updated_at: ids.now,
        version: 1,
    };
    let name = Some(patch.name.unwrap_or_default());
    let patch = GroupPatch { name, ..patch };
    let group = patched(&mut tx, author.account, (&empty, patch), &others).await?;
    tx.run(INSERT, args![group.id, author.account, &group.name, ids.now])
        .await?;
    fill(&mut tx, &group).await?;
    let deed = author.deed("group.created", "group", group.id.to_string());
    let after = Some(told(&group));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    get(db, author.account, group.id).await
}

/// Members may do what it says from their next request on, and those who left no longer.
pub async fn update(
    db: &Db,
    author: &Author,
    group: GroupId,
    patch: GroupPatch,
    version: Option<i64>,
) -> Result<Group, StoreError> {
    let mut tx = db.begin().await?;
    roles::moved_on(&mut tx, author.account).await?;
    let others = within(&mut tx, author.account).await?;
    let before = at_version(&others, (group, version))?;
    let after = patched(&mut tx, author.account, (before, patch), &others).await?;
    let values = args![group, before.version, &after.name, author.stamp.unix_ms];
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    fill(&mut tx, &after).await?;
    let deed = author.deed("group.updated", "group", group.to_string());
    let deed = Deed {
        before: Some(told(before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, author.account, group).await
}

pub async fn delete(db: &Db, author: &Author, group: GroupId, version: Option<i64>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    roles::moved_on(&mut tx, author.account).await?;
    let all = within(&mut tx, author.account).await?;
    let before = at_version(&all, (group, version))?;
    if tx.run(DELETE, args![group, before.version]).await? == 0 {
        return Err(StoreError::Stale);
    }
    let mut deed = author.deed("group.deleted", "group", group.to_string());
    deed.before = Some(told(before));
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

/// Whoever is deleted is in no group.
pub(crate) async fn leave_all(tx: &mut Tx, staff: StaffId) -> Result<(), StoreError> {
    tx.run(LEAVE_ALL, args![staff]).await.map(drop)
}

async fn within(tx: &mut Tx, account: AccountId) -> Result<Vec<Group>, StoreError> {
    let parts = (
        tx.all(MEMBERS, args![account]).await?,
        tx.all(ROLES, args![account]).await?,
    );
    read(tx.all(LIST, args![account]).await?, parts)
}

fn at_version(all: &[Group], (group, version): (GroupId, Option<i64>)) -> Result<&Group, StoreError> {
    let found = all.iter().find(|one| one.id == group).ok_or(StoreError::NotFound)?;
    match version.is_some_and(|version| version != found.version) {
        true => Err(StoreError::Stale),
        false => Ok(found),
    }
}

/// The group after the patch, or every fault at once.
async fn patched(
    tx: &mut Tx,
    account: AccountId,
    (before, patch): (&Group, GroupPatch),
    others: &[Group],
) -> Result<Group, StoreError> {
    let (mut after, mut faults) = (before.clone(), Vec::new());
    match patch.name.as_deref().map(rules::name).transpose() {
        Ok(name) => after.name = name.unwrap_or(after.name),
        Err(fault) => faults.push(fault),
    }
    match patch
        .roles
        .as_deref()
        .map(|names| rules::named("roles", names))
        .transpose()
    {
        Ok(roles) => after.roles = roles.unwrap_or(after.roles),
        Err(wrong) => faults.extend(wrong),
    }
    if let Some(members) = patch.members {
        let live: Vec<IdRow> = tx.all(LIVE, args![account]).await?;
        let live: BTreeSet<String> = live.into_iter().map(|row| row.id).collect();
        after.members = named(&members, &live, &mut faults);
    }
    StoreError::invalid(faults)?;
    roles::known(tx, account, ("roles", &after.roles)).await?;
    let same = |other: &Group| other.id != after.id && fold(&other.name) == fold(&after.name);
    let taken = others.iter().any(same);
    let fault = taken.then(|| FieldError::new("name", "taken", "another group has this name"));
    StoreError::taken(fault.into_iter().collect())?;
    Ok(after)
}

fn named(members: &[String], live: &BTreeSet<String>, faults: &mut Vec<FieldError>) -> Vec<StaffId> {
    let mut ids = BTreeSet::new();
    if members.len() > MOST_MEMBERS {
        faults.push(FieldError::new(
            "members",
            "too_many",
            format!("{MOST_MEMBERS} at most"),
        ));
        return Vec::new();
    }
    for (place, member) in members.iter().enumerate() {
        match member.parse().ok().filter(|_| live.contains(member)) {
            Some(staff) => drop(ids.insert(staff)),
            None => {
                let field = format!("members[{place}]");
                faults.push(FieldError::new(&field, "unknown", "no such staff member"));
            }
        }
    }
    ids.into_iter().collect()
}

async fn fill(tx: &mut Tx, group: &Group) -> Result<(), StoreError> {
    tx.run(NO_MEMBERS, args![group.id]).await?;
    tx.run(NO_ROLES, args![group.id]).await?;
    for staff in &group.members {
        tx.run(MEMBER, args![group.id, *staff]).await?;
    }
    for role in &group.roles {
        tx.run(ROLE, args![group.id, role.name().into_owned()]).await?;
    }
    Ok(())
}

fn told(group: &Group) -> Value {
    let members: Vec<String> = group.members.iter().map(StaffId::to_string).collect();
    let roles: Vec<String> = group.roles.iter().map(|role| role.name().into_owned()).collect();
    json!({ "name": group.name, "members": members, "roles": roles })
}

fn read(rows: Vec<Row>, (members, roles): (Vec<PartRow>, Vec<PartRow>)) -> Result<Vec<Group>, StoreError> {
    let mut people: BTreeMap<String, Vec<StaffId>> = BTreeMap::new();
    for row in members {
        people.entry(row.group_id).or_default().push(id(&row.what)?);
    }
    let mut duties: BTreeMap<String, Vec<Role>> = BTreeMap::new();
    for row in roles {
        duties.entry(row.group_id).or_default().extend(Role::named(&row.what));
    }
    let group = |row: Row| {
        Ok(Group {
            id: id(&row.id)?,
            members: people.remove(&row.id).unwrap_or_default(),
            roles: duties.remove(&row.id).unwrap_or_default(),
            name: row.name,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    };
    rows.into_iter().map(group).collect()
}
