use MenuEvent::{Heard, Key, Silence};

use super::*;
use crate::ids::{AccountId, DepartmentId, MenuId, PromptId, StaffId};

const ANNA: Destination = Destination::Staff(StaffId::from_u128(1));
const SALES: Destination = Destination::Department(DepartmentId::from_u128(1));
const SAY: MenuStep = MenuStep::Say { wrong: false };
const WRONG: MenuStep = MenuStep::Say { wrong: true };
const WAIT: MenuStep = MenuStep::Wait { ms: 5_000 };
const MORE: MenuStep = MenuStep::Wait { ms: 2_000 };

fn account() -> AccountId {
    AccountId::from_u128(1)
}

fn menu() -> PlanMenu {
    PlanMenu {
        keys: [('1', Some(SALES)), ('2', Some(ANNA)), ('*', None)].into(),
        retries: 1,
        on_timeout: Some(SALES),
        on_invalid: None,
        ..PlanMenu::new(MenuId::from_u128(1), account(), "Main".into(), PromptId::from_u128(1))
    }
}

fn dialling() -> PlanMenu {
    PlanMenu {
        dials_short: true,
        ..menu()
    }
}

/// Anna is 101, the department Sales 2000, the menu itself 20.
fn known(digits: &str) -> Dialled {
    let all = [
        ("101", ANNA),
        ("2000", SALES),
        ("20", Destination::Menu(MenuId::from_u128(1))),
    ];
    let to = all.iter().find(|(number, _)| *number == digits).map(|(_, to)| *to);
    let longer = all
        .iter()
        .any(|(number, _)| number.len() > digits.len() && number.starts_with(digits));
    Dialled { to, longer }
}

/// What the last of the events comes to.
fn check(menu: &PlanMenu, events: &[MenuEvent], expected: MenuStep) {
    let mut session = MenuSession::new(menu);
    let last = events.iter().map(|event| session.step(menu, *event, &known)).last();
    assert_eq!(last, Some(expected), "{events:?}");
}

fn go(to: impl Into<Option<Destination>>, how: How) -> MenuStep {
    MenuStep::Go { to: to.into(), how }
}

#[test]
fn a_key_is_taken_while_the_prompt_is_said_and_after_it() {
    let menu = menu();
    check(&menu, &[Heard], WAIT);
    check(&menu, &[Key('1')], go(SALES, How::Key('1')));
    check(&menu, &[Heard, Key('2')], go(ANNA, How::Key('2')));
    check(&menu, &[Heard, Key('*')], go(None, How::Key('*')));
    check(&menu, &[Key('A')], MenuStep::Nothing);
    check(&menu, &[Heard, Heard], MenuStep::Nothing);
    check(&menu, &[Silence], WAIT);
}

#[test]
fn the_prompt_is_said_again_as_often_as_set_and_then_the_call_goes_on() {
    let menu = menu();
    check(&menu, &[Heard, Silence], SAY);
    check(&menu, &[Heard, Silence, Heard], WAIT);
    check(&menu, &[Heard, Silence, Heard, Silence], go(SALES, How::Timeout));
    check(&menu, &[Key('7')], WRONG);
    check(&menu, &[Key('#')], WRONG);
    check(&menu, &[Key('7'), Key('1')], go(SALES, How::Key('1')));
    check(&menu, &[Key('7'), Key('7')], go(None, How::Invalid));
    check(&menu, &[Heard, Silence, Key('7')], go(None, How::Invalid));
    let hasty = PlanMenu {
        retries: 0,
        ..menu.clone()
    };
    check(&hasty, &[Heard, Silence], go(SALES, How::Timeout));
}

#[test]
fn a_short_number_is_dialled_digit_by_digit_and_a_key_waits_for_more() {
    let menu = dialling();
    check(&menu, &[Key('1')], MORE);
    check(&menu, &[Key('1'), Silence], go(SALES, How::Key('1')));
    check(&menu, &[Key('1'), Key('#')], go(SALES, How::Key('1')));
    check(&menu, &[Key('1'), Key('0')], MORE);
    check(&menu, &[Key('1'), Key('0'), Silence], WRONG);
    let anna = go(ANNA, How::Short("101".to_owned()));
    check(&menu, &[Key('1'), Key('0'), Key('1')], anna);
    check(&menu, &[Key('1'), Key('1')], WRONG);
    let own = go(Destination::Menu(MenuId::from_u128(1)), How::Short("20".to_owned()));
    check(&menu, &[Key('2'), Key('0')], MORE);
    check(&menu, &[Key('2'), Key('0'), Silence], own.clone());
    check(&menu, &[Key('2'), Key('0'), Key('#')], own);
    let sales = go(SALES, How::Short("2000".to_owned()));
    check(&menu, &[Key('2'), Key('0'), Key('0'), Key('0')], sales);
    check(&menu, &[Key('2'), Key('*')], WRONG);
    check(&menu, &[Key('9')], WRONG);
    check(&menu, &[Key('*')], go(None, How::Key('*')));
}

/// However a caller presses keys or does not, a menu is left after so many prompts.
#[test]
fn no_caller_stays_in_a_menu_for_ever() {
    let menu = PlanMenu {
        retries: 3,
        ..dialling()
    };
    let events = [Heard, Silence, Key('9'), Key('1'), Key('*'), Key('#')];
    for seed in 0..4_000_usize {
        let mut session = MenuSession::new(&menu);
        let (mut state, mut said, mut left) = (seed, 1, false);
        for _ in 0..60 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            match session.step(&menu, events[(state >> 33) % events.len()], &known) {
                MenuStep::Say { .. } => said += 1,
                MenuStep::Go { .. } => {
                    left = true;
                    break;
                }
                MenuStep::Wait { .. } | MenuStep::Nothing => {}
            }
        }
        assert!(left && said <= 4, "{seed}: {said}");
    }
}
