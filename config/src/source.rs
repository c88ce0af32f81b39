//! The text of a configuration file as values with their lines.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::load::{Origin, Problem};
use crate::model::KEYS;

/// A value as its source wrote it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Raw {
    /// From a flag or the environment: the setting's type decides how it is read.
    Untyped(String),
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Raw>),
    /// A kind that no setting has (a float, a date, a table).
    Foreign,
}

/// `section.name`, value and line of everything in the file; what cannot be read goes to `problems`.
pub(crate) fn read_file(text: &str, problems: &mut Vec<Problem>) -> Vec<(String, Raw, usize)> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        problems.push(Problem {
            key: String::new(),
            message: format!("not TOML: {}", error.message()),
            origin: Origin::File { line },
        });
    }
    let mut found = Vec::new();
    for (section, value) in table.get_ref() {
        let line = line_of(text, section.span().start);
        match value.get_ref() {
            DeValue::Table(entries) if entries.is_empty() => {
                if !KEYS.iter().any(|key| *section.get_ref() == key.section) {
                    found.push((section.get_ref().to_string(), Raw::Foreign, line));
                }
            }
            DeValue::Table(entries) => {
                for (name, value) in entries {
                    let path = format!("{}.{}", section.get_ref(), name.get_ref());
                    found.push((path, raw(value), line_of(text, name.span().start)));
                }
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => found.push((section.get_ref().to_string(), raw(value), line)),
        }
    }
    found.sort_by_key(|(_, _, line)| *line);
    found
}

fn raw(value: &Spanned<DeValue<'_>>) -> Raw {
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Raw::Foreign, Raw::Integer)
        }
        DeValue::Boolean(flag) => Raw::Boolean(*flag),
        DeValue::Array(items) => Raw::List(items.iter().map(raw).collect()),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => Raw::Foreign,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
