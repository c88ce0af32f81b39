//! What a phone does to send a call elsewhere: 302, REFER, early media, hold by UPDATE, keys by their tones.

use std::path::Path;

use super::{CONTACT, Dialog, SDP, Scenario, TAG};

/// Of an old gateway: A-law and nothing else, sent from where it is said to be.
const TONES_ONLY: &str = "v=0\no=- 1 1 IN IP4 [media_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\n\
                          m=audio [rtpstream_audio_port] RTP/AVP 8\na=rtpmap:8 PCMA/8000\n";

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
        self.responds("183 Session Progress", TAG, CONTACT, SDP)
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
        self.answers_and_speaks().waits(ms).leaves()
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
        let target = format!("<sip:{number}@{}>", self.domain);
        self.refers(&target).hears_of_it(told)
    }

    /// REFER to whoever a call of the same phone is with (RFC 5589 section 7), 202, and a NOTIFY for each of these statuses.
    #[must_use]
    pub fn transfers_into(self, (number, call): (&str, &Dialog), told: &[u16]) -> Scenario {
        let target = format!("<sip:{number}@{}?Replaces={}>", self.domain, call.escaped());
        self.refers(&target).hears_of_it(told)
    }

    /// REFER to a number, and BYE as soon as it is accepted: no NOTIFY is waited for.
    #[must_use]
    pub fn transfers_and_leaves(self, number: &str) -> Scenario {
        let target = format!("<sip:{number}@{}>", self.domain);
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        self.refers(&target)
            .request("BYE [next_url]", &to, "[routes]\n", "")
            .with("  <recv request=\"NOTIFY\" optional=\"true\"/>\n")
            .expects(200)
    }

    fn refers(self, target: &str) -> Scenario {
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        let who = format!("Referred-By: <sip:{}@{}>\n", self.user, self.domain);
        let headers = format!("{}[routes]\nRefer-To: {target}\n{who}", self.contact());
        self.request("REFER [next_url]", &to, &headers, "").expects(202)
    }

    pub(super) fn hears_of_it(self, told: &[u16]) -> Scenario {
        told.iter().fold(self, |scenario, status| {
            let state = if *status < 200 { "active" } else { "terminated" };
            scenario.is_told(state, &format!("SIP/2.0 {status}"))
        })
    }

    /// As `calls`, without telephone-event.
    #[must_use]
    pub fn calls_without_events(self) -> Scenario {
        self.calls_describing("", TONES_ONLY)
    }

    /// What is in the file, as A-law.
    #[must_use]
    pub fn says(self, file: &Path) -> Scenario {
        let file = file.display();
        self.with(&format!(
            "  <nop>\n    <action>\n      <exec rtp_stream=\"{file},1,8\"/>\n    </action>\n  </nop>\n"
        ))
    }
}
