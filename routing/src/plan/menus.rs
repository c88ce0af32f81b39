//! Menus as an account has set them up.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::destination::Destination;
use crate::ids::{AccountId, MenuId, PromptId};
use crate::number::ShortNumber;

/// A question that callers answer with the keys of their telephones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanMenu {
    pub id: MenuId,
    pub account: AccountId,
    pub name: Arc<str>,
    /// What colleagues dial to reach it, or to transfer calls to it.
    pub short_number: Option<ShortNumber>,
    pub prompt: PromptId,
    /// 0 to 9, `*` and `#`; `None` here and below: the call is ended.
    pub keys: BTreeMap<char, Option<Destination>>,
    /// Milliseconds after the prompt in which a key is waited for.
    pub timeout_ms: u32,
    /// Milliseconds in which another digit of a short number is waited for.
    pub between_ms: u32,
    /// How often the prompt is said again.
    pub retries: u8,
    /// Callers may dial short numbers of people, departments and menus.
    pub dials_short: bool,
    pub on_timeout: Option<Destination>,
    pub on_invalid: Option<Destination>,
}

impl PlanMenu {
    /// One that nothing is set of: it speaks, and ends the call.
    pub fn new(id: MenuId, account: AccountId, name: Arc<str>, prompt: PromptId) -> PlanMenu {
        PlanMenu {
            id,
            account,
            name,
            short_number: None,
            prompt,
            keys: BTreeMap::new(),
            timeout_ms: 5_000,
            between_ms: 2_000,
            retries: 2,
            dials_short: false,
            on_timeout: None,
            on_invalid: None,
        }
    }
}
