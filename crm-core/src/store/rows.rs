//! The same statement for one row and for several: a batch costs the database one round trip for many rows.

use super::db::{Arg, Tx};
use super::error::StoreError;

/// Texts of one statement, each with the number of rows that it takes, the largest number first and 1 last.
pub(crate) type Sizes = [(usize, &'static str)];

/// `before VALUES (..), (..) after` for several rows; the result stands in the statements' list like any other.
///
/// Its parts are constants, and so is the text.
macro_rules! rows {
    ($columns:expr, $before:expr, $after:expr) => {
        $crate::store::rows::rows!($columns, $before, $after, 16, 4)
    };
    ($columns:expr, $before:expr, $after:expr, $many:literal, $some:literal) => {{
        const MANY: usize = $crate::store::rows::length($before, $columns, $many, $after);
        const SOME: usize = $crate::store::rows::length($before, $columns, $some, $after);
        const ONE: usize = $crate::store::rows::length($before, $columns, 1, $after);
        const TEXTS: ([u8; MANY], [u8; SOME], [u8; ONE]) = (
            $crate::store::rows::write($before, $columns, $many, $after),
            $crate::store::rows::write($before, $columns, $some, $after),
            $crate::store::rows::write($before, $columns, 1, $after),
        );
        [
            ($many, $crate::store::rows::text(&TEXTS.0)),
            ($some, $crate::store::rows::text(&TEXTS.1)),
            (1, $crate::store::rows::text(&TEXTS.2)),
        ]
    }};
}
pub(crate) use rows;

/// Enters all rows, in order, in as few statements as the sizes allow.
pub(crate) async fn enter(tx: &mut Tx, sizes: &Sizes, rows: Vec<Vec<Arg>>) -> Result<(), StoreError> {
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    for (size, sql) in sizes {
        while left >= *size {
            let values: Vec<Arg> = rows.by_ref().take(*size).flatten().collect();
            tx.run(sql, values).await?;
            left = left.saturating_sub(*size);
        }
    }
    Ok(())
}

pub(crate) const fn length(before: &str, columns: usize, rows: usize, after: &str) -> usize {
    let mut text = Text::<0>::new();
    text.write(before, columns, rows, after);
    text.length
}

pub(crate) const fn write<const N: usize>(before: &str, columns: usize, rows: usize, after: &str) -> [u8; N] {
    let mut text = Text::<N>::new();
    text.write(before, columns, rows, after);
    text.bytes
}

pub(crate) const fn text(bytes: &'static [u8]) -> &'static str {
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

    const fn write(&mut self, before: &str, columns: usize, rows: usize, after: &str) {
        self.push(before);
        self.push(" VALUES ");
        let mut row = 0;
        while row < rows {
            self.push(if row == 0 { "(" } else { ", (" });
            let mut column = 0;
            while column < columns {
                self.push(if column == 0 { "$" } else { ", $" });
                self.number(row * columns + column + 1);
                column += 1;
            }
            self.push(")");
            row += 1;
        }
        self.push(after);
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
    #[test]
    fn a_text_has_a_place_for_each_value_of_each_row() {
        const SIZES: [(usize, &str); 3] = rows!(3, "INSERT INTO t (a, b, c)", " ON CONFLICT DO NOTHING");
        let [(16, many), (4, some), (1, one)] = SIZES else {
            panic!("{SIZES:?}");
        };
        assert_eq!(
            one,
            "INSERT INTO t (a, b, c) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        );
        assert_eq!(
            some,
            "INSERT INTO t (a, b, c) VALUES ($1, $2, $3), ($4, $5, $6), ($7, $8, $9), ($10, $11, $12) ON CONFLICT DO NOTHING"
        );
        assert!(many.contains(", ($46, $47, $48) ON"), "{many}");
    }
}
