//! Who may do what: every role at every described route, and what every answer says to a browser.

use frontdesk_crm_core::access::{Reach, Right, Role, built_in};
use frontdesk_tests::office::Office;
use reqwest::Method;
use serde_json::json;

pub(crate) const ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// Route and the right it needs; `None` is anyone who is logged in.
fn routes() -> Vec<(Method, String, Option<Right>)> {
    let get = |path: &str, right| (Method::GET, path.to_owned(), Some(right));
    let with_id = |method, path: &str, right| (method, path.replace("{id}", ID), Some(right));
    vec![
        (Method::GET, "/me".into(), None),
        (Method::GET, "/events".into(), None),
        (Method::GET, "/me/two-factor".into(), None),
        (Method::POST, "/me/two-factor".into(), None),
        (Method::POST, "/me/two-factor/confirm".into(), None),
        (Method::POST, "/me/two-factor/disable".into(), None),
        with_id(Method::DELETE, "/staff/{id}/two-factor", Right::StaffWrite),
        get("/account", Right::SettingsRead),
        (Method::PATCH, "/account".into(), Some(Right::SettingsWrite)),
        get("/feature-codes", Right::SettingsRead),
        (Method::PATCH, "/feature-codes".into(), Some(Right::SettingsWrite)),
        get("/music", Right::SettingsRead),
        get("/music/media", Right::SettingsRead),
        (Method::PUT, "/music".into(), Some(Right::SettingsWrite)),
        (Method::DELETE, "/music".into(), Some(Right::SettingsWrite)),
        get("/help", Right::SettingsRead),
        (Method::PUT, format!("/help/{ID}/opinion"), None),
        get("/prompts", Right::SettingsRead),
        (Method::POST, "/prompts".into(), Some(Right::SettingsWrite)),
        with_id(Method::GET, "/prompts/{id}", Right::SettingsRead),
        with_id(Method::DELETE, "/prompts/{id}", Right::SettingsWrite),
        with_id(Method::GET, "/prompts/{id}/media", Right::SettingsRead),
        get("/menus", Right::DepartmentsRead),
        (Method::POST, "/menus".into(), Some(Right::DepartmentsWrite)),
        with_id(Method::GET, "/menus/{id}", Right::DepartmentsRead),
        with_id(Method::PATCH, "/menus/{id}", Right::DepartmentsWrite),
        with_id(Method::DELETE, "/menus/{id}", Right::DepartmentsWrite),
        get("/tokens", Right::TokensWrite),
        (Method::POST, "/tokens".into(), Some(Right::TokensWrite)),
        with_id(Method::DELETE, "/tokens/{id}", Right::TokensWrite),
        with_id(Method::GET, "/staff/{id}/tokens", Right::StaffWrite),
        get("/staff", Right::StaffRead),
        (Method::POST, "/staff".into(), Some(Right::StaffWrite)),
        with_id(Method::GET, "/staff/{id}", Right::StaffRead),
        with_id(Method::PATCH, "/staff/{id}", Right::StaffWrite),
        with_id(Method::DELETE, "/staff/{id}", Right::StaffWrite),
        with_id(Method::GET, "/staff/{id}/photo", Right::StaffRead),
        with_id(Method::PUT, "/staff/{id}/photo", Right::StaffWrite),
        with_id(Method::DELETE, "/staff/{id}/photo", Right::StaffWrite),
        with_id(Method::POST, "/staff/{id}/sip", Right::SipWrite),
        with_id(Method::POST, "/staff/{id}/sip/rotate", Right::SipWrite),
        get("/roles", Right::StaffRead),
        (Method::POST, "/roles".into(), Some(Right::RolesWrite)),
        with_id(Method::GET, "/roles/{id}", Right::StaffRead),
        with_id(Method::PATCH, "/roles/{id}", Right::RolesWrite),
        with_id(Method::DELETE, "/roles/{id}", Right::RolesWrite),
        with_id(Method::GET, "/staff/{id}/roles", Right::StaffRead),
        with_id(Method::PUT, "/staff/{id}/roles", Right::RolesWrite),
        get("/groups", Right::StaffRead),
        (Method::POST, "/groups".into(), Some(Right::RolesWrite)),
        with_id(Method::GET, "/groups/{id}", Right::StaffRead),
        with_id(Method::PATCH, "/groups/{id}", Right::RolesWrite),
        with_id(Method::DELETE, "/groups/{id}", Right::RolesWrite),
        with_id(Method::GET, "/staff/{id}/sip/instructions", Right::StaffRead),
        (Method::GET, "/me/forwarding".into(), None),
        (Method::PUT, "/me/forwarding".into(), None),
        with_id(Method::GET, "/staff/{id}/forwarding", Right::StaffRead),
        with_id(Method::PUT, "/staff/{id}/forwarding", Right::StaffWrite),
        (Method::GET, "/me/notices".into(), None),
        (Method::PUT, "/me/notices".into(), None),
        with_id(Method::GET, "/staff/{id}/notices", Right::StaffRead),
        with_id(Method::PUT, "/staff/{id}/notices", Right::StaffWrite),
        get("/notices", Right::SettingsRead),
        with_id(Method::GET, "/notices/{id}", Right::SettingsRead),
        with_id(Method::POST, "/notices/{id}/retry", Right::SettingsWrite),
        get("/clients", Right::ClientsRead),
        (Method::POST, "/clients".into(), Some(Right::ClientsWrite)),
        (Method::POST, "/clients/reassign".into(), Some(Right::DataHandOver)),
        with_id(Method::POST, "/clients/{id}/erase", Right::ClientsErase),
        with_id(Method::GET, "/clients/{id}", Right::ClientsRead),
        with_id(Method::PATCH, "/clients/{id}", Right::ClientsWrite),
        with_id(Method::DELETE, "/clients/{id}", Right::DataDelete),
        with_id(Method::POST, "/clients/{id}/reveal", Right::NumbersReveal),
        get("/clients/export", Right::DataExport),
        get("/staff/export", Right::DataExport),
        get("/calls/export", Right::DataExport),
        get("/imports", Right::DataImport),
        (Method::POST, "/imports".into(), Some(Right::DataImport)),
        (Method::POST, "/imports/preview".into(), Some(Right::DataImport)),
        with_id(Method::GET, "/imports/{id}", Right::DataImport),
        with_id(Method::GET, "/clients/{id}/timeline", Right::ClientsRead),
        with_id(Method::POST, "/clients/{id}/timeline", Right::ClientsWrite),
        with_id(Method::GET, "/client-notes/{id}", Right::ClientsRead),
        with_id(Method::PATCH, "/client-notes/{id}", Right::ClientsWrite),
        with_id(Method::DELETE, "/client-notes/{id}", Right::ClientsWrite),
        get("/deals", Right::DealsRead),
        (Method::POST, "/deals".into(), Some(Right::DealsWrite)),
        (Method::POST, "/deals/hand-over".into(), Some(Right::DataHandOver)),
        with_id(Method::GET, "/deals/{id}", Right::DealsRead),
        with_id(Method::PATCH, "/deals/{id}", Right::DealsWrite),
        with_id(Method::DELETE, "/deals/{id}", Right::DataDelete),
        with_id(Method::GET, "/deals/{id}/history", Right::DealsRead),
        get("/phone-book", Right::StaffRead),
        with_id(Method::GET, "/phone-book/{id}", Right::StaffRead),
        get("/departments", Right::DepartmentsRead),
        (Method::POST, "/departments".into(), Some(Right::DepartmentsWrite)),
        with_id(Method::GET, "/departments/{id}", Right::DepartmentsRead),
        with_id(Method::PATCH, "/departments/{id}", Right::DepartmentsWrite),
        with_id(Method::DELETE, "/departments/{id}", Right::DepartmentsWrite),
        with_id(Method::GET, "/departments/{id}/reception", Right::DepartmentsRead),
        with_id(Method::PATCH, "/departments/{id}/reception", Right::DepartmentsWrite),
        with_id(Method::GET, "/departments/{id}/hours", Right::DepartmentsRead),
        with_id(Method::GET, "/departments/{id}/statistics", Right::DepartmentsRead),
        (Method::PUT, "/me/project".into(), None),
        get("/projects", Right::StaffRead),
        (Method::POST, "/projects".into(), Some(Right::SettingsWrite)),
        with_id(Method::GET, "/projects/{id}", Right::SettingsRead),
        with_id(Method::PATCH, "/projects/{id}", Right::SettingsWrite),
        with_id(Method::DELETE, "/projects/{id}", Right::SettingsWrite),
        with_id(Method::GET, "/staff/{id}/projects", Right::StaffRead),
        with_id(Method::PUT, "/staff/{id}/projects", Right::StaffWrite),
        with_id(Method::GET, "/staff/{id}/reception", Right::StaffRead),
        with_id(Method::PATCH, "/staff/{id}/reception", Right::StaffWrite),
        with_id(Method::GET, "/staff/{id}/norm", Right::SchedulesRead),
        get("/schedules", Right::SchedulesRead),
        (Method::POST, "/schedules".into(), Some(Right::SettingsWrite)),
        with_id(Method::GET, "/schedules/{id}", Right::SchedulesRead),
        with_id(Method::PATCH, "/schedules/{id}", Right::SettingsWrite),
        with_id(Method::DELETE, "/schedules/{id}", Right::SettingsWrite),
        get("/holidays", Right::StaffRead),
        (Method::PUT, "/holidays".into(), Some(Right::SettingsWrite)),
        with_id(Method::GET, "/numbers/{id}/reception", Right::TrunksRead),
        with_id(Method::PATCH, "/numbers/{id}/reception", Right::TrunksWrite),
        get("/trunks", Right::TrunksRead),
        (Method::POST, "/trunks".into(), Some(Right::TrunksWrite)),
        with_id(Method::GET, "/trunks/{id}", Right::TrunksRead),
        with_id(Method::PATCH, "/trunks/{id}", Right::TrunksWrite),
        with_id(Method::DELETE, "/trunks/{id}", Right::TrunksWrite),
        get("/outbound-routes", Right::TrunksRead),
        (Method::POST, "/outbound-routes".into(), Some(Right::TrunksWrite)),
        with_id(Method::GET, "/outbound-routes/{id}", Right::TrunksRead),
        with_id(Method::PATCH, "/outbound-routes/{id}", Right::TrunksWrite),
        with_id(Method::DELETE, "/outbound-routes/{id}", Right::TrunksWrite),
        get("/emergency", Right::SettingsRead),
        (Method::PATCH, "/emergency".into(), Some(Right::SettingsWrite)),
        get("/numbers", Right::TrunksRead),
        (Method::POST, "/numbers".into(), Some(Right::TrunksWrite)),
        with_id(Method::GET, "/numbers/{id}", Right::TrunksRead),
        with_id(Method::PATCH, "/numbers/{id}", Right::TrunksWrite),
        with_id(Method::DELETE, "/numbers/{id}", Right::TrunksWrite),
        with_id(Method::GET, "/numbers/{id}/greeting", Right::TrunksRead),
        with_id(Method::PUT, "/numbers/{id}/greeting", Right::TrunksWrite),
        get("/calls", Right::CallsRead),
        get("/calls/live", Right::CallsRead),
        get("/calls/missed", Right::CallsRead),
        (Method::POST, "/calls".into(), Some(Right::CallsMake)),
        (Method::POST, "/route/explain".into(), Some(Right::CallsRead)),
        with_id(Method::GET, "/calls/{id}", Right::CallsRead),
        with_id(Method::GET, "/calls/{id}/explain", Right::CallsRead),
        with_id(Method::POST, "/calls/{id}/hangup", Right::CallsHangUp),
        with_id(Method::POST, "/calls/{id}/reveal", Right::NumbersReveal),
        get("/recordings", Right::RecordingsList),
        with_id(Method::GET, "/recordings/{id}", Right::RecordingsList),
        with_id(Method::GET, "/recordings/{id}/media", Right::RecordingsPlay),
        with_id(
            Method::GET,
            "/recordings/{id}/media?download=true",
            Right::RecordingsDownload,
        ),
        with_id(Method::DELETE, "/recordings/{id}", Right::RecordingsDelete),
        with_id(Method::POST, "/recordings/{id}/link", Right::RecordingsPlay),
        with_id(
            Method::POST,
            "/recordings/{id}/link?download=true",
            Right::RecordingsDownload,
        ),
        get("/sites", Right::SettingsRead),
        (Method::POST, "/sites".into(), Some(Right::SettingsWrite)),
        with_id(Method::GET, "/sites/{id}", Right::SettingsRead),
        with_id(Method::PATCH, "/sites/{id}", Right::SettingsWrite),
        with_id(Method::DELETE, "/sites/{id}", Right::SettingsWrite),
        get("/webhooks", Right::SettingsRead),
        (Method::POST, "/webhooks".into(), Some(Right::SettingsWrite)),
        with_id(Method::GET, "/webhooks/{id}", Right::SettingsRead),
        with_id(Method::PATCH, "/webhooks/{id}", Right::SettingsWrite),
        with_id(Method::DELETE, "/webhooks/{id}", Right::SettingsWrite),
        with_id(Method::POST, "/webhooks/{id}/secret", Right::SettingsWrite),
        with_id(Method::POST, "/webhooks/{id}/test", Right::SettingsWrite),
        get("/webhook-deliveries", Right::SettingsRead),
        with_id(Method::GET, "/webhook-deliveries/{id}", Right::SettingsRead),
        with_id(Method::POST, "/webhook-deliveries/{id}/resend", Right::SettingsWrite),
        get("/mailboxes", Right::SettingsRead),
        (Method::POST, "/mailboxes".into(), Some(Right::SettingsWrite)),
        with_id(Method::GET, "/mailboxes/{id}", Right::SettingsRead),
        with_id(Method::PATCH, "/mailboxes/{id}", Right::SettingsWrite),
        with_id(Method::DELETE, "/mailboxes/{id}", Right::SettingsWrite),
        with_id(Method::PUT, "/mailboxes/{id}/greeting", Right::SettingsWrite),
        with_id(Method::DELETE, "/mailboxes/{id}/greeting", Right::SettingsWrite),
        (Method::GET, "/voicemails".into(), None),
        (Method::GET, format!("/voicemails/{ID}"), None),
        (Method::PATCH, format!("/voicemails/{ID}"), None),
        (Method::DELETE, format!("/voicemails/{ID}"), None),
        (Method::GET, format!("/voicemails/{ID}/media"), None),
        (Method::POST, format!("/voicemails/{ID}/link"), None),
        get("/requests", Right::ClientsRead),
        with_id(Method::GET, "/requests/{id}", Right::ClientsRead),
        with_id(Method::PATCH, "/requests/{id}", Right::ClientsWrite),
        get("/audit", Right::AuditRead),
        get("/audit/verify", Right::AuditRead),
        get("/revisions", Right::AuditRead),
        with_id(Method::GET, "/revisions/{id}", Right::AuditRead),
        with_id(Method::POST, "/revisions/{id}/undo", Right::AuditRead),
        get("/security/blocks", Right::SettingsRead),
        (Method::POST, "/security/blocks".into(), Some(Right::SettingsWrite)),
        with_id(Method::DELETE, "/security/blocks/{id}", Right::SettingsWrite),
    ]
}

fn needs_body(method: &Method, path: &str) -> bool {
    let posts = !path.contains(ID) || path.ends_with("/timeline");
    [Method::PATCH, Method::PUT].contains(method) || *method == Method::POST && posts
}

/// The status of a request that is as good as it can be without existing ids. A stream is not waited for.
pub(crate) async fn status(caller: &frontdesk_tests::office::Caller, method: &Method, path: &str) -> u16 {
    let mut request = caller.request(method.clone(), path);
    if needs_body(method, path) {
        let body = match path {
            "/staff" => json!({ "given_name": "A" }),
            "/clients" => json!({ "name": "A" }),
            "/clients/reassign" => json!({ "from_manager_id": ID }),
            "/departments" => json!({ "name": "A", "short_number": "x" }),
            "/trunks" | "/projects" | "/roles" | "/groups" => json!({ "name": "" }),
            "/me/project" => json!({ "project_id": ID }),
            "/holidays" => json!({ "items": [] }),
            path if path.starts_with("/requests/") => json!({ "state": "done" }),
            path if path.starts_with("/voicemails/") => json!({ "heard": true }),
            path if path.ends_with("/roles") => json!({ "roles": [] }),
            path if path.ends_with("/projects") => json!({ "projects": [] }),
            "/security/blocks" => json!({ "address": "192.0.2.1" }),
            "/tokens" => json!({ "name": "", "scopes": [] }),
            "/route/explain" => json!({ "called": "" }),
            _ => json!({}),
        };
        request = request.json(&body);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn every_role_may_do_what_it_may_and_nothing_else() {
    let office = Office::open().await;
    let main = office.main().await;
    let mut callers = vec![(Role::Main, main.clone())];
    for role in Role::ALL.iter().copied().filter(|role| *role != Role::Main) {
        let new = json!({ "given_name": role.name(), "login": role.name(), "password": "correct horse", "role": role.name() });
        callers.push((role, office.log_in_new(&main, new).await.0));
    }
    for (method, path, right) in routes() {
        for (role, caller) in &callers {
            // whoever asks why, asks of anybody's calls
            let least = match path.as_str() {
                "/route/explain" => Reach::Project,
                _ => Reach::Own,
            };
            let may = right.is_none_or(|right| built_in(*role).reach(right) >= Some(least));
            let status = status(caller, &method, &path).await;
            assert_eq!(status != 403, may, "{role:?} {method} {path}: {status}");
        }
        assert_eq!(
            status(&office.nobody(), &method, &path).await,
            401,
            "nobody {method} {path}"
        );
    }
}

#[tokio::test]
async fn a_token_with_one_scope_opens_that_scopes_routes_only() {
    let office = Office::open().await;
    let main = office.main().await;
    for scope in Right::ALL {
        let token = office.token(&main, &[scope.name()]).await;
        for (method, path, right) in routes() {
            let Some(right) = right else { continue };
            // only a person makes tokens; who takes a list home must be able to read it as well, who brings one in to write it
            let alone = match path.as_str() {
                "/tokens" | "/imports" => method == Method::GET,
                "/imports/preview" => false,
                path => !path.ends_with("/export"),
            };
            let may = right == *scope && alone;
            let status = status(&token, &method, &path).await;
            assert_eq!(status != 403, may, "{} {method} {path}: {status}", scope.name());
        }
    }
}

#[tokio::test]
async fn the_description_names_every_route_that_is_tested_here() {
    let office = Office::open().await;
    let described = office.nobody().get("/openapi.json").await.expect(200);
    assert_eq!(described.body["openapi"], "3.1.0");
    let paths = described.body["paths"].as_object().unwrap();
    let mut seen: Vec<String> = Vec::new();
    for (path, item) in paths {
        for method in item.as_object().unwrap().keys() {
            seen.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    seen.sort();
    let mut expected: Vec<String> = routes()
        .iter()
        .filter(|(_, path, _)| !path.contains('?'))
        .map(|(method, path, _)| format!("{method} /api/v1{}", path.replace(ID, "{id}")))
        .collect();
    for open in [
        "POST /api/v1/login",
        "POST /api/v1/logout",
        "GET /api/v1/widget/{key}",
        "POST /api/v1/widget/{key}/requests",
        "GET /api/v1/media/recordings/{id}",
        "GET /api/v1/media/voicemails/{id}",
        "GET /health/live",
        "GET /health/ready",
    ] {
        expected.push(open.to_owned());
    }
    expected.sort();
    assert_eq!(seen, expected);
}

/// `UPDATE_SNAPSHOTS=1` writes it anew.
#[test]
fn the_description_is_the_one_that_was_agreed() {
    let now = frontdesk::http::openapi::description().to_pretty_json().unwrap() + "\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/openapi.json");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &now).unwrap();
    }
    let agreed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = now.lines().zip(agreed.lines()).position(|(now, agreed)| now != agreed);
    assert_eq!(differs, None, "line {differs:?} of {}", path.display());
    assert_eq!(now.lines().count(), agreed.lines().count());
}

#[tokio::test]
async fn the_docs_page_is_served_from_the_binary() {
    let office = Office::open().await;
    let page = office.nobody().get("//api/docs/").await.expect(200);
    let text = String::from_utf8_lossy(&page.bytes).into_owned();
    assert!(text.contains("swagger-ui"), "{text}");
    assert!(!text.contains("https://"), "nothing is fetched from elsewhere");
    office.nobody().get("//api/docs/swagger-ui-bundle.js").await.expect(200);
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_be_careful() {
    let office = Office::open().await;
    let main = office.main().await;
    for path in [
        "/staff",
        "//login",
        "//calls",
        "//static/style.css",
        "/nothing",
        "//health/live",
    ] {
        let answer = main.get(path).await;
        assert!(
            answer.header("content-security-policy").contains("script-src 'self'"),
            "{path}"
        );
        assert!(!answer.header("content-security-policy").contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
    }
    assert_eq!(main.get("/staff").await.header("cache-control"), "no-store");
    let page = String::from_utf8_lossy(&main.get("//calls").await.expect(200).bytes).into_owned();
    assert!(
        !page.contains("<script>") && !page.contains(" onclick"),
        "no inline scripts"
    );
}

#[tokio::test]
async fn health_and_metrics_are_told_without_a_login() {
    let office = Office::open().await;
    office.nobody().get("//health/live").await.expect(200);
    office.nobody().get("//health/ready").await.expect(200);
    let metrics = office.nobody().get("//metrics").await.expect(200);
    assert!(metrics.header("content-type").starts_with("text/plain"));
    office
        .nobody()
        .with("x-forwarded-for", "198.51.100.7")
        .get("//metrics")
        .await
        .expect(401);
}

#[tokio::test]
async fn another_companys_records_are_not_found() {
    let office = Office::open().await;
    let main = office.main().await;
    let theirs = office.stranger().await;
    main.get(&format!("/staff/{theirs}")).await.expect(404);
    main.patch(&format!("/staff/{theirs}"), json!({ "position": "spy" }))
        .await
        .expect(404);
    main.delete(&format!("/staff/{theirs}")).await.expect(404);
    main.do_(&format!("/staff/{theirs}/sip")).await.expect(404);
    assert_eq!(main.get("/staff").await.body["total"], 1, "K1");
    let client = json!({ "name": "A", "number": "9011112233", "manager_id": theirs });
    assert_eq!(
        main.post("/clients", client).await.expect(422).faults(),
        ["manager_id unknown"]
    );
}

#[tokio::test]
async fn an_admin_cannot_change_the_main_account() {
    let office = Office::open().await;
    let main = office.main().await;
    let me = main.get("/me").await.text("/id").to_owned();
    let new = json!({ "given_name": "Boss", "login": "boss", "password": "correct horse", "role": "admin" });
    let (admin, _) = office.log_in_new(&main, new).await;
    admin
        .patch(&format!("/staff/{me}"), json!({ "password": "battery staple" }))
        .await
        .expect(403);
    admin.do_(&format!("/staff/{me}/sip/rotate")).await.expect(403);
}

#[tokio::test]
async fn account_settings_are_read_and_changed() {
    let office = Office::open().await;
    let main = office.main().await;
    let read = main.get("/account").await.expect(200);
    assert_eq!(read.text("/recording_policy"), "always");
    let tag = read.header("etag").to_owned();
    let patch = json!({ "name": "Ромашка", "recording_policy": "never", "time_zone": "Asia/Omsk" });
    main.clone()
        .with("if-match", &tag)
        .patch("/account", patch.clone())
        .await
        .expect(200);
    main.clone()
        .with("if-match", &tag)
        .patch("/account", patch)
        .await
        .expect(412);
    let bad = main
        .patch(
            "/account",
            json!({ "name": " ", "recording_policy": "often", "time_zone": "Mars" }),
        )
        .await
        .expect(422);
    assert_eq!(
        bad.faults(),
        ["name required", "time_zone invalid", "recording_policy invalid"]
    );
    assert_eq!(main.get("/account").await.text("/name"), "Ромашка");
}

#[tokio::test]
async fn b30_a_supervisor_reads_who_did_what_and_nobody_edits_it() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "given_name": "Eye", "login": "eye", "password": "correct horse", "role": "supervisor" });
    let (supervisor, id) = office.log_in_new(&main, new).await;
    main.patch(
        &format!("/staff/{id}"),
        json!({ "position": "Надзор", "password": "battery staple" }),
    )
    .await
    .expect(200);
    let supervisor_again = supervisor.get("/audit").await;
    assert_eq!(supervisor_again.status, 401, "a new password ends sessions");
    let audit = main
        .get(&format!("/audit?entity=staff&entity_id={id}"))
        .await
        .expect(200);
    let row = &audit.body["items"][0];
    assert_eq!(
        (&row["action"], &row["before"]["position"], &row["after"]["position"]),
        (&json!("staff.updated"), &json!(null), &json!("Надзор"))
    );
    assert_eq!(row["actor_name"], "Main");
    assert!(!audit.body.to_string().contains("battery"), "no password is ever told");
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::POST] {
        main.send(method, "/audit", None).await.expect(405);
    }
}
