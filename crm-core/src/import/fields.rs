//! Which column of a file is which field, by what people call them in Russian and English. Pure.

use super::read::COLUMNS;
use crate::store::text::fold;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Clients,
    Staff,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Clients => "clients",
            Kind::Staff => "staff",
        }
    }

    pub fn read(name: &str) -> Option<Kind> {
        [Kind::Clients, Kind::Staff]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// The fields that columns may be.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Kind::Clients => &CLIENT_FIELDS,
            Kind::Staff => COLUMNS,
        }
    }
}

const CLIENT_FIELDS: [&str; 10] = [
    "name",
    "surname",
    "given_name",
    "patronymic",
    "number",
    "other_numbers",
    "company",
    "position",
    "vip",
    "manager",
];

/// Field, and what its column may be called; lower case, words with one space between them.
const NAMES: &[(&str, &[&str])] = &[
    (
        "name",
        &[
            "full name",
            "client",
            "client name",
            "contact",
            "fn",
            "display name",
            "фио",
            "ф и о",
            "имя клиента",
            "клиент",
            "контакт",
            "наименование",
            "полное имя",
            "название",
        ],
    ),
    ("surname", &["last name", "family name", "фамилия"]),
    ("given_name", &["given name", "first name", "имя"]),
    ("patronymic", &["middle name", "отчество"]),
    (
        "number",
        &[
            "phone",
            "phone number",
            "telephone",
            "mobile",
            "mobile phone",
            "tel",
            "телефон",
            "номер",
            "номер телефона",
            "мобильный",
            "мобильный телефон",
            "тел",
        ],
    ),
    (
        "other_numbers",
        &[
            "other numbers",
            "other phones",
            "additional phones",
            "phone 2",
            "другие телефоны",
            "другие номера",
            "дополнительные телефоны",
            "дополнительный телефон",
            "доп телефон",
            "телефон 2",
        ],
    ),
    (
        "company",
        &[
            "organization",
            "organisation",
            "org",
            "компания",
            "организация",
            "фирма",
            "предприятие",
        ],
    ),
    ("position", &["title", "job title", "post", "должность"]),
    (
        "work_place",
        &["work place", "workplace", "место работы", "формат работы"],
    ),
    (
        "supervisor",
        &[
            "supervisor id",
            "reports to",
            "chief",
            "руководитель",
            "начальник",
            "подчиняется",
        ],
    ),
    ("vip", &["важный", "вип", "важный клиент"]),
    (
        "manager",
        &[
            "manager id",
            "responsible",
            "owner",
            "менеджер",
            "ответственный",
            "ответственный менеджер",
        ],
    ),
    (
        "phone",
        &[
            "number",
            "phone number",
            "telephone",
            "mobile",
            "телефон",
            "номер телефона",
            "мобильный",
            "мобильный телефон",
        ],
    ),
    ("email", &["e mail", "mail", "почта", "электронная почта", "эл почта"]),
    (
        "short_number",
        &[
            "short number",
            "extension",
            "ext",
            "короткий номер",
            "внутренний номер",
            "добавочный",
        ],
    ),
    ("sip_user", &["sip user", "sip login", "sip логин", "пользователь sip"]),
    (
        "sip_password",
        &["sip password", "sip secret", "пароль sip", "sip пароль"],
    ),
];

/// For each column of a table its field, or that it stays out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping(pub(super) Vec<Option<&'static str>>);

impl Mapping {
    /// By the names in the header; of two columns of one name the first counts.
    pub fn guess(kind: Kind, header: &[String]) -> Mapping {
        let mut found = Vec::with_capacity(header.len());
        for name in header {
            let field = named(kind, name).filter(|field| !found.contains(&Some(*field)));
            found.push(field);
        }
        Mapping(found)
    }

    /// As chosen: a field's name for each column, or nothing where it stays out.
    ///
    /// # Errors
    /// Which of them is no field, or stands there twice, or that there are too many.
    pub fn chosen(kind: Kind, header: &[String], chosen: &[&str]) -> Result<Mapping, String> {
        if chosen.len() != header.len() {
            return Err(format!("{} columns, but {} are named", header.len(), chosen.len()));
        }
        let mut found: Vec<Option<&'static str>> = Vec::with_capacity(chosen.len());
        for name in chosen {
            let known = kind.fields().iter().find(|field| *field == name).copied();
            if known.is_none() && !name.is_empty() {
                return Err(format!(
                    "there is no field {name}; those known are {}",
                    kind.fields().join(", ")
                ));
            }
            if known.is_some() && found.contains(&known) {
                return Err(format!("{name} stands there twice"));
            }
            found.push(known);
        }
        Ok(Mapping(found))
    }

    pub fn fields(&self) -> &[Option<&'static str>] {
        &self.0
    }

    pub fn has(&self, field: &str) -> bool {
        self.place(field).is_some()
    }

    pub(super) fn place(&self, field: &str) -> Option<usize> {
        self.0.iter().position(|known| *known == Some(field))
    }
}

fn named(kind: Kind, column: &str) -> Option<&'static str> {
    let folded = fold(column);
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let name = words.join(" ");
    let own = kind.fields().iter().find(|field| field.replace('_', " ") == name);
    let called = || {
        let mut fields = NAMES.iter().filter(|(field, _)| kind.fields().contains(field));
        fields
            .find(|(_, names)| names.iter().any(|known| fold(known) == name))
            .map(|(field, _)| *field)
    };
    own.copied().or_else(called)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_names_in_both_languages() {
        let header = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let check = |kind, names: &[&str], fields: &[Option<&str>]| {
            assert_eq!(Mapping::guess(kind, &header(names)).fields(), fields, "{names:?}");
        };
        check(
            Kind::Clients,
            &["Ф.И.О.", "ТЕЛЕФОН", "Доп. телефон", "Рост", "Компания", "Телефон"],
            &[
                Some("name"),
                Some("number"),
                Some("other_numbers"),
                None,
                Some("company"),
                None,
            ],
        );
        check(
            Kind::Clients,
            &["name", "number", "other_numbers", "manager_id", "vip", "created_at"],
            &[
                Some("name"),
                Some("number"),
                Some("other_numbers"),
                Some("manager"),
                Some("vip"),
                None,
            ],
        );
        check(
            Kind::Staff,
            &["Last name", "Телефон", "E-mail"],
            &[Some("surname"), Some("phone"), Some("email")],
        );
    }
}
