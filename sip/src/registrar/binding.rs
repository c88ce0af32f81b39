//! One registered contact.

use std::borrow::Cow;
use std::fmt::Write;
use std::time::Instant;

use crate::Now;
use crate::flow::FlowId;
use crate::wire::Uri;

/// A registered contact of an address of record (RFC 3261 section 10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The URI as it was registered.
    pub contact: String,
    /// Thousandths, 0 to 1000.
    pub q: u16,
    /// Unix milliseconds, for records; [`Registrar::restore`](super::Registrar::restore) goes by it.
    pub expires_at: i64,
    /// What expiry goes by; `restore` sets it.
    pub expires: Instant,
    /// Unix milliseconds of the last REGISTER that named it.
    pub refreshed_at: i64,
    /// Where the REGISTER came from.
    pub flow: FlowId,
    /// RFC 3327: Route values of requests to it, top first.
    pub path: Vec<String>,
    pub sip_call_id: String,
    pub cseq: u32,
    /// `+sip.instance` without its quotes (RFC 5626).
    pub instance: Option<String>,
    /// Which of the device's flows it is (RFC 5626 section 4.2); only beside `instance`, from 1.
    pub reg_id: Option<u32>,
    pub user_agent: Option<String>,
    /// False after a request to it got no answer, until it registers again.
    pub reachable: bool,
}

impl Binding {
    /// What tells it from the other bindings of its address: of a flow the instance and the reg-id (RFC 5626 section 6),
    /// else the contact as it was registered. No contact reads like a flow's name.
    pub fn name(&self) -> Cow<'_, str> {
        match self.outbound() {
            Some((instance, reg_id)) => Cow::Owned(format!("#{reg_id} {instance}")),
            None => Cow::Borrowed(&self.contact),
        }
    }

    /// The device and which of its flows it is; `None`: it was registered without outbound.
    pub(super) fn outbound(&self) -> Option<(&str, u32)> {
        self.instance.as_deref().zip(self.reg_id)
    }

    pub(super) fn is(&self, other: &Binding) -> bool {
        match (self.outbound(), other.outbound()) {
            (None, None) => self.contact == other.contact,
            (own, theirs) => own == theirs,
        }
    }

    /// The flow that requests to this contact go out on: where the REGISTER came from, unless the contact itself names
    /// another port at that very address (see [`FlowId::towards`]).
    pub fn target(&self) -> FlowId {
        match Uri::read(self.contact.as_bytes()) {
            Ok(uri) if self.path.is_empty() => self.flow.towards(uri.host(), uri.port()),
            Ok(_) | Err(_) => self.flow,
        }
    }

    /// The contact without the header fields that it may carry: a phone does not write our requests (RFC 3261 section
    /// 19.1.5 lets us leave out what is dangerous).
    pub fn request_uri(&self) -> &str {
        let headers = Uri::read(self.contact.as_bytes()).ok().and_then(|uri| uri.headers());
        let cut = headers.map_or(0, |headers| headers.len() + 1);
        self.contact
            .get(..self.contact.len().saturating_sub(cut))
            .unwrap_or(&self.contact)
    }

    /// Whole seconds left, at least 1 while it lives.
    pub fn seconds_left(&self, now: Now) -> u64 {
        let left = self.expires.saturating_duration_since(now.instant);
        left.as_secs() + u64::from(left.subsec_nanos() > 0)
    }

    pub(super) fn lives(&self, now: Now) -> bool {
        self.expires > now.instant
    }

    /// A Contact value of a 200.
    pub(super) fn to_contact(&self, now: Now) -> String {
        let instance = self.instance.as_ref().map_or(0, String::len);
        let mut value = String::with_capacity(self.contact.len() + instance + 72);
        let _ = write!(value, "<{}>;expires={}", self.contact, self.seconds_left(now));
        if self.q < 1000 {
            let _ = write!(value, ";q=0.{:03}", self.q);
        }
        if let Some(instance) = &self.instance {
            let _ = write!(value, ";+sip.instance=\"{instance}\"");
        }
        if let Some(reg_id) = self.reg_id {
            let _ = write!(value, ";reg-id={reg_id}");
        }
        value
    }
}
