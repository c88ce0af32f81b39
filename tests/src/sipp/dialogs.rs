//! Scenarios of what a dialog owes its peer: PRACK and session timers.

use super::{ALLOW, CONTACT, OK, SDP, Scenario, TAG};

impl Scenario {
    /// INVITE, 401, ACK, INVITE with credentials; `more` are header fields of both.
    #[must_use]
    pub fn calls_with(self, more: &str) -> Scenario {
        self.calls_describing(more, SDP)
    }

    /// The same with that description of its audio.
    pub(super) fn calls_describing(self, more: &str, body: &str) -> Scenario {
        let line = format!("INVITE sip:{}@{}", self.dialled, self.domain);
        let to = format!("<sip:{}@{}>", self.dialled, self.domain);
        let headers = format!(
            "{}Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\n{more}",
            self.contact()
        );
        let challenged = self
            .request(&line, &to, &headers, body)
            .with("  <recv response=\"100\" optional=\"true\"/>\n  <recv response=\"401\" auth=\"true\"/>\n")
            .acknowledges_refusal();
        let authorized = format!("{headers}{}\n", challenged.credentials());
        challenged
            .request(&line, &to, &authorized, body)
            .with("  <recv response=\"100\" optional=\"true\"/>\n")
    }

    /// An INVITE that requires an extension which nobody has, 420 that names it, ACK.
    #[must_use]
    pub fn requires_too_much(self, extension: &str) -> Scenario {
        let line = format!("INVITE sip:{}@{}", self.dialled, self.domain);
        let to = format!("<sip:{}@{}>", self.dialled, self.domain);
        let headers = format!("{}Require: {extension}\n", self.contact());
        self.request(&line, &to, &headers, SDP)
            .with("  <recv response=\"100\" optional=\"true\"/>\n")
            .expects_field(420, "Unsupported", extension)
            .acknowledges_refusal()
    }

    /// INVITE with these header fields, which nobody challenges before it is refused; ACK.
    #[must_use]
    pub fn is_refused_at_once(self, more: &str, status: u16) -> Scenario {
        let line = format!("INVITE sip:{}@{}", self.dialled, self.domain);
        let to = format!("<sip:{}@{}>", self.dialled, self.domain);
        let headers = format!("{}{more}", self.contact());
        self.request(&line, &to, &headers, SDP)
            .with("  <recv response=\"100\" optional=\"true\"/>\n")
            .expects(status)
            .acknowledges_refusal()
    }

    /// The last INVITE arrives by another way too (RFC 3261 section 8.2.2.2): 482, ACK.
    #[must_use]
    pub fn comes_again_by_another_way(self) -> Scenario {
        let line = format!("INVITE sip:{}@{}", self.dialled, self.domain);
        let to = format!("<sip:{}@{}>", self.dialled, self.domain);
        let (cseq, branch) = (self.invite, self.invite + 500);
        let headers = format!("{}{}\n", self.contact(), self.credentials());
        let copy = self.text(&line, &to, (cseq, branch), (&headers, SDP));
        let line = format!("ACK sip:{}@{}", self.dialled, self.domain);
        let ack = self.unnumbered(&line, &format!("{to}[peer_tag_param]"), cseq, branch);
        self.sends(&copy, true).expects(482).with(&ack)
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
        let headers = format!("{CONTACT}{ALLOW}Require: timer\nSession-Expires: {expires}\n");
        self.responds("200 OK", TAG, &headers, SDP)
            .with("  <recv request=\"ACK\"/>\n")
    }

    /// The callee's side: 200 with a session that it keeps up itself, ACK, and a refresh by that method with its 200.
    #[must_use]
    pub fn answers_and_refreshes_by(self, method: &str, seconds: u32) -> Scenario {
        let headers = |role: &str, option: &str| {
            format!("{CONTACT}{ALLOW}{option}: timer\nSession-Expires: {seconds};refresher={role}\n")
        };
        let body = if method == "INVITE" { SDP } else { "" };
        let refreshed = self
            .responds("200 OK", TAG, &headers("uas", "Require"), SDP)
            .receives_ack()
            .waits(200)
            .asks(method, &headers("uac", "Supported"), body)
            .with("  <recv response=\"100\" optional=\"true\"/>\n")
            .expects_field(200, "Session-Expires", &format!("{seconds};refresher=uac"));
        match body {
            "" => refreshed,
            _ => refreshed.acknowledges_here(),
        }
    }

    /// The callee's side: an INVITE comes, and gets a 183 with audio that wants a PRACK, which comes too.
    #[must_use]
    pub fn is_called_and_speaks_early_reliably(self) -> Scenario {
        let headers = format!("{CONTACT}Require: 100rel\nRSeq: 71\n");
        self.receives_request("INVITE")
            .responds("183 Session Progress", TAG, &headers, SDP)
            .with(
                "  <recv request=\"PRACK\">\n    <action>\n      <ereg regexp=\"71 [0-9]+ INVITE\" search_in=\"hdr\" \
                 header=\"RAck:\" check_it=\"true\" assign_to=\"RAck\"/>\n      <log message=\"[$RAck]\"/>\n    \
                 </action>\n  </recv>\n",
            )
            .sends(OK, false)
    }

    /// The callee's side: 200 to what came before other requests, without a description, and its ACK.
    #[must_use]
    pub fn answers_at_last(self) -> Scenario {
        self.responds_at_last("200 OK", TAG, &format!("{CONTACT}{ALLOW}"))
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
    pub(super) fn expects_field(self, status: u16, name: &str, form: &str) -> Scenario {
        let variable = name.replace('-', "");
        self.with(&format!(
            "  <recv response=\"{status}\" rrs=\"true\">\n    <action>\n      <ereg regexp=\"{form}\" search_in=\"hdr\" \
             header=\"{name}:\" check_it=\"true\" assign_to=\"{variable}\"/>\n      <log message=\"[${variable}]\"/>\n    \
             </action>\n  </recv>\n"
        ))
    }
}
