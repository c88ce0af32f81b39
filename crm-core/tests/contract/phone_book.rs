use frontdesk_crm_core::clients::{self, NewClient};
use frontdesk_crm_core::departments::{self, DepartmentPatch, MemberPatch};
use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_crm_core::numbers::{self, NumberPatch};
use frontdesk_crm_core::phone_book::{self, Entry};
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_crm_core::staff::{self, NewStaff};
use frontdesk_crm_core::store::Page;
use frontdesk_routing::ids::StaffId;

use crate::office::{Office, page, refusal};

crate::on_both! {
    an_entry_says_by_what_somebody_is_reached_and_where_they_work
    the_book_is_searched_by_words_and_parts_of_numbers
    the_book_is_turned_over_by_name
    nobody_without_a_number_who_is_deleted_or_of_another_company_stands_there
}

async fn hire(office: &Office, surname: &str, short: Option<&str>, phone: Option<&str>) -> StaffId {
    let new = NewStaff {
        surname: Some(surname.into()),
        given_name: Some("Анна".into()),
        position: Some("Менеджер".into()),
        short_number: short.map(str::to_owned),
        phone: phone.map(str::to_owned),
        ..NewStaff::default()
    };
    office.hire(new).await.unwrap().id
}

async fn found(office: &Office, search: &str) -> Vec<String> {
    let found = phone_book::list(&office.db, office.first.account, search, &page(50)).await;
    let found = found.unwrap();
    assert_eq!(found.filtered, u64::try_from(found.items.len()).unwrap(), "{search}");
    found.items.into_iter().map(|entry| entry.full_name).collect()
}

async fn an_entry_says_by_what_somebody_is_reached_and_where_they_work(office: &Office) {
    let orlova = hire(office, "Орлова", Some("105"), Some("8 916 123-45-67")).await;
    let mut departments = Vec::new();
    for (name, short) in [("Склад", "201"), ("Продажи", "202")] {
        let new = DepartmentPatch {
            name: Some(name.into()),
            short_number: Some(short.into()),
            members: Some(vec![MemberPatch::new(orlova)]),
            ..DepartmentPatch::default()
        };
        let made = departments::create(&office.db, &office.author(), new).await.unwrap();
        departments.insert(0, (made.plan.id.to_string(), name.to_owned()));
    }
    let connected = NumberPatch {
        number: Some("+74951234567".into()),
        to: DestinationPatch::staff(orlova),
        ..NumberPatch::default()
    };
    numbers::create(&office.db, &office.author(), connected).await.unwrap();
    for number in ["+79161110001", "+79161110002"] {
        let new = NewClient {
            number: Some(number.into()),
            name: Some("Клиент".into()),
            manager: Some(orlova.to_string()),
            ..NewClient::default()
        };
        clients::create(&office.db, &office.author(), new).await.unwrap();
    }
    let entry = phone_book::get(&office.db, office.first.account, orlova).await.unwrap();
    let expected = Entry {
        staff: orlova,
        full_name: "Орлова Анна".into(),
        position: Some("Менеджер".into()),
        phone: Some("+79161234567".into()),
        short_number: Some("105".into()),
        abc_number: Some("+74951234567".into()),
        departments,
        clients: 2,
    };
    assert_eq!(entry, expected);
    let listed = phone_book::list(&office.db, office.first.account, "орлова", &page(10)).await;
    assert_eq!(listed.unwrap().items, [expected]);
}

async fn the_book_is_searched_by_words_and_parts_of_numbers(office: &Office) {
    hire(office, "Орлова", Some("105"), Some("+79161234567")).await;
    hire(office, "Соколова", Some("1050"), None).await;
    hire(office, "О%лова", None, Some("+74951230105")).await;
    let check = async |search: &str, expected: &[&str]| {
        assert_eq!(found(office, search).await, expected, "{search}");
    };
    check("ОРЛО", &["Орлова Анна"]).await;
    check("анна орл", &["Орлова Анна"]).await;
    check("о%л", &["О%лова Анна"]).await;
    check("_", &[]).await;
    check("8 (916) 123", &["Орлова Анна"]).await;
    check("анна 105", &["О%лова Анна", "Орлова Анна", "Соколова Анна"]).await;
    check("соколова 105", &["Соколова Анна"]).await;
    check("никто", &[]).await;
}

async fn the_book_is_turned_over_by_name(office: &Office) {
    for n in 0..7 {
        // two of one name are told apart by their ids
        hire(office, &format!("Х{}", n / 2), Some(&format!("20{n}")), None).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    for expected in [3, 3, 2] {
        let page = Page {
            limit: 3,
            cursor: cursor.take(),
            ..Page::default()
        };
        let part = phone_book::list(&office.db, office.first.account, "", &page)
            .await
            .unwrap();
        assert_eq!((part.items.len(), part.total, part.filtered), (expected, 8, 8));
        seen.extend(part.items.into_iter().map(|entry| entry.short_number.unwrap()));
        cursor = part.next_cursor;
    }
    assert_eq!(cursor, None);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 8, "each once");
    for strange in ["x", "00000000000000000000000009"] {
        let page = Page {
            limit: 3,
            cursor: Some(strange.into()),
            ..Page::default()
        };
        let refused = phone_book::list(&office.db, office.first.account, "", &page).await;
        assert_eq!(refusal(refused), "invalid: cursor invalid", "{strange}");
    }
}

async fn nobody_without_a_number_who_is_deleted_or_of_another_company_stands_there(office: &Office) {
    let silent = hire(office, "Тихая", None, None).await;
    let gone = hire(office, "Ушедшая", Some("107"), None).await;
    staff::delete(&office.db, &office.author(), gone, None).await.unwrap();
    let other = setup::another(&office.db, office.stamp(), Beginning::default())
        .await
        .unwrap();
    let account = office.first.account;
    for nobody in [silent, gone, other.staff] {
        let entry = phone_book::get(&office.db, account, nobody).await;
        assert_eq!(refusal(entry), "not found", "{nobody}");
    }
    assert_eq!(found(office, "").await, ["Main"]);
    let theirs = phone_book::list(&office.db, other.account, "", &page(10))
        .await
        .unwrap();
    let theirs: Vec<StaffId> = theirs.items.into_iter().map(|entry| entry.staff).collect();
    assert_eq!(theirs, [other.staff]);
}
