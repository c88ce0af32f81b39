//! Menus: a caller whom we have answered, or who is transferred here, hears a prompt, and says by keys whom they want.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_media::io::command::MediaCommand;
use frontdesk_media::sound::{self, Sound};
use frontdesk_routing::because::Because;
use frontdesk_routing::call::{CallEvent, CallMachine};
use frontdesk_routing::decision::Decision;
use frontdesk_routing::facts::CallFacts;
use frontdesk_routing::forwarding::{self, Trail};
use frontdesk_routing::ids::{CallId, MenuId, ProjectId};
use frontdesk_routing::menu::{How, MenuEvent, MenuSession, MenuStep};
use frontdesk_routing::plan::{Destination, DialPlan, PlanMenu};
use frontdesk_routing::reception;
use frontdesk_sip::Now;

use super::Engine;
use super::call::{Call, Side};
use super::media::Tune;
use super::new_call::NewCall;
use super::output::{CdrParty, Output};
use super::sent_on::Way;
use super::turned::Turned;

/// A call goes through so many menus at most: they may lead to each other.
const MOST_MENUS: u8 = 20;
/// A prompt that has not ended so long after its time never will.
const GRACE: Duration = Duration::from_secs(3);
/// Milliseconds before a prompt: phones open their audio meanwhile.
const LEAD_IN: usize = 300;

/// A party's stay in a menu, as the menu was when it came.
#[derive(Debug)]
pub(super) struct MenuStay {
    menu: Arc<PlanMenu>,
    party: Side,
    session: MenuSession,
    /// Of what is said at present.
    token: Option<u64>,
    begun: bool,
}

impl Engine {
    /// A new call that a menu answers.
    pub(super) fn answer_by_menu(
        &mut self,
        new: &NewCall<'_>,
        offer: Option<Bytes>,
        (menu, because, trail): (MenuId, Because, Trail),
        now: Now,
    ) -> Result<(), Box<Turned>> {
        let media = self.media_side(new.flow, None)?;
        self.trial(&media, offer.as_ref())?;
        let caller = self.caller_leg(new, media, now);
        let call = Call {
            callee: party_of_menu(new.plan, menu),
            offer,
            way: Way { person: None, trail },
            ..self.new_call(new, (CallMachine::offered(&[]), caller), &because, now)
        };
        let id = call.id;
        self.admit_call(call);
        self.enter_menu(id, menu, now);
        Ok(())
    }

    /// The caller, or whoever waits, is asked by a menu.
    pub(super) fn enter_menu(&mut self, id: CallId, menu: MenuId, now: Now) {
        let menu = self.plan.menus.get(menu).cloned();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(menu) = menu.filter(|menu| menu.account == call.account) else {
            self.note(id, GONE);
            return self.step(id, CallEvent::NobodyCalled(480), now);
        };
        call.menus = call.menus.saturating_add(1);
        if call.menus > MOST_MENUS {
            self.note(id, "menus lead to each other without end");
            return self.step(id, CallEvent::NobodyCalled(480), now);
        }
        let party = call.machine.waiting().unwrap_or(Side::Caller);
        let talked = call.machine.has_talked();
        let us = party_of_menu(&self.plan, menu.id);
        call.menu = Some(MenuStay {
            session: MenuSession::new(&menu),
            menu,
            party,
            token: None,
            begun: false,
        });
        self.step(id, CallEvent::Attend, now);
        if talked {
            self.show_instead(id, us);
            self.come_back(id, party, now);
        }
        self.wait_without_end(id, now);
        self.begin_menu(id, now);
    }

    /// The prompt is said for the first time, once there is audio.
    pub(super) fn begin_menu(&mut self, id: CallId, now: Now) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.machine.is_attended()) else {
            return;
        };
        let Some(stay) = call.menu.as_ref().filter(|stay| !stay.begun) else {
            return;
        };
        let party = stay.party;
        let Some(media) = call.leg_mut(party).map(|leg| &mut leg.media) else {
            return;
        };
        if media.settled().is_none() {
            return;
        }
        media.listens = true;
        media.tune = None;
        let listen = MediaCommand::Listen {
            leg: media.leg,
            on: true,
        };
        if let Some(stay) = call.menu.as_mut() {
            stay.begun = true;
        }
        self.outputs.push_back(Output::Media(listen));
        self.say_menu(id, false, now);
    }

    fn say_menu(&mut self, id: CallId, wrong: bool, now: Now) {
        let token = self.token();
        let Some(stay) = self.calls.get(&id).and_then(|call| call.menu.as_ref()) else {
            return;
        };
        let lead_in = Sound::silence(LEAD_IN);
        let sign = if wrong { sound::revocation() } else { Sound::silence(0) };
        let prompt = self.prompts.get(stay.menu.prompt);
        let said = sign.then(&lead_in).then(prompt.as_deref().unwrap_or(&lead_in));
        let limit = Duration::from_millis(said.duration_ms()) + GRACE;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(stay) = call.menu.as_mut() else { return };
        stay.token = Some(token);
        let party = stay.party;
        let Some(leg) = call.leg(party).map(|leg| leg.media.leg) else {
            return;
        };
        self.outputs.push_back(Output::Media(MediaCommand::Play {
            leg,
            sound: Arc::new(said),
            repeat: false,
            token,
        }));
        self.wait_at_most(id, limit, now);
    }

    /// A key of a party that is asked; false: it is not.
    pub(super) fn on_menu_key(&mut self, id: CallId, side: Side, key: char, now: Now) -> bool {
        let asked = self.stay_of(id).is_some_and(|stay| stay.party == side && stay.begun);
        if asked {
            self.step_menu(id, MenuEvent::Key(key), now);
        }
        asked
    }

    /// False: it was something else that has ended.
    pub(super) fn on_menu_heard(&mut self, id: CallId, token: u64, now: Now) -> bool {
        let stay = self.calls.get_mut(&id).and_then(|call| call.menu.as_mut());
        let ended = stay.is_some_and(|stay| stay.token.take_if(|said| *said == token).is_some());
        if ended {
            self.step_menu(id, MenuEvent::Heard, now);
        }
        ended
    }

    /// Nothing was pressed for as long as was to be waited; false: no menu asks.
    pub(super) fn on_menu_silence(&mut self, id: CallId, now: Now) -> bool {
        let asked = self.stay_of(id).is_some_and(|stay| stay.begun);
        if asked {
            self.step_menu(id, MenuEvent::Silence, now);
        }
        asked
    }

    /// The menu that asks this party.
    pub(super) fn menu_of(&self, id: CallId, side: Side) -> Option<&PlanMenu> {
        let stay = self.stay_of(id).filter(|stay| stay.party == side)?;
        self.plan.menus.get(stay.menu.id).map(|menu| &**menu)
    }

    fn stay_of(&self, id: CallId) -> Option<&MenuStay> {
        let call = self.calls.get(&id).filter(|call| call.machine.is_attended())?;
        call.menu.as_ref()
    }

    fn step_menu(&mut self, id: CallId, event: MenuEvent, now: Now) {
        let plan = Arc::clone(&self.plan);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let account = call.account;
        let Some(stay) = call.menu.as_mut() else { return };
        let menu = Arc::clone(&stay.menu);
        let dialled = |digits: &str| plan.menus.dialled(account, digits);
        match stay.session.step(&menu, event, &dialled) {
            MenuStep::Say { wrong } => self.say_menu(id, wrong, now),
            MenuStep::Wait { ms } => {
                self.hush_menu(id);
                self.wait_at_most(id, Duration::from_millis(ms.into()), now);
            }
            MenuStep::Go { to, how } => self.leave_menu(id, (to, &how), now),
            MenuStep::Nothing => {}
        }
    }

    /// Nobody listens to the rest of a prompt who has pressed a key.
    fn hush_menu(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let said = call.menu.as_mut().and_then(|stay| {
            stay.token.take()?;
            Some(stay.party)
        });
        if let Some(leg) = said.and_then(|party| call.leg(party)) {
            let leg = leg.media.leg;
            self.outputs.push_back(Output::Media(MediaCommand::StopPlaying { leg }));
        }
    }

    fn leave_menu(&mut self, id: CallId, (to, how): (Option<Destination>, &How), now: Now) {
        self.hush_menu(id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(stay) = call.menu.take() else { return };
        if let Some(media) = call.leg_mut(stay.party).map(|leg| &mut leg.media) {
            media.listens = false;
            let (leg, on) = (media.leg, false);
            self.outputs.push_back(Output::Media(MediaCommand::Listen { leg, on }));
        }
        self.note(id, &format!("in the menu {}: {how}", stay.menu.name));
        match to {
            Some(to) => self.go_to_chosen(id, to, now),
            None => self.step(id, CallEvent::NobodyCalled(480), now),
        }
    }

    fn go_to_chosen(&mut self, id: CallId, to: Destination, now: Now) {
        let plan = Arc::clone(&self.plan);
        let project = self.calls.get(&id).and_then(|call| self.project_of(&plan, call));
        let decision = self.given(&plan, (id, project), to, now);
        self.go_by(id, decision, now);
    }

    /// A call whose caller we have answered goes on; `None`: whoever was meant is no more.
    pub(super) fn go_by(&mut self, id: CallId, decision: Option<(Decision, Trail)>, now: Now) {
        let plan = Arc::clone(&self.plan);
        match decision {
            Some((Decision::Queue { department, because }, _)) => {
                self.note(id, &format!("then {because}"));
                self.join_line(id, department, now);
            }
            Some((Decision::Menu { menu, because }, _)) => {
                self.note(id, &format!("then {because}"));
                self.enter_menu(id, menu, now);
            }
            Some((Decision::Message { mailbox, because }, _)) => {
                self.note(id, &format!("then {because}"));
                self.take_message(id, mailbox, 480, now);
            }
            Some((decision, trail)) => {
                self.step(id, CallEvent::Overflow, now);
                self.overflow_to(id, &plan, (decision, trail, 480), now);
                self.ring_back(id);
            }
            None => {
                self.note(id, GONE);
                self.step(id, CallEvent::NobodyCalled(480), now);
            }
        }
    }

    /// What becomes of a call of the project that is given to somebody, with what that person has set; `None`: there is no such
    /// one any more.
    pub(super) fn given(
        &self,
        plan: &DialPlan,
        (id, project): (CallId, Option<ProjectId>),
        to: Destination,
        now: Now,
    ) -> Option<(Decision, Trail)> {
        let call = self.calls.get(&id)?;
        let decision = reception::instead(plan, (call.account, project), to, now.unix_ms)?;
        let facts = CallFacts {
            account: call.account,
            caller: call.served_caller()?,
            dialled: &call.dialled,
            at: now.unix_ms,
        };
        let mut trail = Trail::default();
        let decision = forwarding::follow(plan, &facts, &self.view(plan), (decision, &mut trail));
        Some((decision, trail))
    }

    /// Whoever has been answered hears that somebody is rung.
    fn ring_back(&mut self, id: CallId) {
        let call = self.calls.get(&id);
        let rings = call.filter(|call| call.machine.calling().next().is_some());
        if let Some(side) = rings.and_then(|call| call.machine.waiting()) {
            self.set_tune(id, side, Some(Tune::Ringback));
        }
    }
}

const GONE: &str = "whoever was chosen is no more";

fn party_of_menu(plan: &DialPlan, menu: MenuId) -> CdrParty {
    let menu = plan.menus.get(menu);
    CdrParty {
        number: menu.and_then(|menu| Some(menu.short_number?.to_string())),
        name: menu.map(|menu| menu.name.to_string()),
        ..CdrParty::default()
    }
}
