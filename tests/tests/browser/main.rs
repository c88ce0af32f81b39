//! The pages, in a real browser.

mod clients;
mod codes;
mod deals;
mod departments;
mod forwarding;
mod help;
mod history;
mod import;
mod lines;
mod menus;
mod office;
mod projects;
mod roles;
mod schedules;
mod settings;
mod sites;
mod sounds;
mod staff;
mod timeline;
mod two_factor;
mod voicemail;
