//! The database: two native pools behind one set of statements.

pub mod copy;
pub mod db;
pub mod error;
pub(crate) mod faults;
#[cfg(test)]
mod oldest;
pub mod page;
pub(crate) mod raw;
pub(crate) mod rows;
pub mod sql;
pub mod stamp;
pub mod text;

pub use db::{Arg, Db, Record, Tx};
pub use error::{FieldError, StoreError};
pub use page::{Listing, Page};
pub use stamp::{Ids, Stamp};

/// Values of a statement, in the order of `$1`, `$2`, ...
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::Arg::from($value)),*] };
}
pub(crate) use args;
