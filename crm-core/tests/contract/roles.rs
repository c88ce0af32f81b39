use frontdesk_crm_core::access::{self, Reach, Right, Rights, Role, Scope, Whose};
use frontdesk_crm_core::departments::{self, DepartmentPatch, MemberPatch};
use frontdesk_crm_core::groups::{self, GroupPatch};
use frontdesk_crm_core::logins;
use frontdesk_crm_core::projects::first_of;
use frontdesk_crm_core::roles::{self, Cache, Grant, RolePatch};
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_crm_core::staff::{self, NewStaff, StaffPatch};
use frontdesk_routing::ids::StaffId;

use crate::office::{Office, refusal};

crate::on_both! {
    b3_roles_are_made_changed_and_kept_while_somebody_has_them
    b2_groups_give_their_members_roles_and_lose_those_who_leave_the_company
    l1_the_main_account_has_every_right_whatever_roles_say
    what_is_remembered_of_roles_is_never_older_than_the_session_that_asks
    roles_and_groups_say_who_has_them
    a_circle_is_what_a_scope_comes_to
}

fn grant(right: &str, reach: &str) -> Grant {
    Grant {
        right: right.into(),
        reach: Some(reach.into()),
    }
}

fn named(name: &str, rights: Vec<Grant>) -> RolePatch {
    RolePatch {
        name: Some(name.into()),
        rights: Some(rights),
    }
}

fn further(roles: &[&str]) -> StaffPatch {
    StaffPatch {
        further_roles: Some(roles.iter().map(|role| (*role).to_owned()).collect()),
        ..StaffPatch::default()
    }
}

async fn rights(office: &Office, staff: StaffId) -> Rights {
    let member = staff::get(&office.db, office.first.account, staff, office.now())
        .await
        .unwrap();
    let duties = roles::load(&office.db, office.first.account).await.unwrap();
    duties.of(staff, member.role)
}

async fn b3_roles_are_made_changed_and_kept_while_somebody_has_them(office: &Office) {
    let (db, ivan) = (&office.db, office.ivan().await);
    let new = named(
        "Listener",
        vec![grant("calls:read", "own"), grant("recordings:list", "department")],
    );
    let role = roles::create(db, &office.author(), new).await.unwrap();
    let again = roles::create(db, &office.author(), named("LISTENER", Vec::new())).await;
    assert_eq!(refusal(again), "taken: name taken");
    let id = role.id.to_string();
    let given = staff::update(db, &office.author(), ivan.id, further(&[&id]), None)
        .await
        .unwrap();
    assert_eq!(given.role, Some(Role::Employee), "the first role stays");
    let now = rights(office, ivan.id).await;
    assert_eq!(now.reach(Right::CallsRead), Some(Reach::Own));
    assert_eq!(now.reach(Right::ClientsRead), Some(Reach::Any));
    let wider = named("Listener", vec![grant("calls:read", "project")]);
    let changed = roles::update(db, &office.author(), role.id, wider.clone(), Some(1))
        .await
        .unwrap();
    assert_eq!(changed.version, 2);
    assert_eq!(
        refusal(roles::update(db, &office.author(), role.id, wider, Some(1)).await),
        "stale"
    );
    assert_eq!(
        rights(office, ivan.id).await.reach(Right::CallsRead),
        Some(Reach::Project)
    );
    let used = roles::delete(db, &office.author(), role.id, None).await;
    assert_eq!(refusal(used), "in use");
    staff::update(db, &office.author(), ivan.id, further(&[]), None)
        .await
        .unwrap();
    roles::delete(db, &office.author(), role.id, None).await.unwrap();
    assert_eq!(
        refusal(roles::get(db, office.first.account, role.id).await),
        "not found"
    );
    let gone = staff::update(db, &office.author(), ivan.id, further(&[&id]), None).await;
    assert_eq!(refusal(gone), "invalid: further_roles unknown");
}

async fn b2_groups_give_their_members_roles_and_lose_those_who_leave_the_company(office: &Office) {
    let (db, ivan) = (&office.db, office.ivan().await);
    let patch = GroupPatch {
        name: Some("Shift".into()),
        members: Some(vec![ivan.id.to_string()]),
        roles: Some(vec!["supervisor".into()]),
    };
    let group = groups::create(db, &office.author(), patch).await.unwrap();
    assert_eq!(
        (group.members.as_slice(), group.roles.as_slice()),
        (&[ivan.id][..], &[Role::Supervisor][..])
    );
    assert!(rights(office, ivan.id).await.has(Right::AuditRead));
    let none = GroupPatch {
        roles: Some(Vec::new()),
        ..GroupPatch::default()
    };
    let none = groups::update(db, &office.author(), group.id, none, Some(1))
        .await
        .unwrap();
    assert_eq!((none.version, none.members.len()), (2, 1), "what is not named stays");
    assert!(!rights(office, ivan.id).await.has(Right::AuditRead));
    staff::delete(db, &office.author(), ivan.id, None).await.unwrap();
    let left = groups::get(db, office.first.account, group.id).await.unwrap();
    assert_eq!(left.members, []);
    groups::delete(db, &office.author(), group.id, None).await.unwrap();
    assert!(groups::list(db, office.first.account).await.unwrap().is_empty());
}

async fn l1_the_main_account_has_every_right_whatever_roles_say(office: &Office) {
    let main = office.first.staff;
    let own = roles::create(&office.db, &office.author(), named("Nothing", Vec::new()))
        .await
        .unwrap();
    let patch = GroupPatch {
        name: Some("All".into()),
        members: Some(vec![main.to_string()]),
        roles: Some(vec![own.id.to_string()]),
    };
    groups::create(&office.db, &office.author(), patch).await.unwrap();
    assert_eq!(rights(office, main).await, Rights::all());
    let less = StaffPatch {
        role: Some(Some("employee".into())),
        ..StaffPatch::default()
    };
    let refused = staff::update(&office.db, &office.author(), main, less, None).await;
    assert_eq!(refusal(refused), "invalid: role invalid");
    assert_eq!(rights(office, main).await, Rights::all());
}

async fn what_is_remembered_of_roles_is_never_older_than_the_session_that_asks(office: &Office) {
    let (db, ivan, cache) = (&office.db, office.ivan().await, Cache::default());
    let login = office.session(&office.login("ivan"), "correct horse").await;
    let may = async |right| {
        let session = logins::find_by_token(db, &login.token, office.now())
            .await
            .unwrap()
            .unwrap();
        let duties = cache.of(db, session.account, session.rights_version).await.unwrap();
        duties.of(session.staff, Some(session.role)).has(right)
    };
    assert!(!may(Right::CallsRead).await);
    let role = roles::create(db, &office.author(), named("Reader", vec![grant("calls:read", "any")]))
        .await
        .unwrap();
    staff::update(db, &office.author(), ivan.id, further(&[&role.id.to_string()]), None)
        .await
        .unwrap();
    assert!(may(Right::CallsRead).await);
    roles::update(db, &office.author(), role.id, named("Reader", Vec::new()), None)
        .await
        .unwrap();
    assert!(!may(Right::CallsRead).await);
}

async fn roles_and_groups_say_who_has_them(office: &Office) {
    let (db, account) = (&office.db, office.first.account);
    let (main, ivan) = (office.first.staff, office.ivan().await.id);
    let mut own = Vec::new();
    for name in ["Second", "First"] {
        let role = roles::create(db, &office.author(), named(name, vec![grant("calls:read", "own")])).await;
        own.insert(0, role.unwrap());
    }
    let names = |listed: Vec<roles::OwnRole>| listed.into_iter().map(|role| role.name).collect::<Vec<_>>();
    assert_eq!(names(roles::list(db, account).await.unwrap()), ["First", "Second"]);
    let rights = roles::of(db, account, Role::Own(own[0].id)).await.unwrap();
    assert_eq!(rights, own[0].rights);
    assert_eq!(roles::of(db, account, Role::Main).await.unwrap(), Rights::all());
    staff::update(db, &office.author(), ivan, further(&[&own[0].id.to_string()]), None)
        .await
        .unwrap();
    let holders = roles::holders(db, account).await.unwrap();
    let expected = [
        (Role::Main, vec![main]),
        (Role::Employee, vec![ivan]),
        (Role::Own(own[0].id), vec![ivan]),
    ];
    assert_eq!(holders, expected.into());
    let patch = GroupPatch {
        name: Some("Shift".into()),
        members: Some(vec![ivan.to_string()]),
        ..GroupPatch::default()
    };
    let group = groups::create(db, &office.author(), patch).await.unwrap();
    assert_eq!(groups::of(db, account, ivan).await.unwrap(), [group]);
    assert!(groups::of(db, account, main).await.unwrap().is_empty());
    let other = setup::another(db, office.stamp(), Beginning::default()).await.unwrap();
    let foreign = roles::of(db, other.account, Role::Own(own[0].id)).await;
    assert_eq!(refusal(foreign), "not found");
    assert!(groups::of(db, other.account, ivan).await.unwrap().is_empty());
    let theirs = roles::holders(db, other.account).await.unwrap();
    assert_eq!(theirs, [(Role::Main, vec![other.staff])].into());
}

async fn a_circle_is_what_a_scope_comes_to(office: &Office) {
    let (db, account) = (&office.db, office.first.account);
    let (main, ivan) = (office.first.staff, office.ivan().await.id);
    let anna = NewStaff {
        given_name: Some("Anna".into()),
        ..NewStaff::default()
    };
    let anna = office.hire(anna).await.unwrap().id;
    let new = DepartmentPatch {
        name: Some("Sales".into()),
        short_number: Some("200".into()),
        members: Some([ivan, anna].map(MemberPatch::new).to_vec()),
        ..DepartmentPatch::default()
    };
    let sales = departments::create(db, &office.author(), new).await.unwrap().plan.id;
    let line = Whose {
        line: Some(sales),
        ..Whose::default()
    };
    let things = [Whose::of([ivan]), Whose::of([anna]), Whose::of([main]), line];
    let check = async |scope: Scope, expected: [bool; 4]| {
        let circle = access::circle(db, scope).await.unwrap();
        assert_eq!(things.clone().map(|whose| circle.holds(&whose)), expected, "{scope:?}");
    };
    let here = (ivan, first_of(account));
    let of = |reach| Scope::of(account, reach, here);
    check(of(Reach::Own), [true, false, false, false]).await;
    check(of(Reach::Department), [true, true, false, true]).await;
    check(of(Reach::Project), [true; 4]).await;
    check(Scope::whole(account), [true; 4]).await;
    let other = setup::another(db, office.stamp(), Beginning::default()).await.unwrap();
    let theirs = Scope::of(other.account, Reach::Project, (other.staff, first_of(other.account)));
    check(theirs, [false; 4]).await;
}
