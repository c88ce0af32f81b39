//! The INVITE server transaction: RFC 3261 section 17.2.1 with RFC 6026 section 8.7.

use super::timer::Timer;
use super::{Reliability, Step};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Proceeding,
    Accepted,
    Completed,
    Confirmed,
    Terminated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// The INVITE again.
    Request,
    Provisional,
    Success,
    Failure,
    /// 401 or 407 before anything else was sent: the caller asks again, so nothing is kept (RFC 3261 section 8.2.7).
    Challenge,
    /// The ACK of a response that is not 2xx.
    Ack,
    Timer(Timer),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Nothing,
    /// Sends the owner's response.
    Send,
    /// Sends the last response again; 100 when there was none.
    Resend,
    /// Sends 100, unless something was sent.
    Trying,
    /// The 2xx was never acknowledged, or nobody cares.
    Expire,
}

pub(crate) fn start() -> &'static [Timer] {
    &[Timer::Trying]
}

pub(crate) fn step(state: State, input: Input, reliability: Reliability) -> Step<State, Act> {
    match (state, input) {
        (State::Proceeding, Input::Request) => Step::to(state, Act::Resend),
        (State::Proceeding, Input::Timer(Timer::Trying)) => Step::to(state, Act::Trying),
        (State::Proceeding, Input::Timer(Timer::RingRefresh)) => Step::arm(state, Act::Resend, &[Timer::RingRefresh]),
        (State::Proceeding, Input::Provisional) => Step::to(state, Act::Send),
        (State::Proceeding, Input::Success) => Step::arm(State::Accepted, Act::Send, &[Timer::Success, Timer::L]),
        (State::Proceeding, Input::Failure) => match reliability {
            Reliability::Reliable => Step::arm(State::Completed, Act::Send, &[Timer::H]),
            Reliability::Unreliable => Step::arm(State::Completed, Act::Send, &[Timer::G, Timer::H]),
        },
        (State::Proceeding, Input::Challenge) => Step::to(State::Terminated, Act::Send),
        (State::Completed, Input::Request) => Step::to(state, Act::Resend),
        (State::Completed, Input::Timer(Timer::G)) => Step::arm(state, Act::Resend, &[Timer::G]),
        (State::Completed, Input::Timer(Timer::H)) => Step::to(State::Terminated, Act::Nothing),
        (State::Completed, Input::Ack) => match reliability {
            Reliability::Reliable => Step::to(State::Terminated, Act::Nothing),
            Reliability::Unreliable => Step::arm(State::Confirmed, Act::Nothing, &[Timer::I]),
        },
        (State::Confirmed, Input::Timer(Timer::I)) => Step::to(State::Terminated, Act::Nothing),
        (State::Accepted, Input::Timer(Timer::Success)) => Step::arm(state, Act::Resend, &[Timer::Success]),
        (State::Accepted, Input::Timer(Timer::L)) => Step::to(State::Terminated, Act::Expire),
        (
            State::Proceeding | State::Accepted | State::Completed | State::Confirmed | State::Terminated,
            Input::Request
            | Input::Provisional
            | Input::Success
            | Input::Failure
            | Input::Challenge
            | Input::Ack
            | Input::Timer(_),
        ) => Step::to(state, Act::Nothing),
    }
}
