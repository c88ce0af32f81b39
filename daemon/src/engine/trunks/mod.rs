//! Provider lines at work: registrations, probes, where calls come from and go to.

mod attempts;
mod board;
mod hops;
mod identity;
mod inbound;
mod limits;
mod loops;
mod register;
mod servers;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use frontdesk_routing::ids::TrunkId;
use frontdesk_routing::plan::trunks::Registration;
use frontdesk_routing::plan::{DialPlan, PlanTrunk};
use frontdesk_sip::Now;
use frontdesk_sip::auth::Ha1;
use frontdesk_sip::event::SessionId;
use frontdesk_sip::trunk::register::Register;
use frontdesk_sip::wire::Message;
use ipnet::IpNet;

use super::Engine;
use super::output::TrunkState;
pub(super) use attempts::{Attempts, Outside};
pub(super) use inbound::dialled_by;
use limits::Channels;
use servers::{Address, Peer};

/// A server that answers nothing for so long counts as silent; RFC 3261 goes on sending for 32 seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// A way by which nothing at all comes back for so long is given up for the next one. RFC 3261 would wait 32 seconds, which
/// no caller does.
const SILENCE: Duration = Duration::from_secs(4);

/// All that is kept of trunks between one input and the next.
#[derive(Debug, Default)]
pub(super) struct Trunks {
    lines: BTreeMap<TrunkId, Line>,
    /// Trunks by what our Contact says to their registrar.
    tokens: HashMap<String, TrunkId>,
    /// Servers by address.
    peers: BTreeMap<Address, Peer>,
    /// Hosts that they name in calls.
    hops: hops::Hops,
    /// Networks that calls come from.
    sources: Vec<(IpNet, TrunkId)>,
    due: BTreeSet<(Instant, Due)>,
    /// Our requests under way, by token.
    asked: HashMap<u64, Asked>,
    /// Where else the calls under way may go.
    pub(super) attempts: HashMap<SessionId, Attempts>,
    /// Whom these show and ring.
    abroad: loops::Abroad,
}

/// One trunk.
#[derive(Debug)]
struct Line {
    trunk: Arc<PlanTrunk>,
    /// In our Contact; nobody but the registrar is told.
    token: String,
    register: Option<Register>,
    /// The server that took the registration, or is asked to.
    at: Option<Address>,
    /// The server that took the last one, which is asked first.
    home: Option<Address>,
    /// Our REGISTER that is under way.
    asked: Option<u64>,
    /// The last answer: what comes next has its Call-ID.
    after: Option<Message>,
    channels: Channels,
    told: Option<TrunkState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Register(TrunkId),
    Probe(Address),
    /// A server that failed may be tried like any other again.
    Forgive(Address),
    /// Nothing has been heard of an INVITE.
    Silent(SessionId),
    /// A request of ours outside dialogs, by its token, is not waited for any longer.
    Unanswered(u64),
}

#[derive(Debug, Clone, Copy)]
enum Asked {
    Register { trunk: TrunkId, servers: usize },
    Probe(Address),
}

impl Trunks {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// A request is under way.
    fn ask(&mut self, token: u64, asked: Asked, now: Now) {
        self.asked.insert(token, asked);
        self.at(now.instant + ANSWER_WITHIN, Due::Unanswered(token));
    }

    /// Something is to be heard of an INVITE soon, or it goes another way.
    pub(super) fn await_sign(&mut self, session: SessionId, now: Now) {
        self.at(now.instant + SILENCE, Due::Silent(session));
    }

    fn at(&mut self, at: Instant, due: Due) {
        self.due.insert((at, due));
    }
}

impl Engine {
    /// Takes what a new plan says of trunks. One whose provider is as before goes on as before.
    pub(super) fn review_trunks(&mut self, before: &DialPlan, now: Now) {
        if Arc::ptr_eq(&before.staff, &self.plan.staff) && !self.trunks.lines.is_empty() {
            return;
        }
        let plan = Arc::clone(&self.plan);
        let same = |line: &Line| {
            plan.staff
                .trunk(line.trunk.id)
                .is_some_and(|trunk| trunk.provider == line.trunk.provider)
        };
        let gone: Vec<TrunkId> = self
            .trunks
            .lines
            .iter()
            .filter(|(_, line)| !same(line))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.close_line(id, now);
        }
        for trunk in plan.staff.trunks() {
            match self.trunks.lines.get_mut(&trunk.id) {
                Some(line) => line.trunk = Arc::new(trunk.clone()),
                None => self.open_line(trunk, now),
            }
        }
        self.want_servers(now);
    }

    fn open_line(&mut self, trunk: &PlanTrunk, now: Now) {
        let registration = trunk
            .provider
            .as_ref()
            .and_then(|provider| provider.registration.as_ref());
        let token = registration.map(|registration| token_of(trunk.id, registration));
        let token = token.unwrap_or_default();
        let register = registration.map(|registration| {
            let random = self.spread();
            Register::new(registration.expires, random, now)
        });
        if let Some(at) = register.as_ref().and_then(Register::deadline) {
            self.trunks.at(at, Due::Register(trunk.id));
            self.trunks.tokens.insert(token.clone(), trunk.id);
        }
        let line = Line {
            trunk: Arc::new(trunk.clone()),
            token,
            register,
            at: None,
            home: None,
            asked: None,
            after: None,
            channels: Channels::default(),
            told: None,
        };
        self.trunks.lines.insert(trunk.id, line);
        self.tell_trunk(trunk.id, now);
    }

    fn close_line(&mut self, id: TrunkId, now: Now) {
        self.unregister(id, now);
        if let Some(line) = self.trunks.lines.remove(&id) {
            self.trunks.tokens.remove(&line.token);
            self.tell_trunk_gone(&line.trunk);
        }
    }

    pub(super) fn trunks_pass(&mut self, now: Now) {
        while let Some((at, due)) = self.trunks.due.first().copied()
            && at <= now.instant
        {
            self.trunks.due.remove(&(at, due));
            match due {
                Due::Register(trunk) => self.register_trunk(trunk, now),
                Due::Probe(address) => self.probe(address, now),
                Due::Forgive(address) => {
                    if let Some(peer) = self.trunks.peers.get_mut(&address) {
                        peer.failed = false;
                    }
                }
                Due::Silent(session) => self.on_silent(session, now),
                Due::Unanswered(token) => self.on_trunk_response(token, (408, None), now),
            }
        }
    }

    /// The answer to a request of ours outside dialogs.
    pub(super) fn on_trunk_response(&mut self, token: u64, (status, response): (u16, Option<Message>), now: Now) {
        match self.trunks.asked.remove(&token) {
            Some(Asked::Register { trunk, servers }) => {
                let line = self.trunks.lines.get_mut(&trunk);
                // The trunk may have been set up anew meanwhile.
                if line.is_some_and(|line| line.asked.take_if(|asked| *asked == token).is_some()) {
                    self.on_registered((trunk, servers), (status, response), now);
                }
            }
            Some(Asked::Probe(address)) => self.on_probed(address, status, now),
            None => {}
        }
    }

    fn spread(&mut self) -> u64 {
        rand::Rng::random(&mut self.rng)
    }
}

/// The same after a restart, so that the registrar does not keep two Contacts of ours; known to nobody who does not know
/// the secret.
fn token_of(trunk: TrunkId, registration: &Registration) -> String {
    let ha1 = Ha1::new(&registration.auth_user, &trunk.to_string(), &registration.secret);
    ha1.sha256.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
