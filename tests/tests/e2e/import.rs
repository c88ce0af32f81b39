//! How far a large file has come in, as the running daemon tells it.

use anyhow::{Result, ensure};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::office::{Caller, Stream};
use reqwest::Method;
use serde_json::json;

use crate::accounts::word_after;

const ROWS: u64 = 7_000;

async fn events(caller: &Caller) -> Stream {
    Stream::open(caller.request(Method::GET, "/events")).await
}

/// Brings a file in and gives what is told of it until it has ended: how many rows are done, of how many.
async fn bring(main: &Caller, query: &str, file: &str) -> Vec<(u64, u64)> {
    let mut stream = events(main).await;
    let path = format!("/imports?{query}");
    let file = file.as_bytes().to_vec();
    let started = main.raw(Method::POST, &path, "text/csv", file).await.expect(202);
    let mut told = Vec::new();
    loop {
        let event = stream.next().await;
        let number = |field: &str| event.data[field].as_u64().unwrap();
        if event.name == "import.progress" {
            told.push((number("done"), number("total")));
        }
        if event.name.starts_with("import.") {
            assert_eq!(event.data["import_id"].as_str(), Some(started.text("/id")), "{event:?}");
        }
        if event.name == "import.ended" {
            return told;
        }
    }
}

/// L55: it only ever grows and reaches the end, and nobody hears of it who may bring nothing in.
#[tokio::test]
async fn l55_how_far_a_file_is_is_told_to_the_end_to_whoever_may_bring_it_in() -> Result<()> {
    let daemon = Daemon::start(&["101"]).await?;
    let (login, password) = &daemon.credentials;
    let main = Caller::log_in(&daemon.base(), login, password).await;
    let password = "correct horse";
    let new = json!({ "given_name": "E", "login": "emp", "password": password, "role": "employee" });
    let made = main.post("/staff", new).await.expect(201);
    let employee = Caller::log_in(&daemon.base(), made.text("/effective_login"), password).await;
    let (code, made) = daemon.beside(&["account", "create", "--name", "Другая"]).await?;
    ensure!(code == 0, "{made}");
    daemon.look_again().await?;
    let (login, password) = (word_after(&made, "Login"), word_after(&made, "Password"));
    let stranger = Caller::log_in(&daemon.base(), &login, &password).await;
    let (mut hers, mut strangers) = (events(&employee).await, events(&stranger).await);

    let mut file = String::from("name,number,company\n");
    for row in 0..ROWS {
        file.push_str(&format!("Человек {row:04},+7916{row:07},Завод {}\n", row % 50));
    }
    for duplicates in ["refuse", "update", "skip"] {
        let told = bring(&main, &format!("duplicates={duplicates}"), &file).await;
        ensure!(told.len() > 3, "{duplicates}: {told:?}");
        ensure!(told.is_sorted(), "{duplicates}: {told:?}");
        ensure!(told.iter().all(|(_, total)| *total == ROWS), "{duplicates}: {told:?}");
        ensure!(told.last() == Some(&(ROWS, ROWS)), "{duplicates}: {told:?}");
    }
    let client = json!({ "name": "Срочный", "number": "+79171234567" });
    for (caller, stream) in [(&main, &mut hers), (&stranger, &mut strangers)] {
        caller.post("/clients", client.clone()).await.expect(201);
        loop {
            let event = stream.next().await;
            ensure!(!event.name.starts_with("import."), "{event:?}");
            if event.name == "client.changed" {
                break;
            }
        }
    }
    daemon.stop().await
}

/// L55: of staff too.
#[tokio::test]
async fn l55_how_far_a_file_of_staff_is_is_told_to_the_end() -> Result<()> {
    const PEOPLE: u64 = 700;
    let daemon = Daemon::start(&["101"]).await?;
    let (login, password) = &daemon.credentials;
    let main = Caller::log_in(&daemon.base(), login, password).await;
    let mut file = String::from("surname,short_number,position\n");
    for row in 0..PEOPLE {
        file.push_str(&format!("Person {row},{},Cashier\n", 2000 + row));
    }
    for duplicates in ["refuse", "update", "skip"] {
        let told = bring(&main, &format!("kind=staff&duplicates={duplicates}"), &file).await;
        ensure!(told.len() > 2, "{duplicates}: {told:?}");
        ensure!(told.is_sorted(), "{duplicates}: {told:?}");
        ensure!(told.iter().all(|(_, total)| *total == PEOPLE), "{duplicates}: {told:?}");
        ensure!(told.last() == Some(&(PEOPLE, PEOPLE)), "{duplicates}: {told:?}");
    }
    daemon.stop().await
}
