use std::collections::BTreeSet;

use std::fmt::Write;
use std::sync::Mutex;

use frontdesk_crm_core::access::Scope;
use frontdesk_crm_core::clients::{self, ClientPatch, ClientQuery};
use frontdesk_crm_core::import::{
    self, Duplicates, Format, ImportError, Kind, Mapping, Ready, StaffRows, State, staff_csv,
};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::sip_accounts::Ha1;
use frontdesk_crm_core::staff::{self, StaffQuery};
use frontdesk_routing::ids::ImportId;
use frontdesk_routing::number::ShortNumber;

use crate::client_book::everything;
use crate::office::{Office, page};

crate::on_both! {
    a_company_comes_in_with_the_phones_that_it_has
    nobody_comes_in_when_one_line_is_wrong
    a_thousand_come_in_at_once
    clients_come_in_wholly_or_not_at_all
    who_came_in_is_changed_and_taken_out_before_any_word_finds_them
    a_job_that_was_interrupted_says_so_and_leaves_nothing
    staff_of_a_table_come_in_wholly_and_end_their_job
    rows_of_clients_who_are_known_are_counted_before_any_comes_in
}

fn problems<T>(result: Result<T, ImportError>) -> Vec<String> {
    match result {
        Ok(_) => Vec::new(),
        Err(error) => error.to_string().lines().map(str::to_owned).collect(),
    }
}

async fn a_company_comes_in_with_the_phones_that_it_has(office: &Office) {
    let file = "\u{feff}short_number;surname;sip_user;sip_password;phone\r\n\
        105;Орлова;orlova;s3cret;8 912 345-67-89\r\n\r\n106;Соколов;;;\r\n";
    let came = staff_csv(&office.db, &office.author(), file.as_bytes()).await.unwrap();
    assert_eq!((came.staff, came.sip_accounts), (2, 1));
    let plan = plan_build::full(&office.db).await.unwrap();
    let orlova = plan
        .staff
        .by_short(office.first.account, ShortNumber::read("105").unwrap())
        .unwrap();
    let sip = orlova.sip.as_ref().unwrap();
    let ha1 = Ha1::of("orlova", &office.first.sip.realm, "s3cret");
    assert_eq!((&*sip.user, hex::encode(sip.ha1_md5)), ("orlova", ha1.md5));
    assert_eq!(hex::encode(sip.ha1_sha256), ha1.sha256);
    let told = format!("{:?}", office.audit(10).await);
    assert!(told.contains("staff.imported") && !told.contains("s3cret"));
}

async fn nobody_comes_in_when_one_line_is_wrong(office: &Office) {
    office.ivan().await;
    let file = format!(
        "surname,short_number,sip_user,sip_password\nA,107,a,x\nB,101,b,x\nC,108,{},x\n",
        office.first.sip.user
    );
    let said = problems(staff_csv(&office.db, &office.author(), file.as_bytes()).await);
    let taken = format!("line 4, sip_user: somebody has {} already", office.first.sip.user);
    assert_eq!(said, ["line 3, short_number: somebody has 101 already", &taken]);
    let all = staff::list(
        &office.db,
        office.first.account,
        &StaffQuery::default(),
        &page(10),
        office.now(),
    )
    .await
    .unwrap();
    assert_eq!(all.total, 2);
}

async fn a_thousand_come_in_at_once(office: &Office) {
    let mut file = String::from("surname,phone,short_number,sip_user,sip_password\n");
    for n in 0..1_000 {
        writeln!(file, "S{n},+7912{n:07},{},u{n},password{n}", 10_000 + n).unwrap();
    }
    let came = staff_csv(&office.db, &office.author(), file.as_bytes()).await.unwrap();
    assert_eq!((came.staff, came.sip_accounts), (1_000, 1_000));
    let said = problems(staff_csv(&office.db, &office.author(), file.as_bytes()).await);
    assert_eq!(said.len(), 2_000);
}

async fn ready(office: &Office, file: &str) -> Ready {
    let table = import::read(file.as_bytes(), None).unwrap();
    let mapping = Mapping::guess(Kind::Clients, &table.header);
    let managers = import::look(&office.db, office.first.account).await.unwrap();
    let ready = import::check_clients(&table, &mapping, &managers, "RU");
    ready.unwrap_or_else(|problems| panic!("{problems:?}"))
}

async fn enter(office: &Office, duplicates: Duplicates, file: &str) -> Result<import::Ended, ImportError> {
    let ready = ready(office, file).await;
    let what = (Kind::Clients, Format::Csv, "a.csv");
    let job = import::begin(&office.db, &office.author(), what, (duplicates, ready.count()))
        .await
        .unwrap();
    let entered = import::enter_clients(&office.db, &office.author(), (job, duplicates), ready, |_| ()).await;
    while clients::index_new(&office.db, office.first.account).await.unwrap() > 0 {}
    entered.map(|(ended, _)| ended)
}

async fn found(office: &Office, search: &str) -> Vec<String> {
    let query = ClientQuery {
        search: Some(search.to_owned()),
        ..ClientQuery::default()
    };
    let everybody = Scope::whole(office.first.account);
    let found = clients::list(&office.db, everybody, &query, &page(10)).await.unwrap();
    found.items.into_iter().map(|client| client.name).collect()
}

async fn clients_come_in_wholly_or_not_at_all(office: &Office) {
    let file = "name,number,other_numbers\nИванов,+79161234567,\nПетров,+79161234568,+79161234569\n";
    let ended = enter(office, Duplicates::Refuse, file).await.unwrap();
    assert_eq!((ended.created, ended.updated, ended.skipped), (2, 0, 0));
    assert_eq!(found(office, "34569").await, ["Петров"]);
    let more = "name,number\nСидоров,+79161234560\nДругой,+79161234569\n";
    let said = problems(enter(office, Duplicates::Refuse, more).await);
    assert_eq!(said, ["line 3, number: another client has this number"]);
    assert!(found(office, "сидоров").await.is_empty());
    let two = "name,number,other_numbers\nОба,+79161234567,+79161234568\n";
    let said = problems(enter(office, Duplicates::Update, two).await);
    assert_eq!(said, ["line 2, number: the numbers are those of two clients"]);
    let ended = enter(office, Duplicates::Update, more).await.unwrap();
    assert_eq!((ended.created, ended.updated, ended.skipped), (1, 1, 0));
    assert_eq!(found(office, "34568").await, ["Другой"]);
    let ended = enter(office, Duplicates::Skip, more).await.unwrap();
    assert_eq!((ended.created, ended.updated, ended.skipped), (0, 0, 2));
    let told = format!("{:?}", office.audit(50).await);
    assert!(told.contains("client.imported") && told.contains("import.done"));
}

async fn who_came_in_is_changed_and_taken_out_before_any_word_finds_them(office: &Office) {
    let ready = ready(
        office,
        "name,number\nПервый,+79161234567\nВторой,+79161234568\nТретий,+79161234569\n",
    )
    .await;
    let what = (Kind::Clients, Format::Csv, "a.csv");
    let begun = import::begin(&office.db, &office.author(), what, (Duplicates::Refuse, 3)).await;
    let order = (begun.unwrap(), Duplicates::Refuse);
    let entered = import::enter_clients(&office.db, &office.author(), order, ready, |_| ()).await;
    assert_eq!(entered.unwrap().0.rows(), 3);
    let everybody = Scope::whole(office.first.account);
    let list = clients::list(&office.db, everybody, &ClientQuery::default(), &page(10))
        .await
        .unwrap();
    let of_name = |name: &str| list.items.iter().find(|client| client.name == name).unwrap().id;
    let patch = ClientPatch {
        name: Some(Some("Последний".to_owned())),
        ..ClientPatch::default()
    };
    let changed = (everybody, of_name("Первый"));
    clients::update(&office.db, &office.author(), changed, patch, None)
        .await
        .unwrap();
    clients::delete(&office.db, &office.author(), (everybody, of_name("Второй")), None)
        .await
        .unwrap();
    assert_eq!(clients::index_new(&office.db, office.first.account).await.unwrap(), 1);
    assert_eq!(clients::index_new(&office.db, office.first.account).await.unwrap(), 0);
    assert_eq!(found(office, "последний 34567").await, ["Последний"]);
    assert_eq!(found(office, "третий").await, ["Третий"]);
    assert!(found(office, "первый").await.is_empty() && found(office, "34568").await.is_empty());
    let kept = everything(office).await;
    assert!(kept.contains("последний") && !kept.lines().any(|term| term == "первый" || term == "второй"));
}

async fn a_job_that_was_interrupted_says_so_and_leaves_nothing(office: &Office) {
    let what = (Kind::Clients, Format::Csv, "a.csv");
    let job = import::begin(&office.db, &office.author(), what, (Duplicates::Skip, 5))
        .await
        .unwrap();
    assert_eq!(import::interrupted(&office.db, office.now()).await.unwrap(), 1);
    let job = import::get(&office.db, office.first.account, job).await.unwrap();
    assert_eq!((job.state, job.rows, job.created), (State::Interrupted, 5, 0));
    let listed = import::list(&office.db, office.first.account, &page(5)).await.unwrap();
    assert_eq!(listed.items.len(), 1);
    assert!(
        import::get(&office.db, frontdesk_routing::ids::AccountId::from_u128(7), job.id)
            .await
            .is_err()
    );
}

fn people(file: &str) -> StaffRows {
    let table = import::read(file.as_bytes(), None).unwrap();
    let mapping = Mapping::guess(Kind::Staff, &table.header);
    import::check_staff(&table, &mapping, "RU", Duplicates::Refuse).unwrap_or_else(|problems| panic!("{problems:?}"))
}

async fn staff_job(office: &Office, rows: usize) -> ImportId {
    let what = (Kind::Staff, Format::Csv, "staff.csv");
    import::begin(&office.db, &office.author(), what, (Duplicates::Refuse, rows))
        .await
        .unwrap()
}

async fn staff_of_a_table_come_in_wholly_and_end_their_job(office: &Office) {
    let account = office.first.account;
    let file = "surname,short_number,phone,sip_user,sip_password\n\
        Орлова,105,8 912 345-67-89,orlova,s3cret\nСоколов,106,,,\n";
    let rows = people(file);
    assert_eq!(rows.count(), 2);
    let known = import::staff_known(&office.db, &office.author(), &rows, Duplicates::Refuse).await;
    assert!(known.unwrap().is_empty());
    let job = staff_job(office, rows.count()).await;
    let nobody = BTreeSet::new();
    let told = Mutex::new(Vec::new());
    let tell = |rows| told.lock().unwrap().push(rows);
    let way = (job, Duplicates::Refuse);
    let came = import::enter_staff(&office.db, &office.author(), way, (rows, &nobody), tell).await;
    let came = came.unwrap();
    assert_eq!(told.into_inner().unwrap(), [2]);
    assert_eq!((came.created, came.updated, came.skipped), (2, 0, 0));
    let ended = import::get(&office.db, account, job).await.unwrap();
    assert_eq!(
        (ended.state, ended.created, ended.ended_at),
        (State::Done, 2, Some(office.now()))
    );
    let plan = plan_build::full(&office.db).await.unwrap();
    let orlova = plan.staff.by_short(account, ShortNumber::read("105").unwrap()).unwrap();
    assert_eq!(&*orlova.sip.as_ref().unwrap().user, "orlova");
    let told = format!("{:?}", office.audit(20).await);
    assert!(told.contains("staff.imported") && told.contains("import.done") && !told.contains("s3cret"));

    let again = people("surname,short_number,sip_user,sip_password\nНовый,107,,\nДругой,106,orlova,x\n");
    let taken = [
        "line 3, short_number: somebody has 106 already",
        "line 3, sip_user: somebody has orlova already",
    ];
    let said = import::staff_known(&office.db, &office.author(), &again, Duplicates::Refuse).await;
    assert_eq!(problems(said), taken);
    let second = staff_job(office, again.count()).await;
    let refused = import::enter_staff(
        &office.db,
        &office.author(),
        (second, Duplicates::Refuse),
        (again, &nobody),
        |_| {},
    )
    .await;
    assert_eq!(problems(refused), taken);
    let plan = plan_build::full(&office.db).await.unwrap();
    assert!(
        plan.staff
            .by_short(account, ShortNumber::read("107").unwrap())
            .is_none()
    );
    let running = import::get(&office.db, account, second).await.unwrap();
    assert_eq!((running.state, running.created), (State::Running, 0));
    for job in [job, second] {
        import::fail(&office.db, job, "taken", office.now()).await.unwrap();
    }
    let failed = import::get(&office.db, account, second).await.unwrap();
    assert_eq!(
        (failed.state, failed.problem.as_deref()),
        (State::Failed, Some("taken"))
    );
    let done = import::get(&office.db, account, job).await.unwrap();
    assert_eq!(
        (done.state, done.problem),
        (State::Done, None),
        "what is done does not fail"
    );
}

async fn rows_of_clients_who_are_known_are_counted_before_any_comes_in(office: &Office) {
    office.client("+79161234567", "Olga").await.unwrap();
    let rows = ready(office, "name,number\nОльга,+79161234567\nПётр,+79161234568\n").await;
    let account = office.first.account;
    for how in [Duplicates::Skip, Duplicates::Update] {
        assert_eq!(rows.duplicates(&office.db, account, how).await.unwrap(), 1);
    }
    let refused = rows.duplicates(&office.db, account, Duplicates::Refuse).await;
    assert_eq!(problems(refused), ["line 2, number: another client has this number"]);
}
