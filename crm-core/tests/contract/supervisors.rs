//! Who reports to whom (what C18 asks for): no circles, nobody who is gone.

use frontdesk_crm_core::staff::{self, NewStaff, StaffMember, StaffPatch, StaffQuery};
use frontdesk_crm_core::store::StoreError;
use frontdesk_routing::ids::StaffId;
use serde_json::Value;

use crate::office::{Office, page, refusal};

crate::on_both! {
    c18_somebody_reports_to_a_colleague_and_nobody_is_above_themselves
    c18_of_two_changes_at_once_none_closes_a_circle
    c18_whoever_reported_to_somebody_who_goes_reports_to_the_successor_or_to_nobody
    c18_a_successor_from_below_takes_the_place
}

async fn hire(office: &Office, name: &str, supervisor: Option<&StaffMember>) -> StaffMember {
    let new = NewStaff {
        given_name: Some(name.into()),
        supervisor: supervisor.map(|above| above.id.to_string()),
        ..NewStaff::default()
    };
    office.hire(new).await.unwrap()
}

async fn put(office: &Office, whom: &StaffMember, above: Option<&str>) -> Result<StaffMember, StoreError> {
    let patch = StaffPatch {
        supervisor: Some(above.map(str::to_owned)),
        ..StaffPatch::default()
    };
    staff::update(&office.db, &office.author(), whom.id, patch, None).await
}

async fn above(office: &Office, whom: &StaffMember) -> Option<StaffId> {
    office.member(whom).await.supervisor
}

async fn c18_somebody_reports_to_a_colleague_and_nobody_is_above_themselves(office: &Office) {
    let chief = hire(office, "Chief", None).await;
    let head = hire(office, "Head", Some(&chief)).await;
    let clerk = hire(office, "Clerk", Some(&head)).await;
    assert_eq!(
        (head.supervisor, clerk.supervisor, chief.supervisor),
        (Some(chief.id), Some(head.id), None)
    );
    for (whom, by, expected) in [
        (&chief, &chief, "invalid: supervisor_id circle"),
        (&chief, &head, "invalid: supervisor_id circle"),
        (&chief, &clerk, "invalid: supervisor_id circle"),
        (&clerk, &chief, "done"),
        (&clerk, &head, "done"),
    ] {
        let id = by.id.to_string();
        assert_eq!(refusal(put(office, whom, Some(&id)).await), expected, "{whom:?} {by:?}");
    }
    let unknown = "invalid: supervisor_id unknown";
    for nobody in ["Chief", "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        assert_eq!(refusal(put(office, &head, Some(nobody)).await), unknown, "{nobody}");
    }
    let gone = hire(office, "Gone", None).await;
    staff::delete(&office.db, &office.author(), gone.id, None)
        .await
        .unwrap();
    assert_eq!(refusal(put(office, &head, Some(&gone.id.to_string())).await), unknown);
    let query = StaffQuery {
        supervisor: Some(chief.id),
        ..StaffQuery::default()
    };
    let below = staff::list(&office.db, office.first.account, &query, &page(10), office.now())
        .await
        .unwrap();
    let names: Vec<String> = below.items.iter().map(StaffMember::name).collect();
    assert_eq!((names, below.filtered), (vec!["Head".to_owned()], 1));
    let other = StaffPatch {
        position: Some(Some("Kept".into())),
        ..StaffPatch::default()
    };
    let kept = staff::update(&office.db, &office.author(), clerk.id, other, None).await;
    assert_eq!(kept.unwrap().supervisor, Some(head.id), "what is not said stays");
    assert_eq!(put(office, &clerk, Some(" ")).await.unwrap().supervisor, None);
    let told = office.audit(20).await;
    let told = told
        .iter()
        .filter_map(|row| Some((row.before.as_ref()?, row.after.as_ref()?)));
    let lifted = |(before, after): (&Value, &Value)| {
        before["supervisor_id"] == head.id.to_string() && after["supervisor_id"].is_null()
    };
    assert_eq!(told.filter(|change| lifted(*change)).count(), 1);
}

async fn c18_of_two_changes_at_once_none_closes_a_circle(office: &Office) {
    let (anna, boris) = (hire(office, "Anna", None).await, hire(office, "Boris", None).await);
    let (to_boris, to_anna) = (boris.id.to_string(), anna.id.to_string());
    let (one, two) = tokio::join!(put(office, &anna, Some(&to_boris)), put(office, &boris, Some(&to_anna)));
    let mut said = [refusal(one), refusal(two)];
    said.sort();
    assert_eq!(said, ["done", "invalid: supervisor_id circle"]);
}

async fn c18_whoever_reported_to_somebody_who_goes_reports_to_the_successor_or_to_nobody(office: &Office) {
    let chief = hire(office, "Chief", None).await;
    let head = hire(office, "Head", Some(&chief)).await;
    let (one, two) = (
        hire(office, "One", Some(&head)).await,
        hire(office, "Two", Some(&head)).await,
    );
    let leave = async |whom: &StaffMember, successor: Option<StaffId>| {
        staff::succeed(&office.db, &office.author(), (whom.id, successor), None).await
    };
    let nobody = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
    for wrong in [head.id, nobody] {
        assert_eq!(
            refusal(leave(&head, Some(wrong)).await),
            "invalid: successor_id unknown"
        );
    }
    assert_eq!(above(office, &one).await, Some(head.id), "nothing was done");
    leave(&head, Some(chief.id)).await.unwrap();
    assert_eq!(above(office, &one).await, Some(chief.id));
    assert_eq!(above(office, &two).await, Some(chief.id));
    assert_eq!(office.member(&one).await.version, one.version + 1);
    assert_eq!(above(office, &head).await, None, "who is gone reports to nobody");
    let told = office.audit(10).await;
    let moved = told.iter().find(|row| row.entity_id == one.id.to_string()).unwrap();
    assert_eq!(moved.after.as_ref().unwrap()["supervisor_id"], chief.id.to_string());
    leave(&chief, None).await.unwrap();
    assert_eq!((above(office, &one).await, above(office, &two).await), (None, None));
}

async fn c18_a_successor_from_below_takes_the_place(office: &Office) {
    let top = hire(office, "Top", None).await;
    let chief = hire(office, "Chief", Some(&top)).await;
    let head = hire(office, "Head", Some(&chief)).await;
    let heir = hire(office, "Heir", Some(&head)).await;
    let clerk = hire(office, "Clerk", Some(&heir)).await;
    let gone = staff::succeed(&office.db, &office.author(), (chief.id, Some(heir.id)), None).await;
    gone.unwrap();
    assert_eq!(above(office, &heir).await, Some(top.id));
    assert_eq!(above(office, &head).await, Some(heir.id));
    assert_eq!(above(office, &clerk).await, Some(heir.id));
}
