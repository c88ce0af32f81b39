//! How phones are asked to ring: who calls and how urgent it is (RFC 7462), and a word that desk phones choose a tone by.

use frontdesk_routing::number::ShortNumber;

use super::Engine;
use super::call::{Call, Side};
use super::outgoing::Header;

/// What a call is to the phones that it rings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alert {
    from_outside: bool,
    vip: bool,
    /// In whose line the caller waits.
    department: Option<ShortNumber>,
}

impl Engine {
    pub(super) fn alert(&self, call: &Call, waiting: Side) -> Alert {
        let line = call.line.as_ref().filter(|_| call.machine.is_queued());
        let department = line.and_then(|line| self.plan.departments.get(line.department));
        Alert {
            from_outside: call.leg(waiting).is_some_and(|leg| leg.trunk.is_some()),
            vip: self.client_of(call, waiting).is_some_and(|client| client.vip),
            department: department.map(|department| department.short_number),
        }
    }
}

impl Alert {
    /// Alert-Info: the URNs of RFC 7462 section 6 and the `info` of desk phones, which is `vip`, `department-` with
    /// its short number, `external` or `internal`, whichever fits first.
    pub(super) fn header(&self) -> Header {
        let source = if self.from_outside { "external" } else { "internal" };
        let word = match self.department {
            _ if self.vip => "vip".to_owned(),
            Some(number) => format!("department-{number}"),
            None => source.to_owned(),
        };
        let urgent = if self.vip { ", <urn:alert:priority:high>" } else { "" };
        let value = format!("<urn:alert:source:{source}>;info={word}{urgent}");
        ("Alert-Info".into(), value)
    }
}
