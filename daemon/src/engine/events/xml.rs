//! Text inside XML documents.

/// Safe between tags and in attributes; what XML 1.0 cannot hold is left out.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {}
            character if character.is_control() => safe.push(' '),
            character => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_breaks_out_of_its_document() {
        assert_eq!(
            escape("ООО «A» <b a=\"1\">&'\u{0}\n\u{ffff}"),
            "ООО «A» &lt;b a=&quot;1&quot;&gt;&amp;&apos;  "
        );
    }
}
