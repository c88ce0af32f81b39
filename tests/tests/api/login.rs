//! Logging in and out, tokens, throttling, forged requests.

use frontdesk_tests::office::{Office, SESSION_MS};
use reqwest::Method;
use serde_json::json;

const HOUR_MS: i64 = 3_600_000;

/// Row L12.
#[tokio::test]
async fn l12_the_main_account_logs_in_with_its_e_mail_and_out_again() {
    let office = Office::open().await;
    let main = office.main().await;
    let me = main.get("/me").await.expect(200);
    assert_eq!(me.body["role"], "main");
    assert_eq!(me.text("/account/number"), "");
    assert!(me.body["account"]["number"].is_i64(), "{}", me.body);
    main.do_("/logout").await.expect(204);
    main.get("/me").await.expect(401);
}

#[tokio::test]
async fn the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites() {
    let office = Office::open().await;
    let (login, password) = office.credentials();
    let answer = office
        .nobody()
        .post("/login", json!({ "login": login, "password": password }))
        .await
        .expect(200);
    let cookie = answer.header("set-cookie");
    for part in ["frontdesk_session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// Row L14.
#[tokio::test]
async fn l14_the_prefix_is_part_of_the_login() {
    let office = Office::open().await;
    let main = office.main().await;
    let ivan = office
        .add(
            &main,
            json!({ "given_name": "Ivan", "login": "ivan", "password": "correct horse", "role": "employee" }),
        )
        .await;
    let number = office.account_number();
    assert_eq!(ivan["effective_login"], format!("{number}_ivan"));
    let log_in = |login: String| {
        let nobody = office.nobody();
        async move {
            nobody
                .post("/login", json!({ "login": login, "password": "correct horse" }))
                .await
                .status
        }
    };
    assert_eq!(log_in("ivan".into()).await, 401);
    assert_eq!(log_in(format!("{number}_ivan")).await, 200);
    assert_eq!(log_in(format!("{number}_IVAN")).await, 200);
}

/// Row K5.
#[tokio::test]
async fn k5_who_has_no_access_is_refused_like_a_stranger() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office.add(&main, json!({ "given_name": "Anna" })).await;
    assert_eq!(anna["system_status"], "no_access");
    let stranger = office
        .nobody()
        .post("/login", json!({ "login": "19079_nobody", "password": "x" }))
        .await
        .expect(401);
    let wrong = office
        .nobody()
        .post("/login", json!({ "login": office.credentials().0, "password": "x" }))
        .await
        .expect(401);
    assert_eq!(stranger.body, wrong.body);
}

/// Row K17.
#[tokio::test]
async fn k17_granting_a_role_gives_access_and_revoking_it_ends_live_sessions_at_once() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office
        .add(
            &main,
            json!({ "given_name": "Anna", "login": "anna", "password": "correct horse" }),
        )
        .await;
    let path = format!("/staff/{}", anna["id"].as_str().unwrap());
    let granted = main.patch(&path, json!({ "role": "supervisor" })).await.expect(200);
    assert_eq!(granted.body["system_status"], "offline");
    let session = office.log_in(&office.effective("anna"), "correct horse").await;
    session.get("/staff").await.expect(200);
    assert_eq!(main.get(&path).await.body["system_status"], "online");
    main.patch(&path, json!({ "role": null })).await.expect(200);
    session.get("/staff").await.expect(401);
    assert_eq!(main.get(&path).await.body["system_status"], "no_access");
}

/// Row L25.
#[tokio::test]
async fn l25_a_new_password_ends_the_other_sessions_and_the_old_one_stops_working() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office
        .add(
            &main,
            json!({ "given_name": "Anna", "login": "anna", "password": "correct horse", "role": "employee" }),
        )
        .await;
    let session = office.log_in(&office.effective("anna"), "correct horse").await;
    let path = format!("/staff/{}", anna["id"].as_str().unwrap());
    main.patch(&path, json!({ "password": "battery staple" }))
        .await
        .expect(200);
    session.get("/me").await.expect(401);
    let old = json!({ "login": office.effective("anna"), "password": "correct horse" });
    office.nobody().post("/login", old).await.expect(401);
    office.log_in(&office.effective("anna"), "battery staple").await;
}

#[tokio::test]
async fn logging_in_again_ends_the_session_that_the_browser_had() {
    let office = Office::open().await;
    let main = office.main().await;
    let elsewhere = office.main().await;
    let new = json!({ "given_name": "Anna", "login": "anna", "password": "correct horse", "role": "employee" });
    office.add(&main, new).await;
    let old = main.clone().with("cookie", &main.cookie().unwrap());
    let body = json!({ "login": office.effective("anna"), "password": "wrong horse" });
    main.post("/login", body).await.expect(401);
    old.get("/me").await.expect(200);
    let body = json!({ "login": office.effective("anna"), "password": "correct horse" });
    main.post("/login", body).await.expect(200);
    old.get("/me").await.expect(401);
    elsewhere.get("/me").await.expect(200);
    assert_eq!(main.get("/me").await.expect(200).body["role"], "employee");
}

#[tokio::test]
async fn a_new_password_of_ones_own_gives_the_session_another_cookie() {
    let office = Office::open().await;
    let main = office.main().await;
    let other = office.main().await;
    let old = main.clone().with("cookie", &main.cookie().unwrap());
    let path = format!("/staff/{}", main.get("/me").await.text("/id"));
    let named = main.patch(&path, json!({ "given_name": "Olga" })).await.expect(200);
    assert_eq!(named.header("set-cookie"), "", "a name is no reason");
    let changed = main
        .patch(&path, json!({ "password": "battery staple" }))
        .await
        .expect(200);
    for part in ["frontdesk_session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(changed.header("set-cookie").contains(part), "{part}");
    }
    old.get("/me").await.expect(401);
    other.get("/me").await.expect(401);
    main.get("/me").await.expect(200);
    main.patch(&path, json!({ "given_name": "Anna" })).await.expect(200);
}

#[tokio::test]
async fn a_session_that_is_used_every_hour_ends_after_a_week() {
    let office = Office::open().await;
    let main = office.main().await;
    let (mut hours, week) = (0, SESSION_MS / HOUR_MS);
    while main.get("/me").await.status == 200 {
        office.clock.advance(HOUR_MS);
        hours += 1;
        assert!(hours <= week);
    }
    assert_eq!(hours, week);
}

/// Rows K9, L16.
#[tokio::test]
async fn k9_the_last_login_and_l16_the_last_visit_are_told_with_their_zone() {
    let office = Office::open().await;
    let main = office.main().await;
    office.clock.advance(60_000);
    main.get("/me").await.expect(200);
    let list = main.get("/staff").await.expect(200);
    assert_eq!(list.text("/items/0/last_login_at"), "2026-11-18T11:06:40.000Z");
    assert_eq!(list.text("/items/0/last_seen_at"), "2026-11-18T11:07:40.000Z");
    let anna = office.add(&main, json!({ "given_name": "Anna" })).await;
    assert!(anna["last_login_at"].is_null());
}

/// Row K7.
#[tokio::test]
async fn k7_a_session_that_times_out_is_offline() {
    let office = Office::open().await;
    let main = office.main().await;
    let token = office.token(&main, &["staff:read"]).await;
    let status = |answer: frontdesk_tests::office::Answer| answer.text("/items/0/system_status").to_owned();
    assert_eq!(status(token.get("/staff").await.expect(200)), "online");
    office.clock.advance(13 * 60 * 60 * 1000);
    assert_eq!(status(token.get("/staff").await.expect(200)), "offline");
    main.get("/me").await.expect(401);
}

#[tokio::test]
async fn the_sixth_wrong_password_has_to_wait_and_so_does_the_right_one() {
    let office = Office::open().await;
    let (login, password) = office.credentials();
    for _ in 0..5 {
        office
            .nobody()
            .post("/login", json!({ "login": login, "password": "wrong" }))
            .await
            .expect(401);
    }
    let waits = office
        .nobody()
        .post("/login", json!({ "login": login, "password": password }))
        .await
        .expect(429);
    assert_eq!(waits.header("retry-after"), "300");
    assert_eq!(waits.text("/code"), "too_many");
    office.clock.advance(300_000);
    office
        .nobody()
        .post("/login", json!({ "login": login, "password": password }))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_request_forged_by_another_site_is_refused() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "given_name": "Mallory" });
    let check = |caller: frontdesk_tests::office::Caller, expected: u16| {
        let new = new.clone();
        async move { assert_eq!(caller.post("/staff", new).await.status, expected) }
    };
    check(main.clone().without("x-csrf-token"), 403).await;
    check(main.clone().with("x-csrf-token", "0000"), 403).await;
    check(main.clone().with("origin", "https://evil.example"), 403).await;
    check(main.clone().with("origin", "null"), 403).await;
    check(main.clone().with("sec-fetch-site", "cross-site"), 403).await;
    check(main.clone().with("origin", &office.url()), 201).await;
    main.clone().without("x-csrf-token").get("/staff").await.expect(200);
}

#[tokio::test]
async fn a_token_does_what_its_scopes_and_its_owner_allow_until_it_expires() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main
        .post(
            "/tokens",
            json!({ "name": "CRM", "scopes": ["staff:read"], "expires_in_days": 1 }),
        )
        .await
        .expect(201);
    let token = office.bearer(made.text("/token"));
    token.get("/staff").await.expect(200);
    let refused = token.post("/staff", json!({ "given_name": "X" })).await.expect(403);
    assert!(refused.text("/detail").contains("staff:write"), "{}", refused.body);
    token.get("/clients").await.expect(403);
    let listed = main.get("/tokens").await.expect(200);
    assert_eq!(listed.text("/items/0/name"), "CRM");
    assert!(
        !listed.body.to_string().contains(made.text("/token")),
        "a list never shows the secret"
    );
    office.clock.advance(24 * 60 * 60 * 1000);
    token.get("/staff").await.expect(401);
}

#[tokio::test]
async fn a_revoked_token_is_dead_and_a_wrong_one_was_never_alive() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main
        .post("/tokens", json!({ "name": "CRM", "scopes": ["staff:read"] }))
        .await
        .expect(201);
    let token = office.bearer(made.text("/token"));
    token.get("/staff").await.expect(200);
    main.delete(&format!("/tokens/{}", made.text("/id"))).await.expect(204);
    token.get("/staff").await.expect(401);
    for wrong in ["", "x", "fd_", "Bearer", "\u{7f}"] {
        office.bearer(wrong).get("/staff").await.expect(401);
    }
}

#[tokio::test]
async fn a_token_cannot_make_another_token() {
    let office = Office::open().await;
    let main = office.main().await;
    let token = office.token(&main, &["staff:read", "settings:write"]).await;
    token
        .post("/tokens", json!({ "name": "more", "scopes": ["staff:read"] }))
        .await
        .expect(403);
}

#[tokio::test]
async fn unreadable_logins_name_what_is_wrong() {
    let office = Office::open().await;
    let check = |body: &'static str, status: u16, faults: &'static [&'static str]| {
        let nobody = office.nobody();
        async move {
            let answer = nobody
                .raw(Method::POST, "/login", "application/json", body.into())
                .await;
            assert_eq!(
                (answer.status, answer.faults()),
                (status, faults.iter().map(|f| f.to_string()).collect()),
                "{body}"
            );
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    };
    check("{}", 422, &["login required"]).await;
    check(r#"{"login":"a"}"#, 422, &["password required"]).await;
    check(r#"{"login":5,"password":"x"}"#, 422, &["login invalid"]).await;
    check(r#"{"login":"a","password":"x","admin":true}"#, 422, &["admin unknown"]).await;
    check("{", 400, &[]).await;
    check("", 400, &[]).await;
    check(r#"{"login":"a","password":"x"} x"#, 400, &[]).await;
    let form = office
        .nobody()
        .raw(
            Method::POST,
            "/login",
            "application/x-www-form-urlencoded",
            b"login=a".into(),
        )
        .await;
    assert_eq!(form.status, 415);
    let long = format!(r#"{{"login":"{}","password":"x"}}"#, "a".repeat(100_000));
    assert_eq!(
        office
            .nobody()
            .raw(Method::POST, "/login", "application/json", long.into())
            .await
            .status,
        413
    );
    assert_eq!(office.nobody().get("/login").await.expect(405).header("allow"), "POST");
}

#[tokio::test]
async fn l25_who_may_change_a_person_sees_and_ends_their_tokens() {
    let office = Office::open().await;
    let main = office.main().await;
    let person = |login: &str, role: &str| json!({ "given_name": login, "login": login, "password": "correct horse", "role": role });
    let (lev, lev_id) = office.log_in_new(&main, person("lev", "supervisor")).await;
    let (boris, _) = office.log_in_new(&main, person("boris", "supervisor")).await;
    let (admin, _) = office.log_in_new(&main, person("admin", "admin")).await;
    let made = lev
        .post("/tokens", json!({ "name": "CRM", "scopes": ["staff:read"] }))
        .await
        .expect(201);
    let program = office.bearer(made.text("/token"));
    let (list, one) = (
        format!("/staff/{lev_id}/tokens"),
        format!("/tokens/{}", made.text("/id")),
    );
    let used = async || admin.get(&list).await.expect(200).body["items"][0]["last_used_at"].clone();
    assert_eq!(used().await, json!(null));
    program.get("/staff").await.expect(200);
    let first = used().await;
    assert_ne!(first, json!(null));
    office.clock.advance(60_000);
    program.get("/staff").await.expect(200);
    assert_eq!(used().await, first, "not written down each time");
    office.clock.advance(240_000);
    program.get("/staff").await.expect(200);
    assert_ne!(used().await, first);

    boris.get(&list).await.expect(403);
    boris.delete(&one).await.expect(404);
    office.nobody().get(&list).await.expect(401);
    let listed = admin.get(&list).await.expect(200);
    assert_eq!(listed.text("/items/0/name"), "CRM");
    assert!(!listed.body.to_string().contains(made.text("/token")), "no secret");
    admin.delete(&one).await.expect(204);
    program.get("/staff").await.expect(401);
    admin.delete(&one).await.expect(404);
    let audit = admin.get("/audit?action=token.revoked").await.expect(200);
    assert_eq!(audit.text("/items/0/actor_name"), "admin");
    assert_eq!(audit.body["items"][0]["before"]["owner_id"], json!(lev_id));

    let mains = main
        .post("/tokens", json!({ "name": "CRM", "scopes": ["staff:read"] }))
        .await
        .expect(201);
    let me = main.get("/me").await.expect(200).text("/id").to_owned();
    admin.get(&format!("/staff/{me}/tokens")).await.expect(403);
    admin
        .delete(&format!("/tokens/{}", mains.text("/id")))
        .await
        .expect(403);
    main.get(&format!("/staff/{me}/tokens")).await.expect(200);
}

#[tokio::test]
async fn l25_a_password_given_by_an_administrator_ends_the_persons_tokens_too() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "given_name": "Lev", "login": "lev", "password": "correct horse", "role": "admin" });
    let (lev, id) = office.log_in_new(&main, new).await;
    let person = format!("/staff/{id}");
    let program = office.token(&lev, &["staff:read"]).await;
    let own = json!({ "password": "my own new horse" });
    lev.patch(&person, own).await.expect(200);
    program.get("/staff").await.expect(200);
    main.patch(&person, json!({ "password": "given by the chief" }))
        .await
        .expect(200);
    program.get("/staff").await.expect(401);
    let audit = main.get("/audit?action=staff.updated").await.expect(200);
    let told = audit.body["items"].as_array().unwrap().iter();
    let ended: Vec<_> = told.map(|row| &row["after"]["tokens_revoked"]).collect();
    assert!(ended.contains(&&json!(1)), "{ended:?}");
}
