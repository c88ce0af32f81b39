//! Calls to visitors of sites: each begins when it is due, is tried again when it came to nothing, and is noted when
//! somebody has talked to the visitor. What is due stands in the database, so a restart loses none.

pub mod hours;
mod rules;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_crm_core::access::Circle;
use frontdesk_crm_core::calls::Disposition;
use frontdesk_crm_core::requests::{self, Due, Going, State};
use frontdesk_crm_core::sites::Receiver;
use frontdesk_crm_core::store::{Db, StoreError};
use frontdesk_routing::because::Ordered;
use frontdesk_routing::ids::{AccountId, CallId, RequestId, StaffId};
use frontdesk_routing::plan::DialPlan;
use frontdesk_routing::reception::{self, Moment};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::engine::input::{First, OperatorCommand, Originate};
use crate::http::Clock;
use crate::live::Live;
use rules::{Move, Now, Outcome};

/// Requests of one look.
const AT_ONCE: u32 = 200;
/// Phones and lines come back first after a start.
const SETTLING: Duration = Duration::from_secs(2);
/// While calls go on.
const SOON: Duration = Duration::from_secs(1);
const LATE: Duration = Duration::from_secs(30);

/// Begins the calls. The database is asked only here; the engine is told and never waited for.
pub struct Caller {
    pub db: Db,
    pub live: Arc<Live>,
    pub operator: mpsc::Sender<OperatorCommand>,
    pub clock: Arc<dyn Clock>,
    /// A request has come.
    pub news: Arc<Notify>,
}

impl Caller {
    /// Until the shutdown.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut pause = SETTLING;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.news.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
            pause = match self.turn().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "calls to visitors of sites wait for the database");
                    LATE
                }
            };
        }
    }

    /// Notes what has come of the calls that were begun, and begins those that are due. Gives how long nothing is to do.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn turn(&self) -> Result<Duration, StoreError> {
        let going = requests::going(&self.db, AT_ONCE).await?;
        for one in &going {
            self.look_after(one).await?;
        }
        let due = requests::due(&self.db, self.clock.unix_ms(), AT_ONCE).await?;
        let mut ringing = BTreeSet::new();
        for one in &due {
            self.serve(one, &mut ringing).await?;
        }
        if !going.is_empty() || !due.is_empty() {
            return Ok(SOON);
        }
        let next = requests::next(&self.db).await?;
        let left = next.map(|next| next.saturating_sub(self.clock.unix_ms()).max(0));
        let left = left
            .and_then(|left| u64::try_from(left).ok())
            .map(Duration::from_millis);
        Ok(left.map_or(LATE, |left| left.min(LATE)))
    }

    async fn look_after(&self, going: &Going) -> Result<(), StoreError> {
        let now = self.clock.unix_ms();
        let live = self.live.call((going.account, going.call), &Circle::whole());
        let seen = rules::Seen {
            live: live.is_some(),
            talking: live.as_ref().is_some_and(|live| live.answered_at.is_some()),
            waiting: live.as_ref().is_some_and(|live| live.waits.is_some()),
            ended: going.ended.map(|ended| ended == Disposition::Answered),
        };
        let became = match rules::outcome(&seen, going.attempts, now.saturating_sub(going.called_at)) {
            Outcome::GoesOn => return Ok(()),
            Outcome::WaitsTooLong => {
                self.tell(OperatorCommand::HangUp { call: going.call }).await;
                return Ok(());
            }
            Outcome::Called => (State::Called, None),
            Outcome::Missed => (State::Missed, None),
            Outcome::Again { in_ms } => (State::New, Some(now.saturating_add(in_ms))),
        };
        if requests::settle(&self.db, going.id, became, now).await? {
            self.publish(going.account, going.id).await;
        }
        Ok(())
    }

    async fn serve(&self, due: &Due, ringing: &mut BTreeSet<StaffId>) -> Result<(), StoreError> {
        let now = self.clock.unix_ms();
        let plan = self.live.plan();
        let moment = Now {
            unix_ms: now,
            open: due
                .to
                .map(|to| hours::open_at(&plan, (due.account, to), due.schedule, now)),
            off: is_off(&plan, due, now),
            busy: due.to.is_some_and(|to| self.is_busy(due.account, to, ringing)),
        };
        match rules::decide(due, &moment) {
            Move::Wait { until } => requests::postpone(&self.db, due, until).await,
            Move::Miss => {
                requests::settle(&self.db, due.id, (State::Missed, None), now).await?;
                self.publish(due.account, due.id).await;
                Ok(())
            }
            Move::Call(to) => {
                let call = CallId::new(now, self.clock.random());
                if requests::begin(&self.db, due, call, now).await? {
                    if let Receiver::Staff(staff) = to {
                        ringing.insert(staff);
                    }
                    self.tell(order(due, to, call)).await;
                    self.publish(due.account, due.id).await;
                }
                Ok(())
            }
        }
    }

    /// A department's line finds somebody free by itself; a person is asked for only when they do not talk already.
    fn is_busy(&self, account: AccountId, to: Receiver, ringing: &BTreeSet<StaffId>) -> bool {
        let Receiver::Staff(staff) = to else { return false };
        let calls = self.live.calls_of(account, &Circle::whole());
        let talks = |call: &crate::engine::output::LiveCall| {
            call.caller.staff == Some(staff) || call.callee.staff == Some(staff)
        };
        ringing.contains(&staff) || calls.iter().any(talks)
    }

    async fn tell(&self, command: OperatorCommand) {
        if self.operator.send(command).await.is_err() {
            tracing::debug!("the engine is stopping: a visitor's call waits for the next start");
        }
    }

    async fn publish(&self, account: AccountId, request: RequestId) {
        let data = json!({ "request_id": request.to_string() });
        tell_of(&self.live, &self.db, (account, request), ("request.changed", data)).await;
    }
}

/// The person takes no calls of clients now: by the toggle, of that project, or as they are not to be disturbed (L20). A
/// department's line asks each of its members itself.
fn is_off(plan: &DialPlan, due: &Due, unix_ms: i64) -> bool {
    let Some(Receiver::Staff(staff)) = due.to else {
        return false;
    };
    let moment = Moment {
        dnd: plan.features.forwarding(staff).settings.dnd,
        ..Moment::default()
    };
    reception::may_take(plan, (staff, due.project), unix_ms, moment).is_err()
}

/// Tells of a request those whose right reaches on its client. Where the database does not say whose it is, those hear of it
/// whose right reaches on all.
pub async fn tell_of(
    live: &Live,
    db: &Db,
    (account, request): (AccountId, RequestId),
    (event, data): (&'static str, Value),
) {
    let whose = requests::whose(db, account, request).await;
    if let Err(error) = &whose {
        tracing::warn!(%request, %error, "whose a request is could not be read");
    }
    live.publish_of(account, event, whose.ok().flatten(), data);
}

fn order(due: &Due, to: Receiver, call: CallId) -> OperatorCommand {
    let first = match to {
        Receiver::Staff(staff) => First::Staff(staff),
        Receiver::Department(department) => First::Department(department),
    };
    OperatorCommand::Originate(Box::new(Originate {
        call,
        account: due.account,
        first,
        to: due.number.reveal(),
        kind: Ordered::Widget,
    }))
}
