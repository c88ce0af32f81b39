//! The Event header of SUBSCRIBE and NOTIFY.

use std::fmt;

use super::message::Message;
use super::names::HeaderName;
use super::scan::{self, Params};

/// Longer ids are nobody's.
const LONGEST: usize = 128;

/// An event package and the id by which a subscriber tells its subscriptions apart (RFC 6665 section 8.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType<'a> {
    package: &'a str,
    id: Option<&'a str>,
}

/// An Event header is no `package;id=token`, or beyond all measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the Event header is malformed")]
pub struct BadEventType;

impl<'a> EventType<'a> {
    pub fn read(value: &'a [u8]) -> Result<EventType<'a>, BadEventType> {
        let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
        let (package, params) = value.split_at_checked(end).ok_or(BadEventType)?;
        Ok(EventType {
            package: token(scan::trim(package))?,
            id: Params::new(params).get("id").map(token).transpose()?,
        })
    }

    pub fn package(&self) -> &'a str {
        self.package
    }

    pub fn id(&self) -> Option<&'a str> {
        self.id
    }
}

impl fmt::Display for EventType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.package)?;
        match self.id {
            Some(id) => write!(f, ";id={id}"),
            None => Ok(()),
        }
    }
}

impl Message {
    /// `None`: there is no Event header.
    pub fn event_type(&self) -> Option<Result<EventType<'_>, BadEventType>> {
        self.header(HeaderName::Event).map(EventType::read)
    }
}

fn token(bytes: &[u8]) -> Result<&str, BadEventType> {
    if bytes.len() > LONGEST || !scan::is_token(bytes) {
        return Err(BadEventType);
    }
    std::str::from_utf8(bytes).map_err(|_| BadEventType)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_and_its_id_are_read_and_other_parameters_are_passed_over() {
        let read = |value: &'static str| EventType::read(value.as_bytes()).map(|event| event.to_string());
        assert_eq!(read("dialog").as_deref(), Ok("dialog"));
        assert_eq!(
            read(" dialog ; sla ; id=7;call-id=\"a;b\"").as_deref(),
            Ok("dialog;id=7")
        );
        for bad in ["", ";id=1", "dia log", "dialog;id=", "dialog;id=\"7\""] {
            assert_eq!(read(bad), Err(BadEventType), "{bad}");
        }
        assert!(EventType::read(&[b'x'; LONGEST + 1]).is_err());
    }
}
