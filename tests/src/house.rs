//! A running daemon that the tests of a file share: it starts with the first of them and ends with the last.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Weak};

use frontdesk_sip::flow::Transport;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use crate::browser::{Browser, Look};
use crate::daemon::Daemon;
use crate::office::Caller;
use crate::wire::{Wire, WirePhone};

/// Outlives each test's own, so that the daemon's pipes are read as long as there is a daemon.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static SHARED: Mutex<Weak<House>> = Mutex::const_new(Weak::new());

/// The password of whoever is hired with a login.
pub const PASSWORD: &str = "correct horse";

/// The daemon, and whoever may do everything there. Tests add people, numbers and clients of their own to it.
pub struct House {
    pub daemon: Daemon,
    /// The main account's session.
    pub main: Caller,
    next: AtomicU32,
}

/// Runs a test in the house of its file.
pub fn visit(test: impl AsyncFnOnce(&House)) {
    RUNTIME.block_on(async {
        let house = House::enter().await;
        test(&house).await;
    });
}

/// Runs a test in a house of its own.
pub fn alone(test: impl AsyncFnOnce(&House)) {
    RUNTIME.block_on(async {
        let house = House::open().await;
        test(&house).await;
    });
}

impl House {
    async fn enter() -> Arc<House> {
        let mut shared = SHARED.lock().await;
        if let Some(house) = shared.upgrade() {
            return house;
        }
        let house = Arc::new(House::open().await);
        *shared = Arc::downgrade(&house);
        house
    }

    async fn open() -> House {
        let daemon = Daemon::start(&[]).await.unwrap();
        let (login, password) = daemon.credentials.clone();
        let main = Caller::log_in(&daemon.base(), &login, &password).await;
        House {
            daemon,
            main,
            next: AtomicU32::new(0),
        }
    }

    fn next(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A short number that nobody has yet.
    pub fn short(&self) -> String {
        (3000 + self.next()).to_string()
    }

    /// A telephone number that nobody has yet, E.164.
    pub fn number(&self) -> String {
        format!("+7916{:07}", 5_550_000 + self.next())
    }

    /// Adds somebody with these fields; a name, where there is none, is unlike all others.
    pub async fn hire(&self, mut fields: Value) -> Value {
        if fields["surname"].is_null() && fields["given_name"].is_null() {
            fields["surname"] = json!(format!("Person {}", self.next()));
        }
        self.main.post("/staff", fields).await.expect(201).body
    }

    /// Adds somebody with a login and a role, and logs in as them.
    pub async fn log_in_new(&self, mut fields: Value) -> (Caller, Value) {
        fields["login"] = json!(format!("login{}", self.next()));
        fields["password"] = json!(PASSWORD);
        let member = self.hire(fields).await;
        (self.log_in(&member, PASSWORD).await, member)
    }

    /// A session of somebody.
    pub async fn log_in(&self, member: &Value, password: &str) -> Caller {
        let login = member["effective_login"].as_str().unwrap();
        Caller::log_in(&self.daemon.base(), login, password).await
    }

    /// Makes SIP data for somebody; their phone, which has not registered yet.
    pub async fn phone(&self, member: &Value) -> WirePhone {
        self.phone_on(Transport::Udp, member).await
    }

    pub async fn phone_on(&self, transport: Transport, member: &Value) -> WirePhone {
        let sip = self.main.do_(&format!("/staff/{}/sip", id(member))).await.expect(201);
        self.wire_phone(transport, &sip.body).await
    }

    /// A phone with this SIP data.
    pub async fn wire_phone(&self, transport: Transport, sip: &Value) -> WirePhone {
        let wire = Wire::open(transport, self.daemon.sip, (Path::new(""), "")).await;
        let word = |field: &str| sip[field].as_str().unwrap_or_default().to_owned();
        WirePhone::new(wire.unwrap(), &word("user"), &word("password"))
    }

    /// Somebody as the list shows them now.
    pub async fn member(&self, member: &Value) -> Value {
        self.main.get(&format!("/staff/{}", id(member))).await.expect(200).body
    }

    /// Adds a client with these fields, and a number and a name where they say none.
    pub async fn client(&self, mut fields: Value) -> Value {
        if fields["number"].is_null() {
            fields["number"] = json!(self.number());
        }
        if fields["name"].is_null() {
            fields["name"] = json!(format!("Client {}", self.next()));
        }
        self.main.post("/clients", fields).await.expect(201).body
    }
}

/// The pages of a house in a browser where the main account has logged in; `None` without a browser on this machine.
pub async fn pages(house: &House) -> Option<Browser> {
    let browser = Browser::start("en").await.unwrap()?;
    let look = Look {
        language: "en",
        dark: false,
        width: 1280,
        height: 900,
    };
    browser.look(&look).await.unwrap();
    let (login, password) = &house.daemon.credentials;
    browser.log_in(&house.daemon.base(), (login, password)).await.unwrap();
    Some(browser)
}

/// The `id` of what the API has told.
#[track_caller]
pub fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}"))
}

/// As a query wants it.
pub fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
