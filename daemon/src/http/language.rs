//! In which of our languages somebody is spoken to.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// The languages of pages and of sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Language {
    #[default]
    English,
    Russian,
}

impl Language {
    /// By a tag of RFC 5646: `ru`, `en-GB`; `None`: not one of ours.
    pub(super) fn named(tag: &str) -> Option<Language> {
        let tag = tag.trim().to_ascii_lowercase();
        match tag.split('-').next().unwrap_or_default() {
            "ru" => Some(Language::Russian),
            "en" => Some(Language::English),
            _ => None,
        }
    }

    /// The first of our languages that the reader asks for; English otherwise.
    pub(super) fn wanted(headers: &HeaderMap) -> Language {
        let wanted = headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let mut best = (0, Language::English);
        for item in wanted.split(',').take(20) {
            let mut parts = item.split(';');
            let Some(language) = Language::named(parts.next().unwrap_or_default()) else {
                continue;
            };
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q=").map(thousandths))
                .unwrap_or(1000);
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

/// A quality of RFC 9110 section 12.4.2 in thousandths.
fn thousandths(text: &str) -> u32 {
    let digits: String = text.trim().chars().filter(char::is_ascii_digit).take(4).collect();
    format!("{digits:0<4}").parse().unwrap_or(0).min(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_language_decides() {
        use Language::{English, Russian};
        let check = |wanted: &str, language: Language| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, wanted.parse().unwrap());
            assert_eq!(Language::wanted(&headers), language, "{wanted}");
        };
        check("ru", Russian);
        check("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", Russian);
        check("en-GB,en;q=0.9,ru;q=0.8", English);
        check("en;q=0.2, ru;q=0.25", Russian);
        check("de-DE,de;q=0.9", English);
        check("de,ru;q=0.1", Russian);
        check("ru;q=0", English);
        check("", English);
    }

    #[test]
    fn a_page_without_a_wish_is_english() {
        assert_eq!(Language::wanted(&HeaderMap::new()), Language::English);
    }
}
