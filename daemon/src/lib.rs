//! The daemon: one engine, its shell, the HTTP side and the command line.

pub mod app;
pub mod callbacks;
pub mod cli;
pub mod demo;
pub mod engine;
pub mod http;
mod import;
mod journal;
pub mod live;
mod music;
mod plan;
mod recorder;
pub mod shell;
pub mod supervise;
mod terminal;
