use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::*;
use crate::facts::{CallFacts, Caller};
use crate::ids::{DepartmentId, ScheduleId, TrunkId};
use crate::number::{PhoneNumber, ShortNumber};
use crate::plan::trunks::Provider;
use crate::plan::{
    DepartmentSection, Destination, NumberSection, PlanDepartment, PlanNumber, PlanReception, PlanStaff, PlanTrunk,
    ReceptionSection, StaffSection,
};
use crate::queue::Member;
use crate::schedule::{Day, Schedule, day};

const P1: u128 = 1;
const P2: u128 = 2;
const OFFICE: u128 = 1;
/// Monday, 2026-11-16 12:00 UTC.
const NOON: i64 = 1_794_830_400_000;
const HOUR: i64 = 3_600_000;

fn account() -> AccountId {
    AccountId::from_u128(1)
}

fn person(projects: &[u128]) -> PlanReception {
    PlanReception {
        receiving: true,
        projects: projects.iter().map(|id| ProjectId::from_u128(*id)).collect(),
        ..PlanReception::default()
    }
}

fn desk(project: u128, schedule: Option<u128>, closed_to: Option<Destination>) -> PlanDesk {
    PlanDesk {
        project: Some(ProjectId::from_u128(project)),
        schedule: schedule.map(ScheduleId::from_u128),
        closed_to,
    }
}

/// Open from 9 to 18 UTC on Monday, closed on Sunday; of other days nothing is said.
fn office_hours() -> Schedule {
    let mut week: [Option<Day>; 7] = Default::default();
    week[0] = day(["09:00-18:00"]).ok();
    week[6] = Some(Day::new());
    Schedule::new(TimeZone::UTC, week, BTreeMap::new())
}

/// Staff 1 to 4, who take calls of both projects but for 2; departments 201 with 1 and 2 and 202 with 3 in the first
/// project, 203 with 2 and 3 in the second one.
fn plan(change: impl FnOnce(&mut ReceptionSection)) -> DialPlan {
    let staff = (1..=4_u128).map(|id| PlanStaff {
        id: StaffId::from_u128(id),
        account: account(),
        name: format!("S{id}").into(),
        short_number: ShortNumber::read(&format!("10{id}")).ok(),
        phone: None,
        caller_id: Default::default(),
        sip: None,
        term: Default::default(),
    });
    let department = |id: u128, members: &[u128]| {
        let short = ShortNumber::read(&format!("20{id}")).unwrap();
        let (id, name) = (DepartmentId::from_u128(id), format!("D{id}").into());
        let mut department = PlanDepartment::new(id, account(), name, short);
        let member = |id: &u128| Member::new(StaffId::from_u128(*id));
        department.members = members.iter().map(member).collect();
        department
    };
    let number = |text: &str, to| PlanNumber {
        number: PhoneNumber::from_e164(text).unwrap(),
        account: account(),
        trunk: None,
        to,
    };
    let sales = Destination::Department(DepartmentId::from_u128(1));
    let trunk = PlanTrunk {
        provider: Some(Provider::default()),
        ..PlanTrunk::new(TrunkId::from_u128(1), account(), "T".into())
    };
    let mut reception = ReceptionSection::default();
    for (id, projects) in [(1, &[P1, P2][..]), (2, &[P1]), (3, &[P1, P2])] {
        reception.people.insert(StaffId::from_u128(id), person(projects));
    }
    reception
        .departments
        .insert(DepartmentId::from_u128(1), desk(P1, None, None));
    reception
        .departments
        .insert(DepartmentId::from_u128(2), desk(P1, None, None));
    reception
        .departments
        .insert(DepartmentId::from_u128(3), desk(P2, None, None));
    for (text, project) in [
        ("+74951110001", P1),
        ("+74951110002", P2),
        ("+74951110003", P2),
        ("+74951110004", P1),
    ] {
        let key = (account(), PhoneNumber::from_e164(text).unwrap());
        reception.numbers.insert(key, desk(project, None, None));
    }
    reception.projects.insert(ProjectId::from_u128(P2), "Second".into());
    let hours = Arc::new(office_hours());
    reception.schedules.insert(ScheduleId::from_u128(OFFICE), hours);
    change(&mut reception);
    DialPlan {
        staff: Arc::new(StaffSection::new(staff.collect(), vec![trunk])),
        departments: Arc::new(DepartmentSection::new(vec![
            department(1, &[1, 2]),
            department(2, &[3]),
            department(3, &[2, 3]),
        ])),
        numbers: Arc::new(NumberSection::new(vec![
            number("+74951110001", sales),
            number("+74951110002", Destination::Department(DepartmentId::from_u128(3))),
            number("+74951110004", Destination::Staff(StaffId::from_u128(1))),
            number("+74951110003", Destination::Staff(StaffId::from_u128(2))),
        ])),
        reception: Arc::new(reception),
        ..DialPlan::default()
    }
}

fn change(reception: &mut ReceptionSection, id: u128, change: impl FnOnce(&mut PlanReception)) {
    change(reception.people.get_mut(&StaffId::from_u128(id)).unwrap());
}

fn off(reception: &mut ReceptionSection, id: u128) {
    change(reception, id, |person| person.receiving = false);
}

/// Whom a call rings: a person, or those members of a department who may be given it now.
fn check(plan: &DialPlan, (caller, dialled, at): (Caller, &str, i64), expected: Result<&[u128], u16>, why: &str) {
    let facts = CallFacts {
        account: account(),
        caller,
        dialled,
        at,
    };
    let (got, because) = match crate::internal::decide(plan, &facts) {
        Decision::Ring { targets, because } => (Ok(targets.to_vec()), because),
        Decision::Queue { department, because } => {
            let project = plan.reception.departments[&department].project;
            let members = members(plan, plan.departments.get(department).unwrap());
            let people = members.iter().map(|member| member.staff);
            let may = |staff: &StaffId| may_take(plan, (*staff, project), at, Moment::default()).is_ok();
            (Ok(people.filter(may).collect()), because)
        }
        Decision::Menu { because, .. }
        | Decision::Outside { because, .. }
        | Decision::Emergency { because, .. }
        | Decision::Message { because, .. } => (Ok(Vec::new()), because),
        Decision::Refuse { status, because, .. } => (Err(status), because),
        Decision::Feature(_) => panic!("{dialled} is no feature code"),
    };
    let got = got.map(|people| people.iter().map(|staff| staff.as_u128()).collect::<Vec<_>>());
    assert_eq!(got, expected.map(<[u128]>::to_vec), "{dialled}: {because}");
    assert!(because.to_string().contains(why), "{because}");
}

fn client() -> Caller {
    Caller::Trunk(TrunkId::from_u128(1))
}

fn colleague() -> Caller {
    Caller::Staff(StaffId::from_u128(4))
}

#[test]
fn l18_and_l20_who_is_toggled_off_gets_no_call_that_is_distributed_but_colleagues_reach_them() {
    let all = plan(|_| ());
    check(&all, (client(), "+74951110001", NOON), Ok(&[1, 2]), "of 2 members");
    let one = plan(|reception| off(reception, 1));
    check(&one, (client(), "+74951110001", NOON), Ok(&[2]), "of 2 members");
    check(&one, (colleague(), "201", NOON), Ok(&[2]), "");
    check(&one, (colleague(), "101", NOON), Ok(&[1]), "short number");
    let other = plan(|reception| off(reception, 1));
    check(
        &other,
        (client(), "+74951110004", NOON),
        Err(480),
        "S1, who takes no calls at present",
    );
}

#[test]
fn l21_and_l53_calls_of_a_project_ring_only_those_who_take_calls_there() {
    let plan = plan(|_| ());
    check(&plan, (client(), "+74951110001", NOON), Ok(&[1, 2]), "D1");
    check(&plan, (client(), "+74951110002", NOON), Ok(&[3]), "D3");
    check(
        &plan,
        (client(), "+74951110003", NOON),
        Err(480),
        "S2, who does not work in Second",
    );
    check(&plan, (colleague(), "203", NOON), Ok(&[3]), "");
    check(&plan, (colleague(), "102", NOON), Ok(&[2]), "");
}

#[test]
fn l22_nobody_is_above_the_rule() {
    let plan = plan(|reception| change(reception, 3, |main| main.projects = SmallVec::new()));
    check(&plan, (colleague(), "202", NOON), Ok(&[]), "");
}

/// C31: each number has a department of its own.
#[test]
fn c31_two_numbers_reach_two_departments() {
    let plan = plan(|_| ());
    let department = |dialled| {
        let facts = CallFacts {
            account: account(),
            caller: client(),
            dialled,
            at: NOON,
        };
        let Decision::Queue { department, .. } = crate::internal::decide(&plan, &facts) else {
            panic!("{dialled} reaches no department");
        };
        department.as_u128()
    };
    assert_eq!((department("+74951110001"), department("+74951110002")), (1, 3));
}

#[test]
fn each_rule_that_is_in_the_way_is_told() {
    let check = |change_person: fn(&mut PlanReception), moment: Moment, at: i64, expected: Result<(), &str>| {
        let plan = plan(|reception| change(reception, 1, change_person));
        let project = Some(ProjectId::from_u128(P2));
        let got = may_take(&plan, (StaffId::from_u128(1), project), at, moment);
        assert_eq!(got.map_err(|why| why.to_string()), expected.map_err(str::to_owned));
    };
    let idle = Moment::default();
    let hours: fn(&mut PlanReception) = |person| person.schedule = Some(ScheduleId::from_u128(OFFICE));
    check(|_| (), idle, NOON, Ok(()));
    check(
        |person| person.receiving = false,
        idle,
        NOON,
        Err("takes no calls at present"),
    );
    check(
        |person| person.projects.clear(),
        idle,
        NOON,
        Err("does not work in Second"),
    );
    check(hours, idle, NOON, Ok(()));
    check(hours, idle, NOON - 4 * HOUR, Err("is off until 2026-11-16 09:00 UTC"));
    check(hours, idle, NOON - 24 * HOUR, Err("is off until 2026-11-16 09:00 UTC"));
    check(hours, idle, NOON + 24 * HOUR, Err("has no hours for that day"));
    check(
        |_| (),
        Moment { dnd: true, ..idle },
        NOON,
        Err("does not want to be disturbed"),
    );
    let unreachable = Moment {
        unreachable: true,
        busy: true,
        ..idle
    };
    check(|_| (), unreachable, NOON, Err("cannot be reached"));
    check(|_| (), Moment { busy: true, ..idle }, NOON, Err("is busy"));
}

#[test]
fn b16_a_day_without_hours_is_what_the_account_says_it_is() {
    let tuesday = NOON + 24 * HOUR;
    for open in [false, true] {
        let plan = plan(|reception| {
            change(reception, 1, |person| {
                person.schedule = Some(ScheduleId::from_u128(OFFICE))
            });
            let sales = DepartmentId::from_u128(2);
            reception.departments.insert(sales, desk(P1, Some(OFFICE), None));
            reception.open_when_unknown.extend(open.then(account));
        });
        let expected: &[u128] = if open { &[1, 2] } else { &[2] };
        check(&plan, (client(), "+74951110001", tuesday), Ok(expected), "");
        match open {
            true => check(&plan, (colleague(), "202", tuesday), Ok(&[3]), ""),
            false => check(
                &plan,
                (colleague(), "202", tuesday),
                Err(480),
                "nobody has entered the hours of D2",
            ),
        }
    }
}

#[test]
fn a_closed_department_or_number_refuses_or_gives_its_calls_to_somebody_else() {
    let night = NOON - 4 * HOUR;
    let to = |target: Option<Destination>| {
        plan(move |reception| {
            reception
                .departments
                .insert(DepartmentId::from_u128(1), desk(P1, Some(OFFICE), target));
        })
    };
    let refused = to(None);
    check(&refused, (client(), "+74951110001", NOON), Ok(&[1, 2]), "");
    check(
        &refused,
        (client(), "+74951110001", night),
        Err(480),
        "D1 is closed until 2026-11-16 09:00 UTC",
    );
    check(&refused, (colleague(), "201", night), Err(480), "D1 is closed until");
    let person = to(Some(Destination::Staff(StaffId::from_u128(3))));
    check(&person, (colleague(), "201", night), Ok(&[3]), "D1 is closed until");
    let other = to(Some(Destination::Department(DepartmentId::from_u128(2))));
    check(&other, (client(), "+74951110001", night), Ok(&[3]), "the department D2");
    let outside = PhoneNumber::from_e164("+79161234567").unwrap();
    let outside = to(Some(Destination::Number(outside)));
    check(
        &outside,
        (client(), "+74951110001", night),
        Ok(&[]),
        "a number outside, by T",
    );
    let itself = to(Some(Destination::Department(DepartmentId::from_u128(1))));
    check(
        &itself,
        (colleague(), "201", night),
        Err(480),
        "forwarded 5 times already",
    );
    let nobody = to(Some(Destination::Staff(StaffId::from_u128(99))));
    check(
        &nobody,
        (colleague(), "201", night),
        Err(480),
        "not connected with anybody",
    );
    let number = plan(|reception| {
        let key = (account(), PhoneNumber::from_e164("+74951110001").unwrap());
        let to = Destination::Staff(StaffId::from_u128(2));
        reception.numbers.insert(key, desk(P2, Some(OFFICE), Some(to)));
    });
    check(
        &number,
        (client(), "+74951110001", night),
        Err(480),
        "S2, who does not work in Second",
    );
    check(&number, (colleague(), "201", night), Ok(&[1, 2]), "");
}

/// Rows L28, L30, L61: whoever misses a call that rang nobody is known all the same.
#[test]
fn l28_and_l61_a_refused_call_tells_whom_it_was_for() {
    let night = NOON - 4 * HOUR;
    let anybody = |id| Some(Callee::Staff(StaffId::from_u128(id)));
    let away = |id| {
        let (staff, project) = (StaffId::from_u128(id), Some(ProjectId::from_u128(P1)));
        Some(Callee::Away { staff, project })
    };
    let sales = Some(Callee::Department(DepartmentId::from_u128(1)));
    let check = |plan: &DialPlan, (caller, dialled, at): (Caller, &str, i64), expected: Option<Callee>| {
        let facts = CallFacts {
            account: account(),
            caller,
            dialled,
            at,
        };
        let Decision::Refuse { callee, because, .. } = crate::internal::decide(plan, &facts) else {
            panic!("{dialled} is refused");
        };
        assert_eq!(callee, expected, "{dialled}: {because}");
    };
    let hours = |reception: &mut ReceptionSection| {
        change(reception, 1, |person| {
            person.schedule = Some(ScheduleId::from_u128(OFFICE))
        });
    };
    let direct = "+74951110004";
    check(&plan(|reception| off(reception, 1)), (client(), direct, NOON), away(1));
    check(&plan(hours), (client(), direct, night), away(1));
    check(&plan(|_| ()), (client(), "+74951110003", NOON), anybody(2));
    let closed = |number: &'static str, project| {
        plan(move |reception| {
            let key = (account(), PhoneNumber::from_e164(number).unwrap());
            reception.numbers.insert(key, desk(project, Some(OFFICE), None));
        })
    };
    check(&closed(direct, P1), (client(), direct, night), anybody(1));
    check(&closed("+74951110001", P1), (client(), "+74951110001", night), sales);
    let department = plan(|reception| {
        let closed = desk(P1, Some(OFFICE), None);
        reception.departments.insert(DepartmentId::from_u128(1), closed);
    });
    check(&department, (client(), "+74951110001", night), sales);
    check(&department, (colleague(), "201", night), sales);
    let nobody = plan(|_| ());
    check(&nobody, (client(), "+74951119999", NOON), None);
    check(&nobody, (colleague(), "999", NOON), None);
}

/// V31: a destination that is one of our own numbers is reached without leaving the house, at most so many times.
#[test]
fn v31_an_own_number_that_calls_are_sent_to_is_reached_inside() {
    let night = NOON - 4 * HOUR;
    let own = |text: &str| Some(Destination::Number(PhoneNumber::from_e164(text).unwrap()));
    let sales = DepartmentId::from_u128(1);
    let closed_to = |text: &str, more: &dyn Fn(&mut ReceptionSection)| {
        plan(|reception| {
            reception.departments.insert(sales, desk(P1, Some(OFFICE), own(text)));
            more(reception);
        })
    };
    let direct = closed_to("+74951110004", &|_| ());
    check(
        &direct,
        (client(), "+74951110001", night),
        Ok(&[1]),
        "the number is connected with S1",
    );
    check(&direct, (colleague(), "201", night), Ok(&[1]), "D1 is closed until");
    // The call is one of the second number's project from then on.
    let other = closed_to("+74951110003", &|_| ());
    check(
        &other,
        (client(), "+74951110001", night),
        Err(480),
        "S2, who does not work in Second",
    );
    let department = closed_to("+74951110002", &|_| ());
    check(
        &department,
        (client(), "+74951110001", night),
        Ok(&[3]),
        "the department D3",
    );
    // A circle ends.
    let circle = closed_to("+74951110001", &|_| ());
    check(
        &circle,
        (client(), "+74951110001", night),
        Err(480),
        "forwarded 5 times already",
    );
    let outside = closed_to("+79161234567", &|_| ());
    check(
        &outside,
        (client(), "+74951110001", night),
        Ok(&[]),
        "a number outside, by T",
    );
    let itself = DialPlan {
        numbers: Arc::new(NumberSection::new(vec![PlanNumber {
            number: PhoneNumber::from_e164("+74951110001").unwrap(),
            account: account(),
            trunk: None,
            to: own("+74951110001").unwrap(),
        }])),
        ..plan(|_| ())
    };
    check(
        &itself,
        (client(), "+74951110001", NOON),
        Err(480),
        "forwarded 5 times already",
    );
    // Another company's number is one outside.
    let theirs = DialPlan {
        numbers: Arc::new(NumberSection::new(vec![PlanNumber {
            number: PhoneNumber::from_e164("+74951110004").unwrap(),
            account: AccountId::from_u128(2),
            trunk: None,
            to: Destination::Staff(StaffId::from_u128(1)),
        }])),
        ..direct
    };
    check(&theirs, (colleague(), "201", night), Ok(&[]), "a number outside, by T");
}
