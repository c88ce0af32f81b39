//! The running daemon tells people outside of calls: by a mail server, by a gateway for short messages, or by files.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use frontdesk::shell::tls::own;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::ports::{self, eventually};
use frontdesk_tests::smtp::{Letter, MailServer, Manner, shown};
use frontdesk_tests::wire::{WirePhone, sdp};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const NUMBER: &str = "+74957654321";
const CALLER: &str = "+79161234567";
const PATIENCE: Duration = Duration::from_secs(20);

struct Office {
    daemon: Daemon,
    anna: String,
    phone: WirePhone,
    gateway: WirePhone,
}

async fn phone(daemon: &Daemon, sip: &Value) -> Result<WirePhone> {
    let word = |field: &str| sip[field].as_str().unwrap_or_default().to_owned();
    daemon.phone(&word("user"), &word("password")).await
}

impl Office {
    /// Anna, whose number is called from outside, and what she wants to be told.
    async fn open(settings: &str, switches: Value) -> Result<Office> {
        let plain = |sip| format!("udp = [\"{sip}\"]\ntcp = [\"{sip}\"]\n");
        Office::open_with(plain, settings, switches).await
    }

    async fn open_with(
        addresses: impl Fn(std::net::SocketAddr) -> String,
        settings: &str,
        switches: Value,
    ) -> Result<Office> {
        let settings = format!("[notices]\nretry_after = \"1s\"\n{settings}");
        let daemon = Daemon::start_as(&[], addresses, &settings).await?;
        let person = json!({ "surname": "Anna", "short_number": "105", "phone": "+79035550000",
                             "email": "anna@shop.example" });
        let anna = daemon.post("/staff", &person).await?;
        let anna = anna["id"].as_str().context("no id")?.to_owned();
        let sip = daemon.post(&format!("/staff/{anna}/sip"), &Value::Null).await?;
        let mut annas = phone(&daemon, &sip).await?;
        annas.register().await?;
        let line = daemon.post("/trunks", &json!({ "name": "In" })).await?;
        let gateway = phone(&daemon, &line["sip"]).await?;
        let number = json!({ "number": NUMBER, "staff_id": anna });
        daemon.post("/numbers", &number).await?;
        let path = format!("/staff/{anna}/notices");
        daemon
            .put_file(&path, "application/json", switches.to_string().into_bytes())
            .await?;
        Ok(Office {
            daemon,
            anna,
            phone: annas,
            gateway,
        })
    }

    /// Somebody outside calls Anna, who is busy.
    async fn miss(&mut self) -> Result<()> {
        let to = format!("sip:{NUMBER}@pbx.example");
        let headers = format!("P-Asserted-Identity: <sip:{CALLER}@pbx.example>\r\nContent-Type: application/sdp\r\n");
        let offer = sdp(42_000);
        let busy = async {
            let invite = self.phone.request_of("INVITE").await?;
            self.phone.respond(&invite, 486, ("", "")).await
        };
        let (answer, busy) = tokio::join!(self.gateway.ask("INVITE", &to, (&headers, &offer)), busy);
        busy?;
        ensure!(answer?.status() != Some(200), "nobody has answered");
        Ok(())
    }

    /// Waits until the newest notice is like that.
    async fn notice(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Value> {
        let look = async || {
            let list = self.daemon.get("/notices").await.ok()?;
            let notice = list["items"].get(0)?.clone();
            fits(&notice).then_some(notice)
        };
        let found = eventually(what, PATIENCE, look).await;
        found.with_context(|| self.daemon.log())
    }
}

fn by_mail() -> Value {
    json!({ "email": true, "language": "en" })
}

fn server(port: u16, more: &str) -> String {
    format!(
        "smtp_server = \"localhost:{port}\"\nsender = \"Frontdesk <frontdesk@shop.example>\"\n{more}\n\
         smtp_security = \"{}\"\n",
        if more.is_empty() { "none" } else { "starttls" }
    )
}

fn message_id(letter: &Letter) -> &str {
    letter.header("Message-ID")
}

/// L30: what could not be delivered is delivered when the server is back, once.
#[tokio::test]
async fn l30_a_letter_of_a_missed_call_waits_for_the_server_and_comes_once() -> Result<()> {
    let port = ports::free_udp_and_tcp()?;
    let mut office = Office::open(&server(port, ""), by_mail()).await?;
    office.miss().await?;
    let waits = |notice: &Value| notice["state"] == "waiting" && notice["attempts"].as_i64() > Some(0);
    let waiting = office.notice("a letter that waits for the server", waits).await?;
    ensure!(
        waiting["problem"].is_string() && waiting["next_attempt_at"].is_string(),
        "{waiting}"
    );
    let mail = MailServer::open(port, Manner::default()).await?;
    let sent = office
        .notice("the letter to be sent", |notice| notice["state"] == "sent")
        .await?;
    office.daemon.stop().await?;
    let letters = mail.letters();
    ensure!(letters.len() == 1, "{letters:#?}");
    let letter = &letters[0];
    ensure!(
        letter.from == "frontdesk@shop.example" && letter.to == ["anna@shop.example"],
        "{letter:#?}"
    );
    ensure!(
        letter.header("Subject") == format!("Missed call: {CALLER}"),
        "{letter:#?}"
    );
    let id = sent["id"].as_str().context("no id")?;
    ensure!(message_id(letter) == format!("<{id}@shop.example>"), "{letter:#?}");
    ensure!(letter.header("Auto-Submitted") == "auto-generated", "{letter:#?}");
    Ok(())
}

/// L30: a caller who has waited for a department in vain is one letter to the member who wants that, and none to the other.
#[tokio::test]
async fn l30_a_call_that_a_department_misses_is_one_letter_to_the_member_who_wants_that() -> Result<()> {
    let mail = MailServer::open(0, Manner::default()).await?;
    let mut office = Office::open(&server(mail.address.port(), ""), by_mail()).await?;
    let daemon = &office.daemon;
    let boris = json!({ "surname": "Boris", "short_number": "106", "email": "boris@shop.example" });
    let boris = daemon.post("/staff", &boris).await?;
    let sales = json!({ "name": "Sales", "short_number": "200", "members": [office.anna, boris["id"]],
                        "queue": { "join_when_empty": "always" } });
    let sales = daemon.post("/departments", &sales).await?;
    let number = json!({ "number": "+74957654322", "department_id": sales["id"] });
    daemon.post("/numbers", &number).await?;
    office.phone.unregister().await?;
    let headers = format!("P-Asserted-Identity: <sip:{CALLER}@pbx.example>\r\nContent-Type: application/sdp\r\n");
    let to = "sip:+74957654322@pbx.example";
    let waits = office.gateway.ask("INVITE", to, (&headers, &sdp(42_000))).await?;
    ensure!(waits.status() == Some(200), "nobody is there: {:?}", waits.status());
    office.gateway.hang_up(&waits).await?;
    let sent = office
        .notice("the letter to be sent", |notice| notice["state"] == "sent")
        .await?;
    ensure!(
        sent["staff_id"] == office.anna && sent["kind"] == "missed_call",
        "{sent}"
    );
    let call = office.daemon.last_call().await?;
    ensure!(call["disposition"] == "abandoned", "{call}");
    let all = office.daemon.get("/notices").await?;
    ensure!(all["items"].as_array().is_some_and(|all| all.len() == 1), "{all}");
    office.daemon.stop().await?;
    let letters = mail.letters();
    ensure!(
        letters.len() == 1 && letters[0].to == ["anna@shop.example"],
        "{letters:#?}"
    );
    Ok(())
}

/// The server took the letter and its answer was lost: the second one is known as the same by its Message-ID.
#[tokio::test]
async fn a_letter_whose_answer_was_lost_comes_again_under_the_same_message_id() -> Result<()> {
    let manner = Manner {
        lost: 1,
        ..Manner::default()
    };
    let mail = MailServer::open(0, manner).await?;
    let mut office = Office::open(&server(mail.address.port(), ""), by_mail()).await?;
    office.miss().await?;
    office
        .notice("the letter to be sent", |notice| notice["state"] == "sent")
        .await?;
    office.daemon.stop().await?;
    let letters = mail.letters();
    ensure!(letters.len() == 2, "{letters:#?}");
    ensure!(
        letters[0].text == letters[1].text && !message_id(&letters[0]).is_empty(),
        "{letters:#?}"
    );
    Ok(())
}

/// With STARTTLS and a login; the password stands in no log.
#[tokio::test]
async fn a_letter_goes_over_tls_to_a_server_that_shows_who_it_is() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (certificate, key) = own::certificate(folder.path(), &["localhost".to_owned()])?;
    let login = ("frontdesk".to_owned(), "a-secret-of-the-mail-server".to_owned());
    let manner = Manner {
        tls: Some(shown(&certificate, &key)?),
        login: Some(login.clone()),
        ..Manner::default()
    };
    let mail = MailServer::open(0, manner).await?;
    let more = format!("smtp_user = \"{}\"\nsmtp_password = \"{}\"", login.0, login.1);
    let trusting = |sip| format!("udp = [\"{sip}\"]\ntcp = [\"{sip}\"]\ntls_ca = {certificate:?}\n");
    let mut office = Office::open_with(trusting, &server(mail.address.port(), &more), by_mail()).await?;
    office.miss().await?;
    let sent = |notice: &Value| notice["state"] == "sent";
    office.notice("the letter to be sent", sent).await?;
    let letters = mail.letters();
    ensure!(letters.len() == 1 && letters[0].secure, "{letters:#?}");
    ensure!(letters[0].user.as_deref() == Some("frontdesk"), "{letters:#?}");
    ensure!(!office.daemon.log().contains(&login.1), "the log shows the password");
    let more = "smtp_user = \"frontdesk\"\nsmtp_password = \"x\"";
    let mut distrustful = Office::open(&server(mail.address.port(), more), by_mail()).await?;
    distrustful.miss().await?;
    let told = distrustful
        .notice("a problem", |notice| notice["problem"].is_string())
        .await?;
    ensure!(told["state"] == "waiting" && mail.letters().len() == 1, "{told}");
    office.daemon.stop().await?;
    distrustful.daemon.stop().await
}

#[tokio::test]
async fn a_letter_that_was_given_up_is_sent_again_by_hand() -> Result<()> {
    let manner = Manner {
        unknown: 1,
        ..Manner::default()
    };
    let mail = MailServer::open(0, manner).await?;
    let mut office = Office::open(&server(mail.address.port(), ""), by_mail()).await?;
    office.miss().await?;
    let given_up = office
        .notice("the letter to be given up", |notice| notice["state"] == "failed")
        .await?;
    let problem = given_up["problem"].as_str().unwrap_or_default();
    ensure!(problem.contains("no such mailbox here"), "{given_up}");
    let id = given_up["id"].as_str().context("no id")?;
    office
        .daemon
        .post(&format!("/notices/{id}/retry"), &Value::Null)
        .await?;
    office
        .notice("the letter to be sent", |notice| notice["state"] == "sent")
        .await?;
    ensure!(mail.letters().len() == 1, "{:#?}", mail.letters());
    office.daemon.stop().await
}

/// What a gateway was asked: the key in the header and the body.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// Refuses the first and takes the others.
async fn sms_gateway(asked: Asked) -> Result<(u16, JoinSet<()>)> {
    let take = async move |headers: HeaderMap, Json(body): Json<Value>| {
        let key = headers
            .get("authorization")
            .and_then(|key| key.to_str().ok())
            .unwrap_or_default();
        let mut asked = asked.lock().unwrap();
        asked.push((key.to_owned(), body));
        match asked.len() {
            1 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let mut tasks = JoinSet::new();
    let router = Router::new().route("/send", post(take));
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    Ok((port, tasks))
}

/// L28: one short message to the person's number; the gateway knows by the id that the second attempt is the same one.
#[tokio::test]
async fn l28_a_short_message_of_a_missed_call_goes_to_the_gateway() -> Result<()> {
    let asked = Asked::default();
    let (port, _tasks) = sms_gateway(Arc::clone(&asked)).await?;
    let settings = format!(
        "sms_url = \"http://127.0.0.1:{port}/send\"\n\
         sms_headers = [\"Content-Type: application/json\", \"Authorization: Bearer a-key-of-the-gateway\"]\n"
    );
    let mut office = Office::open(&settings, json!({ "sms": true, "language": "ru" })).await?;
    office.miss().await?;
    let sent = office
        .notice("the message to be sent", |notice| notice["state"] == "sent")
        .await?;
    ensure!(sent["attempts"] == 2 && sent["staff_id"] == office.anna, "{sent}");
    let asked = asked.lock().unwrap().clone();
    ensure!(asked.len() == 2 && asked[0] == asked[1], "{asked:?}");
    let expected = json!({ "to": "+79035550000", "text": format!("Пропущенный звонок: {CALLER}"), "id": sent["id"] });
    ensure!(
        asked[0] == ("Bearer a-key-of-the-gateway".to_owned(), expected),
        "{asked:?}"
    );
    ensure!(
        !office.daemon.log().contains("a-key-of-the-gateway"),
        "the log shows the key"
    );
    office
        .daemon
        .metric("frontdesk_notices_total{channel=\"sms\",outcome=\"sent\"}", 1)
        .await?;
    office.daemon.stop().await
}

/// L28, L30: whoever is not to be disturbed hears afterwards of whom they have missed, once by each way.
#[tokio::test]
async fn l28_and_l30_a_call_during_do_not_disturb_is_told_once_by_each_way() -> Result<()> {
    let mut office = Office::open("", json!({ "sms": true, "email": true, "language": "en" })).await?;
    let quiet = json!({ "dnd": true }).to_string().into_bytes();
    let path = format!("/staff/{}/forwarding", office.anna);
    office.daemon.put_file(&path, "application/json", quiet).await?;
    let to = format!("sip:{NUMBER}@pbx.example");
    let headers = format!("P-Asserted-Identity: <sip:{CALLER}@pbx.example>\r\nContent-Type: application/sdp\r\n");
    let answer = office.gateway.ask("INVITE", &to, (&headers, &sdp(42_000))).await?;
    ensure!(answer.status() == Some(480), "{answer:?}");
    let both = async || {
        let list = office.daemon.get("/notices?state=sent").await.ok()?;
        (list["items"].as_array()?.len() == 2).then_some(list)
    };
    let list = eventually("both notices to be written", PATIENCE, both).await?;
    for notice in list["items"].as_array().context("a list")? {
        ensure!(notice["staff_id"] == office.anna, "{notice}");
        ensure!(
            notice["body"].as_str().is_some_and(|body| body.contains(CALLER)),
            "{notice}"
        );
    }
    let folder = office.daemon.folder().join("data/notices");
    ensure!(std::fs::read_dir(&folder)?.count() == 2);
    let calls = office.daemon.get(&format!("/calls?staff_id={}", office.anna)).await?;
    let call = &calls["items"][0];
    ensure!(
        call["callee"]["staff_id"] == office.anna && call["disposition"] == "no_answer",
        "{calls}"
    );
    office.daemon.stop().await
}

/// Somebody from whom clients' numbers are hidden gets the stub.
#[tokio::test]
async fn without_servers_notices_are_files_and_a_hidden_number_is_the_stub() -> Result<()> {
    let mut office = Office::open("", json!({ "sms": true, "email": true, "language": "ru" })).await?;
    let hide = json!({ "hide_client_number": true });
    office.daemon.patch(&format!("/staff/{}", office.anna), &hide).await?;
    office.miss().await?;
    let both = async || {
        let list = office.daemon.get("/notices?state=sent").await.ok()?;
        (list["items"].as_array()?.len() == 2).then_some(list)
    };
    let list = eventually("both notices to be written", PATIENCE, both).await?;
    let folder = office.daemon.folder().join("data/notices");
    for notice in list["items"].as_array().context("a list")? {
        let name = notice["id"].as_str().context("no id")?;
        let file = match notice["channel"] == "sms" {
            true => std::fs::read_to_string(folder.join(format!("{name}.txt")))?,
            false => std::fs::read_to_string(folder.join(format!("{name}.eml")))?,
        };
        ensure!(!file.contains("9161234567"), "{file}");
        let to = if notice["channel"] == "sms" {
            "+79035550000"
        } else {
            "anna@shop.example"
        };
        ensure!(file.contains(to), "{file}");
        ensure!(
            notice["body"]
                .as_str()
                .is_some_and(|body| body.contains("+78123893298")),
            "{notice}"
        );
    }
    ensure!(std::fs::read_dir(&folder)?.count() == 2);
    office.daemon.stop().await
}
