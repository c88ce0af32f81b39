//! What a phone does to send a call elsewhere: 302, REFER, early media, hold by UPDATE.

use super::{SDP, Scenario, TAG};

impl Scenario {
    /// The callee's side: 302 to another address, and its ACK.
    #[must_use]
    pub fn sends_on_to(self, address: &str) -> Scenario {
        self.responds("302 Moved Temporarily", TAG, &format!("Contact: <{address}>\n"), "")
            .with("  <recv request=\"ACK\"/>\n")
    }

    /// The callee's side: 183 with a description of its audio.
    #[must_use]
    pub fn speaks_early(self) -> Scenario {
        let contact = "Contact: <sip:callee@[local_ip]:[local_port]>\n";
        self.responds("183 Session Progress", TAG, contact, SDP)
    }

    /// A 183 with a description of audio.
    #[must_use]
    pub fn hears_early(self) -> Scenario {
        self.with(
            "  <recv response=\"183\">\n    <action>\n      <ereg regexp=\"m=audio [0-9]+\" search_in=\"body\" \
             check_it=\"true\" assign_to=\"early\"/>\n      <log message=\"[$early]\"/>\n    </action>\n  </recv>\n",
        )
    }

    /// The callee's side: an INVITE comes in which that field has that form.
    #[must_use]
    pub fn is_called_saying(self, field: &str, form: &str) -> Scenario {
        self.is_called_showing(&[(field, form)], None)
    }

    /// The callee's side: ACK of the answer, and after a while a BYE of its own and its 200.
    #[must_use]
    pub fn answers_and_hangs_up_after(self, ms: u64) -> Scenario {
        let field = |name: &str, variable: &str| {
            format!(
                "      <ereg regexp=\".*\" search_in=\"hdr\" header=\"{name}:\" check_it=\"true\" \
                 assign_to=\"{variable}\"/>\n"
            )
        };
        let (own, other) = (field("To", "own"), field("From", "other"));
        let ack = format!("  <recv request=\"ACK\">\n    <action>\n{own}{other}    </action>\n  </recv>\n");
        let bye = "BYE [next_url] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n[routes]\n\
                   Max-Forwards: 70\nFrom: [$own]\nTo: [$other]\nCall-ID: [call_id]\nCSeq: 1 BYE\nContent-Length: 0\n\n";
        self.accepts(TAG, "sendrecv")
            .with(&ack)
            .waits(ms)
            .sends(bye, true)
            .expects(200)
    }

    /// UPDATE with that direction, and its 200.
    #[must_use]
    pub fn updates(self, direction: &str) -> Scenario {
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        let headers = format!("{}[routes]\n", self.contact());
        let body = self.describes(direction);
        self.request("UPDATE [next_url]", &to, &headers, &body).expects(200)
    }

    /// REFER to a number, 202, and a NOTIFY for each of these statuses.
    #[must_use]
    pub fn transfers(self, number: &str, told: &[u16]) -> Scenario {
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        let (user, domain) = (&self.user, &self.domain);
        let who = format!("Refer-To: <sip:{number}@{domain}>\nReferred-By: <sip:{user}@{domain}>\n");
        let headers = format!("{}[routes]\n{who}", self.contact());
        let referred = self.request("REFER [next_url]", &to, &headers, "").expects(202);
        told.iter().fold(referred, |scenario, status| {
            let state = if *status < 200 { "active" } else { "terminated" };
            scenario.is_told(state, &format!("SIP/2.0 {status}"))
        })
    }
}
