//! Directories in the words of each maker. Pure.

/// Somebody and the numbers by which they are dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) numbers: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    Yealink,
    Grandstream,
    Snom,
    Fanvil,
}

impl Maker {
    pub(super) fn named(name: &str) -> Option<Maker> {
        match name {
            "yealink" => Some(Maker::Yealink),
            "grandstream" => Some(Maker::Grandstream),
            "snom" => Some(Maker::Snom),
            "fanvil" => Some(Maker::Fanvil),
            _ => None,
        }
    }

    pub(super) fn document(self, title: &str, entries: &[Entry]) -> String {
        let (root, inside) = match self {
            Maker::Yealink => ("YealinkIPPhoneDirectory", with_title(title, several(entries))),
            Maker::Fanvil => ("FanvilIPPhoneDirectory", with_title(title, several(entries))),
            Maker::Snom => ("SnomIPPhoneDirectory", with_title(title, one_each(entries))),
            Maker::Grandstream => ("AddressBook", contacts(entries)),
        };
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}>\n{inside}</{root}>\n")
    }
}

fn with_title(title: &str, entries: String) -> String {
    format!("<Title>{}</Title>\n{entries}", text(title))
}

/// All numbers of somebody in one entry.
fn several(entries: &[Entry]) -> String {
    let entry = |entry: &Entry| {
        let numbers = entry.numbers.iter();
        let numbers: String = numbers
            .map(|number| format!("<Telephone>{}</Telephone>", text(number)))
            .collect();
        format!(
            "<DirectoryEntry><Name>{}</Name>{numbers}</DirectoryEntry>\n",
            text(&entry.name)
        )
    };
    entries.iter().map(entry).collect()
}

/// Snom knows one number an entry.
fn one_each(entries: &[Entry]) -> String {
    let lines = entries.iter().flat_map(|entry| {
        let line = |number: &String| {
            format!(
                "<DirectoryEntry><Name>{}</Name><Telephone>{}</Telephone></DirectoryEntry>\n",
                text(&entry.name),
                text(number)
            )
        };
        entry.numbers.iter().map(line)
    });
    lines.collect()
}

fn contacts(entries: &[Entry]) -> String {
    let contact = |(place, entry): (usize, &Entry)| {
        let kinds = ["Work", "Cell", "Home"];
        let phones: String = entry
            .numbers
            .iter()
            .zip(kinds)
            .map(|(number, kind)| {
                let number = text(number);
                format!(
                    "<Phone type=\"{kind}\"><phonenumber>{number}</phonenumber><accountindex>1</accountindex></Phone>"
                )
            })
            .collect();
        let id = place.saturating_add(1);
        format!(
            "<Contact><id>{id}</id><FirstName></FirstName><LastName>{}</LastName>{phones}</Contact>\n",
            text(&entry.name)
        )
    };
    let contacts: String = entries.iter().enumerate().map(contact).collect();
    format!("<version>1</version>\n{contacts}")
}

/// Without what XML 1.0 does not hold.
fn text(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_maker_reads_names_and_numbers_in_its_own_words() {
        let anna = Entry {
            name: "Анна <A&B>\n".into(),
            numbers: vec!["105".into(), "+79123456789".into()],
        };
        for (maker, root, entries) in [
            ("yealink", "YealinkIPPhoneDirectory", 1),
            ("fanvil", "FanvilIPPhoneDirectory", 1),
            ("snom", "SnomIPPhoneDirectory", 2),
            ("grandstream", "AddressBook", 1),
        ] {
            let document = Maker::named(maker)
                .unwrap()
                .document("Company", std::slice::from_ref(&anna));
            assert!(document.contains(&format!("<{root}>")) && document.ends_with(&format!("</{root}>\n")));
            assert_eq!(document.matches("Анна &lt;A&amp;B&gt; ").count(), entries, "{document}");
            assert!(document.contains(">105<") && document.contains(">+79123456789<"));
        }
        assert_eq!(Maker::named("nokia"), None);
    }
}
