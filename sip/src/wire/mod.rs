//! The wire layer: messages read as offsets into the received bytes, and messages written.

/// A received message; cheap to move, its bytes are shared.
#[derive(Debug, Clone)]
pub struct Message {}
