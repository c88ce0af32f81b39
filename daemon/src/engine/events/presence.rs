//! `presence` (RFC 3856): a person is reachable, talks, or wants to be left alone; or does what their phone says.
//!
//! What we know ourselves goes first. Whoever has a phone registered and does not want to be left alone is open: no phone
//! that has published `closed` hides another that can be called, and none that has published `open` can be called without
//! being registered. A person who talks on a phone of ours is on the phone, and do not disturb, which is set here and not
//! by PUBLISH, is busy. Only where we know of neither, and while the person is online, is shown what was published: the
//! activity and the note of the phone that has spoken last, of one that says it is closed only if all do. Nothing that is
//! published changes where calls go.

use frontdesk_routing::ids::StaffId;
use frontdesk_routing::masking::without_numbers;
use frontdesk_routing::plan::PlanSip;
use frontdesk_sip::registrar::Aor;

use super::pidf::Activity;
use super::watchers::Watch;
use super::xml::escape;
use crate::engine::Engine;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Presence {
    /// A phone is registered.
    online: bool,
    on_the_phone: bool,
    do_not_disturb: bool,
    /// What else the person does.
    activity: Option<Activity>,
    /// In their own words; may be empty.
    note: String,
}

impl Engine {
    /// For a watcher: a note has no numbers in it, since whoever wrote it may have seen one that others may not.
    pub(super) fn presence_of(&self, staff: StaffId) -> Presence {
        let sip = self.plan.staff.get(staff).and_then(|staff| staff.sip.as_ref());
        let online = |sip: &PlanSip| self.registrar.is_online(Aor(sip.id.as_u128())) && !self.alive.is_dark(sip.id);
        let online = sip.is_some_and(online);
        let on_the_phone = self.is_on_the_phone(staff);
        let do_not_disturb = self.pending.settings(&self.plan, staff).dnd;
        let heard = online && !on_the_phone && !do_not_disturb;
        let said = self.publications.word(staff).filter(|_| heard);
        Presence {
            online,
            on_the_phone,
            do_not_disturb,
            activity: said.and_then(|said| said.activity),
            note: said.map(|said| without_numbers(&said.note)).unwrap_or_default(),
        }
    }
}

/// PIDF (RFC 3863) with the activity of RPID (RFC 4480).
pub(super) fn document(presence: &Presence, watch: &Watch) -> String {
    let uri = escape(&watch.address.uri());
    let open = presence.online && !presence.do_not_disturb;
    let basic = if open { "open" } else { "closed" };
    let (words, element) = match (presence.on_the_phone, presence.do_not_disturb) {
        (true, _) => ("On the phone", "on-the-phone"),
        (false, true) => ("Do not disturb", "busy"),
        (false, false) if presence.online => presence
            .activity
            .map_or(("Online", ""), |activity| (activity.words, activity.element)),
        (false, false) => ("Offline", ""),
    };
    let note = match presence.note.as_str() {
        "" => words.to_owned(),
        note => escape(note),
    };
    let activity = match element {
        "" => String::new(),
        element => {
            format!("<dm:person id=\"person\"><rpid:activities><rpid:{element}/></rpid:activities></dm:person>\r\n")
        }
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
         <presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" \
         xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"{uri}\">\r\n\
         <tuple id=\"phone\"><status><basic>{basic}</basic></status><contact>{uri}</contact>\
         <note>{note}</note></tuple>\r\n{activity}</presence>\r\n"
    )
}
