//! `presence` (RFC 3856): a person is reachable, talks, or wants to be left alone.

use frontdesk_routing::ids::StaffId;
use frontdesk_routing::plan::PlanSip;
use frontdesk_sip::registrar::Aor;

use super::watchers::Watch;
use super::xml::escape;
use crate::engine::Engine;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Presence {
    /// A phone is registered.
    online: bool,
    on_the_phone: bool,
    do_not_disturb: bool,
}

impl Engine {
    pub(super) fn presence_of(&self, staff: StaffId) -> Presence {
        let sip = self.plan.staff.get(staff).and_then(|staff| staff.sip.as_ref());
        let online = |sip: &PlanSip| self.registrar.is_online(Aor(sip.id.as_u128())) && !self.alive.is_dark(sip.id);
        Presence {
            online: sip.is_some_and(online),
            on_the_phone: self.is_on_the_phone(staff),
            do_not_disturb: self.pending.settings(&self.plan, staff).dnd,
        }
    }
}

/// PIDF (RFC 3863) with the activity of RPID (RFC 4480).
pub(super) fn document(presence: &Presence, watch: &Watch) -> String {
    let uri = escape(&watch.address.uri());
    let open = presence.online && !presence.do_not_disturb;
    let basic = if open { "open" } else { "closed" };
    let (note, activity) = match (presence.on_the_phone, presence.do_not_disturb) {
        (true, _) => ("On the phone", "<rpid:on-the-phone/>"),
        (false, true) => ("Do not disturb", "<rpid:busy/>"),
        (false, false) if presence.online => ("Online", ""),
        (false, false) => ("Offline", ""),
    };
    let activity = match activity {
        "" => String::new(),
        activity => format!("<dm:person id=\"person\"><rpid:activities>{activity}</rpid:activities></dm:person>\r\n"),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
         <presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" \
         xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"{uri}\">\r\n\
         <tuple id=\"phone\"><status><basic>{basic}</basic></status><contact>{uri}</contact>\
         <note>{note}</note></tuple>\r\n{activity}</presence>\r\n"
    )
}
