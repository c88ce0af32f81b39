//! The same statement for one row and for several: a batch costs the database one round trip for many rows.

use super::db::{Arg, Inner, Tx};
use super::error::StoreError;

/// A statement for one or several rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowText {
    pub(crate) rows: usize,
    /// With `$n` for the values, as all statements have it.
    pub(crate) numbered: &'static str,
    /// With `?`. SQLite looks for each name among all those before it: of a thousand values half a million times.
    plain: &'static str,
}

/// Texts of one statement, the one for the most rows first and that for a single row last.
pub(crate) type Sizes = [RowText];

/// `before VALUES (..), (..) after` for several rows; the result stands in the statements' list like any other.
///
/// Its parts are constants, and so is the text.
macro_rules! rows {
    ($columns:expr, $before:expr, $after:expr) => {
        $crate::store::rows::rows!($columns, $before, $after, 16, 4)
    };
    ($columns:expr, $before:expr, $after:expr, $many:literal, $some:literal) => {{
        [
            $crate::store::rows::row_text!($columns, $before, $after, $many),
            $crate::store::rows::row_text!($columns, $before, $after, $some),
            $crate::store::rows::row_text!($columns, $before, $after, 1),
        ]
    }};
}
pub(crate) use rows;

/// One of the sizes.
macro_rules! row_text {
    ($columns:expr, $before:expr, $after:expr, $rows:literal) => {{
        const SHAPE: $crate::store::rows::Shape = $crate::store::rows::Shape {
            before: $before,
            columns: $columns,
            rows: $rows,
            after: $after,
        };
        const NUMBERED: [u8; SHAPE.length(true)] = SHAPE.write(true);
        const PLAIN: [u8; SHAPE.length(false)] = SHAPE.write(false);
        $crate::store::rows::RowText::new($rows, &NUMBERED, &PLAIN)
    }};
}
pub(crate) use row_text;

/// Enters all rows, in order, in as few statements as the sizes allow.
pub(crate) async fn enter(tx: &mut Tx, sizes: &Sizes, rows: Vec<Vec<Arg>>) -> Result<(), StoreError> {
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    for size in sizes {
        let sql = match tx.inner {
            Inner::Sqlite(_) => size.plain,
            Inner::Postgres(_) => size.numbered,
        };
        while left >= size.rows {
            let values: Vec<Arg> = rows.by_ref().take(size.rows).flatten().collect();
            tx.run(sql, values).await?;
            left = left.saturating_sub(size.rows);
        }
    }
    Ok(())
}

impl RowText {
    pub(crate) const fn new(rows: usize, numbered: &'static [u8], plain: &'static [u8]) -> RowText {
        RowText {
            rows,
            numbered: text(numbered),
            plain: text(plain),
        }
    }
}

/// What a text is made of.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) before: &'static str,
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(crate) after: &'static str,
}

impl Shape {
    pub(crate) const fn length(self, numbered: bool) -> usize {
        let mut text = Text::<0>::new();
        text.write(self, numbered);
        text.length
    }

    pub(crate) const fn write<const N: usize>(self, numbered: bool) -> [u8; N] {
        let mut text = Text::<N>::new();
        text.write(self, numbered);
        text.bytes
    }
}

const fn text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}

/// Counts what is written beyond its room, so that the room can be known before it is made.
struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Text<N> {
    const fn new() -> Self {
        Text {
            bytes: [0; N],
            length: 0,
        }
    }

    const fn write(&mut self, shape: Shape, numbered: bool) {
        self.push(shape.before);
        self.push(" VALUES ");
        let mut row = 0;
        while row < shape.rows {
            self.push(if row == 0 { "(" } else { ", (" });
            let mut column = 0;
            while column < shape.columns {
                self.push(if column == 0 { "" } else { ", " });
                self.push(if numbered { "$" } else { "?" });
                if numbered {
                    self.number(row * shape.columns + column + 1);
                }
                column += 1;
            }
            self.push(")");
            row += 1;
        }
        self.push(shape.after);
    }

    const fn push(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        while let [byte, more @ ..] = rest {
            if let Some(place) = self.room().first_mut() {
                *place = *byte;
            }
            self.length += 1;
            rest = more;
        }
    }

    const fn room(&mut self) -> &mut [u8] {
        match self.bytes.split_at_mut_checked(self.length) {
            Some((_, room)) => room,
            None => &mut [],
        }
    }

    /// Below 1,000: no statement has more values.
    const fn number(&mut self, number: usize) {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        if number >= 10 {
            self.number(number / 10);
        }
        let mut digit = 0;
        let mut left: &[&str] = &DIGITS;
        while let [text, more @ ..] = left {
            if digit == number % 10 {
                self.push(text);
            }
            digit += 1;
            left = more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_a_place_for_each_value_of_each_row() {
        const SIZES: [RowText; 3] = rows!(3, "INSERT INTO t (a, b, c)", " ON CONFLICT DO NOTHING");
        let [many, some, one] = SIZES;
        assert_eq!((many.rows, some.rows, one.rows), (16, 4, 1));
        assert_eq!(
            one.numbered,
            "INSERT INTO t (a, b, c) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        );
        assert_eq!(
            one.plain,
            "INSERT INTO t (a, b, c) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        );
        assert_eq!(
            some.numbered,
            "INSERT INTO t (a, b, c) VALUES ($1, $2, $3), ($4, $5, $6), ($7, $8, $9), ($10, $11, $12) ON CONFLICT DO NOTHING"
        );
        assert!(many.numbered.contains(", ($46, $47, $48) ON"), "{many:?}");
        assert_eq!(many.plain.matches('?').count(), 48);
    }
}
