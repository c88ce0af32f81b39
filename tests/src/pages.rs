//! Pages in a real browser, as somebody who is logged in sees them.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::browser::{Browser, Look};
use crate::office::{Caller, Office};

/// An office and a browser in which its main account is logged in.
pub struct Desk {
    pub browser: Browser,
    pub office: Office,
    /// The main account, at the API.
    pub main: Caller,
}

impl Desk {
    /// In English, as large as a desk's screen; `None` where there is no Chromium.
    pub async fn open() -> Option<Desk> {
        Desk::at(Browser::wide().await?, Office::open().await).await
    }

    /// With people and clients, to be looked at in all of [`looks`]; `None` where there is no Chromium.
    pub async fn furnished() -> Option<Desk> {
        let browser = Browser::start("ru").await.unwrap()?;
        let office = Office::open().await;
        office.furnish().await;
        Desk::at(browser, office).await
    }

    async fn at(browser: Browser, office: Office) -> Option<Desk> {
        let main = office.main().await;
        browser.enter(&office).await;
        Some(Desk { browser, office, main })
    }

    pub async fn visit(&self, path: &str) {
        self.browser.visit(&self.office, path).await;
    }

    /// Sends the form and waits until its dialog is closed.
    pub async fn save(&self, kind: &str) {
        self.browser.press(&format!("#{kind}-form button[type=submit]")).await;
        let closed = format!("!document.getElementById('{kind}-dialog').open");
        self.browser.until(&closed).await.unwrap();
    }
}

/// What a page may not have: controls without names, an id twice, more width than the screen.
const FAULTS: &str = "
  const faults = [];
  if (document.documentElement.lang !== arguments[0]) faults.push('lang ' + document.documentElement.lang);
  if (document.documentElement.scrollWidth > innerWidth) faults.push('wider than the screen: ' + document.documentElement.scrollWidth);
  const seen = [...document.querySelectorAll('a, button, input, select, textarea')].filter((e) => e.checkVisibility());
  for (const e of seen) {
    const name = e.getAttribute('aria-label') || e.innerText || e.labels?.[0]?.innerText || e.labels?.[0]?.textContent;
    if (!name || !name.trim()) faults.push('no name: ' + e.outerHTML.slice(0, 80));
  }
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  if (new Set(ids).size !== ids.length) faults.push('an id twice');
  if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
  for (const cell of document.querySelectorAll('.rows td')) {
    if (cell.checkVisibility() && cell.scrollWidth > cell.clientWidth + 1) faults.push('cut off: ' + cell.innerText);
  }
  for (const box of document.querySelectorAll('dialog[open]')) {
    if (box.scrollWidth > box.clientWidth) faults.push('the dialog is wider than itself');
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  if (dark !== arguments[1]) faults.push('dark is ' + dark);
  return faults;";

/// Both languages, small and large, light and dark.
pub fn looks() -> Vec<Look> {
    let mut looks = Vec::new();
    for language in ["ru-RU,ru;q=0.9", "en-US,en;q=0.9"] {
        for (width, height) in [(360, 740), (390, 844), (1280, 900)] {
            for dark in [false, true] {
                looks.push(Look {
                    language,
                    dark,
                    width,
                    height,
                });
            }
        }
    }
    looks
}

impl Browser {
    /// One for English, as large as a desk's screen; `None` where there is no Chromium.
    pub async fn wide() -> Option<Browser> {
        let browser = Browser::start("en").await.unwrap()?;
        let look = Look {
            language: "en",
            dark: false,
            width: 1280,
            height: 900,
        };
        browser.look(&look).await.unwrap();
        Some(browser)
    }

    /// As the main account.
    pub async fn enter(&self, office: &Office) {
        let (login, password) = office.credentials();
        self.log_in_as(office, &login, &password).await;
    }

    pub async fn log_in_as(&self, office: &Office, login: &str, password: &str) {
        self.forget_cookies().await.unwrap();
        self.log_in(&office.url(), (login, password)).await.unwrap();
    }

    /// A page of the office, once it is there and hears of events where it does.
    pub async fn visit(&self, office: &Office, path: &str) {
        self.open(&format!("{}{path}", office.url())).await.unwrap();
        self.find("main h1").await.unwrap();
        let heard = "!document.querySelector('[data-feed]') || document.querySelector('[data-feed].online')";
        self.until(heard).await.unwrap();
    }

    /// Nothing is wrong with how the page is made; `FRONTDESK_SHOTS=folder` keeps a picture of it.
    pub async fn check(&self, look: &Look, name: &str) {
        let lang = look.language.get(..2).unwrap();
        let faults = self.script(FAULTS, json!([lang, look.dark])).await.unwrap();
        let (width, tone) = (look.width, if look.dark { "dark" } else { "light" });
        assert_eq!(faults, Value::Array(Vec::new()), "{name} {lang} {width} {tone}");
        if let Some(folder) = std::env::var_os("FRONTDESK_SHOTS").map(PathBuf::from) {
            let file = folder.join(format!("{name}-{lang}-{width}-{tone}.png"));
            std::fs::write(file, self.screenshot().await.unwrap()).unwrap();
        }
    }

    /// Clicks what may be under a bar that stays where it is.
    pub async fn press(&self, css: &str) {
        self.find(css).await.unwrap();
        let middle = "[...document.querySelectorAll(arguments[0])].find((one) => one.checkVisibility())
            .scrollIntoView({ block: 'center', behavior: 'instant' })";
        self.script(middle, json!([css])).await.unwrap();
        self.click(css).await.unwrap();
    }

    /// Chooses the option with this text.
    pub async fn choose(&self, css: &str, text: &str) {
        self.find(css).await.unwrap();
        let script = "const list = document.querySelector(arguments[0]);
            const option = [...list.options].find((option) => option.textContent === arguments[1]);
            if (!option) return [...list.options].map((option) => option.textContent).join('|');
            list.value = option.value;
            list.dispatchEvent(new Event('change', { bubbles: true }));
            return null;";
        let missing = self.script(script, json!([css, text])).await.unwrap();
        assert_eq!(missing, Value::Null, "{css} has no {text}");
    }

    /// The console had nothing to complain about but refused requests.
    pub async fn quiet(&self) {
        let complaints = self.complaints().await.unwrap();
        let ours: Vec<&String> = complaints
            .iter()
            .filter(|line| !line.contains("the server responded with a status of 4"))
            .collect();
        assert!(ours.is_empty(), "the console complains: {ours:?}");
    }
}
