//! What a good request of each operation says, and which of its fields name something.

use frontdesk_tests::document::Operation;
use frontdesk_tests::office::{Answer, Office};
use serde_json::{Value, json};

use super::company::{Company, picture};

pub enum Payload {
    None,
    Json(Value),
    File(&'static str, Vec<u8>),
}

/// Of these fields at most one is given.
const ONE_OF: &[&[&str]] = &[
    &["staff_id", "department_id", "menu_id", "mailbox_id"],
    &["number", "client_id", "call_id", "request_id"],
    &["deal_ids", "from_staff_id"],
];

/// What a body for this operation says when all its ids are the company's.
pub fn good(operation: &Operation, company: &Company, office: &Office) -> Payload {
    if operation.fields.is_none() {
        return Payload::None;
    }
    let path = operation.path.as_str();
    match path {
        "/music" | "/prompts" | "/mailboxes/{id}/greeting" => Payload::File("audio/wav", office.tone(1)),
        "/imports" | "/imports/preview" => Payload::File("text/csv", company.file()),
        "/staff/{id}/photo" => Payload::File("image/png", picture()),
        _ => {
            let lists = records(path, company).or_else(|| settings(path, company));
            Payload::Json(lists.unwrap_or_else(|| panic!("say what a good body of {} is", operation.name())))
        }
    }
}

/// Of what people work with.
fn records(path: &str, company: &Company) -> Option<Value> {
    let id = |kind: &str| company.id(kind);
    let person = || id("staff");
    Some(match path {
        "/calls" => json!({ "client_id": id("client"), "staff_id": person() }),
        "/route/explain" => json!({ "called": "112", "caller_staff_id": person() }),
        "/clients" => json!({ "name": company.name(), "number": company.number(), "manager_id": person() }),
        "/clients/{id}" => json!({ "company": company.name(), "manager_id": person() }),
        "/clients/reassign" => json!({ "from_manager_id": person(), "to_manager_id": company.ids("staff")[0] }),
        "/clients/{id}/timeline" | "/client-notes/{id}" => json!({ "body": company.name() }),
        "/deals" => {
            json!({ "title": company.name(), "client_id": id("client"), "project_id": id("project"), "staff_id": person() })
        }
        "/deals/{id}" => json!({ "title": company.name(), "project_id": id("project"), "staff_id": person() }),
        "/deals/hand-over" => json!({ "deal_ids": [id("deal")], "to_staff_id": person() }),
        "/requests/{id}" => json!({ "state": "done" }),
        "/staff" | "/staff/{id}" => {
            json!({ "surname": company.name(), "login": format!("login{}", company.next()), "password": "correct horse",
                "role": id("role") })
        }
        "/staff/{id}/forwarding" | "/me/forwarding" => json!({ "dnd": true }),
        "/staff/{id}/notices" | "/me/notices" => json!({ "kinds": ["request"] }),
        "/staff/{id}/projects" => json!({ "projects": [{ "project_id": id("project") }] }),
        "/staff/{id}/reception" => {
            json!({ "method": "sim", "sim_trunk_id": id("trunk"), "schedule_id": id("schedule") })
        }
        "/staff/{id}/roles" => json!({ "roles": [id("role")] }),
        "/roles" | "/roles/{id}" => json!({ "name": company.name(), "rights": [{ "right": "calls:read" }] }),
        "/groups" | "/groups/{id}" => json!({ "name": company.name(), "members": [person()], "roles": [id("role")] }),
        _ => return None,
    })
}

/// Of what the company is set to.
fn settings(path: &str, company: &Company) -> Option<Value> {
    let id = |kind: &str| company.id(kind);
    let name = || company.name();
    let to = || json!({ "staff_id": id("staff") });
    Some(match path {
        "/account" | "/projects" | "/projects/{id}" => json!({ "name": name() }),
        "/me/project" => json!({ "project_id": id("project") }),
        "/departments" | "/departments/{id}" => {
            json!({ "name": name(), "short_number": company.short_number(), "members": [id("staff")], "overflow": to() })
        }
        "/departments/{id}/reception" | "/numbers/{id}/reception" => {
            json!({ "project_id": id("project"), "schedule_id": id("schedule"), "closed_to": to() })
        }
        "/mailboxes" => json!({ "department_id": id("department") }),
        "/mailboxes/{id}" => json!({ "longest_s": 60 }),
        "/voicemails/{id}" => json!({ "heard": true }),
        "/menus" | "/menus/{id}" => {
            json!({ "name": name(), "short_number": company.short_number(), "prompt_id": id("prompt"), "keys": { "1": to() } })
        }
        "/numbers/{id}/greeting" => json!({ "greeting_id": id("prompt"), "says_recorded": true }),
        "/numbers" | "/numbers/{id}" => {
            json!({ "number": company.number(), "staff_id": id("staff"), "trunk_id": id("trunk") })
        }
        "/outbound-routes" | "/outbound-routes/{id}" => {
            json!({ "name": name(), "prefix": format!("+44{}", company.next()), "trunk_ids": [id("trunk")] })
        }
        "/trunks" | "/trunks/{id}" => json!({ "name": name(), "servers": [{ "host": "sip.example" }] }),
        "/emergency" => json!({ "numbers": ["112"] }),
        "/feature-codes" => json!({ "pickup": "department" }),
        "/help/{id}/opinion" => json!({ "useful": true }),
        "/holidays" => json!({ "items": [{ "date": "2027-01-01", "name": name() }] }),
        "/schedules" | "/schedules/{id}" => json!({ "name": name(), "week": { "tue": ["09:00-18:00"] } }),
        "/security/blocks" => json!({ "address": "198.51.100.7" }),
        "/sites" | "/sites/{id}" => {
            json!({ "name": name(), "origins": ["https://shop.example"], "staff_id": id("staff"),
            "schedule_id": id("schedule") })
        }
        "/tokens" => json!({ "name": name(), "scopes": ["staff:read"] }),
        "/webhooks" | "/webhooks/{id}" => {
            json!({ "name": name(), "url": "https://crm.example/x", "events": ["call.missed"] })
        }
        "/widget/{key}/requests" => json!({ "name": name(), "number": company.number() }),
        "/login" => json!({ "login": "nobody", "password": "nothing" }),
        "/me/two-factor/confirm" | "/me/two-factor/disable" => json!({ "code": "000000" }),
        _ => return None,
    })
}

/// Of which kind the ids in a field, or in a parameter, are; `None`: it holds none.
pub fn kind_of(name: &str) -> Option<&'static str> {
    let named = [
        "members",
        "role",
        "roles",
        "displayed_number",
        "emergency_number",
        "single_number",
        "project",
    ];
    if !(named.contains(&name) || name.ends_with("_id") || name.ends_with("_ids")) {
        return None;
    }
    Some(match name {
        "staff_id" | "manager_id" | "from_manager_id" | "to_manager_id" | "from_staff_id" | "to_staff_id"
        | "caller_staff_id" | "actor_staff_id" | "email_to_staff_id" | "supervisor_id" | "members" => "staff",
        "role" | "roles" => "role",
        "displayed_number" | "emergency_number" | "single_number" => "connected number",
        "call_id" => "call",
        "client_id" => "client",
        "deal_ids" => "deal",
        "department_id" => "department",
        "mailbox_id" => "mailbox",
        "menu_id" => "menu",
        "prompt_id" | "greeting_id" => "prompt",
        "project_id" | "project" => "project",
        "request_id" => "request",
        "schedule_id" => "schedule",
        "site_id" => "site",
        "trunk_id" | "trunk_ids" | "sim_trunk_id" => "trunk",
        "webhook_id" => "webhook",
        _ => panic!("say whose ids `{name}` holds"),
    })
}

/// The body with an id at this place, and nothing that contradicts it.
pub fn with_id(mut body: Value, pointer: &str, id: &str) -> Value {
    let name = pointer.rsplit('/').next().unwrap();
    let list = name.ends_with("_ids") || ["members", "roles"].contains(&name);
    let value = if list { json!([id]) } else { json!(id) };
    put(
        &mut body,
        &pointer.trim_start_matches('/').split('/').collect::<Vec<_>>(),
        value,
    );
    body
}

fn put(place: &mut Value, pointer: &[&str], value: Value) {
    let [first, rest @ ..] = pointer else {
        *place = value;
        return;
    };
    if *first == "0" {
        // whatever stood there: the list is made anew
        *place = json!([null]);
        return put(&mut place[0], rest, value);
    }
    if !place.is_object() {
        *place = json!({});
    }
    let object = place.as_object_mut().unwrap();
    for group in ONE_OF.iter().filter(|group| rest.is_empty() && group.contains(first)) {
        // `staff_id` beside `client_id` says who calls, not who is called
        object.retain(|name, _| name == first || !group.contains(&name.as_str()));
    }
    put(object.entry(*first).or_insert(Value::Null), rest, value);
}

impl Company {
    /// Asks as the company's administrator.
    pub async fn asks(&self, operation: &Operation, path: &str, payload: &Payload) -> Answer {
        // what a sound is called stands beside it
        let named = format!("{path}?name={}{}", self.mark.word, self.next());
        let path = if operation.name() == "POST /prompts" {
            &named
        } else {
            path
        };
        match payload {
            Payload::None => self.chief.send(operation.method.clone(), path, None).await,
            Payload::Json(body) => {
                self.chief
                    .send(operation.method.clone(), path, Some(body.clone()))
                    .await
            }
            Payload::File(kind, bytes) => {
                self.chief
                    .raw(operation.method.clone(), path, kind, bytes.clone())
                    .await
            }
        }
    }
}

impl Payload {
    pub fn text(&self) -> String {
        match self {
            Payload::None | Payload::File(..) => String::new(),
            Payload::Json(body) => body.to_string(),
        }
    }
}
