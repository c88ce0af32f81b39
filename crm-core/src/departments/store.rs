use std::collections::BTreeSet;

use frontdesk_routing::ids::{AccountId, DepartmentId};
use frontdesk_routing::number::ShortNumber;
use serde_json::json;

use super::{Department, NewDepartment};
use crate::audit::{self, Author, Deed};
use crate::store::text::id;
use crate::store::{Db, FieldError, StoreError, Tx, args};

const LIST: &str =
    "SELECT id, name, short_number, version FROM departments WHERE account_id = $1 ORDER BY short_number";
const MEMBERS: &str = "SELECT m.department_id, m.staff_id FROM department_members m JOIN departments d ON d.id = m.department_id \
    WHERE d.account_id = $1 ORDER BY m.department_id, m.staff_id";
const INSERT: &str = "INSERT INTO departments (id, account_id, name, short_number, created_at, version) \
    VALUES ($1, $2, $3, $4, $5, 1)";
const ADD_MEMBER: &str = "INSERT INTO department_members (department_id, staff_id) SELECT $1, s.id FROM staff s \
    WHERE s.id = $2 AND s.account_id = $3 AND s.deleted_at IS NULL";
const TAKEN: &str = "SELECT COUNT(*) AS count FROM (SELECT short_number FROM staff WHERE account_id = $1 AND short_number = $2 \
    AND deleted_at IS NULL UNION ALL SELECT short_number FROM departments WHERE account_id = $1 AND short_number = $2) t";
const CONNECTED: &str = "SELECT COUNT(*) AS count FROM numbers WHERE account_id = $1 AND department_id = $2";
const DELETE: &str = "DELETE FROM departments WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[LIST, MEMBERS, INSERT, ADD_MEMBER, TAKEN, CONNECTED, DELETE];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    short_number: String,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct Member {
    department_id: String,
    staff_id: String,
}

pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Department>, StoreError> {
    let rows: Vec<Row> = db.all(LIST, args![account]).await?;
    let members: Vec<Member> = db.all(MEMBERS, args![account]).await?;
    let read = |row: Row| {
        let own = members.iter().filter(|member| member.department_id == row.id);
        let members = own.map(|member| id(&member.staff_id)).collect::<Result<_, _>>()?;
        Ok(Department {
            id: id(&row.id)?,
            name: row.name,
            short_number: row.short_number,
            members,
            version: row.version,
        })
    };
    rows.into_iter().map(read).collect()
}

pub async fn create(db: &Db, author: &Author, new: NewDepartment) -> Result<Department, StoreError> {
    let name = new.name.trim().to_owned();
    let mut faults = Vec::new();
    if name.is_empty() {
        faults.push(FieldError::new("name", "required", "a department has a name"));
    }
    if name.chars().count() > 100 {
        faults.push(FieldError::new("name", "too_long", "100 characters at most"));
    }
    if let Err(error) = ShortNumber::read(new.short_number.trim()) {
        faults.push(FieldError::new("short_number", "invalid", error.to_string()));
    }
    StoreError::invalid(faults)?;
    let mut ids = author.stamp.ids();
    let department = Department {
        id: DepartmentId::new(ids.now, ids.random()),
        name,
        short_number: new.short_number.trim().to_owned(),
        members: new.members.into_iter().collect::<BTreeSet<_>>().into_iter().collect(),
        version: 1,
    };
    let mut tx = db.begin().await?;
    enter(&mut tx, author, &department, ids.now).await?;
    let deed = author.deed("department.created", "department", department.id.to_string());
    let after = Some(json!({ "name": department.name, "short_number": department.short_number }));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    Ok(department)
}

async fn enter(tx: &mut Tx, author: &Author, department: &Department, now: i64) -> Result<(), StoreError> {
    if tx.count(TAKEN, args![author.account, &department.short_number]).await? > 0 {
        return Err(StoreError::Taken(vec![FieldError::new(
            "short_number",
            "taken",
            "somebody else has this short number",
        )]));
    }
    let values = args![
        department.id,
        author.account,
        &department.name,
        &department.short_number,
        now
    ];
    tx.run(INSERT, values).await?;
    for member in &department.members {
        if tx
            .run(ADD_MEMBER, args![department.id, *member, author.account])
            .await?
            == 0
        {
            return Err(StoreError::Invalid(vec![FieldError::new(
                "members",
                "unknown",
                "no such staff member",
            )]));
        }
    }
    Ok(())
}

/// Its members stay. Refused while numbers reach it.
pub async fn delete(db: &Db, author: &Author, department: DepartmentId) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    if tx.count(CONNECTED, args![author.account, department]).await? > 0 {
        return Err(StoreError::Refused {
            code: "in_use",
            detail: "connected numbers reach this department: connect them with somebody else first",
        });
    }
    if tx.run(DELETE, args![author.account, department]).await? == 0 {
        return Err(StoreError::NotFound);
    }
    let deed = author.deed("department.deleted", "department", department.to_string());
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}
