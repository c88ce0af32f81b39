//! Who can take a call of a client.
//!
//! The rules are for calls that are distributed: those from outside to a connected number, and all calls to a department.
//! Whoever dials a colleague's short number, or is sent to it by somebody's own forwarding, wants that person: neither the
//! toggle nor projects nor hours stand in the way of that. Whose access has ended is rung by nobody. A call that is for one
//! person who takes none now goes where that person's calls go ([`crate::forwarding`]).

use std::fmt;

use smallvec::SmallVec;

use crate::because::Because;
use crate::decision::{Callee, Decision};
use crate::ids::{AccountId, DepartmentId, MailboxId, ProjectId, StaffId};
use crate::inbound;
use crate::number::PhoneNumber;
use crate::outbound;
use crate::plan::reception::Hours;
use crate::plan::routes::Ways;
use crate::plan::{
    Destination, DialPlan, Method, PlanClient, PlanDepartment, PlanDesk, PlanMenu, PlanNumber, PlanReception, PlanStaff,
};
use crate::queue::Member;

/// A call goes on from one that is closed, or from one of our own numbers, to another so many times at most.
const MOST_HOPS: usize = 5;

/// Why a person gets no call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skipped {
    /// The person takes no calls of this project.
    NotInProject {
        project: String,
    },
    ToggledOff,
    /// The person was given access up to a moment that has come.
    AccessEnded,
    OutsideHours {
        /// When they begin, as the person's clocks show it.
        until: Option<String>,
    },
    /// Nobody has entered the hours of that day.
    HoursUnknown,
    DoNotDisturb,
    NotReachable,
    Busy,
    /// After a call, or after an offer that came to nothing.
    Resting,
}

impl Skipped {
    /// The person takes calls again later, without anybody's changing what they are allowed.
    fn is_for_now(&self) -> bool {
        match self {
            Skipped::NotInProject { .. } | Skipped::AccessEnded => false,
            Skipped::ToggledOff
            | Skipped::OutsideHours { .. }
            | Skipped::HoursUnknown
            | Skipped::DoNotDisturb
            | Skipped::NotReachable
            | Skipped::Busy
            | Skipped::Resting => true,
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Skipped::NotInProject { project } => write!(f, "does not work in {project}"),
            Skipped::ToggledOff => f.write_str("takes no calls at present"),
            Skipped::AccessEnded => f.write_str("has no access any more"),
            Skipped::OutsideHours { until: Some(until) } => write!(f, "is off until {until}"),
            Skipped::OutsideHours { until: None } => f.write_str("is off"),
            Skipped::HoursUnknown => f.write_str("has no hours for that day"),
            Skipped::DoNotDisturb => f.write_str("does not want to be disturbed"),
            Skipped::NotReachable => f.write_str("cannot be reached"),
            Skipped::Busy => f.write_str("is busy"),
            Skipped::Resting => f.write_str("has a rest between calls"),
        }
    }
}

/// What changes from one second to the next. The default stands in the way of nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    pub dnd: bool,
    /// No phone is registered, or no line leads to the person's number.
    pub unreachable: bool,
    pub busy: bool,
}

/// Whether a person may be given a client's call of a project at a moment, in unix milliseconds; the first rule in the way
/// is told.
pub fn may_take(
    plan: &DialPlan,
    (staff, project): (StaffId, Option<ProjectId>),
    unix_ms: i64,
    moment: Moment,
) -> Result<(), Skipped> {
    on_duty(plan, (staff, plan.staff.get(staff)), project, unix_ms)?;
    match moment {
        Moment { dnd: true, .. } => Err(Skipped::DoNotDisturb),
        Moment { unreachable: true, .. } => Err(Skipped::NotReachable),
        Moment { busy: true, .. } => Err(Skipped::Busy),
        Moment { .. } => Ok(()),
    }
}

/// What of a person's access, toggle, projects and hours stands in the way of a call.
fn on_duty(
    plan: &DialPlan,
    (id, staff): (StaffId, Option<&PlanStaff>),
    project: Option<ProjectId>,
    unix_ms: i64,
) -> Result<(), Skipped> {
    if staff.is_some_and(|staff| staff.term.has_ended(unix_ms)) {
        return Err(Skipped::AccessEnded);
    }
    let Some(person) = plan.reception.person(id) else {
        return Ok(());
    };
    if !person.receiving {
        return Err(Skipped::ToggledOff);
    }
    takes_project(plan, person, project)?;
    let account = staff.map_or(AccountId::from_u128(0), |staff| staff.account);
    match plan.reception.is_open(account, person.schedule, unix_ms) {
        Hours::Open => Ok(()),
        Hours::Closed { until } => Err(Skipped::OutsideHours { until }),
        Hours::Unknown => Err(Skipped::HoursUnknown),
    }
}

/// The number and the lines by which a person takes calls at a telephone outside: the lines of the account that lead there,
/// or the person's own one alone. `None`: calls are taken at registered phones, or there is no number, or no line to it.
pub fn telephone(plan: &DialPlan, staff: &PlanStaff) -> Option<(PhoneNumber, Ways)> {
    let number = staff.phone?;
    let lines: Ways = match plan.reception.method(staff.id) {
        Method::Sip => return None,
        Method::Mobile => outbound::trunks(plan, staff.account, number),
        Method::Sim(line) => {
            let bound = plan.staff.trunk(line).filter(|line| line.account == staff.account);
            bound.map(|line| line.id).into_iter().collect()
        }
    };
    (!lines.is_empty()).then_some((number, lines))
}

/// The members of a department who take calls of its project. Whether they do so now, and can, changes from one moment to
/// the next.
pub fn members(plan: &DialPlan, department: &PlanDepartment) -> Vec<Member> {
    let project = project_of(plan, department.id);
    let works = |member: &&Member| in_project(plan, member.staff, project).is_ok();
    department.members.iter().filter(works).copied().collect()
}

/// The personal manager of a client who calls a department, if the manager takes calls of its project.
pub fn manager(plan: &DialPlan, department: DepartmentId, client: &PlanClient) -> Option<StaffId> {
    let project = project_of(plan, department);
    client.manager.filter(|staff| in_project(plan, *staff, project).is_ok())
}

/// The project whose calls a department takes.
pub fn project_of(plan: &DialPlan, department: DepartmentId) -> Option<ProjectId> {
    plan.reception.departments.get(&department)?.project
}

/// The person takes calls of the project.
pub(crate) fn in_project(plan: &DialPlan, staff: StaffId, project: Option<ProjectId>) -> Result<(), Skipped> {
    match plan.reception.person(staff) {
        Some(person) => takes_project(plan, person, project),
        None => Ok(()),
    }
}

fn takes_project(plan: &DialPlan, person: &PlanReception, project: Option<ProjectId>) -> Result<(), Skipped> {
    let Some(project) = project else {
        return Ok(());
    };
    if person.projects.contains(&project) {
        return Ok(());
    }
    let name = plan.reception.projects.get(&project);
    let project = name.map(|name| name.to_string()).unwrap_or_default();
    Err(Skipped::NotInProject { project })
}

/// A menu answers the call.
pub(crate) fn asks(menu: &PlanMenu) -> Decision {
    let name = menu.name.to_string();
    Decision::Menu {
        menu: menu.id,
        because: Because::Menu { name },
    }
}

/// Where calls of a project go that whoever they were for does not take now; `None`: whoever is named is no more.
pub fn instead(
    plan: &DialPlan,
    (account, project): (AccountId, Option<ProjectId>),
    to: Destination,
    unix_ms: i64,
) -> Option<Decision> {
    let mut errand = Errand {
        project,
        ..Errand::inside(account, unix_ms)
    };
    errand.give(plan, to)
}

/// A call that is given from one desk to another as they are closed, or send their calls on.
pub(crate) struct Errand {
    account: AccountId,
    /// That of the number which the call came in by, or of the last department on its way.
    project: Option<ProjectId>,
    unix_ms: i64,
    /// A connected number was called, or is on the way.
    by_number: bool,
    hops: usize,
}

impl Errand {
    /// A call inside, of no project yet.
    pub(crate) fn inside(account: AccountId, unix_ms: i64) -> Errand {
        Errand {
            account,
            project: None,
            unix_ms,
            by_number: false,
            hops: 0,
        }
    }

    /// What becomes of a call to somebody because the desk is closed; `None`: it is open.
    pub(crate) fn closed(
        &mut self,
        plan: &DialPlan,
        (name, callee): (&str, Option<Callee>),
        desk: Option<&PlanDesk>,
    ) -> Option<Decision> {
        let desk = desk?;
        let hours = plan.reception.is_open(self.account, desk.schedule, self.unix_ms);
        let (until, known) = match hours {
            Hours::Open => return None,
            Hours::Closed { until } => (until, true),
            Hours::Unknown => (None, false),
        };
        let name = name.to_owned();
        let closed = Because::Closed { name, until, known };
        let refused = |because| Decision::Refuse {
            status: 480,
            callee,
            because,
        };
        let Some(to) = desk.closed_to else {
            return Some(refused(closed));
        };
        if self.goes_round() {
            return Some(refused(Because::ForwardedTooOften));
        }
        let mut decision = self
            .give(plan, to)
            .unwrap_or_else(|| refused(Because::NumberNotConnected));
        decision.because_of(|then| Because::Instead {
            of: Box::new(closed),
            then: Box::new(then),
        });
        Some(decision)
    }

    /// `None`: whoever is named is no more.
    pub(crate) fn give(&mut self, plan: &DialPlan, to: Destination) -> Option<Decision> {
        match to {
            Destination::Staff(staff) => self.staff(plan, staff),
            Destination::Department(department) => {
                let department = plan.departments.get(department)?;
                (department.account == self.account).then(|| self.department(plan, department))
            }
            Destination::Number(number) => Some(match plan.numbers.get(self.account, number) {
                Some(own) => match self.goes_round() {
                    true => not_reached(own),
                    false => self.number(plan, own),
                },
                None => outbound::towards(plan, self.account, number),
            }),
            Destination::Menu(menu) => {
                let menu = plan.menus.get(menu).filter(|menu| menu.account == self.account)?;
                Some(asks(menu))
            }
            Destination::Mailbox(mailbox) => Some(message(plan, self.account, mailbox)),
        }
    }

    fn goes_round(&mut self) -> bool {
        self.hops = self.hops.saturating_add(1);
        self.hops > MOST_HOPS
    }

    /// Whoever a connected number is for: nobody goes outside for it. The call is one of its project from then on.
    pub(crate) fn number(&mut self, plan: &DialPlan, number: &PlanNumber) -> Decision {
        let desk = plan.reception.numbers.get(&(number.account, number.number));
        self.project = desk.and_then(|desk| desk.project).or(self.project);
        self.by_number = true;
        if let Some(closed) = self.closed(plan, ("the number", callee_of(number)), desk) {
            return closed;
        }
        self.give(plan, number.to).unwrap_or_else(inbound::not_connected)
    }

    /// Rings a person who may take the call.
    pub(crate) fn staff(&self, plan: &DialPlan, staff: StaffId) -> Option<Decision> {
        let staff = plan.staff.get(staff).filter(|staff| staff.account == self.account)?;
        let name = staff.name.to_string();
        let because = match self.by_number {
            true => Because::NumberOf { name },
            false => Because::ShortNumberOf { name },
        };
        Some(
            match on_duty(plan, (staff.id, Some(staff)), self.project, self.unix_ms) {
                Ok(()) => Decision::Ring {
                    targets: SmallVec::from_slice(&[staff.id]),
                    because,
                },
                Err(why) => {
                    let callee = match why.is_for_now() {
                        true => Callee::Away {
                            staff: staff.id,
                            project: self.project,
                        },
                        false => Callee::Staff(staff.id),
                    };
                    let whom = Box::new(because);
                    Decision::refuse_for(callee, 480, Because::Skipped { whom, why })
                }
            },
        )
    }

    /// The line of a department, if that is open.
    pub(crate) fn department(&mut self, plan: &DialPlan, department: &PlanDepartment) -> Decision {
        let desk = plan.reception.departments.get(&department.id);
        self.project = desk.and_then(|desk| desk.project).or(self.project);
        let callee = Some(Callee::Department(department.id));
        if let Some(closed) = self.closed(plan, (&department.name, callee), desk) {
            return closed;
        }
        let (name, members) = (department.name.to_string(), department.members.len());
        let because = match self.by_number {
            true => Because::NumberOfDepartment { name, members },
            false => Because::DepartmentOf { name, members },
        };
        Decision::Queue {
            department: department.id,
            because,
        }
    }
}

fn callee_of(number: &PlanNumber) -> Option<Callee> {
    match number.to {
        Destination::Staff(staff) => Some(Callee::Staff(staff)),
        Destination::Department(department) => Some(Callee::Department(department)),
        Destination::Number(_) | Destination::Menu(_) | Destination::Mailbox(_) => None,
    }
}

/// Our own numbers lead to each other without end.
fn not_reached(number: &PlanNumber) -> Decision {
    Decision::Refuse {
        status: 480,
        callee: callee_of(number),
        because: Because::ForwardedTooOften,
    }
}

/// A message is left in a person's own mailbox.
pub(crate) fn own_message(plan: &DialPlan, account: AccountId, staff: StaffId) -> Decision {
    match plan.mailboxes.of_staff(staff) {
        Some(own) => message(plan, account, own.id),
        None => Decision::refuse_for(Callee::Staff(staff), 480, Because::NoMailbox),
    }
}

/// A message is taken, if the mailbox takes any.
fn message(plan: &DialPlan, account: AccountId, mailbox: MailboxId) -> Decision {
    let open = plan.mailboxes.get(mailbox).filter(|mailbox| mailbox.enabled);
    match open.filter(|mailbox| mailbox.account == account) {
        Some(open) => Decision::Message {
            mailbox,
            because: Because::Mailbox {
                name: open.name.to_string(),
            },
        },
        None => Decision::Refuse {
            status: 480,
            callee: owner(plan, mailbox),
            because: Because::NoMailbox,
        },
    }
}

/// For whom messages are left there.
pub fn owner(plan: &DialPlan, mailbox: MailboxId) -> Option<Callee> {
    let mailbox = plan.mailboxes.get(mailbox)?;
    let person = mailbox.staff.map(Callee::Staff);
    person.or(mailbox.department.map(Callee::Department))
}

#[cfg(test)]
mod tests;
