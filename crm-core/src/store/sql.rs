//! Every statement that there is.

use super::db::Db;
use super::error::StoreError;
use crate::{
    accounts, audit, calls, clients, departments, import, journal, logins, plan_build, recordings, sip_accounts, staff,
    tokens, trunks,
};

pub(crate) const ALL: &[&[&str]] = &[
    accounts::ALL,
    audit::ALL,
    calls::ALL,
    clients::ALL,
    departments::ALL,
    import::ALL,
    journal::ALL,
    logins::ALL,
    plan_build::ALL,
    recordings::ALL,
    sip_accounts::ALL,
    staff::ALL,
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
}
