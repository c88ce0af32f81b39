//! What has been read and waits for the engine, with what people are told of it.

use std::sync::Arc;
use std::time::Instant;

use frontdesk_routing::emergency;
use frontdesk_routing::plan::{DepartmentSection, DialPlan, RouteSection, StaffSection};
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::overload::{Due, Inbox, OverloadConfig, TurnedAway};

pub(super) struct Intake {
    /// The sections of the plan that the urgent numbers come from.
    known: Option<(Arc<RouteSection>, Arc<StaffSection>, Arc<DepartmentSection>)>,
    inbox: Inbox,
    overloaded: bool,
}

impl Intake {
    pub(super) fn new(seed: u64) -> Intake {
        Intake {
            inbox: Inbox::new(OverloadConfig::default(), seed),
            overloaded: false,
            known: None,
        }
    }

    /// A new plan: emergency numbers are let in first.
    pub(super) fn learn(&mut self, plan: &DialPlan) {
        let same = self.known.as_ref().is_some_and(|(routes, staff, departments)| {
            Arc::ptr_eq(routes, &plan.routes)
                && Arc::ptr_eq(staff, &plan.staff)
                && Arc::ptr_eq(departments, &plan.departments)
        });
        if !same {
            self.inbox.set_urgent(emergency::urgent(plan));
            let (routes, staff) = (Arc::clone(&plan.routes), Arc::clone(&plan.staff));
            self.known = Some((routes, staff, Arc::clone(&plan.departments)));
        }
    }

    /// Takes a message, unless it is to be turned away at once.
    pub(super) fn push(&mut self, flow: FlowId, bytes: &[u8], now: Instant) -> Option<TurnedAway> {
        self.inbox.push(flow, bytes, now)
    }

    pub(super) fn close(&mut self, flow: FlowId, now: Instant) {
        self.inbox.close(flow, now);
    }

    pub(super) fn next(&mut self, now: Instant) -> Option<Due> {
        self.inbox.next(now)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inbox.is_empty()
    }

    /// Once a second: the figures for the scrape, and a word in the log when an overload begins or ends.
    pub(super) fn report(&mut self, now: Instant) {
        let totals = self.inbox.totals();
        let overloaded = self.inbox.is_overloaded(now);
        let wait = self.inbox.wait(now).as_secs_f64();
        metrics::counter!("frontdesk_overload_turned_away_total").absolute(totals.turned_away);
        metrics::counter!("frontdesk_overload_dropped_total").absolute(totals.dropped);
        metrics::counter!("frontdesk_overload_repeated_total").absolute(totals.repeated);
        metrics::counter!("frontdesk_overloads_total").absolute(totals.overloads);
        metrics::gauge!("frontdesk_overload").set(f64::from(u8::from(overloaded)));
        metrics::gauge!("frontdesk_overload_wait_seconds").set(wait);
        let waiting = u32::try_from(self.inbox.waiting()).unwrap_or(u32::MAX);
        metrics::gauge!("frontdesk_overload_waiting").set(f64::from(waiting));
        if overloaded == self.overloaded {
            return;
        }
        self.overloaded = overloaded;
        match overloaded {
            true => tracing::warn!(waiting, wait, "overloaded: new calls get 503, those in progress go on"),
            false => tracing::warn!(
                turned_away = totals.turned_away,
                "the overload is over: new calls are taken again"
            ),
        }
    }
}
