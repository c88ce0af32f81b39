use frontdesk_crm_core::access::Section;
use frontdesk_crm_core::departments::{self, DepartmentPatch};
use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_crm_core::numbers::{self, NumberPatch};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::projects::{self, NewPart, ProjectPatch, first_of};
use frontdesk_crm_core::reception::{self, DeskOf, DeskPatch, ReceptionPatch};
use frontdesk_crm_core::staff::{self, NewStaff, StaffPatch, StaffQuery};
use frontdesk_crm_core::trunks::{self, TrunkPatch};
use frontdesk_routing::ids::ProjectId;
use frontdesk_routing::plan::{Destination, Method};

use crate::office::{Office, page, refusal};

crate::on_both! {
    every_company_has_a_project_and_its_people_work_there
    projects_are_made_renamed_archived_and_brought_back
    l5_and_l6_the_list_shows_who_works_in_a_project_or_everybody
    l53_what_somebody_takes_in_a_project_is_said_anew_and_reaches_the_plan
    l51_a_login_looks_at_one_project_and_opens_what_is_allowed_there
    l18_l41_and_l42_how_somebody_takes_calls_is_kept_and_reaches_the_plan
    l27_nobodys_own_telephone_is_one_of_our_numbers
    desks_have_a_project_and_somebody_who_gets_their_calls
}

async fn second(office: &Office) -> ProjectId {
    projects::create(&office.db, &office.author(), "Second")
        .await
        .unwrap()
        .id
}

fn part(project: ProjectId, calls: bool) -> NewPart {
    NewPart {
        project: project.to_string(),
        receives_calls: calls,
        ..NewPart::default()
    }
}

async fn every_company_has_a_project_and_its_people_work_there(office: &Office) {
    let first = first_of(office.first.account);
    let all = projects::list(&office.db, office.first.account).await.unwrap();
    assert_eq!((all.len(), all[0].id, all[0].name.as_str()), (1, first, "Main"));
    let ivan = office.ivan().await;
    for staff in [office.first.staff, ivan.id] {
        let (parts, _) = projects::parts(&office.db, office.first.account, staff).await.unwrap();
        assert_eq!((parts.len(), parts[0].project), (1, first));
        assert!(parts[0].receives_calls && parts[0].receives_leads && parts[0].sections.is_none());
    }
    let gone = projects::archive(&office.db, &office.author(), first, None).await;
    assert_eq!(refusal(gone), "refused: first");
}

async fn projects_are_made_renamed_archived_and_brought_back(office: &Office) {
    let account = office.first.account;
    let project = second(office).await;
    let again = projects::create(&office.db, &office.author(), " SECOND ").await;
    assert_eq!(refusal(again), "taken: name taken");
    assert_eq!(
        refusal(projects::create(&office.db, &office.author(), " ").await),
        "invalid: name required"
    );
    let rename = |name: &str| ProjectPatch {
        name: Some(name.into()),
        ..ProjectPatch::default()
    };
    let renamed = projects::update(&office.db, &office.author(), project, rename("Shop"), Some(1)).await;
    assert_eq!(renamed.unwrap().version, 2);
    let stale = projects::update(&office.db, &office.author(), project, rename("X"), Some(1)).await;
    assert_eq!(refusal(stale), "stale");
    let new = DepartmentPatch {
        name: Some("Sales".into()),
        short_number: Some("200".into()),
        ..DepartmentPatch::default()
    };
    let sales = departments::create(&office.db, &office.author(), new).await.unwrap();
    let of = DeskOf::Department(sales.plan.id);
    let moved = DeskPatch {
        project: Some(project.to_string()),
        ..DeskPatch::default()
    };
    reception::set_desk(&office.db, &office.author(), of, moved, None)
        .await
        .unwrap();
    let used = projects::archive(&office.db, &office.author(), project, None).await;
    assert_eq!(refusal(used), "refused: in_use");
    let back = DeskPatch {
        project: Some(first_of(account).to_string()),
        ..DeskPatch::default()
    };
    reception::set_desk(&office.db, &office.author(), of, back, None)
        .await
        .unwrap();
    office.later(1000);
    projects::archive(&office.db, &office.author(), project, Some(2))
        .await
        .unwrap();
    assert!(
        projects::get(&office.db, account, project)
            .await
            .unwrap()
            .archived_at
            .is_some()
    );
    assert_eq!(office.audit(1).await[0].action, "project.archived");
    let restored = ProjectPatch {
        archived: Some(false),
        ..ProjectPatch::default()
    };
    let restored = projects::update(&office.db, &office.author(), project, restored, None)
        .await
        .unwrap();
    assert_eq!(restored.archived_at, None);
    let foreign = projects::get(&office.db, account, ProjectId::from_u128(7)).await;
    assert_eq!(refusal(foreign), "not found");
}

async fn l5_and_l6_the_list_shows_who_works_in_a_project_or_everybody(office: &Office) {
    let account = office.first.account;
    let project = second(office).await;
    let ivan = office.ivan().await;
    let new = NewStaff {
        given_name: Some("Boris".into()),
        project: Some(project),
        ..NewStaff::default()
    };
    office.hire(new).await.unwrap();
    let check = async |project: Option<ProjectId>, expected: &[&str]| {
        let query = StaffQuery {
            project,
            ..StaffQuery::default()
        };
        let list = staff::list(&office.db, account, &query, &page(10), office.now())
            .await
            .unwrap();
        let names: Vec<String> = list.items.iter().map(|member| member.name()).collect();
        assert_eq!(names, expected);
        assert_eq!((list.filtered, list.total), (u64::try_from(expected.len()).unwrap(), 3));
    };
    check(None, &["Boris", "Ivan", "Main"]).await;
    check(Some(project), &["Boris", "Main"]).await;
    check(Some(first_of(account)), &["Ivan", "Main"]).await;
    let both = vec![part(first_of(account), true), part(project, false)];
    projects::set_parts(&office.db, &office.author(), ivan.id, both, None)
        .await
        .unwrap();
    check(Some(project), &["Boris", "Ivan", "Main"]).await;
}

async fn l53_what_somebody_takes_in_a_project_is_said_anew_and_reaches_the_plan(office: &Office) {
    let account = office.first.account;
    let (first, project) = (first_of(account), second(office).await);
    let ivan = office.ivan().await;
    let set = |parts: Vec<NewPart>, version: Option<i64>| {
        let author = Box::leak(Box::new(office.author()));
        projects::set_parts(&office.db, author, ivan.id, parts, version)
    };
    let leads = NewPart {
        receives_leads: true,
        ..part(first, false)
    };
    office.later(1000);
    let (parts, version) = set(vec![leads, part(project, true)], Some(1)).await.unwrap();
    assert_eq!((parts.len(), version), (2, 2));
    assert_eq!(refusal(set(vec![part(first, true)], Some(1)).await), "stale");
    let unknown = set(vec![part(ProjectId::from_u128(9), true)], None).await;
    assert_eq!(refusal(unknown), "invalid: projects[0].project_id unknown");
    let plan = plan_build::full(&office.db).await.unwrap();
    let person = plan.reception.person(ivan.id).unwrap();
    assert_eq!(person.projects.as_slice(), [project], "calls only where calls are on");
    let here = projects::receivers(&office.db, account, first).await.unwrap();
    assert!(here.contains(&ivan.id), "leads are reception too");
    let workers = projects::workers(&office.db, account).await.unwrap();
    let of_ivan = workers.iter().filter(|worker| worker.staff == ivan.id);
    let takes = of_ivan.map(|worker| {
        (
            worker.part.project,
            worker.part.receives_calls,
            worker.part.receives_leads,
        )
    });
    let takes: Vec<_> = takes.collect();
    assert_eq!(takes, [(first, false, true), (project, true, false)]);
    assert_eq!(office.audit(1).await[0].action, "staff.projects");
}

async fn l51_a_login_looks_at_one_project_and_opens_what_is_allowed_there(office: &Office) {
    let account = office.first.account;
    let (first, project) = (first_of(account), second(office).await);
    let ivan = office.ivan().await;
    let session = office.session(&office.login("ivan"), "correct horse").await;
    let here = async || {
        projects::here(&office.db, (account, ivan.id), Some(session.id), false)
            .await
            .unwrap()
    };
    assert_eq!((here().await.project, here().await.sections), (first, None));
    let choose = async |project| projects::choose(&office.db, (account, ivan.id), (session.id, project), false).await;
    assert_eq!(refusal(choose(project).await), "not found");
    let calls_only = NewPart {
        sections: Some(vec!["calls".into()]),
        ..part(project, true)
    };
    let parts = vec![part(first, true), calls_only];
    projects::set_parts(&office.db, &office.author(), ivan.id, parts, None)
        .await
        .unwrap();
    choose(project).await.unwrap();
    assert_eq!(here().await.project, project);
    assert_eq!(here().await.sections, Some([Section::Calls].into()));
    projects::set_parts(&office.db, &office.author(), ivan.id, vec![], None)
        .await
        .unwrap();
    assert_eq!(
        here().await.sections,
        Some(Default::default()),
        "nothing is open without a project"
    );
    let main = projects::here(&office.db, (account, office.first.staff), None, true)
        .await
        .unwrap();
    assert_eq!((main.project, main.sections), (first, None));
}

async fn l18_l41_and_l42_how_somebody_takes_calls_is_kept_and_reaches_the_plan(office: &Office) {
    let account = office.first.account;
    let ivan = office.ivan().await;
    let set = |patch: ReceptionPatch| {
        let author = Box::leak(Box::new(office.author()));
        reception::set_person(&office.db, author, ivan.id, patch, None)
    };
    let by = |method: &str, sim: Option<String>| ReceptionPatch {
        method: Some(method.into()),
        sim_trunk: sim.map(Some),
        ..ReceptionPatch::default()
    };
    assert_eq!(refusal(set(by("mobile", None)).await), "invalid: method phone_required");
    let phone = |phone: Option<&str>| StaffPatch {
        phone: Some(phone.map(str::to_owned)),
        ..StaffPatch::default()
    };
    staff::update(&office.db, &office.author(), ivan.id, phone(Some("+79161234567")), None)
        .await
        .unwrap();
    assert_eq!(set(by("mobile", None)).await.unwrap().method, Method::Mobile);
    let gone = staff::update(&office.db, &office.author(), ivan.id, phone(None), None).await;
    assert_eq!(refusal(gone), "invalid: phone required");
    assert_eq!(
        refusal(set(by("sim", None)).await),
        "invalid: sim_trunk_id required",
        "L42"
    );
    let foreign = set(by("sim", Some("01ARZ3NDEKTSV4RRFFQ69G5FAV".into()))).await;
    assert_eq!(refusal(foreign), "invalid: sim_trunk_id unknown");
    let patch = TrunkPatch {
        name: Some("SIM".into()),
        ..TrunkPatch::default()
    };
    let (line, _) = trunks::create(&office.db, &office.author(), patch, true).await.unwrap();
    let line = line.plan.id;
    assert_eq!(
        set(by("sim", Some(line.to_string()))).await.unwrap().method,
        Method::Sim(line)
    );
    let used = trunks::delete(&office.db, &office.author(), line, None).await;
    assert_eq!(refusal(used), "refused: in_use");
    let off = ReceptionPatch {
        receiving: Some(false),
        ..ReceptionPatch::default()
    };
    assert!(!set(off).await.unwrap().receiving);
    let plan = plan_build::full(&office.db).await.unwrap();
    let person = plan.reception.person(ivan.id).unwrap();
    assert_eq!((person.receiving, person.method), (false, Method::Sim(line)));
    let member = office.member(&ivan).await;
    assert_eq!((member.receiving, member.method), (false, Method::Sim(line)));
    staff::delete(&office.db, &office.author(), ivan.id, None)
        .await
        .unwrap();
    trunks::delete(&office.db, &office.author(), line, None).await.unwrap();
    let dead = reception::person(&office.db, account, ivan.id).await;
    assert_eq!(refusal(dead), "not found");
}

async fn l27_nobodys_own_telephone_is_one_of_our_numbers(office: &Office) {
    let number = |text: &str| NumberPatch {
        number: Some(text.into()),
        to: DestinationPatch::staff(office.first.staff),
        ..NumberPatch::default()
    };
    let ours = numbers::create(&office.db, &office.author(), number("+74951110001"))
        .await
        .unwrap();
    let with = |phone: &str| NewStaff {
        given_name: Some("Anna".into()),
        phone: Some(phone.into()),
        ..NewStaff::default()
    };
    assert_eq!(
        refusal(office.hire(with("8 495 111-00-01")).await),
        "invalid: phone own_number"
    );
    let anna = office.hire(with("+74951110002")).await.unwrap();
    let users = async || numbers::used_as_phones(&office.db, office.first.account).await.unwrap();
    assert_eq!(users().await, []);
    let later = numbers::create(&office.db, &office.author(), number("+74951110002"))
        .await
        .unwrap();
    let users = users().await;
    assert_eq!(users.len(), 1);
    assert_eq!(
        (users[0].number, users[0].staff, users[0].name.as_str()),
        (later.id, anna.id, "Anna")
    );
    assert_ne!(later.id, ours.id);
}

async fn desks_have_a_project_and_somebody_who_gets_their_calls(office: &Office) {
    let account = office.first.account;
    let department = async |short: &str| {
        let new = DepartmentPatch {
            name: Some(short.into()),
            short_number: Some(short.into()),
            ..DepartmentPatch::default()
        };
        departments::create(&office.db, &office.author(), new)
            .await
            .unwrap()
            .plan
            .id
    };
    let (sales, support) = (department("200").await, department("201").await);
    let of = DeskOf::Department(sales);
    let desk = reception::desk(&office.db, account, of).await.unwrap();
    assert_eq!(
        (desk.project, desk.schedule, desk.closed_to),
        (first_of(account), None, None)
    );
    let set = |closed_to: Option<DestinationPatch>| {
        let author = Box::leak(Box::new(office.author()));
        let patch = DeskPatch {
            closed_to: Some(closed_to),
            ..DeskPatch::default()
        };
        reception::set_desk(&office.db, author, of, patch, None)
    };
    let to = |staff: Option<String>, department: Option<String>, number: Option<&str>| {
        Some(DestinationPatch {
            staff,
            department,
            number: number.map(str::to_owned),
            ..DestinationPatch::default()
        })
    };
    assert_eq!(refusal(set(to(None, None, None)).await), "invalid: closed_to invalid");
    let both = to(Some(office.first.staff.to_string()), Some(support.to_string()), None);
    assert_eq!(refusal(set(both).await), "invalid: closed_to invalid");
    let nobody = to(Some("01ARZ3NDEKTSV4RRFFQ69G5FAV".into()), None, None);
    assert_eq!(refusal(set(nobody).await), "invalid: closed_to.staff_id unknown");
    let nowhere = DestinationPatch {
        mailbox: Some("01ARZ3NDEKTSV4RRFFQ69G5FAV".into()),
        ..DestinationPatch::default()
    };
    assert_eq!(
        refusal(set(Some(nowhere)).await),
        "invalid: closed_to.mailbox_id unknown"
    );
    let desk = set(to(None, None, Some("8 916 123-45-67"))).await.unwrap();
    let Some(Destination::Number(number)) = desk.closed_to else {
        panic!("{desk:?}")
    };
    assert_eq!(number.reveal(), "+79161234567");
    let desk = set(to(None, Some(support.to_string()), None)).await.unwrap();
    assert_eq!(desk.closed_to, Some(Destination::Department(support)));
    let plan = plan_build::full(&office.db).await.unwrap();
    let planned = plan.reception.departments.get(&sales).unwrap();
    assert_eq!(planned.closed_to, Some(Destination::Department(support)));
    assert_eq!(planned.project, Some(first_of(account)));
    let used = departments::delete(&office.db, &office.author(), support, None).await;
    assert_eq!(refusal(used), "refused: in_use");
    set(None).await.unwrap();
    departments::delete(&office.db, &office.author(), support, None)
        .await
        .unwrap();
}
