//! The wire layer: messages read as offsets into the received bytes, and messages written.
//!
//! Deliberately absent: UTF-8 (values are bytes), name look-ups, and any opinion on what a message means.

mod build;
mod event_type;
mod fault;
pub mod frame;
mod message;
mod name_addr;
mod names;
mod parts;
mod scan;
mod session_id;
pub mod stun;
mod uri;
mod user_to_user;
mod via;

pub use build::{Finished, RequestBuilder, ResponseBuilder, ResponseFields, phrase};
pub(crate) use build::{put, top_via};
pub use event_type::{BadEventType, EventType};
pub use fault::Fault;
pub use message::{Framing, MAX_BREADTH, MAX_MESSAGE, Message, Unreadable};
pub use name_addr::{BadNameAddr, NameAddr};
pub use names::{HeaderName, Method};
pub use parts::ACCEPT;
pub(crate) use scan::number;
pub use scan::{Params, Values};
pub use session_id::{SESSION_ID, SessionIds, SessionUuid};
pub use uri::{BadUri, Scheme, Uri, unescape};
pub use user_to_user::USER_TO_USER;
pub use via::{BadVia, Via};
