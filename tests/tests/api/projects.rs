//! Projects, reception of calls and what a project opens, through the API.

use frontdesk::http::PlanSection;
use frontdesk_tests::office::{Caller, Office, Stream};
use serde_json::{Value, json};

async fn project(main: &Caller, name: &str) -> String {
    let made = main.post("/projects", json!({ "name": name })).await.expect(201);
    made.text("/id").to_owned()
}

/// The project that every company has.
async fn first(main: &Caller) -> String {
    let projects = main.get("/projects").await.expect(200);
    let items = projects.body["items"].as_array().unwrap();
    let first = items.iter().find(|project| project["is_first"] == true).unwrap();
    first["id"].as_str().unwrap().to_owned()
}

fn part(project: &str, calls: bool) -> Value {
    json!({ "project_id": project, "receives_calls": calls })
}

fn ivan() -> Value {
    json!({ "given_name": "Ivan", "login": "ivan", "password": "correct horse", "role": "employee", "phone": "+79161234567" })
}

#[tokio::test]
async fn a_project_is_made_renamed_archived_and_brought_back() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main.post("/projects", json!({ "name": "Shop" })).await.expect(201);
    let path = made.header("location").trim_start_matches("/api/v1").to_owned();
    let tag = made.header("etag").to_owned();
    let renamed = json!({ "name": "Store" });
    let guarded = main.clone().with("if-match", &tag);
    guarded.patch(&path, renamed.clone()).await.expect(200);
    guarded.patch(&path, renamed).await.expect(412);
    assert_eq!(
        main.post("/projects", json!({ "name": "store" }))
            .await
            .expect(409)
            .faults(),
        ["name taken"]
    );
    main.delete(&path).await.expect(204);
    assert!(main.get(&path).await.expect(200).body["archived_at"].is_string());
    let back = main.patch(&path, json!({ "archived": false })).await.expect(200);
    assert_eq!(back.body["archived_at"], Value::Null);
    let own = first(&main).await;
    main.delete(&format!("/projects/{own}")).await.expect(409);
    assert!(office.heard.plans.lock().unwrap().contains(&PlanSection::Reception));
    let audit = main.get("/audit?action=project.archived").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 1);
}

/// Rows L5, L6.
#[tokio::test]
async fn l5_and_l6_the_staff_list_shows_the_project_that_is_looked_at_or_everybody() {
    let office = Office::open().await;
    let main = office.main().await;
    let (own, shop) = (first(&main).await, project(&main, "Shop").await);
    office.add(&main, json!({ "given_name": "Anna" })).await;
    main.put("/me/project", json!({ "project_id": shop })).await.expect(200);
    office.add(&main, json!({ "given_name": "Boris" })).await;
    let check = async |query: &str, expected: &[&str]| {
        let list = main.get(&format!("/staff{query}")).await.expect(200);
        let items = list.body["items"].as_array().unwrap();
        let names: Vec<&str> = items.iter().map(|member| member["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{query}");
    };
    check("", &["Boris", "Main"]).await;
    check(&format!("?project={own}"), &["Anna", "Main"]).await;
    check("?scope=all", &["Anna", "Boris", "Main"]).await;
    main.get("/staff?scope=some").await.expect(400);
    main.get("/staff?project=x").await.expect(400);
    main.get(&format!("/staff?scope=all&project={own}")).await.expect(400);
    assert_eq!(main.get("/me").await.text("/project/project_id"), shop);
}

/// Rows L18, L22.
#[tokio::test]
async fn l18_to_l22_the_toggle_and_each_projects_reception_make_the_work_status() {
    let office = Office::open().await;
    let main = office.main().await;
    let (own, shop) = (first(&main).await, project(&main, "Shop").await);
    let made = office.add(&main, ivan()).await;
    let (id, me) = (
        made["id"].as_str().unwrap(),
        main.get("/me").await.text("/id").to_owned(),
    );
    assert_eq!(
        (&made["receiving"], &made["work_status"]),
        (&json!(true), &json!("working"))
    );
    let mut stream = Stream::open(main.request(reqwest::Method::GET, "/events")).await;
    for staff in [id, &me] {
        let path = format!("/staff/{staff}/projects");
        let parts = json!({ "projects": [part(&own, true), part(&shop, false)] });
        let set = main.put(&path, parts).await.expect(200);
        assert_eq!(set.body["projects"][0]["work_status"], "working", "L19");
        assert_eq!(set.body["projects"][1]["work_status"], "not_working", "L21, L22");
        let list = main.get(&format!("/staff?project={shop}")).await.expect(200);
        let items = list.body["items"].as_array().unwrap().clone();
        let row = items.into_iter().find(|member| member["id"] == staff).unwrap();
        assert_eq!(row["work_status"], "not_working");
        let told = stream.until("staff.work_status").await;
        assert_eq!(told.data["work_status"][&shop], "not_working");
    }
    let path = format!("/staff/{id}/reception");
    let off = main.patch(&path, json!({ "receiving": false })).await.expect(200);
    assert_eq!(off.body["receiving"], false);
    let told = stream.until("staff.work_status").await;
    assert_eq!(
        (&told.data["receiving"], &told.data["work_status"][&own]),
        (&json!(false), &json!("not_working"))
    );
    let read = main.get(&format!("/staff/{id}")).await.expect(200);
    assert_eq!(
        (&read.body["receiving"], read.text("/work_status")),
        (&json!(false), "not_working"),
        "L20"
    );
    let plans = office.heard.plans.lock().unwrap();
    assert_eq!(plans.last(), Some(&PlanSection::Reception));
}

/// Rows L40, L42.
#[tokio::test]
async fn l40_to_l42_the_method_is_chosen_and_what_it_needs_is_asked_for() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = office.add(&main, ivan()).await;
    let path = format!("/staff/{}/reception", made["id"].as_str().unwrap());
    let read = main.get(&path).await.expect(200);
    assert_eq!(
        (read.text("/method"), &read.body["sim_trunk_id"]),
        ("sip", &Value::Null)
    );
    let guarded = main.clone().with("if-match", read.header("etag"));
    guarded.patch(&path, json!({ "method": "mobile" })).await.expect(200);
    guarded.patch(&path, json!({ "method": "sip" })).await.expect(412);
    let faults = async |body: Value| main.patch(&path, body).await.expect(422).faults();
    assert_eq!(faults(json!({ "method": "sim" })).await, ["sim_trunk_id required"]);
    assert_eq!(faults(json!({ "method": "pager" })).await, ["method invalid"]);
    assert_eq!(faults(json!({ "schedule_id": "x" })).await, ["schedule_id unknown"]);
    let line = main.post("/trunks", json!({ "name": "SIM" })).await.expect(201);
    let body = json!({ "method": "sim", "sim_trunk_id": line.text("/id") });
    assert_eq!(
        main.patch(&path, body).await.expect(200).text("/sim_trunk_id"),
        line.text("/id")
    );
    let listed = main.get("/staff?search=ivan").await.expect(200);
    assert_eq!(listed.text("/items/0/reception_method"), "sim");
    main.delete(&format!("/trunks/{}", line.text("/id"))).await.expect(409);
    let boss = main.get("/me").await.text("/id").to_owned();
    let boss = format!("/staff/{boss}/reception");
    assert_eq!(
        main.patch(&boss, json!({ "method": "mobile" }))
            .await
            .expect(422)
            .faults(),
        ["method phone_required"]
    );
}

/// Row L51.
#[tokio::test]
async fn l51_a_section_that_one_project_opens_is_closed_in_another() {
    let office = Office::open().await;
    let main = office.main().await;
    let (own, shop) = (first(&main).await, project(&main, "Shop").await);
    let (caller, id) = office.log_in_new(&main, ivan()).await;
    let mut here = part(&own, true);
    here["sections"] = json!(["clients"]);
    let mut there = part(&shop, true);
    there["sections"] = json!([]);
    let path = format!("/staff/{id}/projects");
    main.put(&path, json!({ "projects": [here, there] })).await.expect(200);
    caller.get("/clients").await.expect(200);
    let moved = caller
        .put("/me/project", json!({ "project_id": shop }))
        .await
        .expect(200);
    assert_eq!(moved.body["sections"], json!([]));
    caller.get("/clients").await.expect(403);
    let rights = caller.get("/me").await.expect(200).body["rights"].clone();
    assert!(!rights.to_string().contains("clients"), "{rights}");
    caller.get("/staff").await.expect(200);
    let projects = caller.get("/projects").await.expect(200);
    assert_eq!(projects.body["total"], 2, "their own");
    main.put(&path, json!({ "projects": [part(&own, true)] }))
        .await
        .expect(200);
    caller.get("/clients").await.expect(200);
    caller
        .put("/me/project", json!({ "project_id": shop }))
        .await
        .expect(404);
}

/// Row L52.
#[tokio::test]
async fn l52_what_all_projects_share_is_not_granted_by_one() {
    let office = Office::open().await;
    let main = office.main().await;
    let own = first(&main).await;
    let made = office.add(&main, ivan()).await;
    let path = format!("/staff/{}/projects", made["id"].as_str().unwrap());
    let faults = async |path: &str, sections: Value| {
        let mut part = part(&own, true);
        part["sections"] = sections;
        main.put(path, json!({ "projects": [part] })).await.expect(422).faults()
    };
    for common in ["balance", "telephony", "staff", "site_builder"] {
        assert_eq!(faults(&path, json!([common])).await, ["projects[0].sections[0] common"]);
    }
    assert_eq!(
        faults(&path, json!(["secrets"])).await,
        ["projects[0].sections[0] unknown"]
    );
    let me = main.get("/me").await.text("/id").to_owned();
    let boss = format!("/staff/{me}/projects");
    assert_eq!(faults(&boss, json!([])).await, ["projects[0].sections invalid"]);
    let twice = json!({ "projects": [part(&own, true), part(&own, true)] });
    assert_eq!(
        main.put(&path, twice).await.expect(422).faults(),
        ["projects[1].project_id taken"]
    );
}

/// Row L27.
#[tokio::test]
async fn l27_a_connected_number_is_nobodys_own_telephone() {
    let office = Office::open().await;
    let main = office.main().await;
    let me = main.get("/me").await.text("/id").to_owned();
    let number = |text: &str| json!({ "number": text, "staff_id": me });
    main.post("/numbers", number("+74951110001")).await.expect(201);
    let anna = json!({ "given_name": "Anna", "phone": "8 495 111-00-01" });
    assert_eq!(
        main.post("/staff", anna).await.expect(422).faults(),
        ["phone own_number"]
    );
    let made = office.add(&main, ivan()).await;
    let path = format!("/staff/{}", made["id"].as_str().unwrap());
    let changed = main.patch(&path, json!({ "phone": "+74951110001" })).await.expect(422);
    assert_eq!(changed.faults(), ["phone own_number"]);
    let later = main.post("/numbers", number("+79161234567")).await.expect(201);
    assert_eq!(
        later.body["used_as_phone"],
        json!([{ "staff_id": made["id"], "name": "Ivan" }])
    );
    let listed = main.get("/numbers").await.expect(200);
    assert_eq!(listed.body["items"][0]["used_as_phone"], json!([]));
    assert_eq!(listed.body["items"][1]["used_as_phone"], later.body["used_as_phone"]);
}

#[tokio::test]
async fn another_companys_projects_and_desks_are_not_found() {
    let office = Office::open().await;
    let main = office.main().await;
    let theirs = office.another_company().await;
    for project in [&theirs.project, &theirs.first_project] {
        let path = format!("/projects/{project}");
        main.get(&path).await.expect(404);
        main.patch(&path, json!({ "name": "Mine" })).await.expect(404);
        main.delete(&path).await.expect(404);
        main.put("/me/project", json!({ "project_id": project }))
            .await
            .expect(404);
    }
    for path in [
        format!("/staff/{}/reception", theirs.staff),
        format!("/departments/{}/reception", theirs.department),
        format!("/numbers/{}/reception", theirs.number),
    ] {
        main.get(&path).await.expect(404);
        main.patch(&path, json!({})).await.expect(404);
    }
    let parts = format!("/staff/{}/projects", theirs.staff);
    main.get(&parts).await.expect(404);
    main.put(&parts, json!({ "projects": [] })).await.expect(404);
    main.get(&format!("/departments/{}/hours", theirs.department))
        .await
        .expect(404);
    main.get(&format!("/staff?project={}", theirs.project))
        .await
        .expect(200);
    let made = office.add(&main, ivan()).await;
    let own = format!("/staff/{}", made["id"].as_str().unwrap());
    let foreign = json!({ "projects": [part(&theirs.project, true)] });
    assert_eq!(
        main.put(&format!("{own}/projects"), foreign).await.expect(422).faults(),
        ["projects[0].project_id unknown"]
    );
    let schedule = json!({ "schedule_id": theirs.schedule });
    assert_eq!(
        main.patch(&format!("{own}/reception"), schedule)
            .await
            .expect(422)
            .faults(),
        ["schedule_id unknown"]
    );
}

#[tokio::test]
async fn an_admin_does_not_change_how_the_main_account_takes_calls() {
    let office = Office::open().await;
    let main = office.main().await;
    let me = main.get("/me").await.text("/id").to_owned();
    let new = json!({ "given_name": "Boss", "login": "boss", "password": "correct horse", "role": "admin" });
    let (admin, _) = office.log_in_new(&main, new).await;
    let path = format!("/staff/{me}/reception");
    admin.patch(&path, json!({ "receiving": false })).await.expect(403);
    admin
        .put(&format!("/staff/{me}/projects"), json!({ "projects": [] }))
        .await
        .expect(403);
}
