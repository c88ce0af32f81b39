//! People who take calls at a telephone outside: calls that it sends back to us, and calls while it talks.

use std::sync::Arc;

use frontdesk::engine::input::{First, Input};
use frontdesk_routing::because::Ordered;
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::StaffId;
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::trunks::RedirectionStyle;
use frontdesk_routing::plan::{DialPlan, FeatureSection, Method, PlanForwarding, PlanTrunk};
use frontdesk_tests::world::net::FAIR;
use frontdesk_tests::world::people::{ANNA, CLARA, DAVID};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{ANNA_AT, BORIS_AT, FIRST, OWN, SECOND, trunk};
use frontdesk_tests::world::{World, ms, s};

use crate::reception::{mobile, mobile_plan};

/// L29: a telephone whose own forwarding sends the call back to us, though it shows its caller.
#[test]
fn l29_a_call_that_the_rung_telephone_sends_back_is_a_loop() {
    let brings = PlanTrunk {
        provider: None,
        sources: vec!["192.0.2.10/32".parse().expect("a network")],
        ..trunk(1, &[], false)
    };
    let takes = PlanTrunk {
        redirection: RedirectionStyle::Diversion,
        shown_number: PhoneNumber::from_e164("+74951110009").ok(),
        ..trunk(2, &["192.0.2.11"], false)
    };
    let mut world = mobile(15, FAIR, vec![brings, takes], Method::Mobile);
    world.phones[SECOND].manner = Manner::Ring;
    let came = |world: &mut World, from: &str, claim: Option<(&'static str, &str)>, to: &str| {
        world.phones[FIRST].from.uri = format!("sip:{from}@provider.example");
        world.phones[FIRST].claims = claim
            .map(|(name, value)| (name.into(), value.to_owned()))
            .into_iter()
            .collect();
        let call = world.dial(FIRST, to);
        world.run_for(s(3));
        call
    };
    let (client, other) = ("+74997654321", "+74951110002");
    let first = came(&mut world, client, None, OWN);
    assert!(
        world.sent_to(SECOND, "INVITE")[0].contains(client),
        "{}",
        world.ladder()
    );
    for (from, claim, to, loops) in [
        (client, None, OWN, true),
        (client, None, other, false),
        (
            client,
            Some(("Diversion", "<sip:+79161234567@m.example>;reason=unconditional")),
            other,
            true,
        ),
        (
            client,
            Some(("History-Info", "<sip:+79161234567@m.example>;index=1")),
            other,
            true,
        ),
        (
            client,
            Some(("Diversion", "<sip:+79990001122@m.example>")),
            other,
            false,
        ),
        (
            "+74997654322",
            Some(("Diversion", "<sip:+79161234567@m.example>")),
            other,
            false,
        ),
        ("+74997654322", None, OWN, false),
        ("+74951110009", None, other, true),
    ] {
        let call = came(&mut world, from, claim, to);
        let status = world.phones[FIRST].call(call).status;
        assert_eq!(status == Some(482), loops, "{from} {claim:?} {to}: {status:?}");
        if !loops && world.phones[FIRST].call(call).state != State::Over {
            let talks = world.phones[FIRST].call(call).state == State::Talking;
            world.act(FIRST, |phone, now| match talks {
                true => phone.hang_up(call, now),
                false => phone.cancel(call, now),
            });
            world.run_for(s(3));
        }
    }
    world.act(FIRST, |phone, now| phone.cancel(first, now));
    world.run_for(s(3));
    let again = came(&mut world, client, None, OWN);
    assert_eq!(
        world.phones[FIRST].call(again).state,
        State::Calling,
        "the first one is over"
    );
    world.act(FIRST, |phone, now| phone.cancel(again, now));
    world.run_for(s(40));
    world.close();
}

/// A person has one telephone: while it talks, or rings, further calls find the person busy and go where such calls go.
#[test]
fn whoever_talks_on_a_mobile_telephone_is_busy() {
    let line = || vec![trunk(1, &["192.0.2.10"], false)];
    let mut world = mobile(16, FAIR, line(), Method::Mobile);
    let clara = world.add_phone(CLARA);
    world.register(clara);
    world.run_for(s(3));
    world.phones[FIRST].manner = Manner::Answer(s(2));
    world.dial(BORIS_AT, ANNA.number);
    assert!(
        world.wait_for(s(10), |world| world.together(BORIS_AT, FIRST)),
        "{}",
        world.ladder()
    );
    let busy = world.dial(clara, ANNA.number);
    world.run_for(s(3));
    assert_eq!(world.phones[clara].call(busy).status, Some(486), "{}", world.ladder());
    world.order(
        4_711,
        First::Staff(StaffId::from_u128(ANNA.id)),
        CLARA.number,
        Ordered::Crm,
    );
    world.run_for(s(3));
    assert_eq!(
        world.phones[FIRST].calls.len(),
        1,
        "a click makes no second call either"
    );

    let set = PlanForwarding {
        settings: Forwarding {
            busy: ShortNumber::read(DAVID.number).ok().map(Target::Short),
            ..Forwarding::default()
        },
        mark: 1,
    };
    let david = world.add_phone(DAVID);
    world.register(david);
    world.run_for(s(3));
    world.phones[david].manner = Manner::Answer(ms(500));
    world.input(Input::Plan(Arc::new(DialPlan {
        features: Arc::new(FeatureSection::new([], [(StaffId::from_u128(ANNA.id), set)])),
        ..mobile_plan(line(), Method::Mobile)
    })));
    world.dial(clara, ANNA.number);
    assert!(
        world.wait_for(s(10), |world| world.together(clara, david)),
        "{}",
        world.ladder()
    );
    world.end_calls(clara);
    world.end_calls(BORIS_AT);
    world.run_for(s(3));
    world.dial(clara, ANNA.number);
    assert!(
        world.wait_for(s(10), |world| world.together(clara, FIRST)),
        "free again"
    );
    world.end_calls(clara);
    world.run_for(s(3));
    assert!(world.phones[ANNA_AT].calls.is_empty());
    world.close();
}
