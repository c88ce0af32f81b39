//! Every statement that there is.

use super::db::Db;
use super::error::StoreError;
use crate::{
    accounts, audit, blocks, calls, clients, departments, features, forwardings, import, journal, logins, numbers,
    plan_build, projects, reception, recordings, schedules, sip_accounts, staff, tokens, trunks,
};

pub(crate) const ALL: &[&[&str]] = &[
    accounts::ALL,
    audit::ALL,
    blocks::ALL,
    calls::ALL,
    calls::ORDERS,
    clients::ALL,
    departments::ALL,
    features::ALL,
    forwardings::ALL,
    import::ALL,
    journal::ALL,
    logins::ALL,
    numbers::ALL,
    numbers::SHOWN,
    plan_build::ALL,
    projects::ALL,
    reception::ALL,
    reception::SECTION,
    recordings::ALL,
    schedules::ALL,
    sip_accounts::ALL,
    staff::ALL,
    staff::CALLER_ID,
    tokens::ALL,
    trunks::ALL,
];

/// Has the database read every statement; the first one that it does not understand, with what it says.
pub async fn prepare_all(db: &Db) -> Result<usize, (&'static str, StoreError)> {
    let mut count = 0_usize;
    for sql in ALL.iter().copied().flatten().copied() {
        db.prepare(sql).await.map_err(|error| (sql, error))?;
        count = count.saturating_add(1);
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sqlite_reads_every_statement() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("x.db").display().to_string())
            .await
            .unwrap();
        assert!(prepare_all(&db).await.unwrap() > 50);
    }

    #[derive(sqlx::FromRow)]
    struct Step {
        detail: String,
    }

    #[tokio::test]
    async fn a_page_of_a_long_list_begins_at_its_place_in_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("x.db").display().to_string())
            .await
            .unwrap();
        let check = async |part: &str, expected: &str| {
            let mut statements = ALL.iter().copied().flatten().filter(|sql| sql.contains(part));
            let sql: &'static str = format!("EXPLAIN QUERY PLAN {}", statements.next().unwrap()).leak();
            let steps: Vec<Step> = db.all(sql, Vec::new()).await.unwrap();
            let plan: Vec<String> = steps.into_iter().map(|step| step.detail).collect();
            assert!(plan[0].contains(expected), "{sql}\n{plan:#?}");
            assert!(
                !plan.iter().any(|step| step.contains("TEMP B-TREE")),
                "{sql}\n{plan:#?}"
            );
        };
        check(
            "ended_at IS NOT NULL AND started_at",
            "calls_account (account_id=? AND started_at>? AND (started_at,id)<(?,?))",
        )
        .await;
        check(
            "FROM recordings WHERE account_id = $1 AND (state",
            "recordings_account (account_id=? AND (started_at,id)<(?,?))",
        )
        .await;
        check("FROM audit WHERE", "audit_account (account_id=? AND (at,id)<(?,?))").await;
        check("ORDER BY sort_name, id LIMIT $5", "clients_name (account_id=?)").await;
        check("ORDER BY number DESC LIMIT $5", "clients_number (account_id=?)").await;
        check("ORDER BY created_at, id LIMIT $5", "clients_created (account_id=?)").await;
    }
}
