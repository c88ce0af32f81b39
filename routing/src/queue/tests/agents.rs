use super::*;

fn resting(wrap_up_ms: u64, pause_after_missed_ms: u64) -> QueueSettings {
    QueueSettings {
        wrap_up_ms,
        pause_after_missed_ms,
        ..settings(Strategy::Linear)
    }
}

#[test]
fn v30_an_agent_wraps_up_after_a_call() {
    let mut office = Office::new(resting(30_000, 0), &[1]);
    office.at_work(&[1]);
    office.join(10);
    office.join(11);
    assert_eq!(office.offers(), [(10, vec![1])]);
    office.answer(10, 1);
    office.later(60_000).finish(1);
    assert_eq!(office.offers(), []);
    assert_eq!(office.queues.deadline(), Some(office.now + 30_000));
    assert_eq!(office.later(29_999).offers(), []);
    assert_eq!(office.later(1).offers(), [(11, vec![1])]);
}

#[test]
fn v30_an_agent_can_end_the_wrap_up() {
    let mut office = Office::new(resting(30_000, 0), &[1]);
    office.at_work(&[1]);
    office.join(10);
    office.offers();
    office.answer(10, 1);
    office.finish(1);
    let until = office.now + 30_000;
    let rest = Rest {
        until,
        reason: RestReason::WrapUp,
    };
    assert_eq!(office.queues.agent(staff(1)).unwrap().rest, Some(rest));
    office.join(11);
    assert!(office.queues.end_of_rest(staff(1), office.now));
    assert!(!office.queues.end_of_rest(staff(1), office.now));
    assert_eq!(office.offers(), [(11, vec![1])]);
    assert_eq!(office.queues.deadline(), None);
}

#[test]
fn v30_a_missed_offer_pauses_and_a_declined_one_rests_as_long_as_the_retry() {
    for (why, rest) in [
        (Refusal::NoAnswer, 90_000),
        (Refusal::Declined, 5_000),
        (Refusal::Busy, 5_000),
        (Refusal::Unreachable, 5_000),
    ] {
        let mut office = Office::new(resting(0, 90_000), &[1]);
        office.at_work(&[1]);
        office.join(10);
        office.offers();
        assert!(office.refuse(10, 1, why));
        assert_eq!(office.later(rest - 1).offers(), [], "{why:?}");
        assert_eq!(office.later(1).offers(), [(10, vec![1])], "{why:?}");
    }
}

#[test]
fn v30_a_phone_that_refuses_at_once_is_not_called_in_a_circle() {
    let hasty = QueueSettings {
        ring_time_ms: 0,
        retry_ms: 0,
        ..settings(Strategy::RingAll)
    };
    let mut office = Office::new(hasty, &[1]);
    office.at_work(&[1]);
    office.join(10);
    assert_eq!(office.offers(), [(10, vec![1])]);
    office.refuse(10, 1, Refusal::Busy);
    assert_eq!(office.later(SHORTEST_MS - 1).offers(), []);
    assert_eq!(office.later(1).offers(), [(10, vec![1])]);
}

#[test]
fn v30_a_phone_that_comes_back_gets_the_waiting_call_at_once() {
    let mut office = Office::new(resting(0, 0), &[1]);
    office.at_work(&[1]);
    office.join(10);
    office.offers();
    office.refuse(10, 1, Refusal::Unreachable);
    office.report(1, false, 0);
    office.later(10).report(1, true, 0);
    assert_eq!(office.offers(), [(10, vec![1])]);
    office.refuse(10, 1, Refusal::Declined);
    office.report(1, false, 0);
    office.report(1, true, 0);
    assert_eq!(office.offers(), []);
}

#[test]
fn v30_an_agent_takes_as_many_calls_at_once_as_allowed() {
    let mut office = Office::new(settings(Strategy::Linear), &[]);
    let two = Member {
        calls_at_once: 2,
        ..Member::new(staff(1))
    };
    let linear = settings(Strategy::Linear);
    office.queues.set_department(department(SALES), linear, vec![two]);
    office.at_work(&[1]);
    for id in [10, 11, 12] {
        office.join(id);
    }
    assert_eq!(office.offers(), [(10, vec![1])]);
    office.answer(10, 1);
    // Told before or after, the answered call counts once.
    office.report(1, true, 1);
    assert_eq!(office.offers(), [(11, vec![1])]);
    office.report(1, true, 2);
    office.answer(11, 1);
    assert_eq!(office.offers(), []);
    office.finish(1);
    office.report(1, true, 1);
    assert_eq!(office.offers(), [(12, vec![1])]);
}

#[test]
fn v30_an_answered_call_keeps_the_agent_before_it_is_reported() {
    let mut office = Office::new(settings(Strategy::Linear), &[1]);
    office.at_work(&[1]);
    office.join(10);
    office.join(11);
    office.offers();
    office.answer(10, 1);
    assert_eq!(office.offers(), []);
    assert_eq!(office.queues.agent(staff(1)).unwrap().serves[..], [department(SALES)]);
    office.finish(1);
    assert!(!office.queues.finished(call(10), office.now));
    assert_eq!(office.offers(), [(11, vec![1])]);
}

#[test]
fn v30_a_call_that_its_agent_sends_on_to_a_line_keeps_them_no_longer() {
    let mut wrap_up = settings(Strategy::Linear);
    wrap_up.wrap_up_ms = 10_000;
    let mut office = Office::new(wrap_up, &[1]);
    office.department(SUPPORT, settings(Strategy::Linear), &[2]);
    office.at_work(&[1, 2]);
    office.join(10);
    office.offers();
    office.answer(10, 1);
    office.later(30_000).join_as(10, SUPPORT, Entrant::default()).unwrap();
    assert_eq!(office.offers(), [(10, vec![2])]);
    office.answer(10, 2);
    // They wrap up as after any call.
    office.join(11);
    assert_eq!(office.offers(), []);
    office.later(10_000);
    assert_eq!(office.offers(), [(11, vec![1])]);
    // A call that is not let into the line is still theirs.
    let nowhere = office.join_as(10, 99, Entrant::default());
    assert_eq!(nowhere, Err(JoinRefusal::Unknown));
    assert_eq!(office.queues.agent(staff(2)).unwrap().serves[..], [department(SUPPORT)]);
}

#[test]
fn v30_a_call_of_ones_own_makes_an_agent_unfree_in_every_department() {
    let mut office = Office::new(settings(Strategy::Linear), &[1]);
    office.department(SUPPORT, settings(Strategy::Linear), &[1]);
    office.at_work(&[1]);
    office.report(1, true, 1);
    office.join(10);
    office.join_as(11, SUPPORT, Entrant::default()).unwrap();
    assert_eq!(office.offers(), []);
    office.report(1, true, 0);
    assert_eq!(office.offers(), [(10, vec![1])]);
}

#[test]
fn v30_an_agent_who_is_not_reachable_gets_nothing() {
    let mut office = Office::new(settings(Strategy::Linear), &[1, 2]);
    office.join(10);
    assert_eq!(office.offers(), []);
    office.report(2, false, 0);
    assert_eq!(office.offers(), []);
    office.at_work(&[2]);
    assert_eq!(office.offers(), [(10, vec![2])]);
}

#[test]
fn v30_somebody_else_may_answer_and_the_ringing_agents_are_free_again() {
    let mut office = Office::new(settings(Strategy::RingAll), &[1, 2]);
    office.at_work(&[1, 2]);
    office.join(10);
    office.join(11);
    assert_eq!(office.offers(), [(10, vec![1, 2])]);
    office.answer(10, 7);
    assert_eq!(office.offers(), [(11, vec![1, 2])]);
    assert!(!office.queues.answered(call(10), staff(1), office.now));
}
