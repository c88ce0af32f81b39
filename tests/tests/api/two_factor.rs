//! The second factor of a login: set up, asked for, used once, lost, and wanted of everybody.

use frontdesk::http::Clock;
use frontdesk_tests::authenticator::code;
use frontdesk_tests::office::{Answer, Caller, Office};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";

struct Guarded {
    office: Office,
    main: Caller,
    anna: Caller,
    id: String,
    login: String,
    secret: String,
    recovery: Vec<String>,
}

impl Guarded {
    /// Anna, whose login has a second factor.
    async fn open() -> Guarded {
        let office = Office::open().await;
        let main = office.main().await;
        let new = json!({ "surname": "Anna", "login": "anna", "role": "supervisor", "password": PASSWORD });
        let id = office.add(&main, new).await["id"].as_str().unwrap().to_owned();
        let login = office.effective("anna");
        let anna = office.log_in(&login, PASSWORD).await;
        let (secret, recovery) = enrol(&office, &anna).await;
        Guarded {
            office,
            main,
            anna,
            id,
            login,
            secret,
            recovery,
        }
    }

    fn code(&self) -> String {
        code(&self.secret, self.office.clock.unix_ms())
    }

    /// The next code, as each is good once.
    fn next(&self) -> String {
        self.office.clock.advance(30_000);
        self.code()
    }

    async fn logs_in(&self, given: Value) -> Answer {
        logs_in(&self.office, &self.login, given).await
    }
}

async fn enrol(office: &Office, who: &Caller) -> (String, Vec<String>) {
    let begun = who.do_("/me/two-factor").await.expect(201);
    let secret = begun.text("/secret").to_owned();
    let body = json!({ "code": code(&secret, office.clock.unix_ms()) });
    let confirmed = who.post("/me/two-factor/confirm", body).await.expect(200).body;
    let codes = confirmed["recovery_codes"].as_array().unwrap();
    let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned());
    (secret, codes.collect())
}

async fn logs_in(office: &Office, login: &str, given: Value) -> Answer {
    let mut body = json!({ "login": login, "password": PASSWORD });
    if !given.is_null() {
        body["code"] = given;
    }
    office.nobody().post("/login", body).await
}

#[tokio::test]
async fn a_login_needs_a_code_once_one_has_been_shown_and_takes_each_code_once() {
    let guarded = Guarded::open().await;
    let status = guarded.anna.get("/me/two-factor").await.expect(200).body;
    assert_eq!(
        status,
        json!({ "enabled": true, "required": false, "recovery_codes": 10 })
    );
    let used = guarded.code();
    assert_eq!(
        guarded.logs_in(Value::Null).await.expect(401).text("/code"),
        "code_required"
    );
    let wrong = guarded.logs_in(json!(used)).await.expect(401);
    assert_eq!(wrong.text("/code"), "wrong_code", "it has confirmed the authenticator");
    let fresh = guarded.next();
    guarded.logs_in(json!(fresh)).await.expect(200);
    assert_eq!(
        guarded.logs_in(json!(fresh)).await.expect(401).text("/code"),
        "wrong_code"
    );
    // A clock that is half a minute wrong, and what people type between the digits.
    let early = code(&guarded.secret, guarded.office.clock.unix_ms() + 30_000);
    let early = format!(" {} {}", &early[..3], &early[3..]);
    guarded.logs_in(json!(early)).await.expect(200);
    let body = json!({ "login": guarded.login, "password": "wrong", "code": guarded.next() });
    let wrong = guarded.office.nobody().post("/login", body).await.expect(401);
    assert_eq!(
        wrong.text("/code"),
        "wrong_login",
        "a code says nothing of the password"
    );
    let audit = guarded.main.get("/audit?action=two_factor.refused").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(audit.text("/items/0/entity_id"), guarded.id);
}

#[tokio::test]
async fn setting_it_up_gives_the_session_another_cookie() {
    let office = Office::open().await;
    let main = office.main().await;
    let other = office.main().await;
    let old = main.clone().with("cookie", &main.cookie().unwrap());
    enrol(&office, &main).await;
    old.get("/me").await.expect(401);
    other.get("/me").await.expect(401);
    main.get("/me").await.expect(200);
    main.do_("/logout").await.expect(204);
}

#[tokio::test]
async fn nothing_is_needed_before_a_code_was_confirmed_and_nothing_is_shown_twice() {
    let office = Office::open().await;
    let main = office.main().await;
    let first = main.do_("/me/two-factor").await.expect(201);
    assert!(first.text("/uri").starts_with("otpauth://totp/"), "{}", first.body);
    assert!(first.text("/uri").contains(first.text("/secret")));
    assert!(first.text("/qr").starts_with("<svg"));
    let (login, password) = office.credentials();
    office.log_in(&login, &password).await;
    let old = json!({ "code": code(first.text("/secret"), office.clock.unix_ms()) });
    let second = main.do_("/me/two-factor").await.expect(201);
    let refused = main.post("/me/two-factor/confirm", old).await.expect(422);
    assert_eq!(refused.faults(), ["code invalid"]);
    let body = json!({ "code": code(second.text("/secret"), office.clock.unix_ms()) });
    let other = office.log_in(&login, &password).await;
    main.post("/me/two-factor/confirm", body.clone()).await.expect(200);
    main.post("/me/two-factor/confirm", body).await.expect(422);
    other.get("/me").await.expect(401);
    main.get("/me").await.expect(200);
    assert_eq!(
        main.do_("/me/two-factor").await.expect(409).text("/code"),
        "two_factor_on"
    );
    let audit = main.get("/audit?action=two_factor.enabled").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 1);
    let shown = main.get("/audit").await.expect(200).body.to_string();
    assert!(!shown.contains(second.text("/secret")));
}

#[tokio::test]
async fn a_recovery_code_is_good_once_and_switches_it_off_too() {
    let guarded = Guarded::open().await;
    assert_eq!(guarded.recovery.len(), 10);
    let [first, second, ..] = guarded.recovery.as_slice() else {
        panic!()
    };
    guarded.logs_in(json!(first.to_uppercase())).await.expect(200);
    guarded.logs_in(json!(first)).await.expect(401);
    let left = guarded.anna.get("/me/two-factor").await.expect(200).body;
    assert_eq!(left["recovery_codes"], 9);
    let audit = guarded
        .main
        .get("/audit?action=two_factor.recovery_used")
        .await
        .expect(200);
    assert_eq!(audit.text("/items/0/actor_name"), "Anna", "{}", audit.body);
    let off = |code: &str| json!({ "code": code });
    let wrong = guarded
        .anna
        .post("/me/two-factor/disable", off("000000"))
        .await
        .expect(422);
    assert_eq!(wrong.faults(), ["code invalid"]);
    guarded
        .anna
        .post("/me/two-factor/disable", off(second))
        .await
        .expect(204);
    guarded.logs_in(Value::Null).await.expect(200);
    let status = guarded.anna.get("/me/two-factor").await.expect(200).body;
    assert_eq!(
        status,
        json!({ "enabled": false, "required": false, "recovery_codes": 0 })
    );
}

#[tokio::test]
async fn codes_cannot_be_guessed_from_anywhere() {
    let guarded = Guarded::open().await;
    for n in 0..5 {
        guarded.logs_in(json!(format!("00000{n}"))).await.expect(401);
    }
    let from = |address: &str| guarded.office.nobody().with("x-forwarded-for", address);
    let body = json!({ "login": guarded.login, "password": PASSWORD, "code": guarded.next() });
    let late = from("198.51.100.7").post("/login", body.clone()).await.expect(429);
    assert!(late.header("retry-after").parse::<u64>().unwrap() > 0);
    guarded.office.clock.advance(300_000);
    let body = json!({ "login": guarded.login, "password": PASSWORD, "code": guarded.next() });
    from("198.51.100.7").post("/login", body).await.expect(200);
}

#[tokio::test]
async fn an_account_may_want_it_of_everybody_and_nothing_else_is_open_until_then() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "surname": "Anna", "login": "anna", "role": "admin", "password": PASSWORD });
    office.add(&main, new).await;
    let anna = office.log_in(&office.effective("anna"), PASSWORD).await;
    let program = office.token(&main, &["staff:read"]).await;
    let (secret, _) = enrol(&office, &main).await;
    let wanted = main
        .patch("/account", json!({ "two_factor_required": true }))
        .await
        .expect(200);
    assert_eq!(wanted.body["two_factor_required"], true);
    for path in ["/staff", "/calls", "/account", "/events", "/me/forwarding"] {
        assert_eq!(
            anna.get(path).await.expect(403).text("/code"),
            "two_factor_required",
            "{path}"
        );
    }
    anna.post("/staff", json!({ "surname": "X" })).await.expect(403);
    let me = anna.get("/me").await.expect(200).body;
    assert_eq!(me["must_set_up_two_factor"], true);
    program.get("/staff").await.expect(200);
    main.get("/staff").await.expect(200);
    enrol(&office, &anna).await;
    anna.get("/staff").await.expect(200);
    office.clock.advance(30_000);
    let body = json!({ "code": code(&secret, office.clock.unix_ms()) });
    let refused = main.post("/me/two-factor/disable", body).await.expect(409);
    assert_eq!(refused.text("/code"), "two_factor_required");
}

#[tokio::test]
async fn an_administrator_takes_it_off_somebody_who_has_lost_everything() {
    let guarded = Guarded::open().await;
    let path = format!("/staff/{}/two-factor", guarded.id);
    guarded.anna.delete(&path).await.expect(403);
    let program = guarded.office.token(&guarded.anna, &["tokens:write"]).await;
    program.get("/tokens").await.expect(200);
    guarded.main.delete(&path).await.expect(204);
    guarded.anna.get("/me").await.expect(401);
    program.get("/tokens").await.expect(401);
    guarded.logs_in(Value::Null).await.expect(200);
    guarded.main.delete(&path).await.expect(404);
    let audit = guarded.main.get("/audit?action=two_factor.reset").await.expect(200);
    assert_eq!(audit.text("/items/0/entity_id"), guarded.id);
    assert_eq!(audit.body["items"][0]["after"]["tokens_revoked"], 1);
}
