//! Calls to and from providers, and what happens when servers fail.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::{CallDirection, Disposition, TrunkRegistration};
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::{AccountId, StaffId, TrunkId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::trunks::{NumberFormat, RedirectionStyle, TrunkCodec, TrunkLimits};
use frontdesk_routing::plan::{DialPlan, FeatureSection, PlanForwarding, PlanTrunk};
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::{rough, weathers};
use frontdesk_tests::world::people::{ACCOUNT, ANNA, BORIS, Person};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{
    ANNA_AT, BORIS_AT, FIRST, GATEWAY, OUTSIDE, OWN, SECOND, plan, provider, state, trunk, world,
};
use frontdesk_tests::world::{World, ms, s};

#[test]
fn staff_call_outside_with_the_providers_credentials() {
    for loss in [0, 5, 20] {
        let mut world = world(8, rough(loss), vec![trunk(1, &["provider.example"], true)]);
        for gateway in [FIRST, SECOND] {
            provider(&mut world, gateway).challenges = true;
        }
        let call = world.dial(ANNA_AT, OUTSIDE);
        world.run_for(s(30));
        // Where the first server's answers are lost for seconds the second one is asked.
        let server = if world.together(ANNA_AT, SECOND) { SECOND } else { FIRST };
        assert!(loss == 20 || server == FIRST);
        assert!(world.together(ANNA_AT, server), "{loss} %\n{}", world.ladder());
        let invites = world.sent_to(server, "INVITE");
        let last = invites.last().expect("an INVITE");
        assert!(
            last.starts_with("INVITE sip:+79161234567@provider.example SIP/2.0\r\n"),
            "{last}"
        );
        assert!(last.contains("Authorization: Digest username=\"line1\""), "{last}");
        assert!(
            last.contains(&format!("P-Asserted-Identity: <sip:{OWN}@provider.example>")),
            "{last}"
        );
        assert!(!last.contains("Anna") && !last.contains("sip:101"), "{last}");
        world.hang_up(ANNA_AT, call);
        world.run_for(s(40));
        world.close();
        let record = world.record();
        assert_eq!(record.direction, CallDirection::Outbound);
        assert_eq!(record.callee.number.as_deref(), Some("+79161234567"));
        assert_eq!(record.callee.trunk, Some(TrunkId::from_u128(1)));
        assert_eq!(record.disposition, Some(Disposition::Answered));
    }
}

#[test]
fn a_provider_hangs_up_and_holds_like_anybody() {
    for weather in weathers() {
        let mut world = world(9, weather, vec![trunk(1, &["192.0.2.10"], false)]);
        world.dial(ANNA_AT, OUTSIDE);
        world.meet(ANNA_AT, FIRST);
        let invite = &world.sent_to(FIRST, "INVITE")[0];
        assert!(
            invite.starts_with("INVITE sip:+79161234567@192.0.2.10:5060 SIP/2.0"),
            "{invite}"
        );
        world.act(FIRST, |phone, now| phone.reinvite(0, "sendonly", now));
        let holds = |world: &World| {
            let heard = world.phones[ANNA_AT].last().heard.as_ref();
            heard.is_some_and(|heard| heard.direction == "sendonly")
        };
        assert!(world.wait_for(s(60), holds), "{}", world.ladder());
        world.end_calls(FIRST);
        world.see_end(ANNA_AT, 0);
        world.close();
    }
}

#[test]
fn a_call_goes_on_to_the_next_server_and_to_the_next_trunk() {
    for weather in weathers() {
        let limit = |fair| if weather.is_fair() { fair } else { s(60) };
        type Failure = fn(&mut World);
        let failures: [(&str, Failure); 3] = [
            ("silence", |world| world.phones[FIRST].gone = true),
            ("503", |world| world.phones[FIRST].manner = Manner::Refuse(503, ms(0))),
            ("mute", |world| {
                world.lose = Some(Box::new(|line| line.phone == "gateway" && line.from_server))
            }),
        ];
        for (what, fail) in failures {
            for trunks in [
                vec![trunk(1, &["provider.example"], false)],
                vec![trunk(1, &["192.0.2.10"], false), trunk(2, &["192.0.2.11"], false)],
            ] {
                let mut world = world(10, weather, trunks);
                fail(&mut world);
                world.dial(ANNA_AT, OUTSIDE);
                assert!(
                    world.wait_for(limit(s(10)), |world| world.together(ANNA_AT, SECOND)),
                    "{what}\n{}",
                    world.ladder()
                );
                world.end_calls(ANNA_AT);
                world.run_for(s(40));
                // The one that failed comes last for a while.
                world.dial(ANNA_AT, OUTSIDE);
                let soon = world.wait_for(limit(s(3)), |world| world.together(ANNA_AT, SECOND));
                assert!(soon, "{what}\n{}", world.ladder());
                world.end_calls(ANNA_AT);
                world.run_for(s(40));
                world.close();
                let records = world.records_of_calls();
                assert!(
                    records[0].because.contains("the next way was tried"),
                    "{}",
                    records[0].because
                );
            }
        }
    }
}

#[test]
fn a_provider_that_refuses_us_is_not_the_end_but_a_refused_number_is() {
    let check = |status: u16, told: u16, tried: usize| {
        for weather in weathers() {
            let mut world = world(
                11,
                weather,
                vec![trunk(1, &["192.0.2.10"], false), trunk(2, &["192.0.2.11"], false)],
            );
            for gateway in [FIRST, SECOND] {
                world.phones[gateway].manner = Manner::Refuse(status, ms(100));
            }
            let call = world.dial(ANNA_AT, OUTSIDE);
            assert_eq!(world.status_of(ANNA_AT, call), told, "{status}\n{}", world.ladder());
            assert_eq!(
                world.phones[FIRST].calls.len() + world.phones[SECOND].calls.len(),
                tried,
                "{status}"
            );
            world.close();
        }
    };
    check(404, 404, 1);
    check(484, 484, 1);
    check(486, 486, 1);
    check(603, 603, 1);
    check(403, 503, 2);
    check(500, 503, 2);
    check(503, 503, 2);
}

#[test]
fn a_full_trunk_is_passed_over_and_when_all_are_full_the_caller_hears_that() {
    for weather in weathers() {
        let limited = |id, host| PlanTrunk {
            limits: TrunkLimits {
                calls: Some(1),
                per_second: None,
            },
            ..trunk(id, &[host], false)
        };
        let mut world = world(12, weather, vec![limited(1, "192.0.2.10"), limited(2, "192.0.2.11")]);
        let first = world.dial(ANNA_AT, OUTSIDE);
        world.meet(ANNA_AT, FIRST);
        world.dial(BORIS_AT, OUTSIDE);
        world.meet(BORIS_AT, SECOND);
        let third = world.dial(ANNA_AT, OUTSIDE);
        assert_eq!(world.status_of(ANNA_AT, third), 503);
        world.hang_up(ANNA_AT, first);
        world.see_end(FIRST, 0);
        world.dial(ANNA_AT, OUTSIDE);
        // A place is free again.
        world.meet(ANNA_AT, FIRST);
        world.end_calls(ANNA_AT);
        world.end_calls(BORIS_AT);
        world.close();
        let refused = world.records_of_calls().into_iter().find(|record| record.status == 503);
        assert!(refused.is_some_and(|record| record.because.contains("carries as many calls as it may")));
    }
}

#[test]
fn a_caller_hears_what_the_network_outside_says_before_the_answer() {
    for weather in weathers() {
        let mut world = world(27, weather, vec![trunk(1, &["provider.example"], false)]);
        world.phones[FIRST].gone = true;
        world.phones[SECOND].early = true;
        world.phones[SECOND].manner = Manner::Answer(s(30));
        let call = world.dial(ANNA_AT, OUTSIDE);
        let limit = if weather.is_fair() { s(7) } else { s(30) };
        let heard = world.wait_for(limit, |world| {
            world.phones[ANNA_AT].call(call).progress.last() == Some(&183)
        });
        assert!(heard, "{}", world.ladder());
        assert!(world.phones[ANNA_AT].call(call).heard.is_some());
        world.meet(ANNA_AT, SECOND);
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_trunk_whose_servers_nobody_knows_keeps_no_caller_waiting() {
    for weather in weathers() {
        let mut world = world(13, weather, vec![trunk(1, &["nowhere.example"], true)]);
        let call = world.dial(ANNA_AT, OUTSIDE);
        let limit = if weather.is_fair() { ms(500) } else { s(60) };
        let refused = world.wait_for(limit, |world| world.phones[ANNA_AT].call(call).status == Some(503));
        assert!(refused, "{}", world.ladder());
        let told = state(&world, 1).and_then(|state| state.registration);
        let Some(TrunkRegistration::Failing { reason, .. }) = told else {
            panic!("{told:?}")
        };
        assert_eq!(reason, "no address of the server is known");
        world.close();
    }
}

#[test]
fn a_call_comes_in_by_the_registration_and_rings_whom_the_number_belongs_to() {
    for loss in [0, 5, 20] {
        let mut world = world(14, rough(loss), vec![trunk(1, &["provider.example"], true)]);
        provider(&mut world, FIRST).by_contact = true;
        // From another port than the one that was registered with: the Contact alone tells.
        world.phones[FIRST].from.uri = "sip:+79165550000@provider.example".to_owned();
        world.dial(FIRST, "74951110001");
        world.run_for(s(30));
        assert!(world.together(FIRST, ANNA_AT), "{loss} %\n{}", world.ladder());
        assert!(world.phones[ANNA_AT].last().shown.1.starts_with("sip:+79165550000@"));
        world.end_calls(FIRST);
        world.run_for(s(40));
        world.close();
        let record = world.record();
        assert_eq!(record.direction, CallDirection::Inbound);
        assert_eq!(record.caller.trunk, Some(TrunkId::from_u128(1)));
        assert_eq!(record.called, "74951110001");
    }
}

#[test]
fn a_call_comes_in_from_a_listed_network_and_a_number_that_is_not_connected_is_404() {
    for weather in weathers() {
        let listed = PlanTrunk {
            provider: None,
            sources: vec!["192.0.2.8/30".parse().expect("a network")],
            ..trunk(1, &[], false)
        };
        let mut world = world(15, weather, vec![listed]);
        let check = |world: &mut World, phone: usize, dialled: &str, expected: u16| {
            let call = world.dial(phone, dialled);
            assert_eq!(world.status_of(phone, call), expected, "{dialled}\n{}", world.ladder());
            world.end_calls(phone);
            world.run_for(s(40));
        };
        check(&mut world, FIRST, OWN, 200);
        check(&mut world, SECOND, "74951110002", 200);
        check(&mut world, FIRST, "+74951119999", 404);
        check(&mut world, FIRST, "101", 404);
        check(&mut world, FIRST, OUTSIDE, 404);
        let challenged = world.sent_to(FIRST, "401 INVITE").len() + world.sent_to(FIRST, "407 INVITE").len();
        assert_eq!(challenged, 0);
        world.close();
    }
}

#[test]
fn a_stranger_who_calls_a_connected_number_is_asked_for_credentials() {
    for weather in weathers() {
        let mut world = world(16, weather, vec![trunk(1, &["provider.example"], true)]);
        let stranger = world.add_phone_at(
            Person {
                name: "stranger",
                ..GATEWAY
            },
            Transport::Udp,
            "192.0.2.77:5060",
        );
        let call = world.dial(stranger, OWN);
        assert_eq!(world.status_of(stranger, call), 401, "{}", world.ladder());
        assert!(world.phones[ANNA_AT].calls.is_empty());
        world.close();
    }
}

#[test]
fn numbers_identity_and_codecs_are_the_trunks() {
    for weather in weathers() {
        let own_way = PlanTrunk {
            numbers_out: NumberFormat::National,
            privacy: true,
            codecs: vec![TrunkCodec::Pcmu],
            ..trunk(1, &["192.0.2.10"], false)
        };
        let mut world = world(17, weather, vec![own_way]);
        world.dial(ANNA_AT, "+79161234567");
        world.meet(ANNA_AT, FIRST);
        let invite = &world.sent_to(FIRST, "INVITE")[0];
        assert!(
            invite.starts_with("INVITE sip:89161234567@192.0.2.10:5060 SIP/2.0"),
            "{invite}"
        );
        assert!(
            invite.contains("From: \"Anonymous\" <sip:anonymous@anonymous.invalid>"),
            "{invite}"
        );
        assert!(
            invite.contains("P-Asserted-Identity: <sip:84951110001@192.0.2.10>"),
            "{invite}"
        );
        assert!(invite.contains("Privacy: id\r\n"), "{invite}");
        assert!(invite.contains(" RTP/AVP 0 ") && !invite.contains("PCMA"), "{invite}");
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_party_is_transferred_to_a_number_outside() {
    for weather in weathers() {
        let sends_on = PlanTrunk {
            redirection: RedirectionStyle::Diversion,
            ..trunk(1, &["192.0.2.10"], false)
        };
        let mut world = world(18, weather, vec![sends_on]);
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        world.act(ANNA_AT, |phone, now| phone.refer(0, OUTSIDE, now));
        world.meet(BORIS_AT, FIRST);
        world.end_calls(BORIS_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_call_that_is_sent_on_outside_says_who_did_that() {
    for weather in weathers() {
        let sends_on = PlanTrunk {
            redirection: RedirectionStyle::Diversion,
            sources: vec!["192.0.2.10/32".parse().expect("a network")],
            ..trunk(1, &["192.0.2.10"], false)
        };
        let mut world = world(20, weather, vec![sends_on.clone()]);
        let always = Forwarding {
            always: PhoneNumber::from_e164("+79161234567").ok().map(Target::Outside),
            ..Forwarding::default()
        };
        let anna = PlanForwarding {
            settings: always,
            mark: 1,
        };
        let forwarding = FeatureSection::new([], [(StaffId::from_u128(ANNA.id), anna)]);
        world.input(Input::Plan(Arc::new(DialPlan {
            features: Arc::new(forwarding),
            ..plan(vec![sends_on])
        })));
        world.phones[FIRST].from.uri = "sip:+74997654321@provider.example".to_owned();
        world.dial(FIRST, OWN);
        let both = world.wait_for(s(60), |world| world.phones[FIRST].states() == [State::Talking; 2]);
        assert!(both, "{}", world.ladder());
        let invite = &world.sent_to(FIRST, "INVITE")[0];
        assert!(
            invite.starts_with("INVITE sip:+79161234567@192.0.2.10:5060 SIP/2.0"),
            "{invite}"
        );
        assert!(invite.contains("From: <sip:+74997654321@192.0.2.10>"), "{invite}");
        assert!(
            invite.contains("Diversion: <sip:+74951110001@192.0.2.10>;reason=unconditional;counter=1"),
            "{invite}"
        );
        assert!(world.phones[ANNA_AT].calls.is_empty());
        world.end_calls(FIRST);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_trunk_brings_no_more_new_calls_a_second_than_it_may_and_its_provider_is_told_why() {
    for weather in weathers() {
        let limited = PlanTrunk {
            sources: vec!["192.0.2.0/24".parse().expect("a network")],
            limits: TrunkLimits {
                calls: None,
                per_second: Some(1),
            },
            ..PlanTrunk {
                provider: None,
                ..trunk(1, &[], false)
            }
        };
        let mut world = world(21, weather, vec![limited]);
        // What is lost comes again in another second: not so all of many.
        let many = if weather.is_fair() { 1 } else { 6 };
        world.dial(FIRST, OWN);
        for _ in 0..many {
            world.dial(SECOND, OWN);
        }
        let statuses = |world: &World| {
            world.phones[SECOND]
                .calls
                .iter()
                .map(|call| call.status)
                .collect::<Vec<_>>()
        };
        let told = world.wait_for(s(60), |world| statuses(world).iter().all(Option::is_some));
        assert!(told && statuses(&world).contains(&Some(503)), "{}", world.ladder());
        let refusal = &world.sent_to(SECOND, "503 INVITE")[0];
        assert!(
            refusal.contains("Reason: Q.850;cause=34;text=\"No circuit available\"\r\n"),
            "{refusal}"
        );
        assert!(refusal.contains("Retry-After: "), "{refusal}");
        world.run_for(s(2));
        let third = world.dial(SECOND, OWN);
        assert_eq!(world.status_of(SECOND, third), 200);
        world.end_calls(FIRST);
        world.end_calls(SECOND);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn companies_that_share_a_provider_are_told_apart_by_the_number() {
    for weather in weathers() {
        let source = vec!["192.0.2.10/32".parse().expect("a network")];
        let theirs = AccountId::from_u128(2);
        let of_theirs = PlanTrunk {
            account: theirs,
            sources: source.clone(),
            ..trunk(1, &[], false)
        };
        let ours = PlanTrunk {
            sources: source,
            ..trunk(2, &[], false)
        };
        let mut world = world(22, weather, vec![of_theirs, ours]);
        world.dial(FIRST, OWN);
        world.meet(FIRST, ANNA_AT);
        let strange = world.dial(FIRST, "+74951119999");
        assert_eq!(world.status_of(FIRST, strange), 404);
        world.end_calls(FIRST);
        world.close();
        let ours = world.records_of_calls().into_iter().find(|record| record.status == 200);
        assert_eq!(ours.map(|record| record.account), Some(AccountId::from_u128(ACCOUNT)));
    }
}

#[test]
fn calls_go_on_through_loss_when_a_server_is_gone() {
    for (seed, loss) in [(23, 5), (24, 20), (25, 20)] {
        let mut world = world(seed, rough(loss), vec![trunk(1, &["provider.example"], true)]);
        world.phones[FIRST].gone = true;
        world.dial(ANNA_AT, OUTSIDE);
        let found = world.wait_for(s(60), |world| world.together(ANNA_AT, SECOND));
        assert!(found, "{loss} %\n{}", world.ladder());
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_caller_who_gives_up_while_servers_are_tried_is_let_go_at_once() {
    for weather in weathers() {
        let mut world = world(26, weather, vec![trunk(1, &["provider.example"], false)]);
        world.phones[FIRST].gone = true;
        world.phones[SECOND].manner = Manner::Ring;
        for wait in [ms(200), s(3), s(5)] {
            let call = world.dial(ANNA_AT, OUTSIDE);
            world.run_for(wait);
            world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
            let limit = if weather.is_fair() { s(2) } else { s(60) };
            let let_go = world.wait_for(limit, |world| world.phones[ANNA_AT].call(call).status == Some(487));
            assert!(let_go, "{}", world.ladder());
        }
        world.run_for(s(60));
        assert!(world.phones[SECOND].calls.iter().all(|call| call.state == State::Over));
        world.close();
    }
}
