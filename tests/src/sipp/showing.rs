//! What a request shows of whoever calls, and what it must not show.

use std::fmt::Write as _;

use super::Scenario;

impl Scenario {
    /// The callee's side: an INVITE comes in which each of these fields has that form, and nothing of the form `hidden` is
    /// anywhere.
    #[must_use]
    pub fn is_called_showing(self, fields: &[(&str, &str)], hidden: Option<&str>) -> Scenario {
        let mut checks = checks(fields);
        if let Some(hidden) = hidden {
            let _ = writeln!(
                checks,
                "      <ereg regexp=\"{}\" search_in=\"msg\" check_it_inverse=\"true\" assign_to=\"hidden\"/>\n      \
                 <log message=\"hidden [$hidden]\"/>",
                escaped(hidden)
            );
        }
        self.with(&format!(
            "  <recv request=\"INVITE\" rrs=\"true\">\n    <action>\n{checks}    </action>\n  </recv>\n"
        ))
    }
}

/// Actions of a scenario that want each of these fields to have that form.
pub(super) fn checks(fields: &[(&str, &str)]) -> String {
    let mut checks = String::new();
    for (place, (field, form)) in fields.iter().enumerate() {
        let _ = writeln!(
            checks,
            "      <ereg regexp=\"{}\" search_in=\"hdr\" header=\"{field}:\" check_it=\"true\" \
             assign_to=\"shown{place}\"/>\n      <log message=\"{field} [$shown{place}]\"/>",
            escaped(form)
        );
    }
    checks
}

fn escaped(form: &str) -> String {
    form.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
