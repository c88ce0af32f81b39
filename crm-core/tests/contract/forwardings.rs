use frontdesk_crm_core::features::{self, FeaturesPatch, PickupRight};
use frontdesk_crm_core::forwardings::{self, ByPhone, NewSettings};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::store::StoreError;
use frontdesk_routing::features::Feature;
use frontdesk_routing::forwarding::{Change, Condition, Forwarding, Target};
use frontdesk_routing::ids::StaffId;
use frontdesk_routing::number::PhoneNumber;

use crate::office::{NOON, Office};

crate::on_both! {
    settings_are_replaced_by_version
    what_was_dialled_is_kept_once_and_in_order
    the_plan_shows_who_has_set_something
    codes_are_kept_as_they_differ_from_the_defaults
}

fn dialled(office: &Office, staff: StaffId, mark: i64, change: Change) -> Entry {
    Entry::SettingChanged(ByPhone {
        account: office.first.account,
        staff,
        change,
        mark,
        at: NOON + mark,
        random: u128::try_from(mark).unwrap(),
    })
}

async fn settings_are_replaced_by_version(office: &Office) {
    let staff = office.ivan().await.id;
    let account = office.first.account;
    let before = forwardings::get(&office.db, account, staff).await.unwrap();
    assert_eq!((before.forwarding, before.version), (Forwarding::default(), 0));
    let new = NewSettings {
        dnd: true,
        offline: Some("8 916 123-45-67".into()),
        ..NewSettings::default()
    };
    let put = async |version| forwardings::put(&office.db, &office.author(), staff, new.clone(), version).await;
    let after = put(Some(0)).await.unwrap();
    let mobile = PhoneNumber::from_e164("+79161234567").unwrap();
    assert_eq!(after.forwarding.offline, Some(Target::Outside(mobile)));
    assert_eq!((after.forwarding.dnd, after.version), (true, 1));
    assert!(matches!(put(Some(0)).await, Err(StoreError::Stale)));
    assert_eq!(put(None).await.unwrap().version, 2);
    let nobody = StaffId::from_u128(1);
    let missing = forwardings::get(&office.db, account, nobody).await;
    assert!(matches!(missing, Err(StoreError::NotFound)));
}

/// The same batch twice, and an older one again, change nothing; each change stands in the audit once.
async fn what_was_dialled_is_kept_once_and_in_order(office: &Office) {
    let staff = office.ivan().await.id;
    let batch = [
        dialled(office, staff, 10, Change::Dnd(true)),
        dialled(office, staff, 11, Change::Dnd(false)),
        dialled(office, StaffId::from_u128(1), 12, Change::Dnd(true)),
        dialled(office, staff, 13, Change::Forward(Condition::Busy, None)),
    ];
    journal::apply(&office.db, &batch).await.unwrap();
    journal::apply(&office.db, &batch).await.unwrap();
    journal::apply(&office.db, &batch[..1]).await.unwrap();
    let settings = forwardings::get(&office.db, office.first.account, staff).await.unwrap();
    assert_eq!((settings.forwarding.dnd, settings.version), (false, 3));
    let audit: Vec<_> = office.audit(50).await;
    let audit: Vec<_> = audit.iter().filter(|row| row.action == "forwarding.dialled").collect();
    assert_eq!(audit.len(), 3);
    assert!(audit.iter().all(|row| row.actor_staff == Some(staff)));
}

async fn the_plan_shows_who_has_set_something(office: &Office) {
    let staff = office.ivan().await.id;
    let entry = dialled(office, staff, 7, Change::Dnd(true));
    journal::apply(&office.db, &[entry]).await.unwrap();
    let mut plan = plan_build::full(&office.db).await.unwrap();
    let shown = plan.features.forwarding(staff);
    assert_eq!((shown.settings.dnd, shown.mark), (true, 7));
    // A change by a page keeps the mark: what was dialled before it is not dialled again.
    let author = office.author();
    forwardings::put(&office.db, &author, staff, NewSettings::default(), None)
        .await
        .unwrap();
    plan_build::refresh_features(&office.db, &mut plan).await.unwrap();
    let shown = plan.features.forwarding(staff);
    assert_eq!((shown.settings.dnd, shown.mark), (false, 7));
}

async fn codes_are_kept_as_they_differ_from_the_defaults(office: &Office) {
    let account = office.first.account;
    let patch = FeaturesPatch {
        codes: [("echo".to_owned(), None), ("dnd_on".to_owned(), Some("*21".to_owned()))].into(),
        pickup: Some("department".into()),
        places: None,
    };
    let after = features::update(&office.db, &office.author(), patch.clone(), Some(0))
        .await
        .unwrap();
    assert_eq!((after.version, after.settings.pickup), (1, PickupRight::Department));
    let stale = features::update(&office.db, &office.author(), patch, Some(0)).await;
    assert!(matches!(stale, Err(StoreError::Stale)));
    let plan = plan_build::full(&office.db).await.unwrap();
    let codes = &plan.features.of(account).codes;
    assert_eq!(codes.code(Feature::Echo), None);
    assert_eq!(codes.code(Feature::DndOn), Some("*21"));
    assert_eq!(codes.code(Feature::DndOff), Some("*79"));
}
