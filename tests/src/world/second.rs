//! A second reader of all that the engine sends: rsip, which nobody here wrote.

use bytes::Bytes;
use frontdesk_sip::wire::{Framing, Message};
use rsip::headers::ToTypedHeader;
use rsip::prelude::{HeadersExt, UntypedHeader};

/// What rsip makes of a message when that differs from what we make of it; `None`: they agree.
///
/// Its known gaps are left out: it knows only the methods of the older RFCs, and it takes no `tel:` URI, no IPv6 host and
/// no user with a dot.
pub fn disagreement(bytes: &Bytes) -> Option<String> {
    let ours = match Message::parse(bytes.clone(), Framing::Datagram) {
        Ok(ours) => ours,
        Err(error) => return Some(format!("we cannot read it ourselves: {error:?}")),
    };
    if let Some(fault) = ours.fault() {
        return Some(format!(
            "we would refuse it ourselves: {} {}",
            fault.status, fault.reason
        ));
    }
    let theirs = match rsip::SipMessage::try_from(bytes.to_vec()) {
        Ok(theirs) => theirs,
        Err(error) => return Some(format!("rsip cannot read it: {error}")),
    };
    let first = match &theirs {
        rsip::SipMessage::Request(request) => request.method().to_string(),
        rsip::SipMessage::Response(response) => response.status_code().code().to_string(),
    };
    let our_first = match ours.status() {
        Some(status) => status.to_string(),
        None => ours.method().as_str().to_owned(),
    };
    let text = |value: Option<&[u8]>| String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
    let (number, method) = ours
        .cseq()
        .map(|(number, method)| (number, method.as_str().to_owned()))
        .unwrap_or_default();
    let pairs = [
        ("first line", our_first, Some(first)),
        (
            "Call-ID",
            text(ours.call_id()),
            theirs.call_id_header().ok().map(|value| value.value().to_owned()),
        ),
        (
            "CSeq",
            format!("{number} {method}"),
            theirs.cseq_header().ok().map(|value| value.value().to_owned()),
        ),
        (
            "branch",
            text(ours.via().ok().and_then(|via| via.branch())),
            theirs
                .via_header()
                .ok()
                .and_then(|via| via.typed().ok())
                .and_then(|via| Some(via.branch()?.value().to_owned())),
        ),
        (
            "From tag",
            text(ours.from_tag()),
            theirs
                .from_header()
                .ok()
                .and_then(|from| from.typed().ok())
                .map(|from| tag(from.params)),
        ),
        (
            "To tag",
            text(ours.to_tag()),
            theirs
                .to_header()
                .ok()
                .and_then(|to| to.typed().ok())
                .map(|to| tag(to.params)),
        ),
        (
            "body",
            text(Some(ours.body())),
            Some(String::from_utf8_lossy(theirs.body()).into_owned()),
        ),
    ];
    pairs.into_iter().find_map(|(what, ours, theirs)| {
        let theirs = theirs.unwrap_or_else(|| "nothing".to_owned());
        (ours != theirs).then(|| format!("{what}: we read {ours:?}, rsip {theirs:?}"))
    })
}

fn tag(params: Vec<rsip::Param>) -> String {
    let tag = params.into_iter().find_map(|param| match param {
        rsip::Param::Tag(tag) => Some(tag.value().to_owned()),
        _ => None,
    });
    tag.unwrap_or_default()
}
