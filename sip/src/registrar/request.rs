//! A REGISTER read and checked, before anything is touched.

use std::borrow::Cow;

use super::RegistrarConfig;
use crate::command::Reply;
use crate::wire::Message;

pub(super) struct Registration {
    pub(super) sip_call_id: String,
    pub(super) cseq: u32,
    pub(super) wish: Wish,
    pub(super) path: Vec<String>,
    pub(super) supports_path: bool,
    pub(super) user_agent: Option<String>,
}

pub(super) enum Wish {
    Fetch,
    RemoveAll,
    Update(Vec<Asked>),
}

pub(super) struct Asked {
    pub(super) contact: String,
    pub(super) q: u16,
    /// Seconds, within the limits; 0: remove.
    pub(super) expires: u32,
    pub(super) instance: Option<String>,
    pub(super) reg_id: Option<u32>,
}

impl Registration {
    pub(super) fn read(request: &Message, config: &RegistrarConfig) -> Result<Registration, Box<Reply>> {
        let _ = (request, config);
        Err(refusal(501, "Not Implemented"))
    }
}

pub(super) fn refusal(status: u16, reason: &'static str) -> Box<Reply> {
    Box::new(Reply {
        status,
        reason: Some(Cow::Borrowed(reason)),
        ..Reply::default()
    })
}
