//! Short messages, by a gateway that speaks HTTP.

use anyhow::{Context, bail};
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, Uri};
use frontdesk_config::{Notices, Secret, SmsMethod};
use frontdesk_crm_core::notices::{Failure, Notice};

use super::{for_good, for_now};
use crate::http_client::{Client, Outgoing};

pub(super) struct Sms {
    client: Client,
    /// `None`: messages are files.
    gateway: Option<Gateway>,
}

struct Gateway {
    method: Method,
    url: Secret,
    headers: HeaderMap,
    body: String,
    escape: fn(&str) -> String,
}

impl Sms {
    pub(super) fn new(config: &Notices, client: Client) -> anyhow::Result<Sms> {
        let gateway = config
            .sms_url
            .clone()
            .map(|url| Gateway::new(config, url))
            .transpose()?;
        Ok(Sms { client, gateway })
    }

    /// `None`: no gateway is set.
    pub(super) async fn send(&self, notice: &Notice) -> Option<Result<(), Failure>> {
        let gateway = self.gateway.as_ref()?;
        let request = match gateway.request(notice) {
            Ok(request) => request,
            Err(failure) => return Some(Err(failure)),
        };
        let answer = match self.client.send(request).await {
            Ok(answer) => answer,
            Err(error) => return Some(Err(for_now(error.to_string()))),
        };
        let problem = || format!("the gateway says {}: {}", answer.status, answer.text.trim());
        Some(match answer.status {
            200..=299 => Ok(()),
            // It understands what is wanted and will never do it.
            400 | 422 => Err(for_good(problem())),
            _ => Err(for_now(problem())),
        })
    }
}

impl Gateway {
    fn new(config: &Notices, url: Secret) -> anyhow::Result<Gateway> {
        let mut headers = HeaderMap::new();
        for line in &config.sms_headers {
            let (name, value) = line.reveal().split_once(':').unwrap_or_default();
            let name: HeaderName = name.trim().parse().context("notices.sms_headers: a name")?;
            let mut value = HeaderValue::from_str(value.trim()).context("notices.sms_headers: a value")?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        let kind = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        let escape = match kind.split(';').next().unwrap_or_default().trim() {
            "application/json" => in_json,
            "application/x-www-form-urlencoded" => in_url,
            _ => str::to_owned,
        };
        let tried = filled(url.reveal(), [("to", "0"), ("text", "0"), ("id", "0")], in_url);
        if tried
            .parse::<Uri>()
            .ok()
            .and_then(|url| url.host().map(str::len))
            .is_none()
        {
            bail!("notices.sms_url is no address");
        }
        Ok(Gateway {
            method: match config.sms_method {
                SmsMethod::Post => Method::POST,
                SmsMethod::Put => Method::PUT,
                SmsMethod::Get => Method::GET,
            },
            url,
            headers,
            body: config.sms_body.clone(),
            escape,
        })
    }

    fn request(&self, notice: &Notice) -> Result<Outgoing, Failure> {
        let id = notice.id.to_string();
        let words = [("to", notice.recipient.as_str()), ("text", &notice.body), ("id", &id)];
        let url = filled(self.url.reveal(), words, in_url);
        let url = url
            .parse()
            .map_err(|_| for_good("the gateway's address cannot hold this message"))?;
        let mut headers = self.headers.clone();
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert("idempotency-key", id);
        }
        let body = match self.method == Method::GET {
            true => Vec::new(),
            false => filled(&self.body, words, self.escape).into_bytes(),
        };
        Ok(Outgoing {
            method: self.method.clone(),
            url,
            headers,
            body,
        })
    }
}

/// Puts words in the place of their names in braces, in one go: what is put in is never looked at again.
fn filled(template: &str, words: [(&str, &str); 3], escape: fn(&str) -> String) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let named = words.iter().find_map(|(name, word)| {
            let left = after.strip_prefix(name)?.strip_prefix('}')?;
            Some((*word, left))
        });
        match named {
            Some((word, left)) => {
                text.push_str(&escape(word));
                rest = left;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

fn in_url(word: &str) -> String {
    form_urlencoded::byte_serialize(word.as_bytes()).collect()
}

/// A JSON text without its quotes.
fn in_json(word: &str) -> String {
    let quoted = serde_json::Value::String(word.to_owned()).to_string();
    let inside = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_escaped_for_where_they_stand_and_never_looked_at_again() {
        let words = [("to", "+79035550000"), ("text", "say \"{to}\" & go\n"), ("id", "01X")];
        let json = r#"{"to":"{to}","text":"{text}","more":{"id":"{id}","x":"{y}"}}"#;
        let expected = r#"{"to":"+79035550000","text":"say \"{to}\" & go\n","more":{"id":"01X","x":"{y}"}}"#;
        assert_eq!(filled(json, words, in_json), expected);
        let url = "https://sms.example/send?to={to}&text={text}";
        let expected = "https://sms.example/send?to=%2B79035550000&text=say+%22%7Bto%7D%22+%26+go%0A";
        assert_eq!(filled(url, words, in_url), expected);
        assert_eq!(filled("{", words, in_url), "{");
    }
}
