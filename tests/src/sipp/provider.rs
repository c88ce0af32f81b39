//! A provider as SIPp plays it: a registrar that is hard to please, and calls from a number outside.

use super::{Scenario, TAG, showing::checks};

impl Scenario {
    /// The provider's side: REGISTER comes in which each of these fields has that form.
    #[must_use]
    pub fn is_asked_to_register(self, fields: &[(&str, &str)]) -> Scenario {
        self.with(&format!(
            "  <recv request=\"REGISTER\">\n    <action>\n{}    </action>\n  </recv>\n",
            checks(fields)
        ))
    }

    /// 401 with that nonce; `more` are further parameters of it.
    #[must_use]
    pub fn challenges(self, nonce: &str, more: &str) -> Scenario {
        let challenge = format!(
            "WWW-Authenticate: Digest realm=\"provider\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\"{more}\n"
        );
        self.registrar_says("401 Unauthorized", &challenge)
    }

    /// 423 with this Min-Expires.
    #[must_use]
    pub fn wants_longer_registrations(self, least: u32) -> Scenario {
        self.registrar_says("423 Interval Too Brief", &format!("Min-Expires: {least}\n"))
    }

    /// 200 for so many seconds.
    #[must_use]
    pub fn grants(self, seconds: u32) -> Scenario {
        self.registrar_says("200 OK", &format!("[last_Contact:]\nExpires: {seconds}\n"))
    }

    fn registrar_says(self, status: &str, headers: &str) -> Scenario {
        let text = format!(
            "SIP/2.0 {status}\n[last_Via:]\n[last_From:]\n[last_To:]{TAG}\n[last_Call-ID:]\n[last_CSeq:]\n{headers}\
             Content-Length: 0\n\n"
        );
        self.sends(&text, false)
    }

    /// INVITE that nobody challenges; `more` are header fields.
    #[must_use]
    pub fn calls_from_outside(self, more: &str) -> Scenario {
        let line = format!("INVITE sip:{}@{}", self.dialled, self.domain);
        let to = format!("<sip:{}@{}>", self.dialled, self.domain);
        let headers = format!("{}{more}", self.contact());
        self.request(&line, &to, &headers, super::SDP)
            .with("  <recv response=\"100\" optional=\"true\"/>\n")
    }
}
