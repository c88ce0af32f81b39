use frontdesk_crm_core::accounts::{self, AccountPatch};
use frontdesk_crm_core::departments::{self, Department, DepartmentPatch, MemberPatch, QueuePatch};
use frontdesk_crm_core::features::{self, FeaturesPatch};
use frontdesk_crm_core::revisions::{self, Revision, RevisionQuery, Thing};
use frontdesk_crm_core::roles::{self, RolePatch};
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_crm_core::staff;
use frontdesk_crm_core::store::StoreError;
use frontdesk_crm_core::trunks::{self, RegistrationPatch, ServerPatch, TrunkPatch};
use serde_json::json;

use crate::office::{Office, page, refusal};

crate::on_both! {
    each_change_is_a_numbered_revision_with_what_was_and_what_is
    an_undone_change_leaves_what_others_did_since
    what_was_made_is_deleted_and_what_was_deleted_comes_back
    what_fits_no_more_is_not_undone
    what_is_changed_behind_the_programs_back_is_found
    no_revision_holds_a_secret
    things_are_known_by_what_they_are_called_now
}

async fn all(office: &Office) -> Vec<Revision> {
    let query = RevisionQuery::default();
    let found = revisions::list(&office.db, office.first.account, &query, &page(100)).await;
    found.unwrap().items
}

/// `number action: field before after, ...`
fn told(revision: &Revision) -> String {
    let changes = revisions::changes(revision.before.as_ref(), revision.after.as_ref());
    let changes: Vec<String> = changes
        .iter()
        .map(|change| format!("{} {} {}", change.field, change.before, change.after))
        .collect();
    format!("{} {}: {}", revision.number, revision.action, changes.join(", "))
}

async fn newest(office: &Office) -> String {
    told(&all(office).await[0])
}

async fn undo(office: &Office, number: i64) -> Result<(), StoreError> {
    revisions::undo(&office.db, &office.author(), number).await
}

async fn department(office: &Office, name: &str, short: &str) -> Department {
    let new = DepartmentPatch {
        name: Some(name.into()),
        short_number: Some(short.into()),
        ..DepartmentPatch::default()
    };
    departments::create(&office.db, &office.author(), new).await.unwrap()
}

async fn change(office: &Office, of: &Department, patch: DepartmentPatch) -> Department {
    let changed = departments::update(&office.db, &office.author(), of.plan.id, patch, None).await;
    changed.unwrap()
}

fn name(name: &str) -> DepartmentPatch {
    DepartmentPatch {
        name: Some(name.into()),
        ..DepartmentPatch::default()
    }
}

fn ring_time(seconds: u32) -> DepartmentPatch {
    DepartmentPatch {
        queue: QueuePatch {
            ring_time_s: Some(seconds),
            ..QueuePatch::default()
        },
        ..DepartmentPatch::default()
    }
}

async fn each_change_is_a_numbered_revision_with_what_was_and_what_is(office: &Office) {
    let first = all(office).await.len();
    let sales = department(office, "Sales", "500").await;
    change(office, &sales, name("Service")).await;
    let ivan = office.ivan().await;
    let members = DepartmentPatch {
        members: Some(vec![MemberPatch::new(ivan.id)]),
        ..DepartmentPatch::default()
    };
    change(office, &sales, members.clone()).await;
    change(office, &sales, members).await;
    let found = all(office).await;
    assert_eq!(
        found.len(),
        first + 3,
        "what changes nothing is no revision, and staff have none"
    );
    let numbers: Vec<i64> = found.iter().map(|revision| revision.number).collect();
    let last = i64::try_from(found.len()).unwrap();
    assert_eq!(numbers, (1..=last).rev().collect::<Vec<_>>());
    assert_eq!(
        told(&found[1]),
        format!("{} department.updated: name \"Sales\" \"Service\"", last - 1)
    );
    assert!(
        told(&found[0]).contains(&format!("\"staff_id\":\"{}\"", ivan.id)),
        "{}",
        told(&found[0])
    );
    assert_eq!(
        (found[0].name.as_str(), found[0].actor_name.as_str()),
        ("Service", "Main")
    );
    assert_eq!(found[0].actor_staff, Some(office.first.staff));
    let query = RevisionQuery {
        thing: Some(Thing::Department),
        thing_id: Some(sales.plan.id.to_string()),
    };
    let part = revisions::list(&office.db, office.first.account, &query, &page(2))
        .await
        .unwrap();
    assert_eq!(part.items.len(), 2);
    let mut next = page(2);
    next.cursor = part.next_cursor;
    let rest = revisions::list(&office.db, office.first.account, &query, &next)
        .await
        .unwrap();
    assert_eq!((rest.items.len(), rest.next_cursor), (1, None));
}

async fn an_undone_change_leaves_what_others_did_since(office: &Office) {
    let sales = department(office, "Sales", "500").await;
    change(office, &sales, ring_time(25)).await;
    let number = all(office).await[0].number;
    let now = change(office, &sales, name("Service")).await;
    undo(office, number).await.unwrap();
    let undone = departments::get(&office.db, office.first.account, sales.plan.id)
        .await
        .unwrap();
    assert_eq!(&*undone.plan.name, "Service");
    assert_eq!(undone.plan.queue.ring_time_ms, sales.plan.queue.ring_time_ms);
    assert!(undone.version > now.version, "whoever read it before reads it anew");
    assert_eq!(
        newest(office).await,
        format!("{} department.undone: ring_time_s 25 20", number + 2)
    );
    assert_eq!(refusal(undo(office, number).await), "refused: changed_since");
    office.later(1);
    undo(office, number + 2).await.unwrap();
    let again = departments::get(&office.db, office.first.account, sales.plan.id)
        .await
        .unwrap();
    assert_eq!(again.plan.queue.ring_time_ms, 25_000, "an undone change can be undone");
    assert_eq!(refusal(undo(office, 999).await), "not found");
    let told = office.audit(1).await.remove(0);
    assert_eq!(
        (told.action.as_str(), told.entity.as_str()),
        ("department.undone", "department")
    );
    assert_eq!(told.after, Some(json!({ "ring_time_s": 25 })));
}

async fn what_was_made_is_deleted_and_what_was_deleted_comes_back(office: &Office) {
    let ivan = office.ivan().await;
    let sales = department(office, "Sales", "500").await;
    let made = all(office).await[0].number;
    let members = DepartmentPatch {
        members: Some(vec![MemberPatch::new(ivan.id)]),
        ..DepartmentPatch::default()
    };
    let staffed = change(office, &sales, members).await;
    assert_eq!(refusal(undo(office, made).await), "refused: changed_since");
    departments::delete(&office.db, &office.author(), sales.plan.id, None)
        .await
        .unwrap();
    let deleted = all(office).await[0].clone();
    assert!(deleted.after.is_none());
    undo(office, deleted.number).await.unwrap();
    let back = departments::get(&office.db, office.first.account, sales.plan.id)
        .await
        .unwrap();
    assert_eq!(back.plan, staffed.plan, "with its members");
    undo(office, deleted.number + 1).await.unwrap();
    assert_eq!(
        refusal(departments::get(&office.db, office.first.account, sales.plan.id).await),
        "not found"
    );

    let patch = FeaturesPatch {
        codes: [("echo".to_owned(), None)].into(),
        ..FeaturesPatch::default()
    };
    features::update(&office.db, &office.author(), patch, None)
        .await
        .unwrap();
    let number = all(office).await[0].number;
    let patch = FeaturesPatch {
        codes: [("echo".to_owned(), Some("*99".to_owned()))].into(),
        ..FeaturesPatch::default()
    };
    features::update(&office.db, &office.author(), patch, None)
        .await
        .unwrap();
    undo(office, number + 1).await.unwrap();
    let now = features::get(&office.db, office.first.account).await.unwrap();
    assert_eq!(
        now.settings.codes.code(frontdesk_routing::features::Feature::Echo),
        None
    );

    assert_eq!(refusal(undo(office, number).await), "done", "the first change too");
    let usual = features::get(&office.db, office.first.account).await.unwrap();
    assert_eq!(
        usual.settings.codes.code(frontdesk_routing::features::Feature::Echo),
        Some("*43")
    );
    assert_eq!(usual.version, 0, "as if nothing had been changed");

    let patch = AccountPatch {
        name: Some("Another".into()),
        ..AccountPatch::default()
    };
    let before = accounts::get(&office.db, office.first.account).await.unwrap();
    accounts::update(&office.db, &office.author(), patch, None)
        .await
        .unwrap();
    undo(office, all(office).await[0].number).await.unwrap();
    let now = accounts::get(&office.db, office.first.account).await.unwrap();
    assert_eq!(now.name, before.name);
}

async fn what_fits_no_more_is_not_undone(office: &Office) {
    let sales = department(office, "Sales", "500").await;
    change(
        office,
        &sales,
        DepartmentPatch {
            short_number: Some("501".into()),
            ..DepartmentPatch::default()
        },
    )
    .await;
    let moved = all(office).await[0].number;
    department(office, "Others", "500").await;
    assert_eq!(refusal(undo(office, moved).await), "refused: taken");

    let role = |name: &str| RolePatch {
        name: Some(name.into()),
        rights: Some(Vec::new()),
    };
    let clerk = roles::create(&office.db, &office.author(), role("Clerk"))
        .await
        .unwrap();
    roles::update(&office.db, &office.author(), clerk.id, role("Guard"), None)
        .await
        .unwrap();
    let renamed = all(office).await[0].number;
    roles::create(&office.db, &office.author(), role("clerk"))
        .await
        .unwrap();
    assert_eq!(refusal(undo(office, renamed).await), "refused: taken");

    let ivan = office.ivan().await;
    let members = DepartmentPatch {
        members: Some(vec![MemberPatch::new(ivan.id), MemberPatch::new(office.first.staff)]),
        ..DepartmentPatch::default()
    };
    change(office, &sales, members).await;
    let nobody = DepartmentPatch {
        members: Some(Vec::new()),
        ..DepartmentPatch::default()
    };
    change(office, &sales, nobody).await;
    staff::delete(&office.db, &office.author(), ivan.id, None)
        .await
        .unwrap();
    undo(office, all(office).await[0].number).await.unwrap();
    let now = departments::get(&office.db, office.first.account, sales.plan.id)
        .await
        .unwrap();
    let members: Vec<_> = now.plan.members.iter().map(|member| member.staff).collect();
    assert_eq!(members, [office.first.staff], "whoever has left stays away");
}

async fn what_is_changed_behind_the_programs_back_is_found(office: &Office) {
    let sales = department(office, "Sales", "500").await;
    assert_eq!(revisions::look_around(&office.db, office.now()).await.unwrap(), 0);
    office.raw("UPDATE departments SET ring_time_s = 33").await.unwrap();
    assert_eq!(revisions::look_around(&office.db, office.now()).await.unwrap(), 1);
    let found = all(office).await.remove(0);
    assert_eq!(
        told(&found),
        format!("{} department.found: ring_time_s 20 33", found.number)
    );
    assert_eq!(found.actor_staff, None);
    undo(office, found.number).await.unwrap();
    let now = departments::get(&office.db, office.first.account, sales.plan.id)
        .await
        .unwrap();
    assert_eq!(now.plan.queue.ring_time_ms, 20_000);
    office.raw("DELETE FROM known_things").await.unwrap();
    let before = all(office).await.len();
    assert_eq!(
        revisions::look_around(&office.db, office.now()).await.unwrap(),
        0,
        "an older version's database"
    );
    assert_eq!(all(office).await.len(), before);
    change(office, &sales, name("Service")).await;
    assert!(
        newest(office)
            .await
            .ends_with("department.updated: name \"Sales\" \"Service\"")
    );
}

async fn no_revision_holds_a_secret(office: &Office) {
    let new = TrunkPatch {
        name: Some("Provider".into()),
        servers: Some(vec![ServerPatch {
            host: "sip.example.net".into(),
            ..ServerPatch::default()
        }]),
        registration: Some(Some(RegistrationPatch {
            user: Some("79120000000".into()),
            password: Some("sehr geheim".into()),
            ..RegistrationPatch::default()
        })),
        ..TrunkPatch::default()
    };
    let (made, _) = trunks::create(&office.db, &office.author(), new, false).await.unwrap();
    let kept = format!("{:?}", all(office).await);
    assert!(kept.contains("79120000000") && !kept.contains("geheim"));
    let patch = TrunkPatch {
        name: Some("Other".into()),
        ..TrunkPatch::default()
    };
    trunks::update(&office.db, &office.author(), made.plan.id, patch, None)
        .await
        .unwrap();
    undo(office, all(office).await[0].number).await.unwrap();
    let now = trunks::get(&office.db, office.first.account, made.plan.id)
        .await
        .unwrap();
    assert_eq!(now.plan, made.plan, "its password stays");
    trunks::delete(&office.db, &office.author(), made.plan.id, None)
        .await
        .unwrap();
    assert_eq!(
        refusal(undo(office, all(office).await[0].number).await),
        "refused: secret_gone"
    );
}

async fn things_are_known_by_what_they_are_called_now(office: &Office) {
    let account = office.first.account;
    let (sales, gone) = (
        department(office, "Sales", "200").await,
        department(office, "Gone", "201").await,
    );
    change(office, &sales, name("Shop")).await;
    departments::delete(&office.db, &office.author(), gone.plan.id, None)
        .await
        .unwrap();
    let names = revisions::names(&office.db, account).await.unwrap();
    assert_eq!(names.get(&sales.plan.id.to_string()).map(String::as_str), Some("Shop"));
    assert!(!names.contains_key(&gone.plan.id.to_string()));
    let newest = all(office).await.remove(0);
    let same = revisions::get(&office.db, account, newest.number).await.unwrap();
    assert_eq!((same.action, same.thing_id), (newest.action, newest.thing_id));
    let other = setup::another(&office.db, office.stamp(), Beginning::default())
        .await
        .unwrap();
    let theirs = revisions::names(&office.db, other.account).await.unwrap();
    assert!(!theirs.contains_key(&sales.plan.id.to_string()));
    let foreign = revisions::get(&office.db, other.account, newest.number).await;
    assert_eq!(refusal(foreign), "not found");
}
