//! Spoken digits and phrases, made once with espeak-ng (README, "Feature codes").

use super::Sound;

/// What a caller understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Russian,
}

impl Language {
    /// That of a country, by its ISO 3166 code: Russian where most people understand it, else English.
    pub fn of_region(region: &str) -> Language {
        match region {
            "RU" | "BY" | "KZ" | "KG" => Language::Russian,
            _ => Language::English,
        }
    }
}

macro_rules! digits {
    ($language:literal) => {
        [
            include_bytes!(concat!("prompts/", $language, "/0.wav")),
            include_bytes!(concat!("prompts/", $language, "/1.wav")),
            include_bytes!(concat!("prompts/", $language, "/2.wav")),
            include_bytes!(concat!("prompts/", $language, "/3.wav")),
            include_bytes!(concat!("prompts/", $language, "/4.wav")),
            include_bytes!(concat!("prompts/", $language, "/5.wav")),
            include_bytes!(concat!("prompts/", $language, "/6.wav")),
            include_bytes!(concat!("prompts/", $language, "/7.wav")),
            include_bytes!(concat!("prompts/", $language, "/8.wav")),
            include_bytes!(concat!("prompts/", $language, "/9.wav")),
        ]
    };
}

static ENGLISH: [&[u8]; 10] = digits!("en");
static RUSSIAN: [&[u8]; 10] = digits!("ru");

/// Milliseconds between two digits.
const PAUSE: usize = 120;
/// More are not spoken: no number is longer (E.164).
const MOST: usize = 15;

/// The digits of a text one after the other; what is no digit is left out.
pub fn spoken(digits: &str, language: Language) -> Sound {
    spoken_by(digits, |value| digit(value, language))
}

/// The same by somebody's voice: it is asked for each digit, 0 to 9.
pub fn spoken_by(digits: &str, voice: impl Fn(u8) -> Sound) -> Sound {
    let digits = digits.chars().filter_map(|digit| digit.to_digit(10)).take(MOST);
    digits
        .filter_map(|digit| u8::try_from(digit).ok())
        .fold(Sound::silence(0), |all, digit| {
            all.then(&voice(digit)).then(&Sound::silence(PAUSE))
        })
}

/// One digit, 0 to 9; of anything else nothing.
pub fn digit(value: u8, language: Language) -> Sound {
    let prompts = match language {
        Language::English => &ENGLISH,
        Language::Russian => &RUSSIAN,
    };
    let prompt = prompts.get(usize::from(value));
    let sound = prompt.and_then(|prompt| Sound::from_wav(prompt).ok());
    sound.unwrap_or_else(|| Sound::silence(0))
}

macro_rules! phrases {
    ($($name:ident $file:literal)*) => {$(
        fn $name(language: Language) -> Sound {
            let prompt: &[u8] = match language {
                Language::English => include_bytes!(concat!("prompts/en/", $file, ".wav")),
                Language::Russian => include_bytes!(concat!("prompts/ru/", $file, ".wav")),
            };
            Sound::from_wav(prompt).unwrap_or_else(|_| Sound::silence(0))
        }
    )*};
}

phrases! {
    wait "wait"
    place "place"
    minutes "minutes"
    one "press_one"
    department "department"
    vip "vip"
    message "leave_message"
    none "no_messages"
    over "messages_over"
    recorded "recorded"
}

/// "Please wait. Your call will be answered soon."
pub fn please_wait(language: Language) -> Sound {
    wait(language)
}

/// "Your place in the queue is", before the number.
pub fn place_in_line(language: Language) -> Sound {
    place(language)
}

/// "You have a call. Press one to take it."
pub fn press_one(language: Language) -> Sound {
    one(language)
}

/// "Nobody can take your call now. Please leave a message after the tone."
pub fn leave_message(language: Language) -> Sound {
    message(language)
}

/// "You have no messages."
pub fn no_messages(language: Language) -> Sound {
    none(language)
}

/// "There are no more messages."
pub fn messages_over(language: Language) -> Sound {
    over(language)
}

/// "A call for department", before its number.
pub fn for_department(language: Language) -> Sound {
    department(language)
}

/// "VIP client".
pub fn vip_client(language: Language) -> Sound {
    vip(language)
}

/// "This call is recorded."
pub fn being_recorded(language: Language) -> Sound {
    recorded(language)
}

/// "The expected waiting time in minutes is", before the number.
pub fn minutes_to_wait(language: Language) -> Sound {
    minutes(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_spoken_in_both_languages_and_sounds_like_no_other() {
        for language in [Language::English, Language::Russian] {
            let all: Vec<Sound> = ('0'..='9').map(|digit| spoken(&digit.to_string(), language)).collect();
            for (digit, sound) in all.iter().enumerate() {
                let loud = sound
                    .samples
                    .iter()
                    .filter(|sample| sample.unsigned_abs() > 1_000)
                    .count();
                assert!(loud > 400, "{digit} in {language:?} is silent: {loud}");
                assert!((2_000..8_000).contains(&sound.samples.len()), "{digit} in {language:?}");
                assert!(all.iter().filter(|other| *other == sound).count() == 1, "{digit}");
            }
        }
        assert_ne!(spoken("1", Language::English), spoken("1", Language::Russian));
    }

    #[test]
    fn what_is_said_to_whoever_waits_is_spoken_in_both_languages() {
        for language in [Language::English, Language::Russian] {
            let wait = please_wait(language);
            assert!((1_000..6_000).contains(&wait.duration_ms()), "{language:?}");
            assert!(place_in_line(language).duration_ms() > 500);
            assert!(minutes_to_wait(language).duration_ms() > 1_000);
            assert!((800..4_000).contains(&being_recorded(language).duration_ms()));
            assert!(
                (500..3_000).contains(&vip_client(language).duration_ms()),
                "{language:?}"
            );
            assert!(
                (500..4_000).contains(&for_department(language).duration_ms()),
                "{language:?}"
            );
        }
        assert_ne!(please_wait(Language::English), please_wait(Language::Russian));
    }

    #[test]
    fn a_number_is_spoken_digit_by_digit() {
        let length = |text| spoken(text, Language::English).samples.len();
        assert_eq!(length("101"), 2 * length("1") + length("0"));
        assert_eq!(length("+1-0 1"), length("101"));
        assert_eq!(length(""), 0);
        assert_eq!(length(&"7".repeat(99)), 15 * length("7"));
    }
}
