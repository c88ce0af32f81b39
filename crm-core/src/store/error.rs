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
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database's tables: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row that nothing of ours has written.
    #[error("a row cannot be read: {0}")]
    Corrupt(String),
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
