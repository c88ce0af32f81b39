use frontdesk_crm_core::clients::{self, ClientOrder, ClientPatch, ClientQuery, NewClient};
use frontdesk_crm_core::{plan_build, staff};
use frontdesk_routing::number::PhoneNumber;

use crate::office::{Office, page, refusal};

crate::on_both! {
    v18_a_client_is_kept_and_found
    v19_to_v23_a_bad_client_is_refused_naming_the_fields
    v24_the_vip_flag_is_audited
    v29_a_deleted_client_is_matched_no_more_and_frees_the_number
    lists_are_ordered
}

async fn v18_a_client_is_kept_and_found(office: &Office) {
    for number in ["+7 912 345-67-89", "8 912 345-67-90", "9123456791"] {
        let client = office.client(number, "Ёжиков Семён").await.unwrap();
        assert!(
            client.number.starts_with("+7912345679") || client.number == "+79123456789",
            "{}",
            client.number
        );
        assert_eq!(
            (client.number.len(), client.vip, client.company),
            (12, false, None),
            "V20, V22"
        );
    }
    let check = async |search: &str, expected: u64| {
        let query = ClientQuery {
            search: Some(search.into()),
            ..ClientQuery::default()
        };
        let found = clients::list(&office.db, office.first.account, &query, &page(10))
            .await
            .unwrap();
        assert_eq!((found.filtered, found.total), (expected, 3), "{search}");
    };
    check("СЕМЕН", 3).await;
    check("8 (912) 345", 0).await;
    check("345-67-90", 1).await;
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
    let vip = clients::update(&office.db, &office.author(), client.id, patch(), Some(1))
        .await
        .unwrap();
    assert!(vip.vip && vip.version == 2);
    let stale = clients::update(&office.db, &office.author(), client.id, patch(), Some(1)).await;
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
    clients::delete(&office.db, &office.author(), client.id, Some(1))
        .await
        .unwrap();
    let plan = plan_build::full(&office.db).await.unwrap();
    assert!(plan.clients.by_number(office.first.account, number).is_none());
    assert_eq!(
        refusal(clients::get(&office.db, office.first.account, client.id).await),
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
            let found = clients::list(&office.db, office.first.account, &query, &page(10))
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
