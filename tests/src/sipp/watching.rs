//! What a watching phone does (RFC 6665).

use super::{OK, Scenario};

impl Scenario {
    /// SUBSCRIBE, 401, SUBSCRIBE with credentials, 200.
    #[must_use]
    pub fn watches(self, package: &str, expires: u32) -> Scenario {
        let (line, to, headers) = self.subscribe(package, expires);
        let challenged = self
            .request(&line, &to, &headers, "")
            .with("  <recv response=\"401\" auth=\"true\"/>\n");
        let authorized = format!("{headers}{}\n", challenged.credentials());
        challenged
            .request(&line, &to, &authorized, "")
            .with("  <recv response=\"200\" rrs=\"true\"/>\n")
    }

    /// SUBSCRIBE, 401, SUBSCRIBE with credentials, and a refusal.
    #[must_use]
    pub fn may_not_watch(self, package: &str, status: u16) -> Scenario {
        let (line, to, headers) = self.subscribe(package, 300);
        let challenged = self
            .request(&line, &to, &headers, "")
            .with("  <recv response=\"401\" auth=\"true\"/>\n");
        let authorized = format!("{headers}{}\n", challenged.credentials());
        challenged.request(&line, &to, &authorized, "").expects(status)
    }

    /// A NOTIFY in that state whose text holds that expression; answered with 200.
    #[must_use]
    pub fn is_told(self, state: &str, expected: &str) -> Scenario {
        let recv = format!(
            "  <recv request=\"NOTIFY\">\n    <action>\n      <ereg regexp=\"{state}\" search_in=\"hdr\" \
             header=\"Subscription-State:\" check_it=\"true\" assign_to=\"state\"/>\n      <ereg regexp=\"{}\" \
             search_in=\"body\" check_it=\"true\" assign_to=\"told\"/>\n      <log message=\"[$state] [$told]\"/>\n    \
             </action>\n  </recv>\n",
            expected.replace('<', "&lt;").replace('"', "&quot;")
        );
        self.with(&recv).sends(OK, false)
    }

    /// SUBSCRIBE inside the dialog: a refresh, or with 0 the end.
    #[must_use]
    pub fn watches_on(self, package: &str, expires: u32) -> Scenario {
        let (_, _, headers) = self.subscribe(package, expires);
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        let headers = format!("{headers}[routes]\n");
        self.request("SUBSCRIBE [next_url]", &to, &headers, "").expects(200)
    }

    fn subscribe(&self, package: &str, expires: u32) -> (String, String, String) {
        let address = format!("sip:{}@{}", self.dialled, self.domain);
        let headers = format!("{}Event: {package}\nExpires: {expires}\n", self.contact());
        (format!("SUBSCRIBE {address}"), format!("<{address}>"), headers)
    }
}
