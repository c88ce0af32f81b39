//! The directory that desk phones read, on the running daemon.

use frontdesk_sip::auth::{Answering, Login, answer};
use frontdesk_tests::house::{House, escaped, id, visit};
use frontdesk_tests::office::{Answer, Caller};
use serde_json::{Value, json};

const MAKERS: [&str; 4] = ["yealink", "grandstream", "snom", "fanvil"];

/// A phone asks for a file, with its SIP user and this password when it is challenged.
async fn fetch(house: &House, path: &str, (user, secret): (&str, &str)) -> Answer {
    let nobody = Caller::at(&house.daemon.base());
    let asked = nobody.get(&format!("/{path}")).await.expect(401);
    let challenge = asked.header("www-authenticate").to_owned();
    let answering = Answering {
        method: "GET",
        uri: path,
        cnonce: "0a4f113b",
        count: 1,
    };
    let value = answer([challenge.as_bytes()], &Login { user, secret }, &answering).expect("a challenge");
    nobody.with("authorization", &value).get(&format!("/{path}")).await
}

/// Somebody with a phone, and its user and password.
async fn somebody(house: &House, fields: Value) -> (Value, String, String) {
    let member = house.hire(fields).await;
    let sip = house
        .main
        .do_(&format!("/staff/{}/sip", id(&member)))
        .await
        .expect(201)
        .body;
    let word = |field: &str| sip[field].as_str().unwrap().to_owned();
    (member, word("user"), word("password"))
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.bytes.clone()).unwrap()
}

/// Row V1.
#[test]
fn v1_a_phone_reads_the_company_book_in_its_makers_format() {
    visit(async |house| {
        let (short, mobile) = (house.short(), house.number());
        let fields = json!({ "surname": "Book <&>", "short_number": short, "phone": mobile });
        let (_, user, password) = somebody(house, fields).await;
        for maker in MAKERS {
            let path = format!("/directory/{maker}/company.xml");
            let answer = fetch(house, &path, (&user, &password)).await.expect(200);
            assert!(answer.header("content-type").starts_with("text/xml"));
            let text = text(&answer);
            for wanted in ["Book &lt;&amp;&gt;", &format!(">{short}<"), &format!(">{mobile}<")] {
                assert!(text.contains(wanted), "{maker} {wanted}: {text}");
            }
        }
    });
}

/// Row V9.
#[test]
fn v9_a_phone_searches_the_company_book() {
    visit(async |house| {
        let fields = json!({ "surname": "Щукина", "short_number": house.short() });
        let (_, user, password) = somebody(house, fields).await;
        house
            .hire(json!({ "surname": "Otherwise", "short_number": house.short() }))
            .await;
        let path = format!("/directory/yealink/company.xml?search={}", escaped("щук"));
        let found = text(&fetch(house, &path, (&user, &password)).await.expect(200));
        assert!(found.contains("Щукина") && !found.contains("Otherwise"), "{found}");
    });
}

#[test]
fn nobody_reads_the_book_without_the_password_of_a_phone() {
    visit(async |house| {
        let (member, user, password) = somebody(house, json!({ "short_number": house.short() })).await;
        let path = "/directory/snom/company.xml";
        for (user, password) in [(user.as_str(), "guessed"), ("nobody", password.as_str())] {
            fetch(house, path, (user, password)).await.expect(401);
        }
        house.main.delete(&format!("/staff/{}", id(&member))).await.expect(204);
        fetch(house, path, (&user, &password)).await.expect(401);
    });
}

#[test]
fn whoever_guesses_a_password_is_stopped() {
    visit(async |house| {
        let (_, user, _) = somebody(house, json!({ "short_number": house.short() })).await;
        let path = "/directory/snom/company.xml";
        for _ in 0..5 {
            fetch(house, path, (&user, "guessed")).await.expect(401);
        }
        fetch(house, path, (&user, "guessed")).await.expect(429);
    });
}

#[test]
fn l43_clients_are_read_by_who_may_and_without_numbers_where_those_are_hidden() {
    visit(async |house| {
        let client = house.client(json!({ "name": "Listed" })).await;
        let number = client["number"].as_str().unwrap();
        let person = async |role: Value, hidden: bool| {
            let short = house.short();
            let fields = json!({ "short_number": short, "login": format!("reads{short}"), "password": "correct horse",
                                 "role": role, "hide_client_number": hidden });
            somebody(house, fields).await
        };
        let path = "/directory/yealink/clients.xml?search=Listed";
        let (_, user, password) = person(json!("employee"), false).await;
        let seen = text(&fetch(house, path, (&user, &password)).await.expect(200));
        assert!(seen.contains("Listed") && seen.contains(number), "{seen}");
        let (_, user, password) = person(json!("employee"), true).await;
        let masked = text(&fetch(house, path, (&user, &password)).await.expect(200));
        assert!(masked.contains("Listed") && !masked.contains(&number[2..]), "{masked}");
        let guess = format!("/directory/yealink/clients.xml?search={}", &number[2..]);
        let guessed = text(&fetch(house, &guess, (&user, &password)).await.expect(200));
        assert!(!guessed.contains("Listed"), "{guessed}");
        let (_, user, password) = person(json!(null), false).await;
        fetch(house, path, (&user, &password)).await.expect(403);
    });
}
