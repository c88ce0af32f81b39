use std::fmt::Write;

use frontdesk_crm_core::import::{ImportError, staff_csv};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::sip_accounts::Ha1;
use frontdesk_crm_core::staff::{self, StaffQuery};
use frontdesk_routing::number::ShortNumber;

use crate::office::{Office, page};

crate::on_both! {
    a_company_comes_in_with_the_phones_that_it_has
    nobody_comes_in_when_one_line_is_wrong
    a_thousand_come_in_at_once
}

fn problems<T>(result: Result<T, ImportError>) -> Vec<String> {
    match result {
        Ok(_) => Vec::new(),
        Err(error) => error.to_string().lines().map(str::to_owned).collect(),
    }
}

async fn a_company_comes_in_with_the_phones_that_it_has(office: &Office) {
    let file = "\u{feff}short_number;surname;sip_user;sip_password;phone\r\n\
        105;Орлова;orlova;s3cret;8 912 345-67-89\r\n\r\n106;Соколов;;;\r\n";
    let came = staff_csv(&office.db, &office.author(), file.as_bytes()).await.unwrap();
    assert_eq!((came.staff, came.sip_accounts), (2, 1));
    let plan = plan_build::full(&office.db).await.unwrap();
    let orlova = plan
        .staff
        .by_short(office.first.account, ShortNumber::read("105").unwrap())
        .unwrap();
    let sip = orlova.sip.as_ref().unwrap();
    let ha1 = Ha1::of("orlova", &office.first.sip.realm, "s3cret");
    assert_eq!((&*sip.user, hex::encode(sip.ha1_md5)), ("orlova", ha1.md5));
    assert_eq!(hex::encode(sip.ha1_sha256), ha1.sha256);
    let told = format!("{:?}", office.audit(10).await);
    assert!(told.contains("staff.imported") && !told.contains("s3cret"));
}

async fn nobody_comes_in_when_one_line_is_wrong(office: &Office) {
    office.ivan().await;
    let file = format!(
        "surname,short_number,sip_user,sip_password\nA,107,a,x\nB,101,b,x\nC,108,{},x\n",
        office.first.sip.user
    );
    let said = problems(staff_csv(&office.db, &office.author(), file.as_bytes()).await);
    let taken = format!("line 4, sip_user: somebody has {} already", office.first.sip.user);
    assert_eq!(said, ["line 3, short_number: somebody has 101 already", &taken]);
    let all = staff::list(
        &office.db,
        office.first.account,
        &StaffQuery::default(),
        &page(10),
        office.now(),
    )
    .await
    .unwrap();
    assert_eq!(all.total, 2);
}

async fn a_thousand_come_in_at_once(office: &Office) {
    let mut file = String::from("surname,phone,short_number,sip_user,sip_password\n");
    for n in 0..1_000 {
        writeln!(file, "S{n},+7912{n:07},{},u{n},password{n}", 10_000 + n).unwrap();
    }
    let came = staff_csv(&office.db, &office.author(), file.as_bytes()).await.unwrap();
    assert_eq!((came.staff, came.sip_accounts), (1_000, 1_000));
    let said = problems(staff_csv(&office.db, &office.author(), file.as_bytes()).await);
    assert_eq!(said.len(), 2_000);
}
