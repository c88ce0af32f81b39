//! What is wrong with a change, gathered field by field.

use std::ops::RangeInclusive;

use super::error::FieldError;

/// All faults of one change; of a field only the first is told.
#[derive(Default)]
pub(crate) struct Faults(pub(crate) Vec<FieldError>);

impl Faults {
    pub(crate) fn add(&mut self, field: &str, code: &'static str, message: &str) {
        if !self.0.iter().any(|fault| fault.field.starts_with(field)) {
            self.0.push(FieldError::new(field, code, message));
        }
    }

    /// What was given and is right.
    pub(crate) fn keep<T>(&mut self, checked: Option<Result<T, FieldError>>) -> Option<T> {
        match checked? {
            Ok(value) => Some(value),
            Err(fault) => {
                self.0.push(fault);
                None
            }
        }
    }

    /// Takes a word that was given and means something; the error of `named` says what there is.
    pub(crate) fn word<T>(
        &mut self,
        place: &mut T,
        (field, given): (&str, &Option<String>),
        named: impl Fn(&str) -> Result<T, &'static str>,
    ) {
        match given.as_deref().map(named) {
            Some(Ok(value)) => *place = value,
            Some(Err(known)) => self.add(field, "unknown", known),
            None => {}
        }
    }
}

/// A number between two others, or none at all.
pub(crate) fn within(field: &str, value: Option<u32>, range: RangeInclusive<u32>) -> Result<Option<u32>, FieldError> {
    match value {
        Some(value) if !range.contains(&value) => {
            let message = format!("{} to {}, or null", range.start(), range.end());
            Err(FieldError::new(field, "invalid", message))
        }
        value => Ok(value),
    }
}
