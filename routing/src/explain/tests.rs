use std::sync::Arc;

use super::*;
use crate::forwarding::Target;
use crate::ids::{AccountId, ClientId, SipAccountId};
use crate::number::ShortNumber;
use crate::plan::trunks::Provider;
use crate::plan::{
    AccountSection, ClientSection, DepartmentSection, Destination, FeatureSection, NumberSection, PlanAccount,
    PlanForwarding, PlanNumber, PlanReception, PlanSip, PlanStaff, PlanTrunk, ReceptionSection, RecordingPolicy,
    StaffCallerId, StaffSection,
};
use crate::queue::{Member, QueueSettings};

struct Office;

impl Situation for Office {
    /// Boris is away.
    fn online(&self, staff: StaffId) -> bool {
        staff != StaffId::from_u128(2)
    }

    /// David sends all his calls on.
    fn settings(&self, staff: StaffId) -> Forwarding {
        let mobile = PhoneNumber::from_e164("+79035550000").map(Target::Outside);
        Forwarding {
            always: mobile.ok().filter(|_| staff == StaffId::from_u128(4)),
            ..Forwarding::default()
        }
    }
}

fn account() -> AccountId {
    AccountId::from_u128(1)
}

fn plan() -> DialPlan {
    let person = |id: u128, name: &str| PlanStaff {
        id: StaffId::from_u128(id),
        account: account(),
        name: name.into(),
        short_number: ShortNumber::read(&format!("10{id}")).ok(),
        phone: None,
        sip: None,
        caller_id: StaffCallerId {
            hides_clients: id == 4,
            emergency_number: PhoneNumber::from_e164("+74951110002").ok(),
            ..StaffCallerId::default()
        },
        term: Default::default(),
    };
    let people = vec![
        person(1, "Anna"),
        person(2, "Boris"),
        person(3, "Clara"),
        person(4, "David"),
    ];
    let line = PlanTrunk {
        provider: Some(Provider::default()),
        ..PlanTrunk::new(TrunkId::from_u128(1), account(), "Line".into())
    };
    let short = ShortNumber::read("200").unwrap();
    let sales = PlanDepartment {
        members: (1..=3).map(|id| Member::new(StaffId::from_u128(id))).collect(),
        queue: QueueSettings {
            vip: VipRule::HeadStart { lead_ms: 60_000 },
            ..QueueSettings::default()
        },
        ..PlanDepartment::new(DepartmentId::from_u128(1), account(), "Sales".into(), short)
    };
    let off = PlanReception {
        receiving: false,
        ..PlanReception::default()
    };
    let connected = |number: &str, to| PlanNumber {
        number: PhoneNumber::from_e164(number).unwrap(),
        account: account(),
        trunk: None,
        to,
    };
    let company = PlanAccount {
        id: account(),
        number: 1,
        name: "A".into(),
        realm: "r".into(),
        recording: RecordingPolicy::Never,
        region: "RU".into(),
        caller_id: Default::default(),
    };
    let client = PlanClient {
        id: ClientId::from_u128(1),
        account: account(),
        number: PhoneNumber::from_e164("+79161234567").unwrap(),
        name: "Ромашка".into(),
        vip: true,
        manager: Some(StaffId::from_u128(2)),
    };
    let mobile = client.number;
    DialPlan {
        accounts: Arc::new(AccountSection::new(vec![company])),
        staff: Arc::new(StaffSection::new(people, vec![line])),
        departments: Arc::new(DepartmentSection::new(vec![sales])),
        clients: Arc::new(ClientSection::new(vec![client])),
        numbers: Arc::new(NumberSection::new(vec![
            connected("+74951110002", Destination::Department(DepartmentId::from_u128(1))),
            connected("+74951110003", Destination::Staff(StaffId::from_u128(4))),
            connected("+74951110004", Destination::Number(mobile)),
        ])),
        reception: Arc::new(ReceptionSection {
            people: [(StaffId::from_u128(3), off)].into_iter().collect(),
            ..ReceptionSection::default()
        }),
        ..DialPlan::default()
    }
}

fn check(caller: Caller, number: Option<&str>, dialled: &str, expected: &[&str]) {
    let facts = CallFacts {
        account: account(),
        caller,
        dialled,
        at: 0,
    };
    let number = number.map(|number| PhoneNumber::from_e164(number).unwrap());
    assert_eq!(
        foresee(&plan(), &facts, number, &Office).sentences,
        expected,
        "{dialled}"
    );
}

#[test]
fn a_call_that_has_not_happened_is_told_with_everybody_who_is_passed_over() {
    let anna = Caller::Staff(StaffId::from_u128(1));
    let line = Caller::Trunk(TrunkId::from_u128(1));
    let sales = [
        "the caller is the client Ромашка, a VIP",
        "the number is connected with the department Sales, of 3 members",
        "the client's personal manager comes first",
        "Boris cannot be reached",
        "Anna can be rung",
        "Boris cannot be reached",
        "Clara takes no calls at present",
        "a VIP waits ahead of whoever came at most 60 s earlier",
    ];
    check(line, Some("+79161234567"), "+74951110002", &sales);
    check(
        anna,
        None,
        "102",
        &["the short number is Boris's", "Boris cannot be reached"],
    );
    let unknown = ["nobody in this account has that number", "the caller is told 404"];
    check(anna, None, "199", &unknown);
    let outside = [
        "a number outside, by Line",
        "by Line it shows its own number: it shows the line's own number",
    ];
    check(anna, None, "+79035550000", &outside);
    let emergency = [
        "an emergency number, by Line",
        "by Line it shows +74951110002: it shows the number of the staff member's own site",
    ];
    check(anna, None, "112", &emergency);
}

#[test]
fn a_call_that_is_sent_on_shows_what_a_real_one_would() {
    let line = Caller::Trunk(TrunkId::from_u128(1));
    let by_david = [
        "David forwards all calls: a number outside, by Line",
        "by Line it shows +74951110003: it shows the number that the client called",
    ];
    check(line, Some("+79990001122"), "+74951110003", &by_david);
    let by_number = [
        "a number outside, by Line",
        "by Line it shows +74951110004: it shows the number that the client called",
    ];
    check(line, Some("+79990001122"), "+74951110004", &by_number);
    let back = [
        "the call has left by one of our own numbers and comes back",
        "the caller is told 482",
    ];
    check(line, Some("+74951110003"), "+74951110002", &back);
    let hidden = [
        "the client is called whose number was hidden last",
        "a number outside, by Line",
        "by Line it shows its own number: it shows the line's own number",
    ];
    let david = Caller::Staff(StaffId::from_u128(4));
    for dialled in ["+78123893298", "88123893298", "A1B2"] {
        check(david, None, dialled, &hidden);
    }
}

/// Anna and Boris have phones; Clara, who is switched off until then, works in the office's hours alone.
fn with_phones() -> DialPlan {
    let before = plan();
    let people = (1..=4).filter_map(|id| before.staff.get(StaffId::from_u128(id)));
    let people = people.map(|person| PlanStaff {
        sip: (person.id.as_u128() < 3).then(|| PlanSip {
            id: SipAccountId::from_u128(person.id.as_u128()),
            user: person.name.clone(),
            ha1_md5: [0; 16],
            ha1_sha256: [0; 32],
            enabled: true,
        }),
        ..PlanStaff::clone(person)
    });
    let dnd = PlanForwarding {
        settings: Forwarding {
            dnd: true,
            ..Forwarding::default()
        },
        mark: 0,
    };
    DialPlan {
        staff: Arc::new(StaffSection::new(people.collect(), before.staff.trunks().to_vec())),
        features: Arc::new(FeatureSection::new([], [(StaffId::from_u128(1), dnd)])),
        ..before
    }
}

/// Who is away now, or is not to be disturbed, may well be there then.
#[test]
fn at_another_time_people_are_taken_to_be_there_and_that_is_said() {
    let plan = with_phones();
    let facts = CallFacts {
        account: account(),
        caller: Caller::Trunk(TrunkId::from_u128(1)),
        dialled: "+74951110002",
        at: 1_000,
    };
    let number = PhoneNumber::from_e164("+79161234567").ok();
    let told = foresee_at_another_time(&plan, &facts, number);
    let expected = [
        "for another time than now everybody is taken to be reachable and to want calls",
        "the caller is the client Ромашка, a VIP",
        "the number is connected with the department Sales, of 3 members",
        "the client's personal manager comes first",
        "Boris can be rung",
        "Anna can be rung",
        "Boris can be rung",
        "Clara takes no calls at present",
        "a VIP waits ahead of whoever came at most 60 s earlier",
    ];
    assert_eq!(told.sentences, expected);
    for sentence in &told.sentences {
        let russian = crate::russian::told(sentence);
        assert_ne!(&russian, sentence, "in Russian too");
    }
    let anna = CallFacts {
        caller: Caller::Staff(StaffId::from_u128(2)),
        dialled: "101",
        ..facts
    };
    let told = foresee_at_another_time(&plan, &anna, None);
    assert_eq!(told.sentences[1..], ["the short number is Anna's", "Anna can be rung"]);
    let without = CallFacts { dialled: "103", ..anna };
    let told = foresee_at_another_time(&plan, &without, None);
    assert_eq!(told.sentences[2], "Clara cannot be reached", "she has no phone at all");
}

/// So many wait, and Anna, who alone can be reached, is in so many calls.
struct Queue(usize, u16);

impl Situation for Queue {
    fn online(&self, staff: StaffId) -> bool {
        staff == StaffId::from_u128(1)
    }

    fn settings(&self, _: StaffId) -> Forwarding {
        Forwarding::default()
    }

    fn calls_with(&self, staff: StaffId) -> u16 {
        if self.online(staff) { self.1 } else { 0 }
    }

    fn waiting(&self, _: DepartmentId) -> Option<usize> {
        Some(self.0)
    }
}

#[test]
fn a_line_that_nobody_serves_is_told_with_where_its_calls_go_and_a_long_one_with_how_many_wait() {
    let foreseen = |members: &[u128], change: &dyn Fn(&mut PlanDepartment), calls: u16, expected: &[&str]| {
        let mut plan = plan();
        let short = ShortNumber::read("200").unwrap();
        let mut sales = PlanDepartment::new(DepartmentId::from_u128(1), account(), "Sales".into(), short);
        sales.members = members.iter().map(|id| Member::new(StaffId::from_u128(*id))).collect();
        change(&mut sales);
        plan.departments = Arc::new(DepartmentSection::new(vec![sales]));
        let facts = CallFacts {
            account: account(),
            caller: Caller::Staff(StaffId::from_u128(4)),
            dialled: "200",
            at: 0,
        };
        let told = foresee(&plan, &facts, None, &Queue(3, calls)).sentences;
        assert_eq!(told[1..], *expected);
        for sentence in &told {
            assert_ne!(&crate::russian::told(sentence), sentence, "in Russian too");
        }
    };
    let check = |members: &[u128], change: &dyn Fn(&mut PlanDepartment), expected: &[&str]| {
        foreseen(members, change, 0, expected);
    };
    let anna = Some(Destination::Staff(StaffId::from_u128(1)));
    let so_many = "so many wait there already: 3";
    let nobody = "nobody of the department Sales can take calls now";
    foreseen(&[1], &|_| (), 1, &["Anna is busy", so_many]);
    let free = |sales: &mut PlanDepartment| sales.queue.join_when_empty = JoinWhenEmpty::WhenSomebodyFree;
    foreseen(&[1], &free, 0, &["Anna can be rung", so_many]);
    foreseen(&[1], &free, 1, &["Anna is busy", nobody, "the caller is told 480"]);
    let two = |sales: &mut PlanDepartment| {
        free(sales);
        sales.members.iter_mut().for_each(|member| member.calls_at_once = 2);
    };
    foreseen(&[1], &two, 1, &["Anna can be rung", so_many]);
    let short = |sales: &mut PlanDepartment| sales.queue.capacity = Some(3);
    let full = "as many wait for the department Sales as may";
    foreseen(&[1], &short, 0, &["Anna can be rung", full, "the caller is told 480"]);
    check(
        &[1, 2],
        &|_| (),
        &[
            "Anna can be rung",
            "Boris cannot be reached",
            "so many wait there already: 3",
        ],
    );
    check(
        &[2],
        &|_| (),
        &[
            "Boris cannot be reached",
            "nobody of the department Sales can take calls now",
            "the caller is told 480",
        ],
    );
    check(
        &[2],
        &|sales| sales.overflow = anna,
        &[
            "Boris cannot be reached",
            "nobody of the department Sales can take calls now",
            "then the short number is Anna's",
        ],
    );
    let waits = |sales: &mut PlanDepartment| sales.queue.join_when_empty = JoinWhenEmpty::Always;
    check(
        &[2],
        &waits,
        &["Boris cannot be reached", "so many wait there already: 3"],
    );
}
