//! Who is called, by which rule, and what a call does next: pure functions over a snapshot.
//!
//! Deliberately absent: SIP messages, SQL, HTTP, clocks, tokio. Nothing here fails: every decision is total.

pub mod because;
pub mod call;
pub mod caller_id;
pub mod decision;
pub mod emergency;
pub mod explain;
pub mod facts;
pub mod features;
pub mod forwarding;
pub mod identity;
pub mod ids;
pub mod inbound;
pub mod internal;
pub mod masking;
pub mod menu;
pub mod number;
pub mod outbound;
pub mod plan;
pub mod queue;
pub mod reception;
pub mod russian;
pub mod schedule;
