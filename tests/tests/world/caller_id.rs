//! Which number those outside see: of calls that people dial, of calls that are sent on, and of calls that come in.

use std::sync::Arc;

use frontdesk::engine::input::{First, Input, OperatorCommand, Originate};
use frontdesk_routing::because::Ordered;
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::{AccountId, CallId, ClientId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::trunks::RedirectionStyle;
use frontdesk_routing::plan::{
    AccountCallerId, AccountSection, Destination, DialPlan, FeatureSection, ForwardedShows, Greeting, MenuSection,
    NumberSection, PlanForwarding, PlanTrunk, StaffCallerId, StaffSection,
};
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::{self, ACCOUNT, ANNA, BORIS, CLIENT_NUMBER, Person};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::trunks::{ANNA_AT, BORIS_AT, FIRST, OUTSIDE, OWN, number, plan, trunk, world};
use frontdesk_tests::world::{World, s};

const DISPLAYED: &str = "+74951110003";
const SINGLE: &str = "+74951110004";
const MOBILE: &str = "+79035550000";

fn e164(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

fn displays(person: Person, displayed: Option<&str>) -> frontdesk_routing::plan::PlanStaff {
    let caller_id = StaffCallerId {
        displayed_number: displayed.map(e164),
        ..StaffCallerId::default()
    };
    frontdesk_routing::plan::PlanStaff {
        caller_id,
        ..people::staff(person)
    }
}

/// Anna displays a number of her own; the account has a single one.
fn office(trunk: PlanTrunk, forwarded: ForwardedShows) -> DialPlan {
    let before = plan(vec![trunk.clone()]);
    let account = before.accounts.get(AccountId::from_u128(ACCOUNT)).cloned().unwrap();
    let caller_id = AccountCallerId {
        single_number: Some(e164(SINGLE)),
        forwarded,
        ..AccountCallerId::default()
    };
    let account = frontdesk_routing::plan::PlanAccount { caller_id, ..account };
    let to = |person: Person| Destination::Staff(StaffId::from_u128(person.id));
    let mobile = Forwarding {
        always: Some(Target::Outside(e164(MOBILE))),
        ..Forwarding::default()
    };
    let set = PlanForwarding {
        settings: mobile,
        mark: 1,
    };
    DialPlan {
        accounts: Arc::new(AccountSection::new(vec![account])),
        staff: Arc::new(StaffSection::new(
            vec![displays(ANNA, Some(DISPLAYED)), displays(BORIS, None)],
            vec![trunk],
        )),
        numbers: Arc::new(NumberSection::new(vec![
            number(OWN, to(BORIS)),
            number(DISPLAYED, to(ANNA)),
            number(SINGLE, to(ANNA)),
        ])),
        features: Arc::new(FeatureSection::new([], [(StaffId::from_u128(BORIS.id), set)])),
        ..before
    }
}

fn started(seed: u8, loss: u32, trunk: PlanTrunk, forwarded: ForwardedShows) -> World {
    let weather = if loss == 0 { FAIR } else { rough(loss) };
    let mut world = world(seed, weather, vec![trunk.clone()]);
    world.input(Input::Plan(Arc::new(office(trunk, forwarded))));
    world
}

fn line() -> PlanTrunk {
    trunk(1, &["192.0.2.10"], false)
}

fn invite(world: &World) -> String {
    world.sent_to(FIRST, "INVITE").last().cloned().unwrap_or_default()
}

fn shows(invite: &str, number: &str) -> bool {
    let from = invite
        .lines()
        .find(|line| line.starts_with("From:"))
        .unwrap_or_default();
    from.contains(&format!("<sip:{number}@"))
        && invite.contains(&format!("P-Asserted-Identity: <sip:{number}@192.0.2.10>\r\n"))
}

#[test]
fn l34_a_call_that_somebody_dials_shows_their_displayed_number_else_the_single_one() {
    for loss in [0, 5, 20] {
        let mut world = started(40, loss, line(), ForwardedShows::Client);
        world.dial(ANNA_AT, OUTSIDE);
        assert!(
            world.wait_for(s(40), |world| world.together(ANNA_AT, FIRST)),
            "{}",
            world.ladder()
        );
        assert!(shows(&invite(&world), DISPLAYED), "{}", invite(&world));
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.dial(BORIS_AT, OUTSIDE);
        assert!(
            world.wait_for(s(40), |world| world.together(BORIS_AT, FIRST)),
            "{}",
            world.ladder()
        );
        assert!(shows(&invite(&world), SINGLE), "{}", invite(&world));
        world.end_calls(BORIS_AT);
        world.run_for(s(40));
        world.close();
        let because = &world.records_of_calls()[0].because;
        assert!(because.contains("it shows the displayed number"), "{because}");
    }
}

#[test]
fn a_phone_that_claims_another_identity_is_overruled() {
    let mut world = started(41, 0, line(), ForwardedShows::Client);
    world.phones[BORIS_AT].from.uri = "sip:+74957770000@pbx.example".to_owned();
    world.phones[BORIS_AT].from.display = "Bank".to_owned();
    world.phones[BORIS_AT].claims = vec![
        ("P-Asserted-Identity".into(), "\"Bank\" <sip:+74957770000@h>".into()),
        ("P-Preferred-Identity".into(), "<sip:+74957770000@h>".into()),
        (
            "Remote-Party-ID".into(),
            "<sip:+74957770000@h>;party=calling;screen=yes".into(),
        ),
        ("Diversion".into(), "<sip:+74957770000@h>;reason=unconditional".into()),
        ("History-Info".into(), "<sip:+74957770000@h>;index=1".into()),
    ];
    for called in [OUTSIDE, ANNA.number] {
        world.dial(BORIS_AT, called);
        world.run_for(s(10));
        world.end_calls(BORIS_AT);
        world.run_for(s(5));
    }
    assert!(shows(&invite(&world), SINGLE), "{}", invite(&world));
    for phone in [FIRST, ANNA_AT] {
        let told: String = world.all_sent_to(phone).collect();
        assert!(
            told.contains("INVITE") && !told.contains("7770000") && !told.contains("Bank"),
            "{told}"
        );
    }
    world.close();
}

#[test]
fn a_caller_who_wants_to_stay_unknown_is_asserted_to_the_provider_alone() {
    let mut world = started(42, 0, line(), ForwardedShows::Client);
    world.phones[ANNA_AT].claims = vec![("Privacy".into(), "id".into())];
    world.dial(ANNA_AT, OUTSIDE);
    world.run_for(s(5));
    let told = invite(&world);
    assert!(
        told.contains("From: \"Anonymous\" <sip:anonymous@anonymous.invalid>"),
        "{told}"
    );
    assert!(
        told.contains(&format!("P-Asserted-Identity: <sip:{DISPLAYED}@192.0.2.10>\r\n")),
        "{told}"
    );
    assert!(told.contains("Privacy: id\r\n"), "{told}");
    world.end_calls(ANNA_AT);
    world.close();
}

#[test]
fn l33_a_client_who_calls_the_displayed_number_back_is_recorded_as_that_client() {
    for loss in [0, 20] {
        let mut world = started(43, loss, line(), ForwardedShows::Client);
        world.dial(ANNA_AT, OUTSIDE);
        assert!(world.wait_for(s(40), |world| world.together(ANNA_AT, FIRST)));
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.phones[FIRST].from.uri = format!("sip:{CLIENT_NUMBER}@provider.example");
        world.dial(FIRST, DISPLAYED);
        assert!(
            world.wait_for(s(40), |world| world.together(FIRST, ANNA_AT)),
            "{}",
            world.ladder()
        );
        world.end_calls(FIRST);
        world.run_for(s(40));
        world.close();
        let records = world.records_of_calls();
        let back = records.last().unwrap();
        assert_eq!(back.client, Some(ClientId::from_u128(77)));
        assert_eq!(back.callee.staff, Some(StaffId::from_u128(ANNA.id)));
        assert_eq!(world.records.len(), 2, "both are recorded");
    }
}

#[test]
fn a_call_that_is_forwarded_shows_what_the_account_wants_and_the_trunk_takes() {
    let diverts = || PlanTrunk {
        redirection: RedirectionStyle::Diversion,
        ..line()
    };
    let check = |trunk: PlanTrunk, policy: ForwardedShows, expected: &str, diverted: bool| {
        let mut world = started(44, 0, trunk, policy);
        world.phones[FIRST].from.uri = format!("sip:{CLIENT_NUMBER}@provider.example");
        world.phones[FIRST].manner = Manner::Answer(s(1));
        world.dial(FIRST, OWN);
        world.run_for(s(6));
        let told = invite(&world);
        assert!(told.starts_with(&format!("INVITE sip:{MOBILE}@")), "{}", world.ladder());
        assert!(shows(&told, expected), "{policy:?}\n{told}");
        assert_eq!(
            told.contains(&format!("Diversion: <sip:{OWN}@192.0.2.10>;")),
            diverted,
            "{told}"
        );
        world.end_calls(FIRST);
        world.run_for(s(40));
        world.close();
    };
    check(diverts(), ForwardedShows::Client, CLIENT_NUMBER, true);
    check(diverts(), ForwardedShows::Stub, "+78123893298", true);
    check(diverts(), ForwardedShows::Did, OWN, false);
    check(line(), ForwardedShows::Client, OWN, false);
    check(line(), ForwardedShows::Stub, OWN, false);
}

/// L43: who forwards and sees no client's number hides it on the way, whatever has answered the client before.
#[test]
fn l43_a_hidden_client_stays_hidden_where_a_greeting_comes_before_the_forwarding() {
    let diverts = || PlanTrunk {
        redirection: RedirectionStyle::Diversion,
        ..line()
    };
    for greets in [false, true] {
        let mut world = started(48, 0, diverts(), ForwardedShows::Client);
        let greeting = Greeting {
            prompt: None,
            says_recorded: greets,
        };
        let mut boris = displays(BORIS, None);
        boris.caller_id.hides_clients = true;
        let own = (AccountId::from_u128(ACCOUNT), e164(OWN), greeting);
        world.input(Input::Plan(Arc::new(DialPlan {
            staff: Arc::new(StaffSection::new(vec![boris], vec![diverts()])),
            menus: Arc::new(MenuSection::default().greeting_callers(vec![own])),
            ..office(diverts(), ForwardedShows::Client)
        })));
        world.phones[FIRST].from.uri = format!("sip:{CLIENT_NUMBER}@provider.example");
        world.phones[FIRST].manner = Manner::Answer(s(1));
        world.dial(FIRST, OWN);
        let sent = |world: &World| !invite(world).is_empty();
        assert!(world.wait_for(s(20), sent), "{}", world.ladder());
        let told = invite(&world);
        assert!(shows(&told, "+78123893298"), "{greets}\n{told}");
        assert_eq!(frontdesk_tests::digits::found_in(&told, CLIENT_NUMBER), None);
        world.run_for(s(5));
        world.end_calls(FIRST);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn an_anonymous_caller_whom_the_provider_asserts_is_recognised_as_a_client_without_a_number() {
    let mut world = started(45, 0, line(), ForwardedShows::Client);
    world.phones[FIRST].from.uri = "sip:anonymous@anonymous.invalid".to_owned();
    world.phones[FIRST].claims = vec![
        (
            "P-Asserted-Identity".into(),
            format!("<sip:{CLIENT_NUMBER}@provider.example>"),
        ),
        ("Privacy".into(), "id".into()),
    ];
    world.dial(FIRST, DISPLAYED);
    world.run_for(s(5));
    let told = &world.sent_to(ANNA_AT, "INVITE")[0];
    assert!(
        told.contains("From: \"ООО «Ромашка»\" <sip:anonymous@anonymous.invalid>"),
        "{told}"
    );
    let all: String = world.all_sent_to(ANNA_AT).collect();
    assert_eq!(frontdesk_tests::digits::found_in(&all, CLIENT_NUMBER), None);
    world.end_calls(FIRST);
    world.close();
    assert_eq!(world.record().client, Some(ClientId::from_u128(77)));
}

/// L35 to L37: a call from the CRM shows the single number, or the staff member's own where the option says so; a call
/// for a visitor of a site always the single one.
#[test]
fn l35_to_l37_calls_that_the_system_begins_show_the_single_number() {
    for (kind, option, expected) in [
        (Ordered::Crm, false, SINGLE),
        (Ordered::Crm, true, DISPLAYED),
        (Ordered::Widget, true, SINGLE),
    ] {
        let mut world = started(47, 0, line(), ForwardedShows::Client);
        let before = office(line(), ForwardedShows::Client);
        let mut anna = displays(ANNA, Some(DISPLAYED));
        anna.caller_id.on_system_calls = option;
        world.input(Input::Plan(Arc::new(DialPlan {
            staff: Arc::new(StaffSection::new(vec![anna], vec![line()])),
            ..before
        })));
        world.phones[ANNA_AT].manner = Manner::Answer(s(1));
        let order = Originate {
            call: CallId::from_u128(7),
            account: AccountId::from_u128(ACCOUNT),
            first: First::Staff(StaffId::from_u128(ANNA.id)),
            to: "+79161112233".into(),
            kind,
        };
        world.input(Input::Operator(OperatorCommand::Originate(Box::new(order))));
        assert!(world.wait_for(s(40), |world| world.together(ANNA_AT, FIRST)));
        assert!(
            shows(&invite(&world), expected),
            "{kind:?} {option}: {}",
            invite(&world)
        );
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}
