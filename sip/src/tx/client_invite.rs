//! The INVITE client transaction: RFC 3261 section 17.1.1 with RFC 6026 section 8.4.

use super::timer::Timer;
use super::{Reliability, Step};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Calling,
    Proceeding,
    Accepted,
    Completed,
    Terminated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Provisional,
    Success,
    Failure,
    Timer(Timer),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Nothing,
    /// Sends the INVITE again.
    Resend,
    /// Hands the response up.
    Deliver,
    /// Acknowledges, then hands the response up.
    AckAndDeliver,
    /// Acknowledges a retransmitted response.
    Ack,
    /// No answer, or none to the CANCEL.
    GiveUp,
}

pub(crate) fn start(reliability: Reliability) -> &'static [Timer] {
    match reliability {
        Reliability::Reliable => &[Timer::B],
        Reliability::Unreliable => &[Timer::A, Timer::B],
    }
}

pub(crate) fn step(state: State, input: Input, reliability: Reliability) -> Step<State, Act> {
    match (state, input) {
        (State::Calling, Input::Timer(Timer::A)) => Step::arm(state, Act::Resend, &[Timer::A]),
        (State::Calling, Input::Timer(Timer::B)) => Step::to(State::Terminated, Act::GiveUp),
        (State::Calling | State::Proceeding, Input::Provisional) => Step::to(State::Proceeding, Act::Deliver),
        (State::Calling | State::Proceeding, Input::Success) => Step::arm(State::Accepted, Act::Deliver, &[Timer::M]),
        (State::Calling | State::Proceeding, Input::Failure) => match reliability {
            Reliability::Reliable => Step::to(State::Terminated, Act::AckAndDeliver),
            Reliability::Unreliable => Step::arm(State::Completed, Act::AckAndDeliver, &[Timer::D]),
        },
        (State::Calling | State::Proceeding, Input::Timer(Timer::CancelGiveUp)) => {
            Step::to(State::Terminated, Act::GiveUp)
        }
        (State::Accepted, Input::Success) => Step::to(state, Act::Deliver),
        (State::Accepted, Input::Timer(Timer::M)) => Step::to(State::Terminated, Act::Nothing),
        (State::Completed, Input::Failure) => Step::to(state, Act::Ack),
        (State::Completed, Input::Timer(Timer::D)) => Step::to(State::Terminated, Act::Nothing),
        (
            State::Calling | State::Proceeding | State::Accepted | State::Completed | State::Terminated,
            Input::Provisional | Input::Success | Input::Failure | Input::Timer(_),
        ) => Step::to(state, Act::Nothing),
    }
}
