//! Two companies in one database: whatever the description of the API names is walked by an administrator of the one with
//! the ids of the other, who finds nothing, changes nothing and hears nothing.

mod bodies;
pub(crate) mod company;
mod masked;

use std::collections::BTreeMap;

use frontdesk_crm_core::store::copy::{Copied, digests};
use frontdesk_tests::document::{Operation, operations, pages};
use frontdesk_tests::office::{Office, Stream};
use reqwest::Method;
use serde_json::json;

use bodies::{Payload, good, kind_of, with_id};
use company::{Company, OURS, THEIRS};

/// Of which kind the ids in a path are, by what stands before them.
const PATHS: &[(&str, &str)] = &[
    ("/calls", "call"),
    ("/client-notes", "note"),
    ("/clients", "client"),
    ("/deals", "deal"),
    ("/departments", "department"),
    ("/groups", "group"),
    ("/imports", "import"),
    ("/mailboxes", "mailbox"),
    ("/menus", "menu"),
    ("/notices", "notice"),
    ("/numbers", "number"),
    ("/outbound-routes", "route"),
    ("/phone-book", "staff"),
    ("/projects", "project"),
    ("/prompts", "prompt"),
    ("/recordings", "recording"),
    ("/requests", "request"),
    ("/roles", "role"),
    ("/schedules", "schedule"),
    ("/sites", "site"),
    ("/staff", "staff"),
    ("/tokens", "token"),
    ("/trunks", "trunk"),
    ("/voicemails", "message"),
    ("/webhook-deliveries", "delivery"),
    ("/webhooks", "webhook"),
];

/// Paths whose ids are no company's own, and why.
const NOBODYS: &[(&str, &str)] = &[
    (
        "/help",
        "topics are the program's; an opinion is kept with whoever has it",
    ),
    (
        "/media/recordings",
        "a signature made with the company's own key opens it, and no log-in (media_links)",
    ),
    (
        "/media/voicemails",
        "a signature made with the company's own key opens it, and no log-in (media_links)",
    ),
    (
        "/revisions",
        "they are numbered from 1 in each account: a number names one's own",
    ),
    (
        "/security/blocks",
        "blocks are the installation's: its operator's administrators see them, and nobody else (security)",
    ),
    (
        "/widget",
        "the key stands in public pages; an origin of the site's opens it to anybody",
    ),
];

/// Operations that nobody can do at any time, or that end what the walk needs, and why.
const NOT_DONE: &[(&str, &str)] = &[
    ("GET /events", "never ends; it is listened to beside the walk"),
    ("POST /login", "of nobody in particular"),
    ("POST /logout", "ends the session that walks"),
    ("POST /me/two-factor/confirm", "needs an authenticator"),
    ("POST /me/two-factor/disable", "needs an authenticator"),
    ("DELETE /staff/{id}/two-factor", "needs somebody with an authenticator"),
    ("POST /security/blocks", "the operator's business (security)"),
];

struct Walk {
    office: Office,
    ours: Company,
    theirs: Company,
    operations: Vec<Operation>,
}

impl Walk {
    async fn begin() -> Walk {
        let office = Office::open().await;
        let ours = (office.first.account, office.main().await);
        let ours = Company::furnish(&office, ours, OURS).await;
        let theirs = office.second_company().await;
        let theirs = Company::furnish(&office, theirs, THEIRS).await;
        let document = office.nobody().get("/openapi.json").await.expect(200).body;
        Walk {
            operations: operations(&document),
            office,
            ours,
            theirs,
        }
    }

    /// What a company can read of itself: whatever has changed shows.
    async fn all_of(&self, company: &Company) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for operation in self
            .operations
            .iter()
            .filter(|operation| operation.method == Method::GET)
        {
            let writes = ["/export", "/media"].iter().any(|end| operation.path.ends_with(end));
            if writes || operation.path == "/events" {
                continue;
            }
            for path in paths(operation, company) {
                let answer = company.chief.get(&path).await;
                let text = String::from_utf8_lossy(&answer.bytes).into_owned();
                all.insert(path, format!("{} {text}", answer.status));
            }
        }
        all
    }

    async fn tables(&self) -> Vec<Copied> {
        digests(&self.office.db).await.unwrap()
    }

    /// Whether all tables are still what they were.
    async fn untouched(&self, before: &mut Vec<Copied>, name: &str, wrong: &mut Vec<String>) {
        let after = self.tables().await;
        let changed = after.iter().filter(|table| !before.contains(table));
        wrong.extend(changed.map(|table| format!("{name} has changed {}", table.table)));
        *before = after;
    }

    fn payload(&self, operation: &Operation, company: &Company) -> Payload {
        good(operation, company, &self.office)
    }
}

/// Of which kind the ids in the operation's path are; `None`: no company's.
fn kind_in(operation: &Operation) -> Option<&'static str> {
    let (head, _) = operation.path.split_once("/{")?;
    let known = PATHS.iter().find(|(path, _)| *path == head);
    let nobodys = NOBODYS.iter().any(|(path, _)| *path == head);
    assert!(
        known.is_some() || nobodys,
        "name the ids for this path: {}",
        operation.path
    );
    known.map(|(_, kind)| *kind)
}

/// The operation's path with each id of the company's that it can have.
fn paths(operation: &Operation, company: &Company) -> Vec<String> {
    match kind_in(operation) {
        Some(kind) => company.ids(kind).iter().map(|id| operation.at(id)).collect(),
        None if operation.takes_id() => Vec::new(),
        None => vec![operation.path.clone()],
    }
}

/// What is done without anything left to be wished for; a conflict has found what it is about.
fn is_done(status: u16) -> bool {
    (200..300).contains(&status) || status == 409
}

#[tokio::test]
async fn no_path_leads_to_another_companys_records() {
    let walk = Walk::begin().await;
    let (ours, theirs) = (&walk.ours, &walk.theirs);
    let (before, mut tables) = (walk.all_of(theirs).await, walk.tables().await);
    let (mut walked, mut wrong) = (0, Vec::new());
    for operation in walk.operations.iter().filter(|operation| kind_in(operation).is_some()) {
        let payload = walk.payload(operation, ours);
        for path in paths(operation, theirs) {
            let answer = ours.asks(operation, &path, &payload).await;
            let told = theirs.told_by(&answer, &path);
            if answer.status != 404 || told.is_some() {
                wrong.push(format!(
                    "{} {path}: {} {} {told:?}",
                    operation.method, answer.status, answer.body
                ));
            }
            walked += 1;
        }
        walk.untouched(&mut tables, &operation.name(), &mut wrong).await;
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(walked > 150, "only {walked} requests");
    assert_eq!(before, walk.all_of(theirs).await);
}

#[tokio::test]
async fn no_body_names_another_companys_records() {
    let walk = Walk::begin().await;
    let (ours, theirs) = (&walk.ours, &walk.theirs);
    let before = walk.all_of(theirs).await;
    let (mut refused, mut wrong) = (0, Vec::new());
    for operation in &walk.operations {
        let Some(path) = paths(operation, ours).into_iter().next() else {
            continue;
        };
        for pointer in operation.fields.iter().flatten() {
            let Some(kind) = kind_of(pointer.rsplit('/').next().unwrap()) else {
                continue;
            };
            let name = format!("{} {pointer}", operation.name());
            let body = |id: &str| match walk.payload(operation, ours) {
                Payload::Json(body) => Payload::Json(with_id(body, pointer, id)),
                Payload::None | Payload::File(..) => panic!("{name}"),
            };
            let mut tables = walk.tables().await;
            for id in theirs.ids(kind) {
                let asked = body(id);
                let answer = ours.asks(operation, &path, &asked).await;
                let told = theirs.told_by(&answer, &asked.text());
                if ![404, 422].contains(&answer.status) || told.is_some() {
                    wrong.push(format!(
                        "{name} {}: {} {} {told:?}",
                        asked.text(),
                        answer.status,
                        answer.body
                    ));
                }
                refused += 1;
            }
            walk.untouched(&mut tables, &name, &mut wrong).await;
            // with an id of one's own the same request is good
            let asked = body(ours.id(kind));
            let answer = ours.asks(operation, &path, &asked).await;
            if !is_done(answer.status) {
                wrong.push(format!(
                    "{name}, one's own, {}: {} {}",
                    asked.text(),
                    answer.status,
                    answer.body
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(refused > 80, "only {refused} requests");
    assert_eq!(before, walk.all_of(theirs).await);
}

/// Parameters by which no list can be asked for a thing of somebody's.
const PLAIN: &[&str] = &[
    "action",
    "all",
    "channel",
    "deleted",
    "direction",
    "download",
    "entity",
    "format",
    "from",
    "heard",
    "ip",
    "kind",
    "lang",
    "limit",
    "mark",
    "model",
    "no_step",
    "offset",
    "open",
    "order",
    "overdue",
    "recorded",
    "scope",
    "since",
    "size",
    "stage",
    "state",
    "status",
    "thing",
    "until",
    "vip",
    "work_place",
];

/// What one may ask a list for that the company has.
async fn questions(operation: &Operation, company: &Company) -> Vec<(String, Vec<String>)> {
    let mut all = vec![(String::new(), vec![String::new()])];
    for name in &operation.query {
        let values = match name.as_str() {
            "search" | "position" | "text" => {
                vec![company.mark.word.to_owned(), company.ids("connected number")[0].clone()]
            }
            "number" => vec![format!("{}*", company.mark.digits)],
            "entity_id" | "thing_id" => PATHS.iter().flat_map(|(_, kind)| company.ids(kind).to_vec()).collect(),
            "cursor" => {
                let first = company
                    .chief
                    .get(&format!("{}?limit=1", operation.path))
                    .await
                    .expect(200);
                first.body["next_cursor"]
                    .as_str()
                    .map(str::to_owned)
                    .into_iter()
                    .collect()
            }
            name if PLAIN.contains(&name) => Vec::new(),
            name => {
                let kind = kind_of(name).unwrap_or_else(|| panic!("say what `{name}` of {} may hold", operation.path));
                company.ids(kind).to_vec()
            }
        };
        let ask = |value: String| format!("?{name}={}", value.replace('+', "%2B"));
        if !values.is_empty() {
            all.push((name.clone(), values.into_iter().map(ask).collect()));
        }
    }
    for (name, value) in [("scope", "all"), ("deleted", "true"), ("all", "true")] {
        if operation.query.iter().any(|known| known == name) {
            all.push((name.to_owned(), vec![format!("?{name}={value}")]));
        }
    }
    all
}

#[tokio::test]
async fn no_list_export_or_search_shows_another_companys_records() {
    let walk = Walk::begin().await;
    let (ours, theirs) = (&walk.ours, &walk.theirs);
    let (mut asked, mut wrong) = (0, Vec::new());
    for operation in walk
        .operations
        .iter()
        .filter(|operation| operation.method == Method::GET)
    {
        if operation.path == "/events" {
            continue;
        }
        for path in paths(operation, ours) {
            let questions = match operation.takes_id() {
                true => vec![(String::new(), vec![String::new()])],
                false => questions(operation, theirs).await,
            };
            for (name, questions) in questions {
                let mut shown = name.is_empty();
                for question in questions {
                    let path = format!("{path}{question}");
                    let answer = ours.chief.get(&path).await;
                    let told = theirs.told_by(&answer, &path);
                    if answer.status >= 500 || told.is_some() {
                        wrong.push(format!("{path}: {} {} {told:?}", answer.status, answer.body));
                    }
                    shown = shown || theirs.told_by(&theirs.chief.get(&path).await, &path).is_some();
                    asked += 1;
                }
                if !shown {
                    wrong.push(format!("{path}?{name}=, asked by those whose it is, shows nothing"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(asked > 150, "only {asked} requests");
}

#[tokio::test]
async fn no_page_shows_another_companys_records() {
    let walk = Walk::begin().await;
    let (ours, theirs) = (&walk.ours, &walk.theirs);
    for page in pages() {
        for path in paths(&page, theirs) {
            let known = walk
                .operations
                .iter()
                .find(|known| known.method == Method::GET && known.path == path);
            let questions = match known {
                Some(list) => questions(list, theirs).await,
                None => vec![(String::new(), vec![String::new()])],
            };
            for question in questions.into_iter().flat_map(|(_, questions)| questions) {
                let path = format!("/{path}{question}");
                let answer = ours.chief.get(&path).await;
                let good = if page.takes_id() {
                    answer.status == 404
                } else {
                    answer.status < 500
                };
                assert!(good, "{path}: {}", answer.status);
                assert_eq!(theirs.told_by(&answer, &path), None, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn what_a_company_does_is_neither_heard_nor_felt_by_another() {
    let walk = Walk::begin().await;
    let (ours, theirs) = (&walk.ours, &walk.theirs);
    let before = walk.all_of(ours).await;
    let mut listening = Stream::open(ours.chief.request(Method::GET, "/events")).await;
    let mut hearing = Stream::open(theirs.chief.request(Method::GET, "/events")).await;
    let mut wrong = Vec::new();
    let mut operations: Vec<&Operation> = walk.operations.iter().collect();
    // what ends a thing comes last, and before it what ends a part of it
    let ends = |operation: &Operation| operation.method == Method::DELETE || operation.path.ends_with("/erase");
    operations.sort_by_key(|operation| (ends(operation), usize::MAX - operation.path.len()));
    for operation in operations {
        let name = operation.name();
        let nobodys = operation.takes_id() && kind_in(operation).is_none();
        if nobodys || NOT_DONE.iter().any(|(not_done, _)| *not_done == name) {
            continue;
        }
        let mut answers = Vec::new();
        let mut done = false;
        for path in paths(operation, theirs) {
            let answer = theirs.asks(operation, &path, &walk.payload(operation, theirs)).await;
            answers.push(format!("{} {}", answer.status, answer.body));
            done = is_done(answer.status);
            if done {
                break;
            }
        }
        if !done {
            wrong.push(format!("{name}, of one's own: {answers:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    let call = walk.office.call(300).of(theirs.account).inbound("+74957779999").live();
    walk.office.answer_call(call);
    walk.office.end_call(call);
    hearing.until("call.ended").await;
    let rename = json!({ "position": "Pilot" });
    let person = format!("/staff/{}", ours.id("staff"));
    assert_eq!(before, walk.all_of(ours).await);
    ours.chief.patch(&person, rename).await.expect(200);
    let heard = listening.next().await;
    assert_eq!(heard.data["staff_id"], ours.id("staff"), "{heard:?}");
    assert_eq!(theirs.told(&format!("{heard:?}"), ""), None);
}
