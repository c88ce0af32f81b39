//! Where the session description lies in a body, of several parts too (RFC 2046 section 5.1, RFC 5621).

use std::ops::Range;

use super::scan::{self, Params};

/// Value of Accept: what a session may be described by.
pub const ACCEPT: &str = "application/sdp, multipart/mixed, multipart/alternative";

/// Parts of one body that are looked at.
const MOST_PARTS: usize = 16;
/// Bodies within bodies.
const DEEPEST: usize = 3;
/// RFC 2046 section 5.1.1.
const LONGEST_BOUNDARY: usize = 70;
/// Header fields of a part.
const MOST_FIELDS: usize = 16;

const SDP: &[u8] = b"application/sdp";

/// Octets of a body that have a meaning of their own: the whole of it, or one of its parts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entity<'a> {
    /// Value of Content-Type.
    pub(super) kind: Option<&'a [u8]>,
    /// Value of Content-Disposition.
    pub(super) disposition: Option<&'a [u8]>,
    /// It is compressed, or in base64 and the like.
    pub(super) encoded: bool,
}

/// There is something that has to be understood, and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotUnderstood;

impl Entity<'_> {
    /// `type/subtype`.
    fn is(&self, kind: &[u8]) -> bool {
        self.media_type().eq_ignore_ascii_case(kind)
    }

    fn media_type(&self) -> &[u8] {
        let value = self.kind.unwrap_or_default();
        scan::trim(value.split(|byte| *byte == b';').next().unwrap_or_default())
    }

    /// Between the parts stands this, if it has any.
    fn boundary(&self) -> Option<&[u8]> {
        let (kind, _) = self.media_type().split_at_checked(b"multipart/".len())?;
        let several = kind.eq_ignore_ascii_case(b"multipart/") && !self.encoded;
        let boundary = unquoted(params(self.kind.filter(|_| several)?).get("boundary")?);
        (1..=LONGEST_BOUNDARY).contains(&boundary.len()).then_some(boundary)
    }

    /// What it is for; a description is for the session when nothing else is said (RFC 5621 section 8.1).
    fn is_description(&self) -> bool {
        let purpose = self.disposition.map(|value| {
            let purpose = value.split(|byte| *byte == b';').next();
            scan::trim(purpose.unwrap_or_default())
        });
        let for_session = purpose.is_none_or(|purpose| purpose.eq_ignore_ascii_case(b"session"));
        self.is(SDP) && for_session && !self.encoded
    }

    /// It may be passed over. Whoever says nothing of that wants it understood (RFC 3261 section 20.11).
    fn is_optional(&self) -> bool {
        let handling = params(self.disposition.unwrap_or_default()).get("handling");
        handling.is_some_and(|handling| unquoted(handling).eq_ignore_ascii_case(b"optional"))
    }
}

/// Where the session description lies in `all`; `None`: there is none, and nothing else that matters.
pub(super) fn description(all: &[u8], entity: &Entity<'_>) -> Result<Option<Range<usize>>, NotUnderstood> {
    find(all, 0..all.len(), entity, DEEPEST)
}

fn find(
    all: &[u8],
    place: Range<usize>,
    entity: &Entity<'_>,
    deeper: usize,
) -> Result<Option<Range<usize>>, NotUnderstood> {
    if entity.is_description() {
        return Ok(Some(place));
    }
    let found = match (entity.boundary(), deeper.checked_sub(1)) {
        (Some(boundary), Some(deeper)) => within(all, place, (entity, boundary), deeper),
        (None, _) | (_, None) => Err(NotUnderstood),
    };
    match found {
        Err(NotUnderstood) if entity.is_optional() => Ok(None),
        found => found,
    }
}

/// Of alternatives the last one that is understood counts; of any other kind of parts each has to be, or be optional, and
/// the first description counts (RFC 2046 sections 5.1.4 and 5.1.7).
fn within(
    all: &[u8],
    place: Range<usize>,
    (entity, boundary): (&Entity<'_>, &[u8]),
    deeper: usize,
) -> Result<Option<Range<usize>>, NotUnderstood> {
    let mut parts = split(all, place, boundary).ok_or(NotUnderstood)?;
    let read = |part: Range<usize>| {
        let (entity, body) = head(all, part).ok_or(NotUnderstood)?;
        find(all, body, &entity, deeper)
    };
    if entity.is(b"multipart/alternative") {
        parts.reverse();
        let understood = parts.into_iter().find_map(|part| read(part).ok().flatten());
        return understood.map(Some).ok_or(NotUnderstood);
    }
    let mut first = None;
    for part in parts {
        let found = read(part)?;
        first = first.or(found);
    }
    Ok(first)
}

/// The places of the parts. A missing last boundary is let pass; `None`: there is no boundary at all, or too many.
fn split(all: &[u8], place: Range<usize>, boundary: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut parts = Vec::new();
    let mut begun = None;
    let mut at = place.start;
    while at < place.end {
        let next = after_line(all, at, place.end)?;
        if let Some(last) = all.get(at..next).and_then(|line| is_boundary(line, boundary)) {
            if let Some(begin) = begun.replace(next) {
                parts.push(begin..before_break(all, at).max(begin));
            }
            if last {
                return Some(parts);
            }
            if parts.len() == MOST_PARTS {
                return None;
            }
        }
        at = next;
    }
    parts.push(begun?..place.end);
    Some(parts)
}

/// Whether a line is a boundary, and if so whether it is the last one.
fn is_boundary(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.trim_ascii_end().strip_prefix(b"--")?.strip_prefix(boundary)?;
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// The line break before a boundary belongs to it.
fn before_break(all: &[u8], at: usize) -> usize {
    match all.get(..at) {
        Some([.., b'\r', b'\n']) => at - 2,
        Some([.., b'\n']) => at - 1,
        Some(_) | None => at,
    }
}

fn after_line(all: &[u8], at: usize, end: usize) -> Option<usize> {
    let line = all.get(at..end)?.iter().position(|byte| *byte == b'\n');
    Some(line.map_or(end, |length| at + length + 1))
}

/// The header fields of a part, and where its body lies.
fn head(all: &[u8], part: Range<usize>) -> Option<(Entity<'_>, Range<usize>)> {
    let mut entity = Entity::default();
    let mut at = part.start;
    for _ in 0..=MOST_FIELDS {
        let mut next = after_line(all, at, part.end)?;
        if all.get(at..next)?.trim_ascii().is_empty() {
            return Some((entity, next..part.end));
        }
        while next < part.end && all.get(next).is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            next = after_line(all, next, part.end)?;
        }
        note(&mut entity, all.get(at..next)?);
        at = next;
    }
    None
}

fn note<'a>(entity: &mut Entity<'a>, field: &'a [u8]) {
    let colon = field.iter().position(|byte| *byte == b':').unwrap_or(field.len());
    let (name, value) = field.split_at(colon);
    let (name, value) = (scan::trim(name), scan::trim(value.get(1..).unwrap_or_default()));
    if name.eq_ignore_ascii_case(b"Content-Type") {
        entity.kind = Some(value);
    } else if name.eq_ignore_ascii_case(b"Content-Disposition") {
        entity.disposition = Some(value);
    } else if name.eq_ignore_ascii_case(b"Content-Transfer-Encoding") {
        let plain: [&[u8]; 3] = [b"7bit", b"8bit", b"binary"];
        entity.encoded |= !plain.iter().any(|plain| value.eq_ignore_ascii_case(plain));
    } else if name.eq_ignore_ascii_case(b"Content-Encoding") {
        entity.encoded |= !value.eq_ignore_ascii_case(b"identity");
    }
}

/// `;name=value` after the first part of a value.
fn params(value: &[u8]) -> Params<'_> {
    let start = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    Params::new(value.get(start..).unwrap_or_default())
}

fn unquoted(value: &[u8]) -> &[u8] {
    let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    inner.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISUP: &str = "Content-Type: application/ISUP;version=itu-t92+";
    const DESCRIBED: &str = "Content-Type: application/sdp\n\nv=0\n";

    /// What is found: the description, nothing, or that something is not understood.
    fn check(kind: &str, disposition: Option<&str>, body: &str, expected: Result<Option<&str>, NotUnderstood>) {
        for end in ["\n", "\r\n"] {
            let body = body.replace('\n', end);
            let entity = Entity {
                kind: Some(kind.as_bytes()),
                disposition: disposition.map(str::as_bytes),
                encoded: false,
            };
            let found = description(body.as_bytes(), &entity);
            let found = found.map(|place| place.map(|place| body.get(place).unwrap().replace("\r\n", "\n")));
            assert_eq!(found, expected.map(|text| text.map(str::to_owned)), "{kind} {body}");
        }
    }

    fn mixed(parts: &[&str]) -> String {
        let parts: String = parts.iter().map(|part| format!("--b\n{part}\n")).collect();
        format!("what nobody reads\n{parts}--b--\nnor this\n")
    }

    #[test]
    fn the_description_is_found_among_the_parts() {
        let kind = "multipart/mixed;boundary=b";
        let optional = format!("{ISUP}\nContent-Disposition: signal;handling=optional\n\n\u{1}\u{2}");
        let required = format!("{ISUP}\nContent-Disposition: signal;handling=required\n\n\u{1}\u{2}");
        let unsaid = format!("{ISUP}\n\n\u{1}\u{2}");
        check("application/sdp", None, "v=0\n", Ok(Some("v=0\n")));
        check(kind, None, &mixed(&[DESCRIBED]), Ok(Some("v=0\n")));
        check(kind, None, &mixed(&[&optional, DESCRIBED]), Ok(Some("v=0\n")));
        check(kind, None, &mixed(&[DESCRIBED, &optional]), Ok(Some("v=0\n")));
        check(kind, None, &mixed(&[DESCRIBED, &required]), Err(NotUnderstood));
        check(kind, None, &mixed(&[DESCRIBED, &unsaid]), Err(NotUnderstood));
        check(kind, None, &mixed(&[&optional]), Ok(None));
        check(kind, Some("session;handling=optional"), &mixed(&[&required]), Ok(None));
        check(
            "Multipart/MIXED ; Boundary=\"b\"",
            None,
            &mixed(&[DESCRIBED]),
            Ok(Some("v=0\n")),
        );
        let folded = "content-type:\n application/SDP\nContent-Disposition: session\n\nv=0\n";
        check(kind, None, &mixed(&[folded]), Ok(Some("v=0\n")));
        check(
            kind,
            None,
            &mixed(&[DESCRIBED]).replace("--b--\nnor this\n", ""),
            Ok(Some("v=0\n\n")),
        );
    }

    #[test]
    fn of_alternatives_the_last_one_that_is_understood_counts() {
        let kind = "multipart/alternative;boundary=b";
        let other = DESCRIBED.replace("v=0", "v=1");
        let html = "Content-Type: text/html\n\n<p>";
        check(kind, None, &mixed(&[DESCRIBED, &other, html]), Ok(Some("v=1\n")));
        check(kind, None, &mixed(&[html]), Err(NotUnderstood));
        let inner = mixed(&[html, DESCRIBED]).replace("--b", "--c");
        let nested = format!("Content-Type: multipart/alternative;boundary=c\n\n{inner}");
        check(
            "multipart/mixed;boundary=b",
            None,
            &mixed(&[&nested]),
            Ok(Some("v=0\n")),
        );
    }

    #[test]
    fn what_is_described_otherwise_or_without_end_is_not_understood() {
        let kind = "multipart/mixed;boundary=b";
        let with = |field: &str| format!("{field}\n{DESCRIBED}");
        check(
            kind,
            None,
            &mixed(&[&with("Content-Transfer-Encoding: base64")]),
            Err(NotUnderstood),
        );
        check(
            kind,
            None,
            &mixed(&[&with("Content-Encoding: gzip")]),
            Err(NotUnderstood),
        );
        check(
            kind,
            None,
            &mixed(&[&with("Content-Disposition: early-session")]),
            Err(NotUnderstood),
        );
        check(kind, None, &mixed(&["Content-Type: text/plain"]), Err(NotUnderstood));
        check(kind, None, &mixed(&[DESCRIBED; MOST_PARTS + 1]), Err(NotUnderstood));
        let fields = |count: usize| with("X: y\n".repeat(count).trim_end());
        check(kind, None, &mixed(&[&fields(MOST_FIELDS - 1)]), Ok(Some("v=0\n")));
        check(kind, None, &mixed(&[&fields(MOST_FIELDS)]), Err(NotUnderstood));
        check(kind, None, "v=0\n", Err(NotUnderstood));
        check(kind, None, "", Err(NotUnderstood));
        check("multipart/mixed", None, &mixed(&[DESCRIBED]), Err(NotUnderstood));
        check(
            "multipart/mixed;boundary=",
            None,
            &mixed(&[DESCRIBED]),
            Err(NotUnderstood),
        );
        check("text/plain", None, "v=0\n", Err(NotUnderstood));
        check("text/plain", Some("render;handling=optional"), "v=0\n", Ok(None));
    }

    #[test]
    fn bodies_within_bodies_are_read_so_deep_and_no_deeper() {
        let within = |boundary: &str, part: &str| format!("--{boundary}\n{part}\n--{boundary}--\n");
        let kind = |boundary: &str| format!("multipart/mixed;boundary={boundary}");
        let mut part = DESCRIBED.to_owned();
        for (boundary, expected) in [
            ("b", Ok(Some("v=0\n"))),
            ("c", Ok(Some("v=0\n"))),
            ("d", Ok(Some("v=0\n"))),
            ("e", Err(NotUnderstood)),
        ] {
            check(&kind(boundary), None, &within(boundary, &part), expected);
            part = format!("Content-Type: {}\n\n{}", kind(boundary), within(boundary, &part));
        }
    }
}
