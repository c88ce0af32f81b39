//! The server transaction of every method but INVITE: RFC 3261 section 17.2.2 with RFC 4320.

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
    /// The request again.
    Request,
    Provisional,
    Final,
    /// A final response that the client may get again by asking again: 401 and 407 keep no state (RFC 3261
    /// section 8.2.7), and 408 comes too late to be sent (RFC 4320 section 4.2).
    Challenge,
    TooLate,
    Timer(Timer),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Nothing,
    Send,
    Resend,
}

/// J runs from the start: it bounds how long the owner may take.
pub(crate) fn start() -> &'static [Timer] {
    &[Timer::J]
}

pub(crate) fn step(state: State, input: Input, reliability: Reliability) -> Step<State, Act> {
    match (state, input) {
        (State::Trying | State::Proceeding, Input::Provisional) => Step::to(State::Proceeding, Act::Send),
        (State::Trying | State::Proceeding, Input::Final) => match reliability {
            Reliability::Reliable => Step::to(State::Terminated, Act::Send),
            Reliability::Unreliable => Step::to(State::Completed, Act::Send),
        },
        (State::Trying | State::Proceeding, Input::Challenge) => Step::to(State::Terminated, Act::Send),
        (State::Trying | State::Proceeding, Input::TooLate) => Step::to(State::Terminated, Act::Nothing),
        (State::Proceeding | State::Completed, Input::Request) => Step::to(state, Act::Resend),
        (State::Trying | State::Proceeding | State::Completed, Input::Timer(Timer::J)) => {
            Step::to(State::Terminated, Act::Nothing)
        }
        (
            State::Trying | State::Proceeding | State::Completed | State::Terminated,
            Input::Request | Input::Provisional | Input::Final | Input::Challenge | Input::TooLate | Input::Timer(_),
        ) => Step::to(state, Act::Nothing),
    }
}
