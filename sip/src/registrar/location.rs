//! What a REGISTER makes of the bindings of one address of record: a pure function, so that nothing is half done.

use std::cmp::Reverse;
use std::time::Duration;

use super::binding::Binding;
use super::request::{Asked, Registration, Wish, refusal};
use crate::Now;
use crate::command::Reply;
use crate::flow::FlowId;
use crate::wire::Uri;

/// The new bindings, by falling q and then newest first; or why nothing changes (RFC 3261 section 10.3).
pub(super) fn apply(
    old: &[Binding],
    registration: &Registration,
    most: usize,
    flow: &FlowId,
    now: Now,
) -> Result<Vec<Binding>, Box<Reply>> {
    let old: Vec<&Binding> = old.iter().filter(|b| b.lives(now)).collect();
    let late = |b: &Binding| b.sip_call_id == registration.sip_call_id && registration.cseq <= b.cseq;
    match &registration.wish {
        Wish::Fetch => Ok(old.into_iter().cloned().collect()),
        Wish::RemoveAll if old.iter().any(|b| late(b)) => Err(out_of_order()),
        Wish::RemoveAll => Ok(Vec::new()),
        Wish::Update(asked) => {
            let touched = |b: &Binding| asked.iter().any(|a| names(a, b) || has_moved(a, b, registration, flow));
            if old.iter().any(|b| late(b) && touched(b)) {
                return Err(out_of_order());
            }
            let kept = old.into_iter().filter(|b| !touched(b)).cloned().collect();
            let kept = room_for(kept, asked, most)?;
            let new = last_of_each(asked).map(|asked| bind(asked, registration, flow, now));
            let mut bindings: Vec<Binding> = new.chain(kept).collect();
            bindings.sort_by_key(|b| (Reverse(b.q), Reverse(b.refreshed_at)));
            Ok(bindings)
        }
    }
}

/// The bindings that stay, so many that the new ones have room: unreachable ones go first, then the oldest.
fn room_for(mut kept: Vec<Binding>, asked: &[Asked], most: usize) -> Result<Vec<Binding>, Box<Reply>> {
    let coming = last_of_each(asked).count();
    let Some(room) = most.checked_sub(coming) else {
        return Err(refusal(403, "Too Many Contacts"));
    };
    if kept.len() > room {
        kept.sort_by_key(|b| (Reverse(b.reachable), Reverse(b.refreshed_at)));
        kept.truncate(room);
    }
    Ok(kept)
}

/// Contacts to be bound; of several that are the same flow or URI only the last.
fn last_of_each(asked: &[Asked]) -> impl Iterator<Item = &Asked> {
    let same = |a: &Asked, b: &Asked| match (a.outbound(), b.outbound()) {
        (Some(a), Some(b)) => a == b,
        (Some(_) | None, None) | (None, Some(_)) => same_uri(&a.contact, &b.contact),
    };
    let later = move |at: usize, a: &Asked| asked.iter().skip(at + 1).any(|b| same(a, b));
    asked
        .iter()
        .enumerate()
        .filter(move |(at, a)| !later(*at, a))
        .map(|(_, a)| a)
        .filter(|a| a.expires > 0)
}

fn bind(asked: &Asked, registration: &Registration, flow: &FlowId, now: Now) -> Binding {
    Binding {
        contact: asked.contact.clone(),
        q: asked.q,
        expires_at: now.unix_ms.saturating_add(i64::from(asked.expires) * 1000),
        expires: now.instant + Duration::from_secs(u64::from(asked.expires)),
        refreshed_at: now.unix_ms,
        flow: *flow,
        path: registration.path.clone(),
        sip_call_id: registration.sip_call_id.clone(),
        cseq: registration.cseq,
        instance: asked.instance.clone(),
        reg_id: asked.reg_id,
        user_agent: registration.user_agent.clone(),
        reachable: true,
    }
}

/// The same of a device's flows, whatever its URI: two of them may have the same (RFC 5626 section 6). Without flows the
/// same URI, or the same device at a new address.
fn names(asked: &Asked, binding: &Binding) -> bool {
    match (asked.outbound(), binding.outbound()) {
        (Some(asked), Some(bound)) => asked == bound,
        (None, None) if asked.instance.is_some() && asked.instance == binding.instance => true,
        (Some(_) | None, None) | (None, Some(_)) => same_uri(&asked.contact, &binding.contact),
    }
}

/// Whether one that was kept over a restart is there already.
pub(super) fn is_known(bindings: &[Binding], kept: &Binding) -> bool {
    bindings.iter().any(|known| match (known.outbound(), kept.outbound()) {
        (Some(_), Some(_)) => known.is(kept),
        (Some(_) | None, None) | (None, Some(_)) => same_uri(&known.contact, &kept.contact),
    })
}

/// A phone without an instance that speaks from elsewhere now, as after a restart of its NAT: the same user in the same
/// row of REGISTERs (RFC 3261 section 10.2.4: a user agent keeps to one Call-ID). Its old contact would ring nobody.
fn has_moved(asked: &Asked, binding: &Binding, registration: &Registration, flow: &FlowId) -> bool {
    let user = |contact: &str| Some(Uri::read(contact.as_bytes()).ok()?.decoded_user()?.into_owned());
    asked.expires > 0
        && asked.instance.is_none()
        && binding.instance.is_none()
        && binding.sip_call_id == registration.sip_call_id
        && binding.flow != *flow
        && binding.flow.transport == flow.transport
        && user(&asked.contact) == user(&binding.contact)
}

/// RFC 3261 section 19.1.4.
fn same_uri(left: &str, right: &str) -> bool {
    left == right
        || matches!(
            (Uri::read(left.as_bytes()), Uri::read(right.as_bytes())),
            (Ok(left), Ok(right)) if left.equivalent(&right)
        )
}

fn out_of_order() -> Box<Reply> {
    refusal(500, "Registration Out Of Order")
}
