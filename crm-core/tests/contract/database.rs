use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::reception::{self, ReceptionPatch};
use frontdesk_crm_core::routes::{self, RoutePatch};
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_crm_core::staff::NewStaff;
use frontdesk_crm_core::store::{Db, sql};
use frontdesk_crm_core::trunks::{self, TrunkPatch};
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::{DialPlan, Method};

use crate::office::{NOON, Office};

crate::on_both! {
    every_statement_is_understood
    a_second_start_finds_everything_again
    a_fresh_office_makes_a_dial_plan
    a_part_of_the_plan_is_made_anew_and_the_rest_stays
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

async fn a_part_of_the_plan_is_made_anew_and_the_rest_stays(office: &Office) {
    let (db, account) = (&office.db, office.first.account);
    let mut plan = plan_build::full(db).await.unwrap();
    let ivan = NewStaff {
        given_name: Some("Ivan".into()),
        phone: Some("+79031112233".into()),
        ..NewStaff::default()
    };
    let ivan = office.hire(ivan).await.unwrap().id;
    let olga = office.client("+79161234567", "Olga").await.unwrap();
    let line = TrunkPatch {
        name: Some("Line".into()),
        ..TrunkPatch::default()
    };
    let line = trunks::create(db, &office.author(), line, true).await.unwrap().0;
    let route = RoutePatch {
        name: Some("Route".into()),
        prefix: Some("+7495".into()),
        emergency: Some(false),
        trunks: Some(vec![line.plan.id.to_string()]),
    };
    routes::create(db, &office.author(), route).await.unwrap();
    let mobile = ReceptionPatch {
        method: Some("mobile".into()),
        ..ReceptionPatch::default()
    };
    let outside = PhoneNumber::from_e164("+74951234567").unwrap();
    let has = |plan: &DialPlan| {
        [
            plan.staff.get(ivan).is_some(),
            plan.clients.by_number(account, olga.number).is_some(),
            plan.routes.of_number(account, outside).is_some(),
        ]
    };
    assert_eq!(has(&plan), [false; 3]);
    plan_build::refresh_staff(db, &mut plan).await.unwrap();
    assert_eq!(has(&plan), [true, false, false]);
    plan_build::refresh_clients(db, &mut plan).await.unwrap();
    assert_eq!(has(&plan), [true, true, false]);
    plan_build::refresh_routes(db, &mut plan).await.unwrap();
    assert_eq!(has(&plan), [true; 3]);
    assert_eq!(plan.reception.method(ivan), Method::Sip);
    reception::set_person(db, &office.author(), ivan, mobile, None)
        .await
        .unwrap();
    plan_build::refresh_reception(db, &mut plan).await.unwrap();
    assert_eq!(plan.reception.method(ivan), Method::Mobile);
    let section = plan_build::clients_section(db).await.unwrap();
    assert!(section.by_number(account, olga.number).is_some() && section.len() == 1);
}
