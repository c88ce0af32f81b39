//! The staff directory on the running daemon: names, statuses, access and what a record may hold.

use std::time::Duration;

use frontdesk_tests::house::{House, PASSWORD, alone, escaped, id, visit};
use frontdesk_tests::office::Caller;
use frontdesk_tests::ports::eventually;
use serde_json::{Value, json};

/// A session that ended is offline within this time.
const HALF_A_MINUTE: Duration = Duration::from_secs(30);

async fn found(house: &House, query: &str) -> Vec<Value> {
    let list = house.main.get(&format!("/staff?{query}")).await.expect(200);
    list.body["items"].as_array().unwrap().clone()
}

/// Row K1: each person's record with all its parts, and nobody of another company.
#[test]
fn k1_the_directory_has_everybody_of_the_account_with_all_fields_and_nobody_of_another() {
    alone(async |house| {
        let other = house.daemon.beside(&["account", "create", "--name", "Other"]).await;
        let (code, told) = other.unwrap();
        assert_eq!(code, 0, "{told}");
        house.daemon.look_again().await.unwrap();
        let whole = json!({ "surname": "Верховцева", "given_name": "Аглая", "patronymic": "Елисеевна",
            "phone": "+79123456789", "position": "Кассир" });
        let without = house.hire(whole.clone()).await;
        let away = json!({ "surname": "Away", "login": "away", "password": PASSWORD, "role": "employee" });
        let away = house.hire(away).await;
        let (_session, here) = house.log_in_new(json!({ "surname": "Here", "role": "employee" })).await;
        let gone = house.hire(json!({ "surname": "Gone" })).await;
        house.main.delete(&format!("/staff/{}", id(&gone))).await.expect(204);
        let main = house.main.get("/me").await.expect(200).body;
        let all = found(house, "scope=all&limit=500").await;
        let mut ids: Vec<&str> = all.iter().map(id).collect();
        let mut expected = [&without, &away, &here, &gone, &main].map(id);
        ids.sort_unstable();
        expected.sort_unstable();
        assert_eq!(ids, expected);
        let one = |member: &Value| all.iter().find(|listed| listed["id"] == member["id"]).unwrap();
        for field in ["surname", "given_name", "patronymic", "phone", "position"] {
            assert_eq!(one(&without)[field], whole[field], "{field}");
            assert!(all.iter().all(|member| member.get(field).is_some()), "{field}");
        }
        for (member, status, logged_in) in [
            (&without, "no_access", false),
            (&away, "offline", false),
            (&here, "online", true),
            (&gone, "deleted", false),
        ] {
            let listed = one(member);
            assert_eq!(listed["system_status"], status, "{listed}");
            assert_eq!(listed["last_login_at"].is_string(), logged_in, "{listed}");
            assert!(listed.get("last_login_at").is_some(), "{listed}");
        }
    });
}

/// Row K2.
#[test]
fn k2_the_parts_of_a_name_come_back_apart_and_any_one_of_them_finds_the_person() {
    visit(async |house| {
        let name = json!({ "surname": "Верховцева", "given_name": "Аглая", "patronymic": "Елисеевна" });
        let aglaya = house.hire(name.clone()).await;
        for part in ["верховцева", "Аглая", "ЕЛИСЕЕВНА"] {
            let found = found(house, &format!("search={}", escaped(part))).await;
            let [person] = found.as_slice() else {
                panic!("{part}: {found:?}")
            };
            for field in ["surname", "given_name", "patronymic"] {
                assert_eq!(person[field], name[field], "{part}");
            }
        }
        let without = json!({ "patronymic": null });
        let path = format!("/staff/{}", id(&aglaya));
        let person = house.main.patch(&path, without).await.expect(200);
        assert_eq!(person.body["patronymic"], Value::Null);
    });
}

/// Row K3.
#[test]
fn k3_a_phone_in_any_national_form_comes_back_in_e164_and_what_is_none_is_refused() {
    visit(async |house| {
        let hired = house.hire(json!({ "phone": "8 (912) 345-67-89" })).await;
        assert_eq!(hired["phone"], "+79123456789");
        let path = format!("/staff/{}", id(&hired));
        for typed in [
            "8 912 345 67 89",
            "89123456789",
            "9123456789",
            "(912) 345-67-89",
            "8-912-345-67-89",
            "8.912.345.67.89",
            "7 912 345-67-89",
            "+7 (912) 345-67-89",
            "+79123456789",
        ] {
            house.main.patch(&path, json!({ "phone": null })).await.expect(200);
            let saved = house.main.patch(&path, json!({ "phone": typed })).await.expect(200);
            assert_eq!(saved.text("/phone"), "+79123456789", "{typed}");
            assert_eq!(house.member(&hired).await["phone"], "+79123456789", "{typed}");
        }
        for wrong in [
            "phone",
            "12345",
            "+7 912",
            "+7 912 345-67-89-00-11-22",
            "8 912 345-6x-89",
        ] {
            let refused = house.main.patch(&path, json!({ "phone": wrong })).await.expect(422);
            assert_eq!(refused.faults(), ["phone invalid"], "{wrong}");
            let new = json!({ "surname": "A", "phone": wrong });
            let refused = house.main.post("/staff", new).await.expect(422);
            assert_eq!(refused.faults(), ["phone invalid"], "{wrong}");
        }
        assert_eq!(house.member(&hired).await["phone"], "+79123456789");
    });
}

/// Row K4.
#[test]
fn k4_a_position_is_listed_and_filtered_by_and_may_be_left_out() {
    visit(async |house| {
        let position = format!("Кассир {}", house.short());
        let with = house.hire(json!({ "position": position })).await;
        let other = house.hire(json!({ "position": format!("{position}-2") })).await;
        let empty = house.hire(json!({ "position": "" })).await;
        let listed = found(house, "limit=500").await;
        let of = |member: &Value| listed.iter().find(|listed| listed["id"] == member["id"]).unwrap();
        assert_eq!(of(&with)["position"], position);
        assert_eq!(of(&empty)["position"], Value::Null);
        let fitting = found(house, &format!("position={}", escaped(&position))).await;
        assert_eq!(fitting.iter().map(id).collect::<Vec<_>>(), [id(&with)]);
        let path = format!("/staff/{}", id(&other));
        let emptied = house.main.patch(&path, json!({ "position": null })).await.expect(200);
        assert_eq!(emptied.body["position"], Value::Null);
    });
}

/// Row K6.
#[test]
fn k6_whoever_has_a_live_session_is_online_and_whoever_has_none_is_not() {
    visit(async |house| {
        let (_session, here) = house.log_in_new(json!({ "role": "employee" })).await;
        let away = house
            .hire(json!({ "login": "away", "password": PASSWORD, "role": "employee" }))
            .await;
        assert_eq!(house.member(&here).await["system_status"], "online");
        assert_eq!(house.member(&away).await["system_status"], "offline");
    });
}

/// Row K7.
#[test]
fn k7_whoever_has_logged_out_everywhere_is_offline_at_once() {
    visit(async |house| {
        let (first, member) = house.log_in_new(json!({ "role": "employee" })).await;
        let second = house.log_in(&member, PASSWORD).await;
        first.do_("/logout").await.expect(204);
        assert_eq!(house.member(&member).await["system_status"], "online", "one is left");
        second.do_("/logout").await.expect(204);
        assert_eq!(house.member(&member).await["system_status"], "offline");
    });
}

/// Row K7.
#[test]
fn k7_whose_session_is_no_longer_used_is_offline_within_half_a_minute() {
    visit(async |house| {
        let (session, member) = house.log_in_new(json!({ "role": "employee" })).await;
        session.get("/me").await.expect(200);
        let offline = async || (house.member(&member).await["system_status"] == "offline").then_some(());
        let limit = HALF_A_MINUTE + Duration::from_secs(1);
        eventually("the session to be over", limit, offline).await.unwrap();
    });
}

/// Row L1.
#[test]
fn l1_a_fresh_installation_has_one_main_account_that_may_do_everything() {
    alone(async |house| {
        let all = found(house, "scope=all").await;
        let [main] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((&main["is_main"], &main["role"]), (&json!(true), &json!("main")));
        for path in ["/staff", "/account", "/audit", "/tokens", "/trunks", "/security/blocks"] {
            house.main.get(path).await.expect(200);
        }
    });
}

/// Row L2.
#[test]
fn l2_the_main_account_changes_its_name_phone_and_mail() {
    alone(async |house| {
        let path = format!("/staff/{}", id(&house.main.get("/me").await.body));
        let wanted = json!({ "surname": "Орлова", "given_name": "Мария", "phone": "+79123456789", "email": "maria@example.org" });
        house.main.patch(&path, wanted.clone()).await.expect(200);
        let saved = house.main.get(&path).await.expect(200).body;
        for field in ["surname", "given_name", "phone", "email"] {
            assert_eq!(saved[field], wanted[field]);
        }
    });
}

/// What one may do, and the main account's record.
async fn state_of_main(main: &Caller, path: &str) -> [Value; 2] {
    let me = main.get("/me").await.expect(200).body;
    [
        me["rights"].clone(),
        main.get(path).await.expect(200).body["role"].clone(),
    ]
}

/// Row L3.
#[test]
fn l3_no_request_takes_anything_from_the_main_account() {
    alone(async |house| {
        let main = &house.main;
        let me = main.get("/me").await.expect(200).body;
        let path = format!("/staff/{}", id(&me));
        let before = state_of_main(main, &path).await;
        let (admin, _) = house.log_in_new(json!({ "role": "admin" })).await;
        let no_section = json!({ "projects": [{ "project_id": me["project"]["project_id"], "sections": [] }] });
        for caller in [main, &admin] {
            for role in [json!(null), json!("employee"), json!("admin")] {
                let refused = caller.patch(&path, json!({ "role": role })).await;
                assert!([403, 409, 422].contains(&refused.status), "{role} {}", refused.body);
            }
            let refused = caller.delete(&path).await;
            assert!([403, 409, 422].contains(&refused.status), "{}", refused.body);
            let refused = caller.put(&format!("{path}/projects"), no_section.clone()).await;
            assert!([403, 409, 422].contains(&refused.status), "{}", refused.body);
            let refused = caller.put(&format!("{path}/projects"), json!({ "projects": [] })).await;
            assert!([403, 409, 422].contains(&refused.status), "{}", refused.body);
        }
        assert_eq!(state_of_main(main, &path).await, before);
    });
}

/// Row L4.
#[test]
fn l4_who_is_added_is_listed_and_only_who_may_adds() {
    visit(async |house| {
        let (employee, _) = house.log_in_new(json!({ "role": "employee" })).await;
        employee.post("/staff", json!({ "given_name": "A" })).await.expect(403);
        let made = house
            .main
            .post("/staff", json!({ "surname": "Новосёлов" }))
            .await
            .expect(201);
        assert_eq!(made.header("location"), format!("/api/v1/staff/{}", id(&made.body)));
        let listed = found(house, &format!("search={}", escaped("новоселов"))).await;
        assert_eq!((listed.len(), id(&listed[0])), (1, id(&made.body)));
    });
}

/// One who works in the project that is looked at and one who works elsewhere.
async fn two_projects(house: &House) -> (Value, Value) {
    let name = format!("Branch {}", house.short());
    let branch = house.main.post("/projects", json!({ "name": name })).await.expect(201);
    let (here, there) = (house.hire(json!({})).await, house.hire(json!({})).await);
    let moved = json!({ "projects": [{ "project_id": branch.body["id"], "receives_calls": true }] });
    let path = format!("/staff/{}/projects", id(&there));
    house.main.put(&path, moved).await.expect(200);
    (here, there)
}

/// Row L5.
#[test]
fn l5_the_list_shows_those_of_the_project_that_is_looked_at() {
    visit(async |house| {
        let (here, there) = two_projects(house).await;
        let listed = found(house, "limit=500").await;
        let has = |member: &Value| listed.iter().any(|listed| listed["id"] == member["id"]);
        assert!(has(&here) && !has(&there));
    });
}

/// Row L6.
#[test]
fn l6_the_list_shows_everybody_when_all_are_asked_for() {
    visit(async |house| {
        let (here, there) = two_projects(house).await;
        let listed = found(house, "limit=500&scope=all").await;
        let has = |member: &Value| listed.iter().any(|listed| listed["id"] == member["id"]);
        assert!(has(&here) && has(&there));
    });
}

/// Row L8.
#[test]
fn l8_whoever_has_no_sip_account_is_listed_as_not_created_until_there_is_one() {
    visit(async |house| {
        let member = house.hire(json!({ "short_number": house.short() })).await;
        let status = async || {
            let listed = found(house, "limit=500").await;
            let listed = listed.iter().find(|listed| listed["id"] == member["id"]).unwrap();
            listed["sip_status"].clone()
        };
        assert_eq!(member["sip_status"], "not_created");
        assert_eq!(status().await, "not_created");
        let path = format!("/staff/{}/sip", id(&member));
        house.main.do_(&path).await.expect(201);
        assert_eq!(status().await, "offline");
    });
}

#[test]
fn l13_a_login_is_nobody_elses_in_the_account() {
    visit(async |house| {
        house.hire(json!({ "login": "twice" })).await;
        for again in ["twice", "TWICE"] {
            let refused = house
                .main
                .post("/staff", json!({ "given_name": "B", "login": again }))
                .await;
            assert_eq!(refused.expect(409).faults(), ["login taken"]);
        }
    });
}

/// Rows L15, L31.
#[test]
fn l15_l31_a_position_is_shown_where_there_is_one() {
    visit(async |house| {
        let without = house.hire(json!({})).await;
        let with = house.hire(json!({ "position": "Cashier" })).await;
        assert_eq!(house.member(&without).await["position"], Value::Null);
        assert_eq!(house.member(&with).await["position"], "Cashier");
        let path = format!("/staff/{}", id(&with));
        let emptied = house.main.patch(&path, json!({ "position": "" })).await.expect(200);
        assert_eq!(emptied.body["position"], Value::Null);
    });
}

/// Row L17.
#[test]
fn l17_anybody_but_the_main_account_is_changed_and_deleted() {
    visit(async |house| {
        let member = house.hire(json!({})).await;
        let path = format!("/staff/{}", id(&member));
        let changed = house.main.patch(&path, json!({ "surname": "Other" })).await.expect(200);
        assert_eq!(changed.text("/surname"), "Other");
        house.main.delete(&path).await.expect(204);
        assert_eq!(house.member(&member).await["system_status"], "deleted");
        let me = house.main.get("/me").await.expect(200);
        let refused = house.main.delete(&format!("/staff/{}", id(&me.body))).await.expect(409);
        assert_eq!(refused.text("/code"), "main");
    });
}

/// Row L24.
#[test]
fn l24_nobody_is_without_a_name() {
    visit(async |house| {
        for nameless in [
            json!({}),
            json!({ "surname": "", "given_name": " " }),
            json!({ "patronymic": "Елисеевна" }),
        ] {
            let refused = house.main.post("/staff", nameless).await.expect(422);
            assert_eq!(refused.faults(), ["given_name required"]);
        }
        let member = house
            .hire(json!({ "surname": "Верховцева", "given_name": "Аглая" }))
            .await;
        let path = format!("/staff/{}", id(&member));
        let one = json!({ "given_name": "" });
        house.main.patch(&path, one).await.expect(200);
        for emptied in [
            json!({ "surname": "" }),
            json!({ "surname": "  " }),
            json!({ "surname": null }),
        ] {
            let refused = house.main.patch(&path, emptied).await.expect(422);
            assert_eq!(refused.faults(), ["given_name required"]);
        }
        assert_eq!(house.member(&member).await["surname"], "Верховцева");
    });
}

/// Row L25.
#[test]
fn l25_a_new_password_replaces_the_old_one_and_ends_the_sessions_that_it_opened() {
    visit(async |house| {
        let (session, member) = house.log_in_new(json!({ "role": "employee" })).await;
        let second = house.log_in(&member, PASSWORD).await;
        let (path, new) = (format!("/staff/{}", id(&member)), "battery staple");
        house.main.patch(&path, json!({ "password": new })).await.expect(200);
        for session in [&session, &second] {
            session.get("/me").await.expect(401);
        }
        let old = json!({ "login": member["effective_login"], "password": PASSWORD });
        Caller::at(&house.daemon.base()).post("/login", old).await.expect(401);
        house.log_in(&member, new).await.get("/me").await.expect(200);
    });
}

/// Row L25.
#[test]
fn l25_whoever_changes_their_own_password_stays_logged_in_where_they_did_it() {
    alone(async |house| {
        let (login, password) = house.daemon.credentials.clone();
        let elsewhere = Caller::log_in(&house.daemon.base(), &login, &password).await;
        let path = format!("/staff/{}", id(&house.main.get("/me").await.body));
        let new = json!({ "password": "battery staple" });
        house.main.patch(&path, new).await.expect(200);
        house.main.get("/me").await.expect(200);
        elsewhere.get("/me").await.expect(401);
    });
}

fn holds(folder: &std::path::Path, text: &[u8]) -> bool {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().any(|path| match path.is_dir() {
        true => holds(&path, text),
        false => std::fs::read(&path)
            .unwrap_or_default()
            .windows(text.len())
            .any(|window| window == text),
    })
}

/// Row L25.
#[test]
fn l25_what_is_kept_of_a_password_is_a_memory_hard_hash() {
    alone(async |house| {
        let password = "a password unlike others";
        house
            .hire(json!({ "login": "kept", "password": password, "role": "employee" }))
            .await;
        let folder = house.daemon.folder();
        assert!(holds(folder, b"$argon2id$"));
        assert!(!holds(folder, password.as_bytes()));
    });
}

/// Somebody, to whom a connected number is to lead.
async fn connect(house: &House, number: &str) -> Value {
    let member = house.hire(json!({})).await;
    let body = json!({ "number": number, "staff_id": member["id"] });
    house.main.post("/numbers", body).await.expect(201).body
}

/// Row L27.
#[test]
fn l27_a_connected_number_is_no_phone_of_a_person() {
    visit(async |house| {
        let number = house.number();
        connect(house, &number).await;
        let member = house.hire(json!({})).await;
        let path = format!("/staff/{}", id(&member));
        let refused = house.main.patch(&path, json!({ "phone": number })).await.expect(422);
        assert_eq!(refused.faults(), ["phone own_number"]);
        let refused = house
            .main
            .post("/staff", json!({ "surname": "A", "phone": number }))
            .await;
        assert_eq!(refused.expect(422).faults(), ["phone own_number"]);
    });
}

/// Row L27.
#[test]
fn l27_who_has_a_number_as_phone_that_is_connected_later_is_told() {
    visit(async |house| {
        let number = house.number();
        let owner = house.hire(json!({ "phone": number })).await;
        let connected = connect(house, &number).await;
        let told = json!([{ "staff_id": owner["id"], "name": owner["name"] }]);
        assert_eq!(connected["used_as_phone"], told);
        let listed = house.main.get("/numbers").await.expect(200).body;
        let listed = listed["items"].as_array().unwrap();
        let listed = listed.iter().find(|listed| listed["id"] == connected["id"]).unwrap();
        assert_eq!(listed["used_as_phone"], told);
    });
}
