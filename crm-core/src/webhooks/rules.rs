//! What a webhook may be. Pure; where an address leads is looked at when it is connected to.

use super::{Event, Webhook, WebhookPatch};
use crate::store::{FieldError, StoreError};

const LONGEST_NAME: usize = 100;
const LONGEST_URL: usize = 2_000;

/// The webhook after the patch, or every fault at once.
pub(super) fn patched(mut webhook: Webhook, patch: WebhookPatch) -> Result<Webhook, StoreError> {
    let mut faults = Vec::new();
    if let Some(name) = patch.name {
        name.trim().clone_into(&mut webhook.name);
    }
    match webhook.name.chars().count() {
        0 => faults.push(FieldError::new("name", "required", "a name is needed")),
        1..=LONGEST_NAME => {}
        _ => faults.push(FieldError::new(
            "name",
            "too_long",
            format!("{LONGEST_NAME} characters at most"),
        )),
    }
    if let Some(url) = patch.url {
        url.trim().clone_into(&mut webhook.url);
    }
    if webhook.url.is_empty() {
        faults.push(FieldError::new("url", "required", "an address is needed"));
    } else if !is_url(&webhook.url) {
        let why = "an address as in https://crm.example/hook, without a user and without #";
        faults.push(FieldError::new("url", "invalid", why));
    }
    if let Some(typed) = patch.events {
        let mut events = Vec::new();
        for (place, word) in typed.iter().enumerate().take(100) {
            match Event::named(word) {
                Some(event) => events.push(event),
                None => {
                    let known: Vec<&str> = Event::ALL.iter().map(|event| event.name()).collect();
                    faults.push(FieldError::new(
                        &format!("events[{place}]"),
                        "unknown",
                        known.join(", "),
                    ));
                }
            }
        }
        events.sort();
        events.dedup();
        webhook.events = events;
    }
    if webhook.events.is_empty() && faults.iter().all(|fault| !fault.field.starts_with("events")) {
        faults.push(FieldError::new("events", "required", "at least one kind of event"));
    }
    webhook.enabled = patch.enabled.unwrap_or(webhook.enabled);
    StoreError::invalid(faults)?;
    Ok(webhook)
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else { return false };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    text.len() <= LONGEST_URL && plain && !text.contains('#') && !host.is_empty() && !host.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_web() {
        for good in [
            "https://crm.example/hook?x=1",
            "http://192.0.2.1:8080",
            "https://[2001:db8::1]/x",
        ] {
            assert!(is_url(good), "{good}");
        }
        for wrong in [
            "",
            "crm.example",
            "ftp://crm.example",
            "https://",
            "https:///x",
            "https://u:p@crm.example",
            "https://a b",
            "https://crm.example/#x",
            "javascript:alert(1)",
            "https://crm.example/\r\nX: y",
        ] {
            assert!(!is_url(wrong), "{wrong}");
        }
    }
}
