//! The office: accounts, staff, clients, calls and recordings in one database.
//!
//! Deliberately absent: SIP, HTTP, sockets.
