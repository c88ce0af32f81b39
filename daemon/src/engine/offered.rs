//! The session description that a request brings.

use bytes::Bytes;
use frontdesk_routing::because::Because;
use frontdesk_sip::command::Reply;
use frontdesk_sip::wire::{ACCEPT, Message};

use super::requests::reply_with;
use super::turned::{Turned, turned};

/// The offer of a new INVITE; `None`: it has none. The error is a 415.
pub(super) fn offer_of(request: &Message) -> Result<Option<Bytes>, Box<Turned>> {
    if request.body().is_empty() {
        return Ok(None);
    }
    match is_description(request) {
        true => Ok(Some(request.body_bytes())),
        false => Err(turned(not_understood(), Because::NoCommonCodec)),
    }
}

/// The body is a description, not something else that we would have to understand.
pub(super) fn is_description(request: &Message) -> bool {
    let kind = request.content_type();
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"application/sdp"))
}

/// RFC 3261 section 21.4.13.
pub(super) fn not_understood() -> Reply {
    reply_with(415, "Accept", ACCEPT)
}
