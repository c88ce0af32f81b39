//! The clients that people from whom numbers are hidden had to do with last: dialling the stub or a token reaches them.

use std::collections::{HashMap, VecDeque};

use super::{Token, Viewer};
use crate::because::Because;
use crate::ids::StaffId;
use crate::number::PhoneNumber;
use crate::outbound::region;
use crate::plan::{DialPlan, PlanStaff};

/// Clients of one person that tokens reach.
const MOST: usize = 64;

#[derive(Debug, Default)]
pub struct RecentClients {
    /// The last one first.
    by_staff: HashMap<StaffId, VecDeque<PhoneNumber>>,
}

/// What somebody means by what they dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialled {
    /// Just that.
    Itself,
    /// A hidden client.
    Client(PhoneNumber),
    /// A hidden client who is not to be reached so, and the status for the caller.
    Refused(u16, Because),
}

/// Whether somebody means a hidden client by what they dial, the stub or what looks like a token, and if so, whether the
/// account lets them reach clients so; `None`: they mean just that.
pub fn means_hidden(plan: &DialPlan, staff: &PlanStaff, text: &str) -> Option<bool> {
    let settings = plan.accounts.get(staff.account).map(|account| &account.caller_id)?;
    let number = PhoneNumber::from_dialled(text, region(plan, staff.account)).ok();
    let hidden = staff.caller_id.hides_clients && (number == Some(settings.stub) || Token::looks_like(text));
    hidden.then_some(settings.stub_dials_back)
}

impl RecentClients {
    /// A person sees this client now.
    pub fn note(&mut self, staff: StaffId, client: PhoneNumber) {
        let clients = self.by_staff.entry(staff).or_default();
        clients.retain(|other| *other != client);
        clients.push_front(client);
        clients.truncate(MOST);
    }

    /// Forgets people who see numbers now, or who have gone.
    pub fn review(&mut self, plan: &DialPlan) {
        let hides = |staff| plan.staff.get(staff).is_some_and(|staff| staff.caller_id.hides_clients);
        self.by_staff.retain(|staff, _| hides(*staff));
    }

    /// The stub is the last client, a token the last one whose it is.
    pub fn dialled(&self, plan: &DialPlan, staff: &PlanStaff, text: &str) -> Dialled {
        if !staff.caller_id.hides_clients {
            return Dialled::Itself;
        }
        let Some(settings) = plan.accounts.get(staff.account).map(|account| &account.caller_id) else {
            return Dialled::Itself;
        };
        let mut clients = self.by_staff.get(&staff.id).into_iter().flatten().copied();
        let number = PhoneNumber::from_dialled(text, region(plan, staff.account)).ok();
        let client = match number == Some(settings.stub) {
            true => clients.next(),
            false => {
                let viewer = Viewer::of(plan, staff.account, true);
                let is = |number: &PhoneNumber| {
                    let client = plan.clients.by_number(staff.account, *number);
                    viewer.token(client.map(|client| client.id), Some(*number)).is(text)
                };
                match clients.find(is) {
                    Some(client) => Some(client),
                    None => return Dialled::Itself,
                }
            }
        };
        match client {
            _ if !settings.stub_dials_back => Dialled::Refused(403, Because::HiddenClientNotReached),
            Some(client) => Dialled::Client(client),
            None => Dialled::Refused(404, Because::NoHiddenClient),
        }
    }
}
