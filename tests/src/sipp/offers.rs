//! Offers of a caller inside a call (RFC 3264), and a call that begins without one.

use super::{OK, SDP, Scenario};

impl Scenario {
    /// INVITE without a description, 401, ACK, the same with credentials.
    #[must_use]
    pub fn calls_without_an_offer(self) -> Scenario {
        self.calls_describing("", "")
    }

    /// 200 with an offer, and an ACK with the answer; 180 may come first.
    #[must_use]
    pub fn is_answered_with_an_offer(self) -> Scenario {
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        let ack = self.text("ACK [next_url]", &to, (self.invite, self.invite + 100), ("", SDP));
        let recv = "  <recv response=\"180\" optional=\"true\"/>\n  <recv response=\"200\" rrs=\"true\">\n    <action>\n      \
                    <ereg regexp=\"m=audio [1-9]\" search_in=\"body\" check_it=\"true\" assign_to=\"offer\"/>\n      \
                    <log message=\"[$offer]\"/>\n    </action>\n  </recv>\n";
        self.with(recv).sends(&ack, false)
    }

    /// A re-INVITE with that direction, 200, ACK.
    #[must_use]
    pub fn renegotiates(self, direction: &str) -> Scenario {
        let body = self.describes(direction);
        self.reinvites(&body)
    }

    /// A hold in the manner of RFC 2543, by an address of zeros: re-INVITE, 200, ACK.
    #[must_use]
    pub fn renegotiates_from_nowhere(self) -> Scenario {
        let body = self
            .describes("sendrecv")
            .replace("c=IN IP4 [media_ip]", "c=IN IP4 0.0.0.0");
        self.reinvites(&body)
    }

    fn reinvites(self, body: &str) -> Scenario {
        self.reinvite(body)
            .with("  <recv response=\"100\" optional=\"true\"/>\n  <recv response=\"200\"/>\n")
            .acknowledges_answer()
    }

    fn reinvite(self, body: &str) -> Scenario {
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        let headers = format!("{}[routes]\n", self.contact());
        self.request("INVITE [next_url]", &to, &headers, body)
    }

    /// A re-INVITE comes, and crosses one of its own: both get 491 (RFC 3261 section 14).
    #[must_use]
    pub fn crosses_an_offer(self) -> Scenario {
        let body = self.describes("sendrecv");
        let crossed = self
            .receives_request("INVITE")
            .reinvite(&body)
            .with("  <recv response=\"100\" optional=\"true\"/>\n")
            .expects(491);
        let to = format!("<sip:{}@{}>[peer_tag_param]", crossed.dialled, crossed.domain);
        let ack = crossed.unnumbered("ACK [next_url]", &to, crossed.invite, crossed.invite);
        crossed
            .with(&ack)
            .responds_at_last("491 Request Pending", "", "")
            .with("  <recv request=\"ACK\"/>\n")
    }

    /// All that it describes so far says that its audio is wanted at this port of the machine.
    #[must_use]
    pub fn listens_at(mut self, port: u16) -> Scenario {
        self.steps = self.steps.replace("[media_port]", &port.to_string());
        self
    }

    /// All that it describes so far names no telephone-event.
    #[must_use]
    pub fn has_no_keys(mut self) -> Scenario {
        let events = "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n";
        self.steps = self.steps.replace(events, "").replace("RTP/AVP 8 0 101", "RTP/AVP 8 0");
        self
    }

    /// A key pressed by INFO, and its 200.
    #[must_use]
    pub fn presses(self, key: char) -> Scenario {
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        let headers = format!("{}[routes]\n", self.contact());
        let body = format!("Signal={key}\nDuration=160\n");
        self.request("INFO [next_url]", &to, &headers, &body).expects(200)
    }

    /// The callee's side: a key comes by INFO; 200.
    #[must_use]
    pub fn hears_key(self, key: char) -> Scenario {
        let recv = format!(
            "  <recv request=\"INFO\">\n    <action>\n      <ereg regexp=\"Signal={key}\" search_in=\"body\" \
             check_it=\"true\" assign_to=\"key\"/>\n      <log message=\"[$key]\"/>\n    </action>\n  </recv>\n"
        );
        self.with(&recv).sends(OK, false)
    }
}
