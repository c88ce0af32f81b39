//! Sounds of an account's own, that callers hear: what is known of them. Their audio lies in the data folder.

mod store;

use frontdesk_routing::ids::PromptId;

pub(crate) use store::ALL;
pub use store::{all, check, create, delete, get, list};

/// Prompts that an account may replace by one of its own.
pub const REPLACEABLE: &[&str] = &["please_wait", "press_one", "recorded", "vip_client"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub id: PromptId,
    pub name: String,
    /// The built-in one in whose place it is said.
    pub replaces: Option<String>,
    pub duration_ms: i64,
    pub created_at: i64,
    pub version: i64,
}

/// A prompt as typed.
#[derive(Debug, Clone, Default)]
pub struct NewPrompt {
    pub name: String,
    pub replaces: Option<String>,
}
