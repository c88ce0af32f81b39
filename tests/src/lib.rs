//! What the tests share: phones, nets, servers.

pub mod world;
