//! Role, action and scope: what a running daemon answers to each role at each described route, as a table that is reviewed.
//! `UPDATE_SNAPSHOTS=1` writes it anew.

mod house;

use std::collections::BTreeSet;
use std::fmt::Write;

use frontdesk_tests::office::Caller;
use reqwest::Method;
use serde_json::Value;

use crate::access::{ID, status};
use house::{House, Kind, OWNERS, PEOPLE, Thing};

const HEAD: &str = "\
Who may do what, as the daemon answers. A column is a role: the built-in ones, and one for each reach that has every right
which narrows as far as that. Where a thing belongs to somebody there is a line for each owner: oneself, a colleague of
one's department, somebody of the project, and somebody of another project; of people's records also the main account's.
A message of `department` is in the mailbox of the department. Notes of clients are the main account's.

yes   done, or refused for what was asked and not for who asked; a list, or a file, that shows the thing
no    403: the role does not allow it
none  404: as if there were no such thing; a list that does not show it

";

/// Lists, and files, of what belongs to somebody, and how one of them is looked for.
const LISTS: &[(&str, &str, Kind)] = &[
    ("/calls", "?limit=500", Kind::Call),
    ("/calls/export", "", Kind::Call),
    ("/calls/live", "", Kind::Ringing),
    ("/calls/missed", "?limit=500", Kind::Missed),
    ("/clients", "?search=NUMBER", Kind::Client),
    ("/clients/export", "", Kind::Client),
    ("/deals", "?limit=500", Kind::Deal),
    ("/recordings", "?limit=500", Kind::Recording),
    ("/requests", "?limit=500", Kind::Request),
    ("/schedules", "", Kind::Schedule),
    ("/voicemails", "?limit=500", Kind::Message),
];

/// The same routes asked for something that needs another right.
const VARIANTS: &[(Method, &str)] = &[
    (Method::GET, "/recordings/{id}/media?download=true"),
    (Method::POST, "/recordings/{id}/link?download=true"),
];

fn described() -> Vec<(Method, String)> {
    let text = frontdesk::http::openapi::description().to_pretty_json().unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        // what is open to everybody, or to whoever has a link, is no matter of roles
        let open = |path: &&str| path.starts_with("/widget") || path.starts_with("/media/");
        let Some(path) = path.strip_prefix("/api/v1").filter(|path| !open(path)) else {
            continue;
        };
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            routes.push((method, path.to_owned()));
        }
    }
    routes.retain(|(_, path)| path != "/login" && path != "/logout");
    routes.extend(
        VARIANTS
            .iter()
            .map(|(method, path)| (method.clone(), (*path).to_owned())),
    );
    routes.sort_by(|one, other| (&one.1, one.0.as_str()).cmp(&(&other.1, other.0.as_str())));
    routes
}

/// What the id in a path belongs to, where that is somebody's.
fn kind_of(path: &str) -> Option<Kind> {
    if path == "/calls/{id}/hangup" {
        return Some(Kind::Ringing);
    }
    let (list, _) = path.split_once("/{id}")?;
    Some(match list {
        "/calls" => Kind::Call,
        "/client-notes" => Kind::Note,
        "/clients" => Kind::Client,
        "/deals" => Kind::Deal,
        "/phone-book" | "/staff" => Kind::Person,
        "/recordings" => Kind::Recording,
        "/requests" => Kind::Request,
        "/schedules" => Kind::Schedule,
        "/voicemails" => Kind::Message,
        _ => return None,
    })
}

fn said(status: u16, what: &str) -> &'static str {
    match status {
        403 => "no",
        404 => "none",
        200..=399 | 400 | 409 | 410 | 412 | 415 | 422 => "yes",
        _ => panic!("{what}: {status}"),
    }
}

/// Whether a list, or a file, shows the thing.
async fn shown(caller: &Caller, (path, query): (&str, &str), thing: &Thing) -> &'static str {
    let query = query.replace("NUMBER", &thing.digits);
    let answer = caller.get(&format!("{path}{query}")).await;
    if answer.status != 200 {
        return said(answer.status, path);
    }
    let mark = match path.ends_with("/export") {
        true => &thing.digits,
        false => &thing.id,
    };
    match String::from_utf8_lossy(&answer.bytes).contains(mark.as_str()) {
        true => "yes",
        false => "none",
    }
}

impl House {
    /// What a route says to somebody, of a thing of an owner's; `None`: it is about nobody's.
    async fn says(&mut self, (method, path): (&Method, &str), asker: usize, owner: Option<usize>) -> &'static str {
        let what = format!("{} {method} {path}", self.askers[asker].name);
        let list = LISTS.iter().find(|(list, ..)| *list == path && method == Method::GET);
        let kind = list.map(|(.., kind)| *kind).or_else(|| kind_of(path));
        let (Some(kind), Some(owner)) = (kind, owner) else {
            let asked = path.replace("{id}", ID);
            return said(status(&self.askers[asker].caller, method, &asked).await, &what);
        };
        // hours that somebody has are not deleted
        let ends = method == Method::DELETE && path.ends_with("{id}") || path.ends_with("/erase");
        let destroys = ends && kind != Kind::Schedule;
        let thing = self.thing(kind, destroys, (asker, owner)).await;
        if let Some((path, query, _)) = list {
            return shown(&self.askers[asker].caller, (path, query), &thing).await;
        }
        if kind == Kind::Person {
            self.before((method, path), &thing).await;
        }
        let asked = path.replace("{id}", &thing.id);
        let status = status(&self.askers[asker].caller, method, &asked).await;
        if kind == Kind::Person {
            self.after((method, path), asker, &thing).await;
        }
        said(status, &what)
    }
}

/// For whose things a route has lines.
fn owners(method: &Method, path: &str) -> &'static [&'static str] {
    let is_list = method == Method::GET && LISTS.iter().any(|(list, ..)| *list == path);
    match kind_of(path) {
        Some(Kind::Person) => &PEOPLE,
        Some(_) => &OWNERS,
        None if is_list => &OWNERS,
        None => &[],
    }
}

#[tokio::test]
async fn every_role_is_answered_at_every_route_as_was_agreed() {
    let mut house = House::open().await;
    let mut table = String::from(HEAD);
    let mut line = |title: &str, cells: &[&str]| {
        write!(table, "{title:<57}").unwrap();
        for cell in cells {
            write!(table, " {cell:<12}").unwrap();
        }
        table = table.trim_end().to_owned() + "\n";
    };
    let names: Vec<String> = house.askers.iter().map(|asker| asker.name.clone()).collect();
    line("", &names.iter().map(String::as_str).collect::<Vec<_>>());
    for (method, path) in described() {
        let owners = owners(&method, &path);
        let lines = owners.iter().enumerate().map(|(at, owner)| (Some(at), *owner));
        let lines: Vec<(Option<usize>, &str)> = lines.collect();
        let lines = if lines.is_empty() { vec![(None, "")] } else { lines };
        for (owner, whose) in lines {
            let mut cells = Vec::new();
            for asker in 0..names.len() {
                cells.push(house.says((&method, &path), asker, owner).await);
            }
            line(&format!("{method} {path} {whose}"), &cells);
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
