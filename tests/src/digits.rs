//! Whether a number is to be found in what somebody was given, however it is written.

/// The usual spellings of a Russian number that a text holds: with or without its country code, in any groups.
pub fn found_in(text: &str, number: &str) -> Option<String> {
    let national = &number[number.len() - 10..];
    let between = " ()-./\u{a0}\u{202f}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}";
    let plain: String = text.chars().filter(|c| !between.contains(*c)).collect();
    let escaped = [
        "%20",
        "%2D",
        "%28",
        "%29",
        "%2E",
        "%2F",
        "%C2%A0",
        "%E2%80%AF",
        "%E2%80%91",
    ];
    let decoded = escaped
        .iter()
        .fold(plain.clone(), |text, escape| text.replace(escape, ""));
    let (local, last) = (&national[3..], &national[6..]);
    let grouped = [
        format!("{}-{}-{}", &local[..3], &local[3..5], &local[5..]),
        format!("{} {} {}", &local[..3], &local[3..5], &local[5..]),
        format!("{}-{last}", &local[..3]),
        format!("{} {last}", &local[..3]),
        local.to_owned(),
    ];
    let place = |text: &str, part: &str| {
        let at = text.find(part)?;
        let around = text.char_indices().filter(|(index, _)| index.abs_diff(at) < 60);
        Some(around.map(|(_, c)| c).collect())
    };
    place(&plain, national)
        .or_else(|| place(&decoded, national))
        .or_else(|| grouped.iter().find_map(|part| place(text, part)))
}

#[test]
fn a_number_is_found_in_any_usual_spelling() {
    let number = "+79161234567";
    for text in [
        "sip:+79161234567@h",
        "89161234567",
        "8 (916) 123-45-67",
        "+7 916 123 45 67",
        "%2B7%20916%20123-45-67",
        "916-123-4567",
        "8.916.123.45.67",
        "8/916/123/45/67",
        "8\u{202f}916\u{202f}123\u{2011}45\u{2011}67",
        "?tel=8%2E916%2E123%2E4567",
        "to 123-45-67",
    ] {
        assert!(found_in(text, number).is_some(), "{text}");
    }
    for text in ["+78123893298", "123 45 68", "9161234568", ""] {
        assert_eq!(found_in(text, number), None, "{text}");
    }
}
