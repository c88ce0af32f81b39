//! A database that the first version made is brought up to date with all that is in it.

use super::copy;
use super::db::{Db, MIGRATIONS, Pools};
use super::page::Page;
use crate::access::{Reach, Right};
use crate::{accounts, clients, plan_build, roles, testing, tokens};

async fn first_version(db: &Db) {
    let rows = sqlx::raw_sql(include_str!("oldest.sql"));
    match &db.0 {
        Pools::Sqlite { writer, .. } => {
            MIGRATIONS.run_to(1, writer).await.unwrap();
            rows.execute(writer).await.unwrap();
        }
        Pools::Postgres(pool) => {
            MIGRATIONS.run_to(1, pool).await.unwrap();
            rows.execute(pool).await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_first_versions_database_is_brought_up_to_date_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frontdesk.db").display().to_string();
    let new = Db::connect(&path).await.unwrap();
    first_version(&new).await;
    new.close().await;
    is_brought_up_to_date(&path).await;
}

#[tokio::test]
async fn so_is_that_of_a_server() {
    if let Some(scratch) = testing::postgres_without_tables().await.unwrap() {
        first_version(&scratch.db).await;
        is_brought_up_to_date(&scratch.url).await;
        scratch.close().await.unwrap();
    }
}

async fn is_brought_up_to_date(url: &str) {
    let old = Db::existing(url).await.unwrap();
    assert_eq!(copy::version(&old).await.unwrap(), 1);
    old.close().await;

    let db = Db::open(url).await.unwrap();
    assert_eq!(copy::version(&db).await.unwrap(), copy::newest_version());
    assert_eq!(copy::faults(&db).await.unwrap(), Vec::<String>::new());
    let counts = copy::digests(&db).await.unwrap();
    let check = |table: &str, expected: u64| {
        let found = counts.iter().find(|counted| counted.table == table).unwrap();
        assert_eq!(found.rows, expected, "{table}");
    };
    for (table, rows) in [
        ("accounts", 1),
        ("staff", 2),
        ("sip_accounts", 1),
        ("departments", 1),
        ("department_members", 1),
        ("clients", 1),
        ("client_phones", 1),
        ("calls", 1),
        ("recordings", 1),
        ("projects", 1),
        ("staff_projects", 2),
    ] {
        check(table, rows);
    }
    let account = accounts::by_number(&db, 19_079).await.unwrap();
    clients::index_all(&db).await.unwrap();
    let plan = plan_build::full(&db).await.unwrap();
    let anna = frontdesk_routing::number::ShortNumber::read("101").unwrap();
    assert!(plan.staff.by_short(account.id, anna).unwrap().sip.is_some());
    db.close().await;
}

/// Row K18: schedules got a right of their own (0034), and whoever could read them by a role or a token reads them on.
#[tokio::test]
async fn k18_whoever_could_read_schedules_reads_them_by_their_own_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frontdesk.db").display().to_string();
    let old = Db::connect(&path).await.unwrap();
    first_version(&old).await;
    let Pools::Sqlite { writer, .. } = &old.0 else {
        panic!("{path} is no file")
    };
    MIGRATIONS.run_to(33, writer).await.unwrap();
    let rows = "INSERT INTO roles (id, account_id, name, rights, created_at, updated_at, version) VALUES \
        ('0000000000000000000000000A', '00000000000000000000000001', 'Reader', 'staff:read any\ncalls:read own', 1, 1, 1), \
        ('0000000000000000000000000B', '00000000000000000000000001', 'Caller', 'calls:read any', 1, 1, 1); \
        INSERT INTO api_tokens (id, account_id, staff_id, name, token_hash, scopes, created_at, expires_at) VALUES \
        ('0000000000000000000000000C', '00000000000000000000000001', '00000000000000000000000002', 'x', 'x', \
         'calls:read staff:read', 1, 2)";
    sqlx::raw_sql(rows).execute(writer).await.unwrap();
    old.close().await;

    let db = Db::open(&path).await.unwrap();
    let account = accounts::by_number(&db, 19_079).await.unwrap().id;
    for (id, expected) in [
        ("0000000000000000000000000A", Some(Reach::Any)),
        ("0000000000000000000000000B", None),
    ] {
        let role = roles::get(&db, account, id.parse().unwrap()).await.unwrap();
        assert_eq!(role.rights.reach(Right::SchedulesRead), expected, "{id}");
    }
    let main = "00000000000000000000000002".parse().unwrap();
    let page = Page {
        limit: 5,
        ..Page::default()
    };
    let tokens = tokens::list(&db, account, main, &page).await.unwrap().items;
    let expected = [Right::StaffRead, Right::SchedulesRead, Right::CallsRead];
    assert_eq!(tokens[0].scopes, expected.into_iter().collect());
    db.close().await;
}
