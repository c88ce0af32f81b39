//! The office: accounts, staff, clients, calls and recordings in one database.
//!
//! Deliberately absent: SIP, HTTP, sockets.

pub mod access;
pub mod accounts;
pub mod audit;
pub mod blocks;
pub mod calls;
pub mod clients;
pub mod deals;
pub mod departments;
pub mod destinations;
pub mod emergency;
pub mod features;
pub mod forwardings;
pub mod groups;
pub mod help;
pub mod import;
pub mod journal;
pub mod logins;
pub mod mailboxes;
pub mod menus;
pub mod notices;
pub mod numbers;
pub mod phone_book;
pub mod plan_build;
pub mod projects;
pub mod prompts;
pub mod reception;
pub mod recordings;
pub mod requests;
pub mod revisions;
pub mod roles;
pub mod routes;
pub mod schedules;
pub mod setup;
pub mod sip_accounts;
pub mod sites;
pub mod staff;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tokens;
pub mod trunks;
pub mod two_factor;
pub mod voicemails;
pub mod webhooks;
