//! The queues again, slow and plain: every question is answered by looking at everybody.

use super::*;

#[derive(Debug, Clone)]
pub(super) struct ModelCaller {
    pub(super) id: u128,
    pub(super) department: u128,
    pub(super) vip: bool,
    pub(super) since: u64,
    pub(super) joined: u64,
    pub(super) seq: u64,
    pub(super) manager: Option<u128>,
    pub(super) rings: Vec<u128>,
    /// Those whom the round has tried, the last one at the end.
    tried: Vec<u128>,
    /// Waited too long while it rang.
    pub(super) leaves: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct ModelAgent {
    pub(super) state: AgentState,
    pub(super) offer: Option<u128>,
    rest: Option<(u64, RestReason)>,
    /// The departments whose calls they are in, and since when.
    pub(super) serves: Vec<(u128, u64)>,
    idle_since: u64,
}

impl ModelAgent {
    fn load(&self) -> usize {
        self.serves.len().max(usize::from(self.state.calls))
    }

    fn takes(&self, most: u16) -> bool {
        self.state.reachable && self.offer.is_none() && self.rest.is_none() && self.load() < usize::from(most.max(1))
    }
}

#[derive(Debug, Clone)]
pub(super) struct ModelDepartment {
    pub(super) settings: QueueSettings,
    pub(super) members: Vec<Member>,
    answered: BTreeMap<u128, u64>,
    last: Option<(u16, u128)>,
    deserted_at: Option<u64>,
    pub(super) counts: Counts,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) now: u64,
    joins: u64,
    pub(super) departments: BTreeMap<u128, ModelDepartment>,
    pub(super) callers: Vec<ModelCaller>,
    pub(super) agents: BTreeMap<u128, ModelAgent>,
}

/// Whom the strategy allows: all of them at once, or any one of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    All(Vec<u128>),
    OneOf(Vec<u128>),
}

impl Model {
    pub(super) fn advance(&mut self, now: u64) {
        self.now = now;
        for agent in self.agents.values_mut() {
            agent.rest = agent.rest.filter(|(until, _)| *until > now);
        }
    }

    pub(super) fn caller(&mut self, id: u128) -> &mut ModelCaller {
        self.callers.iter_mut().find(|caller| caller.id == id).unwrap()
    }

    /// Lower is served first.
    pub(super) fn place(&self, caller: &ModelCaller) -> (i32, u16, bool, i128, u64) {
        let settings = &self.departments[&caller.department].settings;
        let (first, lead) = match settings.vip {
            VipRule::Strict {
                overtaken_at_most_ms: None,
            } => (caller.vip, 0),
            VipRule::Strict {
                overtaken_at_most_ms: Some(lead),
            }
            | VipRule::HeadStart { lead_ms: lead } => (false, if caller.vip { lead } else { 0 }),
            VipRule::Ignore => (false, 0),
        };
        let arrival = i128::from(caller.since) - i128::from(lead);
        let priority = -i32::from(settings.priority);
        (priority, settings.place, !first, arrival, caller.seq)
    }

    pub(super) fn order(&self, department: u128) -> Vec<u128> {
        let mut callers: Vec<_> = self.callers.iter().filter(|c| c.department == department).collect();
        callers.sort_by_key(|caller| self.place(caller));
        callers.iter().map(|caller| caller.id).collect()
    }

    fn free(&self, department: u128) -> Vec<Member> {
        let members = &self.departments[&department].members;
        let takes = |member: &&Member| self.agent(member.staff.as_u128()).takes(member.calls_at_once);
        members.iter().filter(takes).copied().collect()
    }

    pub(super) fn agent(&self, person: u128) -> ModelAgent {
        self.agents.get(&person).cloned().unwrap_or_default()
    }

    fn working(&self, department: u128) -> usize {
        let members = &self.departments[&department].members;
        let works = |member: &&Member| self.agent(member.staff.as_u128()).state.reachable;
        members.iter().filter(works).count()
    }

    pub(super) fn statistics(&self, id: u128) -> Option<Statistics> {
        let queue = self.departments.get(&id)?;
        let callers = || self.callers.iter().filter(|caller| caller.department == id);
        Some(Statistics {
            counts: queue.counts,
            length: callers().count(),
            waiting: callers()
                .filter(|caller| caller.rings.is_empty() && !caller.leaves)
                .count(),
            longest_waiting_since: callers().map(|caller| caller.since).min(),
            working: self.working(id),
            free: self.free(id).len(),
        })
    }

    /// Of the caller at this place of a department's line, from 1.
    pub(super) fn expected_wait(&self, department: u128, at: usize) -> Option<u64> {
        let handling = self.departments[&department].counts.handling_ms;
        let working = u64::try_from(self.working(department)).unwrap();
        let left = u64::try_from(at).unwrap() * handling;
        (handling > 0 && working > 0).then(|| left / working)
    }

    fn manager_takes(&self, manager: Option<u128>) -> bool {
        manager.is_some_and(|person| self.agent(person).takes(1))
    }

    /// What must be offered next.
    pub(super) fn expected(&self) -> Option<(u128, Allowed)> {
        let mut waiting: Vec<_> = self.callers.iter().collect();
        waiting.retain(|caller| caller.rings.is_empty() && !caller.leaves);
        waiting.sort_by_key(|caller| self.place(caller));
        waiting.iter().find_map(|caller| {
            if self.manager_takes(caller.manager) {
                return Some((caller.id, Allowed::All(vec![caller.manager.unwrap()])));
            }
            let free = self.free(caller.department);
            (!free.is_empty()).then(|| (caller.id, self.allowed(caller, &free)))
        })
    }

    fn allowed(&self, caller: &ModelCaller, free: &[Member]) -> Allowed {
        let department = &self.departments[&caller.department];
        let strategy = department.settings.strategy;
        if strategy == Strategy::RingAll {
            let mut all: Vec<u128> = free.iter().map(|member| member.staff.as_u128()).collect();
            all.sort_unstable();
            return Allowed::All(all);
        }
        let but = |tried: &[u128]| -> Vec<Member> {
            let fresh = |member: &&Member| !tried.contains(&member.staff.as_u128());
            free.iter().filter(fresh).copied().collect()
        };
        let last = &caller.tried[caller.tried.len().saturating_sub(1)..];
        let candidates = [but(&caller.tried), but(last), free.to_vec()];
        let candidates = candidates.into_iter().find(|some| !some.is_empty()).unwrap();
        let place = |member: &Member| (member.place, member.staff.as_u128());
        let key = |member: &Member| match strategy {
            Strategy::RingAll | Strategy::Random => 0,
            Strategy::Linear => u64::from(member.penalty),
            Strategy::LongestIdle => self.agent(member.staff.as_u128()).idle_since,
            Strategy::FewestCalls => department.answered[&member.staff.as_u128()],
            Strategy::RoundRobin => u64::from(department.last.is_some_and(|last| place(member) <= last)),
        };
        if strategy == Strategy::Random {
            return Allowed::OneOf(candidates.iter().map(|member| member.staff.as_u128()).collect());
        }
        let best = candidates.iter().min_by_key(|member| (key(member), place(member)));
        Allowed::OneOf(vec![best.unwrap().staff.as_u128()])
    }

    pub(super) fn offered(&mut self, id: u128, rings: &[u128]) {
        let caller = self.caller(id);
        caller.rings = rings.to_vec();
        let (home, manager) = (caller.department, caller.manager);
        // A round of which nobody is left begins again.
        let by_manager = manager.is_some_and(|person| rings == [person]) && self.manager_takes(manager);
        let free: Vec<u128> = self.free(home).iter().map(|member| member.staff.as_u128()).collect();
        let department = self.departments.get_mut(&home).unwrap();
        if !by_manager && department.settings.strategy != Strategy::RingAll {
            let places = department
                .members
                .iter()
                .find(|member| member.staff.as_u128() == rings[0]);
            department.last = Some((places.unwrap().place, rings[0]));
            let caller = self.caller(id);
            if free.iter().all(|person| caller.tried.contains(person)) {
                let last = caller.tried.pop();
                caller.tried.clear();
                caller
                    .tried
                    .extend(last.filter(|last| free.iter().any(|person| person != last)));
            }
        }
        for person in rings {
            self.agents.get_mut(person).unwrap().offer = Some(id);
        }
    }

    pub(super) fn join(&mut self, id: u128, department: u128, entrant: Entrant) -> Result<(), JoinRefusal> {
        if self.callers.iter().any(|caller| caller.id == id) {
            return Err(JoinRefusal::Waiting);
        }
        if !self.departments.contains_key(&department) {
            return Err(JoinRefusal::Unknown);
        }
        let manager = entrant.manager.map(|staff| staff.as_u128());
        let admitted = self.admits(department, manager);
        let counts = &mut self.departments.get_mut(&department).unwrap().counts;
        if let Err(refusal) = admitted {
            counts.turned_away += 1;
            return Err(refusal);
        }
        counts.joined += 1;
        self.joins += 1;
        self.callers.push(ModelCaller {
            id,
            department,
            vip: entrant.vip,
            since: entrant.waited_since.min(self.now),
            joined: self.now,
            seq: self.joins,
            manager,
            rings: Vec::new(),
            tried: Vec::new(),
            leaves: false,
        });
        Ok(())
    }

    fn admits(&self, department: u128, manager: Option<u128>) -> Result<(), JoinRefusal> {
        let settings = &self.departments[&department].settings;
        let length = u32::try_from(self.order(department).len()).unwrap();
        if settings.capacity.is_some_and(|most| length >= most) {
            return Err(JoinRefusal::Full);
        }
        let served = match settings.join_when_empty {
            JoinWhenEmpty::Always => true,
            JoinWhenEmpty::WhenSomebodyWorks => self.working(department) > 0,
            JoinWhenEmpty::WhenSomebodyFree => !self.free(department).is_empty(),
        };
        let admitted = served || self.manager_takes(manager);
        admitted.then_some(()).ok_or(JoinRefusal::Empty)
    }

    pub(super) fn leave(&mut self, id: u128) {
        let home = self.remove(id).department;
        self.departments.get_mut(&home).unwrap().counts.abandoned += 1;
    }

    pub(super) fn remove(&mut self, id: u128) -> ModelCaller {
        let at = self.callers.iter().position(|caller| caller.id == id).unwrap();
        for person in self.callers[at].rings.clone() {
            self.agents.get_mut(&person).unwrap().offer = None;
        }
        self.callers.remove(at)
    }

    pub(super) fn set_state(&mut self, person: u128, state: AgentState) {
        let now = self.now;
        let agent = self.agents.entry(person).or_default();
        let (was_reachable, was_busy) = (agent.state.reachable, agent.load() > 0);
        agent.state = state;
        let back = state.reachable && !was_reachable;
        if back || (was_busy && agent.load() == 0) {
            agent.idle_since = now;
        }
        if back {
            agent.rest = agent.rest.filter(|(_, reason)| *reason != RestReason::Unreachable);
        }
    }

    pub(super) fn answered(&mut self, id: u128, person: u128) {
        let ModelCaller {
            department: home,
            joined,
            ..
        } = self.remove(id);
        let now = self.now;
        self.agents.entry(person).or_default().serves.push((home, now));
        let department = self.departments.get_mut(&home).unwrap();
        department.answered.entry(person).and_modify(|count| *count += 1);
        let counts = &mut department.counts;
        counts.answered += 1;
        counts.answered_in_time += u64::from(now - joined <= department.settings.service_level_ms);
        counts.waited_ms += now - joined;
    }

    pub(super) fn end_of_rest(&mut self, person: u128) -> bool {
        let agent = self.agents.get_mut(&person);
        agent.is_some_and(|agent| agent.rest.take().is_some())
    }

    fn rest(&mut self, person: u128, ms: u64, reason: RestReason) {
        let until = self.now + ms;
        let agent = self.agents.get_mut(&person).unwrap();
        if ms > 0 && agent.rest.is_none_or(|(other, _)| other < until) {
            agent.rest = Some((until, reason));
        }
    }

    pub(super) fn refused(&mut self, id: u128, person: u128, why: Refusal) {
        let now = self.now;
        let caller = self.caller(id);
        caller.rings.retain(|rings| *rings != person);
        caller.tried.retain(|tried| *tried != person);
        caller.tried.push(person);
        caller.manager = caller.manager.filter(|manager| *manager != person);
        let (home, joined) = (caller.department, caller.joined);
        let settings = self.departments[&home].settings.clone();
        let caller = self.caller(id);
        caller.leaves = caller.rings.is_empty() && settings.longest_wait_ms.is_some_and(|ms| joined + ms <= now);
        self.agents.get_mut(&person).unwrap().offer = None;
        let (ms, reason) = match why {
            Refusal::NoAnswer => (
                settings.retry_ms.max(settings.pause_after_missed_ms),
                RestReason::Missed,
            ),
            Refusal::Unreachable => (settings.retry_ms, RestReason::Unreachable),
            Refusal::Busy | Refusal::Declined => (settings.retry_ms, RestReason::Refused),
        };
        self.rest(person, ms, reason);
    }

    pub(super) fn finished(&mut self, person: u128, department: u128) {
        let now = self.now;
        let agent = self.agents.get_mut(&person).unwrap();
        let at = agent.serves.iter().position(|(serves, _)| *serves == department);
        let (_, since) = agent.serves.remove(at.unwrap());
        agent.idle_since = now;
        let mut wrap_up = 0;
        if let Some(queue) = self.departments.get_mut(&department) {
            wrap_up = queue.settings.wrap_up_ms;
            let (took, mean) = (now - since + wrap_up, queue.counts.handling_ms);
            queue.counts.handling_ms = if mean == 0 { took } else { (mean * 7 + took) / 8 };
        }
        self.rest(person, wrap_up, RestReason::WrapUp);
    }

    pub(super) fn set_department(&mut self, id: u128, settings: QueueSettings, mut members: Vec<Member>) {
        let mut seen = BTreeSet::new();
        members.retain(|member| seen.insert(member.staff));
        let old = self.departments.get(&id);
        let counts = old.map(|old| old.answered.clone()).unwrap_or_default();
        let fewest = counts.values().min().copied().unwrap_or(0);
        let number = |member: &Member| member.staff.as_u128();
        let answered = members
            .iter()
            .map(|member| (number(member), counts.get(&number(member)).copied().unwrap_or(fewest)));
        let same = old.filter(|old| old.settings.strategy == settings.strategy);
        let department = ModelDepartment {
            answered: answered.collect(),
            last: same.and_then(|old| old.last),
            deserted_at: old.and_then(|old| old.deserted_at),
            counts: old.map(|old| old.counts).unwrap_or_default(),
            settings,
            members,
        };
        self.departments.insert(id, department);
        for call in self.order(id) {
            self.late(call);
        }
    }

    pub(super) fn set_vip(&mut self, id: u128, vip: bool) {
        self.caller(id).vip = vip;
        self.late(id);
    }

    pub(super) fn set_manager(&mut self, id: u128, manager: Option<u128>) {
        self.caller(id).manager = manager;
        self.late(id);
    }

    /// Who is moved within a line after they have waited too long is not offered any more.
    fn late(&mut self, id: u128) {
        let caller = self.callers.iter().find(|caller| caller.id == id).unwrap();
        let late = self.leave_at(caller).is_some_and(|at| at <= self.now);
        self.caller(id).leaves = late;
    }

    pub(super) fn remove_department(&mut self, id: u128) -> Vec<u128> {
        let order = self.order(id);
        for call in &order {
            self.remove(*call);
        }
        self.departments.remove(&id);
        order
    }

    fn leave_at(&self, caller: &ModelCaller) -> Option<u64> {
        let limit = self.departments[&caller.department].settings.longest_wait_ms?;
        caller.rings.is_empty().then_some(caller.joined + limit)
    }

    /// Who leaves now, in the order of their ids.
    pub(super) fn pass(&mut self) -> Vec<(u128, ExpiredWhy)> {
        let late = |caller: &&ModelCaller| self.leave_at(caller).is_some_and(|at| at <= self.now);
        let late: Vec<u128> = self.callers.iter().filter(late).map(|caller| caller.id).collect();
        let mut gone: Vec<_> = late.into_iter().map(|id| (id, ExpiredWhy::LongestWait)).collect();
        for (id, _) in &gone {
            self.expire(*id);
        }
        self.settle();
        for (id, department) in &mut self.departments {
            if department.deserted_at.is_some_and(|at| at <= self.now) {
                department.deserted_at = None;
                let waits = |caller: &&ModelCaller| caller.department == *id && caller.rings.is_empty();
                let waiting = self.callers.iter().filter(waits);
                gone.extend(waiting.map(|caller| (caller.id, ExpiredWhy::NobodyWorks)));
            }
        }
        for (id, why) in &gone {
            if *why == ExpiredWhy::NobodyWorks {
                self.expire(*id);
            }
        }
        self.settle();
        gone.sort_by_key(|(id, _)| *id);
        gone
    }

    fn expire(&mut self, id: u128) {
        let home = self.remove(id).department;
        self.departments.get_mut(&home).unwrap().counts.expired += 1;
    }

    /// After each step: which departments are deserted.
    pub(super) fn settle(&mut self) {
        for id in self.departments.keys().copied().collect::<Vec<_>>() {
            let empty = self.order(id).is_empty() || self.working(id) > 0;
            let now = self.now;
            let department = self.departments.get_mut(&id).unwrap();
            let patience = department.settings.leave_when_empty_ms.filter(|_| !empty);
            department.deserted_at = patience.map(|ms| department.deserted_at.unwrap_or(now + ms));
        }
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        let rests = self.agents.values().filter_map(|agent| Some(agent.rest?.0));
        let leaves = self.callers.iter().filter_map(|caller| self.leave_at(caller));
        let deserted = self
            .departments
            .values()
            .filter_map(|department| department.deserted_at);
        rests.chain(leaves).chain(deserted).min()
    }
}
