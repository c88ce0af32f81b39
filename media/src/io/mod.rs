//! Media threads: what the engine tells them and what they tell the engine.

pub mod command;
