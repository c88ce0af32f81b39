//! Texts as they are compared and searched.

use std::str::FromStr;

use super::error::StoreError;

/// An identifier of a row.
pub fn id<T: FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse()
        .map_err(|_| StoreError::Corrupt(format!("{text} is no identifier")))
}

pub fn maybe_id<T: FromStr>(text: &Option<String>) -> Result<Option<T>, StoreError> {
    text.as_deref().map(id).transpose()
}

/// A text as it is compared: in lower case of every alphabet (SQLite knows that of ASCII only), with е for ё. Some
/// programs write й and ё as a letter and a mark.
pub fn fold(text: &str) -> String {
    let lower = text.to_lowercase().replace('ё', "е");
    if lower.contains(['\u{306}', '\u{308}']) {
        return lower.replace("и\u{306}", "й").replace("е\u{308}", "е");
    }
    lower
}

/// What a search looks into.
pub fn haystack(parts: &[Option<&str>]) -> String {
    parts
        .iter()
        .flatten()
        .map(|part| fold(part))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A pattern for `LIKE ... ESCAPE '\'` that finds the text anywhere. A number is found however it is grouped.
pub fn needle(search: &str) -> String {
    let search = fold(search.trim());
    let grouped = |c: char| c.is_ascii_digit() || " ()-+".contains(c);
    let digits: String = search.chars().filter(char::is_ascii_digit).collect();
    if digits.len() > 4 && search.chars().all(grouped) {
        return format!("%{digits}%");
    }
    format!("%{}%", escaped(&search))
}

/// A number's pattern in which `*` stands for any digits.
pub fn wildcard(number: &str) -> String {
    escaped(number).replace('*', "%")
}

pub(crate) fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_taken_literally_and_a_number_without_its_groups() {
        let check = |search: &str, expected: &str| assert_eq!(needle(search), expected);
        check(" ПЁТР ", "%петр%");
        check("50%_\\", "%50\\%\\_\\\\%");
        check("(495) 123-45-67", "%4951234567%");
        check("105", "%105%");
    }

    #[test]
    fn a_star_stands_for_any_digits() {
        assert_eq!(wildcard("+7901*"), "+7901%");
        assert_eq!(wildcard("1_0*"), "1\\_0%");
    }
}
