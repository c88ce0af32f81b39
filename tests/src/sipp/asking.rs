//! What a phone that was called asks for inside the call, and requests that are answered after others.

use std::fmt::Write as _;

use super::{ALLOW, CONTACT, OK, Scenario, TAG, end};

impl Scenario {
    /// The callee's side: 200, and its ACK, which tells how both parties are named in later requests of its own.
    #[must_use]
    pub fn answers_and_speaks(self) -> Scenario {
        self.accepts(TAG, "sendrecv").receives_ack()
    }

    /// The callee's side, after `answers_and_speaks`: BYE and its 200.
    #[must_use]
    pub fn leaves(self) -> Scenario {
        self.asks("BYE", "", "").expects(200)
    }

    /// The callee's side, after `answers_and_speaks`: a re-INVITE with that direction, 200, ACK.
    #[must_use]
    pub fn asks_for(self, direction: &str) -> Scenario {
        let body = self.describes(direction);
        self.asks("INVITE", &format!("{CONTACT}{ALLOW}"), &body)
            .with("  <recv response=\"100\" optional=\"true\"/>\n  <recv response=\"200\"/>\n")
            .acknowledges_here()
    }

    /// The callee's side, after `answers_and_speaks`: REFER to an address, 202, and a NOTIFY for each of these statuses.
    #[must_use]
    pub fn sends_the_caller_to(self, address: &str, told: &[u16]) -> Scenario {
        let headers = format!("{CONTACT}Refer-To: <{address}>\n");
        self.asks("REFER", &headers, "").expects(202).hears_of_it(told)
    }

    /// An UPDATE without a description, which tells with whom one talks; 200.
    #[must_use]
    pub fn is_updated(self) -> Scenario {
        let accepted = OK.replace("Content-Length", &format!("{CONTACT}Content-Length"));
        self.with("  <recv request=\"UPDATE\"/>\n").sends(&accepted, false)
    }

    pub(super) fn receives_ack(self) -> Scenario {
        self.receives("ACK", &[("To", "own"), ("From", "other")])
    }

    /// A request that is answered by `responds_at_last`, after others.
    pub(super) fn receives_request(self, method: &str) -> Scenario {
        let fields = [("Via", "via"), ("From", "from"), ("To", "to"), ("CSeq", "cseq")];
        self.receives(method, &fields)
    }

    pub(super) fn responds_at_last(self, status: &str, tag: &str, headers: &str) -> Scenario {
        let text = format!(
            "SIP/2.0 {status}\nVia: [$via]\nFrom: [$from]\nTo: [$to]{tag}\nCall-ID: [call_id]\nCSeq: [$cseq]\n{headers}{}",
            end("")
        );
        self.sends(&text, true)
    }

    /// A request of the called phone inside its call.
    pub(super) fn asks(mut self, method: &str, headers: &str, body: &str) -> Scenario {
        self.cseq += 1;
        let text = self.asked(method, headers, body);
        self.sends(&text, true)
    }

    /// ACK of the last one.
    pub(super) fn acknowledges_here(self) -> Scenario {
        let ack = self.asked("ACK", "", "");
        self.sends(&ack, false)
    }

    fn asked(&self, method: &str, headers: &str, body: &str) -> String {
        format!(
            "{method} [next_url] SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n[routes]\n\
             Max-Forwards: 70\nFrom: [$own]\nTo: [$other]\nCall-ID: [call_id]\nCSeq: {} {method}\n{headers}{}",
            self.cseq,
            end(body)
        )
    }

    /// A request whose fields stand in these variables from then on.
    fn receives(self, method: &str, fields: &[(&str, &str)]) -> Scenario {
        let mut actions = String::new();
        for (name, variable) in fields {
            let _ = writeln!(
                actions,
                "      <ereg regexp=\".*\" search_in=\"hdr\" header=\"{name}:\" check_it=\"true\" assign_to=\"{variable}\"/>"
            );
        }
        let rrs = if method == "INVITE" { " rrs=\"true\"" } else { "" };
        self.with(&format!(
            "  <recv request=\"{method}\"{rrs}>\n    <action>\n{actions}    </action>\n  </recv>\n"
        ))
    }
}
