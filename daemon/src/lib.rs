//! The daemon: one engine, its shell, the HTTP side and the command line.

pub mod engine;
pub mod http;
pub mod live;
