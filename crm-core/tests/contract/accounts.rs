use std::collections::BTreeSet;

use frontdesk_crm_core::accounts::{self, AccountPatch};
use frontdesk_crm_core::departments::{self, DepartmentPatch, MemberPatch, QueuePatch};
use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_crm_core::trunks::{self, TrunkPatch};
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::ShortNumber;

use crate::office::{Office, refusal};

crate::on_both! {
    settings_are_changed_by_one_who_has_seen_the_newest
    a_department_has_members_and_a_number_of_its_own
    a_line_registers_with_data_of_its_own
    another_company_begins_with_its_own_people_and_is_found_by_its_number
    the_first_account_speaks_for_the_installation_unless_others_are_named
}

async fn settings_are_changed_by_one_who_has_seen_the_newest(office: &Office) {
    let patch = |name: &str| AccountPatch {
        name: Some(name.into()),
        ..AccountPatch::default()
    };
    let changed = accounts::update(&office.db, &office.author(), patch("Ромашка"), Some(1))
        .await
        .unwrap();
    assert_eq!((changed.name.as_str(), changed.version), ("Ромашка", 2));
    let stale = accounts::update(&office.db, &office.author(), patch("Роза"), Some(1)).await;
    assert_eq!(refusal(stale), "stale");
    let wrong = AccountPatch {
        name: Some(" ".into()),
        time_zone: Some("Moscow".into()),
        recording_policy: Some("maybe".into()),
        ..AccountPatch::default()
    };
    let refused = accounts::update(&office.db, &office.author(), wrong, None).await;
    assert_eq!(
        refusal(refused),
        "invalid: name required, time_zone invalid, recording_policy invalid"
    );
}

async fn a_department_has_members_and_a_number_of_its_own(office: &Office) {
    let ivan = office.ivan().await;
    let author = office.author();
    let new = |short: &str| DepartmentPatch {
        name: Some("Продажи".into()),
        short_number: Some(short.into()),
        members: Some([ivan.id, office.first.staff, ivan.id].map(MemberPatch::new).to_vec()),
        ..DepartmentPatch::default()
    };
    let sales = departments::create(&office.db, &office.author(), new("200"))
        .await
        .unwrap();
    for taken in ["200", "101", "100"] {
        let refused = departments::create(&office.db, &office.author(), new(taken)).await;
        assert_eq!(refusal(refused), "taken: short_number taken", "{taken}");
    }
    let listed = departments::list(&office.db, office.first.account).await.unwrap();
    assert_eq!(listed.first().unwrap().plan.members.len(), 2);
    assert_eq!(listed, std::slice::from_ref(&sales));
    let plan = plan_build::full(&office.db).await.unwrap();
    let short = ShortNumber::read("200").unwrap();
    assert_eq!(
        plan.departments.by_short(office.first.account, short).unwrap(),
        &sales.plan
    );
    let support = departments::create(&office.db, &office.author(), new("201"))
        .await
        .unwrap();
    let set = |patch: DepartmentPatch| {
        let author = office.author();
        async move { departments::update(&office.db, &author, sales.plan.id, patch, Some(sales.version)).await }
    };
    let to = |department: &str| DepartmentPatch {
        queue: QueuePatch {
            strategy: Some("linear".into()),
            vip: Some("head_start".into()),
            vip_lead_s: Some(90),
            longest_wait_s: Some(Some(60)),
            ..QueuePatch::default()
        },
        members: Some(vec![MemberPatch {
            penalty: 3,
            ..MemberPatch::new(ivan.id)
        }]),
        overflow: Some(Some(DestinationPatch {
            department: Some(department.to_owned()),
            ..DestinationPatch::default()
        })),
        ..DepartmentPatch::default()
    };
    let unknown = set(to("01JZZZZZZZZZZZZZZZZZZZZZZZ")).await;
    assert_eq!(refusal(unknown), "invalid: overflow.department_id unknown");
    let changed = set(to(&support.plan.id.to_string())).await.unwrap();
    let read = departments::get(&office.db, office.first.account, sales.plan.id)
        .await
        .unwrap();
    assert_eq!(read, changed);
    assert_eq!(refusal(set(DepartmentPatch::default()).await), "stale");
    let plan = plan_build::full(&office.db).await.unwrap();
    assert_eq!(plan.departments.get(sales.plan.id).unwrap(), &changed.plan);
    let used = departments::delete(&office.db, &author, support.plan.id, None).await;
    assert_eq!(refusal(used), "refused: in_use", "the other one overflows to it");
    departments::delete(&office.db, &office.author(), sales.plan.id, None)
        .await
        .unwrap();
    assert_eq!(
        refusal(departments::delete(&office.db, &office.author(), sales.plan.id, None).await),
        "not found"
    );
}

async fn a_line_registers_with_data_of_its_own(office: &Office) {
    let named = TrunkPatch {
        name: Some("Provider".into()),
        ..TrunkPatch::default()
    };
    let (line, data) = trunks::create(&office.db, &office.author(), named, true).await.unwrap();
    let user = line.plan.sip.map(|sip| sip.user.to_string());
    assert_eq!(user, data.map(|data| data.user));
    let plan = plan_build::full(&office.db).await.unwrap();
    assert_eq!(plan.staff.trunks().first().unwrap().id, line.plan.id);
    trunks::delete(&office.db, &office.author(), line.plan.id, None)
        .await
        .unwrap();
    assert!(trunks::list(&office.db, office.first.account).await.unwrap().is_empty());
}

async fn another_company_begins_with_its_own_people_and_is_found_by_its_number(office: &Office) {
    let (db, ours) = (&office.db, office.first.account);
    let begin = |name: &str, region: &str| Beginning {
        name: name.into(),
        region: region.into(),
        ..Beginning::default()
    };
    let refused = setup::another(db, office.stamp(), begin(" ", "XX")).await;
    assert_eq!(refusal(refused.map(drop)), "invalid: name invalid, region invalid");
    let other = setup::another(db, office.stamp(), begin("Роза", "kz")).await.unwrap();
    assert_ne!(other.account_number, office.first.account_number);
    let found = accounts::by_number(db, other.account_number).await.unwrap();
    assert_eq!(
        (found.id, found.name.as_str(), found.region.as_str()),
        (other.account, "Роза", "KZ")
    );
    assert_eq!(refusal(accounts::by_number(db, 1).await), "not found");
    let all = accounts::list(db).await.unwrap();
    let all: BTreeSet<_> = all.into_iter().map(|account| account.id).collect();
    assert_eq!(all, [ours, other.account].into());
    assert!(office.enters(&other.login, &other.password).await);
    assert!(!office.enters(&office.login("main"), &other.password).await);
    let plan = plan_build::full(db).await.unwrap();
    let main = ShortNumber::read("100").unwrap();
    let staff = [ours, other.account].map(|account| plan.staff.by_short(account, main).unwrap().id);
    assert_eq!(staff, [office.first.staff, other.staff]);
}

async fn the_first_account_speaks_for_the_installation_unless_others_are_named(office: &Office) {
    let first = office.first.account;
    let speaks = async |account, named: &[i64]| accounts::is_operator(&office.db, account, named).await.unwrap();
    assert!(speaks(first, &[]).await);
    assert!(speaks(first, &[7]).await, "there is nobody else");
    office.later(1000);
    let other = setup::another(&office.db, office.stamp(), Beginning::default())
        .await
        .unwrap();
    assert!(speaks(first, &[]).await && !speaks(other.account, &[]).await);
    let named = [other.account_number];
    assert!(!speaks(first, &named).await && speaks(other.account, &named).await);
    let nobody = accounts::is_operator(&office.db, AccountId::from_u128(7), &[]).await;
    assert_eq!(refusal(nobody), "not found");
}
