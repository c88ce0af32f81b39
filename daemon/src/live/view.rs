//! What a call in progress looks like from outside.

use frontdesk_routing::ids::{CallId, ClientId, StaffId};
use frontdesk_routing::masking::{Party, Viewer};
use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::output::{CallDirection, CdrParty, Disposition, LiveCall};

/// One side of a call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PartyView {
    pub staff_id: Option<String>,
    pub trunk_id: Option<String>,
    /// E.164 or a short number.
    pub number: Option<String>,
    pub name: Option<String>,
    /// The party keeps its number back: `number` is `null` for everybody, whatever they may see.
    pub number_withheld: bool,
}

/// A call in progress.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LiveCallView {
    pub id: String,
    /// `internal`, `inbound` or `outbound`.
    pub direction: &'static str,
    /// `waiting` (in a department's line), `ringing`, `talking` or `held`.
    pub state: &'static str,
    pub caller: PartyView,
    /// As dialled.
    pub called: String,
    pub callee: PartyView,
    pub client_id: Option<String>,
    /// In whose line it waits.
    pub department_id: Option<String>,
    #[schema(format = DateTime)]
    pub waiting_since: Option<String>,
    #[schema(format = DateTime)]
    pub started_at: String,
    #[schema(format = DateTime)]
    pub answered_at: Option<String>,
    pub recording_id: Option<String>,
}

/// What is told of a call that has changed.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct CallNews {
    call: LiveCallView,
    #[serde(skip_serializing_if = "Option::is_none")]
    disposition: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

/// Whom somebody's phone rings for.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct CardNews {
    call_id: String,
    staff_id: String,
    caller: PartyView,
    client: Option<CardClient>,
    create: Option<CardBeginning>,
}

#[derive(Debug, PartialEq, Serialize)]
struct CardClient {
    id: String,
    href: String,
}

/// What the record of a caller who is no client begins with.
#[derive(Debug, PartialEq, Serialize)]
struct CardBeginning {
    call_id: String,
    number: Option<String>,
}

impl CallNews {
    /// `end`: how and when (unix milliseconds), of a call that is over.
    pub(super) fn of(call: LiveCallView, end: Option<(Disposition, i64)>) -> CallNews {
        CallNews {
            call,
            disposition: end.map(|(how, _)| disposition(how)),
            ended_at: end.map(|(_, at)| time(at)),
        }
    }
}

impl CardNews {
    pub(super) fn of((call, staff): (CallId, StaffId), caller: PartyView, client: Option<ClientId>) -> CardNews {
        CardNews {
            call_id: call.to_string(),
            staff_id: staff.to_string(),
            client: client.map(|client| CardClient {
                id: client.to_string(),
                href: format!("/api/v1/clients/{client}"),
            }),
            create: client.is_none().then(|| CardBeginning {
                call_id: call.to_string(),
                number: caller.number.clone(),
            }),
            caller,
        }
    }
}

impl PartyView {
    /// The party as this viewer may see it.
    pub fn of(party: &CdrParty, viewer: Viewer<'_>) -> PartyView {
        let (name, number) = viewer.party(Party {
            staff: party.staff,
            number: party.number.as_deref(),
            name: party.name.as_deref(),
            restricted: party.restricted,
        });
        PartyView {
            staff_id: party.staff.map(|id| id.to_string()),
            trunk_id: party.trunk.map(|id| id.to_string()),
            number: number.map(|number| number.to_string()),
            name,
            number_withheld: party.restricted,
        }
    }
}

impl LiveCallView {
    /// The call as this viewer may see it.
    pub fn of(call: &LiveCall, viewer: Viewer<'_>) -> LiveCallView {
        LiveCallView {
            id: call.id.to_string(),
            direction: direction(call.direction),
            state: state(call),
            caller: PartyView::of(&call.caller, viewer),
            called: viewer.number(&call.called).to_string(),
            callee: PartyView::of(&call.callee, viewer),
            client_id: call.client.map(|id| id.to_string()),
            department_id: call.waits.map(|(department, _)| department.to_string()),
            waiting_since: call.waits.map(|(_, since)| time(since)),
            started_at: time(call.started_at),
            answered_at: call.answered_at.map(time),
            recording_id: call.recording.map(|id| id.to_string()),
        }
    }
}

fn state(call: &LiveCall) -> &'static str {
    if call.waits.is_some() {
        return "waiting";
    }
    match (call.answered_at, call.held) {
        (None, _) => "ringing",
        (Some(_), false) => "talking",
        (Some(_), true) => "held",
    }
}

pub fn direction(direction: CallDirection) -> &'static str {
    match direction {
        CallDirection::Internal => "internal",
        CallDirection::Inbound => "inbound",
        CallDirection::Outbound => "outbound",
    }
}

pub fn disposition(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Answered => "answered",
        Disposition::Busy => "busy",
        Disposition::NoAnswer => "no_answer",
        Disposition::Abandoned => "abandoned",
        Disposition::Failed => "failed",
    }
}

/// RFC 3339 in UTC, with milliseconds.
pub fn time(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).map_or_else(|_| String::new(), |moment| format!("{moment:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_with_milliseconds() {
        assert_eq!(time(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(time(1_795_000_000_123), "2026-11-18T11:06:40.123Z");
    }
}
