//! The plan's publisher: builds the touched section anew and hands the engine the new snapshot as an ordered input. It does
//! so, too, when somebody's access ends.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::store::Db;
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{DialPlan, PlanStaff, StaffSection};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::engine::input::Input;
use crate::http::{PlanChange, PlanSection};
use crate::live::Live;
use crate::shell::{EngineHandle, clock};

/// The only writer of the plan.
#[derive(Debug)]
pub(crate) struct Publisher {
    db: Db,
    engine: EngineHandle,
    live: Arc<Live>,
    /// As the database has it.
    plan: Arc<DialPlan>,
    shown: ShownStaff,
    /// Numbers that are to be looked up anew.
    numbers: BTreeSet<(AccountId, PhoneNumber)>,
}

/// So many numbers are looked up one by one; of more, the whole book is read.
const ONE_BY_ONE: usize = 2_000;
/// How soon it is seen that the clock has been put forward or back.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The people of the plan as calls see them: without the SIP accounts of those whose access has ended.
#[derive(Debug)]
struct ShownStaff {
    /// What it was made from.
    of: Arc<StaffSection>,
    /// The moment that it was made for, unix milliseconds.
    at: i64,
    section: Arc<StaffSection>,
}

impl ShownStaff {
    fn new(of: &Arc<StaffSection>, now: i64) -> ShownStaff {
        ShownStaff {
            of: Arc::clone(of),
            at: now,
            section: of.as_of(now),
        }
    }

    /// Looks at the people anew; gives those whose access has ended or come back by the clock alone.
    fn renew(&mut self, of: &Arc<StaffSection>, now: i64) -> Vec<PlanStaff> {
        let changing: Vec<PlanStaff> = self.of.changing(self.at, now).cloned().collect();
        if !changing.is_empty() || !Arc::ptr_eq(&self.of, of) {
            *self = ShownStaff::new(of, now);
        }
        self.at = now;
        changing
    }

    /// How long nothing changes by the clock alone, as far as that is known.
    fn rest(&self, now: i64) -> Duration {
        let left = self.of.next_end(self.at).map(|end| end.saturating_sub(now));
        let left = left.map(|left| Duration::from_millis(u64::try_from(left).unwrap_or(0)));
        left.map_or(LOOK_AGAIN, |left| left.min(LOOK_AGAIN))
    }
}

impl Publisher {
    /// Builds the whole plan and hands it to the engine.
    pub(crate) async fn start(db: Db, engine: EngineHandle, live: Arc<Live>) -> anyhow::Result<Publisher> {
        let plan = Arc::new(plan_build::full(&db).await.context("the dial plan cannot be built")?);
        let publisher = Publisher {
            db,
            engine,
            live,
            shown: ShownStaff::new(&plan.staff, clock::unix_ms()),
            plan,
            numbers: BTreeSet::new(),
        };
        publisher.publish();
        Ok(publisher)
    }

    /// Serves changes until the shutdown. A change that cannot be read now is tried again with the next one;
    /// the database's answer to the admin was right in any case.
    pub(crate) async fn run(
        mut self,
        mut changes: mpsc::Receiver<PlanChange>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        loop {
            let first = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                change = changes.recv() => change,
                () = tokio::time::sleep(self.shown.rest(clock::unix_ms())) => {
                    self.look_at_the_clock();
                    continue;
                }
            };
            let Some(first) = first else { return Ok(()) };
            let mut batch = vec![first];
            while let Ok(more) = changes.try_recv() {
                batch.push(more);
            }
            let some = |change: &&PlanChange| !change.numbers.is_empty();
            for change in batch.iter().filter(some) {
                self.numbers
                    .extend(change.numbers.iter().map(|number| (change.account, *number)));
            }
            let whole = batch.iter().filter(|change| !some(change));
            let mut sections: BTreeSet<PlanSection> = whole.map(|change| change.section).collect();
            if self.numbers.len() > ONE_BY_ONE {
                sections.insert(PlanSection::Clients);
            }
            if let Err(error) = self.look_up().await {
                tracing::warn!(%error, "a client's change waits for the database before calls see it");
            }
            for section in sections {
                if let Err(error) = self.rebuild(section).await {
                    tracing::warn!(%error, "a change waits for the database before calls see it");
                }
            }
            let ended = self.shown.renew(&self.plan.staff, clock::unix_ms());
            self.publish();
            self.tell(&ended);
            for change in batch {
                let _ = change.done.send(());
            }
        }
    }

    fn look_at_the_clock(&mut self) {
        let changing = self.shown.renew(&self.plan.staff, clock::unix_ms());
        if !changing.is_empty() {
            self.publish();
            self.tell(&changing);
        }
    }

    fn publish(&self) {
        let plan = Arc::new(DialPlan {
            staff: Arc::clone(&self.shown.section),
            ..DialPlan::clone(&self.plan)
        });
        self.live.set_plan(Arc::clone(&plan));
        self.engine.send(Input::Plan(plan));
    }

    /// Their open event streams end with this, and lists of people are read anew.
    fn tell(&self, people: &[PlanStaff]) {
        for person in people {
            let told = json!({ "staff_id": person.id.to_string() });
            self.live.publish(person.account, "staff.changed", told);
        }
    }

    async fn rebuild(&mut self, section: PlanSection) -> anyhow::Result<()> {
        let mut plan = DialPlan::clone(&self.plan);
        match section {
            PlanSection::Account => plan = plan_build::full(&self.db).await?,
            PlanSection::Staff => plan_build::refresh_staff(&self.db, &mut plan).await?,
            PlanSection::Reception => plan_build::refresh_reception(&self.db, &mut plan).await?,
            PlanSection::Features => plan_build::refresh_features(&self.db, &mut plan).await?,
            PlanSection::Routes => plan_build::refresh_routes(&self.db, &mut plan).await?,
            PlanSection::Clients => {
                plan_build::refresh_clients(&self.db, &mut plan).await?;
                self.numbers.clear();
            }
        }
        self.plan = Arc::new(plan);
        Ok(())
    }

    /// Whom the changed numbers find. Those that cannot be looked up now are, with the next change.
    async fn look_up(&mut self) -> anyhow::Result<()> {
        if self.numbers.is_empty() || self.numbers.len() > ONE_BY_ONE {
            return Ok(());
        }
        let mut plan = DialPlan::clone(&self.plan);
        for (account, number) in &self.numbers {
            plan_build::refresh_client(&self.db, &mut plan, *account, *number).await?;
        }
        self.numbers.clear();
        self.plan = Arc::new(plan);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_routing::ids::StaffId;
    use frontdesk_routing::plan::Term;

    use super::*;

    fn section(terms: &[Term]) -> Arc<StaffSection> {
        let person = |(id, term): (u128, &Term)| PlanStaff {
            id: StaffId::from_u128(id),
            account: AccountId::from_u128(1),
            name: "Guest".into(),
            short_number: None,
            phone: None,
            sip: None,
            caller_id: Default::default(),
            term: *term,
        };
        Arc::new(StaffSection::new((1..).zip(terms).map(person).collect(), Vec::new()))
    }

    fn ids(people: &[PlanStaff]) -> Vec<u128> {
        people.iter().map(|person| person.id.as_u128()).collect()
    }

    #[test]
    fn b9_people_are_shown_anew_when_access_ends_when_the_clock_is_put_back_and_when_they_change() {
        let of = section(&[Term::Lasting, Term::Until(100_000)]);
        let mut shown = ShownStaff::new(&of, 10_000);
        assert!(Arc::ptr_eq(&shown.section, &of));
        assert!(shown.renew(&of, 99_999).is_empty());
        assert_eq!(ids(&shown.renew(&of, 100_000)), [2]);
        let guest = |shown: &ShownStaff| shown.section.get(StaffId::from_u128(2)).unwrap().term;
        assert_eq!(guest(&shown), Term::Ended);
        assert_eq!(ids(&shown.renew(&of, 50_000)), [2], "the clock was wrong");
        assert_eq!(guest(&shown), Term::Until(100_000));
        shown.renew(&of, 200_000);
        let lifted = section(&[Term::Lasting, Term::Lasting]);
        assert!(shown.renew(&lifted, 200_000).is_empty());
        assert_eq!(guest(&shown), Term::Lasting);
    }

    #[test]
    fn b9_the_publisher_wakes_at_the_next_end_and_once_a_minute() {
        let shown = ShownStaff::new(&section(&[Term::Lasting, Term::Until(100_000)]), 10_000);
        let check = |now: i64, expected: u64| assert_eq!(shown.rest(now), Duration::from_millis(expected), "{now}");
        check(10_000, 60_000);
        check(99_000, 1_000);
        check(100_000, 0);
        check(100_001, 0);
        check(0, 60_000);
        let never = ShownStaff::new(&section(&[Term::Lasting]), 0);
        assert_eq!(never.rest(0), LOOK_AGAIN);
    }
}
