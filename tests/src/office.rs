//! An office: the real router on a port of its own, over a real SQLite file, with a clock that stands still.

mod caller;
mod seed;
mod stranger;
mod stream;

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use frontdesk::engine::input::OperatorCommand;
use frontdesk::engine::output::{BoardChange, CdrParty};
use frontdesk::http::{self, Clock, Parts, PlanChange, PlanHandle, PlanSection, Settings, State};
use frontdesk::live::Live;
use frontdesk_crm_core::accounts::{self, CallerId, RecordingPolicy};
use frontdesk_crm_core::audit::{Actor, Author};
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::setup::{self, Beginning, FirstStart};
use frontdesk_crm_core::staff::{self, NewStaff};
use frontdesk_crm_core::store::{Db, Stamp};
use frontdesk_routing::ids::{AccountId, CallId, RecordingId};
use metrics_exporter_prometheus::PrometheusBuilder;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use caller::{Answer, Caller};
pub use seed::Seed;
pub use stranger::{SECOND_NUMBER, Stranger};
pub use stream::{Stream, Told};

/// 2026-11-18 11:06:40 UTC.
pub const NOON: i64 = 1_795_000_000_000;

/// No login lasts longer: seven days.
pub const SESSION_MS: i64 = 7 * 86_400_000;

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
    /// Ended with the office.
    _tasks: JoinSet<()>,
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
        let (closing, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let operator = operator(&heard, &mut tasks);
        let parts = Parts {
            db: db.clone(),
            live: Arc::clone(&live),
            plan: plan((&db, &live), &heard, &mut tasks).await,
            operator: operator.clone(),
            visitors: Arc::new(Notify::new()),
            clock: clock.clone(),
            settings: settings(folder.path()),
            metrics: Some(PrometheusBuilder::new().build_recorder().handle()),
            closing: closing.clone(),
            upgrades: None,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = State::new(parts);
        tasks.spawn(async move { http::serve(listener, state).await.unwrap() });
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
            _tasks: tasks,
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
        Caller::at(&self.base)
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
        Caller::log_in(&self.base, login, password).await
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
        self.phone_of(self.first.account, staff["id"].as_str().unwrap(), online);
    }

    /// The same of a person of any company.
    pub fn phone_of(&self, account: AccountId, staff: &str, online: bool) {
        self.live.apply(BoardChange::Sip {
            account,
            staff: staff.parse().unwrap(),
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
        accounts::create(&mut tx, &mut ids, &account).await.unwrap();
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
        caller_id: CallerId::default(),
        open_when_unknown: false,
        unknown_callers: Default::default(),
        two_factor_required: false,
        version: 1,
    }
}

fn settings(folder: &std::path::Path) -> Settings {
    Settings {
        recordings: folder.join("recordings"),
        notices: folder.join("notices"),
        music: folder.join("music"),
        greetings: folder.join("greetings"),
        prompts: folder.join("prompts"),
        photos: folder.join("photos"),
        sip_host: None,
        sip_port: 5060,
        sip_realm: "frontdesk".into(),
        sip_tls_port: Some(5061),
        sip_transports: vec!["UDP", "TCP", "TLS"],
        never_blocked: vec!["127.0.0.0/8".parse().expect("a network")],
        operators: Vec::new(),
        private_webhooks: false,
        secure_cookies: false,
        session_ms: SESSION_MS,
        web_folder: None,
    }
}

/// As the publisher does it, but for the engine.
async fn plan((db, live): (&Db, &Arc<Live>), heard: &Arc<Heard>, tasks: &mut JoinSet<()>) -> PlanHandle {
    let (changes, mut asked) = mpsc::channel::<PlanChange>(10);
    let (db, live, heard) = (db.clone(), Arc::clone(live), Arc::clone(heard));
    live.set_plan(Arc::new(plan_build::full(&db).await.unwrap()));
    tasks.spawn(async move {
        while let Some(change) = asked.recv().await {
            live.set_plan(Arc::new(plan_build::full(&db).await.unwrap()));
            heard.plans.lock().unwrap().push(change.section);
            let _ = change.done.send(());
        }
    });
    PlanHandle::new(changes)
}

fn operator(heard: &Arc<Heard>, tasks: &mut JoinSet<()>) -> mpsc::Sender<OperatorCommand> {
    let (commands, mut asked) = mpsc::channel::<OperatorCommand>(10);
    let heard = Arc::clone(heard);
    tasks.spawn(async move {
        while let Some(command) = asked.recv().await {
            heard.commands.lock().unwrap().push(command);
        }
    });
    commands
}
