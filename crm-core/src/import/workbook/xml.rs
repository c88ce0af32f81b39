//! The parts' XML as a stream. No entity but XML's own is known, and none is expanded.

use std::borrow::Cow;
use std::io::{BufRead, ErrorKind};

use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesEnd, BytesStart, Event};
use quick_xml::{Error, Reader};

use super::{broken, too_large};
use crate::import::Problem;
use crate::import::table::LONGEST_CELL;

/// Bytes that are kept of a text: enough that one of a letter more is seen to be too long.
const KEPT: usize = LONGEST_CELL + 4;

pub(super) struct Xml<R> {
    reader: Reader<R>,
    buffer: Vec<u8>,
}

/// What matters of an event; an empty element begins and ends.
pub(super) enum Node<'a> {
    Start(BytesStart<'a>),
    Close(BytesEnd<'a>),
    Text(Cow<'a, str>),
    Other,
    /// Of the part.
    End,
}

impl<R: BufRead> Xml<R> {
    pub(super) fn new(reader: R) -> Xml<R> {
        let mut reader = Reader::from_reader(reader);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = false;
        Xml {
            reader,
            buffer: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> Result<Node<'_>, Problem> {
        self.buffer.clear();
        let event = self.reader.read_event_into(&mut self.buffer);
        Ok(match event.map_err(|error| fault(&error))? {
            Event::Start(start) | Event::Empty(start) => Node::Start(start),
            Event::End(end) => Node::Close(end),
            Event::Text(text) => Node::Text(text.xml10_content()),
            Event::CData(text) => Node::Text(text.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref() {
                Ok(Some(c)) => Node::Text(c.to_string().into()),
                Ok(None) => Node::Text(resolve_xml_entity(&name.into_inner()).ok_or_else(broken)?.into()),
                Err(_) => return Err(broken()),
            },
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => Node::Other,
            Event::Eof => Node::End,
        })
    }

    /// All text of the element that has begun, up to its end.
    pub(super) fn text(&mut self, into: &mut String) -> Result<(), Problem> {
        self.collect(into, true)
    }

    /// The text of the element that has begun, up to its end: what stands in `t`, without how it is read aloud.
    pub(super) fn rich(&mut self, into: &mut String) -> Result<(), Problem> {
        self.collect(into, false)
    }

    fn collect(&mut self, into: &mut String, all: bool) -> Result<(), Problem> {
        let (mut depth, mut aloud, mut told) = (0_usize, false, all);
        loop {
            match self.next()? {
                Node::Start(start) => {
                    depth = depth.saturating_add(1);
                    match start.local_name().as_ref() {
                        "rPh" => aloud = true,
                        "t" => told = all || !aloud,
                        _ => {}
                    }
                }
                Node::Close(end) => {
                    let Some(above) = depth.checked_sub(1) else {
                        return Ok(());
                    };
                    depth = above;
                    match end.local_name().as_ref() {
                        "rPh" => aloud = false,
                        "t" => told = all,
                        _ => {}
                    }
                }
                Node::Text(text) if told => {
                    let room = KEPT.saturating_sub(into.len());
                    into.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
                }
                Node::Text(_) | Node::Other => {}
                Node::End => return Err(broken()),
            }
        }
    }
}

/// By its name without the prefix.
pub(super) fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = start.attributes();
    // which looks for each among all before it
    let attributes = attributes.with_checks(false).flatten();
    let mut named = attributes.filter(|attribute| attribute.key.local_name().as_ref() == name);
    let value = named.next()?.value;
    let value = unescape(&value).map(Cow::into_owned);
    value.ok()
}

fn fault(error: &Error) -> Problem {
    match matches!(error, Error::Io(error) if error.kind() == ErrorKind::FileTooLarge) {
        true => too_large(),
        false => broken(),
    }
}
