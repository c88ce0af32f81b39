//! Programs outside are told what happens: what the board tells its readers is put into a queue for each webhook that asks
//! for it, if the webhook's owner may read it and as they may see it, and sent from there. Neither calls nor readers wait for any of it.

mod owner;
mod signature;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method};
use frontdesk_config::Config;
use frontdesk_crm_core::roles::Cache;
use frontdesk_crm_core::store::{Db, Stamp, StoreError};
use frontdesk_crm_core::webhooks::{self, Claimed, News, Outcome, Patience, State, Webhook};
use frontdesk_routing::ids::{ClientId, DeliveryId};
use frontdesk_routing::masking::Viewer;
use futures::FutureExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::http::Clock;
use crate::http_client::{Client, Outgoing, Reach};
use crate::live::reading::right_of;
use crate::live::{Event, Live, Missed, Subscription};
use crate::shell::tls::trust::Trust;
use owner::{Owner, Owners, People};

/// Deliveries at the same time.
pub const WORKERS: usize = 3;
/// Events that are put into the queue together.
const BATCH: usize = 200;
const GATHER: Duration = Duration::from_millis(50);
const LOOK: Duration = Duration::from_secs(1);
/// While the database is away.
const LATE: Duration = Duration::from_secs(5);
/// Longer than any delivery takes.
const LEASE_MS: i64 = 60_000;
const GRACE: Duration = Duration::from_secs(3);
const HOUR_MS: i64 = 3_600_000;

/// Tells webhooks.
pub struct Hooks {
    db: Db,
    clock: Arc<dyn Clock>,
    live: Arc<Live>,
    duties: Cache,
    client: Client,
    patience: Patience,
}

impl Hooks {
    /// # Errors
    /// What the configuration says cannot be.
    pub fn new(config: &Config, db: Db, clock: Arc<dyn Clock>, live: Arc<Live>) -> anyhow::Result<Hooks> {
        let trust = Trust::new(config.sip.tls_ca.as_deref()).context("sip.tls_ca")?;
        let reach = match config.webhooks.allow_private {
            true => Reach::Everywhere,
            false => Reach::Public,
        };
        let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        Ok(Hooks {
            db,
            clock,
            live,
            duties: Cache::default(),
            client: Client::new(Arc::new(trust), reach),
            patience: Patience {
                first_pause_ms: ms(config.webhooks.retry_after),
                longest_ms: ms(config.webhooks.give_up_after),
            },
        })
    }

    /// Puts events into the queue, until the shutdown.
    pub async fn collect(self: Arc<Self>, mut events: Subscription, stop: CancellationToken) -> anyhow::Result<()> {
        loop {
            let first = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                event = events.next() => event,
            };
            let batch = gather(first, &mut events).await;
            // What cannot be kept now is tried until it can; the board keeps what comes meanwhile, up to a bound.
            while let Err(error) = self.keep(&batch).await {
                tracing::warn!(%error, "webhooks wait for the database");
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = tokio::time::sleep(LATE) => {}
                }
            }
        }
    }

    async fn keep(&self, batch: &[Event]) -> Result<(), StoreError> {
        let hooks = webhooks::active(&self.db).await?;
        if hooks.is_empty() {
            return Ok(());
        }
        let news = batch.iter().flat_map(|event| {
            let kinds = kinds(event).into_iter();
            kinds.map(move |kind| (event, kind))
        });
        let asked: Vec<(&Event, webhooks::Event, &Webhook)> = news
            .flat_map(|(event, kind)| {
                let hooks = hooks.iter().filter(move |hook| asks(hook, event, kind));
                hooks.map(move |hook| (event, kind, hook))
            })
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let now = self.clock.unix_ms();
        let asking: Vec<&Webhook> = asked.iter().map(|(_, _, hook)| *hook).collect();
        let owners = Owners::of(self.people(now), &asking).await?;
        let plan = self.live.plan();
        let told: Vec<(DeliveryId, &Webhook, webhooks::Event, Value)> = asked
            .into_iter()
            .filter(|(event, _, hook)| owners.may_tell(hook, event))
            .map(|(event, kind, hook)| {
                // Somebody who is gone sees as little as possible.
                let masked = Viewer::person(&plan, hook.account, hook.owner).is_masked();
                let id = DeliveryId::new(now, self.clock.random());
                let data = serde_json::from_str(event.data_for(masked)).unwrap_or(Value::Null);
                (id, hook, kind, data)
            })
            .collect();
        self.queue(&told, now).await
    }

    async fn queue(&self, told: &[(DeliveryId, &Webhook, webhooks::Event, Value)], now: i64) -> Result<(), StoreError> {
        let at = crate::live::view::time(now);
        let payloads: Vec<String> = told
            .iter()
            .map(|(id, _, kind, data)| {
                json!({ "id": id.to_string(), "event": kind.name(), "at": at, "data": data }).to_string()
            })
            .collect();
        let news: Vec<News<'_>> = told
            .iter()
            .zip(&payloads)
            .map(|((id, hook, kind, data), payload)| News {
                id: *id,
                webhook: hook.id,
                account: hook.account,
                owner: hook.owner,
                client: client_of(data),
                event: *kind,
                payload,
                at: now,
            })
            .collect();
        let left_out = webhooks::queue(&self.db, &news).await?;
        if left_out > 0 {
            tracing::warn!(left_out, "too much waits for webhooks: news are left out");
            let left_out = u64::try_from(left_out).unwrap_or(u64::MAX);
            metrics::counter!("frontdesk_webhooks_left_out_total").increment(left_out);
        }
        Ok(())
    }

    /// One worker, until the shutdown.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> anyhow::Result<()> {
        let mut forgotten_at = 0;
        let mut pause = LOOK;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
            pause = match self.turn(&stop, &mut forgotten_at).await {
                Ok(()) => LOOK,
                Err(error) => {
                    tracing::warn!(%error, "webhooks wait for the database");
                    LATE
                }
            };
        }
    }

    async fn turn(&self, stop: &CancellationToken, forgotten_at: &mut i64) -> Result<(), StoreError> {
        let now = self.clock.unix_ms();
        if now.saturating_sub(*forgotten_at) >= HOUR_MS {
            *forgotten_at = now;
            webhooks::forget(&self.db, now).await?;
        }
        while !stop.is_cancelled() {
            let now = self.clock.unix_ms();
            if webhooks::next(&self.db).await?.is_none_or(|due| due > now) {
                return Ok(());
            }
            if let Some(claimed) = webhooks::claim(&self.db, now, LEASE_MS).await? {
                self.serve(&claimed, stop).await?;
            }
        }
        Ok(())
    }

    async fn serve(&self, claimed: &Claimed, stop: &CancellationToken) -> Result<(), StoreError> {
        let stopped = async {
            stop.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        if !self.may_still(claimed).await? {
            webhooks::withhold(&self.db, claimed, self.clock.unix_ms()).await?;
            metrics::counter!("frontdesk_webhooks_total", "outcome" => "withheld").increment(1);
            return Ok(());
        }
        let outcome = tokio::select! {
            outcome = self.deliver(claimed) => outcome,
            // The lease ends, and it is due again.
            () = stopped => return Ok(()),
        };
        let stamp = Stamp {
            unix_ms: self.clock.unix_ms(),
            random: self.clock.random(),
        };
        let became = webhooks::finish(&self.db, claimed, &outcome, (stamp, self.patience)).await?;
        let word = match became {
            State::Sent => "sent",
            State::Failed => "failed",
            State::Waiting | State::Sending => "delayed",
        };
        metrics::counter!("frontdesk_webhooks_total", "outcome" => word).increment(1);
        Ok(())
    }

    /// Whether the webhook's owner of the moment may read what waits; what was written for another one's eyes, only if they
    /// see everybody's things and numbers.
    async fn may_still(&self, claimed: &Claimed) -> Result<bool, StoreError> {
        let delivery = &claimed.delivery;
        let who = (delivery.account, claimed.owner);
        let people = self.people(self.clock.unix_ms());
        let Some(owner) = Owner::of(people, who, claimed.standing).await? else {
            return Ok(false);
        };
        if delivery.event == webhooks::Event::Test {
            return Ok(true);
        }
        let right = right_of(delivery.event.name());
        if delivery.owner == Some(claimed.owner) {
            return Ok(owner.may(right));
        }
        let plan = self.live.plan();
        let masked = Viewer::person(&plan, delivery.account, claimed.owner).is_masked();
        Ok(owner.may_on_all(right) && !masked)
    }

    fn people(&self, now: i64) -> People<'_> {
        People {
            db: &self.db,
            duties: &self.duties,
            now,
        }
    }

    async fn deliver(&self, claimed: &Claimed) -> Outcome {
        let Ok(url) = claimed.url.parse() else {
            return failed(None, "not an address of the web");
        };
        let delivery = &claimed.delivery;
        let seconds = self.clock.unix_ms() / 1_000;
        let signature = signature::of(&claimed.secret, seconds, &delivery.payload);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let lines = [
            ("x-frontdesk-event", delivery.event.name().to_owned()),
            ("x-frontdesk-delivery", delivery.id.to_string()),
            ("x-frontdesk-timestamp", seconds.to_string()),
            ("x-frontdesk-signature", format!("v1={signature}")),
        ];
        for (name, value) in lines {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let request = Outgoing {
            method: Method::POST,
            url,
            headers,
            body: delivery.payload.clone().into_bytes(),
        };
        match self.client.send(request).await {
            Ok(answer) if (200..300).contains(&answer.status) => Outcome {
                status: Some(answer.status),
                problem: None,
            },
            Ok(answer) if (300..400).contains(&answer.status) => {
                failed(Some(answer.status), "redirects are not followed")
            }
            // The body stays outside: an address inside would else be read through us.
            Ok(answer) => failed(Some(answer.status), "it was not taken"),
            Err(error) => failed(None, &error.to_string()),
        }
    }
}

fn failed(status: Option<u16>, problem: &str) -> Outcome {
    Outcome {
        status,
        problem: Some(problem.to_owned()),
    }
}

/// The first event and what comes soon after it; where much waits already, nothing is waited for.
async fn gather(first: Result<Event, Missed>, events: &mut Subscription) -> Vec<Event> {
    let mut heard = vec![first];
    hear(&mut heard, events);
    if heard.len() < BATCH {
        tokio::time::sleep(GATHER).await;
        hear(&mut heard, events);
    }
    let told = heard.into_iter().filter_map(|event| {
        if event.is_err() {
            tracing::warn!("more has happened than can be kept: webhooks were not told of all");
            metrics::counter!("frontdesk_webhooks_overruns_total").increment(1);
        }
        event.ok()
    });
    told.collect()
}

/// What is there without waiting.
fn hear(heard: &mut Vec<Result<Event, Missed>>, events: &mut Subscription) {
    while heard.len() < BATCH
        && let Some(event) = events.next().now_or_never()
    {
        heard.push(event);
    }
}

/// What an event of the board is to webhooks; a missed call is two things.
fn kinds(event: &Event) -> Vec<webhooks::Event> {
    match event.name {
        "call.created" => vec![webhooks::Event::CallStarted],
        "call.answered" => vec![webhooks::Event::CallAnswered],
        "call.ended" if is_missed(&event.data) => vec![webhooks::Event::CallEnded, webhooks::Event::CallMissed],
        "call.ended" => vec![webhooks::Event::CallEnded],
        "recording.ready" => vec![webhooks::Event::RecordingReady],
        "client.changed" => vec![webhooks::Event::ClientChanged],
        "deal.created" => vec![webhooks::Event::DealCreated],
        "deal.changed" => vec![webhooks::Event::DealChanged],
        "request.created" => vec![webhooks::Event::RequestCreated],
        "voicemail.created" => vec![webhooks::Event::VoicemailCreated],
        _ => Vec::new(),
    }
}

fn is_missed(data: &str) -> bool {
    let data: Value = serde_json::from_str(data).unwrap_or(Value::Null);
    word(&data, "/call/direction") == Some("inbound") && word(&data, "/disposition") != Some("answered")
}

/// What is meant for one person's eyes is not for programs.
fn asks(hook: &Webhook, event: &Event, kind: webhooks::Event) -> bool {
    event.account == Some(hook.account) && event.staff.is_none() && hook.events.contains(&kind)
}

fn client_of(data: &Value) -> Option<ClientId> {
    let id = word(data, "/client_id").or_else(|| word(data, "/call/client_id"));
    id.and_then(|id| id.parse().ok())
}

fn word<'a>(data: &'a Value, place: &str) -> Option<&'a str> {
    data.pointer(place).and_then(Value::as_str)
}
