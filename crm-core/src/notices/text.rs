//! The words of notices, in the language of whoever reads them and with what that reader may see. Pure.

use frontdesk_routing::masking::without_numbers;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::queue::{News, What};
use super::{Channel, Language};

/// Characters; gateways cut longer short messages into many.
const LONGEST_SMS: usize = 300;
const LONGEST_SUBJECT: usize = 150;

/// Who reads a notice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) language: Language,
    /// Clients' numbers are hidden from this reader.
    pub(super) hides: bool,
    /// What stands in the place of a hidden number.
    pub(super) stub: &'a str,
    pub(super) time_zone: &'a str,
}

/// Subject and body; a short message has no subject.
pub(super) fn written(news: &News<'_>, reader: &Reader<'_>, channel: Channel) -> (String, String) {
    let line = first_line(news, reader);
    match channel {
        Channel::Sms => (String::new(), cut(&line, LONGEST_SMS)),
        Channel::Email => (cut(&line, LONGEST_SUBJECT), letter(news, reader)),
    }
}

fn first_line(news: &News<'_>, reader: &Reader<'_>) -> String {
    let what = match (reader.language, news.what) {
        (Language::Russian, What::MissedCall) => "Пропущенный звонок".to_owned(),
        (Language::English, What::MissedCall) => "Missed call".to_owned(),
        (Language::Russian, What::Voicemail { seconds }) => format!("Голосовое сообщение ({})", clock(seconds)),
        (Language::English, What::Voicemail { seconds }) => format!("Voice message ({})", clock(seconds)),
        (Language::Russian, What::Request { site, .. }) => format!("Заявка с сайта «{}»", plain(site)),
        (Language::English, What::Request { site, .. }) => format!("Request from the site \"{}\"", plain(site)),
    };
    format!("{what}: {}", who(news, reader))
}

fn letter(news: &News<'_>, reader: &Reader<'_>) -> String {
    let word = |russian: &'static str, english: &'static str| match reader.language {
        Language::Russian => russian,
        Language::English => english,
    };
    let shown = |text: &str| match reader.hides {
        true => without_numbers(text),
        false => text.to_owned(),
    };
    let mut lines = vec![(word("Кто", "Who"), who(news, reader))];
    match news.what {
        What::MissedCall => {}
        What::Voicemail { seconds } => lines.push((word("Длительность", "Length"), clock(seconds))),
        What::Request {
            site,
            subject,
            comment,
            page,
        } => {
            lines.push((word("Сайт", "Site"), plain(site)));
            lines.push((word("Что", "What"), shown(subject)));
            lines.push((word("Комментарий", "Comment"), shown(comment)));
            lines.push((word("Страница", "Page"), shown(page)));
        }
    }
    lines.push((word("Когда", "When"), moment(news.happened_at, reader.time_zone)));
    let filled = lines.into_iter().filter(|(_, text)| !text.trim().is_empty());
    let mut body = first_line(news, reader);
    body.push_str("\n\n");
    for (label, text) in filled {
        body.push_str(&format!("{label}: {text}\n"));
    }
    body
}

/// Name and number as the reader may see them.
fn who(news: &News<'_>, reader: &Reader<'_>) -> String {
    let name = news.caller.name.map(plain).filter(|name| !name.is_empty());
    let name = name.filter(|name| !reader.hides || without_numbers(name) == *name);
    let number = news.caller.number.map(|number| match reader.hides {
        true => reader.stub,
        false => number,
    });
    match (name, number) {
        (Some(name), Some(number)) if name != number => format!("{name}, {number}"),
        (_, Some(number)) => number.to_owned(),
        (Some(name), None) => name,
        (None, None) => match reader.language {
            Language::Russian => "номер скрыт".to_owned(),
            Language::English => "number hidden".to_owned(),
        },
    }
}

/// In one line.
fn plain(text: &str) -> String {
    let spaced = text.replace(char::is_control, " ");
    spaced.trim().to_owned()
}

fn cut(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        true => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

fn clock(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn moment(unix_ms: i64, time_zone: &str) -> String {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    let at = Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone).strftime("%d.%m.%Y %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use frontdesk_routing::ids::AccountId;

    use super::super::queue::Caller;
    use super::*;

    const NUMBER: &str = "+79161234567";

    fn news<'a>(name: Option<&'a str>, number: Option<&'a str>, what: What<'a>) -> News<'a> {
        News {
            account: AccountId::from_u128(1),
            about: "x",
            client: None,
            caller: Caller { name, number },
            what,
            happened_at: 1_795_000_000_000,
            at: 1_795_000_000_000,
        }
    }

    fn reader(language: Language, hides: bool) -> Reader<'static> {
        Reader {
            language,
            hides,
            stub: "+78123893298",
            time_zone: "Europe/Moscow",
        }
    }

    #[test]
    fn l28_a_message_names_the_caller_and_gives_no_hidden_number_away() {
        let check = |name: Option<&str>, number, hides, language, expected: &str| {
            let (subject, body) = written(
                &news(name, number, What::MissedCall),
                &reader(language, hides),
                Channel::Sms,
            );
            assert_eq!((subject.as_str(), body.as_str()), ("", expected));
        };
        let (ru, en) = (Language::Russian, Language::English);
        let number = Some(NUMBER);
        check(
            Some("Ромашка"),
            number,
            false,
            ru,
            "Пропущенный звонок: Ромашка, +79161234567",
        );
        check(
            Some("Ромашка"),
            number,
            true,
            ru,
            "Пропущенный звонок: Ромашка, +78123893298",
        );
        check(None, number, false, en, "Missed call: +79161234567");
        check(None, number, true, en, "Missed call: +78123893298");
        check(
            Some("8 (916) 123-45-67"),
            number,
            true,
            ru,
            "Пропущенный звонок: +78123893298",
        );
        check(Some(NUMBER), number, false, ru, "Пропущенный звонок: +79161234567");
        check(None, None, false, ru, "Пропущенный звонок: номер скрыт");
        check(Some("A\r\nB"), None, false, en, "Missed call: A  B");
    }

    #[test]
    fn l30_a_letter_says_what_who_and_when() {
        let what = What::Request {
            site: "Shop",
            subject: "Delivery",
            comment: "my other number is 8 903 555-00-00, thanks",
            page: "https://shop.example/x",
        };
        let told = |hides| {
            written(
                &news(Some("Olga"), Some(NUMBER), what),
                &reader(Language::English, hides),
                Channel::Email,
            )
        };
        let (subject, body) = told(false);
        assert_eq!(subject, "Request from the site \"Shop\": Olga, +79161234567");
        let expected = "Request from the site \"Shop\": Olga, +79161234567\n\nWho: Olga, +79161234567\nSite: Shop\n\
            What: Delivery\nComment: my other number is 8 903 555-00-00, thanks\nPage: https://shop.example/x\n\
            When: 18.11.2026 14:06\n";
        assert_eq!(body, expected);
        let (subject, body) = told(true);
        assert_eq!(subject, "Request from the site \"Shop\": Olga, +78123893298");
        assert!(!body.contains("916") && !body.contains("903"), "{body}");
        let voice = news(None, Some(NUMBER), What::Voicemail { seconds: 65 });
        let (subject, _) = written(&voice, &reader(Language::Russian, false), Channel::Email);
        assert_eq!(subject, "Голосовое сообщение (1:05): +79161234567");
    }
}
