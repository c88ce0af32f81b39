//! The running daemon keeps a client's number from whom it is hidden: on the phone, by HTTP, in its events, in its files and
//! in its log.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_sip::wire::Message;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::digits::found_in;
use frontdesk_tests::document::{operations, pages};
use frontdesk_tests::office::{Answer, Caller, Stream};
use frontdesk_tests::ports::{self, eventually};
use frontdesk_tests::wire::{WirePhone, sdp};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::UdpSocket;

const CLIENT: &str = "+79161234567";
const OWN: &str = "+74957654321";
const STUB: &str = "+78123893298";
const SERVER: &str = "pbx.example";
const PASSWORD: &str = "correct horse";
const PATIENCE: Duration = Duration::from_secs(20);
const SDP: &str = "Content-Type: application/sdp\r\n";
/// Audio for the greeting of a mailbox, its tone, and some seconds of a message: 20 ms each.
const PACKETS: u16 = 450;
/// What can be asked for besides all that a path gives by itself.
const QUESTIONS: &[(&str, &str)] = &[
    ("all", "true"),
    ("deleted", "true"),
    ("download", "true"),
    ("format", "csv"),
    ("format", "vcard"),
    ("lang", "ru"),
    ("limit", "500"),
    ("scope", "all"),
];

struct Office {
    daemon: Daemon,
    /// Who sees everything.
    main: Caller,
    /// Boris, who takes calls, and Olga, an administrator: numbers are hidden from both.
    masked: [Caller; 2],
    boris: String,
    his: WirePhone,
    gateway: WirePhone,
    /// All that his phone was sent.
    shown: Vec<String>,
}

async fn phone(daemon: &Daemon, sip: &Value) -> Result<WirePhone> {
    let word = |field: &str| sip[field].as_str().unwrap_or_default().to_owned();
    let mut phone = daemon.phone(&word("user"), &word("password")).await?;
    phone.register().await?;
    Ok(phone)
}

fn text(message: &Message) -> String {
    String::from_utf8_lossy(message.bytes()).into_owned()
}

/// A description of audio with that direction; each is another version.
fn described(port: u16, version: u32, direction: &str) -> String {
    let text = sdp(port).replace("o=- 1 1", &format!("o=- 1 {version}"));
    format!("{text}a={direction}\r\n")
}

/// Agrees to what the other end wants of the audio from now on; gives what was asked.
async fn agrees(phone: &mut WirePhone, (port, version): (u16, u32)) -> Result<Message> {
    let asked = phone.request_of("INVITE").await?;
    let direction = match text(&asked).contains("a=sendonly") {
        true => "recvonly",
        false => "sendrecv",
    };
    let headers = format!("Contact: <{}>\r\n{SDP}", phone.contact());
    let body = described(port, version, direction);
    phone.respond(&asked, 200, (&headers, &body)).await?;
    phone.request_of("ACK").await?;
    Ok(asked)
}

/// The client calls: where, and as whom, whose name holds the digits, too.
fn called() -> (String, String) {
    let headers = format!("P-Asserted-Identity: \"89161234567\" <sip:{CLIENT}@{SERVER}>\r\n{SDP}");
    (format!("sip:{OWN}@{SERVER}"), headers)
}

impl Office {
    async fn open() -> Result<Office> {
        let daemon = Daemon::start(&[]).await?;
        let (login, password) = daemon.credentials.clone();
        let main = Caller::log_in(&daemon.base(), &login, &password).await;
        let joins = async |name: &str, short: &str, role: &str| {
            let person = json!({ "surname": name, "login": name, "password": PASSWORD, "role": role, "raise_card": true,
                "short_number": short, "email": "staff@shop.example", "hide_client_number": true });
            let person = main.post("/staff", person).await.expect(201);
            let login = person.text("/effective_login").to_owned();
            let session = Caller::log_in(&daemon.base(), &login, PASSWORD).await;
            (session, person.text("/id").to_owned())
        };
        let (his_session, boris) = joins("boris", "105", "supervisor").await;
        let (hers, _) = joins("olga", "106", "admin").await;
        let sip = main.do_(&format!("/staff/{boris}/sip")).await.expect(201).body;
        let his = phone(&daemon, &sip).await?;
        let line = main.post("/trunks", json!({ "name": "In" })).await.expect(201).body;
        let gateway = phone(&daemon, &line["sip"]).await?;
        let connected = json!({ "number": OWN, "staff_id": boris });
        main.post("/numbers", connected).await.expect(201);
        let client = json!({ "name": "Ivanov", "number": CLIENT });
        main.post("/clients", client).await.expect(201);
        let mailbox = json!({ "staff_id": boris, "language": "en" });
        main.post("/mailboxes", mailbox).await.expect(201);
        let notices = json!({ "email": true, "language": "en" });
        let path = format!("/staff/{boris}/notices");
        main.put(&path, notices).await.expect(200);
        Ok(Office {
            main,
            masked: [his_session, hers],
            boris,
            his,
            gateway,
            shown: Vec::new(),
            daemon,
        })
    }

    /// The client talks to Boris, and each of them holds the other for a while.
    async fn talk(&mut self) -> Result<()> {
        let (to, headers) = called();
        let (his, offer) = (&mut self.his, sdp(42_000));
        let rings = async {
            let invite = his.request_of("INVITE").await?;
            his.respond(&invite, 180, ("", "")).await?;
            let headers = format!("Contact: <{}>\r\n{SDP}", his.contact());
            his.respond(&invite, 200, (&headers, &sdp(42_002))).await?;
            let ack = his.request_of("ACK").await?;
            anyhow::Ok([invite, ack])
        };
        let (answer, rang) = tokio::join!(self.gateway.ask("INVITE", &to, (&headers, &offer)), rings);
        let (answer, [invite, ack]) = (answer?, rang?);
        ensure!(answer.status() == Some(200), "{:?}", answer.status());
        let first = text(&invite);
        ensure!(first.contains(&format!("From: \"Ivanov\" <sip:{STUB}@")), "{first}");
        self.shown.extend([first, text(&ack)]);
        for (version, direction) in [(2, "sendonly"), (3, "sendrecv")] {
            let (body, headers) = (described(42_002, version, direction), contact(&self.his));
            let holds = self.his.ask_caller("UPDATE", &invite, (&headers, &body));
            let (told, agreed) = tokio::join!(holds, agrees(&mut self.gateway, (42_000, version)));
            let (told, _) = (told?, agreed?);
            ensure!(told.status() == Some(200), "{:?}", told.status());
            self.shown.push(text(&told));
        }
        for (count, direction) in [(1, "sendonly"), (2, "sendrecv")] {
            let (body, headers) = (described(42_000, count + 3, direction), contact(&self.gateway));
            let holds = self.gateway.ask_callee(("UPDATE", count), &answer, (&headers, &body));
            let (told, agreed) = tokio::join!(holds, agrees(&mut self.his, (42_002, count + 3)));
            ensure!(told?.status() == Some(200));
            self.shown.push(text(&agreed?));
        }
        let is_left = async {
            let bye = self.gateway.request_of("BYE").await?;
            self.gateway.respond(&bye, 200, ("", "")).await
        };
        let (told, left) = tokio::join!(self.his.ask_caller("BYE", &invite, ("", "")), is_left);
        left?;
        self.shown.push(text(&told?));
        Ok(())
    }

    /// The client calls Boris, who is busy.
    async fn miss(&mut self) -> Result<()> {
        let (to, headers) = called();
        let offer = sdp(42_000);
        let busy = async {
            let invite = self.his.request_of("INVITE").await?;
            self.his.respond(&invite, 486, ("", "")).await?;
            anyhow::Ok(invite)
        };
        let (answer, invite) = tokio::join!(self.gateway.ask("INVITE", &to, (&headers, &offer)), busy);
        ensure!(answer?.status() == Some(486));
        self.shown.push(text(&invite?));
        Ok(())
    }

    /// The client leaves a message for Boris.
    async fn leave_a_message(&mut self) -> Result<()> {
        let forwarding = json!({ "always": "voicemail" });
        let path = format!("/staff/{}/forwarding", self.boris);
        self.main.put(&path, forwarding).await.expect(200);
        let (to, headers) = called();
        let audio = UdpSocket::bind(("127.0.0.1", ports::free_udp_and_tcp()?)).await?;
        let offer = sdp(audio.local_addr()?.port());
        let answer = self.gateway.ask("INVITE", &to, (&headers, &offer)).await?;
        ensure!(answer.status() == Some(200), "{:?}", answer.status());
        speak(&audio, &answer).await?;
        self.gateway.hang_up(&answer).await?;
        let kept = async || {
            let messages = self.main.get("/voicemails").await.body;
            (messages["items"].as_array()?.len() == 1).then_some(())
        };
        eventually("the message in the mailbox", PATIENCE, kept)
            .await
            .with_context(|| self.daemon.log())
    }

    /// Waits until a talk and its recording, a missed call and a message are in the records.
    async fn is_written_down(&self) -> Result<()> {
        let look = async || {
            let calls = self.main.get("/calls").await.body;
            let calls = calls["items"].as_array()?.clone();
            let over = calls.len() == 3 && calls.iter().all(|call| call["ended_at"].is_string());
            let ready = self.main.get("/recordings?state=ready").await.body;
            let notices = self.main.get("/notices").await.body;
            let some = |list: &Value| list["items"].as_array().is_some_and(|items| !items.is_empty());
            (over && some(&ready) && some(&notices)).then_some(())
        };
        eventually("the calls in the records", PATIENCE, look)
            .await
            .with_context(|| self.daemon.log())
    }

    /// All that the description of the API lets somebody read, and all pages, with the ids that are in the lists.
    async fn readable(&self) -> Vec<String> {
        let document = self.main.get("/openapi.json").await.expect(200).body;
        let described = operations(&document).into_iter().map(|operation| (operation, ""));
        let all = described.chain(pages().into_iter().map(|page| (page, "/")));
        let mut paths = Vec::new();
        // the one never ends, and is listened to beside the walk
        for (operation, root) in all.filter(|(operation, _)| operation.path != "/events") {
            if operation.method != Method::GET {
                continue;
            }
            let places = match operation.path.split_once("/{") {
                Some((list, _)) => self.ids(list).await.iter().map(|id| operation.at(id)).collect(),
                None => vec![operation.path.clone()],
            };
            for place in places {
                let known = |name: &str| operation.query.iter().any(|known| known == name);
                let asked = QUESTIONS.iter().filter(|(name, _)| known(name));
                paths.extend(asked.map(|(name, value)| format!("{root}{place}?{name}={value}")));
                paths.push(format!("{root}{place}"));
            }
        }
        paths
    }

    /// Of what a list has.
    async fn ids(&self, list: &str) -> Vec<String> {
        let listed = self.main.get(list).await.body;
        let items = listed["items"].as_array().cloned().unwrap_or_default();
        let id = |item: &Value| item["id"].as_str().map(str::to_owned);
        items.iter().filter_map(id).collect()
    }
}

fn contact(phone: &WirePhone) -> String {
    format!("Contact: <{}>\r\n{SDP}", phone.contact())
}

/// A tone of 400 Hz as loud as A-law can, to where the answer wants it.
async fn speak(audio: &UdpSocket, answer: &Message) -> Result<()> {
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    let port = body.split("m=audio ").nth(1).and_then(|rest| rest.split(' ').next());
    let port: u16 = port.context("no audio")?.parse()?;
    audio.connect(("127.0.0.1", port)).await?;
    let wave: Vec<u8> = (0..160).map(|at| if at % 20 < 10 { 0xAA } else { 0x2A }).collect();
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    for number in 0..PACKETS {
        pace.tick().await;
        let mut packet = vec![0x80, 8];
        packet.extend(number.to_be_bytes());
        packet.extend((u32::from(number) * 160).to_be_bytes());
        packet.extend(7_u32.to_be_bytes());
        packet.extend(&wave);
        // a port that is closed already is told here
        audio.send(&packet).await.ok();
    }
    Ok(())
}

/// The digits that an answer holds, with what stands around them.
fn digits_in(answer: &Answer) -> Option<String> {
    let text = format!("{:?}\n{}", answer.headers, String::from_utf8_lossy(&answer.bytes));
    found_in(&text, CLIENT)
}

/// What a stream has told to the end of so many calls.
async fn told(stream: &mut Stream, calls: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut ended = 0;
    while ended < calls {
        let next = stream.next().await;
        ended += usize::from(next.name == "call.ended");
        all.push(format!("{next:?}"));
    }
    all
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Neither the names nor the contents of recordings hold the digits, nor does the log.
fn files_are_clean(daemon: &Daemon) -> Result<()> {
    let mut kept = Vec::new();
    files(&daemon.folder().join("data").join("recordings"), &mut kept);
    files(&daemon.folder().join("recordings"), &mut kept);
    ensure!(!kept.is_empty(), "no recording in {:?}", daemon.folder());
    for path in kept {
        ensure!(found_in(&path.to_string_lossy(), CLIENT).is_none(), "{path:?}");
        let bytes = std::fs::read(&path)?;
        ensure!(found_in(&String::from_utf8_lossy(&bytes), CLIENT).is_none(), "{path:?}");
    }
    ensure!(found_in(&daemon.log(), CLIENT).is_none(), "{}", daemon.log());
    Ok(())
}

/// L43: a talk with hold, a missed call and a message, and then all that a member and an administrator can read of them.
#[tokio::test]
async fn l43_the_running_daemon_gives_the_digits_away_nowhere() -> Result<()> {
    let mut office = Office::open().await?;
    let mut streams = Vec::new();
    for masked in &office.masked {
        streams.push(Stream::open(masked.request(Method::GET, "/events")).await);
    }
    office.talk().await?;
    office.miss().await?;
    office.leave_a_message().await?;
    office.is_written_down().await?;
    for shown in &office.shown {
        ensure!(found_in(shown, CLIENT).is_none(), "{shown}");
    }
    ensure!(office.shown.len() > 6, "{:?}", office.shown);
    let mut heard = Vec::new();
    for stream in &mut streams {
        heard.extend(told(stream, 3).await);
    }
    for event in &heard {
        ensure!(found_in(event, CLIENT).is_none(), "{event}");
    }
    for name in ["call.card", "call.held", "call.answered"] {
        ensure!(heard.iter().any(|event| event.contains(name)), "no {name}: {heard:?}");
    }

    let (mut good, mut seen, mut wrong) = (0, Vec::new(), Vec::new());
    for path in office.readable().await {
        for masked in &office.masked {
            let answer = masked.get(&path).await;
            good += usize::from(answer.status < 300);
            if answer.status >= 500 {
                wrong.push(format!("{path}: {}", answer.status));
            }
            wrong.extend(digits_in(&answer).map(|digits| format!("{path}: {digits}")));
        }
        if digits_in(&office.main.get(&path).await).is_some() {
            seen.push(path);
        }
    }
    ensure!(wrong.is_empty(), "{wrong:#?}");
    ensure!(good > 150, "only {good} answers");
    for part in [
        "/calls",
        "/calls/",
        "/calls/export",
        "/calls/missed",
        "/clients/",
        "/clients/export",
        "/voicemails",
        "/timeline",
        "//calls",
        "//clients",
        "//voicemail",
    ] {
        let there = seen.iter().any(|path| path.contains(part));
        ensure!(there, "who sees everything sees none at {part}: {seen:?}");
    }
    files_are_clean(&office.daemon)?;
    office.daemon.stop().await
}
