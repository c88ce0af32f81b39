//! The engine: all signalling and call control of a shard as one deterministic state machine.
//!
//! `handle(Input, Now)`, then `poll()` until `None`, then wait for `deadline()` or the next input.
//! No lock, no await, no SQL, no clock, no socket inside.

pub mod input;
pub mod output;
