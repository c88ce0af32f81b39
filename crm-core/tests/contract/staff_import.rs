//! Files of staff some of whom work here already, and who reports to whom by them.

use std::collections::BTreeSet;

use frontdesk_crm_core::access::Role;
use frontdesk_crm_core::departments::{self, DepartmentPatch};
use frontdesk_crm_core::import::{self, Duplicates, Ended, Format, ImportError, Kind, Mapping, StaffRows, staff_csv};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::sip_accounts::Ha1;
use frontdesk_crm_core::staff::{self, NewStaff, StaffMember, StaffQuery};
use frontdesk_routing::ids::StaffId;

use crate::office::{Office, page};

crate::on_both! {
    staff_who_are_known_are_refused_skipped_or_changed
    what_a_file_says_of_phones_takes_the_place_of_what_they_had
    a_file_changes_nobody_but_those_who_may_be_changed
    rows_of_staff_that_mean_two_people_or_twice_the_same_are_faults
    supervisors_come_with_the_file_in_any_order_and_in_no_circle
}

fn rows(file: &str, duplicates: Duplicates) -> StaffRows {
    let table = import::read(file.as_bytes(), None).unwrap();
    let mapping = Mapping::guess(Kind::Staff, &table.header);
    import::check_staff(&table, &mapping, "RU", duplicates).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn said<T>(result: Result<T, ImportError>) -> Vec<String> {
    match result {
        Ok(_) => Vec::new(),
        Err(ImportError::Problems(problems)) => {
            let shown = problems.iter().map(|problem| {
                let column = problem.column.as_deref().unwrap_or("-");
                format!("{} {column} {}", problem.line, problem.code)
            });
            shown.collect()
        }
        Err(error) => panic!("{error}"),
    }
}

/// As the daemon does it: looked at first, and then brought in for whoever may change all whom it changes.
async fn bring(office: &Office, duplicates: Duplicates, file: &str) -> Result<Ended, ImportError> {
    let known = import::staff_known(&office.db, &office.author(), &rows(file, duplicates), duplicates).await?;
    let may: BTreeSet<StaffId> = known.iter().map(|known| known.staff).collect();
    enter(office, duplicates, file, &may).await
}

async fn enter(
    office: &Office,
    duplicates: Duplicates,
    file: &str,
    may: &BTreeSet<StaffId>,
) -> Result<Ended, ImportError> {
    let rows = rows(file, duplicates);
    let what = (Kind::Staff, Format::Csv, "a.csv");
    let job = import::begin(&office.db, &office.author(), what, (duplicates, rows.count())).await;
    import::enter_staff(
        &office.db,
        &office.author(),
        (job.unwrap(), duplicates),
        (rows, may),
        |_| {},
    )
    .await
}

async fn all(office: &Office) -> Vec<StaffMember> {
    let live = StaffQuery {
        live_only: true,
        ..StaffQuery::default()
    };
    let account = office.first.account;
    staff::list(&office.db, account, &live, &page(50), office.now())
        .await
        .unwrap()
        .items
}

async fn of_short(office: &Office, short: &str) -> StaffMember {
    let mut all = all(office).await;
    all.retain(|member| member.short_number.as_deref() == Some(short));
    all.pop().unwrap_or_else(|| panic!("nobody has {short}"))
}

fn counts(ended: Ended) -> (usize, usize, usize) {
    (ended.created, ended.updated, ended.skipped)
}

async fn staff_who_are_known_are_refused_skipped_or_changed(office: &Office) {
    let ivan = office.ivan().await;
    let session = office.session(&office.login("ivan"), "correct horse").await;
    let file = "surname,given_name,short_number,position,work_place\nИванов,,101,Кассир,remote\nНовый,,105,,\n";
    assert_eq!(
        said(bring(office, Duplicates::Refuse, file).await),
        ["2 short_number taken"]
    );
    assert_eq!(all(office).await.len(), 2, "all or nothing");
    let skipped = bring(office, Duplicates::Skip, file).await.unwrap();
    assert_eq!(counts(skipped), (1, 0, 1));
    let seen = office.member(&ivan).await;
    assert_eq!((seen.surname, seen.version), (None, ivan.version));
    let updated = bring(office, Duplicates::Update, file).await.unwrap();
    assert_eq!(counts(updated), (0, 2, 0));
    let now = office.member(&ivan).await;
    assert_eq!(now.name(), "Иванов Ivan", "what is empty stays");
    assert_eq!(
        (now.position.as_deref(), now.work_place.name()),
        (Some("Кассир"), "remote")
    );
    assert_eq!((now.role, now.login.as_deref()), (Some(Role::Employee), Some("ivan")));
    assert!(office.alive(&session).await && office.enters(&office.login("ivan"), "correct horse").await);
    let told = office.audit(10).await;
    let change = told.iter().find(|row| row.action == "staff.updated").unwrap();
    assert_eq!(change.entity_id, ivan.id.to_string());
    assert_eq!(change.after.as_ref().unwrap()["position"], "Кассир");
    let same = bring(office, Duplicates::Update, file).await.unwrap();
    assert_eq!(counts(same), (0, 2, 0));
    assert_eq!(office.member(&ivan).await.version, now.version, "nothing was new");
}

async fn what_a_file_says_of_phones_takes_the_place_of_what_they_had(office: &Office) {
    let first = "surname,short_number,sip_user,sip_password\nA,105,anna,one\nB,106,,\n";
    bring(office, Duplicates::Refuse, first).await.unwrap();
    let digest = async |short: &str| {
        let plan = plan_build::full(&office.db).await.unwrap();
        let sip = plan.staff.get(of_short(office, short).await.id).unwrap().sip.clone();
        sip.map(|sip| (sip.user.to_string(), hex::encode(sip.ha1_md5)))
    };
    let of = |user: &str, password: &str| {
        let ha1 = Ha1::of(user, &office.first.sip.realm, password);
        Some((user.to_owned(), ha1.md5))
    };
    assert_eq!((digest("105").await, digest("106").await), (of("anna", "one"), None));
    // known by the user, and by the short number
    let second = "surname,short_number,sip_user,sip_password\nA,107,anna,two\nB,106,boris,three\n";
    let ended = bring(office, Duplicates::Update, second).await.unwrap();
    assert_eq!(counts(ended), (0, 2, 0));
    assert_eq!(digest("107").await, of("anna", "two"));
    assert_eq!(digest("106").await, of("boris", "three"));
    let third = "surname,short_number,sip_user,sip_password\nA,107,anna2,two\n";
    bring(office, Duplicates::Update, third).await.unwrap();
    // without passwords the users only say who it is
    let fourth = "surname,position,sip_user\nA,Cashier,anna2\n";
    bring(office, Duplicates::Update, fourth).await.unwrap();
    assert_eq!(of_short(office, "107").await.position.as_deref(), Some("Cashier"));
    for other in [
        "surname,short_number,sip_user\nA,107,anna3\n",
        "surname,sip_user\nNew,anna3\n",
    ] {
        assert_eq!(
            said(bring(office, Duplicates::Update, other).await),
            ["2 sip_password required"]
        );
    }
    assert_eq!(digest("107").await, of("anna2", "two"));
    let told = format!("{:?}", office.audit(30).await);
    assert!(told.contains("anna2") && !told.contains("three"));
}

async fn a_file_changes_nobody_but_those_who_may_be_changed(office: &Office) {
    let ivan = office.ivan().await;
    let file = "surname,short_number\nNew,105\nX,101\nY,100\n";
    let known = import::staff_known(
        &office.db,
        &office.author(),
        &rows(file, Duplicates::Update),
        Duplicates::Update,
    )
    .await;
    let known = known.unwrap();
    let told: Vec<_> = known
        .iter()
        .map(|known| (known.line, known.staff, known.is_main, known.role))
        .collect();
    let expected = [
        (3, ivan.id, false, Some(Role::Employee)),
        (4, office.first.staff, true, Some(Role::Main)),
    ];
    assert_eq!(told, expected);
    let only = BTreeSet::from([ivan.id]);
    assert_eq!(
        said(enter(office, Duplicates::Update, file, &only).await),
        ["4 - forbidden"]
    );
    assert_eq!(office.member(&ivan).await.surname, None, "all or nothing");
    let skipped = enter(office, Duplicates::Skip, file, &BTreeSet::new()).await;
    assert_eq!(counts(skipped.unwrap()), (1, 0, 2));
}

async fn rows_of_staff_that_mean_two_people_or_twice_the_same_are_faults(office: &Office) {
    let file = "surname,short_number,sip_user,sip_password\nA,105,anna,x\nB,106,boris,x\n";
    bring(office, Duplicates::Refuse, file).await.unwrap();
    let gone = of_short(office, "106").await;
    let check = async |duplicates, file: &str, expected: &[&str]| {
        let head = "surname,short_number,sip_user,sip_password\n";
        assert_eq!(
            said(bring(office, duplicates, &format!("{head}{file}")).await),
            expected,
            "{file}"
        );
    };
    for way in [Duplicates::Skip, Duplicates::Update] {
        check(way, "X,105,boris,x\n", &["2 sip_user ambiguous"]).await;
        check(way, "X,105,,\nX,,anna,x\n", &["3 - twice"]).await;
    }
    let main = office.first.sip.user.clone();
    check(Duplicates::Update, &format!("X,107,{main},x\n"), &[]).await;
    assert!(of_short(office, "107").await.is_main, "known by the SIP user");
    let line = DepartmentPatch {
        name: Some("Sales".into()),
        short_number: Some("300".into()),
        ..DepartmentPatch::default()
    };
    departments::create(&office.db, &office.author(), line).await.unwrap();
    for way in [Duplicates::Refuse, Duplicates::Skip, Duplicates::Update] {
        check(way, "X,300,,\n", &["2 short_number taken"]).await;
    }
    check(Duplicates::Update, "X,300,anna,x\n", &["2 short_number taken"]).await;
    staff::delete(&office.db, &office.author(), gone.id, None)
        .await
        .unwrap();
    check(Duplicates::Update, "X,106,boris,x\n", &[]).await;
    assert_ne!(of_short(office, "106").await.id, gone.id, "who is gone is not known");
}

async fn supervisors_come_with_the_file_in_any_order_and_in_no_circle(office: &Office) {
    let ivan = office.ivan().await;
    let head = NewStaff {
        given_name: Some("Head".into()),
        login: Some("102".into()),
        short_number: Some("109".into()),
        ..NewStaff::default()
    };
    let head = office.hire(head).await.unwrap();
    let file = "surname,short_number,supervisor\nClerk,105,106\nChief,106,IVAN\nOther,107,109\nLast,108,\n";
    let came = staff_csv(&office.db, &office.author(), file.as_bytes()).await.unwrap();
    assert_eq!(came.staff, 4);
    let (clerk, chief) = (of_short(office, "105").await, of_short(office, "106").await);
    assert_eq!((clerk.supervisor, chief.supervisor), (Some(chief.id), Some(ivan.id)));
    assert_eq!(of_short(office, "107").await.supervisor, Some(head.id));
    assert_eq!(of_short(office, "108").await.supervisor, None);
    assert_eq!(
        (clerk.supervisor_called.as_deref(), chief.supervisor_called.as_deref()),
        (Some("106"), Some("101"))
    );
    let told = office.audit(10).await;
    let told = told.iter().find(|row| row.entity_id == clerk.id.to_string()).unwrap();
    assert_eq!(told.after.as_ref().unwrap()["supervisor_id"], chief.id.to_string());
    let check = async |file: &str, expected: &[&str]| {
        let file = format!("surname,short_number,supervisor\n{file}");
        assert_eq!(said(bring(office, Duplicates::Update, &file).await), expected, "{file}");
    };
    check("Chief,106,105\n", &["2 supervisor circle"]).await;
    check(
        "A,201,202\nB,202,201\nC,203,201\n",
        &["2 supervisor circle", "3 supervisor circle"],
    )
    .await;
    check(
        "A,201,201\nB,202,nobody\n",
        &["2 supervisor circle", "3 supervisor unknown"],
    )
    .await;
    check("A,102,\nB,202,102\n", &["3 supervisor ambiguous"]).await;
    // the circle is opened at another place of the same file
    check("Chief,106,105\nClerk,105,109\n", &[]).await;
    assert_eq!(office.member(&chief).await.supervisor, Some(clerk.id));
    assert_eq!(office.member(&clerk).await.supervisor, Some(head.id));
    check(&format!("Clerk,105,{}\n", ivan.id), &[]).await;
    assert_eq!(office.member(&clerk).await.supervisor, Some(ivan.id));
    let skipped = "surname,short_number,supervisor\nClerk,105,nobody\n";
    bring(office, Duplicates::Skip, skipped).await.unwrap();
}
