//! The client transaction of every method but INVITE: RFC 3261 section 17.1.2.

use super::timer::Timer;
use super::{Reliability, Step};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Provisional,
    Final,
    Timer(Timer),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Nothing,
    Resend,
    /// Sends again and stays at the longest interval.
    ResendSlowly,
    /// Hands the final response up.
    Deliver,
    GiveUp,
}

pub(crate) fn start(reliability: Reliability) -> &'static [Timer] {
    match reliability {
        Reliability::Reliable => &[Timer::F],
        Reliability::Unreliable => &[Timer::E, Timer::F],
    }
}

pub(crate) fn step(state: State, input: Input, reliability: Reliability) -> Step<State, Act> {
    match (state, input) {
        (State::Trying, Input::Timer(Timer::E)) => Step::arm(state, Act::Resend, &[Timer::E]),
        (State::Proceeding, Input::Timer(Timer::E)) => Step::arm(state, Act::ResendSlowly, &[Timer::E]),
        (State::Trying | State::Proceeding, Input::Timer(Timer::F)) => Step::to(State::Terminated, Act::GiveUp),
        (State::Trying | State::Proceeding, Input::Provisional) => Step::to(State::Proceeding, Act::Nothing),
        (State::Trying | State::Proceeding, Input::Final) => match reliability {
            Reliability::Reliable => Step::to(State::Terminated, Act::Deliver),
            Reliability::Unreliable => Step::arm(State::Completed, Act::Deliver, &[Timer::K]),
        },
        (State::Completed, Input::Timer(Timer::K)) => Step::to(State::Terminated, Act::Nothing),
        (
            State::Trying | State::Proceeding | State::Completed | State::Terminated,
            Input::Provisional | Input::Final | Input::Timer(_),
        ) => Step::to(state, Act::Nothing),
    }
}
