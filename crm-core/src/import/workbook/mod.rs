//! Workbooks (XLSX, ECMA-376): one sheet of one as a table. Pure.
//!
//! What a file says of itself (sizes, dimensions, counts) reserves nothing: parts are read as a stream, each to a bound.

mod cells;
mod format;
mod package;
mod value;
mod xml;

use std::collections::BTreeMap;

use self::format::Shape;
use self::package::{Package, Relation};
use self::xml::{Node, attribute};
use super::Problem;
use super::table::Table;

/// What all cells of a sheet need to be understood.
struct Book {
    strings: Strings,
    /// By the style's place.
    shapes: Vec<Shape>,
    /// Days are counted from 1904.
    from_1904: bool,
}

struct Sheet {
    name: String,
    visible: bool,
    path: String,
}

/// Texts that stand in one part and are named by their places.
#[derive(Default)]
struct Strings {
    text: String,
    ends: Vec<usize>,
}

/// Texts of a workbook.
const MOST_STRINGS: usize = 5_000_000;

/// The sheet of that name, or the first that is not hidden.
pub(super) fn read(bytes: &[u8], wanted: Option<&str>) -> Result<Table, Problem> {
    let mut package = Package::open(bytes)?;
    let main = package.main()?;
    let relations = package.relations(&main)?;
    let (sheets, from_1904) = sheets(&mut package, &main, &relations)?;
    let shown = || sheets.iter().filter(|sheet| sheet.visible);
    let sheet = match wanted {
        Some(name) => sheets.iter().find(|sheet| sheet.name == name),
        None => shown().next().or(sheets.first()),
    };
    let sheet = sheet.ok_or_else(|| match wanted {
        Some(_) => Problem::file("sheet", "the workbook has no such sheet"),
        None => broken(),
    })?;
    let of_kind = |kind| relations.values().find(|relation| relation.kind == kind);
    let book = Book {
        shapes: match of_kind("styles") {
            Some(relation) => shapes(&mut package, &relation.target)?,
            None => Vec::new(),
        },
        strings: match of_kind("sharedStrings") {
            Some(relation) => strings(&mut package, &relation.target)?,
            None => Strings::default(),
        },
        from_1904,
    };
    let mut table = cells::read(&mut package, &sheet.path, &book)?;
    table.sheet = Some(sheet.name.clone());
    table.sheets = shown().map(|sheet| sheet.name.clone()).collect();
    Ok(table)
}

fn sheets(
    package: &mut Package<'_>,
    main: &str,
    relations: &BTreeMap<String, Relation>,
) -> Result<(Vec<Sheet>, bool), Problem> {
    let (mut sheets, mut from_1904) = (Vec::new(), false);
    let mut xml = package.small(main)?.ok_or_else(broken)?;
    loop {
        match xml.next()? {
            Node::Start(start) if start.local_name().as_ref() == "sheet" => {
                let relation = attribute(&start, "id").and_then(|id| relations.get(&id));
                if let Some(relation) = relation.filter(|relation| relation.kind == "worksheet") {
                    sheets.push(Sheet {
                        name: attribute(&start, "name").unwrap_or_default(),
                        visible: attribute(&start, "state").is_none_or(|state| state == "visible"),
                        path: relation.target.clone(),
                    });
                }
            }
            Node::Start(start) if start.local_name().as_ref() == "workbookPr" => {
                from_1904 |= attribute(&start, "date1904").is_some_and(|value| value == "1" || value == "true");
            }
            Node::Start(_) | Node::Close(_) | Node::Text(_) | Node::Other => {}
            Node::End => return Ok((sheets, from_1904)),
        }
    }
}

fn shapes(package: &mut Package<'_>, path: &str) -> Result<Vec<Shape>, Problem> {
    let (mut custom, mut shapes, mut inside) = (BTreeMap::new(), Vec::new(), false);
    let Some(mut xml) = package.small(path)? else {
        return Ok(shapes);
    };
    loop {
        match xml.next()? {
            Node::Start(start) => match start.local_name().as_ref() {
                "numFmt" => {
                    let code = attribute(&start, "formatCode").unwrap_or_default();
                    custom.insert(attribute(&start, "numFmtId").unwrap_or_default(), Shape::of_code(&code));
                }
                "cellXfs" => inside = true,
                "xf" if inside => {
                    let id = attribute(&start, "numFmtId").unwrap_or_default();
                    let shape = custom.get(&id).copied();
                    shapes.push(shape.unwrap_or_else(|| Shape::built_in(&id)));
                }
                _ => {}
            },
            Node::Close(end) => inside &= end.local_name().as_ref() != "cellXfs",
            Node::Text(_) | Node::Other => {}
            Node::End => return Ok(shapes),
        }
    }
}

fn strings(package: &mut Package<'_>, path: &str) -> Result<Strings, Problem> {
    let mut strings = Strings::default();
    let Some(mut xml) = package.large(path)? else {
        return Ok(strings);
    };
    let mut text = String::new();
    loop {
        match xml.next()? {
            Node::Start(start) if start.local_name().as_ref() == "si" => {
                text.clear();
                xml.rich(&mut text)?;
                strings.text.push_str(&value::cleaned(&text));
                strings.ends.push(strings.text.len());
                if strings.ends.len() > MOST_STRINGS {
                    return Err(too_large());
                }
            }
            Node::Start(_) | Node::Close(_) | Node::Text(_) | Node::Other => {}
            Node::End => return Ok(strings),
        }
    }
}

impl Strings {
    fn get(&self, place: usize) -> Option<&str> {
        let from = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(from..*self.ends.get(place)?)
    }
}

fn broken() -> Problem {
    Problem::file(
        "workbook",
        "the workbook is broken off, or it is none: save it again as XLSX",
    )
}

fn too_large() -> Problem {
    Problem::file(
        "too_large",
        "the workbook holds too much when it is unpacked: split it, or save its sheet as \"CSV UTF-8\"",
    )
}

/// What is kept in the container of older workbooks: these themselves, and newer ones that a password protects.
pub(super) fn older(bytes: &[u8]) -> Problem {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    if memchr::memmem::find(bytes, &name).is_some() {
        return encrypted();
    }
    Problem::file(
        "old_workbook",
        "a workbook of an old kind (.xls): open it and save it as XLSX",
    )
}

fn encrypted() -> Problem {
    Problem::file("encrypted", "a password protects the workbook: save it without one")
}

#[cfg(test)]
mod tests;
