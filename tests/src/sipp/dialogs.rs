//! Scenarios of what a dialog owes its peer: PRACK and session timers.

use super::{SDP, Scenario, TAG};

impl Scenario {
    /// INVITE, 401, ACK, INVITE with credentials; `more` are header fields of both.
    #[must_use]
    pub fn calls_with(self, more: &str) -> Scenario {
        let line = format!("INVITE sip:{}@{}", self.dialled, self.domain);
        let to = format!("<sip:{}@{}>", self.dialled, self.domain);
        let headers = format!(
            "{}Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\n{more}",
            self.contact()
        );
        let challenged = self
            .request(&line, &to, &headers, SDP)
            .with("  <recv response=\"100\" optional=\"true\"/>\n  <recv response=\"401\" auth=\"true\"/>\n")
            .acknowledges_refusal();
        let authorized = format!("{headers}{}\n", challenged.credentials());
        challenged
            .request(&line, &to, &authorized, SDP)
            .with("  <recv response=\"100\" optional=\"true\"/>\n")
    }

    /// An INVITE with these header fields, 422 with this Min-SE, ACK.
    #[must_use]
    pub fn asks_for_too_short_a_session(self, more: &str, least: &str) -> Scenario {
        let line = format!("INVITE sip:{}@{}", self.dialled, self.domain);
        let to = format!("<sip:{}@{}>", self.dialled, self.domain);
        let headers = format!("{}{more}", self.contact());
        self.request(&line, &to, &headers, SDP)
            .with("  <recv response=\"100\" optional=\"true\"/>\n")
            .expects_field(422, "Min-SE", least)
            .acknowledges_refusal()
    }

    /// A 180 that wants a PRACK, and its 200.
    #[must_use]
    pub fn acknowledges_ringing(self) -> Scenario {
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        let rack = format!("[routes]\nRAck: [$RSeq] {} INVITE\n", self.invite);
        self.expects_field(180, "RSeq", "[0-9]+")
            .request("PRACK [next_url]", &to, &rack, "")
            .expects(200)
    }

    /// 200 with a Session-Expires of that form, and its ACK; 180 may come first.
    #[must_use]
    pub fn is_answered_for(self, expires: &str) -> Scenario {
        self.with("  <recv response=\"180\" optional=\"true\"/>\n")
            .expects_field(200, "Session-Expires", expires)
            .acknowledges_answer()
    }

    /// The callee's side: an INVITE with a Session-Expires of that form comes.
    #[must_use]
    pub fn is_called_for(self, expires: &str) -> Scenario {
        self.is_called_saying("Session-Expires", expires)
    }

    /// 422 with this Min-SE, and its ACK.
    #[must_use]
    pub fn wants_longer_sessions(self, least: &str) -> Scenario {
        let headers = format!("Min-SE: {least}\n");
        self.responds("422 Session Interval Too Small", TAG, &headers, "")
            .with("  <recv request=\"ACK\"/>\n")
    }

    /// 200 with this Session-Expires, and its ACK.
    #[must_use]
    pub fn answers_for(self, expires: &str) -> Scenario {
        let headers = format!(
            "Contact: <sip:callee@[local_ip]:[local_port]>\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS\nRequire: timer\n\
             Session-Expires: {expires}\n"
        );
        self.responds("200 OK", TAG, &headers, SDP)
            .with("  <recv request=\"ACK\"/>\n")
    }

    /// UPDATE that refreshes the session, and its 200.
    #[must_use]
    pub fn refreshes(self, expires: &str) -> Scenario {
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        let headers = format!(
            "{}[routes]\nSupported: timer\nSession-Expires: {expires}\n",
            self.contact()
        );
        self.request("UPDATE [next_url]", &to, &headers, "")
            .expects_field(200, "Session-Expires", expires)
    }

    /// A response whose field has that form; what it is then stands in the variable of the field's name.
    fn expects_field(self, status: u16, name: &str, form: &str) -> Scenario {
        let variable = name.replace('-', "");
        self.with(&format!(
            "  <recv response=\"{status}\" rrs=\"true\">\n    <action>\n      <ereg regexp=\"{form}\" search_in=\"hdr\" \
             header=\"{name}:\" check_it=\"true\" assign_to=\"{variable}\"/>\n      <log message=\"[${variable}]\"/>\n    \
             </action>\n  </recv>\n"
        ))
    }
}
