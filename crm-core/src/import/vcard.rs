//! Business cards, vCard 3.0 and 4.0 (RFC 2426, RFC 6350), as rows of a table. Pure.

use super::Problem;
use super::table::{Format, Line, Table};

const COLUMNS: [&str; 6] = ["name", "number", "other_numbers", "company", "position", "vip"];

pub(super) fn read(text: &str, encoding: &'static str) -> Result<Table, Problem> {
    let header = COLUMNS.map(str::to_owned).to_vec();
    let mut table = Table::new(Format::Vcard, Some(encoding), (1, header));
    let mut card: Option<(usize, Card)> = None;
    for (line, text) in unfolded(text) {
        let Some(property) = Property::read(&text) else {
            continue;
        };
        match (property.name.as_str(), card.as_mut()) {
            ("BEGIN", None) => card = Some((line, Card::default())),
            ("BEGIN", Some((begun, _))) => {
                let begun = *begun;
                card = Some((line, Card::default()));
                table.problems.push(broken_off(begun));
            }
            ("END", Some(_)) => {
                let added = card.take().map(|(line, card)| card.row(line));
                if let Some(Err(problem)) = added.map(|row| row.and_then(|row| table.add(row))) {
                    table.problems.push(problem);
                }
            }
            (_, Some((_, card))) => card.take(&property),
            (_, None) => table
                .problems
                .push(Problem::row(line, "unreadable", "outside of any card")),
        }
        if table.is_full() {
            return Ok(table);
        }
    }
    if let Some((line, _)) = card {
        table.problems.push(broken_off(line));
    }
    Ok(table)
}

fn broken_off(line: usize) -> Problem {
    Problem::row(line, "broken", "the card has no END:VCARD")
}

/// Lines that begin with a space go on with the one before.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.split('\n').enumerate() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some((_, last))) => last.push_str(more),
            _ if line.is_empty() => {}
            _ => lines.push((at.saturating_add(1), line.to_owned())),
        }
    }
    lines
}

struct Property {
    name: String,
    params: String,
    value: String,
}

impl Property {
    fn read(line: &str) -> Option<Property> {
        let mut quoted = false;
        let colon = line.find(|c: char| {
            quoted ^= c == '"';
            c == ':' && !quoted
        })?;
        let (head, value) = line.split_at_checked(colon)?;
        let (name, params) = head.split_once(';').unwrap_or((head, ""));
        let name = name.rsplit('.').next().unwrap_or(name);
        Some(Property {
            name: name.trim().to_ascii_uppercase(),
            params: params.to_ascii_uppercase(),
            value: value.get(1..).unwrap_or_default().to_owned(),
        })
    }
}

#[derive(Default)]
struct Card {
    name: String,
    parts: String,
    numbers: Vec<(bool, String)>,
    company: String,
    position: String,
    vip: bool,
    version: String,
}

impl Card {
    fn take(&mut self, property: &Property) {
        let first = |place: &mut String, text: String| {
            if place.is_empty() {
                *place = text;
            }
        };
        let value = property.value.as_str();
        match property.name.as_str() {
            "FN" => first(&mut self.name, plain(value)),
            // surname;given;further
            "N" => {
                let parts: Vec<String> = split(value)
                    .into_iter()
                    .take(3)
                    .filter(|part| !part.is_empty())
                    .collect();
                first(&mut self.parts, parts.join(" "));
            }
            "TEL" if !property.params.contains("FAX") => {
                let number = plain(value);
                let number = number.strip_prefix("tel:").unwrap_or(&number);
                let number = number.split(';').next().unwrap_or_default().trim().to_owned();
                if !number.is_empty() {
                    self.numbers.push((property.params.contains("PREF"), number));
                }
            }
            "ORG" => {
                let parts: Vec<String> = split(value).into_iter().filter(|part| !part.is_empty()).collect();
                first(&mut self.company, parts.join(", "));
            }
            "CATEGORIES" => self.vip |= value.split(',').any(|name| name.trim().eq_ignore_ascii_case("vip")),
            "TITLE" => first(&mut self.position, plain(value)),
            "VERSION" => first(&mut self.version, value.trim().to_owned()),
            _ => {}
        }
    }

    fn row(mut self, line: usize) -> Result<Line, Problem> {
        if self.version != "3.0" && self.version != "4.0" {
            return Err(Problem::row(line, "version", "vCard 3.0 and 4.0 are taken"));
        }
        self.numbers.sort_by_key(|(preferred, _)| !preferred);
        let mut numbers = self.numbers.into_iter().map(|(_, number)| number);
        let number = numbers.next().unwrap_or_default();
        let others: Vec<String> = numbers.collect();
        let name = if self.name.is_empty() { self.parts } else { self.name };
        // which says nothing of those who are none
        let vip = if self.vip { "vip" } else { "" };
        let cells = vec![
            name,
            number,
            others.join(", "),
            self.company,
            self.position,
            vip.to_owned(),
        ];
        Ok(Line { line, cells })
    }
}

/// Without what guards signs.
fn plain(value: &str) -> String {
    let (mut text, mut guarded) = (String::new(), false);
    for c in value.chars() {
        match (guarded, c) {
            (false, '\\') => guarded = true,
            (true, 'n' | 'N') => {
                text.push(' ');
                guarded = false;
            }
            (_, c) => {
                text.push(c);
                guarded = false;
            }
        }
    }
    text.trim().to_owned()
}

/// At semicolons that nothing guards.
fn split(value: &str) -> Vec<String> {
    let mut guarded = false;
    let parts = value.split(|c: char| {
        let splits = c == ';' && !guarded;
        guarded = c == '\\' && !guarded;
        splits
    });
    parts.map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_of_both_versions_become_rows() {
        let text = "BEGIN:VCARD\nVERSION:3.0\nFN:Ёлкин\\, Пётр\nN:Ёлкин;Пётр;;;\nitem1.TEL;TYPE=CELL:8 912 345-67-89\n\
            TEL;TYPE=WORK,PREF:+7 912 345-67-80\nTEL;TYPE=FAX:1\nORG:Завод\\; филиал;Цех\nTITLE:Мас\n тер\nCATEGORIES:Опт,VIP\nEND:VCARD\n\
            BEGIN:VCARD\nVERSION:4.0\nN:Орлова;Анна;;;\nTEL;VALUE=uri;PREF=1:tel:+79123456781;ext=5\nEND:VCARD\n";
        let table = read(text, "UTF-8").unwrap();
        assert!(table.problems.is_empty(), "{:?}", table.problems);
        let rows: Vec<(usize, String)> = table.rows.iter().map(|row| (row.line, row.cells.join("|"))).collect();
        let first = "Ёлкин, Пётр|+7 912 345-67-80|8 912 345-67-89|Завод; филиал, Цех|Мастер|vip";
        assert_eq!(rows, [(1, first.into()), (13, "Орлова Анна|+79123456781||||".into())]);
    }

    #[test]
    fn broken_cards_are_named() {
        let text = "BEGIN:VCARD\nVERSION:2.1\nFN:A\nEND:VCARD\nFN:B\nBEGIN:VCARD\nVERSION:3.0\nBEGIN:VCARD\nFN:C\n";
        let table = read(text, "UTF-8").unwrap();
        let said: Vec<(usize, &str)> = table
            .problems
            .iter()
            .map(|problem| (problem.line, problem.code))
            .collect();
        assert_eq!(said, [(1, "version"), (5, "unreadable"), (6, "broken"), (8, "broken")]);
    }
}
