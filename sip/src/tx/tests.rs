//! The four machines as whole tables: state, input -> next state, act, timers. What a table does not show does nothing.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use super::Reliability::{self, Reliable, Unreliable};
use super::timer::{Timer, TimerQueue};
use super::{Step, client, client_invite, server, server_invite};

#[track_caller]
fn check<State, Input, Act>(
    (states, inputs): (&[State], &[Input]),
    step: fn(State, Input, Reliability) -> Step<State, Act>,
    expected: &str,
) where
    State: Copy + Debug + PartialEq,
    Input: Copy + Debug,
    Act: Debug,
{
    let row = |state, input, reliability| {
        let step = step(state, input, reliability);
        let timers: String = step.arm.iter().map(|timer| format!(" +{timer:?}")).collect();
        let row = format!("-> {:?} {:?}{timers}", step.next, step.act);
        (row != format!("-> {state:?} Nothing")).then_some(row)
    };
    let mut rows = Vec::new();
    for state in states {
        for input in inputs {
            let [unreliable, reliable] = [Unreliable, Reliable].map(|over| row(*state, *input, over));
            let same = unreliable == reliable;
            if let Some(row) = &unreliable {
                rows.push(format!("{state:?} {input:?}{} {row}", if same { "" } else { " udp" }));
            }
            if let Some(row) = reliable.filter(|_| !same) {
                rows.push(format!("{state:?} {input:?} tcp {row}"));
            }
        }
    }
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(rows, expected, "\n{}", rows.join("\n"));
}

#[test]
fn an_invite_client_follows_rfc_3261_figure_5_and_rfc_6026() {
    use client_invite::{Input, State, step};
    let states = [
        State::Calling,
        State::Proceeding,
        State::Accepted,
        State::Completed,
        State::Terminated,
    ];
    let timers = [Timer::A, Timer::B, Timer::D, Timer::M, Timer::CancelGiveUp].map(Input::Timer);
    let inputs = [
        vec![Input::Provisional, Input::Success, Input::Failure],
        timers.to_vec(),
    ]
    .concat();
    check(
        (&states, &inputs),
        step,
        "
        Calling Provisional -> Proceeding Deliver
        Calling Success -> Accepted Deliver +M
        Calling Failure udp -> Completed AckAndDeliver +D
        Calling Failure tcp -> Terminated AckAndDeliver
        Calling Timer(A) -> Calling Resend +A
        Calling Timer(B) -> Terminated GiveUp
        Calling Timer(CancelGiveUp) -> Terminated GiveUp
        Proceeding Provisional -> Proceeding Deliver
        Proceeding Success -> Accepted Deliver +M
        Proceeding Failure udp -> Completed AckAndDeliver +D
        Proceeding Failure tcp -> Terminated AckAndDeliver
        Proceeding Timer(CancelGiveUp) -> Terminated GiveUp
        Accepted Success -> Accepted Deliver
        Accepted Timer(M) -> Terminated Nothing
        Completed Failure -> Completed Ack
        Completed Timer(D) -> Terminated Nothing
        ",
    );
}

#[test]
fn a_client_follows_rfc_3261_figure_6() {
    use client::{Input, State, step};
    let states = [State::Trying, State::Proceeding, State::Completed, State::Terminated];
    let timers = [Timer::E, Timer::F, Timer::K].map(Input::Timer);
    let inputs = [vec![Input::Provisional, Input::Final], timers.to_vec()].concat();
    check(
        (&states, &inputs),
        step,
        "
        Trying Provisional -> Proceeding Nothing
        Trying Final udp -> Completed Deliver +K
        Trying Final tcp -> Terminated Deliver
        Trying Timer(E) -> Trying Resend +E
        Trying Timer(F) -> Terminated GiveUp
        Proceeding Final udp -> Completed Deliver +K
        Proceeding Final tcp -> Terminated Deliver
        Proceeding Timer(E) -> Proceeding ResendSlowly +E
        Proceeding Timer(F) -> Terminated GiveUp
        Completed Timer(K) -> Terminated Nothing
        ",
    );
}

#[test]
fn an_invite_server_follows_rfc_3261_figure_7_and_rfc_6026() {
    use server_invite::{Input, State, step};
    let states = [
        State::Proceeding,
        State::Accepted,
        State::Completed,
        State::Confirmed,
        State::Terminated,
    ];
    let named = vec![
        Input::Request,
        Input::Provisional,
        Input::Success,
        Input::Failure,
        Input::Challenge,
        Input::Ack,
    ];
    let timers = [
        Timer::Trying,
        Timer::RingRefresh,
        Timer::Success,
        Timer::G,
        Timer::H,
        Timer::I,
        Timer::L,
    ];
    let inputs = [named, timers.map(Input::Timer).to_vec()].concat();
    check(
        (&states, &inputs),
        step,
        "
        Proceeding Request -> Proceeding Resend
        Proceeding Provisional -> Proceeding Send
        Proceeding Success -> Accepted Send +Success +L
        Proceeding Failure udp -> Completed Send +G +H
        Proceeding Failure tcp -> Completed Send +H
        Proceeding Challenge -> Terminated Send
        Proceeding Timer(Trying) -> Proceeding Trying
        Proceeding Timer(RingRefresh) -> Proceeding Resend +RingRefresh
        Accepted Timer(Success) -> Accepted Resend +Success
        Accepted Timer(L) -> Terminated Expire
        Completed Request -> Completed Resend
        Completed Ack udp -> Confirmed Nothing +I
        Completed Ack tcp -> Terminated Nothing
        Completed Timer(G) -> Completed Resend +G
        Completed Timer(H) -> Terminated Nothing
        Confirmed Timer(I) -> Terminated Nothing
        ",
    );
}

#[test]
fn a_server_follows_rfc_3261_figure_8_and_rfc_4320() {
    use server::{Input, State, step};
    let states = [State::Trying, State::Proceeding, State::Completed, State::Terminated];
    let inputs = [
        Input::Request,
        Input::Provisional,
        Input::Final,
        Input::Challenge,
        Input::TooLate,
        Input::Timer(Timer::J),
    ];
    check(
        (&states, &inputs),
        step,
        "
        Trying Provisional -> Proceeding Send
        Trying Final udp -> Completed Send
        Trying Final tcp -> Terminated Send
        Trying Challenge -> Terminated Send
        Trying TooLate -> Terminated Nothing
        Trying Timer(J) -> Terminated Nothing
        Proceeding Request -> Proceeding Resend
        Proceeding Provisional -> Proceeding Send
        Proceeding Final udp -> Completed Send
        Proceeding Final tcp -> Terminated Send
        Proceeding Challenge -> Terminated Send
        Proceeding TooLate -> Terminated Nothing
        Proceeding Timer(J) -> Terminated Nothing
        Completed Request -> Completed Resend
        Completed Timer(J) -> Terminated Nothing
        ",
    );
}

#[test]
fn only_datagrams_start_retransmission_timers() {
    assert_eq!(client_invite::start(Unreliable), [Timer::A, Timer::B]);
    assert_eq!(client_invite::start(Reliable), [Timer::B]);
    assert_eq!(client::start(Unreliable), [Timer::E, Timer::F]);
    assert_eq!(client::start(Reliable), [Timer::F]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "any instant will do")]
fn timers_run_out_in_the_order_of_their_instants_and_equal_ones_in_a_fixed_order() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let mut queue = TimerQueue::default();
    queue.arm(Timer::B, 1, at(20));
    queue.arm(Timer::E, 3, at(10));
    queue.arm(Timer::A, 2, at(10));
    queue.arm(Timer::A, 1, at(10));
    assert_eq!(queue.deadline(), Some(at(10)));
    assert!(queue.pop(at(9)).is_none(), "nothing is due yet");
    let order: Vec<_> = std::iter::from_fn(|| queue.pop(at(15)))
        .map(|due| (due.timer, due.owner))
        .collect();
    assert_eq!(order, [(Timer::A, 1), (Timer::A, 2), (Timer::E, 3)]);
    assert_eq!((queue.len(), queue.deadline()), (1, Some(at(20))));
}
