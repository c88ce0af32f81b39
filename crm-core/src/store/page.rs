//! Parts of lists.

use super::db::{Arg, Db};
use super::error::{FieldError, StoreError};

/// Rows that a page of a list looks through where only some of them may fit: a page that finds fewer than it could has a
/// cursor to go on from.
pub(crate) const LOOKED_THROUGH: i64 = 10_000;
/// An id after every other of the same moment.
pub(crate) const AFTER_ALL: &str = "ZZZZZZZZZZZZZZZZZZZZZZZZZZ";

/// Which part of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub limit: u32,
    pub offset: u32,
    pub cursor: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Listing<T> {
    pub items: Vec<T>,
    pub total: u64,
    pub filtered: u64,
    pub next_cursor: Option<String>,
}

/// A place in a list that is ordered by a moment and an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub at: i64,
    pub id: String,
}

#[derive(sqlx::FromRow)]
struct PlaceRow {
    at: i64,
    id: String,
}

impl Place {
    /// Where a list begins that shows the newest first: after everything.
    pub fn newest() -> Place {
        Place {
            at: i64::MAX,
            id: "~".to_owned(),
        }
    }

    /// Where a page begins.
    pub fn of(page: &Page) -> Result<Place, StoreError> {
        page.cursor.as_deref().map_or_else(|| Ok(Place::newest()), Place::read)
    }

    /// The same, or before a moment if that is earlier.
    pub(crate) fn before(self, until: Option<i64>) -> Place {
        match until {
            Some(until) if until <= self.at => Place {
                at: until,
                id: String::new(),
            },
            Some(_) | None => self,
        }
    }

    /// Where the row stands that a statement gives, as its `at` and its `id`.
    pub(crate) async fn found(db: &Db, sql: &'static str, values: Vec<Arg>) -> Result<Option<Place>, StoreError> {
        let row: Option<PlaceRow> = db.one(sql, values).await?;
        Ok(row.map(|row| Place { at: row.at, id: row.id }))
    }

    pub fn write(&self) -> String {
        format!("{:x}.{}", self.at, self.id)
    }

    pub fn read(text: &str) -> Result<Place, StoreError> {
        let place = text.split_once('.').and_then(|(at, id)| {
            let plain = id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let at = i64::from_str_radix(at, 16).ok()?;
            plain.then(|| Place { at, id: id.to_owned() })
        });
        place.ok_or_else(strange)
    }
}

/// A cursor that we have not written.
pub(crate) fn strange() -> StoreError {
    StoreError::Invalid(vec![FieldError::new("cursor", "invalid", "not a cursor of ours")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_a_strange_one_refused() {
        let place = Place {
            at: 1_795_000_000_000,
            id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".into(),
        };
        assert_eq!(Place::read(&place.write()).unwrap(), place);
        for wrong in ["", ".", "x", "1.x", "zz.01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
            assert!(Place::read(wrong).is_err(), "{wrong}");
        }
    }
}
