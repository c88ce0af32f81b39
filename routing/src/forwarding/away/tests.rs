use std::sync::Arc;

use crate::decision::{Callee, Decision};
use crate::facts::{CallFacts, Caller};
use crate::forwarding::{Forwarding, Situation, Target, Trail, follow};
use crate::ids::{AccountId, MailboxId, ProjectId, StaffId, TrunkId};
use crate::number::{PhoneNumber, ShortNumber};
use crate::plan::trunks::Provider;
use crate::plan::{
    Destination, DialPlan, FeatureSection, MailboxSection, NumberSection, PlanDesk, PlanForwarding, PlanMailbox,
    PlanNumber, PlanReception, PlanStaff, PlanTrunk, ReceptionSection, StaffSection,
};
use crate::{internal, russian};

const ANNA: u128 = 1;
const BORIS: u128 = 2;
const CLARA: u128 = 3;
/// Takes calls of another project alone.
const DAVID: u128 = 4;
const NAMES: [&str; 4] = ["Anna", "Boris", "Clara", "David"];

fn account() -> AccountId {
    AccountId::from_u128(1)
}

fn id(person: u128) -> StaffId {
    StaffId::from_u128(person)
}

fn number(of: u128) -> PhoneNumber {
    PhoneNumber::from_e164(&format!("+7495111000{of}")).unwrap()
}

fn short(of: u128) -> Option<Target> {
    ShortNumber::read(&format!("10{of}")).ok().map(Target::Short)
}

fn always(to: Option<Target>) -> Forwarding {
    Forwarding {
        always: to,
        ..Forwarding::default()
    }
}

fn offline(to: Option<Target>) -> Forwarding {
    Forwarding {
        offline: to,
        ..Forwarding::default()
    }
}

/// Four people with numbers 1 to 4 of the first project, of whom Anna and these are switched off.
fn plan(off: &[u128], settings: &[(u128, Forwarding)], mailboxes: &[u128]) -> DialPlan {
    let all = (1_u128..).zip(NAMES);
    let staff = all.clone().map(|(person, name)| PlanStaff {
        id: id(person),
        account: account(),
        name: name.into(),
        short_number: ShortNumber::read(&format!("10{person}")).ok(),
        phone: None,
        sip: None,
        caller_id: Default::default(),
        term: Default::default(),
    });
    let numbers = all.clone().map(|(person, _)| PlanNumber {
        number: number(person),
        account: account(),
        trunk: None,
        to: Destination::Staff(id(person)),
    });
    let works = |person: u128| PlanReception {
        receiving: person != ANNA && !off.contains(&person),
        projects: [ProjectId::from_u128(if person == DAVID { 2 } else { 1 })]
            .into_iter()
            .collect(),
        ..PlanReception::default()
    };
    let desk = PlanDesk {
        project: Some(ProjectId::from_u128(1)),
        ..PlanDesk::default()
    };
    let set = settings.iter().map(|(person, settings)| {
        let settings = *settings;
        (id(*person), PlanForwarding { settings, mark: 0 })
    });
    let mailbox = |person: &u128| PlanMailbox {
        id: MailboxId::from_u128(*person),
        account: account(),
        staff: Some(id(*person)),
        department: None,
        name: "a box".into(),
        enabled: true,
        own_greeting: false,
        russian: false,
        longest_s: 60,
    };
    let line = PlanTrunk {
        provider: Some(Provider::default()),
        ..PlanTrunk::new(TrunkId::from_u128(1), account(), "Line".into())
    };
    DialPlan {
        staff: Arc::new(StaffSection::new(staff.collect(), vec![line])),
        numbers: Arc::new(NumberSection::new(numbers.collect())),
        features: Arc::new(FeatureSection::new([], set)),
        mailboxes: Arc::new(MailboxSection::new(mailboxes.iter().map(mailbox).collect())),
        reception: Arc::new(ReceptionSection {
            people: all.map(|(person, _)| (id(person), works(person))).collect(),
            numbers: (1..=4)
                .map(|person| ((account(), number(person)), desk.clone()))
                .collect(),
            projects: [(ProjectId::from_u128(1), "First".into())].into_iter().collect(),
            ..ReceptionSection::default()
        }),
        ..DialPlan::default()
    }
}

struct Office<'a>(&'a DialPlan);

impl Situation for Office<'_> {
    fn online(&self, _: StaffId) -> bool {
        true
    }

    fn settings(&self, staff: StaffId) -> Forwarding {
        self.0.features.forwarding(staff).settings
    }
}

fn call(plan: &DialPlan, caller: Caller, dialled: &str) -> Decision {
    let facts = CallFacts {
        account: account(),
        caller,
        dialled,
        at: 0,
    };
    let first = internal::decide(plan, &facts);
    follow(plan, &facts, &Office(plan), (first, &mut Trail::default()))
}

/// Whom it rings, whose mailbox takes it, or what the caller is told.
fn told(decision: &Decision) -> String {
    match decision {
        Decision::Ring { targets, because } => format!("rings {}: {because}", targets[0].as_u128()),
        Decision::Message { mailbox, because } => format!("mailbox {}: {because}", mailbox.as_u128()),
        Decision::Outside { number, because, .. } => format!("outside {}: {because}", number.reveal()),
        Decision::Refuse { status, because, .. } => format!("{status}: {because}"),
        Decision::Queue { .. } | Decision::Menu { .. } | Decision::Emergency { .. } | Decision::Feature(_) => {
            panic!("{decision:?}")
        }
    }
}

#[test]
fn l18_l20_and_v31_a_direct_call_to_somebody_off_duty_goes_where_that_persons_calls_go() {
    let client = Caller::Trunk(TrunkId::from_u128(1));
    let check = |off: &[u128], settings: &[(u128, Forwarding)], mailboxes: &[u128], expected: &str| {
        let plan = plan(off, settings, mailboxes);
        let decision = call(&plan, client, &number(ANNA).reveal());
        assert_eq!(told(&decision), expected, "{settings:?}");
    };
    let off = "the number is connected with Anna, who takes no calls at present";
    check(&[], &[], &[], &format!("480: {off}"));
    // The person's own mailbox, though no forwarding leads there.
    check(
        &[],
        &[],
        &[ANNA],
        &format!("mailbox 1: {off}: a message can be left for a box"),
    );
    check(&[], &[], &[BORIS], &format!("480: {off}"));
    let away = "Anna forwards calls while no phone is registered";
    check(
        &[],
        &[(ANNA, offline(Some(Target::Mailbox)))],
        &[ANNA],
        &format!("mailbox 1: {off}: {away}: a message can be left for a box"),
    );
    let boris = format!("rings 2: {off}: {away}: the short number is Boris's");
    check(&[], &[(ANNA, offline(short(BORIS)))], &[ANNA], &boris);
    let both = Forwarding {
        always: short(CLARA),
        ..offline(short(BORIS))
    };
    let clara = "Anna forwards all calls: the short number is Clara's";
    check(&[], &[(ANNA, both)], &[], &format!("rings 3: {off}: {clara}"));
    let mobile = PhoneNumber::from_e164("+79035550000").map(Target::Outside).ok();
    let outside = format!("outside +79035550000: {off}: {away}: a number outside, by Line");
    check(&[], &[(ANNA, offline(mobile))], &[], &outside);
    // On, and round.
    let further = [(ANNA, always(short(BORIS))), (BORIS, always(short(CLARA)))];
    let chain = "Anna forwards all calls: Boris forwards all calls: the short number is Clara's";
    check(&[], &further, &[], &format!("rings 3: {off}: {chain}"));
    let circle = [
        (ANNA, always(short(BORIS))),
        (BORIS, always(Some(Target::Outside(number(ANNA))))),
    ];
    let back = call(&plan(&[], &circle, &[ANNA]), client, &number(ANNA).reveal());
    assert!(told(&back).starts_with("482: "), "{back:?}");
}

#[test]
fn l21_nobody_is_rung_for_somebody_off_duty_who_takes_no_calls_of_the_project() {
    let client = Caller::Trunk(TrunkId::from_u128(1));
    let check = |settings: &[(u128, Forwarding)], mailboxes: &[u128], expected: &str| {
        let plan = plan(&[], settings, mailboxes);
        let decision = call(&plan, client, &number(ANNA).reveal());
        let told = told(&decision);
        assert!(told.starts_with(expected), "{told}");
        if let Decision::Refuse { callee, .. } = decision {
            assert_eq!(callee, Some(Callee::Staff(id(ANNA))), "{told}");
            assert!(
                told.ends_with("the short number is David's, who does not work in First"),
                "{told}"
            );
        }
    };
    check(&[(ANNA, always(short(DAVID)))], &[], "480: ");
    check(&[(ANNA, always(short(DAVID)))], &[ANNA], "mailbox 1: ");
    check(
        &[(ANNA, always(short(BORIS))), (BORIS, always(short(DAVID)))],
        &[],
        "480: ",
    );
    // Who is not rung may send the call on.
    check(
        &[(ANNA, always(short(DAVID))), (DAVID, always(short(BORIS)))],
        &[],
        "rings 2: ",
    );
}

/// One after the other, and not to the one who calls.
#[test]
fn two_people_off_duty_hand_a_call_on_and_never_to_its_caller() {
    let direct = Forwarding {
        always: Some(Target::Outside(number(BORIS))),
        ..Forwarding::default()
    };
    let both = plan(
        &[BORIS],
        &[(ANNA, direct), (BORIS, offline(short(CLARA)))],
        &[ANNA, BORIS],
    );
    let decision = call(&both, Caller::Trunk(TrunkId::from_u128(1)), &number(ANNA).reveal());
    let told_of = told(&decision);
    assert!(
        told_of.starts_with("rings 3: the number is connected with Anna, who takes"),
        "{told_of}"
    );
    assert!(
        told_of.contains("the number is connected with Boris, who takes no calls"),
        "{told_of}"
    );
    let secretary = plan(&[], &[(ANNA, always(short(CLARA)))], &[]);
    let decision = call(&secretary, Caller::Staff(id(CLARA)), &number(ANNA).reveal());
    assert!(matches!(decision, Decision::Refuse { status: 480, .. }), "{decision:?}");
    let russian = russian::told(
        "the number is connected with Анна, who is off until 2026-11-16 09:00 UTC: a message can be left for Анна",
    );
    assert_eq!(
        russian,
        "номер подключён к: Анна, но сейчас не на работе до 2026-11-16 09:00 UTC, поэтому можно оставить сообщение, для: Анна"
    );
}
