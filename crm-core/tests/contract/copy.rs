use frontdesk_crm_core::logins;
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_crm_core::staff::NewStaff;
use frontdesk_crm_core::store::Db;
use frontdesk_crm_core::store::copy::{self, CopyError};
use frontdesk_crm_core::store::db::is_postgres;
use frontdesk_crm_core::testing::{self, Scratch};
use sqlx::{Connection, Executor};

use crate::office::Office;

const ORPHAN: &str = "INSERT INTO staff_projects (staff_id, project_id, receives_calls, receives_leads, receives_deals) \
    VALUES ('nobody', 'nothing', TRUE, TRUE, TRUE)";

crate::on_both! {
    a_copy_in_sqlite_holds_what_the_original_does
    a_copy_in_postgres_holds_what_the_original_does
    a_copy_overwrites_nothing_and_leaves_nothing_behind
    a_file_holds_what_the_database_does
}

/// Tables that this office writes nothing into are compared too.
async fn filled(office: &Office) -> Vec<copy::Copied> {
    for number in ["301", "302"] {
        let new = NewStaff {
            surname: Some("Ёлкина 'Anna' \"x\" \\ ".into()),
            short_number: Some(number.into()),
            ..NewStaff::default()
        };
        office.hire(new).await.unwrap();
    }
    let chief = office.ivan().await;
    let reports = NewStaff {
        given_name: Some("Anna".into()),
        supervisor: Some(chief.id.to_string()),
        ..NewStaff::default()
    };
    office.hire(reports).await.unwrap();
    office.client("+79161234567", "Пётр").await.unwrap();
    let digests = copy::digests(&office.db).await.unwrap();
    let some = |table: &str| digests.iter().any(|copied| copied.table == table && copied.rows > 0);
    assert!(some("audit") && some("staff") && some("client_terms") && some("sip_accounts"));
    digests
}

async fn is_copied_into(office: &Office, scratch: Scratch) {
    let expected = filled(office).await;
    let mut told = Vec::new();
    let copied = copy::copy(&office.db, &scratch.db, |table, rows| {
        told.push((table.to_owned(), rows))
    })
    .await
    .unwrap();
    assert_eq!(copied, expected);
    assert_eq!(copy::digests(&scratch.db).await.unwrap(), expected);
    assert!(told.iter().any(|(table, rows)| table == "staff" && *rows > 2));
    let (login, password) = (&office.first.login, office.first.password.clone());
    let known = logins::authenticate(&scratch.db, login, password, office.now())
        .await
        .unwrap();
    assert!(known.is_some());
    let error = execute(&scratch.url, ORPHAN).await.unwrap_err();
    let error = error.as_database_error().unwrap();
    assert!(error.is_foreign_key_violation(), "{error}");
    scratch.close().await.unwrap();
}

async fn execute(url: &str, sql: &'static str) -> Result<(), sqlx::Error> {
    if is_postgres(url) {
        let mut connection = sqlx::PgConnection::connect(url).await?;
        connection.execute(sql).await.map(drop)
    } else {
        let mut connection = sqlx::SqliteConnection::connect(url).await?;
        connection.execute(sql).await.map(drop)
    }
}

async fn a_copy_in_sqlite_holds_what_the_original_does(office: &Office) {
    is_copied_into(office, testing::sqlite().await.unwrap()).await;
}

async fn a_copy_in_postgres_holds_what_the_original_does(office: &Office) {
    if let Some(scratch) = testing::postgres().await.unwrap() {
        is_copied_into(office, scratch).await;
    }
}

async fn a_copy_overwrites_nothing_and_leaves_nothing_behind(office: &Office) {
    filled(office).await;
    let scratch = testing::sqlite().await.unwrap();
    setup::first_start(&scratch.db, office.stamp(), Beginning::default())
        .await
        .unwrap();
    let before = copy::digests(&scratch.db).await.unwrap();
    let refused = copy::copy(&office.db, &scratch.db, |_, _| {}).await;
    assert!(matches!(refused, Err(CopyError::NotEmpty(_))), "{refused:?}");
    assert_eq!(copy::digests(&scratch.db).await.unwrap(), before);
    scratch.close().await.unwrap();
}

async fn a_file_holds_what_the_database_does(office: &Office) {
    let expected = filled(office).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db").display().to_string();
    copy::to_file(&office.db, &path, |_, _| {}).await.unwrap();
    let file = Db::existing(&path).await.unwrap();
    assert_eq!(copy::digests(&file).await.unwrap(), expected);
    assert_eq!(copy::faults(&file).await.unwrap(), Vec::<String>::new());
    assert_eq!(copy::version(&file).await.unwrap(), copy::newest_version());
    file.close().await;
    assert!(
        copy::to_file(&office.db, &path, |_, _| {}).await.is_err(),
        "nothing is overwritten"
    );
}
