//! A file as a table of texts, whatever its format: how it is written, in which encoding, with which separator. Pure.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{Problem, vcard, workbook};

/// Bytes of a file.
pub const LARGEST: usize = 32 * 1024 * 1024;
/// Rows of a file.
pub const MOST_ROWS: usize = 250_000;
pub(super) const MOST_COLUMNS: usize = 100;
/// Of all rows.
const MOST_CELLS: usize = 10_000_000;
/// Of a file: more are not looked for.
pub(super) const MOST_PROBLEMS: usize = 10_000;
/// Characters of a cell.
pub(super) const LONGEST_CELL: usize = 4_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Vcard,
    Xlsx,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Vcard => "vcard",
            Format::Xlsx => "xlsx",
        }
    }
}

/// What stands in a file.
#[derive(Debug, Clone)]
pub struct Table {
    pub format: Format,
    /// How the texts were written; `None` where the format says it.
    pub encoding: Option<&'static str>,
    pub header: Vec<String>,
    pub(super) header_line: usize,
    pub rows: Vec<Line>,
    /// What could not be read at all.
    pub(super) problems: Vec<Problem>,
    /// Cells that could not be read, with the places of their columns: no harm where the column stays out.
    pub(super) wrong: Vec<(usize, Problem)>,
    /// A workbook's sheet that this is.
    pub sheet: Option<String>,
    /// All that the workbook shows.
    pub sheets: Vec<String>,
}

/// Has as many cells as the header.
#[derive(Debug, Clone)]
pub struct Line {
    /// As an editor or a spreadsheet counts them, from 1.
    pub line: usize,
    pub cells: Vec<String>,
}

/// Reads a file by what it begins with; of a workbook the sheet of that name, or the first.
///
/// # Errors
/// It is none of ours, broken, too large or empty.
pub fn read(bytes: &[u8], sheet: Option<&str>) -> Result<Table, Problem> {
    if bytes.len() > LARGEST {
        return Err(Problem::file("too_large", "the file is larger than 32 MiB"));
    }
    let table = if bytes.starts_with(b"PK") {
        workbook::read(bytes, sheet)?
    } else if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(workbook::older(bytes));
    } else {
        let (text, encoding) = text(bytes)?;
        let begins = text.trim_start().get(..11).unwrap_or_default();
        match begins.eq_ignore_ascii_case("BEGIN:VCARD") {
            true => vcard::read(&text, encoding)?,
            false => csv(&text, encoding)?,
        }
    };
    if table.rows.is_empty() && table.problems.is_empty() {
        return Err(Problem::file("empty", "there is nobody in the file"));
    }
    Ok(table)
}

/// Our own files guard what a spreadsheet would work out by an apostrophe.
pub(super) fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        Some(_) | None => cell,
    }
}

type Unit = fn([u8; 2]) -> u16;

/// UTF-8 with or without a mark, UTF-16 with one, or the old code page of Russian spreadsheets.
pub(super) fn text(bytes: &[u8]) -> Result<(String, &'static str), Problem> {
    let unix = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    let wide: [(&[u8], Unit, _); 2] = [
        (b"\xff\xfe", u16::from_le_bytes, "UTF-16LE"),
        (b"\xfe\xff", u16::from_be_bytes, "UTF-16BE"),
    ];
    for (mark, unit, name) in wide {
        if let Some(rest) = bytes.strip_prefix(mark) {
            let (pairs, odd) = rest.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
            let text = String::from_utf16(&units).map_err(|_| wrong_encoding(1))?;
            return if odd.is_empty() {
                Ok((unix(&text), name))
            } else {
                Err(wrong_encoding(1))
            };
        }
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (text, encoding) = match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), "UTF-8"),
        Err(error) => {
            let read = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = read.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
            if looks_like_utf8(bytes) {
                return Err(wrong_encoding(line));
            }
            let text: Option<String> = bytes.iter().map(|byte| windows_1251(*byte)).collect();
            (text.ok_or_else(|| wrong_encoding(line))?, "windows-1251")
        }
    };
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if let Some(at) = text.find(control) {
        let line = text
            .get(..at)
            .unwrap_or_default()
            .matches('\n')
            .count()
            .saturating_add(1);
        return Err(wrong_encoding(line));
    }
    Ok((unix(&text), encoding))
}

/// From 0x80 to 0xbf; 0x98 is no sign.
const UPPER: &str = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\0™љ›њќћџ\u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕї";

fn windows_1251(byte: u8) -> Option<char> {
    match byte {
        ..0x80 => Some(char::from(byte)),
        0x80..0xc0 => UPPER.chars().nth(usize::from(byte & 0x3f)).filter(|c| *c != '\0'),
        0xc0.. => char::from_u32(u32::from('А').saturating_add(u32::from(byte & 0x3f))),
    }
}

fn wrong_encoding(line: usize) -> Problem {
    Problem {
        line,
        column: None,
        code: "encoding",
        message: "neither UTF-8 nor windows-1251: save the file as \"CSV UTF-8\"".to_owned(),
    }
}

/// Whether most of what is no ASCII is Russian letters in UTF-8: then a byte is broken, and it is no other encoding.
fn looks_like_utf8(bytes: &[u8]) -> bool {
    let high = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let letter = |pair: &[u8]| matches!(pair, [0xd0 | 0xd1, 0x80..=0xbf]);
    let letters = bytes.windows(2).filter(|pair| letter(pair)).count();
    letters > 0 && letters.saturating_mul(4) > high
}

/// Spreadsheets write `;` where a comma is the decimal sign, and tabs when they are asked for a text.
fn delimiter(text: &str) -> u8 {
    let header = text.trim_start().lines().next().unwrap_or_default();
    let (mut quoted, mut counts) = (false, [(b',', 0_usize), (b';', 0), (b'\t', 0)]);
    for byte in header.bytes() {
        quoted ^= byte == b'"';
        for (delimiter, count) in &mut counts {
            *count = count.saturating_add(usize::from(!quoted && byte == *delimiter));
        }
    }
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(delimiter, _)| *delimiter)
}

pub(super) fn csv(text: &str, encoding: &'static str) -> Result<Table, Problem> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .has_headers(false)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut records = reader.records();
    let Some(Ok(header)) = records.next() else {
        return Err(Problem::file(
            "no_header",
            "the header is missing: a line that names the columns",
        ));
    };
    let names = header.iter().map(str::to_owned).collect();
    let mut table = Table::new(Format::Csv, Some(encoding), (lines.of(&header), names));
    table.fits()?;
    for record in records {
        let read = match record {
            Ok(record) => {
                let line = lines.of(&record);
                let cells = record.iter().map(str::to_owned).collect();
                table.add(Line { line, cells })
            }
            Err(error) => Err(Problem::row(lines.line, "unreadable", error.to_string())),
        };
        if let Err(problem) = read {
            table.problems.push(problem);
        }
        if table.is_full() {
            break;
        }
    }
    Ok(table)
}

impl Table {
    pub(super) fn new(
        format: Format,
        encoding: Option<&'static str>,
        (header_line, header): (usize, Vec<String>),
    ) -> Table {
        Table {
            format,
            encoding,
            header,
            header_line,
            rows: Vec::new(),
            problems: Vec::new(),
            wrong: Vec::new(),
            sheet: None,
            sheets: Vec::new(),
        }
    }

    /// What could not be read of the columns that become fields.
    pub(super) fn faults(&self, fields: &[Option<&'static str>]) -> Vec<Problem> {
        let taken = |place: &usize| fields.get(*place).is_some_and(Option::is_some);
        let wrong = self.wrong.iter().filter(|(place, _)| taken(place));
        let wrong = wrong.map(|(_, problem)| problem);
        self.problems.iter().chain(wrong).cloned().collect()
    }

    /// Whether the header is one.
    pub(super) fn fits(&self) -> Result<(), Problem> {
        if self.header.len() > MOST_COLUMNS {
            return Err(Problem::file(
                "too_many_columns",
                format!("more than {MOST_COLUMNS} columns"),
            ));
        }
        Ok(())
    }

    pub(super) fn add(&mut self, row: Line) -> Result<(), Problem> {
        let (values, columns) = (row.cells.len(), self.header.len());
        if values != columns {
            let message = format!("{values} values, but the header has {columns} columns");
            return Err(Problem::row(row.line, "columns", message));
        }
        let long = row.cells.iter().zip(&self.header);
        let mut long = long.filter(|(cell, _)| cell.len() > LONGEST_CELL);
        if let Some((_, column)) = long.next() {
            let message = format!("{LONGEST_CELL} characters at most");
            return Err(Problem::cell(row.line, column, "too_long", message));
        }
        self.rows.push(row);
        Ok(())
    }

    /// Says so, too.
    pub(super) fn is_full(&mut self) -> bool {
        let faults = self.problems.len().saturating_add(self.wrong.len());
        let cells = self.rows.len().saturating_mul(self.header.len());
        let full = self.rows.len() > MOST_ROWS || cells > MOST_CELLS || faults > MOST_PROBLEMS;
        if full {
            let line = self.rows.last().map_or(1, |row| row.line);
            let message =
                format!("too much of it: the rest was not read; {MOST_ROWS} rows and {MOST_CELLS} cells at most");
            self.problems.push(Problem::row(line, "too_many_rows", message));
        }
        full
    }
}

/// Lines of records, counted as an editor counts them: blank ones too.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, record: &StringRecord) -> usize {
        let start = record
            .position()
            .and_then(|position| usize::try_from(position.byte()).ok())
            .unwrap_or(self.at);
        let blank = self
            .text
            .get(start..)
            .unwrap_or_default()
            .bytes()
            .take_while(|byte| *byte == b'\n')
            .count();
        let start = start.saturating_add(blank);
        let passed = self.text.get(self.at..start).unwrap_or_default();
        self.line = self
            .line
            .saturating_add(passed.bytes().filter(|byte| *byte == b'\n').count());
        self.at = self.at.max(start);
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_and_separators_are_found() {
        let check = |bytes: &[u8], encoding: &str| {
            let table = read(bytes, None).unwrap();
            assert_eq!(table.header, ["ФИО", "Телефон"], "{encoding}");
            assert_eq!(table.rows[0].cells, ["Ёлкин", "8 912 345-67-89"]);
            assert_eq!(table.encoding, Some(encoding));
        };
        let text = "ФИО;Телефон\r\nЁлкин;8 912 345-67-89\r\n";
        check(text.as_bytes(), "UTF-8");
        check(format!("\u{feff}{text}").as_bytes(), "UTF-8");
        check(text.replace(';', "\t").as_bytes(), "UTF-8");
        check(text.replace(';', ",").as_bytes(), "UTF-8");
        let old = |c: char| (0..=u8::MAX).find(|byte| windows_1251(*byte) == Some(c)).unwrap();
        check(&text.chars().map(old).collect::<Vec<u8>>(), "windows-1251");
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&[b"\xff\xfe".to_vec(), wide].concat(), "UTF-16LE");
    }

    #[test]
    fn what_is_no_table_is_told_apart() {
        let check = |bytes: &[u8], code: &str| assert_eq!(read(bytes, None).unwrap_err().code, code);
        check(b"", "no_header");
        check("ФИО;Телефон\n".as_bytes(), "empty");
        let broken = [b"\xd0\xa4\xd0\x98\xd0\x9e;\xd0\xa2\n".as_slice(), b"\xd0\x98\xff;1\n"].concat();
        check(&broken, "encoding");
        check(b"\x00\x01;\x02\n1;2\n", "encoding");
        check(b"PK\x03\x04 and no more", "workbook");
        check(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no more", "old_workbook");
        check(&vec![b'a'; LARGEST + 1], "too_large");
    }
}
