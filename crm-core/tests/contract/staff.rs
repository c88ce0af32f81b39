use frontdesk_crm_core::access::Role;
use frontdesk_crm_core::sip_accounts;
use frontdesk_crm_core::staff::{self, NewStaff, StaffOrder, StaffPatch, StaffQuery, SystemStatus};
use frontdesk_crm_core::store::StoreError;
use frontdesk_crm_core::tokens::{self, NewToken};

use crate::office::{HOURS, LIFETIME, Office, page, refusal};

crate::on_both! {
    l1_there_is_one_main_member_with_every_right
    l2_the_main_member_is_edited_but_l3_never_restricted_nor_deleted
    k2_each_part_of_a_name_finds_its_owner_in_any_case
    l13_and_v6_logins_and_short_numbers_belong_to_one_person
    k17_a_role_gives_access_and_its_loss_ends_sessions_and_tokens_at_once
    k6_and_k7_online_is_who_was_seen_within_half_a_minute
    k8_a_deleted_member_stays_in_the_list_and_loses_everything_else
    of_two_changes_of_one_version_the_second_is_refused
    lists_are_ordered_and_cut
    by_cursor_everybody_is_told_once_in_every_order
    l47_sip_data_is_made_once_and_then_rotated
    b30_each_change_is_audited_without_secrets
    a_photo_is_noted_by_version_and_names_are_those_of_the_living
}

fn named(name: &str) -> NewStaff {
    NewStaff {
        given_name: Some(name.into()),
        ..NewStaff::default()
    }
}

fn role(role: Option<&str>) -> StaffPatch {
    StaffPatch {
        role: Some(role.map(str::to_owned)),
        ..StaffPatch::default()
    }
}

async fn l1_there_is_one_main_member_with_every_right(office: &Office) {
    let all = staff::list(
        &office.db,
        office.first.account,
        &StaffQuery::default(),
        &page(10),
        office.now(),
    )
    .await
    .unwrap();
    let main = all.items.first().unwrap();
    assert_eq!((all.total, main.is_main, main.role), (1, true, Some(Role::Main)));
    assert_eq!(main.system_status(), SystemStatus::Offline);
}

async fn l2_the_main_member_is_edited_but_l3_never_restricted_nor_deleted(office: &Office) {
    let change = |patch: StaffPatch| {
        staff::update(
            &office.db,
            Box::leak(Box::new(office.author())),
            office.first.staff,
            patch,
            None,
        )
    };
    let patch = StaffPatch {
        surname: Some(Some("Орлова".into())),
        phone: Some(Some("8 912 345-67-89".into())),
        email: Some(Some("boss@example.org".into())),
        ..StaffPatch::default()
    };
    let main = change(patch).await.unwrap();
    assert_eq!(main.phone.as_deref(), Some("+79123456789"));
    assert_eq!(main.effective_login().as_deref(), Some("boss@example.org"), "L12");
    assert!(office.enters("Boss@Example.org", &office.first.password).await, "L12");
    assert!(office.enters(&office.login("main"), &office.first.password).await);
    for wanted in [None, Some("employee"), Some("admin")] {
        assert_eq!(refusal(change(role(wanted)).await), "invalid: role invalid");
    }
    let speechless = StaffPatch {
        email: Some(None),
        login: Some(None),
        ..StaffPatch::default()
    };
    assert_eq!(refusal(change(speechless).await), "invalid: login required");
    let gone = staff::delete(&office.db, &office.author(), office.first.staff, None).await;
    assert_eq!(refusal(gone), "refused: main");
}

async fn k2_each_part_of_a_name_finds_its_owner_in_any_case(office: &Office) {
    let petr = NewStaff {
        surname: Some("Соколов".into()),
        given_name: Some("Пётр".into()),
        patronymic: Some("Ильич".into()),
        position: Some("Кассир".into()),
        phone: Some("(495) 123-45-67".into()),
        short_number: Some("105".into()),
        ..NewStaff::default()
    };
    office.hire(petr).await.unwrap();
    let check = async |search: &str, expected: u64| {
        let query = StaffQuery {
            search: Some(search.into()),
            ..StaffQuery::default()
        };
        let found = staff::list(&office.db, office.first.account, &query, &page(10), office.now())
            .await
            .unwrap();
        assert_eq!((found.filtered, found.total), (expected, 2), "{search}");
    };
    for search in [
        "СОКОЛ",
        "пётр",
        "ПЕТР",
        "ильич",
        "кассир",
        "105",
        "+7 (495) 123-45-67",
        "123-45-67",
    ] {
        check(search, 1).await;
    }
    for search in ["%", "_", "\\", "'", "Пётр Сидоров"] {
        check(search, 0).await;
    }
}

async fn l13_and_v6_logins_and_short_numbers_belong_to_one_person(office: &Office) {
    let ivan = office.ivan().await;
    assert_eq!(ivan.effective_login(), Some(office.login("ivan")), "L14");
    let check = async |login: &str, short: &str, expected: &str| {
        let new = NewStaff {
            login: Some(login.into()),
            short_number: Some(short.into()),
            ..named("B")
        };
        assert_eq!(refusal(office.hire(new).await), expected, "{login} {short}");
    };
    check("ivan", "102", "taken: login taken").await;
    check("IVAN", "101", "taken: login taken, short_number taken").await;
    check("boris", "100", "taken: short_number taken").await;
    check("boris", "1", "invalid: short_number invalid").await;
    check("boris", "0001", "done").await;
    let patch = StaffPatch {
        short_number: Some(Some("0001".into())),
        ..StaffPatch::default()
    };
    let taken = staff::update(&office.db, &office.author(), ivan.id, patch, None).await;
    assert_eq!(refusal(taken), "taken: short_number taken");
}

async fn k17_a_role_gives_access_and_its_loss_ends_sessions_and_tokens_at_once(office: &Office) {
    let anna = office
        .hire(NewStaff {
            login: Some("anna".into()),
            ..named("Anna")
        })
        .await
        .unwrap();
    assert_eq!(anna.system_status(), SystemStatus::NoAccess);
    let change =
        |patch: StaffPatch| staff::update(&office.db, Box::leak(Box::new(office.author())), anna.id, patch, None);
    assert_eq!(
        refusal(change(role(Some("supervisor"))).await),
        "invalid: password required"
    );
    let grant = StaffPatch {
        password: Some("correct horse".into()),
        ..role(Some("supervisor"))
    };
    assert_eq!(change(grant).await.unwrap().system_status(), SystemStatus::Offline);
    let session = office.session(&office.login("anna"), "correct horse").await;
    let new = NewToken {
        name: "bot".into(),
        scopes: vec!["staff:read".into()],
        lifetime_ms: 100 * HOURS,
    };
    let (_, secret) = tokens::create(&office.db, &office.author(), anna.id, new)
        .await
        .unwrap();
    assert!(tokens::find(&office.db, &secret, office.now()).await.unwrap().is_some());
    change(role(None)).await.unwrap();
    assert!(!office.alive(&session).await);
    assert!(!office.enters(&office.login("anna"), "correct horse").await, "K5");
    change(role(Some("employee"))).await.unwrap();
    assert!(office.enters(&office.login("anna"), "correct horse").await);
    assert!(!office.alive(&session).await);
    assert!(tokens::find(&office.db, &secret, office.now()).await.unwrap().is_none());
}

async fn k6_and_k7_online_is_who_was_seen_within_half_a_minute(office: &Office) {
    let ivan = office.ivan().await;
    assert_eq!(
        (ivan.system_status(), ivan.last_login_at),
        (SystemStatus::Offline, None)
    );
    let session = office.session(&office.login("ivan"), "correct horse").await;
    let seen = office.member(&ivan).await;
    assert_eq!(
        (seen.system_status(), seen.last_login_at),
        (SystemStatus::Online, Some(office.now())),
        "K9"
    );
    office.later(29_999);
    assert_eq!(office.member(&ivan).await.system_status(), SystemStatus::Online);
    office.later(1);
    assert_eq!(office.member(&ivan).await.system_status(), SystemStatus::Offline);
    let found = frontdesk_crm_core::logins::find_by_token(&office.db, &session.token, office.now())
        .await
        .unwrap()
        .unwrap();
    frontdesk_crm_core::logins::touch(&office.db, &found, LIFETIME, office.now())
        .await
        .unwrap();
    let seen = office.member(&ivan).await;
    assert_eq!(
        (seen.system_status(), seen.last_seen_at),
        (SystemStatus::Online, Some(office.now())),
        "L16"
    );
    frontdesk_crm_core::logins::end(&office.db, session.id, office.now())
        .await
        .unwrap();
    assert_eq!(office.member(&ivan).await.system_status(), SystemStatus::Offline);
}

async fn k8_a_deleted_member_stays_in_the_list_and_loses_everything_else(office: &Office) {
    let ivan = office.ivan().await;
    let data = sip_accounts::generate(&office.db, &office.author(), ivan.id)
        .await
        .unwrap();
    let session = office.session(&office.login("ivan"), "correct horse").await;
    staff::delete(&office.db, &office.author(), ivan.id, Some(ivan.version))
        .await
        .unwrap();
    let gone = office.member(&ivan).await;
    assert_eq!(
        (gone.system_status(), gone.name()),
        (SystemStatus::Deleted, "Ivan".to_owned())
    );
    assert!(!office.alive(&session).await && !office.enters(&office.login("ivan"), "correct horse").await);
    let plan = frontdesk_crm_core::plan_build::full(&office.db).await.unwrap();
    assert!(plan.staff.by_user(&data.user).is_none() && plan.staff.get(ivan.id).is_none());
    let patch = role(Some("employee"));
    assert_eq!(
        refusal(staff::update(&office.db, &office.author(), ivan.id, patch, None).await),
        "not found"
    );
    assert_eq!(
        refusal(staff::delete(&office.db, &office.author(), ivan.id, None).await),
        "not found"
    );
    assert_eq!(
        refusal(sip_accounts::generate(&office.db, &office.author(), ivan.id).await),
        "not found"
    );
    office.ivan().await;
    let query = StaffQuery {
        live_only: true,
        ..StaffQuery::default()
    };
    let listed = staff::list(&office.db, office.first.account, &query, &page(10), office.now())
        .await
        .unwrap();
    assert_eq!((listed.filtered, listed.total), (2, 3));
}

async fn of_two_changes_of_one_version_the_second_is_refused(office: &Office) {
    let ivan = office.ivan().await;
    let change = |surname: &str| {
        let patch = StaffPatch {
            surname: Some(Some(surname.into())),
            ..StaffPatch::default()
        };
        staff::update(
            &office.db,
            Box::leak(Box::new(office.author())),
            ivan.id,
            patch,
            Some(ivan.version),
        )
    };
    let (one, two) = tokio::join!(change("A"), change("B"));
    let mut said = [refusal(one), refusal(two)];
    said.sort();
    assert_eq!(said, ["done", "stale"]);
    assert_eq!(office.member(&ivan).await.version, ivan.version + 1);
}

async fn lists_are_ordered_and_cut(office: &Office) {
    for (name, short) in [("Ёлкин", "203"), ("Анна", "201"), ("жуков", "202")] {
        office
            .hire(NewStaff {
                short_number: Some(short.into()),
                ..named(name)
            })
            .await
            .unwrap();
    }
    let check = async |order: StaffOrder, descending: bool, offset: u32, expected: &[&str]| {
        let query = StaffQuery {
            search: Some("20".into()),
            order,
            descending,
            ..StaffQuery::default()
        };
        let cut = frontdesk_crm_core::store::Page {
            limit: 2,
            offset,
            cursor: None,
        };
        let found = staff::list(&office.db, office.first.account, &query, &cut, office.now())
            .await
            .unwrap();
        let names: Vec<String> = found.items.iter().map(|member| member.name()).collect();
        assert_eq!(names, expected, "{order:?} {descending} {offset}");
        assert_eq!(found.filtered, 3);
    };
    check(StaffOrder::Name, false, 0, &["Анна", "Ёлкин"]).await;
    check(StaffOrder::Name, true, 0, &["жуков", "Ёлкин"]).await;
    check(StaffOrder::ShortNumber, false, 1, &["жуков", "Ёлкин"]).await;
    check(StaffOrder::ShortNumber, true, 2, &["Анна"]).await;
}

async fn l47_sip_data_is_made_once_and_then_rotated(office: &Office) {
    let ivan = office.ivan().await;
    assert_eq!(
        refusal(sip_accounts::rotate(&office.db, &office.author(), ivan.id).await),
        "not found"
    );
    let data = sip_accounts::generate(&office.db, &office.author(), ivan.id)
        .await
        .unwrap();
    assert_eq!(data.user, format!("{}-101", office.first.account_number));
    assert_eq!(
        refusal(sip_accounts::generate(&office.db, &office.author(), ivan.id).await),
        "refused: exists"
    );
    let other = sip_accounts::rotate(&office.db, &office.author(), ivan.id)
        .await
        .unwrap();
    assert_eq!((other.id, &other.user), (data.id, &data.user));
    assert_ne!(other.secret, data.secret);
    assert_eq!(office.member(&ivan).await.sip_user, Some(data.user));
}

async fn b30_each_change_is_audited_without_secrets(office: &Office) {
    let ivan = office.ivan().await;
    let patch = StaffPatch {
        position: Some(Some("Кассир".into())),
        password: Some("battery staple".into()),
        ..StaffPatch::default()
    };
    staff::update(&office.db, &office.author(), ivan.id, patch, None)
        .await
        .unwrap();
    let data = sip_accounts::generate(&office.db, &office.author(), ivan.id)
        .await
        .unwrap();
    let rows = office.audit(20).await;
    let actions: Vec<&str> = rows.iter().map(|row| row.action.as_str()).collect();
    for action in ["sip.generated", "staff.updated", "staff.created", "account.created"] {
        assert!(actions.contains(&action), "{actions:?}");
    }
    let update = rows.iter().find(|row| row.action == "staff.updated").unwrap();
    assert_eq!(update.before.as_ref().unwrap()["position"], serde_json::Value::Null);
    assert_eq!(update.after.as_ref().unwrap()["position"], "Кассир");
    assert_eq!(
        (update.actor_name.as_str(), update.ip.as_deref()),
        ("Main", Some("192.0.2.7"))
    );
    let told = format!("{rows:?}");
    for secret in [
        "battery",
        "correct horse",
        "argon2",
        &data.secret,
        &office.first.password,
        &office.first.sip.secret,
    ] {
        assert!(!told.contains(secret), "{secret}");
    }
}

async fn a_photo_is_noted_by_version_and_names_are_those_of_the_living(office: &Office) {
    let (db, account) = (&office.db, office.first.account);
    let anna = office.hire(named("Anna")).await.unwrap();
    let gone = office.hire(named("Boris")).await.unwrap();
    staff::delete(db, &office.author(), gone.id, None).await.unwrap();
    let names = staff::names(db, account).await.unwrap();
    assert_eq!(
        names,
        [(anna.id, "Anna".into()), (office.first.staff, "Main".to_owned())]
    );
    let set = async |photo: Option<&str>, version| {
        let photo = photo.map(str::to_owned);
        staff::set_photo(db, &office.author(), anna.id, photo, version).await
    };
    let (before, after) = set(Some("1-2"), Some(1)).await.unwrap();
    assert_eq!((before.photo, before.version), (None, 1));
    assert_eq!((after.photo.as_deref(), after.version), (Some("1-2"), 2));
    assert_eq!(refusal(set(None, Some(1)).await), "stale");
    office.later(1000);
    let (before, after) = set(None, None).await.unwrap();
    assert_eq!((before.photo.as_deref(), after.photo), (Some("1-2"), None));
    assert_eq!(office.audit(1).await[0].action, "staff.photo_changed");
    let deleted = staff::set_photo(db, &office.author(), gone.id, None, None).await;
    assert!(matches!(deleted, Err(StoreError::Gone | StoreError::NotFound)));
}

async fn by_cursor_everybody_is_told_once_in_every_order(office: &Office) {
    let (db, account) = (&office.db, office.first.account);
    let mut everybody = vec![office.first.staff];
    for n in 0..13 {
        let new = NewStaff {
            surname: (n % 4 > 0).then(|| format!("Фамилия {}", n % 4)),
            position: (n % 3 > 0).then(|| format!("Должность {}", n % 3)),
            short_number: (n % 5 > 0).then(|| format!("{}", 300 - n)),
            ..named("Имя")
        };
        everybody.push(office.hire(new).await.unwrap().id);
        office.later(i64::from(n % 2));
    }
    for gone in [3, 8] {
        staff::delete(db, &office.author(), everybody[gone], None)
            .await
            .unwrap();
    }
    let orders = [
        StaffOrder::Name,
        StaffOrder::ShortNumber,
        StaffOrder::Position,
        StaffOrder::LastSeenAt,
        StaffOrder::CreatedAt,
    ];
    for (order, descending) in orders.into_iter().flat_map(|order| [(order, false), (order, true)]) {
        let query = StaffQuery {
            order,
            descending,
            ..StaffQuery::default()
        };
        let part = async |limit, cursor| {
            let page = frontdesk_crm_core::store::Page { cursor, ..page(limit) };
            staff::list(db, account, &query, &page, office.now()).await.unwrap()
        };
        let whole: Vec<_> = part(100, None).await.items.iter().map(|member| member.id).collect();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let list = part(4, cursor).await;
            assert!(list.items.len() <= 4);
            seen.extend(list.items.iter().map(|member| member.id));
            cursor = list.next_cursor;
            // somebody who stands before all others, or after them
            let name = if seen.len() % 8 == 4 { "А" } else { "Я" };
            office.hire(named(name)).await.unwrap();
            if cursor.is_none() {
                break;
            }
        }
        let known: Vec<_> = seen.iter().filter(|id| whole.contains(id)).copied().collect();
        assert_eq!(known, whole, "{order:?} {descending}");
        let told = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), told, "{order:?} {descending}: nobody twice");
        let first = part(4, None).await.next_cursor;
        let other = StaffQuery {
            descending: !descending,
            ..query.clone()
        };
        for cursor in [first, Some("x".into()), Some("7b7d".into())] {
            let page = frontdesk_crm_core::store::Page { cursor, ..page(4) };
            let said = staff::list(db, account, &other, &page, office.now()).await;
            assert_eq!(refusal(said), "invalid: cursor invalid");
        }
    }
}
