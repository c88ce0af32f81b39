//! The running daemon tells programs outside what happens, signed, as their owner may see it, and nobody inside.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::office::Caller;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinSet;

const NUMBER: &str = "+74957654321";
const CALLER: &str = "+79161234567";
const PATIENCE: Duration = Duration::from_secs(20);
const ALL: [&str; 9] = [
    "call.started",
    "call.answered",
    "call.ended",
    "call.missed",
    "recording.ready",
    "client.changed",
    "deal.created",
    "deal.changed",
    "request.created",
];

/// What a receiver has got: headers and body.
type Got = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A program that is told; it answers the first so many times with a status of its own.
struct Receiver {
    port: u16,
    got: Got,
    /// Ended with the receiver.
    _tasks: JoinSet<()>,
}

impl Receiver {
    async fn open(first: usize, status: StatusCode) -> Result<Receiver> {
        let got = Got::default();
        let take = async move |State(got): State<Got>, headers: HeaderMap, body: String| {
            let mut got = got.lock().unwrap();
            got.push((headers, body));
            let elsewhere = [(header::LOCATION, "/elsewhere")];
            match got.len() <= first {
                true => (status, elsewhere).into_response(),
                false => StatusCode::NO_CONTENT.into_response(),
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let router = Router::new().route("/hook", post(take)).route("/elsewhere", post(take));
        let router = router.with_state(Arc::clone(&got));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Ok(Receiver {
            port,
            got,
            _tasks: tasks,
        })
    }

    fn got(&self) -> Vec<(HeaderMap, String)> {
        self.got.lock().unwrap().clone()
    }

    fn bodies(&self) -> Vec<Value> {
        let got = self.got();
        got.iter()
            .map(|(_, body)| serde_json::from_str(body).unwrap_or(Value::Null))
            .collect()
    }

    /// Waits until these kinds have been told, and gives what was told of them.
    async fn told(&self, kinds: &[&str], daemon: &Daemon) -> Result<Vec<Value>> {
        let look = async || {
            let bodies = self.bodies();
            let whole = kinds
                .iter()
                .all(|kind| bodies.iter().any(|body| body["event"] == *kind));
            whole.then_some(bodies)
        };
        let told = eventually(&format!("{kinds:?} to be told"), PATIENCE, look).await;
        told.with_context(|| daemon.log())
    }
}

struct Office {
    daemon: Daemon,
    anna: WirePhone,
    gateway: WirePhone,
    main: String,
}

async fn phone(daemon: &Daemon, sip: &Value) -> Result<WirePhone> {
    let word = |field: &str| sip[field].as_str().unwrap_or_default().to_owned();
    daemon.phone(&word("user"), &word("password")).await
}

impl Office {
    async fn open(settings: &str) -> Result<Office> {
        let plain = |sip| format!("udp = [\"{sip}\"]\ntcp = [\"{sip}\"]\n");
        let settings = format!("[webhooks]\nretry_after = \"1s\"\n{settings}");
        let daemon = Daemon::start_as(&[], plain, &settings).await?;
        let main = daemon.get("/me").await?["id"].as_str().context("no id")?.to_owned();
        let person = json!({ "surname": "Anna", "short_number": "105" });
        let person = daemon.post("/staff", &person).await?;
        let id = person["id"].as_str().context("no id")?;
        let mut anna = phone(&daemon, &daemon.post(&format!("/staff/{id}/sip"), &Value::Null).await?).await?;
        anna.register().await?;
        let line = daemon.post("/trunks", &json!({ "name": "In" })).await?;
        let gateway = phone(&daemon, &line["sip"]).await?;
        daemon
            .post("/numbers", &json!({ "number": NUMBER, "staff_id": id }))
            .await?;
        Ok(Office {
            daemon,
            anna,
            gateway,
            main,
        })
    }

    async fn hook(&self, url: &str, events: &[&str]) -> Result<Value> {
        let body = json!({ "name": "CRM", "url": url, "events": events });
        self.daemon.post("/webhooks", &body).await
    }

    async fn miss(&mut self) -> Result<()> {
        let to = format!("sip:{NUMBER}@pbx.example");
        let headers = format!("P-Asserted-Identity: <sip:{CALLER}@pbx.example>\r\nContent-Type: application/sdp\r\n");
        let offer = sdp(42_000);
        let busy = async {
            let invite = self.anna.request_of("INVITE").await?;
            self.anna.respond(&invite, 486, ("", "")).await
        };
        let (answer, busy) = tokio::join!(self.gateway.ask("INVITE", &to, (&headers, &offer)), busy);
        busy?;
        ensure!(answer?.status() != Some(200), "nobody has answered");
        Ok(())
    }

    async fn talk(&mut self) -> Result<()> {
        let to = format!("sip:{NUMBER}@pbx.example");
        let headers = format!("P-Asserted-Identity: <sip:{CALLER}@pbx.example>\r\nContent-Type: application/sdp\r\n");
        let offer = sdp(42_000);
        let call = async {
            let answer = self.gateway.ask("INVITE", &to, (&headers, &offer)).await?;
            self.gateway.hang_up(&answer).await
        };
        let (called, answered) = tokio::join!(call, self.anna.answers());
        called?;
        answered.map(drop)
    }

    /// A visitor of a site asks for something.
    async fn ask(&self) -> Result<()> {
        let site = json!({ "name": "Shop", "origins": ["https://shop.example"], "staff_id": self.main });
        let site = self.daemon.post("/sites", &site).await?;
        let key = site["key"].as_str().context("no key")?;
        let url = format!("http://{}/api/v1/widget/{key}/requests", self.daemon.http);
        let body = json!({ "kind": "form", "name": "Olga", "number": CALLER });
        let request = reqwest::Client::new()
            .post(url)
            .header("origin", "https://shop.example");
        request.json(&body).send().await?.error_for_status()?;
        Ok(())
    }

    async fn delivery(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Value> {
        let look = async || {
            let list = self.daemon.get("/webhook-deliveries").await.ok()?;
            list["items"].as_array()?.iter().find(|one| fits(one)).cloned()
        };
        let found = eventually(what, PATIENCE, look).await;
        found.with_context(|| self.daemon.log())
    }
}

/// As a receiver does it, by a program that nobody here wrote.
async fn hmac(secret: &str, text: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("text");
    std::fs::write(&file, text)?;
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha256", "-hmac", secret]).arg(&file);
    let output = command.output().await?;
    let told = String::from_utf8(output.stdout)?;
    Ok(told.split_whitespace().last().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_program_is_told_of_calls_clients_and_requests_and_can_check_who_tells_it() -> Result<()> {
    let receiver = Receiver::open(0, StatusCode::OK).await?;
    let mut office = Office::open("allow_private = true\n").await?;
    let url = format!("http://127.0.0.1:{}/hook?key=1", receiver.port);
    let hook = office.hook(&url, &ALL).await?;
    let secret = hook["secret"].as_str().context("no secret")?;
    office
        .daemon
        .post("/clients", &json!({ "name": "Olga", "number": CALLER }))
        .await?;
    office.miss().await?;
    office.talk().await?;
    office.ask().await?;
    let all = json!({ "from_staff_id": office.main, "to_staff_id": null });
    office.daemon.post("/deals/hand-over", &all).await?;
    let told = receiver.told(&ALL, &office.daemon).await?;
    let missed = told
        .iter()
        .find(|body| body["event"] == "call.missed")
        .context("a missed call")?;
    ensure!(missed["data"]["call"]["caller"]["number"] == CALLER, "{missed}");
    for (headers, body) in receiver.got() {
        let header = |name: &str| headers[name].to_str().unwrap_or_default().to_owned();
        let stamp = header("x-frontdesk-timestamp");
        let expected = format!("v1={}", hmac(secret, &format!("{stamp}.{body}")).await?);
        ensure!(header("x-frontdesk-signature") == expected, "{headers:?}");
        let body: Value = serde_json::from_str(&body)?;
        ensure!(
            header("x-frontdesk-event") == body["event"].as_str().unwrap_or_default(),
            "{headers:?}"
        );
        ensure!(
            header("x-frontdesk-delivery") == body["id"].as_str().unwrap_or_default(),
            "{headers:?}"
        );
        let age = jiff::Timestamp::now().as_second() - stamp.parse::<i64>()?;
        ensure!((0..60).contains(&age), "{age}");
    }
    let mut ids: Vec<String> = told.iter().map(|body| body["id"].to_string()).collect();
    ids.sort();
    let all = ids.len();
    ids.dedup();
    ensure!(ids.len() == all, "each is told once: {ids:?}");
    ensure!(!office.daemon.log().contains(secret), "the log shows the secret");
    office.daemon.stop().await
}

#[tokio::test]
async fn a_telling_that_is_refused_comes_again_and_one_that_was_taken_is_sent_again_by_hand() -> Result<()> {
    let receiver = Receiver::open(1, StatusCode::SERVICE_UNAVAILABLE).await?;
    let mut office = Office::open("allow_private = true\n").await?;
    let url = format!("http://localhost:{}/hook", receiver.port);
    office.hook(&url, &["call.missed"]).await?;
    office.miss().await?;
    let sent = office
        .delivery("the telling to be taken", |one| one["state"] == "sent")
        .await?;
    ensure!(sent["attempts"] == 2 && sent["status"] == 204, "{sent}");
    let got = receiver.bodies();
    ensure!(got.len() == 2 && got[0] == got[1], "{got:?}");
    let id = sent["id"].as_str().context("no id")?;
    office
        .daemon
        .post(&format!("/webhook-deliveries/{id}/resend"), &Value::Null)
        .await?;
    let again = async || (receiver.bodies().len() == 3).then_some(());
    eventually("the telling to come again", PATIENCE, again).await?;
    ensure!(receiver.bodies()[2]["id"] == id, "under the same id");
    office
        .daemon
        .metric("frontdesk_webhooks_total{outcome=\"delayed\"}", 1)
        .await?;
    office.daemon.stop().await
}

/// An owner who sees no clients' numbers sends none.
#[tokio::test]
async fn a_webhook_gets_no_number_that_its_owner_may_not_see() -> Result<()> {
    let receiver = Receiver::open(0, StatusCode::OK).await?;
    let mut office = Office::open("allow_private = true\n").await?;
    let url = format!("http://127.0.0.1:{}/hook", receiver.port);
    office
        .hook(&url, &["call.started", "call.ended", "call.missed"])
        .await?;
    let hide = json!({ "hide_client_number": true });
    office.daemon.patch(&format!("/staff/{}", office.main), &hide).await?;
    office.miss().await?;
    let kinds = ["call.started", "call.ended", "call.missed"];
    receiver.told(&kinds, &office.daemon).await?;
    for (headers, body) in receiver.got() {
        ensure!(!body.contains("9161234567"), "{headers:?} {body}");
    }
    office.daemon.stop().await
}

/// What an owner may read no more is told no more, nor is what has waited; one who has left sends nothing.
#[tokio::test]
async fn a_webhook_tells_no_more_than_its_owner_may_read_at_the_moment() -> Result<()> {
    let (open, levs) = (
        Receiver::open(0, StatusCode::OK).await?,
        Receiver::open(0, StatusCode::OK).await?,
    );
    let closed = Receiver::open(usize::MAX, StatusCode::SERVICE_UNAVAILABLE).await?;
    let mut office = Office::open("allow_private = true\n").await?;
    let new = json!({ "given_name": "Lev", "login": "lev", "password": "correct horse", "role": "admin" });
    let lev = office.daemon.post("/staff", &new).await?;
    let person = format!("/staff/{}", lev["id"].as_str().context("no id")?);
    let login = lev["effective_login"].as_str().context("no login")?;
    let caller = Caller::log_in(&office.daemon.base(), login, "correct horse").await;
    let mut hooks = Vec::new();
    for receiver in [&levs, &closed] {
        let url = format!("http://127.0.0.1:{}/hook", receiver.port);
        let body = json!({ "name": "Lev's", "url": url, "events": ["call.ended"] });
        hooks.push(caller.post("/webhooks", body).await.expect(201).text("/id").to_owned());
    }
    office
        .hook(&format!("http://127.0.0.1:{}/hook", open.port), &["call.ended"])
        .await?;
    office.miss().await?;
    levs.told(&["call.ended"], &office.daemon).await?;
    let of = |hook: &str, one: &Value| one["webhook_id"] == hook;
    office
        .delivery("a telling that is refused", |one| {
            of(&hooks[1], one) && one["attempts"].as_i64() > Some(0)
        })
        .await?;
    for (calls, role) in (2..).zip([json!("specialist"), Value::Null]) {
        office.daemon.patch(&person, &json!({ "role": role })).await?;
        office.miss().await?;
        let told = async || (open.got().len() == calls).then_some(());
        eventually("who may read it to be told", PATIENCE, told).await?;
        let path = format!("/webhook-deliveries?webhook_id={}", hooks[0]);
        let items = office.daemon.get(&path).await?["items"].clone();
        ensure!(items.as_array().map(Vec::len) == Some(1), "{role}: {items}");
    }
    let withheld = |one: &Value| of(&hooks[1], one) && one["state"] == "failed";
    let given_up = office.delivery("what has waited to be given up", withheld).await?;
    let why = &given_up["problem"];
    ensure!(why == "the webhook's owner may not read this", "{given_up}");
    ensure!(levs.got().len() == 1, "{:?}", levs.bodies());
    let paused = office.daemon.get(&format!("/webhooks/{}", hooks[0])).await?;
    let problem = &paused["problem"];
    ensure!(
        paused["paused"] == true && problem == "its owner may not read: call.ended",
        "{paused}"
    );
    office.daemon.stop().await
}

/// A name that leads inside is found out when it is connected to, whatever it led to before.
#[tokio::test]
async fn nothing_inside_is_ever_told_and_no_redirect_leads_there() -> Result<()> {
    let receiver = Receiver::open(usize::MAX, StatusCode::TEMPORARY_REDIRECT).await?;
    let mut office = Office::open("").await?;
    // A name of this machine that is not called `localhost`.
    let host = tokio::fs::read_to_string("/proc/sys/kernel/hostname").await?;
    let inside = format!("http://{}:{}/hook", host.trim(), receiver.port);
    let mut urls = vec![format!("http://ip6-localhost:{}/hook", receiver.port)];
    urls.push(inside);
    urls.push(format!("http://localhost.:{}/hook", receiver.port));
    for url in &urls {
        office.hook(url, &["call.missed"]).await?;
    }
    office.miss().await?;
    let private = |one: &Value| one["problem"] == "it leads to an address that is not of the internet";
    let refused = office.delivery("a telling that is refused", private).await?;
    ensure!(
        refused["state"] == "waiting" && refused["status"].is_null(),
        "{refused}"
    );
    ensure!(receiver.got().is_empty(), "{:?}", receiver.got());
    office.daemon.stop().await?;

    let mut open = Office::open("allow_private = true\n").await?;
    open.hook(&format!("http://127.0.0.1:{}/hook", receiver.port), &["call.missed"])
        .await?;
    open.miss().await?;
    let redirected = open.delivery("a redirect", |one| one["status"] == 307).await?;
    ensure!(redirected["problem"] == "redirects are not followed", "{redirected}");
    let elsewhere = receiver.got().len() as i64;
    let known = open.daemon.get("/webhook-deliveries").await?["items"][0]["attempts"]
        .as_i64()
        .unwrap_or_default();
    ensure!(elsewhere <= known, "each attempt asks once: {elsewhere} {known}");
    open.daemon.stop().await
}

/// What waits outlives a restart.
#[tokio::test]
async fn what_waits_is_told_after_a_restart() -> Result<()> {
    let receiver = Receiver::open(1, StatusCode::BAD_GATEWAY).await?;
    let mut office = Office::open("allow_private = true\n").await?;
    office
        .hook(&format!("http://127.0.0.1:{}/hook", receiver.port), &["call.missed"])
        .await?;
    office.miss().await?;
    office
        .delivery("a telling that is refused", |one| one["attempts"].as_i64() > Some(0))
        .await?;
    office.daemon.restart().await?;
    office
        .delivery("the telling to be taken", |one| one["state"] == "sent")
        .await?;
    office.daemon.stop().await
}
