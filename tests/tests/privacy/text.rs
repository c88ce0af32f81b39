//! Numbers in free text in every spelling that somebody could think of, for whom they are hidden from.

use frontdesk_routing::masking::without_numbers;
use frontdesk_tests::digits::found_in;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const SPELLINGS: usize = 20_000;
const BETWEEN: &[&str] = &[
    "",
    " ",
    "-",
    ".",
    "/",
    "(",
    ")",
    ") ",
    ". ",
    " - ",
    "\u{a0}",
    "\u{202f}",
    "\u{2009}",
    "\u{2011}",
    "\u{2013}",
    "\u{2014}",
    "\u{2212}",
    "\u{ff0d}",
    "\u{200b}",
    "%20",
    "%2D",
    "%2e",
    "%C2%A0",
    "%E2%80%AF",
    "%E2%80%91",
    "%2520",
];
const AROUND: &[&str] = &[
    "",
    " ",
    "call ",
    "+",
    "тел.",
    "?a=",
    "\n",
    "x",
    ", ",
    "28.11.2026, ",
    "101, ",
];
const ZERO: [char; 4] = ['0', '０', '٠', '𝟎'];

fn any<'a>(rng: &mut StdRng, of: &[&'a str]) -> &'a str {
    of[rng.random_range(0..of.len())]
}

/// Its digits in one script, in any groups.
fn spelt(rng: &mut StdRng, digits: &str, zero: char) -> String {
    let mut text = String::new();
    for digit in digits.chars() {
        let digit = char::from_u32(u32::from(zero) + digit.to_digit(10).unwrap()).unwrap();
        text.push(digit);
        if rng.random_bool(0.4) {
            text.push_str(any(rng, BETWEEN));
        }
    }
    text
}

/// As many digits in a row as nobody may see, whatever stands between them.
fn digits_left(text: &str) -> usize {
    let escapes = BETWEEN.iter().rev().filter(|between| between.starts_with('%'));
    let text = escapes.fold(text.to_owned(), |text, escape| text.replace(escape, " "));
    let runs = text.split(|c: char| c.is_alphabetic() || "\n,…&=?".contains(c));
    let longest = runs.map(|run| run.chars().filter(|c| c.is_numeric()).count());
    longest.max().unwrap_or(0)
}

#[test]
fn l43_a_number_is_left_out_of_a_text_however_it_is_spelt() {
    let mut rng = StdRng::seed_from_u64(43);
    let mut found = 0;
    for _ in 0..SPELLINGS {
        let national: String = (0..10)
            .map(|place| char::from(b'0' + rng.random_range(u8::from(place == 0)..10)))
            .collect();
        let number = format!("+7{national}");
        let prefix = any(&mut rng, &["", "8", "+7", "%2B7"]);
        let zero = ZERO[rng.random_range(0..ZERO.len())];
        let spelling = spelt(&mut rng, &national, zero);
        let (before, after) = (any(&mut rng, AROUND), any(&mut rng, AROUND));
        let text = format!("{before}{prefix}{spelling}{after}");
        found += usize::from(found_in(&text, &number).is_some());
        let shown = without_numbers(&text);
        assert_eq!(found_in(&shown, &number), None, "{text:?} is shown as {shown:?}");
        assert!(shown.contains('…'), "{text:?} is shown as {shown:?}");
        let left = shown.replace("28.11.2026", "");
        assert!(digits_left(&left) < 7, "{text:?} is shown as {shown:?}");
        assert_eq!(without_numbers(&shown), shown, "nothing more is left out of it");
    }
    assert!(
        found > SPELLINGS / 50,
        "only {found} of them are spelt as people usually do"
    );
}

#[test]
fn l43_what_is_no_number_stays_in_a_text() {
    for text in [
        "28.11.2026, 14:30",
        "rooms 101, 102, 103",
        "https://shop.example/p/12?x=100%25",
        "order 12-34",
        "100 % of 5/6",
    ] {
        assert_eq!(without_numbers(text), text);
    }
}
