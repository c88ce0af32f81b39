//! The board: who is online, which calls go on, and what has just happened.
//!
//! One task applies the engine's changes; pages and the API only read. Nothing here is awaited while a guard is held,
//! and the engine never reads it.

pub mod blocks;
pub mod events;
pub mod lines;
pub mod reading;
pub mod trunks;
pub mod view;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use dashmap::DashMap;
use frontdesk_crm_core::access::{Circle, Whose};
use frontdesk_routing::ids::{AccountId, CallId, ClientId, StaffId, TrunkId};
use frontdesk_routing::masking::Viewer;
use frontdesk_routing::plan::{DialPlan, Method};
use frontdesk_routing::reception;
use frontdesk_sip::guard::Block;
use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::output::{BoardChange, CdrParty, Disposition, LiveCall, TrunkState};
pub use events::{Event, EventLog, Missed, News, Subscription};
use view::{CallNews, CardNews};
pub use view::{LiveCallView, PartyView};

/// How many events a client that was away can be given again.
pub const EVENT_RING: usize = 10_000;
/// Calls that have ended and are still known.
const ENDED: usize = 2_000;

#[derive(Debug)]
pub struct Live {
    online: DashMap<StaffId, Online>,
    calls: DashMap<CallId, LiveCall>,
    /// Whose the last calls were that have ended: their recordings are told of later.
    ended: Mutex<VecDeque<(CallId, Whose)>>,
    blocks: DashMap<IpAddr, Block>,
    trunks: DashMap<TrunkId, TrunkState>,
    /// By which it is known who may see what.
    plan: RwLock<Arc<DialPlan>>,
    log: EventLog,
}

/// A staff member with at least one live binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Online {
    pub account: AccountId,
    /// Unix milliseconds.
    pub since: i64,
}

impl Live {
    /// Sequence numbers grow over restarts because they begin at the moment of the start.
    pub fn new(started_at: i64) -> Self {
        let first = u64::try_from(started_at).unwrap_or(0).saturating_mul(1000);
        Live {
            online: DashMap::new(),
            calls: DashMap::new(),
            ended: Mutex::default(),
            blocks: DashMap::new(),
            trunks: DashMap::new(),
            plan: RwLock::default(),
            log: EventLog::new(first, EVENT_RING),
        }
    }

    /// What is set up now; read by whoever shows something to somebody.
    pub fn plan(&self) -> Arc<DialPlan> {
        Arc::clone(&self.plan.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn set_plan(&self, plan: Arc<DialPlan>) {
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// What the engine saw change.
    pub fn apply(&self, change: BoardChange) {
        match change {
            BoardChange::Sip {
                account,
                staff,
                online,
                at,
            } => self.on_sip(account, staff, online, at),
            BoardChange::CallCreated(call) => self.on_created(*call),
            BoardChange::CallCard {
                account,
                staff,
                call,
                caller,
                client,
            } => self.on_card((account, staff), call, &caller, client),
            BoardChange::CallRinging { call } => self.on_call(call, "call.ringing", |_| ()),
            BoardChange::CallAnswered {
                call,
                at,
                callee,
                recording,
            } => self.on_call(call, "call.answered", |live| {
                live.answered_at = Some(at);
                live.rung.clear();
                live.callee = callee;
                live.recording = recording;
            }),
            BoardChange::CallQueued { call, department, at } => self.on_call(call, "call.queued", |live| {
                live.waits = department.map(|department| (department, at));
                live.line = department.or(live.line);
            }),
            BoardChange::CallHeld { call, held } => self.on_call(call, "call.held", |live| live.held = held),
            BoardChange::Trunk {
                account,
                trunk,
                state,
                at,
            } => self.on_trunk(account, trunk, state, at),
            BoardChange::Block(change) => self.on_block(change),
            BoardChange::CallTransferred { call, caller, callee } => self.on_call(call, "call.transferred", |live| {
                live.caller = caller;
                live.callee = callee;
            }),
            BoardChange::CallEnded { call, disposition, at } => {
                if let Some((_, live)) = self.calls.remove(&call) {
                    self.publish_call("call.ended", &live, Some((disposition, at)));
                    self.remember(live);
                }
            }
        }
    }

    /// Any other thing that event streams should tell of the company: `staff.changed`, `project.changed`, ...
    pub fn publish(&self, account: AccountId, name: &'static str, data: Value) {
        self.log.push(account, name, &data);
    }

    /// What happens with somebody's things is told to those whose right reaches on them: `client.changed`,
    /// `recording.ready`, ...
    pub fn publish_of(&self, account: AccountId, name: &'static str, whose: Option<Whose>, data: Value) {
        self.log.add(News {
            account: Some(account),
            staff: None,
            whose,
            name,
            data: data.to_string(),
            masked: None,
        });
    }

    /// Whose a call is that goes on or has just ended.
    pub fn whose(&self, call: CallId) -> Option<Whose> {
        if let Some(live) = self.calls.get(&call) {
            return Some(whose(&live));
        }
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let known = ended.iter().rev().find(|(id, _)| *id == call);
        known.map(|(_, whose)| whose.clone())
    }

    fn remember(&self, call: LiveCall) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() >= ENDED {
            ended.pop_front();
        }
        ended.push_back((call.id, whose(&call)));
    }

    /// Events after `since`, or only new ones.
    pub fn subscribe(&self, account: AccountId, since: Option<u64>) -> Subscription {
        self.log.subscribe(account, since)
    }

    /// New events of all accounts.
    pub fn subscribe_to_all(&self) -> Subscription {
        self.log.subscribe_to_all()
    }

    pub fn last_event(&self) -> u64 {
        self.log.last()
    }

    /// A call could ring the person's telephone: one is registered, or a line leads to their number outside if they take
    /// calls by it.
    pub fn rings(&self, plan: &DialPlan, staff: StaffId) -> bool {
        match plan.reception.method(staff) {
            Method::Sip => self.online_since(staff).is_some(),
            Method::Mobile | Method::Sim(_) => {
                let person = plan.staff.get(staff);
                person.is_some_and(|person| reception::telephone(plan, person).is_some())
            }
        }
    }

    pub fn online_since(&self, staff: StaffId) -> Option<i64> {
        self.online.get(&staff).map(|online| online.since)
    }

    pub fn online_count(&self) -> usize {
        self.online.len()
    }

    /// Everyone of an account who is online, with the moment it began.
    pub fn online_of(&self, account: AccountId) -> BTreeMap<StaffId, i64> {
        self.online
            .iter()
            .filter(|entry| entry.account == account)
            .map(|entry| (*entry.key(), entry.since))
            .collect()
    }

    /// A call in progress of the account that is within a circle.
    pub fn call(&self, (account, call): (AccountId, CallId), circle: &Circle) -> Option<LiveCall> {
        let live = self.calls.get(&call)?;
        (live.account == account && circle.holds(&whose(&live))).then(|| live.clone())
    }

    pub fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// An account's calls in progress that are within a circle, oldest first.
    pub fn calls_of(&self, account: AccountId, circle: &Circle) -> Vec<LiveCall> {
        let mut calls: Vec<LiveCall> = self
            .calls
            .iter()
            .filter(|entry| entry.account == account && circle.holds(&whose(entry)))
            .map(|entry| entry.value().clone())
            .collect();
        calls.sort_by_key(|call| (call.started_at, call.id));
        calls
    }

    fn on_sip(&self, account: AccountId, staff: StaffId, online: bool, at: i64) {
        let changed = if online {
            self.online.insert(staff, Online { account, since: at }).is_none()
        } else {
            self.online.remove(&staff).is_some()
        };
        if changed {
            let status = if online { "online" } else { "offline" };
            let data = json!({ "staff_id": staff.to_string(), "sip_status": status, "at": view::time(at) });
            self.publish(account, "staff.sip_status", data);
        }
    }

    fn on_created(&self, call: LiveCall) {
        self.calls.insert(call.id, call.clone());
        self.publish_call("call.created", &call, None);
    }

    fn on_call(&self, call: CallId, name: &'static str, change: impl FnOnce(&mut LiveCall)) {
        let told = self.calls.get_mut(&call).map(|mut live| {
            change(&mut live);
            live.clone()
        });
        if let Some(live) = told {
            self.publish_call(name, &live, None);
        }
    }

    /// Tells of a call, in one shape for those who see clients' numbers and in another for those who do not.
    fn publish_call(&self, name: &'static str, call: &LiveCall, end: Option<(Disposition, i64)>) {
        let plan = self.plan();
        let (data, masked) = in_both_shapes(|hides| {
            let view = LiveCallView::of(call, Viewer::of(&plan, call.account, hides));
            CallNews::of(view, end)
        });
        self.log.add(News {
            account: Some(call.account),
            staff: None,
            whose: Some(whose(call)),
            name,
            data,
            masked,
        });
    }

    /// Whom the person's phone rings for: a client with the way to their record, or what a new record begins with.
    fn on_card(
        &self,
        (account, staff): (AccountId, StaffId),
        call: CallId,
        caller: &CdrParty,
        client: Option<ClientId>,
    ) {
        if let Some(mut live) = self.calls.get_mut(&call)
            && live.answered_at.is_none()
            && !live.rung.contains(&staff)
        {
            live.rung.push(staff);
        }
        let plan = self.plan();
        let (data, masked) = in_both_shapes(|hides| {
            let caller = PartyView::of(caller, Viewer::of(&plan, account, hides));
            CardNews::of((call, staff), caller, client)
        });
        self.log.add(News {
            account: Some(account),
            staff: Some(staff),
            whose: None,
            name: "call.card",
            data,
            masked,
        });
    }
}

/// JSON for those who see clients' numbers, and for those who do not where it differs.
fn in_both_shapes<T: Serialize + PartialEq>(view: impl Fn(bool) -> T) -> (String, Option<String>) {
    let (open, masked) = (view(false), view(true));
    let text = |view: &T| serde_json::to_string(view).unwrap_or_default();
    (text(&open), (open != masked).then(|| text(&masked)))
}

/// Its parties', those who are rung, and the line's.
fn whose(call: &LiveCall) -> Whose {
    let parties = [call.caller.staff, call.callee.staff].into_iter().flatten();
    Whose {
        people: parties.chain(call.rung.iter().copied()).collect(),
        line: call.line,
        project: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::output::{CallDirection, Disposition};

    fn account(n: u128) -> AccountId {
        AccountId::from_u128(n)
    }

    fn call(id: u128, of: u128, started_at: i64) -> LiveCall {
        LiveCall {
            id: CallId::from_u128(id),
            account: account(of),
            direction: CallDirection::Internal,
            caller: CdrParty::default(),
            called: "102".into(),
            callee: CdrParty::default(),
            client: None,
            started_at,
            answered_at: None,
            held: false,
            waits: None,
            line: None,
            rung: Vec::new(),
            recording: None,
        }
    }

    async fn names(mut subscription: Subscription, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        while names.len() < count {
            names.push(subscription.next().await.unwrap().name.to_owned());
        }
        names
    }

    #[tokio::test]
    async fn a_call_lives_on_the_board_from_created_to_ended() {
        let live = Live::new(5);
        let told = live.subscribe(account(1), None);
        live.apply(BoardChange::CallCreated(Box::new(call(7, 1, 10))));
        live.apply(BoardChange::CallRinging {
            call: CallId::from_u128(7),
        });
        live.apply(BoardChange::CallAnswered {
            call: CallId::from_u128(7),
            at: 20,
            callee: CdrParty {
                number: Some("102".into()),
                ..CdrParty::default()
            },
            recording: None,
        });
        assert_eq!(
            live.calls_of(account(1), &Circle::whole()).first().unwrap().answered_at,
            Some(20)
        );
        live.apply(BoardChange::CallEnded {
            call: CallId::from_u128(7),
            disposition: Disposition::Answered,
            at: 30,
        });
        assert!(live.calls_of(account(1), &Circle::whole()).is_empty());
        assert_eq!(
            names(told, 4).await,
            ["call.created", "call.ringing", "call.answered", "call.ended"]
        );
    }

    #[tokio::test]
    async fn an_account_sees_only_its_own() {
        let live = Live::new(5);
        let told = live.subscribe(account(2), None);
        live.apply(BoardChange::CallCreated(Box::new(call(7, 1, 10))));
        live.apply(BoardChange::Sip {
            account: account(2),
            staff: StaffId::from_u128(3),
            online: true,
            at: 1,
        });
        assert!(live.calls_of(account(2), &Circle::whole()).is_empty());
        assert_eq!(live.online_of(account(1)).len(), 0);
        assert_eq!(names(told, 1).await, ["staff.sip_status"]);
    }

    #[test]
    fn a_second_phone_of_the_same_person_is_no_news() {
        let live = Live::new(5);
        let online = BoardChange::Sip {
            account: account(1),
            staff: StaffId::from_u128(3),
            online: true,
            at: 1,
        };
        live.apply(online.clone());
        let seen = live.last_event();
        live.apply(online);
        assert_eq!(live.last_event(), seen);
        assert_eq!(live.online_count(), 1);
    }

    #[test]
    fn calls_are_listed_oldest_first() {
        let live = Live::new(5);
        for (id, at) in [(1, 30), (2, 10), (3, 20)] {
            live.apply(BoardChange::CallCreated(Box::new(call(id, 1, at))));
        }
        let order: Vec<i64> = live
            .calls_of(account(1), &Circle::whole())
            .iter()
            .map(|call| call.started_at)
            .collect();
        assert_eq!(order, [10, 20, 30]);
    }
}
