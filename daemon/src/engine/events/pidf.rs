//! Presence documents as phones publish them: PIDF (RFC 3863) with the activities of RPID (RFC 4480).
//!
//! Of a document is kept what a lamp can show. No entity but XML's own is known, none is expanded, and a document with a
//! type of its own is refused.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

/// Elements within each other; real documents have five.
const DEEPEST: usize = 16;
/// Of a note, in characters.
const LONGEST_NOTE: usize = 80;
/// Of any text while it is read, in bytes.
const KEPT: usize = 1024;

/// What somebody does, by the name of its element, and how it is said where no note says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Activity {
    pub(super) element: &'static str,
    pub(super) words: &'static str,
}

/// RFC 4480 section 3.2, as far as it concerns a colleague.
const ACTIVITIES: [(&str, &str); 17] = [
    ("appointment", "At an appointment"),
    ("away", "Away"),
    ("breakfast", "At breakfast"),
    ("busy", "Busy"),
    ("dinner", "At dinner"),
    ("holiday", "On holiday"),
    ("in-transit", "On the way"),
    ("lunch", "At lunch"),
    ("meal", "At a meal"),
    ("meeting", "In a meeting"),
    ("on-the-phone", "On the phone"),
    ("permanent-absence", "Absent"),
    ("presentation", "In a presentation"),
    ("steering", "Driving"),
    ("travel", "Travelling"),
    ("vacation", "On vacation"),
    ("working", "Working"),
];

/// What phones that know no activities say in a note.
const MEANT: [(&str, &str); 5] = [
    ("do not disturb", "busy"),
    ("dnd", "busy"),
    ("busy", "busy"),
    ("away", "away"),
    ("on the phone", "on-the-phone"),
];

/// What a phone says of its person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Said {
    /// Each of its tuples is closed.
    pub(super) closed: bool,
    /// The first one that we know.
    pub(super) activity: Option<Activity>,
    /// The first one, in one line; may be empty.
    pub(super) note: String,
}

/// No presence document, or none that is harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no presence document")]
pub(super) struct Unreadable;

impl Activity {
    fn named(element: &str) -> Option<Activity> {
        let known = ACTIVITIES.iter().find(|(known, _)| *known == element);
        known.map(|(element, words)| Activity { element, words })
    }

    fn meant(note: &str) -> Option<Activity> {
        let meant = MEANT.iter().find(|(words, _)| words.eq_ignore_ascii_case(note));
        meant.and_then(|(_, element)| Activity::named(element))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Basic,
    Activities,
    Note,
    Other,
}

impl Element {
    fn named(name: &str) -> Element {
        match name {
            "basic" => Element::Basic,
            "activities" => Element::Activities,
            "note" => Element::Note,
            _ => Element::Other,
        }
    }
}

/// Elements are known by their local names: phones differ in the prefixes and even in the namespaces that they use.
///
/// # Errors
/// What is no well-formed `presence` document in UTF-8, is too deep, or brings a document type or entities.
pub(super) fn read(body: &[u8]) -> Result<Said, Unreadable> {
    let text = std::str::from_utf8(body).map_err(|_| Unreadable)?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut document = Document::default();
    loop {
        match reader.read_event().map_err(|_| Unreadable)? {
            Event::Start(start) | Event::Empty(start) => document.begin(start.local_name().as_ref())?,
            Event::End(_) => document.end()?,
            Event::Text(text) => document.hear(&text.xml10_content()),
            Event::CData(text) => document.hear(&text.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref().map_err(|_| Unreadable)? {
                Some(character) => document.hear(character.encode_utf8(&mut [0; 4])),
                None => document.hear(resolve_xml_entity(&name).ok_or(Unreadable)?),
            },
            Event::DocType(_) => return Err(Unreadable),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return document.said(),
        }
    }
}

#[derive(Debug, Default)]
struct Document {
    within: Vec<Element>,
    begun: bool,
    /// Of the element that is read.
    text: String,
    open: bool,
    said: Said,
}

impl Document {
    fn begin(&mut self, name: &str) -> Result<(), Unreadable> {
        let root = self.within.is_empty();
        if self.within.len() >= DEEPEST || (root && (self.begun || name != "presence")) {
            return Err(Unreadable);
        }
        self.begun = true;
        if self.within.last() == Some(&Element::Activities) && self.said.activity.is_none() {
            self.said.activity = Activity::named(name);
        }
        self.within.push(Element::named(name));
        self.text.clear();
        Ok(())
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        match self.within.pop().ok_or(Unreadable)? {
            Element::Basic => match self.text.trim() {
                "open" => self.open = true,
                "closed" => self.said.closed = true,
                _ => {}
            },
            Element::Note if self.said.note.is_empty() => self.said.note = one_line(&self.text),
            Element::Note | Element::Activities | Element::Other => {}
        }
        self.text.clear();
        Ok(())
    }

    fn hear(&mut self, text: &str) {
        let room = KEPT.saturating_sub(self.text.len());
        let kept = text.get(..text.floor_char_boundary(room));
        self.text.push_str(kept.unwrap_or_default());
    }

    fn said(self) -> Result<Said, Unreadable> {
        if !self.begun || !self.within.is_empty() {
            return Err(Unreadable);
        }
        let said = self.said;
        Ok(Said {
            closed: said.closed && !self.open,
            activity: said.activity.or_else(|| Activity::meant(&said.note)),
            note: said.note,
        })
    }
}

fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(LONGEST_NOTE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(closed: bool, activity: &str, note: &str) -> Result<Said, Unreadable> {
        Ok(Said {
            closed,
            activity: Activity::named(activity),
            note: note.to_owned(),
        })
    }

    fn check(inside: &str, expected: Result<Said, Unreadable>) {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" \
             entity=\"sip:101@pbx.example\">{inside}</presence>\r\n"
        );
        assert_eq!(read(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn what_phones_publish_is_understood() {
        let open = "<tuple id=\"a\"><status><basic>open</basic></status></tuple>";
        let closed = "<tuple id=\"b\"><status><basic> closed\n</basic></status></tuple>";
        check(open, said(false, "", ""));
        check(closed, said(true, "", ""));
        check(&format!("{open}{closed}"), said(false, "", ""));
        check("", said(false, "", ""));
        let person = |activity: &str| {
            format!("<dm:person id=\"p\"><rpid:activities>{activity}</rpid:activities></dm:person>{open}")
        };
        check(&person("<rpid:away/>"), said(false, "away", ""));
        check(
            &person("<rpid:unknown/><e:meeting></e:meeting><rpid:away/>"),
            said(false, "meeting", ""),
        );
        check(&person("<rpid:other>fishing</rpid:other>"), said(false, "", ""));
        check("<away/><person><away/></person>", said(false, "", ""));
        check(
            "<note> Back &lt;at&gt;\n  five &#x2615;</note><note>no</note>",
            said(false, "", "Back <at> five ☕"),
        );
        check("<note><![CDATA[a<b]]></note>", said(false, "", "a<b"));
        check("<note>Do not disturb</note>", said(false, "busy", "Do not disturb"));
        check(
            &format!("<note>{}</note>", "я".repeat(900)),
            said(false, "", &"я".repeat(80)),
        );
    }

    #[test]
    fn hostile_documents_are_refused_or_harmless() {
        check("<note>&boom;</note>", Err(Unreadable));
        check("<note>&#0;</note>", Err(Unreadable));
        check("<note>", Err(Unreadable));
        check("</note>", Err(Unreadable));
        check(&"<a>".repeat(20), Err(Unreadable));
        check(
            &format!("{}{}", "<a>".repeat(15), "</a>".repeat(15)),
            said(false, "", ""),
        );
        check(&format!("{}{}", "<a>".repeat(16), "</a>".repeat(16)), Err(Unreadable));
        let whole = [
            "",
            "hello",
            "<presence>",
            "<html/>",
            "<presence/><presence/>",
            "<!DOCTYPE presence [<!ENTITY a \"b\">]><presence/>",
            "<!DOCTYPE presence SYSTEM \"file:///etc/passwd\"><presence/>",
            "<presence",
            "<presence a='>",
        ];
        for text in whole {
            assert_eq!(read(text.as_bytes()), Err(Unreadable), "{text}");
        }
        assert_eq!(read(b"<presence>\xff</presence>"), Err(Unreadable));
        assert_eq!(read("\u{feff}<presence/>".as_bytes()), said(false, "", ""));
    }
}
