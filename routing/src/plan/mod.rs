//! The snapshot that every decision reads.

/// What the company has set up, as immutable sections. A change replaces the touched section only.
#[derive(Debug, Clone, Default)]
pub struct DialPlan {}
