//! `dialog` (RFC 4235): the lamp beside a colleague's name.

use std::fmt::Write;

use frontdesk_routing::ids::{AccountId, LegId, StaffId};
use frontdesk_routing::masking::{Party, Viewer};
use frontdesk_routing::plan::Owner;
use frontdesk_sip::privacy;

use super::watchers::Watch;
use super::xml::escape;
use crate::engine::Engine;
use crate::engine::call::{Call, Leg, Side};

/// Dialogs of one person in a document: it has to fit into a datagram, and no key shows more.
const MOST_SHOWN: usize = 8;

/// One call of a person, as a watcher sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lamp {
    id: LegId,
    state: State,
    /// The person called; else was called.
    initiator: bool,
    /// The phone itself has put the other party on hold.
    holds: bool,
    /// By which another phone can take the call.
    names: Option<Names>,
    remote: Identity,
    local: Identity,
}

/// RFC 4235 section 3.7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Early,
    Confirmed,
}

/// The dialog between us and the watched phone, named as that phone would name it: its own tag is the local one. An
/// INVITE with `Replaces: call-id;to-tag=<remote-tag>;from-tag=<local-tag>` then finds our side of it (RFC 3891 section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Names {
    call_id: String,
    local_tag: String,
    remote_tag: String,
}

/// A party as a watcher may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    name: String,
    uri: String,
}

impl Engine {
    pub(super) fn lamps(&self, watch: &Watch, staff: StaffId) -> Vec<Lamp> {
        let calls = self.watchers.calls_of(staff);
        let calls = calls.filter_map(|id| self.calls.get(&id));
        let lamps = calls.flat_map(|call| {
            let of_person = sides(call).filter(|(_, leg)| leg.staff == Some(staff));
            of_person.filter_map(|(side, leg)| self.lamp(call, (side, leg), watch))
        });
        lamps.take(MOST_SHOWN).collect()
    }

    /// A place is taken while somebody waits there.
    pub(super) fn lamp_of_place(&self, watch: &Watch, account: AccountId, place: u16) -> Vec<Lamp> {
        let call = self.parked.at(account, place).and_then(|id| self.calls.get(&id));
        let waiting = call.and_then(|call| call.leg(call.machine.waiting()?));
        let viewer = self.eyes_of(watch);
        let lamp = waiting.map(|leg| {
            let (name, number) = seen(leg, viewer);
            Lamp {
                id: leg.id,
                state: State::Confirmed,
                initiator: false,
                holds: false,
                names: None,
                remote: named(&name, &number, watch),
                local: Identity {
                    name: String::new(),
                    uri: watch.address.uri(),
                },
            }
        });
        lamp.into_iter().collect()
    }

    /// Talks, or calls somebody; a phone that only rings does not count.
    pub(super) fn is_on_the_phone(&self, staff: StaffId) -> bool {
        let calls = self.watchers.calls_of(staff);
        let mut calls = calls.filter_map(|id| self.calls.get(&id));
        calls.any(|call| {
            sides(call)
                .filter(|(side, leg)| leg.staff == Some(staff) && (leg.answered_at.is_some() || *side == Side::Caller))
                .any(|(_, leg)| leg.ended_at.is_none() && self.endpoint.session_info(leg.session).is_some())
        })
    }

    /// Whoever watches sees of clients what its person may.
    fn eyes_of(&self, watch: &Watch) -> Viewer<'_> {
        match self.plan.staff.by_sip(watch.watcher) {
            Some(Owner::Staff(staff)) => Viewer::person(&self.plan, watch.account, staff.id),
            Some(Owner::Trunk(_)) | None => Viewer::of(&self.plan, watch.account, true),
        }
    }

    fn lamp(&self, call: &Call, (side, leg): (Side, &Leg), watch: &Watch) -> Option<Lamp> {
        let info = self.endpoint.session_info(leg.session);
        let info = info.filter(|_| leg.ended_at.is_none())?;
        let initiator = side == Side::Caller;
        let rings = |leg: &Leg| {
            let info = self.endpoint.session_info(leg.session);
            info.is_some_and(|info| !info.remote_tag.is_empty())
        };
        let state = match (leg.answered_at, initiator) {
            (Some(_), _) => State::Confirmed,
            (None, true) if call.called.iter().any(rings) => State::Early,
            (None, false) if rings(leg) => State::Early,
            (None, _) => State::Trying,
        };
        // Whoever knows these names can speak in the dialog: they go out only while there is something to pick up.
        let names = (state == State::Early && !initiator).then_some(Names {
            call_id: info.call_id,
            local_tag: info.remote_tag,
            remote_tag: info.local_tag,
        });
        Some(Lamp {
            id: leg.id,
            state,
            initiator,
            holds: leg.media.holds(),
            names,
            remote: identity(call, side, (watch, self.eyes_of(watch))),
            local: Identity {
                name: leg.party.name.clone().unwrap_or_default(),
                uri: watch.address.uri(),
            },
        })
    }
}

fn sides(call: &Call) -> impl Iterator<Item = (Side, &Leg)> {
    let called = call.called.iter().map(|leg| (Side::Called(leg.id), leg));
    std::iter::once((Side::Caller, &call.caller)).chain(called)
}

/// Who is at the other end of a leg, as this watcher may see them. Nothing else puts numbers into lamps. A caller from
/// outside is shown as the watcher's own phone would show them, so that a number which is hidden there is hidden here.
fn identity(call: &Call, side: Side, (watch, viewer): (&Watch, Viewer<'_>)) -> Identity {
    let party = match (call.other(side), side) {
        (Some(other), _) => call.leg(other),
        (None, Side::Called(_)) => Some(&call.caller),
        (None, Side::Caller) => None,
    };
    match party {
        Some(leg) => {
            let (name, number) = seen(leg, viewer);
            named(&name, &number, watch)
        }
        None => {
            let dialled = Party {
                staff: call.callee.staff,
                number: Some(&call.dialled),
                name: call.callee.name.as_deref(),
                restricted: call.callee.restricted,
            };
            let (name, _) = viewer.party(dialled);
            let number = viewer.number(&call.dialled);
            named(&name.unwrap_or_default(), number.as_str(), watch)
        }
    }
}

fn seen(leg: &Leg, viewer: Viewer<'_>) -> (String, String) {
    match leg.staff {
        None => {
            let shown = viewer.caller(&leg.shown);
            let number = shown.number().map(ToString::to_string);
            (shown.name().to_owned(), number.unwrap_or_default())
        }
        Some(_) => (
            leg.party.name.clone().unwrap_or_default(),
            leg.party.number.clone().unwrap_or_default(),
        ),
    }
}

fn named(name: &str, number: &str, watch: &Watch) -> Identity {
    match number {
        "" => Identity {
            name: name.to_owned(),
            uri: privacy::anonymous().uri,
        },
        number => Identity {
            name: name.to_owned(),
            uri: watch.address.neighbour(number),
        },
    }
}

/// Full state; `before` are the dialogs of the last document.
pub(super) fn document(lamps: &[Lamp], before: &[Lamp], watch: &Watch) -> String {
    let entity = escape(&watch.address.uri());
    let version = watch.version;
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
         <dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" state=\"full\" \
         entity=\"{entity}\">\r\n"
    );
    for lamp in lamps {
        write_dialog(&mut text, lamp);
    }
    let gone = before.iter().filter(|old| !lamps.iter().any(|new| new.id == old.id));
    for lamp in gone {
        let (id, direction) = (lamp.id, direction(lamp));
        let _ = write!(
            text,
            "<dialog id=\"d{id}\" direction=\"{direction}\"><state>terminated</state></dialog>\r\n"
        );
    }
    text.push_str("</dialog-info>\r\n");
    text
}

fn write_dialog(text: &mut String, lamp: &Lamp) {
    let _ = write!(text, "<dialog id=\"d{}\"", lamp.id);
    if let Some(names) = &lamp.names {
        let [call_id, local, remote] = [&names.call_id, &names.local_tag, &names.remote_tag].map(|name| escape(name));
        let _ = write!(
            text,
            " call-id=\"{call_id}\" local-tag=\"{local}\" remote-tag=\"{remote}\""
        );
    }
    let state = match lamp.state {
        State::Trying => "trying",
        State::Early => "early",
        State::Confirmed => "confirmed",
    };
    let _ = write!(
        text,
        " direction=\"{}\">\r\n<state>{state}</state>\r\n",
        direction(lamp)
    );
    write_party(text, "local", &lamp.local, lamp.holds);
    write_party(text, "remote", &lamp.remote, false);
    text.push_str("</dialog>\r\n");
}

/// A target that does not render its media is on hold (RFC 4235 section 4.1.6.1).
fn write_party(text: &mut String, which: &str, party: &Identity, holds: bool) {
    let uri = escape(&party.uri);
    let display = match party.name.as_str() {
        "" => String::new(),
        name => format!(" display=\"{}\"", escape(name)),
    };
    let rendering = if holds {
        "<param pname=\"+sip.rendering\" pval=\"no\"/>"
    } else {
        ""
    };
    let _ = write!(
        text,
        "<{which}><identity{display}>{uri}</identity><target uri=\"{uri}\">{rendering}</target></{which}>\r\n"
    );
}

fn direction(lamp: &Lamp) -> &'static str {
    if lamp.initiator { "initiator" } else { "recipient" }
}
