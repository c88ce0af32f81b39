//! `frontdesk demo` as its own process.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

const LIVELY: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(20);

struct Demo {
    child: Child,
    page: String,
    client: reqwest::Client,
}

impl Demo {
    /// Started, and logged in as the greeting says.
    async fn start(folder: &std::path::Path) -> Demo {
        let mut child = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .arg("demo")
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = BTreeMap::new();
        while !told.contains_key("Dial") {
            let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
            if let Some((label, value)) = line.trim().split_once("   ") {
                told.entry(label.trim().to_owned())
                    .or_insert_with(|| value.trim().to_owned());
            }
        }
        let demo = Demo {
            child,
            page: told["Page"].trim_end_matches('/').to_owned(),
            client: reqwest::Client::builder().cookie_store(true).build().unwrap(),
        };
        let body = json!({"login": told["Login"], "password": told["Password"]});
        let login = demo.client.post(format!("{}/api/v1/login", demo.page)).json(&body);
        assert!(login.send().await.unwrap().status().is_success());
        demo
    }

    async fn items(&self, path: &str) -> Vec<Value> {
        let response = self
            .client
            .get(format!("{}/api/v1{path}", self.page))
            .send()
            .await
            .unwrap();
        let body: Value = response.json().await.unwrap();
        body["items"].as_array().unwrap().clone()
    }

    /// How many staff are online, calls are in progress, recordings can be replayed.
    async fn life(&self) -> [usize; 3] {
        let with = |items: Vec<Value>, name: &str, value: &str| items.iter().filter(|item| item[name] == value).count();
        [
            with(self.items("/staff").await, "sip_status", "online"),
            with(self.items("/calls/live").await, "state", "talking"),
            with(self.items("/recordings").await, "state", "ready"),
        ]
    }
}

#[tokio::test]
async fn within_ten_seconds_there_is_something_live_everywhere_and_ctrl_c_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(folder.path()).await;
    let mut life = [0; 3];
    let lively = async {
        let mut tick = interval(Duration::from_millis(100));
        let mut seen = [0; 3];
        while seen.contains(&0) {
            tick.tick().await;
            life = demo.life().await;
            seen = [seen[0].max(life[0]), seen[1].max(life[1]), seen[2].max(life[2])];
        }
    };
    let lively = timeout(LIVELY, lively).await;
    assert!(lively.is_ok(), "after {LIVELY:?}: online, talking, ready: {life:?}");
    for page in ["/", "/staff", "/calls"] {
        let response = demo.client.get(format!("{}{page}", demo.page)).send().await.unwrap();
        assert!(response.status().is_success(), "{page}: {}", response.status());
    }

    let pid = demo.child.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
    let status = timeout(PATIENCE, demo.child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "files are left");
}
