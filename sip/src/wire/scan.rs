//! Small readers over bytes: white space, quotes, comma lists, parameters.

/// CR and LF count as white space: a folded line is one value (RFC 3261 section 7.3.1).
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_space(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_space(*last)
    {
        bytes = rest;
    }
    bytes
}

/// A token of RFC 3261 section 25.1.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(byte))
}

/// The length of the quoted string that `bytes` begins with, both quotes included.
pub(super) fn quoted(bytes: &[u8]) -> Option<usize> {
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Where `stop` stands outside quotes and angle brackets.
pub(super) fn find_outside(bytes: &[u8], stop: u8) -> Option<usize> {
    let (mut quotes, mut escaped, mut angle) = (false, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match *byte {
            _ if escaped => escaped = false,
            b'\\' if quotes => escaped = true,
            b'"' if !angle => quotes = !quotes,
            _ if quotes => {}
            byte if byte == stop && !angle => return Some(at),
            b'<' => angle = true,
            b'>' => angle = false,
            _ => {}
        }
    }
    None
}

/// Comma-separated values, trimmed; empty ones are passed over (RFC 3261 section 7.3.1).
#[derive(Debug, Clone)]
pub struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Values<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Values { rest: bytes }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let (value, rest) = match find_outside(self.rest, b',').and_then(|at| self.rest.split_at_checked(at)) {
                Some((value, rest)) => (value, rest.get(1..).unwrap_or_default()),
                None => (self.rest, &b""[..]),
            };
            self.rest = rest;
            let value = trim(value);
            if !value.is_empty() {
                return Some(value);
            }
        }
        None
    }
}

/// `;name=value` parameters in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params<'a> {
    bytes: &'a [u8],
}

impl<'a> Params<'a> {
    /// `bytes` begins at the first semicolon, or is empty.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Params { bytes }
    }

    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Names and values as they stand; a flag has no value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            loop {
                let start = rest.iter().position(|byte| *byte == b';')?;
                let after = rest.get(start + 1..).unwrap_or_default();
                let end = find_outside(after, b';').unwrap_or(after.len());
                let (one, next) = after.split_at_checked(end)?;
                rest = next;
                let (name, value) = match one
                    .iter()
                    .position(|byte| *byte == b'=')
                    .and_then(|at| one.split_at_checked(at))
                {
                    Some((name, value)) => (trim(name), Some(trim(value.get(1..).unwrap_or_default()))),
                    None => (trim(one), None),
                };
                if !name.is_empty() {
                    return Some((name, value));
                }
            }
        })
    }

    /// The first parameter of that name, without regard to case; a flag gives an empty value.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.unwrap_or(b""))
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// A decimal number that fits; nothing else before or after it.
pub(crate) fn number<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    let bytes = trim(bytes);
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}
