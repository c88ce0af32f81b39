//! What a test waits for that the running daemon tells.

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Daemon, PATIENCE};
use crate::ports::eventually;

impl Daemon {
    /// Waits until the phone of this short number has that `sip_status`; the issue allows a second.
    pub async fn sip_status(&self, short_number: &str, expected: &str) -> Result<()> {
        let what = format!("{short_number} to be {expected}");
        eventually(&what, PATIENCE, async || {
            let staff = self.get("/staff?limit=500").await.ok()?;
            let members = staff["items"].as_array()?.iter();
            let mut members = members.filter(|member| member["short_number"] == short_number);
            members.any(|member| member["sip_status"] == expected).then_some(())
        })
        .await
        .with_context(|| self.log())
    }

    /// Waits until a figure of `/metrics` is at least so high; it is told once a second.
    pub async fn metric(&self, name: &str, least: u32) -> Result<()> {
        let url = format!("http://{}/metrics", self.http);
        eventually(name, PATIENCE, async || {
            let text = self.client.get(&url).send().await.ok()?.text().await.ok()?;
            let values = text
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            let mut values = values.filter_map(|value| value.parse::<f64>().ok());
            let high = f64::from(least);
            values.any(|value| value >= high).then_some(())
        })
        .await
        .with_context(|| self.log())
    }

    /// Waits until a call to this number, as dialled, is in that state (`ringing`, `talking` ...).
    pub async fn call_to(&self, called: &str, state: &str) -> Result<()> {
        let what = format!("a call to {called} that is {state}");
        eventually(&what, PATIENCE, async || {
            let calls = self.get("/calls/live").await.ok()?;
            let mut calls = calls["items"].as_array()?.iter();
            let found = calls.any(|call| call["called"] == called && call["state"] == state);
            found.then_some(())
        })
        .await
        .with_context(|| self.log())
    }

    /// Waits for the newest call to be over, and for its recording to be ready where it has one.
    pub async fn last_call(&self) -> Result<Value> {
        let over = async || {
            let calls = self.get("/calls?limit=1").await.ok()?;
            let call = calls["items"].get(0)?.clone();
            let ready = call["recordings"]
                .as_array()?
                .iter()
                .all(|recording| recording["state"] == "ready");
            (call["ended_at"].is_string() && ready).then_some(call)
        };
        eventually("a finished call in the records", PATIENCE, over)
            .await
            .with_context(|| self.log())
    }
}
