//! What the tests share: phones, nets, servers.
