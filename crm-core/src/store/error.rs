//! What goes wrong between a caller and the database.

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub field: String,
    /// For programs: `required`, `invalid`, `taken`, `too_long`, `too_short`, `unknown`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl FieldError {
    pub fn new(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        FieldError {
            field: field.to_owned(),
            code,
            message: message.into(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not there, or of another account.
    #[error("not found")]
    NotFound,
    #[error("gone")]
    Gone,
    /// The version to be changed is not the newest.
    #[error("changed by somebody else")]
    Stale,
    /// Fields that cannot be taken as they are.
    #[error("fields are wrong")]
    Invalid(Vec<FieldError>),
    /// Fields whose value somebody else has.
    #[error("fields are taken")]
    Taken(Vec<FieldError>),
    /// A rule forbids it, whatever the fields say.
    #[error("{detail}")]
    Refused { code: &'static str, detail: &'static str },
    /// Others use it; the text says who.
    #[error("{0}")]
    InUse(String),
    #[error("the database: {0}")]
    Database(sqlx::Error),
    #[error("the database's tables: {0}")]
    Migration(sqlx::migrate::MigrateError),
    /// A row that nothing of ours has written.
    #[error("a row cannot be read: {0}")]
    Corrupt(String),
}

// By hand, because an error that tells its cause and names it as its source tells it twice, and sqlx's do so already.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::Database(error)
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        StoreError::Migration(error)
    }
}

impl StoreError {
    /// Two writers at once: the second one meets the index.
    pub fn is_unique(&self) -> bool {
        matches!(self, StoreError::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// The value itself does not fit: the same statement will never succeed.
    pub fn is_refusal(&self) -> bool {
        let StoreError::Database(sqlx::Error::Database(error)) = self else {
            return matches!(self, StoreError::Database(sqlx::Error::Encode(_)));
        };
        let data = error
            .code()
            .is_some_and(|code| code.len() == 5 && code.starts_with("22"));
        data || error.is_unique_violation()
            || error.is_foreign_key_violation()
            || error.is_check_violation()
            || matches!(error.kind(), sqlx::error::ErrorKind::NotNullViolation)
    }

    /// Whether a thing is still in the version that somebody has read of it; `None`: any is good.
    pub(crate) fn unless(found: i64, wanted: Option<i64>) -> Result<(), StoreError> {
        match wanted.is_some_and(|wanted| wanted != found) {
            true => Err(StoreError::Stale),
            false => Ok(()),
        }
    }

    /// Why nothing was there to be deleted that was there a moment ago.
    pub(crate) fn missed(wanted: Option<i64>) -> StoreError {
        match wanted {
            Some(_) => StoreError::Stale,
            None => StoreError::NotFound,
        }
    }

    /// Nothing when there are no faults.
    pub fn invalid(faults: Vec<FieldError>) -> Result<(), StoreError> {
        if faults.is_empty() {
            Ok(())
        } else {
            Err(StoreError::Invalid(faults))
        }
    }

    pub fn taken(faults: Vec<FieldError>) -> Result<(), StoreError> {
        if faults.is_empty() {
            Ok(())
        } else {
            Err(StoreError::Taken(faults))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn what_the_database_says_is_told_once() {
        let error = StoreError::from(sqlx::Error::Protocol("no room left".to_owned()));
        let mut told = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            told.push_str(&cause.to_string());
            source = cause.source();
        }
        assert_eq!(told.matches("no room left").count(), 1, "{told}");
    }
}
