//! Sounds of an account's own, that callers hear: what is known of them. Their audio lies in the data folder.

mod store;

use frontdesk_routing::ids::PromptId;

pub(crate) use store::ALL;
pub use store::{all, check, create, delete, get, list};

/// Prompts that an account may replace by one of its own.
pub const REPLACEABLE: &[&str] = &[
    "please_wait",
    "place",
    "minutes",
    "press_one",
    "department",
    "vip_client",
    "recorded",
    "leave_message",
    "no_messages",
    "messages_over",
    "digit_0",
    "digit_1",
    "digit_2",
    "digit_3",
    "digit_4",
    "digit_5",
    "digit_6",
    "digit_7",
    "digit_8",
    "digit_9",
];

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
