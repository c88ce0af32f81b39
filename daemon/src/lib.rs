//! The daemon: one engine, its shell, the HTTP side and the command line.

mod accounts;
pub mod app;
mod audit;
mod backup;
pub mod callbacks;
pub mod cli;
pub mod demo;
pub mod engine;
pub mod http;
pub mod http_client;
mod import;
mod inbox;
mod journal;
pub mod live;
mod music;
pub mod notices;
mod photos;
mod plan;
mod prompts;
mod provisioning;
mod recorder;
mod removals;
pub mod shell;
pub mod supervise;
mod terminal;
pub mod webhooks;
