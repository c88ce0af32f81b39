//! How phones are set up, on the running daemon: instructions with a person's values, and files by a link of one use.

use std::time::Duration;

use frontdesk_sip::flow::Transport;
use frontdesk_tests::baresip::{Baresip, Line};
use frontdesk_tests::house::{House, alone, id, visit};
use frontdesk_tests::office::{Answer, Caller};
use frontdesk_tests::ports::eventually;
use reqwest::Method;
use serde_json::{Value, json};

const MODELS: [&str; 8] = [
    "yealink",
    "grandstream",
    "snom",
    "fanvil",
    "linphone",
    "zoiper",
    "microsip",
    "baresip",
];

async fn somebody(house: &House) -> Value {
    house
        .hire(json!({ "surname": "Sokolova", "given_name": "Anna", "short_number": house.short() }))
        .await
}

/// New SIP data of somebody: what is told once.
async fn generate(house: &House, member: &Value) -> Value {
    house
        .main
        .do_(&format!("/staff/{}/sip", id(member)))
        .await
        .expect(201)
        .body
}

fn link(sip: &Value, model: &str) -> String {
    let links = sip["provisioning"]["links"].as_array().unwrap();
    let link = links.iter().find(|link| link["model"] == model).unwrap();
    link["url"].as_str().unwrap().to_owned()
}

/// As a phone does: without a login.
async fn fetch(house: &House, url: &str) -> Answer {
    let path = url.strip_prefix(&house.daemon.base()).unwrap();
    Caller::at(&house.daemon.base()).get(&format!("/{path}")).await
}

/// Row L50.
#[test]
fn l50_each_model_has_instructions_with_the_persons_values_and_never_the_password() {
    visit(async |house| {
        let member = somebody(house).await;
        let path = format!("/staff/{}/sip/instructions", id(&member));
        house.main.get(&path).await.expect(404);
        let sip = generate(house, &member).await;
        for model in MODELS {
            let answer = house.main.get(&format!("{path}?model={model}")).await.expect(200).body;
            let [instruction] = answer["items"].as_array().unwrap().as_slice() else {
                panic!("{answer}")
            };
            let text = instruction["fields"].to_string();
            let port = house.daemon.sip.port().to_string();
            for value in [sip["user"].as_str().unwrap(), sip["server"].as_str().unwrap(), &port] {
                assert!(text.contains(value), "{model} {value}: {text}");
            }
            assert!(!text.contains(sip["password"].as_str().unwrap()));
            assert!(
                instruction["fields"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|field| field["value"].is_null())
            );
            assert!(instruction["link"].as_str().unwrap().starts_with("https://"), "L49");
        }
        house.main.get(&format!("{path}?model=nokia")).await.expect(400);
    });
}

/// Row L50.
#[test]
fn l50_instructions_are_in_the_readers_language() {
    visit(async |house| {
        let member = somebody(house).await;
        generate(house, &member).await;
        let path = format!("/staff/{}/sip/instructions?model=yealink", id(&member));
        let russian = house
            .main
            .clone()
            .with("accept-language", "ru")
            .get(&path)
            .await
            .expect(200);
        assert!(russian.text("/items/0/place").contains("Страница телефона"));
        let english = house.main.get(&path).await.expect(200);
        assert!(english.text("/items/0/place").contains("own page"));
    });
}

#[test]
fn l49_each_link_gives_the_settings_with_the_password_in_its_makers_format() {
    visit(async |house| {
        for (model, file, kind) in [
            ("yealink", "805ec0112233.cfg", "text/plain"),
            ("grandstream", "", "application/xml"),
            ("snom", "", "application/xml"),
            ("fanvil", "0c383e112233.cfg", "text/plain"),
            ("linphone", "", "application/xml"),
            ("microsip", "", "text/plain"),
            ("baresip", "", "text/plain"),
        ] {
            let member = somebody(house).await;
            let sip = generate(house, &member).await;
            let answer = fetch(house, &format!("{}{file}", link(&sip, model))).await.expect(200);
            assert!(answer.header("content-type").starts_with(kind), "{model}");
            assert_eq!(answer.header("cache-control"), "no-store");
            let text = String::from_utf8(answer.bytes).unwrap();
            for field in ["user", "password", "server"] {
                assert!(text.contains(sip[field].as_str().unwrap()), "{model} {field}: {text}");
            }
            let audit = house
                .main
                .get(&format!("/audit?entity_id={}", id(&member)))
                .await
                .expect(200)
                .body;
            assert!(audit.to_string().contains("sip.provisioned"), "{model}");
        }
    });
}

#[test]
fn l49_a_link_is_good_for_one_use_and_all_links_of_a_password_end_together() {
    visit(async |house| {
        let sip = generate(house, &somebody(house).await).await;
        fetch(house, &link(&sip, "linphone")).await.expect(200);
        for url in [
            link(&sip, "linphone"),
            link(&sip, "snom"),
            format!("{}805ec0112233.cfg", link(&sip, "yealink")),
        ] {
            fetch(house, &url).await.expect(404);
        }
    });
}

#[test]
fn l49_a_phone_that_asks_for_other_files_first_still_gets_its_own() {
    visit(async |house| {
        let sip = generate(house, &somebody(house).await).await;
        let base = link(&sip, "yealink");
        for other in ["y000000000000.boot", "y000000000058.cfg", "805ec0112233.boot"] {
            fetch(house, &format!("{base}{other}")).await.expect(404);
        }
        let path = format!("/{}805ec0112233.cfg", base.strip_prefix(&house.daemon.base()).unwrap());
        let asked = Caller::at(&house.daemon.base()).send(Method::HEAD, &path, None).await;
        assert_eq!(asked.status, 405, "who only looks uses nothing up");
        fetch(house, &format!("{base}805ec0112233.cfg")).await.expect(200);
    });
}

#[test]
fn l49_a_hardware_address_alone_opens_nothing_and_an_older_password_has_no_link() {
    visit(async |house| {
        let member = somebody(house).await;
        let old = generate(house, &member).await;
        let path = format!("/staff/{}/sip/rotate", id(&member));
        let new = house.main.do_(&path).await.expect(200).body;
        fetch(house, &link(&old, "snom")).await.expect(404);
        for path in [
            "//provision/x/yealink/805ec0112233.cfg",
            "//provision/yealink/805ec0112233.cfg",
        ] {
            Caller::at(&house.daemon.base()).get(path).await.expect(404);
        }
        let text = fetch(house, &link(&new, "snom")).await.expect(200).bytes;
        assert!(
            String::from_utf8(text)
                .unwrap()
                .contains(new["password"].as_str().unwrap())
        );
    });
}

#[test]
fn l49_no_link_outlives_the_daemon_and_no_file_of_it_holds_the_password() {
    alone(async |house| {
        let member = somebody(house).await;
        let sip = generate(house, &member).await;
        let password = sip["password"].as_str().unwrap();
        assert!(!house.daemon.log().contains(password));
        let mut folders = vec![house.daemon.folder().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    let bytes = std::fs::read(&entry).unwrap();
                    assert!(
                        !bytes.windows(password.len()).any(|part| part == password.as_bytes()),
                        "{entry:?}"
                    );
                }
            }
        }
    });
}

#[test]
fn l49_l48_a_real_baresip_registers_with_the_line_that_its_link_gives() {
    visit(async |house| {
        let member = somebody(house).await;
        let sip = generate(house, &member).await;
        let line = fetch(house, &link(&sip, "baresip")).await.expect(200).bytes;
        let line = String::from_utf8(line).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let word = |field: &str| sip[field].as_str().unwrap().to_owned();
        let started = Line {
            user: word("user"),
            secret: word("password"),
            server: house.daemon.sip,
            transport: "udp",
            tone: 440.0,
        };
        let phone = Baresip::start_by(folder.path(), started, &line).await.unwrap();
        let online = async || (house.member(&member).await["sip_status"] == "online").then_some(());
        eventually("baresip to be online", Duration::from_secs(10), online)
            .await
            .unwrap();
        phone.quit().await.unwrap();
    });
}

#[test]
fn l48_a_phone_registers_with_what_a_file_says_and_not_with_another_password() {
    visit(async |house| {
        let member = somebody(house).await;
        let sip = generate(house, &member).await;
        let mut wrong = sip.clone();
        wrong["password"] = json!("guessed");
        assert!(house.wire_phone(Transport::Udp, &wrong).await.register().await.is_err());
        assert_eq!(house.member(&member).await["sip_status"], "offline");
        house.wire_phone(Transport::Udp, &sip).await.register().await.unwrap();
    });
}
