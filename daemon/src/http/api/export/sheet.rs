//! Workbooks, written row by row: what is not sent yet waits in a file, not in memory. Texts are texts: nothing is worked out.

use std::io::{self, Write};

use axum::body::Bytes;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{Cell, broken};
use crate::http::error::{ApiError, ApiResult};

pub(super) const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Rows of a sheet; the rest stands on a further one.
const MOST_ROWS: u32 = 1_048_576;
/// UTF-16 units of a cell.
const LONGEST: usize = 32_767;
const WIDTH: f64 = 22.0;
/// Octets that are sent together, and how many such pieces wait.
const PIECE: usize = 64 * 1024;
const PIECES: usize = 4;

pub(super) struct Sheet {
    name: &'static str,
    columns: &'static [&'static str],
    book: Workbook,
    /// So that what is typed over a text stays one.
    text: Format,
    sheets: usize,
    row: u32,
}

impl Sheet {
    pub(super) fn begin(name: &'static str, columns: &'static [&'static str]) -> ApiResult<Sheet> {
        let mut sheet = Sheet {
            name,
            columns,
            book: Workbook::new(),
            text: Format::new().set_num_format("@"),
            sheets: 0,
            row: 0,
        };
        sheet.open().map_err(|error| ApiError::internal(&error))?;
        Ok(sheet)
    }

    pub(super) fn add(&mut self, cells: Vec<Cell>) -> ApiResult<()> {
        self.write(cells).map_err(|error| ApiError::internal(&error))
    }

    fn open(&mut self) -> Result<(), XlsxError> {
        let title = match self.sheets {
            0 => self.name.to_owned(),
            before => format!("{} {}", self.name, before.saturating_add(1)),
        };
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(title)?.set_freeze_panes(1, 0)?;
        for (column, name) in (0_u16..).zip(self.columns) {
            sheet.set_column_width(column, WIDTH)?;
            sheet.write_string(0, column, *name)?;
        }
        self.sheets = self.sheets.saturating_add(1);
        self.row = 1;
        Ok(())
    }

    fn write(&mut self, cells: Vec<Cell>) -> Result<(), XlsxError> {
        if self.row >= MOST_ROWS {
            self.open()?;
        }
        let sheet = self.book.worksheet_from_index(self.sheets.saturating_sub(1))?;
        for (column, cell) in (0_u16..).zip(cells) {
            put(sheet, (self.row, column), cell, &self.text)?;
        }
        self.row = self.row.saturating_add(1);
        Ok(())
    }

    /// Packs the workbook away from what serves others, as fast as it is taken.
    pub(super) fn octets(mut self) -> Receiver<io::Result<Bytes>> {
        let (sender, receiver) = channel(PIECES);
        tokio::task::spawn_blocking(move || {
            let mut pieces = Pieces {
                sender,
                piece: Vec::with_capacity(PIECE),
            };
            let packed = self.book.save_to_writer(&mut pieces);
            let sent = packed
                .map_err(|error| broken(self.name, error))
                .and_then(|()| pieces.flush());
            if let Err(error) = sent {
                drop(pieces.sender.blocking_send(Err(error)));
            }
        });
        receiver
    }
}

fn put(sheet: &mut Worksheet, (row, column): (u32, u16), cell: Cell, format: &Format) -> Result<(), XlsxError> {
    match cell {
        Cell::Own(text) | Cell::Text(text) => {
            if !text.is_empty() {
                sheet.write_string_with_format(row, column, cut(text), format)?;
            }
        }
        Cell::Number(number) => {
            if let Some(number) = number.and_then(|number| u32::try_from(number).ok()) {
                sheet.write_number(row, column, number)?;
            }
        }
    }
    Ok(())
}

fn cut(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    let mut units = 0_usize;
    let fits = |c: &char| {
        units = units.saturating_add(c.len_utf16());
        units <= LONGEST
    };
    text.chars().take_while(fits).collect()
}

/// Sends what is written in pieces; whoever takes them no more ends it.
struct Pieces {
    sender: Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(octets);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        let sent = self.sender.blocking_send(Ok(piece.into()));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_a_cell_ends() {
        assert_eq!(cut("a".repeat(LONGEST + 1)).len(), LONGEST);
        assert_eq!(cut("😀".repeat(20_000)).chars().count(), LONGEST / 2);
        assert_eq!(cut("ё".repeat(20_000)).chars().count(), 20_000);
    }
}
