use frontdesk_crm_core::accounts::{self, AccountPatch, CallerIdPatch as AccountCallerId};
use frontdesk_crm_core::audit::{AuditRow, Author};
use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_crm_core::numbers::{self, Number, NumberPatch};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::staff::{self, CallerIdPatch, NewStaff, StaffMember, StaffPatch};
use frontdesk_crm_core::store::StoreError;
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{ForwardedShows, HidingKey};

use crate::office::{Office, refusal};

crate::on_both! {
    l32_only_a_connected_number_is_displayed
    l32_a_number_that_calls_show_is_replaced_before_it_is_disconnected
    l32_what_emergency_calls_of_a_person_show_is_a_connected_number_too
    l38_the_single_number_is_a_connected_one
    l43_the_stub_and_what_is_hidden_from_whom_reach_the_plan
    a_new_member_has_the_settings_that_were_given
    l32_another_companys_number_is_not_displayed
}

const N1: &str = "+74951110001";
const N2: &str = "+74951110002";

async fn connect(office: &Office, number: &str) -> Number {
    let patch = NumberPatch {
        number: Some(number.into()),
        to: DestinationPatch::staff(office.first.staff),
        ..NumberPatch::default()
    };
    numbers::create(&office.db, &office.author(), patch).await.unwrap()
}

async fn set(office: &Office, of: &StaffMember, caller_id: CallerIdPatch) -> Result<StaffMember, StoreError> {
    let patch = StaffPatch {
        caller_id,
        ..StaffPatch::default()
    };
    staff::update(&office.db, &office.author(), of.id, patch, None).await
}

fn displays(number: Option<&str>) -> CallerIdPatch {
    CallerIdPatch {
        displayed_number: Some(number.map(str::to_owned)),
        ..CallerIdPatch::default()
    }
}

async fn set_account(office: &Office, caller_id: AccountCallerId) -> Result<accounts::Account, StoreError> {
    let patch = AccountPatch {
        caller_id,
        ..AccountPatch::default()
    };
    accounts::update(&office.db, &office.author(), patch, None).await
}

async fn l32_only_a_connected_number_is_displayed(office: &Office) {
    let ivan = office.ivan().await;
    let refused = set(office, &ivan, displays(Some(N1))).await;
    assert_eq!(refusal(refused), "invalid: displayed_number not_connected");
    assert_eq!(
        refusal(set(office, &ivan, displays(Some("12"))).await),
        "invalid: displayed_number invalid"
    );
    connect(office, N1).await;
    let changed = set(office, &ivan, displays(Some("8 (495) 111-00-01"))).await.unwrap();
    assert_eq!(changed.caller_id.displayed_number.as_deref(), Some(N1));
    let plan = plan_build::full(&office.db).await.unwrap();
    let planned = plan.staff.get(ivan.id).unwrap().caller_id;
    assert_eq!(planned.displayed_number, PhoneNumber::from_e164(N1).ok());
    let told = |row: &AuditRow| row.after.as_ref().is_some_and(|after| after["displayed_number"] == N1);
    assert!(office.audit(10).await.iter().any(told));
    let emptied = set(office, &ivan, displays(None)).await.unwrap();
    assert_eq!(emptied.caller_id.displayed_number, None);
}

async fn l32_a_number_that_calls_show_is_replaced_before_it_is_disconnected(office: &Office) {
    let ivan = office.ivan().await;
    let (first, second) = (connect(office, N1).await, connect(office, N2).await);
    set(office, &ivan, displays(Some(N1))).await.unwrap();
    let single = AccountCallerId {
        single_number: Some(Some(N1.into())),
        ..AccountCallerId::default()
    };
    set_account(office, single).await.unwrap();
    let refused = numbers::delete(&office.db, &office.author(), first.id, None).await;
    let Err(StoreError::InUse(who)) = refused else {
        panic!("{refused:?}");
    };
    assert!(who.contains("Ivan") && who.contains("single number"), "{who}");
    let renumbered = NumberPatch {
        number: Some("+74951110009".into()),
        ..NumberPatch::default()
    };
    let refused = numbers::update(&office.db, &office.author(), first.id, renumbered, None).await;
    assert_eq!(refusal(refused), "in use");
    set(office, &ivan, displays(Some(N2))).await.unwrap();
    let other = AccountCallerId {
        single_number: Some(Some(N2.into())),
        ..AccountCallerId::default()
    };
    set_account(office, other).await.unwrap();
    numbers::delete(&office.db, &office.author(), first.id, None)
        .await
        .unwrap();
    // Whoever is gone shows nothing.
    let none = AccountCallerId {
        single_number: Some(None),
        ..AccountCallerId::default()
    };
    set_account(office, none).await.unwrap();
    staff::delete(&office.db, &office.author(), ivan.id, None)
        .await
        .unwrap();
    numbers::delete(&office.db, &office.author(), second.id, None)
        .await
        .unwrap();
}

async fn l32_what_emergency_calls_of_a_person_show_is_a_connected_number_too(office: &Office) {
    let ivan = office.ivan().await;
    let shows = |number: Option<&str>| CallerIdPatch {
        emergency_number: Some(number.map(str::to_owned)),
        ..CallerIdPatch::default()
    };
    let both = CallerIdPatch {
        displayed_number: Some(Some(N2.into())),
        ..shows(Some(N1))
    };
    assert_eq!(
        refusal(set(office, &ivan, both).await),
        "invalid: displayed_number not_connected, emergency_number not_connected"
    );
    assert_eq!(
        refusal(set(office, &ivan, shows(Some("12"))).await),
        "invalid: emergency_number invalid"
    );
    let number = connect(office, N1).await;
    let changed = set(office, &ivan, shows(Some("8 (495) 111-00-01"))).await.unwrap();
    assert_eq!(changed.caller_id.emergency_number.as_deref(), Some(N1));
    assert_eq!(changed.caller_id.displayed_number, None);
    let plan = plan_build::full(&office.db).await.unwrap();
    let planned = plan.staff.get(ivan.id).unwrap().caller_id;
    assert_eq!(planned.emergency_number, PhoneNumber::from_e164(N1).ok());
    let told = |row: &AuditRow| row.after.as_ref().is_some_and(|after| after["emergency_number"] == N1);
    assert!(office.audit(10).await.iter().any(told));
    let refused = numbers::delete(&office.db, &office.author(), number.id, None).await;
    let Err(StoreError::InUse(who)) = refused else {
        panic!("{refused:?}");
    };
    assert!(who.contains("Ivan"), "{who}");
    set(office, &ivan, shows(None)).await.unwrap();
    numbers::delete(&office.db, &office.author(), number.id, None)
        .await
        .unwrap();
}

async fn l38_the_single_number_is_a_connected_one(office: &Office) {
    let wrong = AccountCallerId {
        single_number: Some(Some(N1.into())),
        emergency_number: Some(Some(N2.into())),
        ..AccountCallerId::default()
    };
    assert_eq!(
        refusal(set_account(office, wrong.clone()).await),
        "invalid: single_number not_connected, emergency_number not_connected"
    );
    connect(office, N1).await;
    connect(office, N2).await;
    let account = set_account(office, wrong).await.unwrap();
    assert_eq!(account.caller_id.single_number.as_deref(), Some(N1));
    let plan = plan_build::full(&office.db).await.unwrap();
    let planned = &plan.accounts.get(office.first.account).unwrap().caller_id;
    assert_eq!(planned.single_number, PhoneNumber::from_e164(N1).ok());
    assert_eq!(planned.emergency_number, PhoneNumber::from_e164(N2).ok());
    let unreadable = AccountCallerId {
        forwarded_shows: Some("nothing".into()),
        stub_number: Some("x".into()),
        ..AccountCallerId::default()
    };
    assert_eq!(
        refusal(set_account(office, unreadable).await),
        "invalid: stub_number invalid, forwarded_shows invalid"
    );
}

async fn l43_the_stub_and_what_is_hidden_from_whom_reach_the_plan(office: &Office) {
    let ivan = office.ivan().await;
    let hidden = CallerIdPatch {
        hide_client_number: Some(true),
        raise_card: Some(true),
        show_number_on_system_calls: Some(true),
        ..CallerIdPatch::default()
    };
    set(office, &ivan, hidden).await.unwrap();
    let before = plan_build::full(&office.db).await.unwrap();
    let planned = &before.accounts.get(office.first.account).unwrap().caller_id;
    assert_eq!(planned.stub, PhoneNumber::STUB, "L44");
    assert_ne!(planned.key, HidingKey::default());
    let key = planned.key;
    let staff = before.staff.get(ivan.id).unwrap().caller_id;
    assert!(staff.hides_clients && staff.raises_card && staff.on_system_calls);
    let stub = AccountCallerId {
        stub_number: Some("8 (812) 000-00-00".into()),
        stub_dials_back: Some(false),
        forwarded_shows: Some("stub".into()),
        ..AccountCallerId::default()
    };
    set_account(office, stub).await.unwrap();
    accounts::seal(&office.db, &mut office.stamp().ids()).await.unwrap();
    let plan = plan_build::full(&office.db).await.unwrap();
    let planned = &plan.accounts.get(office.first.account).unwrap().caller_id;
    assert_eq!(planned.stub.reveal(), "+78120000000");
    assert_eq!(
        (planned.stub_dials_back, planned.forwarded),
        (false, ForwardedShows::Stub)
    );
    assert_eq!(planned.key, key, "tokens stay the same");
}

async fn a_new_member_has_the_settings_that_were_given(office: &Office) {
    connect(office, N1).await;
    let new = |number: &str| NewStaff {
        given_name: Some("Olga".into()),
        caller_id: CallerIdPatch {
            hide_client_number: Some(true),
            ..displays(Some(number))
        },
        ..NewStaff::default()
    };
    assert_eq!(
        refusal(office.hire(new(N2)).await),
        "invalid: displayed_number not_connected"
    );
    let olga = office.hire(new(N1)).await.unwrap();
    assert!(olga.caller_id.hide_client_number);
    assert_eq!(olga.caller_id.displayed_number.as_deref(), Some(N1));
}

async fn l32_another_companys_number_is_not_displayed(office: &Office) {
    let mut ids = office.stamp().ids();
    let own = accounts::get(&office.db, office.first.account).await.unwrap();
    let other = accounts::Account {
        id: AccountId::new(office.now(), ids.random()),
        number: own.number + 1,
        realm: "other".into(),
        ..own
    };
    let mut tx = office.db.begin().await.unwrap();
    accounts::create(&mut tx, &mut ids, &other).await.unwrap();
    tx.commit().await.unwrap();
    let theirs = Author {
        account: other.id,
        ..office.author()
    };
    let new = NewStaff {
        given_name: Some("Stranger".into()),
        ..NewStaff::default()
    };
    let stranger = staff::create(&office.db, &theirs, new).await.unwrap();
    let patch = NumberPatch {
        number: Some(N1.into()),
        to: DestinationPatch::staff(stranger.id),
        ..NumberPatch::default()
    };
    let number = numbers::create(&office.db, &theirs, patch).await.unwrap();
    let ivan = office.ivan().await;
    assert_eq!(
        refusal(set(office, &ivan, displays(Some(N1))).await),
        "invalid: displayed_number not_connected"
    );
    let single = AccountCallerId {
        single_number: Some(Some(N1.into())),
        ..AccountCallerId::default()
    };
    assert_eq!(
        refusal(set_account(office, single).await),
        "invalid: single_number not_connected"
    );
    // What one company shows does not keep another one from disconnecting the same number.
    connect(office, N1).await;
    set(office, &ivan, displays(Some(N1))).await.unwrap();
    numbers::delete(&office.db, &theirs, number.id, None).await.unwrap();
}
