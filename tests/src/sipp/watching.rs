//! What a watching phone does (RFC 6665), and one that is watched (RFC 3903).

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

    /// PUBLISH of what the person does, for their own number: 401, PUBLISH with credentials, 200 with an entity-tag, by which
    /// the next one changes it. With an `expires` of 0 it is taken back.
    #[must_use]
    pub fn publishes(self, activity: &str, expires: u32) -> Scenario {
        let address = format!("sip:{}@{}", self.dialled, self.domain);
        let (line, to) = (format!("PUBLISH {address}"), format!("<{address}>"));
        let before = if self.steps.contains("SIP-ETag:") {
            "SIP-If-Match: [$etag]\n"
        } else {
            ""
        };
        let headers = format!("Event: presence\nExpires: {expires}\n{before}");
        let body = match expires {
            0 => String::new(),
            _ => format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" \
                 xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" \
                 entity=\"{address}\"><tuple id=\"t1\"><status><basic>open</basic></status></tuple><dm:person \
                 id=\"p1\"><rpid:activities><rpid:{activity}/></rpid:activities></dm:person></presence>\n"
            ),
        };
        let challenged = self
            .request(&line, &to, &headers, &body)
            .with("  <recv response=\"401\" auth=\"true\"/>\n");
        let authorized = format!("{headers}{}\n", challenged.credentials());
        challenged.request(&line, &to, &authorized, &body).with(
            "  <recv response=\"200\">\n    <action>\n      <ereg regexp=\"[0-9a-f]+\" search_in=\"hdr\" \
             header=\"SIP-ETag:\" check_it=\"true\" assign_to=\"etag\"/>\n      <log message=\"[$etag]\"/>\n    \
             </action>\n  </recv>\n",
        )
    }

    fn subscribe(&self, package: &str, expires: u32) -> (String, String, String) {
        let address = format!("sip:{}@{}", self.dialled, self.domain);
        let headers = format!("{}Event: {package}\nExpires: {expires}\n", self.contact());
        (format!("SUBSCRIBE {address}"), format!("<{address}>"), headers)
    }
}
