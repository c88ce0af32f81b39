use frontdesk_crm_core::clients::{self, ClientOrder, ClientPatch, ClientQuery, NewClient};
use frontdesk_crm_core::{plan_build, staff};
use frontdesk_routing::number::PhoneNumber;

use crate::office::{Office, page, refusal};

/// As somebody types them.
pub(crate) fn typed(number: &str, name: &str, company: Option<&str>) -> NewClient {
    NewClient {
        number: Some(number.into()),
        name: Some(name.into()),
        company: company.map(str::to_owned),
        ..NewClient::default()
    }
}

pub(crate) async fn found(office: &Office, query: &ClientQuery) -> Vec<String> {
    let list = clients::list(&office.db, office.whole(), query, &page(500)).await;
    list.unwrap().items.into_iter().map(|client| client.name).collect()
}

pub(crate) fn search(text: &str) -> ClientQuery {
    ClientQuery {
        search: Some(text.into()),
        ..ClientQuery::default()
    }
}

pub(crate) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

crate::on_both! {
    v18_a_client_is_kept_and_found
    a_number_belongs_to_one_client_whichever_of_theirs_it_is
    a_change_is_found_by_what_is_new_and_not_by_what_was
    v16_numbers_are_ordered_as_numbers
    any_page_follows_the_one_before_in_every_order
    v15_v17_what_more_fit_than_are_looked_at_is_said
    a_change_of_one_client_reaches_the_plan_by_its_numbers
    v19_to_v23_a_bad_client_is_refused_naming_the_fields
    v24_the_vip_flag_is_audited
    v29_a_deleted_client_is_matched_no_more_and_frees_the_number
    lists_are_ordered
}

async fn v18_a_client_is_kept_and_found(office: &Office) {
    for number in ["+7 912 345-67-89", "8 912 345-67-90", "9123456791"] {
        let client = office.client(number, "Ёжиков Семён").await.unwrap();
        let stored = client.number.reveal();
        assert!(
            stored.starts_with("+7912345679") || stored == "+79123456789",
            "{stored}"
        );
        assert_eq!(
            (stored.len(), client.vip, client.company),
            (12, false, None),
            "V20, V22"
        );
    }
    let check = async |search: &str, expected: u64| {
        let query = ClientQuery {
            search: Some(search.into()),
            ..ClientQuery::default()
        };
        let found = clients::list(&office.db, office.whole(), &query, &page(10))
            .await
            .unwrap();
        assert_eq!((found.filtered, found.total), (expected, 3), "{search}");
    };
    check("СЕМЕН", 3).await;
    check("семён ёжик", 3).await;
    check("8 (912) 345", 3).await;
    check("345-67-90", 1).await;
    check("семен 345-67-90", 1).await;
    check("+7 912 345", 3).await;
    check("жиков", 3).await;
    check("лебедев", 0).await;
    check("семен 111", 0).await;
    check("«»", 0).await;
    check(" ", 3).await;
}

async fn v19_to_v23_a_bad_client_is_refused_naming_the_fields(office: &Office) {
    let check = async |number: &str, name: &str, manager: Option<String>, expected: &str| {
        let new = NewClient {
            number: Some(number.into()),
            name: Some(name.into()),
            manager,
            ..NewClient::default()
        };
        let said = clients::create(&office.db, &office.author(), new).await;
        assert_eq!(refusal(said), expected, "{number} {name}");
    };
    check("", " ", None, "invalid: name required, number required").await;
    check("+7 912 345-67-8", "A", None, "invalid: number invalid").await;
    check("+7 912 345-67-890", "A", None, "invalid: number invalid").await;
    check("9 12 call me", "A", None, "invalid: number invalid").await;
    let ivan = office.ivan().await;
    staff::delete(&office.db, &office.author(), ivan.id, None)
        .await
        .unwrap();
    check(
        "+79123456789",
        "A",
        Some(ivan.id.to_string()),
        "invalid: manager_id unknown",
    )
    .await;
    check(
        "+79123456789",
        "A",
        Some("01ARZ3NDEKTSV4RRFFQ69G5FAV".into()),
        "invalid: manager_id unknown",
    )
    .await;
    check("+79123456789", "A", Some("x".into()), "invalid: manager_id unknown").await;
    check("+79123456789", "A", Some(office.first.staff.to_string()), "done").await;
    check("89123456789", "B", None, "taken: number taken").await;
}

async fn v24_the_vip_flag_is_audited(office: &Office) {
    let client = office.client("+79123456789", "A").await.unwrap();
    let patch = || ClientPatch {
        vip: Some(true),
        ..ClientPatch::default()
    };
    let vip = clients::update(
        &office.db,
        &office.author(),
        (office.whole(), client.id),
        patch(),
        Some(1),
    )
    .await
    .unwrap();
    assert!(vip.now.vip && vip.now.version == 2);
    let stale = clients::update(
        &office.db,
        &office.author(),
        (office.whole(), client.id),
        patch(),
        Some(1),
    )
    .await;
    assert_eq!(refusal(stale), "stale");
    let row = office.audit(1).await.remove(0);
    assert_eq!(
        (row.action.as_str(), row.entity_id),
        ("client.updated", client.id.to_string())
    );
    assert_eq!(
        (&row.before.unwrap()["vip"], &row.after.unwrap()["vip"]),
        (&false.into(), &true.into())
    );
}

async fn v29_a_deleted_client_is_matched_no_more_and_frees_the_number(office: &Office) {
    let client = office.client("+79123456789", "A").await.unwrap();
    let number = PhoneNumber::from_e164("+79123456789").unwrap();
    let plan = plan_build::full(&office.db).await.unwrap();
    assert_eq!(
        plan.clients.by_number(office.first.account, number).unwrap().id,
        client.id
    );
    clients::delete(&office.db, &office.author(), (office.whole(), client.id), Some(1))
        .await
        .unwrap();
    let plan = plan_build::full(&office.db).await.unwrap();
    assert!(plan.clients.by_number(office.first.account, number).is_none());
    assert_eq!(
        refusal(clients::get(&office.db, office.whole(), client.id).await),
        "not found"
    );
    office.client("+79123456789", "B").await.unwrap();
}

async fn lists_are_ordered(office: &Office) {
    for (number, name, company) in [
        ("9123456703", "борис", "Б"),
        ("9123456701", "Вера", "А"),
        ("9123456702", "Анна", "В"),
    ] {
        let company = Some(company.to_owned());
        let new = NewClient {
            number: Some(number.into()),
            name: Some(name.into()),
            company,
            ..NewClient::default()
        };
        clients::create(&office.db, &office.author(), new).await.unwrap();
        office.later(1);
    }
    let check = async |order: ClientOrder, expected: [&str; 3]| {
        for descending in [false, true] {
            let query = ClientQuery {
                order,
                descending,
                ..ClientQuery::default()
            };
            let found = clients::list(&office.db, office.whole(), &query, &page(10))
                .await
                .unwrap();
            let mut names: Vec<&str> = found.items.iter().map(|client| client.name.as_str()).collect();
            if descending {
                names.reverse();
            }
            assert_eq!(names, expected, "{order:?}");
        }
    };
    check(ClientOrder::Name, ["Анна", "борис", "Вера"]).await;
    check(ClientOrder::Company, ["Вера", "борис", "Анна"]).await;
    check(ClientOrder::Number, ["Вера", "Анна", "борис"]).await;
    check(ClientOrder::CreatedAt, ["борис", "Вера", "Анна"]).await;
}

async fn a_number_belongs_to_one_client_whichever_of_theirs_it_is(office: &Office) {
    let author = || office.author();
    let mut first = typed("9123456701", "Анна", None);
    first.other_numbers = vec!["8 495 123-45-67".into(), "+44 20 7183 8750".into()];
    let first = clients::create(&office.db, &author(), first).await.unwrap();
    let expected = ["+79123456701", "+74951234567", "+442071838750"].map(number);
    assert_eq!(first.numbers(), expected);
    for taken in ["+79123456701", "4951234567", "+442071838750"] {
        let second = clients::create(&office.db, &author(), typed(taken, "Борис", None)).await;
        let Err(frontdesk_crm_core::store::StoreError::Taken(faults)) = second else {
            panic!("{taken} {second:?}");
        };
        assert_eq!(faults[0].message, "Анна has this number", "409 names the first");
    }
    let second = office.client("9123456702", "Борис").await.unwrap();
    let others = |numbers: &[&str]| ClientPatch {
        other_numbers: Some(numbers.iter().map(|number| (*number).to_owned()).collect()),
        ..ClientPatch::default()
    };
    let check = async |numbers: &[&str], expected: &str| {
        let said = clients::update(
            &office.db,
            &office.author(),
            (office.whole(), second.id),
            others(numbers),
            None,
        )
        .await;
        assert_eq!(refusal(said), expected, "{numbers:?}");
    };
    check(&["9123456703", "9123456701"], "taken: other_numbers[1] taken").await;
    check(&["9123456702"], "invalid: other_numbers[0] invalid").await;
    check(&["9123456703", "8 912 345 67 03"], "invalid: other_numbers[1] invalid").await;
    check(&["x", "9123456703"], "invalid: other_numbers[0] invalid").await;
    check(&["9123456703"; 21], "invalid: other_numbers too_long").await;
    check(&["9123456703"], "done").await;
    assert_eq!(found(office, &search("345-67-03")).await, ["Борис"]);
    clients::delete(&office.db, &office.author(), (office.whole(), first.id), None)
        .await
        .unwrap();
    check(&["9123456701", "4951234567"], "done").await;
    assert_eq!(found(office, &search("345-67-03")).await, Vec::<String>::new());
    assert_eq!(found(office, &search("495 123")).await, ["Борис"]);
}

async fn a_change_is_found_by_what_is_new_and_not_by_what_was(office: &Office) {
    let client = office.client("9123456701", "Анна Королёва").await.unwrap();
    let patch = ClientPatch {
        number: Some(Some("9161112233".into())),
        name: Some(Some("Анна Петрова".into())),
        company: Some(Some("ООО «Ромашка»".into())),
        ..ClientPatch::default()
    };
    let changed = clients::update(
        &office.db,
        &office.author(),
        (office.whole(), client.id),
        patch,
        Some(1),
    )
    .await
    .unwrap();
    assert_eq!(changed.numbers, ["+79123456701", "+79161112233"].map(number));
    for (text, finds) in [
        ("королев", false),
        ("345-67-01", false),
        ("анна", true),
        ("петр", true),
        ("ромашка анна", true),
        ("машка", true),
        ("916 111", true),
    ] {
        assert_eq!(found(office, &search(text)).await.len(), usize::from(finds), "{text}");
    }
}

async fn v16_numbers_are_ordered_as_numbers(office: &Office) {
    for typed in [
        "+49 30 901820",
        "+7 912 345-67-01",
        "+1 202 555 0123",
        "+7 912 345-67-00",
    ] {
        office.client(typed, typed).await.unwrap();
    }
    let query = |descending| ClientQuery {
        order: ClientOrder::Number,
        descending,
        ..ClientQuery::default()
    };
    let mut up = [
        "+1 202 555 0123",
        "+49 30 901820",
        "+7 912 345-67-00",
        "+7 912 345-67-01",
    ];
    // 11 digits, 11 digits, 11 digits, and 10 of Berlin
    up.swap(0, 1);
    assert_eq!(found(office, &query(false)).await, up);
    up.reverse();
    assert_eq!(found(office, &query(true)).await, up);
}

async fn any_page_follows_the_one_before_in_every_order(office: &Office) {
    for n in 0..23 {
        let company = ["Вега", "Альфа", "", "Бета"][n % 4];
        let mut new = typed(&format!("91234567{n:02}"), &format!("Клиент {}", n % 5), Some(company));
        new.vip = n % 2 == 0;
        new.manager = (n % 3 == 0).then(|| office.first.staff.to_string());
        clients::create(&office.db, &office.author(), new).await.unwrap();
        office.later(i64::from(n % 3 == 0));
    }
    let filters = [
        (None, None, None),
        (Some("клие"), None, None),
        (None, Some(true), None),
        (None, Some(false), None),
        (None, None, Some(office.first.staff)),
        (Some("9123"), Some(true), Some(office.first.staff)),
        (Some("лиент"), None, None),
    ];
    let orders = [
        ClientOrder::Name,
        ClientOrder::Company,
        ClientOrder::Number,
        ClientOrder::CreatedAt,
    ];
    for (search, vip, manager) in filters {
        for (order, descending) in orders.into_iter().flat_map(|order| [(order, false), (order, true)]) {
            let query = ClientQuery {
                search: search.map(str::to_owned),
                vip,
                manager,
                order,
                descending,
                numbers_hidden: false,
            };
            let whole = clients::list(&office.db, office.whole(), &query, &page(500))
                .await
                .unwrap();
            let (mut pages, mut cursor) = (Vec::new(), None);
            loop {
                let part = frontdesk_crm_core::store::Page { cursor, ..page(4) };
                let part = clients::list(&office.db, office.whole(), &query, &part).await.unwrap();
                assert_eq!((part.total, part.filtered, part.more), (23, whole.filtered, false));
                pages.extend(part.items);
                cursor = part.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(pages, whole.items, "{query:?}");
            assert_eq!(u64::try_from(pages.len()).unwrap(), whole.filtered);
        }
    }
    let strange = frontdesk_crm_core::store::Page {
        cursor: Some("x".into()),
        ..page(4)
    };
    let said = clients::list(&office.db, office.whole(), &ClientQuery::default(), &strange).await;
    assert_eq!(refusal(said), "invalid: cursor invalid");
}

async fn v15_v17_what_more_fit_than_are_looked_at_is_said(office: &Office) {
    for n in 0..1_010 {
        let name = format!("Иванов {}", if n == 7 { "Яромир" } else { "Алексей" });
        let new = typed(&format!("912345{n:04}"), &name, Some("Иванова роща"));
        clients::create(&office.db, &office.author(), new).await.unwrap();
    }
    let check = async |text: &str, expected: (u64, bool)| {
        let list = clients::list(&office.db, office.whole(), &search(text), &page(5))
            .await
            .unwrap();
        assert_eq!(
            (list.filtered, list.more, list.total),
            (expected.0, expected.1, 1_010),
            "{text}"
        );
    };
    check("яро", (1, false)).await;
    check("иванов яро", (1, false)).await;
    check("9123450123", (1, false)).await;
    check("9123450", (1_000, true)).await;
    check("алексей рощ", (1_000, true)).await;
    check("алексей 91234510", (10, false)).await;
    check("рощ сергей", (0, false)).await;
}

async fn a_change_of_one_client_reaches_the_plan_by_its_numbers(office: &Office) {
    let account = office.first.account;
    let mut new = typed("9123456701", "Анна", None);
    new.other_numbers = vec!["9123456702".into()];
    new.manager = Some(office.first.staff.to_string());
    let client = clients::create(&office.db, &office.author(), new).await.unwrap();
    let mut plan = plan_build::full(&office.db).await.unwrap();
    let shown = |plan: &frontdesk_routing::plan::DialPlan, text: &str| {
        let found = plan.clients.by_number(account, number(text))?;
        Some((found.id, found.name.to_string(), found.vip, found.manager))
    };
    let manager = Some(office.first.staff);
    let anna = Some((client.id, "Анна".to_owned(), false, manager));
    assert_eq!(
        (shown(&plan, "+79123456701"), shown(&plan, "+79123456702")),
        (anna.clone(), anna)
    );
    let patch = ClientPatch {
        other_numbers: Some(vec!["9123456703".into()]),
        vip: Some(true),
        manager: Some(None),
        ..ClientPatch::default()
    };
    let changed = clients::update(&office.db, &office.author(), (office.whole(), client.id), patch, None)
        .await
        .unwrap();
    for number in changed.numbers {
        plan_build::refresh_client(&office.db, &mut plan, account, number)
            .await
            .unwrap();
    }
    let vip = Some((client.id, "Анна".to_owned(), true, None));
    assert_eq!(
        (shown(&plan, "+79123456701"), shown(&plan, "+79123456703")),
        (vip.clone(), vip)
    );
    assert_eq!(shown(&plan, "+79123456702"), None);
    for number in clients::delete(&office.db, &office.author(), (office.whole(), client.id), None)
        .await
        .unwrap()
        .numbers()
    {
        plan_build::refresh_client(&office.db, &mut plan, account, number)
            .await
            .unwrap();
    }
    assert!(plan.clients.is_empty());
}
