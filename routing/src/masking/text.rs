//! Numbers in free text, however somebody has spelt them.

/// A text with so many digits may hold a number; short numbers, places and codes have fewer.
const FEWEST_DIGITS: usize = 7;

/// What stands where a number was.
const LEFT_OUT: char = '…';

/// What a character, or an escape of a URL that stands for one, is to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Digit,
    Plus,
    /// Stands between the digits of one number.
    Between,
    /// Ends a number.
    Other,
}

/// As many digits as a number has at least: ASCII's or any other script's.
pub(super) fn is_long(text: &str) -> bool {
    text.chars().filter(|c| c.is_numeric()).count() >= FEWEST_DIGITS
}

/// Whether a text holds something that could be a number.
pub fn may_hold_a_number(text: &str) -> bool {
    without_numbers(text) != text
}

/// Leaves out each run of digits, however it is grouped, that is long enough for a number; a date (28.11.2026) stays.
/// Escapes of URLs (`%20`) count as what they stand for. What ends a line ends a number.
pub fn without_numbers(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((piece, length)) = first(rest) {
        let taken = match piece {
            Piece::Digit | Piece::Plus => run(rest),
            Piece::Between | Piece::Other => Run { length, digits: 0 },
        };
        let (this, after) = rest.split_at_checked(taken.length).unwrap_or((rest, ""));
        match taken.digits < FEWEST_DIGITS || is_date(this) {
            true => kept.push_str(this),
            false => kept.push(LEFT_OUT),
        }
        rest = after;
    }
    kept
}

/// From a digit or a plus to the last digit before something else, or without any digit all up to there, so that no part of
/// a text is looked at again and again; the length is in bytes and never 0.
struct Run {
    length: usize,
    digits: usize,
}

fn run(text: &str) -> Run {
    let (mut at, mut digits, mut length) = (0, 0, 0);
    while let Some((piece, taken)) = text.get(at..).and_then(first) {
        at += taken;
        match piece {
            Piece::Digit => {
                digits += 1;
                length = at;
            }
            Piece::Plus | Piece::Between if digits == 0 => length = at,
            Piece::Plus | Piece::Between => {}
            Piece::Other => break,
        }
    }
    Run { length, digits }
}

/// The first piece and how many bytes it takes.
fn first(text: &str) -> Option<(Piece, usize)> {
    let c = text.chars().next()?;
    if c == '%'
        && let Some((meant, length)) = unescaped(text)
        && piece(meant) != Piece::Other
    {
        return Some((piece(meant), length));
    }
    Some((piece(c), c.len_utf8()))
}

fn piece(c: char) -> Piece {
    match c {
        '+' | '＋' | '﹢' => Piece::Plus,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Piece::Other,
        c if c.is_numeric() => Piece::Digit,
        c if c.is_whitespace() || is_separator(c) => Piece::Between,
        _ => Piece::Other,
    }
}

/// Dashes, dots, strokes and brackets of all widths, and what is not seen at all.
fn is_separator(c: char) -> bool {
    let ascii = "-.()[]{}/\\|_*~'";
    let dashes = "\u{ad}\u{58a}\u{5be}\u{1806}\u{2043}\u{207b}\u{208b}\u{2212}\u{2e3a}\u{2e3b}\u{301c}\u{30fc}";
    let wide =
        "\u{fe31}\u{fe32}\u{fe58}\u{fe63}\u{ff0d}\u{ff0e}\u{ff0f}\u{ff08}\u{ff09}\u{ff3b}\u{ff3d}\u{ff3f}\u{ff5e}";
    let dots = "\u{b7}\u{2022}\u{2024}\u{2027}\u{2219}\u{22c5}\u{3002}\u{30fb}\u{fe52}\u{ff61}\u{ff65}\u{2044}\u{2215}";
    let unseen = "\u{180e}\u{20e3}\u{fe0e}\u{fe0f}\u{feff}";
    [ascii, dashes, wide, dots, unseen].iter().any(|all| all.contains(c))
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// The character that escapes (RFC 3986, 2.1) at the beginning stand for, escaped once or several times, and how many
/// bytes they take.
fn unescaped(text: &str) -> Option<(char, usize)> {
    let mut bytes = Vec::with_capacity(4);
    let mut at = 0;
    loop {
        let (byte, length) = escaped_byte(text.get(at..)?)?;
        bytes.push(byte);
        at += length;
        match std::str::from_utf8(&bytes) {
            Ok(character) => return Some((character.chars().next()?, at)),
            Err(error) if error.error_len().is_some() => return None,
            Err(_) => {}
        }
    }
}

/// `%20`, `%2520` and so on: the byte and the length of its escape.
fn escaped_byte(text: &str) -> Option<(u8, usize)> {
    let mut rest = text.strip_prefix('%')?;
    while let Some(inner) = rest.strip_prefix("25").filter(|inner| starts_with_hex(inner)) {
        rest = inner;
    }
    let byte = rest.get(..2).filter(|_| starts_with_hex(rest))?;
    let byte = u8::from_str_radix(byte, 16).ok()?;
    Some((byte, text.len() - rest.len() + 2))
}

fn starts_with_hex(text: &str) -> bool {
    let mut bytes = text.bytes();
    [bytes.next(), bytes.next()]
        .iter()
        .all(|byte| byte.is_some_and(|byte| byte.is_ascii_hexdigit()))
}

/// A day as people write it here, which no number is spelt like.
fn is_date(run: &str) -> bool {
    let mut parts = run.split('.');
    let mut part = |width: usize, from: u16, to: u16| {
        let part = parts.next().filter(|part| part.len() == width);
        let number = part.and_then(|part| part.parse::<u16>().ok());
        number.is_some_and(|number| (from..=to).contains(&number))
    };
    part(2, 1, 31) && part(2, 1, 12) && part(4, 1900, 2099) && parts.next().is_none()
}
