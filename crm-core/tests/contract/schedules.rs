use std::collections::BTreeMap;

use frontdesk_crm_core::access::{Reach, Scope};
use frontdesk_crm_core::accounts::{self, AccountPatch};
use frontdesk_crm_core::departments::{self, DepartmentPatch, MemberPatch};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::projects;
use frontdesk_crm_core::reception::{self, DeskOf, DeskPatch, ReceptionPatch};
use frontdesk_crm_core::schedules::{self, SchedulePatch};
use frontdesk_crm_core::staff::NewStaff;
use frontdesk_crm_core::store::StoreError;
use frontdesk_routing::ids::{DepartmentId, ProjectId, ScheduleId, StaffId};
use frontdesk_routing::plan::reception::Hours;
use frontdesk_routing::schedule::Open;

use crate::office::{HOURS, NOON, Office, refusal};

crate::on_both! {
    schedules_are_made_changed_and_deleted_when_nobody_has_them
    holidays_close_the_schedules_that_observe_them
    b16_the_company_says_what_a_day_without_hours_is
    b22_members_whose_weekdays_are_undefined_are_listed
    k18_schedules_are_read_as_far_as_the_right_reaches
    a_schedule_in_force_is_closed_on_the_companys_holidays
}

fn days(days: &[(&str, &[&str])]) -> Option<BTreeMap<String, Vec<String>>> {
    let day = |(name, hours): &(&str, &[&str])| {
        let hours = hours.iter().map(|text| (*text).to_owned()).collect();
        ((*name).to_owned(), hours)
    };
    Some(days.iter().map(day).collect())
}

/// NOON is a Wednesday, 14:06 in Moscow.
fn office_hours() -> SchedulePatch {
    SchedulePatch {
        name: Some("Office".into()),
        time_zone: Some("Europe/Moscow".into()),
        week: days(&[
            ("wed", &["09:00-13:00", "14:00-18:00"]),
            ("thu", &["22:00-06:00"]),
            ("sun", &[]),
        ]),
        dates: days(&[("2026-12-31", &["09:00-15:00"])]),
        ..SchedulePatch::default()
    }
}

async fn made(office: &Office) -> ScheduleId {
    schedules::create(&office.db, &office.author(), office_hours())
        .await
        .unwrap()
        .id
}

async fn given(office: &Office, schedule: Option<ScheduleId>) {
    given_to(office, office.first.staff, schedule).await;
}

async fn given_to(office: &Office, staff: StaffId, schedule: Option<ScheduleId>) {
    let patch = ReceptionPatch {
        schedule: Some(schedule.map(|schedule| schedule.to_string())),
        ..ReceptionPatch::default()
    };
    reception::set_person(&office.db, &office.author(), staff, patch, None)
        .await
        .unwrap();
}

async fn schedules_are_made_changed_and_deleted_when_nobody_has_them(office: &Office) {
    let account = office.first.account;
    let schedule = made(office).await;
    let kept = schedules::get(&office.db, Scope::whole(account), schedule)
        .await
        .unwrap();
    assert_eq!(
        (kept.week.iter().flatten().count(), kept.dates.len(), kept.version),
        (3, 1, 1)
    );
    assert_eq!(kept.week[2].as_ref().unwrap()[1].to_string(), "14:00-18:00");
    let patch = SchedulePatch {
        week: days(&[("mon", &["00:00-24:00"])]),
        ..SchedulePatch::default()
    };
    office.later(1000);
    let changed = schedules::update(&office.db, &office.author(), schedule, patch.clone(), Some(1)).await;
    let changed = changed.unwrap();
    assert_eq!((changed.week.iter().flatten().count(), changed.dates.len()), (1, 1));
    let stale = schedules::update(&office.db, &office.author(), schedule, patch, Some(1)).await;
    assert_eq!(refusal(stale), "stale");
    let row = &office.audit(1).await[0];
    assert_eq!(row.action, "schedule.updated");
    assert_eq!(row.after.as_ref().unwrap()["days"]["mon"][0], "00:00-24:00");
    given(office, Some(schedule)).await;
    let used = schedules::delete(&office.db, &office.author(), schedule, None).await;
    assert_eq!(refusal(used), "refused: in_use");
    given(office, None).await;
    schedules::delete(&office.db, &office.author(), schedule, None)
        .await
        .unwrap();
    assert_eq!(
        refusal(schedules::get(&office.db, Scope::whole(account), schedule).await),
        "not found"
    );
    assert!(
        schedules::list(&office.db, Scope::whole(account))
            .await
            .unwrap()
            .is_empty()
    );
}

async fn holidays_close_the_schedules_that_observe_them(office: &Office) {
    let schedule = made(office).await;
    let open = async || {
        let plan = plan_build::full(&office.db).await.unwrap();
        let hours = plan.reception.schedule(Some(schedule)).unwrap();
        (hours.open_at(NOON), hours.open_at(NOON + 24 * HOURS))
    };
    // On Thursday the shift begins at 22:00.
    let opens_at = Some(NOON - (14 * 60 + 6) * 60_000 - 40_000 + (24 + 22) * HOURS);
    assert_eq!(open().await, (Open::Open, Open::Closed { opens_at }));
    let typed = vec![("2026-11-18".into(), "Founding day".into())];
    let kept = schedules::set_holidays(&office.db, &office.author(), typed, None)
        .await
        .unwrap();
    assert_eq!(
        kept,
        schedules::holidays(&office.db, office.first.account).await.unwrap()
    );
    assert_eq!(open().await.0, Open::Closed { opens_at });
    let ignores = SchedulePatch {
        observes_holidays: Some(false),
        ..SchedulePatch::default()
    };
    schedules::update(&office.db, &office.author(), schedule, ignores, None)
        .await
        .unwrap();
    assert_eq!(open().await.0, Open::Open);
    let own = SchedulePatch {
        observes_holidays: Some(true),
        dates: days(&[("2026-11-18", &["14:00-15:00"])]),
        ..SchedulePatch::default()
    };
    schedules::update(&office.db, &office.author(), schedule, own, None)
        .await
        .unwrap();
    assert_eq!(open().await.0, Open::Open, "a date of its own comes first");
    office.later(1000);
    schedules::set_holidays(&office.db, &office.author(), vec![], None)
        .await
        .unwrap();
    assert_eq!(office.audit(1).await[0].action, "holidays.updated");
    let (empty, seen) = (schedules::holidays_version(&[]), schedules::holidays_version(&kept));
    let set = async |version| {
        let typed = vec![("2027-01-01".into(), "New Year".into())];
        schedules::set_holidays(&office.db, &office.author(), typed, Some(version)).await
    };
    assert!(
        matches!(set(seen).await, Err(StoreError::Stale)),
        "it was emptied since"
    );
    set(empty).await.unwrap();
    assert!(matches!(set(empty).await, Err(StoreError::Stale)));
}

async fn b16_the_company_says_what_a_day_without_hours_is(office: &Office) {
    let account = office.first.account;
    let schedule = made(office).await;
    let friday = NOON + 48 * HOURS;
    let hours = async || {
        let plan = plan_build::full(&office.db).await.unwrap();
        plan.reception.is_open(account, Some(schedule), friday)
    };
    assert_eq!(hours().await, Hours::Unknown);
    let patch = AccountPatch {
        open_when_unknown: Some(true),
        ..AccountPatch::default()
    };
    accounts::update(&office.db, &office.author(), patch, None)
        .await
        .unwrap();
    assert_eq!(hours().await, Hours::Open);
}

async fn b22_members_whose_weekdays_are_undefined_are_listed(office: &Office) {
    let account = office.first.account;
    let (schedule, ivan) = (made(office).await, office.ivan().await);
    let new = DepartmentPatch {
        name: Some("Sales".into()),
        short_number: Some("200".into()),
        members: Some([office.first.staff, ivan.id].map(MemberPatch::new).to_vec()),
        ..DepartmentPatch::default()
    };
    let department = departments::create(&office.db, &office.author(), new)
        .await
        .unwrap()
        .plan
        .id;
    given(office, Some(schedule)).await;
    let gaps = schedules::check(&office.db, account, department).await.unwrap();
    let of = |staff| gaps.iter().filter(move |gap| gap.staff == staff).map(|gap| gap.weekday);
    assert_eq!(of(office.first.staff).collect::<Vec<_>>(), ["mon", "tue", "fri", "sat"]);
    assert_eq!(of(ivan.id).count(), 7, "without a schedule nothing is said of any day");
    let foreign = schedules::check(&office.db, account, DepartmentId::from_u128(7)).await;
    assert_eq!(refusal(foreign), "not found");
}

async fn k18_schedules_are_read_as_far_as_the_right_reaches(office: &Office) {
    let account = office.first.account;
    let hire = async |project: Option<ProjectId>| {
        let new = NewStaff {
            given_name: Some("Other".into()),
            project,
            ..NewStaff::default()
        };
        office.hire(new).await.unwrap().id
    };
    let north = projects::create(&office.db, &office.author(), "North")
        .await
        .unwrap()
        .id;
    let (ivan, colleague) = (office.ivan().await.id, hire(None).await);
    let new = DepartmentPatch {
        name: Some("Sales".into()),
        short_number: Some("200".into()),
        members: Some([ivan, colleague].map(MemberPatch::new).to_vec()),
        ..DepartmentPatch::default()
    };
    let sales = departments::create(&office.db, &office.author(), new).await.unwrap();
    // one's own, a colleague's, the department's, somebody's of the project, nobody's, and somebody's of another project
    let mut all = Vec::new();
    for owner in [
        Some(ivan),
        Some(colleague),
        None,
        Some(hire(None).await),
        None,
        Some(hire(Some(north)).await),
    ] {
        let schedule = made(office).await;
        all.push(schedule);
        if let Some(owner) = owner {
            given_to(office, owner, Some(schedule)).await;
        }
    }
    let desk = DeskPatch {
        schedule: Some(Some(all[2].to_string())),
        ..DeskPatch::default()
    };
    let sales = DeskOf::Department(sales.plan.id);
    reception::set_desk(&office.db, &office.author(), sales, desk, None)
        .await
        .unwrap();
    for (reach, seen) in [
        (Reach::Own, 1),
        (Reach::Department, 3),
        (Reach::Project, 5),
        (Reach::Any, 6),
    ] {
        let within = Scope::of(account, reach, (ivan, projects::first_of(account)));
        let list = schedules::list(&office.db, within).await.unwrap();
        let mut listed: Vec<ScheduleId> = list.iter().map(|schedule| schedule.id).collect();
        let mut expected = all[..seen].to_vec();
        listed.sort();
        expected.sort();
        assert_eq!(listed, expected, "{reach:?}");
        for (n, schedule) in all.iter().enumerate() {
            let found = schedules::get(&office.db, within, *schedule).await.is_ok();
            assert_eq!(found, n < seen, "{reach:?} {n}");
        }
    }
}

async fn a_schedule_in_force_is_closed_on_the_companys_holidays(office: &Office) {
    let (account, schedule) = (office.first.account, made(office).await);
    let open = async || {
        let hours = schedules::in_force(&office.db, account, schedule).await.unwrap();
        hours.open_at(NOON) == Open::Open
    };
    assert!(open().await);
    let typed = vec![("2026-11-18".into(), "Founding day".into())];
    schedules::set_holidays(&office.db, &office.author(), typed, None)
        .await
        .unwrap();
    assert!(!open().await);
    let foreign = schedules::in_force(&office.db, account, ScheduleId::from_u128(7)).await;
    assert_eq!(refusal(foreign), "not found");
}
