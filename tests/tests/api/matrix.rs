//! Role, action and scope: what a running daemon answers to each role at each described route, as a table that is reviewed.
//! `UPDATE_SNAPSHOTS=1` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write;

use frontdesk_crm_core::access::{Reach, Right, Role};
use frontdesk_tests::office::{Caller, Office};
use reqwest::Method;
use serde_json::{Value, json};

use crate::access::{ID, status};

const HEAD: &str = "\
Who may do what, as the daemon answers. A column is a role: the built-in ones, and one for each reach that has every right
which narrows as far as that. Where a thing belongs to somebody there is a line for each owner: oneself, a colleague of
one's department, somebody of the project, and somebody of another project.

yes   done, or refused for what was asked and not for who asked
no    403: the role does not allow it
none  404: as if there were no such thing

";
const OWNERS: [&str; 4] = ["own", "department", "project", "other"];

struct Asker {
    name: String,
    caller: Caller,
    id: Value,
}

struct House {
    office: Office,
    main: Caller,
    askers: Vec<Asker>,
    /// A colleague, somebody of the project, somebody of another.
    others: [Value; 3],
    made: u32,
}

impl House {
    async fn open() -> House {
        let office = Office::open().await;
        let main = office.main().await;
        let me = main.get("/me").await.expect(200).body["id"].clone();
        let mut askers = vec![Asker {
            name: "main".into(),
            caller: main.clone(),
            id: me,
        }];
        let mut roles: Vec<(String, String)> = Vec::new();
        for role in Role::ALL.iter().filter(|role| **role != Role::Main) {
            roles.push((role.name().into_owned(), role.name().into_owned()));
        }
        for reach in Reach::ALL {
            let narrow = Right::ALL.iter().filter(|right| right.narrows());
            let rights: Vec<Value> = narrow
                .map(|right| json!({ "right": right.name(), "reach": reach.name() }))
                .collect();
            let role = json!({ "name": reach.name(), "rights": rights });
            let made = main.post("/roles", role).await.expect(201);
            roles.push((reach.name().to_owned(), made.text("/id").to_owned()));
        }
        for (name, role) in roles {
            let new = json!({ "given_name": name, "login": name, "password": "correct horse", "role": role });
            let (caller, id) = office.log_in_new(&main, new).await;
            let id = json!(id);
            askers.push(Asker { name, caller, id });
        }
        let mut others = [Value::Null, Value::Null, Value::Null];
        for other in &mut others {
            *other = office.add(&main, json!({ "given_name": "Other" })).await;
        }
        let members: Vec<&Value> = askers.iter().map(|asker| &asker.id).chain([&others[0]["id"]]).collect();
        let sales = json!({ "name": "Sales", "short_number": "200", "members": members });
        main.post("/departments", sales).await.expect(201);
        let north = main.post("/projects", json!({ "name": "North" })).await.expect(201);
        let path = format!("/staff/{}/projects", others[2]["id"].as_str().unwrap());
        let parts = json!({ "projects": [{ "project_id": north.text("/id") }] });
        main.put(&path, parts).await.expect(200);
        House {
            office,
            main,
            askers,
            others,
            made: 0,
        }
    }

    /// A thing of that kind, made anew: whoever asks may change or destroy it.
    async fn thing(&mut self, kind: &str, (asker, owner): (usize, usize)) -> String {
        self.made += 1;
        let of = match owner {
            0 => json!({ "id": self.askers[asker].id, "name": "Own" }),
            other => self.others[other - 1].clone(),
        };
        let number = format!("+7916{:07}", self.made);
        if kind.starts_with("/clients") {
            let client = json!({ "name": "Anna", "number": number, "manager_id": of["id"] });
            return self
                .main
                .post("/clients", client)
                .await
                .expect(201)
                .text("/id")
                .to_owned();
        }
        let call = self.office.call(self.made).inbound(&number).to(&of);
        if kind.ends_with("/hangup") {
            return call.live().to_string();
        }
        let call = call.ended("answered").recorded(&self.office.tone(1)).save().await;
        match kind.starts_with("/calls") {
            true => call.to_string(),
            false => self.office.recording_of(call).to_string(),
        }
    }
}

fn described() -> Vec<(Method, String)> {
    let text = frontdesk::http::openapi::description().to_pretty_json().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        // what is open to everybody is no matter of rights
        let Some(path) = path.strip_prefix("/api/v1").filter(|path| !path.starts_with("/widget")) else {
            continue;
        };
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            routes.push((method, path.to_owned()));
        }
    }
    routes.retain(|(_, path)| path != "/login" && path != "/logout");
    routes.sort_by(|one, other| (&one.1, one.0.as_str()).cmp(&(&other.1, other.0.as_str())));
    routes
}

/// Things that somebody's rights reach on, or do not.
fn has_owner(path: &str) -> bool {
    ["/clients/{id}", "/calls/{id}", "/recordings/{id}"]
        .iter()
        .any(|kind| path.starts_with(kind))
}

fn said(status: u16, what: &str) -> &'static str {
    match status {
        403 => "no",
        404 => "none",
        200..=399 | 400 | 409 | 410 | 412 | 415 | 422 => "yes",
        _ => panic!("{what}: {status}"),
    }
}

#[tokio::test]
async fn every_role_is_answered_at_every_route_as_was_agreed() {
    let mut house = House::open().await;
    let mut table = String::from(HEAD);
    write!(table, "{:<53}", "").unwrap();
    for asker in &house.askers {
        write!(table, " {:<12}", asker.name).unwrap();
    }
    table = table.trim_end().to_owned() + "\n";
    for (method, path) in described() {
        let owners: &[&str] = if has_owner(&path) { &OWNERS } else { &[""] };
        for (owner, whose) in owners.iter().enumerate() {
            write!(table, "{:<53}", format!("{method} {path} {whose}")).unwrap();
            for asker in 0..house.askers.len() {
                let id = match has_owner(&path) {
                    true => house.thing(&path, (asker, owner)).await,
                    false => ID.to_owned(),
                };
                let asked = path.replace("{id}", &id);
                let status = status(&house.askers[asker].caller, &method, &asked).await;
                let what = format!("{} {method} {path} {whose}", house.askers[asker].name);
                write!(table, " {:<12}", said(status, &what)).unwrap();
            }
            table = table.trim_end().to_owned() + "\n";
        }
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/rights.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let agreed = std::fs::read_to_string(&path).unwrap_or_default();
    let known: BTreeSet<&str> = agreed.lines().collect();
    let new: Vec<&str> = table.lines().filter(|line| !known.contains(line)).collect();
    assert_eq!(new, Vec::<&str>::new(), "other than in {}", path.display());
    assert_eq!(table.lines().count(), agreed.lines().count());
}
