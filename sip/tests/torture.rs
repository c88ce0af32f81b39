//! The 49 messages of RFC 4475 and the 12 of RFC 5118: each valid one is read in full, each invalid one is told by the
//! answer that it deserves.

#![expect(clippy::unwrap_used, reason = "a test may stop on a surprise")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use frontdesk_sip::wire::{Framing, Message};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/torture")
}

fn read(name: &str) -> Message {
    let bytes = std::fs::read(folder().join(format!("{name}.dat"))).unwrap();
    Message::parse(bytes.into(), Framing::Datagram).unwrap()
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// Every typed part of a message, one after the other.
fn summary(m: &Message) -> String {
    let mut s = String::new();
    match m.status() {
        Some(status) => write!(s, "{status} {}", text(m.reason())).unwrap(),
        None => write!(s, "{} {}", text(m.method().as_bytes()), text(m.request_uri())).unwrap(),
    }
    for (name, party) in [("from", m.from()), ("to", m.to())] {
        let party = party.unwrap();
        let tag = party.tag().map(text).unwrap_or_default();
        write!(
            s,
            "\n{name} [{}] {} tag={tag}",
            party.display().escape_debug(),
            text(party.raw_uri())
        )
        .unwrap();
    }
    let (cseq, _) = m.cseq().unwrap();
    write!(
        s,
        "\ncall {} cseq {cseq} hops {:?}",
        text(m.call_id().unwrap()),
        m.max_forwards()
    )
    .unwrap();
    for via in m.vias() {
        let via = via.unwrap();
        let branch = via.branch().map(text).unwrap_or_default();
        let port = via.port().map(|port| format!(":{port}")).unwrap_or_default();
        write!(s, "\nvia {} {}{port} {branch}", text(via.transport()), text(via.host())).unwrap();
    }
    for contact in m.contacts() {
        let contact = contact.unwrap();
        let params = text(contact.params().as_bytes());
        write!(
            s,
            "\ncontact [{}] {} {params}",
            contact.display(),
            text(contact.raw_uri())
        )
        .unwrap();
    }
    write!(s, "\nbody {}", m.body().len()).unwrap();
    s
}

/// What becomes of each message, in the order of their names.
fn all() -> String {
    let mut text = String::new();
    for rfc in ["rfc4475", "rfc5118"] {
        let entries = std::fs::read_dir(folder().join(rfc)).unwrap();
        let names: BTreeSet<_> = entries.map(|entry| entry.unwrap().path()).collect();
        for path in names {
            let name = format!("{rfc}/{}", path.file_stem().unwrap().to_string_lossy());
            let message = read(&name);
            match message.fault() {
                Some(fault) => writeln!(text, "## {name}: {} {}\n", fault.status, fault.reason).unwrap(),
                None => writeln!(text, "## {name}\n{}\n", summary(&message)).unwrap(),
            }
        }
    }
    text
}

/// `expected.txt` was read against the RFCs, message by message; a change of it wants the same.
#[test]
fn every_message_is_read_in_full_or_refused_for_the_right_reason() {
    let expected = std::fs::read_to_string(folder().join("expected.txt")).unwrap();
    let all = all();
    assert_eq!(all.matches("## ").count(), 61);
    let (mut ours, mut theirs) = (all.split("## "), expected.split("## "));
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return,
            (ours, theirs) => assert_eq!(ours, theirs),
        }
    }
}

#[test]
fn what_is_cut_off_anywhere_does_no_harm() {
    for rfc in ["rfc4475", "rfc5118"] {
        for entry in std::fs::read_dir(folder().join(rfc)).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            for length in 0..bytes.len() {
                let cut = bytes[..length].to_vec();
                if let Ok(message) = Message::parse(cut.into(), Framing::Datagram) {
                    touch(&message);
                }
            }
        }
    }
}

/// Everything typed, of a message that may be anything.
fn touch(m: &Message) {
    let _ = (
        m.fault(),
        m.uri().map(|uri| uri.decoded_user().map(|user| user.len())),
        m.cseq(),
        m.expires(),
    );
    for party in [m.from(), m.to()].into_iter().chain(m.contacts()).flatten() {
        let _ = (
            party.display(),
            party.uri().map(|uri| uri.equivalent(&uri)),
            party.params().iter().count(),
        );
    }
    for via in m.vias().flatten() {
        let _ = (via.branch(), via.rport(), via.received());
    }
}
