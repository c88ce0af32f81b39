//! An office with somebody of each role, and things of everybody's that they ask for.

use std::collections::BTreeMap;

use frontdesk::http::Clock;
use frontdesk_crm_core::access::{Reach, Right, Role};
use frontdesk_crm_core::audit::{Actor, Author};
use frontdesk_crm_core::requests::{self, NewRequest};
use frontdesk_crm_core::sites;
use frontdesk_crm_core::store::Stamp;
use frontdesk_tests::office::{Caller, NOON, Office};
use reqwest::Method;
use serde_json::{Value, json};

use crate::foreign::company::picture;

/// Whose a thing is: oneself, a colleague of one's department, somebody of the project, somebody of another project.
pub const OWNERS: [&str; 4] = ["own", "department", "project", "other"];
/// The same of a person's record, which may be the main account's too.
pub const PEOPLE: [&str; 5] = ["own", "department", "project", "other", "main"];

/// What belongs to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Client,
    /// Of a client.
    Note,
    Call,
    /// One that rings.
    Ringing,
    Missed,
    Recording,
    Message,
    Deal,
    Request,
    Schedule,
    Person,
}

/// By what it is asked for, and known in a list or a file.
#[derive(Debug, Clone)]
pub struct Thing {
    pub id: String,
    /// E.164 without its plus; of what has no number nothing.
    pub digits: String,
}

pub struct Asker {
    /// As its column is called.
    pub name: String,
    pub caller: Caller,
    id: String,
    role: String,
}

pub struct House {
    office: Office,
    main: Caller,
    pub askers: Vec<Asker>,
    /// A colleague, somebody of the project, somebody of another.
    others: [String; 3],
    /// Of whom nothing is known and everything is: the client that deals are with.
    client: String,
    department: String,
    projects: [String; 2],
    site: String,
    mailboxes: BTreeMap<String, String>,
    kept: BTreeMap<(Kind, usize, usize), Thing>,
    made: u32,
}

impl House {
    pub async fn open() -> House {
        let office = Office::open().await;
        let main = office.main().await;
        let me = main.get("/me").await.expect(200);
        let first = me.text("/project/project_id").to_owned();
        let me = me.text("/id").to_owned();
        let made = async |path: &str, body: Value| main.post(path, body).await.expect(201).text("/id").to_owned();
        let client = made("/clients", json!({ "name": "Everybody's", "number": "+74950000000" })).await;
        let department = made("/departments", json!({ "name": "Sales", "short_number": "200" })).await;
        let north = made("/projects", json!({ "name": "North" })).await;
        let site = json!({ "name": "Shop", "origins": ["https://shop.example"], "staff_id": me });
        let site = made("/sites", site).await;
        let mut others = Vec::new();
        for _ in 0..3 {
            others.push(made("/staff", json!({ "given_name": "Other" })).await);
        }
        let mut house = House {
            askers: vec![Asker {
                name: "main".into(),
                caller: main.clone(),
                id: me,
                role: "main".into(),
            }],
            others: others.try_into().unwrap(),
            projects: [first, north],
            mailboxes: BTreeMap::new(),
            kept: BTreeMap::new(),
            made: 0,
            client,
            department,
            site,
            office,
            main,
        };
        house.people().await;
        house
    }

    /// Somebody of each role: the built-in ones, and one for each reach that has all rights which narrow as far as that.
    async fn people(&mut self) {
        let built_in = Role::ALL.iter().filter(|role| **role != Role::Main);
        let mut roles: Vec<(String, String)> = built_in
            .map(|role| (role.name().into_owned(), role.name().into_owned()))
            .collect();
        for reach in Reach::ALL {
            let narrow = Right::ALL.iter().filter(|right| right.narrows());
            let rights: Vec<Value> = narrow
                .map(|right| json!({ "right": right.name(), "reach": reach.name() }))
                .collect();
            let role = json!({ "name": reach.name(), "rights": rights });
            let made = self.main.post("/roles", role).await.expect(201);
            roles.push((reach.name().to_owned(), made.text("/id").to_owned()));
        }
        for (name, role) in roles {
            let asker = self.hire(name, role).await;
            self.askers.push(asker);
        }
        self.seat().await;
        self.settle_in(&self.others[2]).await;
        for person in self.askers.iter().map(|asker| &asker.id).chain(&self.others) {
            self.equip(person).await;
        }
    }

    async fn hire(&mut self, name: String, role: String) -> Asker {
        self.made += 1;
        let login = format!("{name}{}", self.made);
        let new = json!({ "given_name": name, "login": login, "password": "correct horse", "role": role });
        let (caller, id) = self.office.log_in_new(&self.main, new).await;
        Asker { name, caller, id, role }
    }

    /// All who ask, and the colleague, are of one department.
    async fn seat(&self) {
        let members = self.askers.iter().map(|asker| &asker.id).chain([&self.others[0]]);
        let members: Vec<&String> = members.collect();
        let path = format!("/departments/{}", self.department);
        self.main.patch(&path, json!({ "members": members })).await.expect(200);
    }

    /// A phone and a photo; the main account has a phone from the beginning.
    async fn equip(&self, person: &str) {
        let sip = self.main.do_(&format!("/staff/{person}/sip")).await;
        assert!([201, 409].contains(&sip.status), "{}", sip.body);
        self.photograph(person).await;
    }

    async fn photograph(&self, person: &str) {
        let path = format!("/staff/{person}/photo");
        let photo = self.main.raw(Method::PUT, &path, "image/png", picture()).await;
        photo.expect(200);
    }

    /// In the one project where they are.
    async fn settle_in(&self, person: &str) {
        let project = &self.projects[usize::from(person == self.others[2])];
        let parts = json!({ "projects": [{ "project_id": project }] });
        let path = format!("/staff/{person}/projects");
        self.main.put(&path, parts).await.expect(200);
    }

    /// A thing of that kind for a request; one that the request may destroy is made anew.
    pub async fn thing(&mut self, kind: Kind, destroys: bool, (asker, owner): (usize, usize)) -> Thing {
        // what is others' is the same for everybody who asks
        let place = (kind, if owner == 0 { asker } else { 0 }, owner);
        if let Some(kept) = self.kept.get(&place).filter(|_| !destroys) {
            return kept.clone();
        }
        self.made += 1;
        let of = match owner {
            0 => self.askers[asker].id.clone(),
            4 => self.askers[0].id.clone(),
            other => self.others[other - 1].clone(),
        };
        let digits = format!("7916{:07}", self.made);
        let id = match kind {
            Kind::Client => self.client_of(&of, &digits).await,
            Kind::Note => self.note_of(&of, &digits).await,
            Kind::Call | Kind::Ringing | Kind::Missed | Kind::Recording => self.call_to(kind, &of, &digits).await,
            Kind::Message => self.message_for(&of, owner == 1).await,
            Kind::Deal => self.deal_of(&of, owner == 3).await,
            Kind::Request => self.request_of(&of, &digits).await,
            Kind::Schedule => self.schedule_of(&of).await,
            // whose record it is stays, but for the one that is asked to be deleted
            Kind::Person if destroys && (1..=3).contains(&owner) => {
                let gone = self.office.add(&self.main, json!({ "given_name": "Gone" })).await;
                gone["id"].as_str().unwrap().to_owned()
            }
            Kind::Person => of,
        };
        let thing = Thing { id, digits };
        if !destroys && kind != Kind::Person {
            self.kept.insert(place, thing.clone());
        }
        thing
    }

    async fn client_of(&self, of: &str, digits: &str) -> String {
        let client = json!({ "name": "Anna", "number": format!("+{digits}"), "manager_id": of });
        let made = self.main.post("/clients", client).await.expect(201);
        made.text("/id").to_owned()
    }

    /// By the main account, of a client of theirs.
    async fn note_of(&self, of: &str, digits: &str) -> String {
        let client = self.client_of(of, digits).await;
        let path = format!("/clients/{client}/timeline");
        let made = self.main.post(&path, json!({ "body": "Likes tea" })).await.expect(201);
        made.text("/id").to_owned()
    }

    async fn call_to(&self, kind: Kind, of: &str, digits: &str) -> String {
        let of = json!({ "id": of, "name": "Whoever" });
        let call = self.office.call(self.made).inbound(&format!("+{digits}")).to(&of);
        if kind == Kind::Ringing {
            return call.live().to_string();
        }
        if kind == Kind::Missed {
            return call.ended("no_answer").save().await.to_string();
        }
        let call = call.ended("answered").recorded(b"RIFF").save().await;
        match kind == Kind::Recording {
            true => self.office.recording_of(call).to_string(),
            false => call.to_string(),
        }
    }

    /// In the mailbox of the department, or in one's own.
    async fn message_for(&mut self, of: &str, departments: bool) -> String {
        let (owner, field) = match departments {
            true => (self.department.clone(), "department_id"),
            false => (of.to_owned(), "staff_id"),
        };
        if !self.mailboxes.contains_key(&owner) {
            let mailbox = self.main.post("/mailboxes", json!({ field: owner })).await.expect(201);
            self.mailboxes.insert(owner.clone(), mailbox.text("/id").to_owned());
        }
        let call = self.office.call(self.made).inbound("+79161234567").ended("answered");
        let call = call.recorded(b"RIFF").left_in(&self.mailboxes[&owner]).save().await;
        self.office.recording_of(call).to_string()
    }

    async fn deal_of(&self, of: &str, elsewhere: bool) -> String {
        let project = &self.projects[usize::from(elsewhere)];
        let deal = json!({ "title": "Deal", "client_id": self.client, "staff_id": of, "project_id": project });
        let made = self.main.post("/deals", deal).await.expect(201);
        made.text("/id").to_owned()
    }

    /// Of a client of theirs.
    async fn request_of(&self, of: &str, digits: &str) -> String {
        self.client_of(of, digits).await;
        let account = self.office.first.account;
        let author = Author {
            account,
            actor: Actor::program(),
            login: None,
            stamp: Stamp {
                unix_ms: NOON,
                random: self.office.clock.random(),
            },
        };
        let site = sites::get(&self.office.db, account, self.site.parse().unwrap())
            .await
            .unwrap();
        let new = NewRequest {
            kind: Some("form".into()),
            number: Some(format!("+{digits}")),
            name: Some("Visitor".into()),
            ..NewRequest::default()
        };
        let submitted = requests::submit(&self.office.db, &author, &site, new, None)
            .await
            .unwrap();
        submitted.request.id.to_string()
    }

    async fn schedule_of(&self, of: &str) -> String {
        let hours = json!({ "name": "Hours", "week": { "mon": ["09:00-18:00"] } });
        let made = self.main.post("/schedules", hours).await.expect(201);
        let id = made.text("/id").to_owned();
        let path = format!("/staff/{of}/reception");
        let given = json!({ "schedule_id": id });
        self.main.patch(&path, given).await.expect(200);
        id
    }

    /// What a request for a person's record needs to find there.
    pub async fn before(&self, (method, path): (&Method, &str), person: &Thing) {
        if path.ends_with("/photo") && method != Method::PUT {
            self.photograph(&person.id).await;
        }
    }

    /// Undoes what a request has done to a person whom others are still to be asked about.
    pub async fn after(&mut self, (method, path): (&Method, &str), asker: usize, person: &Thing) {
        if method == Method::PUT && path.ends_with("/projects") {
            self.settle_in(&person.id).await;
        }
        let asking = &self.askers[asker];
        if person.id == asking.id && asking.caller.get("/me").await.status == 401 {
            let (name, role) = (asking.name.clone(), asking.role.clone());
            self.askers[asker] = self.hire(name, role).await;
            self.equip(&self.askers[asker].id).await;
            self.kept.retain(|(_, of, owner), _| (*of, *owner) != (asker, 0));
            self.seat().await;
        }
    }
}
