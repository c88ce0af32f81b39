//! Frontdesk's configuration: file, environment, flags, checked all at once.
//!
//! Flags override the environment, the environment overrides the file, the file overrides the defaults.
//! A key `section.name` is set by the environment variable `FRONTDESK_SECTION_NAME`; lists are comma separated there.
//! Nothing is silently ignored: an unknown key, an unknown `FRONTDESK_` variable and a bad value are all reported,
//! together, each with its key and where it came from.
//!
//! Deliberately absent: everything that the settings are for.

mod field;
mod load;
mod model;
mod secret;
mod source;
mod validate;

pub use field::PortRange;
pub use load::{FILE_VARIABLE, Origin, Overrides, Problem, Problems, environment};
pub use model::{
    AudioCodec, Calls, Config, Data, DigestOrder, Guard, Http, KEYS, Key, Log, LogFormat, LogLevel, Nat, Notices,
    Recording, Rtp, Sip, SmsMethod, SmtpSecurity, SrtpPolicy, Webhooks,
};
pub use secret::Secret;
