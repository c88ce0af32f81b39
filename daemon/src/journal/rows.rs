//! The engine's words as the database's rows, and back.

use std::net::SocketAddr;

use frontdesk_crm_core::blocks::KeptBlock;
use frontdesk_crm_core::calls::{Call, CallDirection, Disposition, EndedBy, Leg, Party};
use frontdesk_crm_core::forwardings::ByPhone;
use frontdesk_crm_core::journal::{Binding, Entry};
use frontdesk_crm_core::lines::{LineOutcome, LineStay};
use frontdesk_crm_core::subscriptions::Subscription;
use frontdesk_sip::endpoint::KeptSubscription;
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::guard::{Block, Reason};

use crate::engine::output::{
    self, BlockChange, CdrParty, CdrRow, EndedBySide, JournalEntry, LegRow, StoredBinding, StoredSubscription,
};
use crate::recorder::path_of;

/// An entry as the database takes it.
pub(crate) fn entry(entry: JournalEntry) -> Entry {
    match entry {
        JournalEntry::BindingSaved(binding) => Entry::BindingSaved(Box::new(row_of_binding(*binding))),
        JournalEntry::BindingRemoved { sip_account, name } => Entry::BindingRemoved { sip_account, name },
        JournalEntry::SubscriptionSaved(stored) => Entry::SubscriptionSaved(Box::new(row_of_subscription(*stored))),
        JournalEntry::SubscriptionRemoved { sip_account, name } => Entry::SubscriptionRemoved { sip_account, name },
        JournalEntry::RecordingStarted { recording, call } => {
            let at = call.answered_at.unwrap_or(call.started_at);
            let path = path_of(call.account, recording, at).to_string_lossy().into_owned();
            // The legs are written once, with the end.
            let (call, legs) = (row_of_call(*call).0, Vec::new());
            Entry::RecordingStarted {
                recording,
                path,
                at,
                call,
                legs,
            }
        }
        JournalEntry::MessageStarted { recording, mailbox } => Entry::MessageStarted { recording, mailbox },
        JournalEntry::MessageDropped { recording } => Entry::MessageDropped { recording },
        JournalEntry::CallEnded { call } => {
            log(&call);
            let (call, legs) = row_of_call(*call);
            Entry::CallEnded { call, legs }
        }
        JournalEntry::LineLeft(stay) => Entry::LineLeft(LineStay {
            call: stay.call,
            account: stay.account,
            department: stay.department,
            left_at: stay.left_at,
            waited_ms: stay.waited_ms,
            outcome: match stay.outcome {
                output::LineOutcome::Answered => LineOutcome::Answered,
                output::LineOutcome::Abandoned => LineOutcome::Abandoned,
                output::LineOutcome::Overflowed => LineOutcome::Overflowed,
                output::LineOutcome::Withdrawn => LineOutcome::Withdrawn,
            },
        }),
        JournalEntry::SettingChanged(made) => Entry::SettingChanged(ByPhone {
            account: made.account,
            staff: made.staff,
            change: made.change,
            mark: made.mark,
            at: made.at,
            random: made.random,
        }),
        JournalEntry::Block(BlockChange::Blocked(block)) => Entry::BlockSaved(row_of_block(&block)),
        JournalEntry::Block(BlockChange::Lifted(address)) => Entry::BlockRemoved(address.to_string()),
    }
}

/// By the Session-ID the logs of others are found that had to do with the same call.
fn log(call: &CdrRow) {
    let session_id = call.session_ids.map(tracing::field::display);
    tracing::info!(call = %call.id, session_id, status = call.status, "a call has ended");
}

fn row_of_call(row: CdrRow) -> (Box<Call>, Vec<Leg>) {
    let call = Call {
        id: row.id,
        account: row.account,
        direction: match row.direction {
            output::CallDirection::Internal => CallDirection::Internal,
            output::CallDirection::Inbound => CallDirection::Inbound,
            output::CallDirection::Outbound => CallDirection::Outbound,
        },
        caller: party(row.caller),
        called: row.called,
        callee: party(row.callee),
        client: row.client,
        disposition: row.disposition.map(|disposition| match disposition {
            output::Disposition::Answered => Disposition::Answered,
            output::Disposition::Busy => Disposition::Busy,
            output::Disposition::NoAnswer => Disposition::NoAnswer,
            output::Disposition::Abandoned => Disposition::Abandoned,
            output::Disposition::Failed => Disposition::Failed,
        }),
        because: row.because,
        started_at: row.started_at,
        answered_at: row.answered_at,
        ended_at: row.ended_at,
        ended_by: row.ended_by.map(|by| match by {
            EndedBySide::Caller => EndedBy::Caller,
            EndedBySide::Callee => EndedBy::Callee,
            EndedBySide::System => EndedBy::System,
        }),
        status: row.status,
        department: row.department,
        waited_ms: row.waited_ms,
    };
    (Box::new(call), row.legs.into_iter().map(leg).collect())
}

fn party(party: CdrParty) -> Party {
    Party {
        staff: party.staff,
        trunk: party.trunk,
        number: party.number,
        name: party.name,
        restricted: party.restricted,
    }
}

fn leg(row: LegRow) -> Leg {
    Leg {
        id: row.id,
        caller: row.caller,
        staff: row.staff,
        trunk: row.trunk,
        sip_call_id: row.sip_call_id,
        peer: row.peer.map(|peer| peer.to_string()),
        started_at: row.started_at,
        answered_at: row.answered_at,
        ended_at: row.ended_at,
        status: row.status,
    }
}

fn row_of_binding(binding: StoredBinding) -> Binding {
    Binding {
        sip_account: binding.sip_account,
        name: binding.name,
        contact: binding.contact,
        path: binding.path,
        flow: write_flow(&binding.flow),
        expires_at: binding.expires_at,
        q: binding.q,
        sip_call_id: binding.sip_call_id,
        cseq: binding.cseq,
        instance: binding.instance,
        reg_id: binding.reg_id,
        user_agent: binding.user_agent,
    }
}

fn row_of_block(block: &Block) -> KeptBlock {
    KeptBlock {
        address: block.address.to_string(),
        reason: block.reason.name().to_owned(),
        since: block.since_ms,
        until: block.until_ms,
    }
}

/// A kept block as the engine takes it back; `None` when it cannot be read.
pub(crate) fn kept_block(row: &KeptBlock) -> Option<Block> {
    Some(Block {
        address: row.address.parse().ok()?,
        reason: Reason::named(&row.reason)?,
        since_ms: row.since,
        until_ms: row.until,
    })
}

/// A kept contact as the engine takes it back; `None` when its flow cannot be read.
pub(crate) fn stored_binding(row: Binding) -> Option<StoredBinding> {
    Some(StoredBinding {
        flow: read_flow(&row.flow)?,
        sip_account: row.sip_account,
        name: row.name,
        contact: row.contact,
        path: row.path,
        expires_at: row.expires_at,
        q: row.q,
        sip_call_id: row.sip_call_id,
        cseq: row.cseq,
        instance: row.instance,
        reg_id: row.reg_id,
        user_agent: row.user_agent,
    })
}

fn row_of_subscription(stored: StoredSubscription) -> Subscription {
    let dialog = stored.dialog;
    Subscription {
        sip_account: stored.sip_account,
        name: dialog.name,
        flow: write_flow(&dialog.flow),
        expires_at: stored.expires_at,
        longest: dialog.longest,
        event: dialog.event,
        watched_user: stored.user,
        watched_host: stored.host,
        sip_call_id: dialog.call_id,
        local_party: dialog.local,
        remote_party: dialog.remote,
        remote_tag: dialog.remote_tag,
        target: dialog.target,
        routes: dialog.routes,
    }
}

/// A kept subscription as the engine takes it back; `None` when its flow cannot be read.
pub(crate) fn stored_subscription(row: Subscription) -> Option<StoredSubscription> {
    Some(StoredSubscription {
        sip_account: row.sip_account,
        expires_at: row.expires_at,
        user: row.watched_user,
        host: row.watched_host,
        dialog: KeptSubscription {
            flow: read_flow(&row.flow)?,
            name: row.name,
            event: row.event,
            longest: row.longest,
            call_id: row.sip_call_id,
            local: row.local_party,
            remote: row.remote_party,
            remote_tag: row.remote_tag,
            target: row.target,
            routes: row.routes,
        },
    })
}

const TRANSPORTS: [(Transport, &str); 5] = [
    (Transport::Udp, "udp"),
    (Transport::Tcp, "tcp"),
    (Transport::Tls, "tls"),
    (Transport::Ws, "ws"),
    (Transport::Wss, "wss"),
];

fn write_flow(flow: &FlowId) -> String {
    let transport = TRANSPORTS
        .iter()
        .find(|(transport, _)| *transport == flow.transport)
        .map_or("udp", |(_, name)| name);
    format!("{transport} {} {} {}", flow.local, flow.peer, flow.connection)
}

pub(crate) fn read_flow(text: &str) -> Option<FlowId> {
    let mut parts = text.split(' ');
    let name = parts.next()?;
    let transport = TRANSPORTS.iter().find(|(_, known)| *known == name)?.0;
    let local: SocketAddr = parts.next()?.parse().ok()?;
    let peer: SocketAddr = parts.next()?.parse().ok()?;
    let connection = parts.next()?.parse().ok()?;
    Some(FlowId {
        transport,
        local,
        peer,
        connection,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_comes_back_as_it_was_written() {
        for (address, until_ms) in [("192.0.2.7", Some(5)), ("2001:db8::", None)] {
            let block = Block {
                address: address.parse().unwrap(),
                reason: Reason::Guessing,
                since_ms: 3,
                until_ms,
            };
            assert_eq!(kept_block(&row_of_block(&block)), Some(block));
        }
    }

    #[test]
    fn a_flow_comes_back_as_it_was_written() {
        for (transport, _) in TRANSPORTS {
            let local = "[2001:db8::1]:5060".parse().unwrap();
            let flow = FlowId {
                transport,
                local,
                peer: "192.0.2.7:4000".parse().unwrap(),
                connection: 7,
            };
            assert_eq!(read_flow(&write_flow(&flow)), Some(flow));
        }
        assert_eq!(read_flow("sctp 1.2.3.4:5 1.2.3.4:5 0"), None);
        assert_eq!(read_flow(""), None);
    }
}
