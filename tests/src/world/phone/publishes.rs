//! What a phone publishes of its person (RFC 3903).

use std::borrow::Cow;

use bytes::Bytes;
use frontdesk_sip::Now;
use frontdesk_sip::command::{Body, Headers};
use frontdesk_sip::wire::{HeaderName, Message};

use super::{DOMAIN, Phone};

/// What a PUBLISH came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub status: u16,
    /// SIP-ETag, by which the phone goes on.
    pub tag: Option<String>,
    /// Expires of a 200, Min-Expires of a 423.
    pub seconds: Option<String>,
    /// Accept of a 415, Allow-Events of a 489.
    pub wants: Option<String>,
}

/// A presence document: open or closed, and what else stands in it.
pub fn pidf(basic: &str, more: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" \
         xmlns:p=\"urn:ietf:params:xml:ns:pidf:data-model\" xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" \
         entity=\"pres:somebody@{DOMAIN}\"><tuple id=\"t1\"><status><basic>{basic}</basic></status></tuple>{more}\
         </presence>\r\n"
    )
}

/// Open, and the person does this.
pub fn doing(activity: &str) -> String {
    let more = format!("<p:person id=\"p1\"><r:activities><r:{activity}/></r:activities></p:person>");
    pidf("open", &more)
}

impl Phone {
    /// Publishes this document for its own address; without a body it refreshes, with an `expires` of 0 it removes. It goes
    /// on with the tag that it was given last.
    pub fn publish(&mut self, expires: u32, body: Option<&str>, now: Now) {
        let tag = self.published.iter().rev().find_map(|published| published.tag.clone());
        let mut headers: Headers = vec![
            (Cow::Borrowed("Event"), "presence".to_owned()),
            (Cow::Borrowed("Expires"), expires.to_string()),
        ];
        headers.extend(tag.map(|tag| (Cow::Borrowed("SIP-If-Match"), tag)));
        let address = format!("sip:{}@{DOMAIN}", self.user);
        let body = body.map(|body| ("application/pidf+xml", body.to_owned()));
        self.publish_with(&address, headers, body, now);
    }

    /// A PUBLISH of any making.
    pub fn publish_with(&mut self, uri: &str, headers: Headers, body: Option<(&'static str, String)>, now: Now) {
        let body = body.map(|(content_type, text)| Body {
            content_type: Cow::Borrowed(content_type),
            bytes: Bytes::from(text),
        });
        self.ask_with("PUBLISH", uri, (headers, body), now);
    }

    pub(super) fn on_published(&mut self, status: u16, response: Option<&Message>) {
        let field = |name: &'static str| {
            let value = response?.header(HeaderName::Other(name))?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        let known = |name: HeaderName| {
            let value = response?.header(name)?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        self.published.push(Published {
            status,
            tag: field("SIP-ETag"),
            seconds: known(HeaderName::Expires).or_else(|| known(HeaderName::MinExpires)),
            wants: known(HeaderName::Accept).or_else(|| field("Allow-Events")),
        });
    }
}
