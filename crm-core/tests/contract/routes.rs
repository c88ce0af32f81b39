use frontdesk_crm_core::emergency::{self, EmergencyPatch};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::routes::{self, Route, RoutePatch};
use frontdesk_crm_core::store::StoreError;
use frontdesk_crm_core::trunks::{self, Trunk, TrunkPatch};
use frontdesk_routing::emergency::meant;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::routes::RouteFor;

use crate::office::{Office, refusal};

crate::on_both! {
    a_routes_lines_keep_their_order_and_reach_the_plan
    a_prefix_and_emergencies_have_one_route_each
    a_line_of_a_route_is_not_deleted
    a_route_is_changed_by_who_has_read_it_last
    emergency_numbers_are_those_of_the_country_until_something_is_set
}

async fn line(office: &Office, name: &str) -> Trunk {
    let patch = TrunkPatch {
        name: Some(name.into()),
        ..TrunkPatch::default()
    };
    let made = trunks::create(&office.db, &office.author(), patch, true).await;
    made.unwrap().0
}

fn patch(prefix: Option<&str>, lines: &[&Trunk]) -> RoutePatch {
    RoutePatch {
        name: Some("Route".into()),
        prefix: prefix.map(str::to_owned),
        emergency: Some(prefix.is_none()),
        trunks: Some(lines.iter().map(|line| line.plan.id.to_string()).collect()),
    }
}

async fn made(office: &Office, patch: RoutePatch) -> Route {
    routes::create(&office.db, &office.author(), patch).await.unwrap()
}

async fn a_routes_lines_keep_their_order_and_reach_the_plan(office: &Office) {
    let (a, b, c) = (
        line(office, "A").await,
        line(office, "B").await,
        line(office, "C").await,
    );
    let route = made(office, patch(Some("+7 495"), &[&c, &a, &b])).await;
    let emergencies = made(office, patch(None, &[&b])).await;
    assert_eq!(route.plan.calls, RouteFor::Prefix("7495".into()));
    assert_eq!(emergencies.plan.calls, RouteFor::Emergency);
    let found = routes::get(&office.db, office.first.account, route.plan.id)
        .await
        .unwrap();
    assert_eq!(found, route);
    let plan = plan_build::full(&office.db).await.unwrap();
    let number = PhoneNumber::from_e164("+74951234567").unwrap();
    let planned = plan.routes.of_number(office.first.account, number).unwrap();
    assert_eq!(planned.trunks.as_slice(), [c.plan.id, a.plan.id, b.plan.id]);
    let planned = plan.routes.of_emergencies(office.first.account).unwrap();
    assert_eq!(planned.trunks.as_slice(), [b.plan.id]);
    let shorter = RoutePatch {
        trunks: Some(vec![a.plan.id.to_string()]),
        ..RoutePatch::default()
    };
    let changed = routes::update(&office.db, &office.author(), route.plan.id, shorter, None).await;
    assert_eq!(changed.unwrap().plan.trunks.as_slice(), [a.plan.id]);
    assert_eq!(routes::list(&office.db, office.first.account).await.unwrap().len(), 2);
    routes::delete(&office.db, &office.author(), route.plan.id, None)
        .await
        .unwrap();
    let gone = routes::get(&office.db, office.first.account, route.plan.id).await;
    assert!(matches!(gone, Err(StoreError::NotFound)));
}

async fn a_prefix_and_emergencies_have_one_route_each(office: &Office) {
    made(office, patch(Some("+7"), &[])).await;
    made(office, patch(None, &[])).await;
    for (again, field) in [(patch(Some("+7"), &[]), "prefix"), (patch(None, &[]), "emergency")] {
        match routes::create(&office.db, &office.author(), again).await {
            Err(StoreError::Taken(faults)) => assert_eq!(faults[0].field, field),
            other => panic!("{other:?}"),
        }
    }
    let stranger = RoutePatch {
        trunks: Some(vec!["01ARZ3NDEKTSV4RRFFQ69G5FAV".into()]),
        ..patch(Some("+8"), &[])
    };
    match routes::create(&office.db, &office.author(), stranger).await {
        Err(StoreError::Invalid(faults)) => assert_eq!(faults[0].field, "trunk_ids[0]"),
        other => panic!("{other:?}"),
    }
}

async fn a_line_of_a_route_is_not_deleted(office: &Office) {
    let line = line(office, "A").await;
    let route = made(office, patch(Some("+"), &[&line])).await;
    let refused = trunks::delete(&office.db, &office.author(), line.plan.id, None).await;
    assert_eq!(refusal(refused), "refused: in_use");
    routes::delete(&office.db, &office.author(), route.plan.id, None)
        .await
        .unwrap();
    trunks::delete(&office.db, &office.author(), line.plan.id, None)
        .await
        .unwrap();
}

async fn a_route_is_changed_by_who_has_read_it_last(office: &Office) {
    let route = made(office, patch(Some("+7"), &[])).await;
    let renamed = || RoutePatch {
        name: Some("Home".into()),
        ..RoutePatch::default()
    };
    let (author, id) = (office.author(), route.plan.id);
    let first = routes::update(&office.db, &author, id, renamed(), Some(1))
        .await
        .unwrap();
    assert_eq!((&*first.plan.name, first.version), ("Home", 2));
    let late = routes::update(&office.db, &author, id, renamed(), Some(1)).await;
    assert!(matches!(late, Err(StoreError::Stale)));
}

async fn emergency_numbers_are_those_of_the_country_until_something_is_set(office: &Office) {
    let usual = emergency::get(&office.db, office.first.account).await.unwrap();
    let numbers: Vec<String> = usual.settings.numbers.iter().map(ToString::to_string).collect();
    assert_eq!((numbers.join(" ").as_str(), usual.version), ("101 102 103 104", 0));
    let plan = plan_build::full(&office.db).await.unwrap();
    assert!(meant(&plan, office.first.account, "104").is_some());
    let patch = EmergencyPatch {
        numbers: Some(vec!["112".into(), "911".into(), "911".into()]),
        prefix: Some(None),
        before_short_numbers: Some(true),
    };
    let set = emergency::update(&office.db, &office.author(), patch.clone(), Some(0))
        .await
        .unwrap();
    assert_eq!((set.settings.numbers.len(), set.version), (1, 1));
    let plan = plan_build::full(&office.db).await.unwrap();
    let meant = |dialled: &str| meant(&plan, office.first.account, dialled).is_some();
    assert!(meant("112") && meant("911") && !meant("104") && !meant("0911"));
    let late = emergency::update(&office.db, &office.author(), patch, Some(0)).await;
    assert!(matches!(late, Err(StoreError::Stale)));
    let wrong = EmergencyPatch {
        numbers: Some(vec!["911".into(), "x".into()]),
        prefix: Some(Some("12345".into())),
        before_short_numbers: None,
    };
    match emergency::update(&office.db, &office.author(), wrong, None).await {
        Err(StoreError::Invalid(faults)) => {
            let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
            assert_eq!(fields, ["numbers[1]", "prefix"]);
        }
        other => panic!("{other:?}"),
    }
}
