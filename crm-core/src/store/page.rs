//! Parts of lists.

use serde::{Deserialize, Serialize};

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

impl<T> Listing<T> {
    /// Of a list that nothing is left out of.
    pub(crate) fn of_all(items: Vec<T>, total: u64, next_cursor: Option<String>) -> Listing<T> {
        Listing {
            items,
            total,
            filtered: total,
            next_cursor,
        }
    }
}

/// A place in a list that is ordered by a moment and an id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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

    /// Where such a list ends: before everything.
    pub(crate) fn oldest() -> Place {
        Place {
            at: i64::MIN,
            id: String::new(),
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

/// A place in a list that goes upwards by a number, a text and an id; a list that has no number or no text to go by has 0
/// or an empty one there. It is the cursor itself, so that the list goes on there whatever becomes of the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) number: i64,
    pub(crate) text: String,
    pub(crate) id: String,
}

impl Mark {
    /// Where a page begins.
    pub(crate) fn of(page: &Page) -> Result<Mark, StoreError> {
        let Some(cursor) = &page.cursor else {
            return Ok(Mark {
                number: i64::MIN,
                text: String::new(),
                id: String::new(),
            });
        };
        let text = hex::decode(cursor).map_err(|_| strange())?;
        serde_json::from_slice(&text).map_err(|_| strange())
    }

    fn write(&self) -> Result<String, StoreError> {
        let text = serde_json::to_vec(self).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(hex::encode(text))
    }
}

/// The rows that a page shows, of which one more was asked for, and the cursor of the next page where there is one.
pub(crate) fn shown<R>(
    mut rows: Vec<R>,
    page: &Page,
    mark: impl Fn(&R) -> Mark,
) -> Result<(Vec<R>, Option<String>), StoreError> {
    let next = cut(&mut rows, page).map(|last| mark(last).write()).transpose()?;
    Ok((rows, next))
}

/// The same of a list that shows the newest first.
pub(crate) fn newest<R>(mut rows: Vec<R>, page: &Page, place: impl Fn(&R) -> Place) -> (Vec<R>, Option<String>) {
    let next = cut(&mut rows, page).map(|last| place(last).write());
    (rows, next)
}

/// Leaves the rows of a page; gives its last one if there are more behind it.
fn cut<'a, R>(rows: &'a mut Vec<R>, page: &Page) -> Option<&'a R> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more)
}

#[derive(sqlx::FromRow)]
struct Count {
    count: i64,
}

/// What `SELECT COUNT(*) AS count ...` gives.
pub(crate) async fn counted(db: &Db, sql: &'static str, values: Vec<Arg>) -> Result<u64, StoreError> {
    let count: Option<Count> = db.one(sql, values).await?;
    Ok(count.and_then(|count| u64::try_from(count.count).ok()).unwrap_or(0))
}

/// A cursor that we have not written.
pub(crate) fn strange() -> StoreError {
    StoreError::Invalid(vec![FieldError::new("cursor", "invalid", "not a cursor of ours")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_a_page_with_more_behind_it_has_one() {
        let page = Page {
            limit: 2,
            ..Page::default()
        };
        let mark = |number: &i64| Mark {
            number: *number,
            text: format!("Отдел {number}"),
            id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".into(),
        };
        assert_eq!(shown(vec![1, 2], &page, mark).unwrap(), (vec![1, 2], None));
        let (rows, cursor) = shown(vec![1, 2, 3], &page, mark).unwrap();
        assert_eq!(rows, [1, 2]);
        assert_eq!(Mark::of(&Page { cursor, ..page }).unwrap(), mark(&2));
        for wrong in ["", "x", "7b7d", &Place::newest().write()] {
            let page = Page {
                cursor: Some(wrong.to_owned()),
                ..Page::default()
            };
            assert!(Mark::of(&page).is_err(), "{wrong}");
        }
    }

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
