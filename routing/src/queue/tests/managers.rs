use super::*;

/// Sales is 1 and 2; 5 is a manager who is no member.
fn office() -> Office {
    let mut office = Office::new(settings(Strategy::Linear), &[1, 2]);
    office.at_work(&[1, 2, 5]);
    office
}

fn client_of(manager: u128) -> Entrant {
    Entrant {
        manager: Some(staff(manager)),
        ..Entrant::default()
    }
}

#[test]
fn v12_a_client_goes_to_the_personal_manager_first() {
    let mut office = office();
    office.join_as(10, SALES, client_of(2)).unwrap();
    office.join_as(11, SALES, client_of(5)).unwrap();
    assert_eq!(office.offers(), [(10, vec![2]), (11, vec![5])]);
}

#[test]
fn v12_a_manager_who_does_not_answer_leaves_the_client_their_place() {
    let mut office = office();
    office.report(1, true, 1);
    office.report(2, true, 1);
    office.join_as(10, SALES, client_of(5)).unwrap();
    office.later(1).join(11);
    assert_eq!(office.offers(), [(10, vec![5])]);
    office.later(20_000).ring_out(10);
    assert_eq!(office.order(), [10, 11]);
    // The manager has had the call; it is the department's now.
    assert_eq!(office.later(60_000).offers(), []);
    office.report(1, true, 0);
    assert_eq!(office.offers(), [(10, vec![1])]);
}

#[test]
fn v12_a_client_does_not_wait_for_a_manager_who_is_in_a_call() {
    let mut office = office();
    office.report(2, true, 1);
    office.join_as(10, SALES, client_of(2)).unwrap();
    assert_eq!(office.offers(), [(10, vec![1])]);
}

#[test]
fn v12_a_manager_who_becomes_free_gets_their_client_who_still_waits() {
    let mut office = office();
    for person in [1, 2, 5] {
        office.report(person, true, 1);
    }
    office.join(10);
    office.join_as(11, SALES, client_of(5)).unwrap();
    office.join_as(12, SALES, client_of(2)).unwrap();
    assert_eq!(office.offers(), []);
    office.report(5, true, 0);
    assert_eq!(office.offers(), [(11, vec![5])]);
    // 2 serves everybody: having a manager moves 12 ahead of nobody.
    office.report(2, true, 0);
    assert_eq!(office.offers(), [(10, vec![2])]);
}

#[test]
fn v12_the_callers_turn_comes_with_both_free_and_the_manager_is_preferred() {
    let mut office = office();
    office.report(1, false, 0);
    office.report(2, false, 0);
    office.join_as(10, SALES, client_of(2)).unwrap();
    office.report(2, true, 0);
    office.report(1, true, 0);
    assert_eq!(office.offers(), [(10, vec![2])]);
}

#[test]
fn v12_a_manager_is_in_one_offer_at_a_time() {
    let mut office = office();
    office.join_as(10, SALES, client_of(5)).unwrap();
    office.join_as(11, SALES, client_of(5)).unwrap();
    assert_eq!(office.offers(), [(10, vec![5]), (11, vec![1])]);
    office.answer(10, 5);
    assert_eq!(office.offers(), []);
}

#[test]
fn v12_a_free_manager_opens_a_department_where_nobody_works() {
    let shut = QueueSettings {
        join_when_empty: JoinWhenEmpty::WhenSomebodyWorks,
        ..settings(Strategy::Linear)
    };
    let mut office = Office::new(shut, &[1]);
    office.at_work(&[5]);
    let refused = office.join_as(10, SALES, Entrant::default());
    assert_eq!(refused, Err(JoinRefusal::Empty));
    office.join_as(10, SALES, client_of(5)).unwrap();
    assert_eq!(office.offers(), [(10, vec![5])]);
    let refused = office.join_as(11, SALES, client_of(5));
    assert_eq!(refused, Err(JoinRefusal::Empty));
}

#[test]
fn v12_a_manager_nobody_heard_of_is_no_obstacle_and_leaves_no_trace() {
    let mut office = office();
    office.report(1, true, 1);
    office.report(2, true, 1);
    office.join_as(10, SALES, client_of(99)).unwrap();
    assert!(office.queues.agent(staff(99)).is_some());
    office.queues.leave(call(10));
    assert_eq!(office.queues.agent(staff(99)), None);
}

#[test]
fn v12_another_manager_gets_a_client_who_waits() {
    let mut office = office();
    for person in [1, 2, 5] {
        office.report(person, true, 1);
    }
    office.join_as(10, SALES, client_of(5)).unwrap();
    assert_eq!(office.queues.managers().collect::<Vec<_>>(), [staff(5)]);
    assert!(office.queues.set_manager(call(10), Some(staff(2))));
    office.report(5, true, 0);
    assert_eq!(office.offers(), [], "nobody's client any more");
    office.report(2, true, 0);
    assert_eq!(office.offers(), [(10, vec![2])]);
    // It rings on, and is the department's when nobody answers.
    assert!(office.queues.set_manager(call(10), None));
    office.later(20_000).ring_out(10);
    assert_eq!(office.queues.managers().count(), 0);
    office.report(1, true, 0);
    assert_eq!(office.offers(), [(10, vec![1])]);
    assert!(!office.queues.set_manager(call(11), None));
}
