//! Access up to a moment.

use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::staff::{self, NewStaff, StaffMember, StaffPatch, SystemStatus};
use frontdesk_crm_core::store::StoreError;
use frontdesk_crm_core::tokens::{self, NewToken};
use frontdesk_routing::plan::Term;

use crate::office::{HOURS, NOON, Office, refusal};

crate::on_both! {
    b9_log_in_session_and_token_end_at_the_moment_and_come_back_when_it_is_lifted
    b9_a_moment_is_set_from_the_first_day_and_kept_through_other_changes
    b9_nobody_sets_a_moment_in_the_past_or_ends_the_main_accounts_access
    b9_who_gave_access_until_when_stands_in_the_audit
}

/// An hour after noon.
const THEN: &str = "2026-11-18T12:06:40Z";

async fn until(office: &Office, of: &StaffMember, moment: Option<&str>) -> Result<StaffMember, StoreError> {
    let patch = StaffPatch {
        access_until: Some(moment.map(String::from)),
        ..StaffPatch::default()
    };
    staff::update(&office.db, &office.author(), of.id, patch, None).await
}

async fn b9_log_in_session_and_token_end_at_the_moment_and_come_back_when_it_is_lifted(office: &Office) {
    let ivan = office.ivan().await;
    let login = office.login("ivan");
    let session = office.session(&login, "correct horse").await;
    let new = NewToken {
        name: "bot".into(),
        scopes: vec!["calls:read".into()],
        lifetime_ms: 100 * HOURS,
    };
    let (_, secret) = tokens::create(&office.db, &office.author(), ivan.id, new)
        .await
        .unwrap();
    let check = async |expected: bool, status: SystemStatus| {
        let at = office.now() - NOON;
        assert_eq!(office.enters(&login, "correct horse").await, expected, "log-in at {at}");
        assert_eq!(office.alive(&session).await, expected, "session at {at}");
        let token = tokens::find(&office.db, &secret, office.now()).await.unwrap();
        assert_eq!(token.is_some(), expected, "token at {at}");
        assert_eq!(office.member(&ivan).await.system_status(), status, "{at}");
    };
    let given = until(office, &ivan, Some(THEN)).await.unwrap();
    assert_eq!((given.access_until, given.access_ended), (Some(NOON + HOURS), false));
    check(true, SystemStatus::Online).await;
    office.later(HOURS - 1);
    check(true, SystemStatus::Offline).await;
    office.later(1);
    check(false, SystemStatus::NoAccess).await;
    assert!(office.member(&ivan).await.access_ended);
    until(office, &ivan, None).await.unwrap();
    check(true, SystemStatus::Offline).await;
}

async fn b9_a_moment_is_set_from_the_first_day_and_kept_through_other_changes(office: &Office) {
    let new = NewStaff {
        given_name: Some("Guest".into()),
        access_until: Some("2026-11-18T15:06:40".into()),
        ..NewStaff::default()
    };
    let guest = office.hire(new).await.unwrap();
    assert_eq!(guest.access_until, Some(NOON + HOURS), "in Moscow");
    office.later(2 * HOURS);
    let patch = StaffPatch {
        position: Some(Some("Auditor".into())),
        ..StaffPatch::default()
    };
    let changed = staff::update(&office.db, &office.author(), guest.id, patch, None).await;
    assert_eq!(changed.unwrap().access_until, Some(NOON + HOURS));
    let section = plan_build::staff_section(&office.db).await.unwrap();
    assert_eq!(section.get(guest.id).unwrap().term, Term::Until(NOON + HOURS));
    assert_eq!(section.get(office.first.staff).unwrap().term, Term::Lasting);
}

async fn b9_nobody_sets_a_moment_in_the_past_or_ends_the_main_accounts_access(office: &Office) {
    let ivan = office.ivan().await;
    let past = until(office, &ivan, Some("2026-11-18T11:06:40Z")).await;
    assert_eq!(refusal(past), "invalid: access_until past");
    assert_eq!(
        refusal(until(office, &ivan, Some("soon")).await),
        "invalid: access_until invalid"
    );
    let main = staff::get(&office.db, office.first.account, office.first.staff, office.now()).await;
    let refused = until(office, &main.unwrap(), Some(THEN)).await;
    assert_eq!(refusal(refused), "invalid: access_until invalid");
    let new = NewStaff {
        given_name: Some("Guest".into()),
        access_until: Some("2020-01-01T00:00:00Z".into()),
        ..NewStaff::default()
    };
    assert_eq!(refusal(office.hire(new).await), "invalid: access_until past");
}

async fn b9_who_gave_access_until_when_stands_in_the_audit(office: &Office) {
    let ivan = office.ivan().await;
    office.later(1);
    until(office, &ivan, Some(THEN)).await.unwrap();
    office.later(1);
    until(office, &ivan, None).await.unwrap();
    let deeds = office.audit(2).await;
    let told = |side: &Option<serde_json::Value>| side.as_ref().unwrap()["access_until"].clone();
    let told: Vec<_> = deeds
        .iter()
        .map(|deed| (told(&deed.before), told(&deed.after)))
        .collect();
    let then = serde_json::json!("2026-11-18T12:06:40.000Z");
    let never = serde_json::Value::Null;
    assert_eq!(told, [(then.clone(), never.clone()), (never, then)]);
}
