use super::*;

fn limited(change: impl FnOnce(&mut QueueSettings)) -> QueueSettings {
    let mut settings = settings(Strategy::Linear);
    change(&mut settings);
    settings
}

#[test]
fn v30_a_full_queue_takes_nobody_and_ringing_calls_count() {
    let mut office = Office::new(limited(|settings| settings.capacity = Some(2)), &[1]);
    office.at_work(&[1]);
    office.join(10);
    office.offers();
    office.join(11);
    let refused = office.join_as(12, SALES, Entrant::default());
    assert_eq!(refused, Err(JoinRefusal::Full));
    office.answer(10, 1);
    office.join(12);
    assert_eq!(office.statistics().counts.turned_away, 1);
}

#[test]
fn v30_a_call_waits_in_one_queue() {
    let mut office = Office::new(settings(Strategy::Linear), &[]);
    office.join(10);
    let again = office.join_as(10, SALES, Entrant::default());
    assert_eq!(again, Err(JoinRefusal::Waiting));
    assert_eq!(office.queues.department_of(call(10)), Some(department(SALES)));
    assert!(office.queues.take_away(call(10)));
    assert!(!office.queues.take_away(call(10)));
    assert!(!office.queues.leave(call(10)));
    assert_eq!(office.statistics().counts.abandoned, 0);
    office.join(10);
}

#[test]
fn v30_an_empty_queue_is_joined_as_the_settings_say() {
    use JoinWhenEmpty::{Always, WhenSomebodyFree, WhenSomebodyWorks};
    // Nobody at work; somebody in a call; somebody free.
    let table = [
        (Always, [true, true, true]),
        (WhenSomebodyWorks, [false, true, true]),
        (WhenSomebodyFree, [false, false, true]),
    ];
    for (rule, admitted) in table {
        let states = [(false, 0), (true, 1), (true, 0)];
        for ((reachable, calls), admitted) in states.into_iter().zip(admitted) {
            let mut office = Office::new(limited(|settings| settings.join_when_empty = rule), &[1]);
            office.report(1, reachable, calls);
            let joined = office.join_as(10, SALES, Entrant::default());
            assert_eq!(joined.is_ok(), admitted, "{rule:?} {reachable} {calls}");
        }
    }
}

#[test]
fn v30_who_has_waited_too_long_leaves_for_the_overflow() {
    let mut office = Office::new(limited(|settings| settings.longest_wait_ms = Some(60_000)), &[1]);
    office.join(10);
    office.later(10_000).join(11);
    assert_eq!(office.queues.deadline(), Some(office.now + 50_000));
    assert_eq!(office.later(49_999).pass(), []);
    assert_eq!(office.later(1).pass(), [(10, ExpiredWhy::LongestWait)]);
    assert_eq!(office.order(), [11]);
    assert_eq!(office.statistics().counts.expired, 1);
}

#[test]
fn v30_the_longest_wait_does_not_pull_a_ringing_call_back() {
    let mut office = Office::new(limited(|settings| settings.longest_wait_ms = Some(30_000)), &[1, 2]);
    office.at_work(&[1, 2]);
    office.join(10);
    office.offers();
    office.later(20_000).ring_out(10);
    assert_eq!(office.offers(), [(10, vec![2])]);
    assert_eq!(office.later(15_000).pass(), []);
    office.later(5_000).ring_out(10);
    // Agent 1 is free, but the caller has waited long enough.
    assert_eq!(office.offers(), []);
    assert!(office.queues.deadline().is_some_and(|at| at <= office.now));
    assert_eq!(office.order(), [10]);
    assert_eq!(office.pass(), [(10, ExpiredWhy::LongestWait)]);
}

#[test]
fn v30_callers_leave_once_nobody_has_worked_for_a_while() {
    let mut office = Office::new(limited(|settings| settings.leave_when_empty_ms = Some(30_000)), &[1, 2]);
    office.at_work(&[1]);
    office.report(1, true, 1);
    office.join(10);
    office.join(11);
    office.report(1, false, 1);
    office.later(20_000).report(2, true, 1);
    assert_eq!(office.queues.deadline(), None);
    office.report(2, false, 0);
    assert_eq!(office.later(29_999).pass(), []);
    let gone = [(10, ExpiredWhy::NobodyWorks), (11, ExpiredWhy::NobodyWorks)];
    assert_eq!(office.later(1).pass(), gone);
    assert_eq!(office.queues.deadline(), None);
    // Who joins a deserted department is given the same time.
    office.join(12);
    assert_eq!(office.queues.deadline(), Some(office.now + 30_000));
}

#[test]
fn v30_a_changed_limit_counts_for_calls_that_wait() {
    let mut office = Office::new(settings(Strategy::Linear), &[1]);
    office.join(10);
    office.later(40_000);
    office.department(SALES, limited(|settings| settings.longest_wait_ms = Some(30_000)), &[1]);
    assert_eq!(office.pass(), [(10, ExpiredWhy::LongestWait)]);
}

#[test]
fn v30_a_caller_who_hangs_up_while_ringing_frees_the_agents() {
    let mut office = Office::new(settings(Strategy::RingAll), &[1, 2]);
    office.at_work(&[1, 2]);
    office.join(10);
    office.join(11);
    office.offers();
    assert!(office.queues.leave(call(10)));
    assert_eq!(office.offers(), [(11, vec![1, 2])]);
    assert!(!office.refuse(10, 1, Refusal::NoAnswer));
    assert!(!office.queues.offer_over(call(10), office.now));
}

#[test]
fn v30_the_service_level_counts_calls_answered_in_time() {
    let mut office = Office::new(limited(|settings| settings.service_level_ms = 20_000), &[1]);
    assert_eq!(office.statistics().counts.service_level(), None);
    office.at_work(&[1]);
    for (id, waited) in [(10, 20_000), (11, 20_001), (12, 0)] {
        office.join(id);
        office.offers();
        office.later(waited).answer(id, 1);
        office.later(100_000).finish(1);
    }
    office.join(13);
    office.queues.leave(call(13));
    let counts = office.statistics().counts;
    assert_eq!((counts.joined, counts.answered, counts.answered_in_time), (4, 3, 2));
    assert_eq!((counts.abandoned, counts.waited_ms), (1, 40_001));
    assert_eq!(counts.service_level(), Some(500));
}

#[test]
fn v30_the_wait_is_foretold_from_the_calls_so_far_and_those_at_work() {
    let mut office = Office::new(limited(|settings| settings.wrap_up_ms = 20_000), &[1, 2]);
    office.at_work(&[1, 2]);
    office.report(2, true, 1);
    office.join(10);
    assert_eq!(office.queues.expected_wait(call(10)), None);
    office.offers();
    office.answer(10, 1);
    office.later(100_000).finish(1);
    office.join(11);
    office.join(12);
    assert_eq!(office.queues.expected_wait(call(11)), Some(60_000));
    assert_eq!(office.queues.expected_wait(call(12)), Some(120_000));
    office.report(1, false, 0);
    office.report(2, false, 0);
    assert_eq!(office.queues.expected_wait(call(12)), None);
}

#[test]
fn v30_the_figures_tell_who_waits_and_who_works() {
    let mut office = Office::new(settings(Strategy::Linear), &[1, 2, 3]);
    office.at_work(&[1, 2]);
    office.report(2, true, 1);
    let began = office.now;
    office.join(10);
    office.later(5).join(11);
    office.offers();
    let statistics = office.statistics();
    assert_eq!((statistics.length, statistics.waiting), (2, 1));
    assert_eq!((statistics.working, statistics.free), (2, 0));
    assert_eq!(statistics.longest_waiting_since, Some(began));
}

#[test]
fn v30_a_clock_that_goes_back_changes_nothing() {
    let mut office = Office::new(limited(|settings| settings.longest_wait_ms = Some(60_000)), &[1]);
    office.join(10);
    office.now -= 500_000;
    let now = Entrant {
        waited_since: u64::MAX,
        ..Entrant::default()
    };
    office.join_as(11, SALES, now).unwrap();
    assert_eq!(office.order(), [10, 11]);
    assert_eq!(office.pass(), []);
}
