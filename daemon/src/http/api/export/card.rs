//! Business cards, vCard 4.0 (RFC 6350).

use super::super::clients::ClientView;

/// Octets of a line without its end.
const LONGEST: usize = 75;

pub(super) fn of(client: &ClientView) -> String {
    let mut card = String::from("BEGIN:VCARD\r\nVERSION:4.0\r\n");
    let name = guarded(&client.name);
    line(&mut card, "UID;VALUE=text:", &client.id);
    line(&mut card, "FN:", &name);
    // which part of a name is which, nobody has said
    line(&mut card, "N:", &format!("{name};;;;"));
    for (property, text) in [("ORG:", &client.company), ("TITLE:", &client.position)] {
        if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
            line(&mut card, property, &guarded(text));
        }
    }
    if client.vip {
        line(&mut card, "CATEGORIES:", "VIP");
    }
    telephone(&mut card, ";PREF=1", &client.number);
    for number in &client.other_numbers {
        telephone(&mut card, "", number);
    }
    card.push_str("END:VCARD\r\n");
    card
}

/// A number that is hidden need not be one.
fn telephone(card: &mut String, preferred: &str, number: &str) {
    let digits = number.strip_prefix('+').unwrap_or(number);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        line(card, &format!("TEL;VALUE=uri{preferred};TYPE=voice:tel:"), number);
    } else if !number.is_empty() {
        line(
            card,
            &format!("TEL;VALUE=text{preferred};TYPE=voice:"),
            &guarded(number),
        );
    }
}

fn guarded(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ',' | ';' => safe.extend(['\\', c]),
            '\n' => safe.push_str("\\n"),
            c if c.is_control() => {}
            c => safe.push(c),
        }
    }
    safe
}

/// Folded between two characters.
fn line(card: &mut String, property: &str, value: &str) {
    let mut octets = 0_usize;
    for c in property.chars().chain(value.chars()) {
        if octets.saturating_add(c.len_utf8()) > LONGEST {
            card.push_str("\r\n ");
            octets = 1;
        }
        card.push(c);
        octets = octets.saturating_add(c.len_utf8());
    }
    card.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> ClientView {
        ClientView {
            id: "client_1".into(),
            number: "+79161234567".into(),
            other_numbers: vec!["+442071838750".into()],
            name: "Ёлкин; Пётр, мл.\\".into(),
            company: Some("Завод\nимени".into()),
            position: None,
            manager_id: None,
            vip: true,
            stub: false,
            source: None,
            created_at: String::new(),
            updated_at: String::new(),
            version: 1,
        }
    }

    #[test]
    fn signs_are_guarded_and_numbers_are_addresses() {
        let expected = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID;VALUE=text:client_1\r\nFN:Ёлкин\\; Пётр\\, мл.\\\\\r\n\
            N:Ёлкин\\; Пётр\\, мл.\\\\;;;;\r\nORG:Завод\\nимени\r\nCATEGORIES:VIP\r\n\
            TEL;VALUE=uri;PREF=1;TYPE=voice:tel:+79161234567\r\nTEL;VALUE=uri;TYPE=voice:tel:+442071838750\r\nEND:VCARD\r\n";
        assert_eq!(of(&client()), expected);
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        let name = "ё1😀".repeat(60);
        let card = of(&ClientView {
            name: name.clone(),
            number: "hidden, 1".into(),
            ..client()
        });
        assert!(card.split("\r\n").all(|line| line.len() <= LONGEST), "{card}");
        let unfolded = card.replace("\r\n ", "");
        assert!(unfolded.contains(&format!("\r\nFN:{name}\r\n")), "{unfolded}");
        assert!(
            unfolded.contains("TEL;VALUE=text;PREF=1;TYPE=voice:hidden\\, 1\r\n"),
            "{unfolded}"
        );
    }
}
