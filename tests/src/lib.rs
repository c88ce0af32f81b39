//! What the tests share: phones, nets, servers.

pub mod authenticator;
pub mod baresip;
pub mod daemon;
pub mod digits;
pub mod document;
pub mod ear;
pub mod linphone;
pub mod names;
pub mod ports;
pub mod sipp;
pub mod sipvicious;
pub mod smtp;
pub mod tone;
pub mod tools;
pub mod wire;
pub mod world;

pub mod browser;
pub mod house;
pub mod kamailio;
pub mod office;
pub mod pages;
