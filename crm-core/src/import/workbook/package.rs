//! The archive: parts by their names, and what each relates to.

use std::collections::BTreeMap;
use std::io::{BufReader, Cursor, ErrorKind, Read};

use memchr::memmem;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::xml::{Node, Xml, attribute};
use super::{broken, encrypted, too_large};
use crate::import::Problem;

/// Bytes of all parts together when they are unpacked.
const LARGEST: u64 = 256 * 1024 * 1024;
/// Bytes of a part that is kept in memory nearly as it is.
const SMALL: u64 = 16 * 1024 * 1024;
const MOST_PARTS: usize = 2_000;
/// Begins each entry of the archive's list.
const ENTRY: &[u8] = b"PK\x01\x02";
/// Begins the archive's end...
const END: &[u8] = b"PK\x05\x06";
/// ...and what stands before it, 20 octets long, in an archive with a longer end...
const LOCATOR: &[u8] = b"PK\x06\x07";
/// ...which begins so, and has the number of parts behind 32 octets.
const LONG_END: &[u8] = b"PK\x06\x06";

pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Names are compared without regard to case.
    places: BTreeMap<String, usize>,
    left: u64,
}

/// Another part that a part names.
pub(super) struct Relation {
    /// The last word of its type.
    pub(super) kind: String,
    pub(super) target: String,
}

pub(super) type Part<'p, 'a> = Xml<BufReader<Bounded<'p, 'a>>>;

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Package<'a>, Problem> {
        if !is_short(bytes) {
            return Err(too_large());
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| fault(&error))?;
        let names = archive.file_names_raw().enumerate();
        let places = names
            .map(|(at, name)| (folded(&String::from_utf8_lossy(name)), at))
            .collect();
        Ok(Package {
            archive,
            places,
            left: LARGEST,
        })
    }

    /// The name of the part that is the workbook.
    pub(super) fn main(&mut self) -> Result<String, Problem> {
        let relations = self.relations("")?;
        let main = relations
            .into_values()
            .find(|relation| relation.kind == "officeDocument");
        main.map(|relation| relation.target).ok_or_else(broken)
    }

    /// What a part relates to, by the names that it uses for it.
    pub(super) fn relations(&mut self, part: &str) -> Result<BTreeMap<String, Relation>, Problem> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let slash = if folder.is_empty() { "" } else { "/" };
        let mut relations = BTreeMap::new();
        let Some(mut xml) = self.small(&format!("{folder}{slash}_rels/{name}.rels"))? else {
            return Ok(relations);
        };
        loop {
            match xml.next()? {
                Node::Start(start) if start.local_name().as_ref() == "Relationship" => {
                    let kind = attribute(&start, "Type").unwrap_or_default();
                    let target = attribute(&start, "Target").unwrap_or_default();
                    let relation = Relation {
                        kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                        target: resolved(folder, &target),
                    };
                    relations.insert(attribute(&start, "Id").unwrap_or_default(), relation);
                }
                Node::Start(_) | Node::Close(_) | Node::Text(_) | Node::Other => {}
                Node::End => return Ok(relations),
            }
        }
    }

    pub(super) fn small(&mut self, name: &str) -> Result<Option<Part<'_, 'a>>, Problem> {
        self.part(name, SMALL)
    }

    pub(super) fn large(&mut self, name: &str) -> Result<Option<Part<'_, 'a>>, Problem> {
        self.part(name, LARGEST)
    }

    fn part(&mut self, name: &str, most: u64) -> Result<Option<Part<'_, 'a>>, Problem> {
        let Some(place) = self.places.get(&folded(name)) else {
            return Ok(None);
        };
        let part = self.archive.by_index(*place).map_err(|error| fault(&error))?;
        let bounded = Bounded {
            part,
            most,
            left: &mut self.left,
        };
        Ok(Some(Xml::new(BufReader::new(bounded))))
    }
}

/// The list of parts is read as a whole, into room for as many as the archive says: that is looked at before.
fn is_short(bytes: &[u8]) -> bool {
    let located = |end: usize| {
        let from = end.checked_sub(20).and_then(|from| bytes.get(from..));
        from.is_some_and(|from| from.starts_with(LOCATOR))
    };
    let parts = |at: usize| {
        let count = bytes
            .get(at..)
            .and_then(|end| end.get(32..))
            .and_then(<[u8]>::first_chunk);
        count.map_or(0, |count| u64::from_le_bytes(*count))
    };
    let most = u64::try_from(MOST_PARTS).unwrap_or(u64::MAX);
    let long = memmem::find_iter(bytes, END).any(located);
    let many = long && memmem::find_iter(bytes, LONG_END).any(|at| parts(at) > most);
    !many && memmem::find_iter(bytes, ENTRY).nth(MOST_PARTS).is_none()
}

fn folded(name: &str) -> String {
    name.trim_start_matches('/').replace('\\', "/").to_ascii_lowercase()
}

/// A target as it stands, from the folder of the part that names it.
fn resolved(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = if target.starts_with('/') {
        Vec::new()
    } else {
        folder.split('/').filter(|part| !part.is_empty()).collect()
    };
    for part in target.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn fault(error: &ZipError) -> Problem {
    let locked = |why: &str| why == ZipError::PASSWORD_REQUIRED;
    match matches!(error, ZipError::UnsupportedArchive(why) if locked(why)) {
        true => encrypted(),
        false => broken(),
    }
}

/// Gives no more than there may be, whatever the archive says of a part's size.
pub(super) struct Bounded<'p, 'a> {
    part: ZipFile<'p, Cursor<&'a [u8]>>,
    most: u64,
    left: &'p mut u64,
}

impl Read for Bounded<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.part.read(buffer)?;
        let count = u64::try_from(read).unwrap_or(u64::MAX);
        match (self.most.checked_sub(count), self.left.checked_sub(count)) {
            (Some(most), Some(left)) => {
                self.most = most;
                *self.left = left;
                Ok(read)
            }
            _ => Err(ErrorKind::FileTooLarge.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_from_where_they_are_named() {
        assert_eq!(resolved("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl", "/xl/styles.xml"), "xl/styles.xml");
        assert_eq!(resolved("a/b", "..\\c.xml"), "a/c.xml");
        assert_eq!(resolved("", "../../x.xml"), "x.xml");
    }
}
