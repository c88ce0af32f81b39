//! An office: the real router on a port of its own, over a real SQLite file, with a clock that stands still.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use frontdesk::engine::input::OperatorCommand;
use frontdesk::engine::output::{BoardChange, CdrParty, LiveCall};
use frontdesk::http::{self, Clock, Parts, PlanChange, PlanHandle, PlanSection, Settings, State};
use frontdesk::live::Live;
use frontdesk_crm_core::accounts::{self, RecordingPolicy};
use frontdesk_crm_core::audit::{Actor, Author};
use frontdesk_crm_core::calls::{Call, CallDirection, Disposition, EndedBy, Leg, Party};
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::setup::{self, Beginning, FirstStart};
use frontdesk_crm_core::staff::{self, NewStaff};
use frontdesk_crm_core::store::{Db, Stamp};
use frontdesk_routing::ids::{AccountId, CallId, LegId, RecordingId};
use metrics_exporter_prometheus::PrometheusBuilder;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// 2026-11-18 11:06:40 UTC.
pub const NOON: i64 = 1_795_000_000_000;

pub struct TestClock {
    now: AtomicI64,
    random: Mutex<StdRng>,
}

impl TestClock {
    pub fn advance(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn unix_ms(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn random(&self) -> u128 {
        let mut random = self.random.lock().unwrap();
        u128::from(random.next_u64()) << 64 | u128::from(random.next_u64())
    }
}

/// What was asked of the engine's side.
#[derive(Default)]
pub struct Heard {
    pub plans: Mutex<Vec<PlanSection>>,
    pub commands: Mutex<Vec<OperatorCommand>>,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// `field code` of every fault that a problem body names, in order.
    pub fn faults(&self) -> Vec<String> {
        let fields = self.body["fields"].as_array().cloned().unwrap_or_default();
        fields
            .iter()
            .map(|fault| format!("{} {}", text(&fault["field"]), text(&fault["code"])))
            .collect()
    }

    /// Fails with the body in sight.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Somebody with or without credentials.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    base: String,
    headers: Vec<(String, String)>,
}

impl Caller {
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Caller {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn without(mut self, name: &str) -> Caller {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// POST without a body.
    pub async fn do_(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Paths are below `/api/v1`; one that begins with `//` is taken from the root.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    pub async fn raw(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        answer(self.request(method, path).header("content-type", kind).body(body)).await
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let place = path
            .strip_prefix("//")
            .map_or_else(|| format!("/api/v1{path}"), |place| format!("/{place}"));
        let mut request = self.http.request(method, format!("{}{place}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.unwrap().to_vec();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer {
        status,
        headers,
        body,
        bytes,
    }
}

pub struct Office {
    pub clock: Arc<TestClock>,
    pub live: Arc<Live>,
    pub db: Db,
    pub heard: Arc<Heard>,
    pub first: FirstStart,
    base: String,
    closing: CancellationToken,
    folder: tempfile::TempDir,
    /// Recordings made by `Seed::save`, by call.
    made: Mutex<Vec<(CallId, RecordingId, PathBuf)>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Office {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Office {
    pub async fn open() -> Office {
        let folder = tempfile::tempdir().unwrap();
        let random = Mutex::new(StdRng::seed_from_u64(7));
        let clock = Arc::new(TestClock {
            now: AtomicI64::new(NOON),
            random,
        });
        let db = Db::open(&folder.path().join("frontdesk.db").display().to_string())
            .await
            .unwrap();
        let stamp = Stamp {
            unix_ms: NOON,
            random: clock.random(),
        };
        let first = setup::first_start(&db, stamp, Beginning::default())
            .await
            .unwrap()
            .unwrap();
        let (live, heard) = (Arc::new(Live::new(NOON)), Arc::new(Heard::default()));
        let closing = CancellationToken::new();
        let parts = Parts {
            db: db.clone(),
            live: Arc::clone(&live),
            plan: plan(&heard),
            operator: operator(&heard),
            clock: clock.clone(),
            settings: settings(folder.path()),
            metrics: Some(PrometheusBuilder::new().build_recorder().handle()),
            closing: closing.clone(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = State::new(parts);
        let server = tokio::spawn(async move { http::serve(listener, state).await.unwrap() });
        Office {
            clock,
            live,
            db,
            heard,
            first,
            base,
            closing,
            folder,
            made: Mutex::default(),
            server,
        }
    }

    pub fn url(&self) -> String {
        self.base.clone()
    }

    /// The main account's login and password.
    pub fn credentials(&self) -> (String, String) {
        (self.first.login.clone(), self.first.password.clone())
    }

    pub fn account_number(&self) -> i64 {
        self.first.account_number
    }

    pub fn effective(&self, login: &str) -> String {
        format!("{}_{login}", self.first.account_number)
    }

    pub fn nobody(&self) -> Caller {
        Caller {
            http: reqwest::Client::new(),
            base: self.base.clone(),
            headers: Vec::new(),
        }
    }

    pub fn bearer(&self, token: &str) -> Caller {
        let header = format!("Bearer {token}");
        if header.bytes().all(|byte| (32..127).contains(&byte)) {
            self.nobody().with("authorization", &header)
        } else {
            self.nobody().with("authorization", "Bearer")
        }
    }

    /// The main account's session.
    pub async fn main(&self) -> Caller {
        let (login, password) = self.credentials();
        self.log_in(&login, &password).await
    }

    pub async fn log_in(&self, login: &str, password: &str) -> Caller {
        let body = json!({ "login": login, "password": password });
        let answer = self.nobody().post("/login", body).await.expect(200);
        let cookie = answer
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned();
        self.nobody()
            .with("cookie", &cookie)
            .with("x-csrf-token", answer.text("/csrf_token"))
    }

    /// Adds staff and logs in as them: the session and their id.
    pub async fn log_in_new(&self, main: &Caller, new: Value) -> (Caller, String) {
        let made = self.add(main, new.clone()).await;
        let login = self.effective(new["login"].as_str().unwrap());
        (
            self.log_in(&login, new["password"].as_str().unwrap()).await,
            made["id"].as_str().unwrap().to_owned(),
        )
    }

    pub async fn add(&self, main: &Caller, new: Value) -> Value {
        main.post("/staff", new).await.expect(201).body
    }

    pub async fn token(&self, main: &Caller, scopes: &[&str]) -> Caller {
        let made = main
            .post("/tokens", json!({ "name": "test", "scopes": scopes }))
            .await
            .expect(201);
        self.bearer(made.text("/token"))
    }

    /// A phone of this person comes or goes.
    pub fn phone(&self, staff: &Value, online: bool) {
        let staff = staff["id"].as_str().unwrap().parse().unwrap();
        self.live.apply(BoardChange::Sip {
            account: self.first.account,
            staff,
            online,
            at: self.clock.unix_ms(),
        });
    }

    /// The beginning of a call to `n` that began `n` seconds after noon.
    pub fn call(&self, n: u32) -> Seed<'_> {
        Seed::new(self, n)
    }

    pub fn answer_call(&self, call: CallId) {
        let callee = CdrParty {
            number: Some("105".into()),
            name: Some("Анна Соколова".into()),
            ..CdrParty::default()
        };
        self.live.apply(BoardChange::CallAnswered {
            call,
            at: self.clock.unix_ms(),
            callee,
            recording: None,
        });
    }

    pub fn end_call(&self, call: CallId) {
        let disposition = frontdesk::engine::output::Disposition::Answered;
        self.live.apply(BoardChange::CallEnded {
            call,
            disposition,
            at: self.clock.unix_ms(),
        });
    }

    /// A staff member of another company.
    pub async fn stranger(&self) -> String {
        let mut ids = Stamp {
            unix_ms: NOON,
            random: self.clock.random(),
        }
        .ids();
        let account = other_company(AccountId::new(NOON, ids.random()), 99_999);
        let mut tx = self.db.begin().await.unwrap();
        accounts::create(&mut tx, &ids, &account).await.unwrap();
        tx.commit().await.unwrap();
        let stamp = Stamp {
            unix_ms: NOON,
            random: ids.random(),
        };
        let author = Author {
            account: account.id,
            actor: Actor::program(),
            login: None,
            stamp,
        };
        let new = NewStaff {
            given_name: Some("Чужой".into()),
            ..NewStaff::default()
        };
        staff::create(&self.db, &author, new).await.unwrap().id.to_string()
    }

    pub fn recording_of(&self, call: CallId) -> RecordingId {
        self.made.lock().unwrap().iter().find(|made| made.0 == call).unwrap().1
    }

    pub fn file_of(&self, recording: RecordingId) -> PathBuf {
        self.made
            .lock()
            .unwrap()
            .iter()
            .find(|made| made.1 == recording)
            .unwrap()
            .2
            .clone()
    }

    /// The daemon begins to stop.
    pub fn stop(&self) {
        self.closing.cancel();
    }

    /// A stereo WAV of that many seconds: 440 Hz left, 880 Hz right.
    pub fn tone(&self, seconds: u32) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for n in 0..seconds * 8000 {
            for hertz in [440.0, 880.0] {
                let angle = f64::from(n) / 8000.0 * hertz * std::f64::consts::TAU;
                writer.write_sample((angle.sin() * 8000.0) as i16).unwrap();
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    /// Something of everything, for pages to show.
    pub async fn furnish(&self) {
        let main = self.main().await;
        let me = main.get("/me").await.text("/id").to_owned();
        let name = json!({ "surname": "Орлова", "given_name": "Мария", "patronymic": "Петровна", "position": "Директор",
                           "phone": "+7 912 345-67-89" });
        main.patch(&format!("/staff/{me}"), name).await.expect(200);
        let people = [
            (
                "Константинопольский",
                "Константин",
                "Старший менеджер по работе с клиентами",
                "102",
                Some("konst"),
            ),
            ("Соколова", "Анна", "", "105", Some("anna")),
            ("Ким", "Лев", "Курьер", "106", None),
        ];
        let mut added = Vec::new();
        for (surname, given, position, short, login) in people {
            let role = login.map(|_| "employee");
            let new = json!({ "surname": surname, "given_name": given, "position": position, "short_number": short,
                              "login": login, "role": role, "password": "correct horse" });
            added.push(self.add(&main, new).await);
        }
        for person in added.iter().take(2) {
            main.do_(&format!("/staff/{}/sip", person["id"].as_str().unwrap()))
                .await
                .expect(201);
        }
        self.phone(&added[0], true);
        main.delete(&format!("/staff/{}", added[2]["id"].as_str().unwrap()))
            .await
            .expect(204);
        let clients = [
            (
                "Смирнов Алексей Викторович",
                "9012345678",
                "ООО «Северный ветер»",
                "Закупки",
                true,
            ),
            ("Лебедева Ольга", "9031112233", "", "", false),
        ];
        for (name, number, company, position, vip) in clients {
            let new = json!({ "name": name, "number": number, "company": company, "position": position, "vip": vip,
                              "manager_id": added[0]["id"] });
            main.post("/clients", new).await.expect(201);
        }
        self.call(1)
            .inbound("+79012345678")
            .named("Смирнов Алексей Викторович")
            .ended("answered")
            .recorded(&self.tone(3))
            .save()
            .await;
        self.call(2).inbound("+79031112233").ended("no_answer").save().await;
        self.call(3).ended("busy").save().await;
        let talking = self
            .call(4)
            .inbound("+79012345678")
            .named("Смирнов Алексей Викторович")
            .live();
        self.clock.advance(187_000);
        self.answer_call(talking);
        self.call(5).live();
    }
}

fn other_company(id: AccountId, number: i64) -> accounts::Account {
    accounts::Account {
        id,
        number,
        name: "Другая компания".into(),
        region: "RU".into(),
        time_zone: "UTC".into(),
        realm: "other".into(),
        recording: RecordingPolicy::Always,
        version: 1,
    }
}

fn settings(folder: &std::path::Path) -> Settings {
    Settings {
        recordings: folder.join("recordings"),
        sip_host: None,
        sip_port: 5060,
        sip_transports: vec!["UDP", "TCP"],
        secure_cookies: false,
        web_folder: None,
    }
}

fn plan(heard: &Arc<Heard>) -> PlanHandle {
    let (changes, mut asked) = mpsc::channel::<PlanChange>(10);
    let heard = Arc::clone(heard);
    tokio::spawn(async move {
        while let Some(change) = asked.recv().await {
            heard.plans.lock().unwrap().push(change.section);
            let _ = change.done.send(());
        }
    });
    PlanHandle::new(changes)
}

fn operator(heard: &Arc<Heard>) -> mpsc::Sender<OperatorCommand> {
    let (commands, mut asked) = mpsc::channel::<OperatorCommand>(10);
    let heard = Arc::clone(heard);
    tokio::spawn(async move {
        while let Some(command) = asked.recv().await {
            heard.commands.lock().unwrap().push(command);
        }
    });
    commands
}

/// A call to be put on the board or into the records.
pub struct Seed<'a> {
    office: &'a Office,
    call: Call,
    recorded: Option<Vec<u8>>,
    recording_now: bool,
}

impl<'a> Seed<'a> {
    fn new(office: &'a Office, n: u32) -> Seed<'a> {
        let started_at = NOON + i64::from(n) * 1000;
        let caller = Party {
            staff: Some(office.first.staff),
            number: Some("100".into()),
            name: Some("Орлова Мария Петровна".into()),
            trunk: None,
        };
        let call = Call {
            id: CallId::new(started_at, u128::from(n)),
            account: office.first.account,
            direction: CallDirection::Internal,
            caller,
            called: n.to_string(),
            callee: Party {
                number: Some("105".into()),
                name: Some("Анна Соколова".into()),
                ..Party::default()
            },
            client: None,
            disposition: None,
            because: "short number".into(),
            started_at,
            answered_at: None,
            ended_at: None,
            ended_by: None,
            status: 200,
        };
        Seed {
            office,
            call,
            recorded: None,
            recording_now: false,
        }
    }

    #[must_use]
    pub fn inbound(mut self, number: &str) -> Self {
        self.call.direction = CallDirection::Inbound;
        self.call.callee = std::mem::take(&mut self.call.caller);
        self.call.caller = Party {
            number: Some(number.to_owned()),
            ..Party::default()
        };
        self
    }

    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.call.caller.name = Some(name.to_owned());
        self
    }

    #[must_use]
    pub fn to(mut self, staff: &Value) -> Self {
        self.call.callee.staff = staff["id"].as_str().and_then(|id| id.parse().ok());
        self.call.callee.name = staff["name"].as_str().map(str::to_owned);
        self
    }

    #[must_use]
    pub fn ended(mut self, disposition: &str) -> Self {
        self.call.disposition = Disposition::named(disposition);
        self.call.answered_at = (disposition == "answered").then_some(self.call.started_at + 4_000);
        self.call.ended_at = Some(self.call.started_at + 64_000);
        self.call.ended_by = Some(EndedBy::Caller);
        self
    }

    #[must_use]
    pub fn recorded(mut self, bytes: &[u8]) -> Self {
        self.recorded = Some(bytes.to_vec());
        self
    }

    #[must_use]
    pub fn recording_now(mut self) -> Self {
        self.recording_now = true;
        self
    }

    /// Moves the call to a company that shares this installation.
    pub async fn of_another_account(mut self) -> Self {
        let mut ids = Stamp {
            unix_ms: NOON,
            random: self.office.clock.random(),
        }
        .ids();
        let account = other_company(AccountId::new(NOON, ids.random()), 99_000 + self.call.started_at % 997);
        let mut tx = self.office.db.begin().await.unwrap();
        accounts::create(&mut tx, &ids, &account).await.unwrap();
        tx.commit().await.unwrap();
        self.call.account = account.id;
        self.call.caller.staff = None;
        self
    }

    /// Into the records.
    pub async fn save(self) -> CallId {
        let call = self.call;
        let leg = |caller: bool, n: u128| Leg {
            id: LegId::from_u128(call.id.as_u128() + n),
            caller,
            staff: None,
            trunk: None,
            sip_call_id: "a84b4c76e66710".into(),
            peer: Some("192.0.2.1:5060".into()),
            started_at: call.started_at,
            answered_at: call.answered_at,
            ended_at: call.ended_at,
            status: call.status,
        };
        let legs = vec![leg(true, 1), leg(false, 2)];
        let mut entries = Vec::new();
        if self.recorded.is_some() || self.recording_now {
            let recording = RecordingId::from_u128(call.id.as_u128() + 3);
            let path = format!("{}/2026/11/18/{recording}.wav", call.account);
            let file = self.office.folder.path().join("recordings").join(&path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            let bytes = self.recorded.clone().unwrap_or_default();
            std::fs::write(&file, &bytes).unwrap();
            self.office.made.lock().unwrap().push((call.id, recording, file));
            let boxed = Box::new(call.clone());
            entries.push(Entry::RecordingStarted {
                recording,
                path,
                at: call.started_at,
                call: boxed,
                legs: legs.clone(),
            });
            if self.recorded.is_some() {
                let bytes = i64::try_from(bytes.len()).unwrap();
                entries.push(Entry::RecordingReady {
                    recording,
                    duration_ms: 3_000,
                    bytes,
                });
            }
        }
        let id = call.id;
        entries.push(Entry::CallEnded {
            call: Box::new(call),
            legs,
        });
        journal::apply(&self.office.db, &entries).await.unwrap();
        id
    }

    /// Onto the board, ringing.
    pub fn live(self) -> CallId {
        let party = |party: Party| CdrParty {
            staff: party.staff,
            trunk: party.trunk,
            number: party.number,
            name: party.name,
        };
        let live = LiveCall {
            id: self.call.id,
            account: self.call.account,
            direction: match self.call.direction {
                CallDirection::Internal => frontdesk::engine::output::CallDirection::Internal,
                CallDirection::Inbound => frontdesk::engine::output::CallDirection::Inbound,
                CallDirection::Outbound => frontdesk::engine::output::CallDirection::Outbound,
            },
            caller: party(self.call.caller),
            called: self.call.called,
            callee: party(self.call.callee),
            client: None,
            started_at: self.call.started_at,
            answered_at: None,
            held: false,
            recording: None,
        };
        self.office.live.apply(BoardChange::CallCreated(Box::new(live)));
        self.call.id
    }
}

/// One event of a stream.
#[derive(Debug)]
pub struct Told {
    pub id: String,
    pub name: String,
    pub data: Value,
}

/// A stream of server-sent events.
pub struct Stream {
    response: reqwest::Response,
    buffer: String,
}

impl Stream {
    /// Returns when the stream has begun: what happens from now on is told.
    pub async fn open(request: reqwest::RequestBuilder) -> Stream {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Stream {
            response,
            buffer: String::new(),
        };
        while !stream.buffer.contains("\n\n") {
            stream.read().await;
        }
        stream
    }

    async fn read(&mut self) -> bool {
        let chunk = tokio::time::timeout(PATIENCE, self.response.chunk())
            .await
            .expect("the stream tells nothing")
            .unwrap();
        match chunk {
            Some(bytes) => {
                self.buffer.push_str(std::str::from_utf8(&bytes).unwrap());
                true
            }
            None => false,
        }
    }

    pub async fn next(&mut self) -> Told {
        loop {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let field = |name: &str| {
                    let line = block
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    line.map(|value| value.trim().to_owned()).unwrap_or_default()
                };
                let told = Told {
                    id: field("id"),
                    name: field("event"),
                    data: serde_json::from_str(&field("data")).unwrap_or(Value::Null),
                };
                self.buffer = rest.to_owned();
                if !told.name.is_empty() {
                    return told;
                }
            }
            assert!(self.read().await, "the stream ended");
        }
    }

    /// Whether it ends by itself, whatever it tells before.
    pub async fn ended(mut self) -> bool {
        while self.read().await {}
        true
    }
}

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
