//! Random requests, beside a model that is as naive as can be.

use std::time::Duration;

use proptest::prelude::*;

use super::{AOR, request, world};
use crate::registrar::BindingChange;

#[derive(Debug, Clone)]
struct Move {
    seconds: u64,
    call_id: usize,
    cseq: u32,
    /// `None`: `*`.
    contacts: Option<Vec<(usize, u32)>>,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let contacts = prop::collection::vec((0..4usize, prop::sample::select(vec![0, 60, 90])), 0..3);
    let one = (0..40u64, 0..2usize, 1..8u32, prop::option::weighted(0.9, contacts));
    let one = one.prop_map(|(seconds, call_id, cseq, contacts)| Move {
        seconds,
        call_id,
        cseq,
        contacts,
    });
    prop::collection::vec(one, 1..40)
}

/// Contact, Call-ID, CSeq, second of expiry.
type Plain = Vec<(usize, usize, u32, u64)>;

fn naive(bindings: &mut Plain, step: &Move, now: u64) -> bool {
    bindings.retain(|b| b.3 > now);
    let mut next = bindings.clone();
    let everything: Vec<_> = bindings.iter().map(|b| (b.0, 0)).collect();
    for (contact, expires) in step.contacts.as_ref().unwrap_or(&everything) {
        if bindings
            .iter()
            .any(|b| b.0 == *contact && b.1 == step.call_id && b.2 >= step.cseq)
        {
            return false;
        }
        next.retain(|b| b.0 != *contact);
        if *expires > 0 {
            next.push((*contact, step.call_id, step.cseq, now + u64::from(*expires)));
        }
    }
    *bindings = next;
    true
}

proptest! {
    #[test]
    fn any_order_of_requests_leaves_what_a_naive_registrar_has(moves in moves()) {
        let mut world = world();
        world.registrar.config.max_contacts = 10;
        let (mut plain, mut clock, mut online) = (Plain::new(), 0, false);
        for step in moves {
            clock += step.seconds;
            world.after(step.seconds);
            let mut changes = world.registrar.expire(world.now);
            let headers = match &step.contacts {
                None => "Contact: *|Expires: 0".to_owned(),
                Some(contacts) => {
                    let lines = contacts.iter().map(|(c, e)| format!("Contact: <sip:{c}@h>;expires={e}"));
                    lines.collect::<Vec<_>>().join("|")
                }
            };
            let done = world.register(&step.call_id.to_string(), step.cseq, &headers);
            prop_assert_eq!(naive(&mut plain, &step, clock), done.reply.status == 200);
            changes.extend(done.changes);
            for change in changes {
                match change.what {
                    BindingChange::Online => { prop_assert!(!online); online = true; }
                    BindingChange::Offline => { prop_assert!(online); online = false; }
                    BindingChange::Saved(_) | BindingChange::Removed(_) => {}
                }
            }
            prop_assert_eq!(online, !plain.is_empty());
            let mut expected: Vec<_> = plain.iter().map(|b| (format!("sip:{}@h", b.0), b.3 - clock)).collect();
            let listed = world.registrar.bindings(AOR).iter();
            let mut listed: Vec<_> = listed.map(|b| (b.contact.clone(), b.seconds_left(world.now))).collect();
            expected.sort();
            listed.sort();
            prop_assert_eq!(expected, listed);
            prop_assert_eq!(world.registrar.count(), plain.len());
            let first = plain.iter().map(|b| world.now.instant + Duration::from_secs(b.3 - clock)).min();
            prop_assert_eq!(world.registrar.deadline(), first);
        }
    }
}

proptest! {
    #[test]
    fn no_header_text_breaks_the_registrar(
        contact in "[ -~]{0,60}",
        params in "(;(expires|q|reg-id|\\+sip\\.instance)=[ -~]{0,12}){0,3}",
        expires in "[ -~]{0,12}",
        path in "[ -~]{0,40}",
    ) {
        let mut world = world();
        let lines = [
            format!("Contact: {contact}{params}"),
            format!("Contact: <sip:a@h>{params}"),
            format!("Expires: {expires}"),
            format!("Path: {path}"),
        ];
        let request = request("x", 1, &lines.join("|").replace("||", ""));
        let done = world.registrar.register(&request, AOR, &world.flow, world.now);
        let refused = done.reply.status >= 300;
        prop_assert!(!refused || done.changes.is_empty());
        prop_assert!(done.reply.headers.iter().all(|(_, value)| !value.contains(['\r', '\n'])));
    }
}
