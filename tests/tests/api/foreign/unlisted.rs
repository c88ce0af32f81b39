//! What is served to phones and to anybody without a login and is not in the description: nothing of it is another
//! company's, by whatever id it is asked for.

use frontdesk_sip::auth::{Answering, Login, answer};
use frontdesk_tests::office::{Answer, Caller, Office};
use reqwest::Method;
use serde_json::Value;

use super::company::Company;
use super::{PATHS, Walk};

/// The router's own routes; the others are in the description, or pages.
const ROUTER: &str = include_str!("../../../../daemon/src/http/mod.rs");

/// Each of these routes as it is asked, `*` for the id; whether there is something in it for everybody.
const UNLISTED: &[(&str, &[&str], bool)] = &[
    ("/metrics", &["/metrics?of=*"], true),
    ("/static/{name}", &["/static/*", "/static/*.css"], false),
    ("/widget.js", &["/widget.js?site=*"], true),
    // a browser asks whether a page may ask
    ("/api/v1/widget/{key}/requests", &["/api/v1/widget/*/requests"], true),
    ("/ws", &["/ws?*"], false),
    (
        "/directory/{maker}/{file}",
        &["/directory/*/company.xml", "/directory/snom/*", "/directory/snom/*.xml"],
        false,
    ),
    (
        "/provision/{token}/{model}/{file}",
        &[
            "/provision/*/linphone/linphone.xml",
            "/provision/*/yealink/805ec0112233.cfg",
            "/provision/x/snom/*",
        ],
        false,
    ),
];

/// All that a company has an id of.
fn all(company: &Company) -> Vec<String> {
    let kinds = PATHS
        .iter()
        .map(|(_, kind)| *kind)
        .chain(["site key", "connected number"]);
    let ids = kinds.flat_map(|kind| company.ids(kind).iter().cloned());
    ids.chain([company.account.to_string(), company.mark.word.to_owned()])
        .collect()
}

#[tokio::test]
async fn no_route_beside_the_description_shows_another_companys_records() {
    let walk = Walk::begin().await;
    let routes = ROUTER
        .lines()
        .filter_map(|line| line.trim().strip_prefix(".route(\"")?.split_once('"'));
    let routes: Vec<&str> = routes.map(|(path, _)| path).collect();
    let known: Vec<&str> = UNLISTED.iter().map(|(route, _, _)| *route).collect();
    assert_eq!(routes, known, "say how each route is asked");
    let nobody = walk.office.nobody();
    let mut wrong = Vec::new();
    for (_, asked, for_everybody) in UNLISTED {
        for path in asked
            .iter()
            .flat_map(|path| all(&walk.theirs).into_iter().map(|id| path.replace('*', &id)))
        {
            let path = format!("/{}", path.replace('+', "%2B"));
            for (caller, method) in [
                (&nobody, Method::GET),
                (&walk.ours.chief, Method::GET),
                (&nobody, Method::OPTIONS),
            ] {
                let answer = caller.send(method.clone(), &path, None).await;
                let told = walk.theirs.told_by(&answer, &path);
                let had = (200..300).contains(&answer.status) && !for_everybody;
                if had || answer.status >= 500 || told.is_some() {
                    wrong.push(format!("{method} {path}: {} {told:?}", answer.status));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// New data of the phone of a company's person.
async fn phone(company: &Company) -> Value {
    let path = format!("/staff/{}/sip/rotate", company.ids("staff")[0]);
    company.chief.do_(&path).await.expect(200).body
}

/// A phone asks for this and shows whose it is when it is challenged.
async fn fetch(office: &Office, path: &str, phone: &Value) -> Answer {
    let nobody: Caller = office.nobody();
    let asked = nobody.get(&format!("/{path}")).await.expect(401);
    let challenge = asked.header("www-authenticate").to_owned();
    let login = Login {
        user: phone["user"].as_str().unwrap(),
        secret: phone["password"].as_str().unwrap(),
    };
    let answering = Answering {
        method: "GET",
        uri: path,
        cnonce: "0a4f113b",
        count: 1,
    };
    let value = answer([challenge.as_bytes()], &login, &answering).expect("a challenge");
    nobody.with("authorization", &value).get(&format!("/{path}")).await
}

#[tokio::test]
async fn a_phone_reads_the_book_and_the_clients_of_its_own_company() {
    let walk = Walk::begin().await;
    let (ours, theirs) = (&walk.ours, &walk.theirs);
    let (our_phone, their_phone) = (phone(ours).await, phone(theirs).await);
    let word = theirs.mark.word;
    let digits = theirs.mark.digits.trim_start_matches('+');
    let mut searches = vec![String::new(), word.to_owned(), digits.to_owned()];
    searches.extend(["staff", "client", "department"].map(|kind| theirs.id(kind).to_owned()));
    for maker in ["yealink", "grandstream", "snom", "fanvil"] {
        for file in ["company.xml", "clients.xml"] {
            for search in &searches {
                let path = format!("/directory/{maker}/{file}?search={search}");
                let answer = fetch(&walk.office, &path, &our_phone).await.expect(200);
                assert_eq!(theirs.told_by(&answer, &path), None, "{path}");
            }
            let path = format!("/directory/{maker}/{file}");
            let answer = fetch(&walk.office, &path, &our_phone).await.expect(200);
            assert!(ours.told_by(&answer, &path).is_some(), "{path}");
            let answer = fetch(&walk.office, &path, &their_phone).await.expect(200);
            assert!(theirs.told_by(&answer, &path).is_some(), "{path}");
        }
    }
}

#[tokio::test]
async fn the_link_of_a_phone_leads_to_no_other_companys_phone() {
    let walk = Walk::begin().await;
    let (ours, theirs) = (&walk.ours, &walk.theirs);
    let (our_phone, their_phone) = (phone(ours).await, phone(theirs).await);
    let links = our_phone["provisioning"]["links"].as_array().unwrap();
    let link = links.iter().find(|link| link["model"] == "yealink").unwrap();
    let (_, token) = link["url"].as_str().unwrap().split_once("/provision/").unwrap();
    let nobody = walk.office.nobody();
    let user = their_phone["user"].as_str().unwrap().to_owned();
    for id in all(theirs).into_iter().chain([user]) {
        for name in [
            id.clone(),
            format!("{id}.cfg"),
            format!("../../{id}/yealink/805ec0112233.cfg"),
        ] {
            let path = format!("//provision/{token}{}", name.replace('+', "%2B"));
            let answer = nobody.get(&path).await;
            assert_eq!((answer.status, theirs.told_by(&answer, &path)), (404, None), "{path}");
        }
    }
    let path = format!("//provision/{token}805ec0112233.cfg");
    let answer = nobody.get(&path).await.expect(200);
    assert_eq!(theirs.told_by(&answer, &path), None);
    let text = String::from_utf8_lossy(&answer.bytes).into_owned();
    assert!(text.contains(our_phone["user"].as_str().unwrap()));
    assert!(!text.contains(their_phone["user"].as_str().unwrap()));
}
