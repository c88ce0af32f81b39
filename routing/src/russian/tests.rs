use super::*;
use crate::because::{Because, Ordered};
use crate::caller_id::Source;
use crate::features::Feature;
use crate::forwarding::Condition;
use crate::reception::Skipped;

fn name() -> String {
    "Анна Соколова".to_owned()
}

fn check(because: &Because, expected: &str) {
    assert_eq!(told(&because.to_string()), expected);
}

#[test]
fn sentences_within_sentences_are_told_whole() {
    let short = Because::ShortNumberOf { name: name() };
    let skipped = Because::Skipped {
        whom: Box::new(short.clone()),
        why: Skipped::Busy,
    };
    check(&skipped, "это короткий номер: Анна Соколова, но сейчас занято");
    let closed = Because::Closed {
        name: "Отдел: сбыт".into(),
        until: Some("2026-11-27 09:00".into()),
        known: true,
    };
    check(&closed, "Отдел: сбыт: закрыто до 2026-11-27 09:00");
    let instead = Because::Instead {
        of: Box::new(closed),
        then: Box::new(Because::Forwarded {
            by: name(),
            why: Condition::NoAnswer,
            then: Box::new(short),
        }),
    };
    let whole = "Отдел: сбыт: закрыто до 2026-11-27 09:00, поэтому Анна Соколова переадресует звонки без ответа: \
                 это короткий номер: Анна Соколова";
    check(&instead, whole);
    assert_eq!(told("Анна Соколова does not answer"), "Анна Соколова: не отвечает");
    assert_eq!(
        told("the client's personal manager Анна Соколова has a rest between calls"),
        "персональный менеджер клиента Анна Соколова: отдыхает между звонками"
    );
    assert_eq!(
        told("transferred by 102 to the department Сбыт"),
        "102 переводит в отдел Сбыт"
    );
    assert_eq!(
        told("transferred by an unknown party to 105"),
        "неизвестный переводит на 105"
    );
}

#[test]
fn what_nobody_has_said_stays_as_it_is() {
    for text in ["", "something new", "then", "{}", "is"] {
        assert_eq!(told(text), text);
    }
    let deep = "then ".repeat(1_000);
    assert!(told(&deep).ends_with("then "));
}

/// What has no other reason within it.
fn simple() -> Vec<Because> {
    vec![
        Because::ShortNumberOf { name: name() },
        Because::DepartmentOf {
            name: name(),
            members: 3,
        },
        Because::NumberOf { name: name() },
        Because::NumberOfDepartment {
            name: name(),
            members: 3,
        },
        Because::Menu { name: name() },
        Because::Greets,
        Because::NumberNotConnected,
        Because::Outside { trunk: name() },
        Because::OutsideByRoute {
            route: name(),
            trunk: name(),
        },
        Because::Barred { route: name() },
        Because::Emergency { trunk: name() },
        Because::ForwardedToEmergency,
        Because::NoTrunk,
        Because::NumberUnknown,
        Because::NumberMalformed,
        Because::OwnNumberNoOtherPhone,
        Because::OwnNumberComesBack,
        Because::InCall { name: name() },
        Because::ComesBack,
        Because::NobodyOnline { name: name() },
        Because::NobodyWorks { name: name() },
        Because::LineFull { name: name() },
        Because::Overflow { name: name() },
        Because::DepartmentGone { name: name() },
        Because::WaitedTooLong { name: name() },
        Because::OverflowLoop { name: name() },
        Because::DoNotDisturb { name: name() },
        Because::NoWayTo { name: name() },
        Because::ForwardingLoop { name: name() },
        Because::ForwardedTooOften,
        Because::Ordered(Ordered::Crm),
        Because::Ordered(Ordered::Widget),
        Because::NoHiddenClient,
        Because::HiddenClientNotReached,
        Because::Draining,
        Because::JournalFull,
        Because::NoPort,
        Because::NoCommonCodec,
        Because::TooManyPhones,
    ]
}

/// All that a decision can say, with names in Russian: not an English word is left.
#[test]
fn no_reason_stays_english() {
    let boxed = || Box::new(Because::NumberUnknown);
    let mut all = simple();
    let hours = [None, Some("2026-11-27 09:00".to_owned())];
    for until in hours {
        for known in [false, true] {
            let (name, until) = (name(), until.clone());
            all.push(Because::Closed { name, until, known });
        }
        all.push(Because::Skipped {
            whom: boxed(),
            why: Skipped::OutsideHours { until },
        });
    }
    for why in [
        Skipped::NotInProject { project: name() },
        Skipped::ToggledOff,
        Skipped::AccessEnded,
        Skipped::HoursUnknown,
        Skipped::DoNotDisturb,
        Skipped::NotReachable,
        Skipped::Busy,
    ] {
        all.push(Because::Skipped { whom: boxed(), why });
    }
    for whom in [
        Because::NumberOf { name: name() },
        Because::ShortNumberOf { name: name() },
    ] {
        let (whom, why) = (Box::new(whom), Skipped::ToggledOff);
        let of = Because::Skipped { whom, why };
        all.push(of.clone());
        let then = Box::new(Because::Mailbox { name: name() });
        all.push(Because::Instead { of: Box::new(of), then });
    }
    for why in [
        Condition::Always,
        Condition::Busy,
        Condition::NoAnswer,
        Condition::Offline,
    ] {
        let then = boxed();
        all.push(Because::Forwarded { by: name(), why, then });
    }
    for feature in Feature::ALL {
        all.push(Because::FeatureCode(*feature));
        all.push(Because::FeatureNeedsNumber(*feature));
        all.push(Because::FeatureRefused(*feature, "every place is taken"));
    }
    for source in [
        Source::Displayed,
        Source::Single,
        Source::Emergency,
        Source::Place,
        Source::Did,
        Source::Client,
        Source::Stub,
        Source::Trunk,
    ] {
        all.push(Because::Shows(source));
    }
    for because in all {
        let (english, russian) = (because.to_string(), told(&because.to_string()));
        let left = russian.replace("Vip", "");
        assert!(
            !left.bytes().any(|byte| byte.is_ascii_alphabetic()),
            "{english} -> {russian}"
        );
    }
}
