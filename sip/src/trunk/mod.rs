//! The client's side of a provider line: when to register and to probe, without sending anything itself.

pub mod cause;
pub mod probe;
pub mod register;
