//! The running daemon forgets a client: in the database, in its log of changes, and in every file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::office::Caller;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use serde_json::{Value, json};

const NUMBER: &str = "+74957654321";
const CLIENT: &str = "+79161234567";
const DIGITS: &str = "9161234567";
const NAME: &str = "Константинопольская";
const PATIENCE: Duration = Duration::from_secs(20);

async fn phone(daemon: &Daemon, sip: &Value) -> Result<WirePhone> {
    let word = |field: &str| sip[field].as_str().unwrap_or_default().to_owned();
    daemon.phone(&word("user"), &word("password")).await
}

/// Anna, who is told of missed calls, and the line by which clients call her.
struct Office {
    daemon: Daemon,
    main: Caller,
    anna: WirePhone,
    gateway: WirePhone,
}

impl Office {
    async fn open() -> Result<Office> {
        let daemon = Daemon::start(&[]).await?;
        let (login, password) = daemon.credentials.clone();
        let main = Caller::log_in(&daemon.base(), &login, &password).await;
        let person = json!({ "surname": "Anna", "short_number": "105", "phone": "+79035550000",
                             "email": "anna@shop.example" });
        let anna = main.post("/staff", person).await.expect(201).body;
        let anna = anna["id"].as_str().context("no id")?.to_owned();
        let sip = main.do_(&format!("/staff/{anna}/sip")).await.expect(201).body;
        let mut annas = phone(&daemon, &sip).await?;
        annas.register().await?;
        let line = main.post("/trunks", json!({ "name": "In" })).await.expect(201).body;
        let gateway = phone(&daemon, &line["sip"]).await?;
        let number = json!({ "number": NUMBER, "staff_id": anna });
        main.post("/numbers", number).await.expect(201);
        let switches = json!({ "sms": true, "email": true, "language": "en" });
        main.put(&format!("/staff/{anna}/notices"), switches).await.expect(200);
        Ok(Office {
            daemon,
            main,
            anna: annas,
            gateway,
        })
    }

    /// The client calls Anna, who is busy.
    async fn miss(&mut self) -> Result<()> {
        let busy = async {
            let invite = self.anna.request_of("INVITE").await?;
            self.anna.respond(&invite, 486, ("", "")).await
        };
        let (to, headers) = invite();
        let offer = sdp(42_000);
        let (answer, busy) = tokio::join!(self.gateway.ask("INVITE", &to, (&headers, &offer)), busy);
        busy?;
        ensure!(answer?.status() != Some(200), "nobody has answered");
        Ok(())
    }

    /// The client calls Anna, and is erased while they talk.
    async fn erased_in_a_call(&mut self, client: &str) -> Result<()> {
        let (to, headers) = invite();
        let call = async {
            let answer = self.gateway.ask("INVITE", &to, (&headers, &sdp(42_000))).await?;
            let recorded = async || {
                let list = self.main.get("/recordings?state=recording").await.body;
                (list["items"].as_array()?.len() == 1).then_some(())
            };
            eventually("the recording to go on", PATIENCE, recorded).await?;
            self.main.do_(&format!("/clients/{client}/erase")).await.expect(204);
            self.gateway.hang_up(&answer).await
        };
        let (called, answered) = tokio::join!(call, self.anna.answers());
        answered?;
        called
    }

    /// Every file of the company that holds a text, and the first place of it.
    fn holding(&self, text: &str) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for path in files(&self.daemon.folder().join("data"))? {
            let bytes = std::fs::read(&path)?;
            if bytes.windows(text.len()).any(|part| part == text.as_bytes()) {
                found.push(path);
            }
        }
        Ok(found)
    }
}

fn invite() -> (String, String) {
    let headers = format!("P-Asserted-Identity: <sip:{CLIENT}@pbx.example>\r\nContent-Type: application/sdp\r\n");
    (format!("sip:{NUMBER}@pbx.example"), headers)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => found.extend(files(&path)?),
            false => found.push(path),
        }
    }
    Ok(found)
}

/// Row V29.
#[tokio::test]
async fn v29_an_erased_client_is_in_no_file_of_the_data_folder() -> Result<()> {
    let mut office = Office::open().await?;
    let new = json!({ "name": NAME, "number": CLIENT });
    let client = office.main.post("/clients", new).await.expect(201).body;
    office.miss().await?;
    let both = async || {
        let list = office.main.get("/notices?state=sent").await.body;
        (list["items"].as_array()?.len() == 2).then_some(())
    };
    eventually("both notices to be written", PATIENCE, both).await?;
    let notices = office.daemon.folder().join("data/notices");
    ensure!(files(&notices)?.len() == 2 && office.holding(DIGITS)?.len() > 2);
    office.erased_in_a_call(client["id"].as_str().context("no id")?).await?;
    ensure!(files(&notices)?.is_empty(), "the files are gone with the answer");
    let gone = async || {
        let deleted = office.main.get("/recordings?state=deleted").await.body;
        let sounds = files(&office.daemon.folder().join("data")).ok()?;
        let sounds = sounds
            .iter()
            .filter(|path| path.extension().is_some_and(|kind| kind == "wav"));
        (deleted["items"].as_array()?.len() == 1 && sounds.count() == 0).then_some(())
    };
    eventually("the call's recording to be gone", PATIENCE, gone)
        .await
        .with_context(|| office.daemon.log())?;
    for path in ["/calls", "/clients", "/audit", "/notices"] {
        let told = office.main.get(path).await.expect(200).body.to_string();
        ensure!(!told.contains(DIGITS) && !told.contains(NAME), "{path}: {told}");
    }
    let left = (office.holding(DIGITS)?, office.holding(NAME)?);
    ensure!(left.0.is_empty() && left.1.is_empty(), "{left:?}");
    office.daemon.stop().await
}
