//! What a client is found by. Pure.
//!
//! A client's `search` text holds every word with a space before it, and every number with ` #` before it (` *` where it
//! stands as it is dialled within the country). Terms are the words, and the ends of the numbers: a part of a number is
//! the beginning of one of its ends.

use std::collections::BTreeSet;

use frontdesk_routing::number::PhoneNumber;

use super::rules::Checked;
use crate::store::text::{escaped, fold};

/// Characters of a term; what is longer is told apart by the whole text.
const LONGEST: usize = 16;
/// Digits of the shortest end of a number that is a term.
const SHORTEST_END: usize = 2;
/// Words of one search; more would narrow it no further.
pub(super) const NEEDLES: usize = 6;
const LONGEST_SEARCH: usize = 100;

pub(super) fn haystack(client: &Checked, region: &str) -> String {
    let mut text = String::new();
    let texts = [Some(&client.name), client.company.as_ref(), client.position.as_ref()];
    for word in texts.into_iter().flatten().flat_map(|text| words(text)) {
        text.push(' ');
        text.push_str(&word);
    }
    for number in client.numbers() {
        text.push_str(&format!(" #{}", number.as_u64()));
        if let Some(dialled) = within(number, region) {
            text.push_str(&format!(" *{dialled}"));
        }
    }
    text
}

/// As it is dialled within the country, if it is a number of the country.
fn within(number: PhoneNumber, region: &str) -> Option<String> {
    let dialled = number.national(region)?;
    (!dialled.starts_with("00") && !dialled.starts_with("011")).then_some(dialled)
}

fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(super) fn terms(haystack: &str) -> BTreeSet<Vec<u8>> {
    let mut terms = BTreeSet::new();
    for word in haystack.split(' ').filter(|word| !word.is_empty()) {
        if let Some(number) = word.strip_prefix('#') {
            let last = number.len().saturating_sub(SHORTEST_END);
            terms.extend((0..=last).filter_map(|from| number.get(from..)).map(term));
        } else {
            terms.insert(term(word.strip_prefix('*').unwrap_or(word)));
        }
    }
    terms
}

fn term(word: &str) -> Vec<u8> {
    let end = word.char_indices().nth(LONGEST).map_or(word.len(), |(at, _)| at);
    word.get(..end).unwrap_or(word).as_bytes().to_vec()
}

/// One word or number of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needle {
    /// Terms from here...
    pub(super) from: Vec<u8>,
    /// ...to before here.
    pub(super) to: Vec<u8>,
    /// What the `search` text has to fit.
    pub(super) pattern: String,
    /// What it has to fit when a fragment of a word will do.
    pub(super) anywhere: String,
}

/// The parts of a search; the longest first, for it is likely the rarest. None: nothing can be found.
pub(super) fn needles(search: &str, numbers_hidden: bool) -> Vec<Needle> {
    let end = search
        .char_indices()
        .nth(LONGEST_SEARCH)
        .map_or(search.len(), |(at, _)| at);
    let mut needles = Vec::new();
    let mut digits = String::new();
    for part in search.get(..end).unwrap_or(search).split_whitespace() {
        let grouped = |c: char| c.is_ascii_digit() || "()-+.".contains(c);
        if !numbers_hidden && part.chars().all(grouped) {
            digits.extend(part.chars().filter(char::is_ascii_digit));
            continue;
        }
        number(&mut digits, &mut needles);
        needles.extend(words(part).iter().map(|word| needle(word, &format!("% {word}%"))));
    }
    number(&mut digits, &mut needles);
    if numbers_hidden {
        for needle in &mut needles {
            needle.anywhere.clone_from(&needle.pattern);
        }
    }
    needles.sort_by_key(|needle| std::cmp::Reverse(needle.from.len()));
    needles.dedup();
    needles.truncate(NEEDLES);
    needles
}

/// Groups of digits that follow each other are one number.
fn number(digits: &mut String, needles: &mut Vec<Needle>) {
    if !digits.is_empty() {
        needles.push(needle(digits, &format!("%{digits}%")));
        digits.clear();
    }
}

fn needle(word: &str, pattern: &str) -> Needle {
    let from = term(word);
    let mut to = from.clone();
    // above every byte of UTF-8
    to.push(0xff);
    Needle {
        from,
        to,
        pattern: pattern.to_owned(),
        anywhere: format!("%{}%", escaped(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Checked {
        let number = |text| PhoneNumber::from_e164(text).unwrap();
        Checked {
            number: Some(number("+79123456789")),
            other_numbers: vec![number("+442071838750")],
            name: "Ёжиков-Петров Семён".into(),
            company: Some("ООО «Ромашка»".into()),
            position: Some("Директор".into()),
            ..Checked::default()
        }
    }

    /// As the database compares them: terms in the range of the first needle, then patterns.
    fn finds(search: &str, hidden: bool) -> bool {
        let haystack = haystack(&client(), "RU");
        let needles = needles(search, hidden);
        let fits = |needle: &Needle| {
            let inner = needle.pattern.trim_matches('%');
            let in_terms = terms(&haystack)
                .iter()
                .any(|term| *term >= needle.from && *term < needle.to);
            in_terms && haystack.contains(inner)
        };
        !needles.is_empty() && needles.iter().all(fits)
    }

    #[test]
    fn v9_v17_a_search_finds_words_in_any_order_and_digits_in_any_form() {
        for search in [
            "ежиков",
            "ЁЖИ",
            "семен",
            "Семён ёж",
            "петр",
            "ромаш",
            "\"Ромашка\"",
            "директор сем",
            "912 345",
            "+7 (912) 34",
            "8 912 345-67-89",
            "8912345",
            "345-67",
            "6789",
            "семен 6789",
            "+44 20 7183",
            "8750",
            "89",
            "Ежиков-Петров",
            "е\u{308}жик",
        ] {
            assert!(finds(search, false), "{search}");
        }
        for search in [
            "",
            " ",
            "«»",
            "жиков",
            "иван",
            "семен 6780",
            "913",
            "ежиков иван",
            "100%",
            "_",
        ] {
            assert!(!finds(search, false), "{search}");
        }
    }

    #[test]
    fn who_may_not_see_numbers_finds_none_by_digits() {
        for search in ["912", "+7 (912) 34", "семен 6789", "89", "#7912", "8"] {
            assert!(!finds(search, true), "{search}");
        }
        assert!(finds("семен", true));
    }

    proptest::proptest! {
        #[test]
        fn any_part_of_a_number_is_found_and_no_search_fails(from in 0_usize..9, length in 2_usize..11, any in "\\PC{0,130}") {
            let number = "79123456789";
            let part = &number[from..(from + length).min(number.len())];
            proptest::prop_assert!(finds(part, false), "{}", part);
            proptest::prop_assert!(needles(&any, false).len() <= NEEDLES);
            let long = Checked { name: any.clone(), ..client() };
            proptest::prop_assert!(terms(&haystack(&long, "RU")).iter().all(|term| term.len() <= LONGEST * 4));
        }
    }
}
