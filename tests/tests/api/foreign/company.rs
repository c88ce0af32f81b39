//! A company with two of everything that has an id, and how one knows it in what others are told.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Cursor;

use frontdesk_routing::ids::AccountId;
use frontdesk_tests::office::{Answer, Caller, Office};
use image::{DynamicImage, ImageFormat, RgbImage};
use reqwest::Method;
use serde_json::{Value, json};

/// By what a company's things are known.
#[derive(Clone, Copy)]
pub struct Mark {
    /// In each name.
    pub word: &'static str,
    /// With which each number begins, E.164.
    pub digits: &'static str,
    /// The same as people write it.
    pub written: &'static str,
    /// Of the calls in the records.
    pub first_call: u32,
}

pub const OURS: Mark = Mark {
    word: "Harbour",
    digits: "+7812333",
    written: "812 333",
    first_call: 100,
};

pub const THEIRS: Mark = Mark {
    word: "Zephyr",
    digits: "+7495777",
    written: "495 777",
    first_call: 200,
};

pub struct Company {
    pub account: AccountId,
    pub chief: Caller,
    pub mark: Mark,
    ids: BTreeMap<&'static str, Vec<String>>,
    secrets: Vec<String>,
    made: Cell<u32>,
}

impl Company {
    /// With two of everything.
    pub async fn furnish(office: &Office, (account, chief): (AccountId, Caller), mark: Mark) -> Company {
        let mut company = Company {
            account,
            chief,
            mark,
            ids: BTreeMap::new(),
            secrets: Vec::new(),
            made: Cell::new(0),
        };
        let name = json!({ "name": company.name() });
        company.chief.patch("/account", name).await.expect(200);
        for _ in 0..2 {
            company.hire().await;
            company.open_lines().await;
            company.open_departments().await;
            company.speak(office).await;
            company.meet_clients().await;
            company.open_site(office).await;
            company.bring(office).await;
            company.connect_programs().await;
        }
        for n in 0..2 {
            company.take_calls(office, n).await;
        }
        let items = json!([{ "date": "2026-12-31", "name": company.name() }]);
        company
            .chief
            .put("/holidays", json!({ "items": items }))
            .await
            .expect(200);
        let tone = office.tone(1);
        let music = company.chief.raw(Method::PUT, "/music", "audio/wav", tone).await;
        music.expect(200);
        for (kind, path) in [("project", "/projects"), ("notice", "/notices")] {
            company.list(kind, path).await;
        }
        company.seat_the_chief(office).await;
        company
    }

    /// Of this kind; of one that nothing makes yet none.
    pub fn ids(&self, kind: &str) -> &[String] {
        self.ids.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The one that bodies name.
    pub fn id(&self, kind: &str) -> &str {
        self.ids(kind).last().unwrap_or_else(|| panic!("no {kind}"))
    }

    /// That there is one more.
    pub fn know(&mut self, kind: &'static str, id: &str) {
        assert!(!id.is_empty(), "a {kind} without an id");
        self.ids.entry(kind).or_default().push(id.to_owned());
    }

    /// A name that is not taken.
    pub fn name(&self) -> String {
        format!("{} {}", self.mark.word, self.next())
    }

    /// A number that is not taken, E.164.
    pub fn number(&self) -> String {
        format!("{}{:04}", self.mark.digits, self.next())
    }

    /// A short number that is not taken.
    pub fn short_number(&self) -> String {
        format!("{}", 4000 + self.next())
    }

    pub fn next(&self) -> u32 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    /// What the answer says of this company that was not in the request.
    pub fn told_by(&self, answer: &Answer, asked: &str) -> Option<String> {
        let headers = answer
            .headers
            .values()
            .map(|value| String::from_utf8_lossy(value.as_bytes()));
        let headers: Vec<_> = headers.collect();
        self.told(
            &format!("{} {}", String::from_utf8_lossy(&answer.bytes), headers.join(" ")),
            asked,
        )
    }

    /// The same of a text.
    pub fn told(&self, text: &str, asked: &str) -> Option<String> {
        let (text, asked) = (text.to_lowercase(), asked.replace("%2B", "+").to_lowercase());
        let number = self.mark.digits.trim_start_matches('+');
        let marks = [self.mark.word, number, self.mark.written];
        let marks = marks.into_iter().map(str::to_owned);
        let known = marks
            .chain(self.secrets.iter().cloned())
            .chain(self.ids.values().flatten().cloned());
        let known = known
            .chain([self.account.to_string()])
            .map(|known| known.to_lowercase());
        let mut told = known.filter(|known| text.contains(known.as_str()) && !asked.contains(known.as_str()));
        told.next()
    }

    fn keep(&mut self, kind: &'static str, made: &Answer) -> String {
        let id = made.text("/id").to_owned();
        assert!(!id.is_empty(), "{kind}: {}", made.body);
        self.ids.entry(kind).or_default().push(id.clone());
        id
    }

    async fn make(&mut self, kind: &'static str, path: &str, body: Value) -> Answer {
        let made = self.chief.post(path, body).await.expect(201);
        self.keep(kind, &made);
        for secret in ["/secret", "/token", "/key", "/sip/password"] {
            self.secrets
                .extend(made.body.pointer(secret).and_then(Value::as_str).map(str::to_owned));
        }
        made
    }

    /// In all projects, with a phone, and the one whom bodies name.
    async fn seat_the_chief(&mut self, office: &Office) {
        let chief = self.chief.get("/me").await.expect(200).text("/id").to_owned();
        let parts: Vec<Value> = self
            .ids("project")
            .iter()
            .map(|id| json!({ "project_id": id }))
            .collect();
        let parts = self
            .chief
            .put(&format!("/staff/{chief}/projects"), json!({ "projects": parts }))
            .await;
        parts.expect(200);
        office.phone_of(self.account, &chief, true);
        self.ids.entry("staff").or_default().push(chief);
    }

    /// A person with a phone, a photo, a role, a group and a project of their own.
    async fn hire(&mut self) {
        let n = self.next();
        let word = self.mark.word.to_lowercase();
        let person = json!({ "surname": self.mark.word, "given_name": format!("Person {n}"), "position": self.mark.word,
            "phone": self.number(), "email": format!("{word}{n}@{word}.example"), "short_number": self.short_number(),
            "login": format!("{word}{n}"), "password": "correct horse", "role": "employee",
            "supervisor_id": self.ids("staff").last() });
        let person = self.make("staff", "/staff", person).await.text("/id").to_owned();
        let path = format!("/staff/{person}");
        let sip = self.chief.do_(&format!("{path}/sip")).await.expect(201);
        self.secrets.push(sip.text("/password").to_owned());
        let photo = format!("{path}/photo");
        let photo = self.chief.raw(Method::PUT, &photo, "image/png", picture()).await;
        photo.expect(200);
        let told = json!({ "sms": true, "email": true });
        self.chief.put(&format!("{path}/notices"), told).await.expect(200);
        let rights = json!([{ "right": "staff:read" }]);
        let role = json!({ "name": self.name(), "rights": rights });
        let role = self.make("role", "/roles", role).await.text("/id").to_owned();
        let group = json!({ "name": self.name(), "members": [person], "roles": [role] });
        self.make("group", "/groups", group).await;
        let project = json!({ "name": self.name() });
        self.chief.post("/projects", project).await.expect(201);
    }

    async fn open_lines(&mut self) {
        let user = format!("{}-line", self.mark.word);
        let password = format!("{}-secret-{}", self.mark.word, self.next());
        let line = json!({ "name": self.name(), "servers": [{ "host": "sip.provider.example" }],
            "registration": { "user": user, "password": password } });
        let line = self.make("trunk", "/trunks", line).await.text("/id").to_owned();
        let number = self.number();
        let body = json!({ "number": number, "staff_id": self.id("staff"), "trunk_id": line });
        self.make("number", "/numbers", body).await;
        self.ids.entry("connected number").or_default().push(number);
        let route = json!({ "name": self.name(), "prefix": format!("+44{}", self.next()), "trunk_ids": [line] });
        self.make("route", "/outbound-routes", route).await;
    }

    async fn open_departments(&mut self) {
        let hours = json!({ "name": self.name(), "week": { "mon": ["09:00-18:00"] } });
        self.make("schedule", "/schedules", hours).await;
        let person = self.id("staff").to_owned();
        let department = json!({ "name": self.name(), "short_number": self.short_number(), "members": [person] });
        self.make("department", "/departments", department).await;
    }

    /// A sound of its own, a menu that says it, and a person's mailbox.
    async fn speak(&mut self, office: &Office) {
        let path = format!("/prompts?name={}{}", self.mark.word, self.next());
        let prompt = self.chief.raw(Method::POST, &path, "audio/wav", office.tone(1)).await;
        let prompt = self.keep("prompt", &prompt.expect(201));
        let person = self.id("staff").to_owned();
        let menu = json!({ "name": self.name(), "short_number": self.short_number(), "prompt_id": prompt,
            "keys": { "1": { "staff_id": person } } });
        self.make("menu", "/menus", menu).await;
        self.make("mailbox", "/mailboxes", json!({ "staff_id": person })).await;
    }

    /// A client in a file.
    pub fn file(&self) -> Vec<u8> {
        format!("name,number\n{},{}\n", self.name(), self.number()).into_bytes()
    }

    /// Clients from files, brought in to the end.
    async fn bring(&mut self, office: &Office) {
        let mut events = office.live.subscribe(self.account, None);
        let started = self.chief.raw(Method::POST, "/imports", "text/csv", self.file()).await;
        self.keep("import", &started.expect(202));
        while events.next().await.unwrap().name != "import.ended" {}
    }

    async fn meet_clients(&mut self) {
        let person = self.id("staff").to_owned();
        let client =
            json!({ "name": self.name(), "number": self.number(), "company": self.name(), "manager_id": person });
        let client = self.make("client", "/clients", client).await.text("/id").to_owned();
        let note = json!({ "body": self.name() });
        let note = self.chief.post(&format!("/clients/{client}/timeline"), note).await;
        self.keep("note", &note.expect(201));
        let deal = json!({ "client_id": client, "title": self.name(), "staff_id": person, "step_text": self.name(), "step_at": "2030-01-01T12:00:00Z" });
        self.make("deal", "/deals", deal).await;
    }

    /// A site and what a visitor of it asks for.
    async fn open_site(&mut self, office: &Office) {
        let origin = format!("https://{}{}.example", self.mark.word.to_lowercase(), self.next());
        let site = json!({ "name": self.name(), "origins": [origin], "staff_id": self.id("staff") });
        let site = self.make("site", "/sites", site).await;
        self.ids
            .entry("site key")
            .or_default()
            .push(site.text("/key").to_owned());
        let request = json!({ "name": self.name(), "number": self.number(), "subject": self.name(), "kind": "form" });
        let visitor = office.nobody().with("origin", &origin);
        let sent = visitor
            .post(&format!("/widget/{}/requests", site.text("/key")), request)
            .await;
        sent.expect(201);
        let path = format!("/requests?site_id={}", site.text("/id"));
        self.list("request", &path).await;
        let request = self.chief.get(&path).await.expect(200);
        let visitor = request.text("/items/0/client_id").to_owned();
        self.ids.entry("client").or_default().push(visitor);
    }

    async fn connect_programs(&mut self) {
        let hook = json!({ "name": self.name(), "url": "https://crm.example/hook", "events": ["call.ended"] });
        let hook = self.make("webhook", "/webhooks", hook).await.text("/id").to_owned();
        let delivery = self.chief.do_(&format!("/webhooks/{hook}/test")).await.expect(202);
        self.keep("delivery", &delivery);
        let token = json!({ "name": self.name(), "scopes": ["staff:read"] });
        self.make("token", "/tokens", token).await;
    }

    /// One that was talked and recorded, one that was missed, one that goes on.
    async fn take_calls(&mut self, office: &Office, n: usize) {
        let person = json!({ "id": self.ids("staff")[n], "name": self.mark.word });
        let first = self.mark.first_call + 10 * u32::try_from(n).unwrap();
        let call = |n: u32, number: String| {
            let call = office.call(first + n).inbound(&number).named(self.mark.word);
            call.of(self.account).to(&person)
        };
        let talked = call(0, self.number()).ended("answered").recorded(&office.tone(1));
        let talked = talked.with_client(&self.ids("client")[n]).save().await;
        let missed = call(1, self.number()).ended("no_answer").save().await;
        let live = call(2, self.number()).live();
        let recording = office.recording_of(talked).to_string();
        self.ids.entry("recording").or_default().push(recording);
        let message = call(3, self.number()).ended("answered").recorded(&office.tone(2));
        let message = message.left_in(&self.ids("mailbox")[n]).save().await;
        let message_id = office.recording_of(message).to_string();
        self.ids.entry("message").or_default().push(message_id);
        // the last one, which bodies name, is of the records
        let calls = self.ids.entry("call").or_default();
        calls.extend([live, missed, message, talked].map(|call| call.to_string()));
        office.phone_of(self.account, person["id"].as_str().unwrap(), true);
    }

    /// All that the list has.
    async fn list(&mut self, kind: &'static str, path: &str) {
        let list = self.chief.get(path).await.expect(200);
        let items = list.body["items"].as_array().unwrap();
        assert!(!items.is_empty(), "{path}");
        let ids = items.iter().map(|item| item["id"].as_str().unwrap().to_owned());
        self.ids.entry(kind).or_default().extend(ids);
    }
}

pub fn picture() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture = DynamicImage::ImageRgb8(RgbImage::from_pixel(300, 300, image::Rgb([200, 80, 40])));
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}
