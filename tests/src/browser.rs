//! A headless Chromium, driven over the WebDriver protocol.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};

use crate::ports;

/// How long a page may take to become what is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a page may be left while something is waited for in it.
const PAGES_LEFT: u32 = 200;
const VISIBLE: &str = "(css) => [...document.querySelectorAll(css)].find((element) => element.checkVisibility())";
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One driver process with one browser window. Ends both when dropped.
pub struct Browser {
    driver: Child,
    http: reqwest::Client,
    session: String,
    _profile: tempfile::TempDir,
}

pub struct Look {
    pub language: &'static str,
    pub dark: bool,
    pub width: u32,
    pub height: u32,
}

impl Browser {
    /// `Ok(None)` when this machine has no Chromium; with `CI` set that is an error.
    pub async fn start(language: &str) -> Result<Option<Browser>> {
        let found = ["chromedriver", "chromium"].iter().all(|name| installed(name));
        if !found {
            if std::env::var_os("CI").is_some() {
                bail!("chromium and chromium-driver have to be installed");
            }
            println!("SKIPPED: no chromium and chromedriver on this machine (packages chromium, chromium-driver)");
            return Ok(None);
        }
        let profile = tempfile::tempdir()?;
        // One that it chooses itself for IPv6 may be somebody's for IPv4.
        let port = ports::free_udp_and_tcp()?;
        let mut driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        until_started(&mut driver)?;
        let http = reqwest::Client::new();
        let wanted = capabilities(&profile.path().display().to_string(), language);
        let base = format!("http://127.0.0.1:{port}/session");
        let answer: Value = http.post(&base).json(&wanted).send().await?.json().await?;
        let id = answer.pointer("/value/sessionId").and_then(Value::as_str);
        let session = format!(
            "{base}/{}",
            id.with_context(|| format!("no browser session: {answer}"))?
        );
        let browser = Browser {
            driver,
            http,
            session,
            _profile: profile,
        };
        browser.post("timeouts", json!({ "script": 15_000 })).await?;
        Ok(Some(browser))
    }

    pub async fn open(&self, url: &str) -> Result<()> {
        self.post("url", json!({ "url": url })).await.map(drop)
    }

    pub async fn url(&self) -> Result<String> {
        Ok(self.get("url").await?.as_str().unwrap_or_default().to_owned())
    }

    /// The page's viewport, and whether it is to be dark.
    pub async fn look(&self, look: &Look) -> Result<()> {
        let metrics = json!({ "width": look.width, "height": look.height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await?;
        let scheme = if look.dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await?;
        self.language(look.language).await
    }

    pub async fn language(&self, language: &str) -> Result<()> {
        self.devtools("Network.enable", json!({})).await?;
        self.devtools(
            "Network.setExtraHTTPHeaders",
            json!({ "headers": { "Accept-Language": language } }),
        )
        .await
    }

    async fn devtools(&self, command: &str, params: Value) -> Result<()> {
        self.post("goog/cdp/execute", json!({ "cmd": command, "params": params }))
            .await
            .map(drop)
    }

    /// Waits until the selector finds an element that can be seen.
    pub async fn find(&self, css: &str) -> Result<String> {
        let found = self.wait_for(VISIBLE, json!([css])).await?;
        match found.get(ELEMENT).and_then(Value::as_str) {
            Some(id) => Ok(id.to_owned()),
            None => bail!(
                "the page never showed {css}; it shows: {}",
                self.text("body").await.unwrap_or_default()
            ),
        }
    }

    /// The first true value of a function of the page, or null when the patience is over. The page itself does the
    /// waiting; a page that is left meanwhile is asked again in its successor.
    async fn wait_for(&self, function: &str, args: Value) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1], args = [...arguments].slice(0, -1), end = Date.now() + {};
             const look = () => {{
               const value = ({function})(...args);
               if (value) done(value); else if (Date.now() > end) done(null); else setTimeout(look, 15);
             }};
             look();",
            PATIENCE.as_millis()
        );
        let wait = json!({ "script": script, "args": args });
        for _ in 0..PAGES_LEFT {
            if let Ok(value) = self.post("execute/async", wait.clone()).await {
                return Ok(value);
            }
        }
        self.post("execute/async", wait).await
    }

    /// An element that the page has exchanged between the look and the click is looked for anew. In a dialog one that lies
    /// under the buttons at its foot is scrolled to first, as people do.
    pub async fn click(&self, css: &str) -> Result<()> {
        let scroll = "document.querySelector(arguments[0])?.closest('dialog') && document.querySelector(arguments[0]).scrollIntoView({ block: 'nearest' })";
        for _ in 0..PAGES_LEFT {
            let id = self.find(css).await?;
            self.script(scroll, json!([css])).await?;
            match self.post(&format!("element/{id}/click"), json!({})).await {
                Err(error) if error.to_string().contains("stale element") => {}
                clicked => return clicked.map(drop),
            }
        }
        bail!("{css} is exchanged again and again")
    }

    /// Types with real key strokes, after emptying the field.
    pub async fn type_into(&self, css: &str, text: &str) -> Result<()> {
        let id = self.find(css).await?;
        self.post(&format!("element/{id}/clear"), json!({})).await?;
        self.post(&format!("element/{id}/value"), json!({ "text": text }))
            .await
            .map(drop)
    }

    /// Chooses a file of this machine in a file field.
    pub async fn attach(&self, css: &str, path: &std::path::Path) -> Result<()> {
        let id = self.find(css).await?;
        let text = json!({ "text": path.display().to_string() });
        self.post(&format!("element/{id}/value"), text).await.map(drop)
    }

    /// By the page that asks for it.
    pub async fn log_in(&self, base: &str, (login, password): (&str, &str)) -> Result<()> {
        self.open(&format!("{base}/login")).await?;
        self.type_into("#login-name", login).await?;
        self.type_into("#login-password", password).await?;
        self.click("#login button[type=submit]").await?;
        self.find("#log-out").await.map(drop)
    }

    /// Key strokes to whatever has the focus.
    pub async fn keys(&self, keys: &[&str]) -> Result<()> {
        let strokes: Vec<Value> = keys
            .iter()
            .flat_map(|key| {
                [
                    json!({ "type": "keyDown", "value": key }),
                    json!({ "type": "keyUp", "value": key }),
                ]
            })
            .collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] });
        self.post("actions", actions).await.map(drop)
    }

    pub async fn text(&self, css: &str) -> Result<String> {
        let script = "return document.querySelector(arguments[0])?.innerText ?? ''";
        Ok(self
            .script(script, json!([css]))
            .await?
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// Waits until the element's text contains the wanted one.
    pub async fn see(&self, css: &str, wanted: &str) -> Result<()> {
        self.wait(css, wanted, true).await
    }

    /// Waits until the element's text no longer contains it.
    pub async fn see_gone(&self, css: &str, unwanted: &str) -> Result<()> {
        self.wait(css, unwanted, false).await
    }

    async fn wait(&self, css: &str, wanted: &str, there: bool) -> Result<()> {
        let function = "(css, text, there) => (document.querySelector(css)?.innerText ?? '').includes(text) === there";
        if self.wait_for(function, json!([css, wanted, there])).await? == Value::Bool(true) {
            return Ok(());
        }
        bail!(
            "{css}: waited for {wanted:?} to be {there}, it shows {:?}",
            self.text(css).await?
        )
    }

    /// Waits until the expression is true in the page.
    pub async fn until(&self, expression: &str) -> Result<()> {
        match self
            .wait_for(&format!("() => Boolean({expression})"), json!([]))
            .await?
        {
            Value::Bool(true) => Ok(()),
            _ => bail!("never became true: {expression}"),
        }
    }

    pub async fn script(&self, script: &str, args: Value) -> Result<Value> {
        self.post("execute/sync", json!({ "script": script, "args": args }))
            .await
    }

    /// A PNG of the whole page.
    pub async fn screenshot(&self) -> Result<Vec<u8>> {
        use base64::Engine as _;
        let text = self.get("screenshot").await?;
        Ok(base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap_or_default())?)
    }

    /// What the browser's console complained about.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        let lines = self.post("se/log", json!({ "type": "browser" })).await?;
        let lines = lines.as_array().cloned().unwrap_or_default();
        Ok(lines
            .iter()
            .filter_map(|line| line.get("message")?.as_str().map(str::to_owned))
            .collect())
    }

    pub async fn forget_cookies(&self) -> Result<()> {
        let answer: Value = self
            .http
            .delete(format!("{}/cookie", self.session))
            .send()
            .await?
            .json()
            .await?;
        value(answer).map(drop)
    }

    async fn get(&self, path: &str) -> Result<Value> {
        value(
            self.http
                .get(format!("{}/{path}", self.session))
                .send()
                .await?
                .json()
                .await?,
        )
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        value(
            self.http
                .post(format!("{}/{path}", self.session))
                .json(&body)
                .send()
                .await?
                .json()
                .await?,
        )
    }
}

impl Drop for Browser {
    /// The driver ends its browser when the session is deleted; when the driver is merely killed the browser goes on.
    fn drop(&mut self) {
        if let Err(error) = end_session(&self.session) {
            eprintln!("the browser may still run: {error:#}");
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// By hand, because a drop cannot await.
fn end_session(session: &str) -> Result<()> {
    let (host, path) = session
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .context("a session has an address")?;
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "DELETE /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    if !status.contains(" 200 ") {
        bail!("the driver answers {status}");
    }
    Ok(())
}

fn value(answer: Value) -> Result<Value> {
    let value = answer.get("value").cloned().unwrap_or(Value::Null);
    match value.get("error").and_then(Value::as_str) {
        Some(error) => Err(anyhow!(
            "{error}: {}",
            value.get("message").and_then(Value::as_str).unwrap_or_default()
        )),
        None => Ok(value),
    }
}

fn capabilities(profile: &str, language: &str) -> Value {
    let mut args: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--autoplay-policy=no-user-gesture-required",
        "--hide-scrollbars",
    ]
    .map(String::from)
    .into();
    args.push(format!("--user-data-dir={profile}"));
    args.push(format!("--accept-lang={language}"));
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": { "args": args, "prefs": { "intl.accept_languages": language } },
        "goog:loggingPrefs": { "browser": "ALL" },
    } } })
}

fn until_started(driver: &mut Child) -> Result<()> {
    let mut said = String::new();
    for line in BufReader::new(driver.stdout.take().context("no output of chromedriver")?).lines() {
        let line = line?;
        if line.contains("started successfully") {
            return Ok(());
        }
        said.push_str(&line);
    }
    bail!("chromedriver did not start: {said}")
}

fn installed(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}
