//! Cells of a sheet as rows of a table.

use quick_xml::events::BytesStart;

use super::package::Package;
use super::value;
use super::xml::{Node, Xml, attribute};
use super::{Book, Shape, broken, too_large};
use crate::import::Problem;
use crate::import::table::{Format, Line, MOST_COLUMNS, Table};

/// Bytes of all cells together: a text that many cells share counts with each.
const LARGEST_TEXT: usize = 128 * 1024 * 1024;
/// What a spreadsheet has.
const LAST_ROW: usize = 1_048_576;
const LAST_COLUMN: usize = 16_384;

pub(super) fn read(package: &mut Package<'_>, path: &str, book: &Book) -> Result<Table, Problem> {
    let mut xml = package.large(path)?.ok_or_else(broken)?;
    let mut rows = Rows::default();
    let (mut inside, mut line, mut column) = (false, 0_usize, 0_usize);
    loop {
        match xml.next()? {
            Node::Start(start) => match start.local_name().as_ref() {
                "sheetData" => inside = true,
                "row" if inside => {
                    let number = attribute(&start, "r").map(|text| text.parse::<usize>().map_err(|_| broken()));
                    line = number.transpose()?.unwrap_or(line.saturating_add(1));
                    column = 0;
                }
                "c" if inside => {
                    let cell = Cell::of(&start, (line, column))?;
                    (line, column) = (cell.line, cell.column.saturating_add(1));
                    let value = cell.value(&mut xml, book)?;
                    rows.set((cell.line, cell.column), value)?;
                    if rows.table.as_mut().is_some_and(Table::is_full) {
                        rows.cells.clear();
                        break;
                    }
                }
                _ => {}
            },
            Node::Close(end) if end.local_name().as_ref() == "sheetData" => break,
            Node::Close(_) | Node::Text(_) | Node::Other => {}
            Node::End => return Err(broken()),
        }
    }
    rows.close()?;
    rows.table
        .ok_or_else(|| Problem::file("no_header", "the header is missing: a row that names the columns"))
}

/// What a cell shows, and what is wrong with that.
#[derive(Default)]
struct Value {
    text: String,
    fault: Option<&'static str>,
}

struct Cell {
    line: usize,
    column: usize,
    style: usize,
    kind: String,
}

impl Cell {
    /// At its own place, or else behind the one before it.
    fn of(start: &BytesStart<'_>, (line, column): (usize, usize)) -> Result<Cell, Problem> {
        let (line, column) = match attribute(start, "r") {
            Some(place) => placed(&place).ok_or_else(broken)?,
            None => (line, column),
        };
        if !(1..=LAST_ROW).contains(&line) || column >= LAST_COLUMN {
            return Err(broken());
        }
        let style = attribute(start, "s").and_then(|style| style.parse().ok());
        Ok(Cell {
            line,
            column,
            style: style.unwrap_or_default(),
            kind: attribute(start, "t").unwrap_or_default(),
        })
    }

    /// Reads on to the cell's end.
    fn value<R: std::io::BufRead>(&self, xml: &mut Xml<R>, book: &Book) -> Result<Value, Problem> {
        let (mut raw, mut own, mut formula) = (String::new(), String::new(), false);
        loop {
            match xml.next()? {
                Node::Start(start) => match start.local_name().as_ref() {
                    "v" => xml.text(&mut raw)?,
                    "is" => xml.rich(&mut own)?,
                    "f" => {
                        formula = true;
                        xml.text(&mut String::new())?;
                    }
                    _ => xml.text(&mut String::new())?,
                },
                Node::Close(_) => break,
                Node::Text(_) | Node::Other => {}
                Node::End => return Err(broken()),
            }
        }
        let text = match self.kind.as_str() {
            "inlineStr" => value::cleaned(&own),
            "s" if raw.is_empty() => String::new(),
            "s" => {
                let place = raw.trim().parse().map_err(|_| broken())?;
                book.strings.get(place).ok_or_else(broken)?.to_owned()
            }
            "b" => (matches!(raw.trim(), "1" | "true")).to_string(),
            "" | "n" => {
                let shape = book.shapes.get(self.style).copied().unwrap_or(Shape::Number);
                value::shown(raw.trim(), shape, book.from_1904)
            }
            _ => value::cleaned(&raw),
        };
        let fault = match self.kind.as_str() {
            "e" => Some("the formula gives an error"),
            "" | "n" if formula && text.is_empty() => {
                Some("the formula has not been worked out: open the workbook in a spreadsheet and save it")
            }
            _ => None,
        };
        Ok(Value { text, fault })
    }
}

/// `B7` is row 7, column 1.
fn placed(place: &str) -> Option<(usize, usize)> {
    let digits = place.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = place.split_at_checked(digits)?;
    let mut column = 0_usize;
    for letter in letters.bytes() {
        let digit = letter
            .to_ascii_uppercase()
            .checked_sub(b'A')
            .filter(|digit| *digit < 26)?;
        column = column
            .checked_mul(26)?
            .checked_add(usize::from(digit))?
            .checked_add(1)?;
    }
    Some((row.parse().ok()?, column.checked_sub(1)?))
}

/// The row that is being read, and those before it.
#[derive(Default)]
struct Rows {
    table: Option<Table>,
    line: usize,
    cells: Vec<String>,
    faults: Vec<(usize, &'static str)>,
    bytes: usize,
}

impl Rows {
    fn set(&mut self, (line, column): (usize, usize), value: Value) -> Result<(), Problem> {
        if line < self.line {
            return Err(broken());
        }
        if line > self.line {
            self.close()?;
            self.line = line;
        }
        if value.text.is_empty() && value.fault.is_none() {
            return Ok(());
        }
        if column >= MOST_COLUMNS {
            let message = format!("more than {MOST_COLUMNS} columns");
            return Err(Problem::row(line, "too_many_columns", message));
        }
        self.bytes = self.bytes.saturating_add(value.text.len());
        if self.bytes > LARGEST_TEXT {
            return Err(too_large());
        }
        if self.cells.len() <= column {
            self.cells.resize(column.saturating_add(1), String::new());
        }
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = value.text;
        }
        self.faults.extend(value.fault.map(|fault| (column, fault)));
        Ok(())
    }

    /// A row of nothing is none.
    fn close(&mut self) -> Result<(), Problem> {
        let (line, mut cells) = (self.line, std::mem::take(&mut self.cells));
        let faults = std::mem::take(&mut self.faults);
        if cells.is_empty() {
            return Ok(());
        }
        let Some(table) = &mut self.table else {
            self.table = Some(Table::new(Format::Xlsx, None, (line, cells)));
            return Ok(());
        };
        if cells.len() < table.header.len() {
            cells.resize(table.header.len(), String::new());
        }
        for (column, fault) in faults {
            let name = table.header.get(column).cloned().unwrap_or_default();
            table.wrong.push((column, Problem::cell(line, &name, "formula", fault)));
        }
        if let Err(problem) = table.add(Line { line, cells }) {
            table.problems.push(problem);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let read = ["A1", "b7", "AA10", "XFD1048576"].map(placed);
        assert_eq!(
            read,
            [
                Some((1, 0)),
                Some((7, 1)),
                Some((10, 26)),
                Some((LAST_ROW, LAST_COLUMN - 1))
            ]
        );
        let read = [
            "",
            "A",
            "1",
            "Ж1",
            "A1B",
            "ZZZZZZZZZZZZZZZZZZZZ1",
            "A99999999999999999999",
        ]
        .map(placed);
        assert_eq!(read, [None; 7]);
    }
}
