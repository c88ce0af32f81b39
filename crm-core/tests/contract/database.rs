use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_crm_core::store::{Db, sql};
use frontdesk_routing::number::ShortNumber;

use crate::office::{NOON, Office};

crate::on_both! {
    every_statement_is_understood
    a_second_start_finds_everything_again
    a_fresh_office_makes_a_dial_plan
}

async fn every_statement_is_understood(office: &Office) {
    match sql::prepare_all(&office.db).await {
        Ok(count) => assert!(count > 80, "{count}"),
        Err((statement, error)) => panic!("{statement}\n{error}"),
    }
}

async fn a_second_start_finds_everything_again(office: &Office) {
    let again = Db::open(&office.url).await.unwrap();
    again.ping().await.unwrap();
    let second = setup::first_start(&again, office.stamp(), Beginning::default())
        .await
        .unwrap();
    assert!(second.is_none());
    again.close().await;
    assert!(office.enters(&office.first.login, &office.first.password).await);
}

async fn a_fresh_office_makes_a_dial_plan(office: &Office) {
    let plan = plan_build::full(&office.db).await.unwrap();
    let main = plan
        .staff
        .by_short(office.first.account, ShortNumber::read("100").unwrap())
        .unwrap();
    assert_eq!(main.id, office.first.staff);
    let sip = main.sip.as_ref().unwrap();
    assert_eq!(&*sip.user, office.first.sip.user);
    let secret = format!(
        "{}:{}:{}",
        office.first.sip.user, office.first.sip.realm, office.first.sip.secret
    );
    assert_eq!(
        sip.ha1_md5.as_slice(),
        <md5::Md5 as md5::Digest>::digest(secret.as_bytes()).as_slice()
    );
    assert!(sip.enabled && office.first.sip.secret.len() == 24);
    assert_eq!(
        plan.accounts.get(office.first.account).unwrap().number,
        office.first.account_number
    );
    assert_eq!(office.now(), NOON);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("postgres://somebody:secret@{address}/office");
    let opened = tokio::time::timeout(std::time::Duration::from_secs(5), Db::open(&url)).await;
    let told = opened.expect("no trying again and again").unwrap_err().to_string();
    assert!(told.contains("refused") && !told.contains("secret"), "{told}");
}
