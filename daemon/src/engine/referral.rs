//! What whoever transferred is told of it: NOTIFYs of the implicit subscription that a REFER makes (RFC 3515 section 2.4,
//! RFC 7647), and the moment when that party is let go.

use bytes::Bytes;
use frontdesk_routing::ids::CallId;
use frontdesk_sip::Now;
use frontdesk_sip::command::{Body, Command};

use super::Engine;
use super::call::Side;

/// Seconds for which the subscription is good; a transfer is over before.
const EXPIRES: u16 = 300;

/// A REFER that was accepted.
#[derive(Debug)]
pub(super) struct Referral {
    pub(super) by: Side,
    /// The value of Event: `refer`, with an id from the second REFER of the dialog on.
    event: String,
    /// Nobody wants to hear of it (RFC 4488), or the subscription has been refused.
    silent: bool,
    /// The NOTIFY that is under way: one at a time, so that they arrive in order.
    asked: Option<u64>,
    /// The status that is to be told next.
    next: Option<u16>,
    /// The final status has been told, or is about to be.
    concluded: bool,
    /// Where the other party was parked.
    place: Option<u16>,
}

impl Referral {
    pub(super) fn new(by: Side, event: String, silent: bool) -> Referral {
        Referral {
            by,
            event,
            silent,
            asked: None,
            next: None,
            concluded: false,
            place: None,
        }
    }

    fn is_quiet(&self) -> bool {
        self.silent || (self.asked.is_none() && self.next.is_none())
    }
}

impl Engine {
    /// Begins to tell of a transfer; a NOTIFY of an earlier one is still waited for.
    pub(super) fn begin_referral(&mut self, id: CallId, mut referral: Referral) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let before = call.referral.take().filter(|before| before.by == referral.by);
        referral.asked = before.and_then(|before| before.asked);
        call.referral = Some(referral);
    }

    /// A final status is the last word; a provisional one after it is none.
    pub(super) fn tell_transferor(&mut self, id: CallId, (to, status): (Side, u16), now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let referral = call.referral.as_mut().filter(|referral| referral.by == to);
        let Some(referral) = referral.filter(|referral| !referral.concluded) else {
            return;
        };
        referral.concluded = status >= 200;
        if !referral.silent {
            referral.next = Some(status);
        }
        self.notify(id, now);
    }

    /// The other party was parked at this place: that is the final word.
    pub(super) fn tell_place(&mut self, id: CallId, (to, place): (Side, u16), now: Now) {
        let call = self.calls.get_mut(&id);
        if let Some(referral) = call.and_then(|call| call.referral.as_mut()) {
            referral.place = Some(place);
        }
        self.tell_transferor(id, (to, 200), now);
    }

    fn notify(&mut self, id: CallId, now: Now) {
        let token = self.token();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(referral) = call.referral.as_mut().filter(|referral| referral.asked.is_none()) else {
            return;
        };
        let Some(status) = referral.next.take() else { return };
        referral.asked = Some(token);
        let state = match status {
            200.. => "terminated;reason=noresource".to_owned(),
            _ => format!("active;expires={EXPIRES}"),
        };
        let headers = vec![
            ("Event".into(), referral.event.clone()),
            ("Subscription-State".into(), state),
        ];
        let (by, place) = (referral.by, referral.place);
        let Some(session) = call.leg(by).map(|leg| leg.session) else {
            return;
        };
        let command = Command::SendInDialog {
            session,
            token,
            method: "NOTIFY".into(),
            headers,
            body: Some(fragment(status, place)),
        };
        self.endpoint.command(command, now);
    }

    /// The answer to a NOTIFY of ours; false: it is none.
    pub(super) fn on_notified(&mut self, id: CallId, (token, status): (u64, u16), now: Now) -> bool {
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let Some(referral) = call.referral.as_mut().filter(|referral| referral.asked == Some(token)) else {
            return false;
        };
        referral.asked = None;
        // RFC 6665 section 4.2.2: whoever refuses a NOTIFY wants no more of them.
        referral.silent |= status >= 300;
        let by = referral.by;
        if referral.silent {
            referral.next = None;
        }
        self.notify(id, now);
        let leaving = self
            .calls
            .get(&id)
            .and_then(|call| call.leg(by))
            .is_some_and(|leg| leg.leaving);
        if leaving {
            self.let_go(id, by, now);
        }
        true
    }

    /// Hangs up a party that has no place in the call any more, once it has been told what it waits for.
    pub(super) fn let_go(&mut self, id: CallId, side: Side, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let referral = call.referral.as_ref().filter(|referral| referral.by == side);
        let told = referral.is_none_or(Referral::is_quiet);
        let Some(leg) = call.leg_mut(side) else { return };
        if (!told || leg.hears.is_some()) && leg.open {
            leg.leaving = true;
            return;
        }
        self.hang_up(id, side, now);
        self.drop_leg(id, side, now);
    }
}

/// RFC 3420: the status line of the response; phones show its words, and so a place where somebody was parked stands in
/// them.
fn fragment(status: u16, place: Option<u16>) -> Body {
    let parked = place
        .filter(|_| status == 200)
        .map(|place| format!("Parked at {place}"));
    let reason = match status {
        100 => "Trying",
        180 => "Ringing",
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        503 => "Service Unavailable",
        600 => "Busy Everywhere",
        603 => "Decline",
        _ => "Failed",
    };
    Body {
        content_type: "message/sipfrag;version=2.0".into(),
        bytes: Bytes::from(format!("SIP/2.0 {status} {}\r\n", parked.as_deref().unwrap_or(reason))),
    }
}
