//! Byte ranges of RFC 9110 section 14: one range a request, as players send them.

/// What part of a file is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Whole,
    /// First and last byte, both included.
    Part(u64, u64),
    Unsatisfiable,
}

/// A header that is not understood, or names several ranges, is passed over as the RFC allows.
pub(super) fn asked(header: Option<&str>, size: u64) -> Asked {
    let Some(spec) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return Asked::Whole;
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Asked::Whole;
    };
    match (number(first), number(last)) {
        (Some(Some(first)), Some(last)) => {
            let last = last.unwrap_or(u64::MAX);
            if last < first {
                Asked::Whole
            } else if first >= size {
                Asked::Unsatisfiable
            } else {
                Asked::Part(first, last.min(size.saturating_sub(1)))
            }
        }
        (Some(None), Some(Some(suffix))) => {
            if suffix == 0 || size == 0 {
                Asked::Unsatisfiable
            } else {
                Asked::Part(size.saturating_sub(suffix), size.saturating_sub(1))
            }
        }
        (Some(None), Some(None)) | (None, _) | (_, None) => Asked::Whole,
    }
}

/// `Some(None)` is no digits at all; `None` is something else than digits.
fn number(text: &str) -> Option<Option<u64>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(None);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        let check = |header: &str, expected: Asked| assert_eq!(asked(Some(header), 1000), expected, "{header}");
        check("bytes=0-", Asked::Part(0, 999));
        check("bytes=0-0", Asked::Part(0, 0));
        check("bytes=200-299", Asked::Part(200, 299));
        check("bytes=990-2000", Asked::Part(990, 999));
        check("bytes=-100", Asked::Part(900, 999));
        check("bytes=-5000", Asked::Part(0, 999));
        check("bytes=1000-", Asked::Unsatisfiable);
        check("bytes=99999999999999999999999-", Asked::Unsatisfiable);
        check("bytes=-0", Asked::Unsatisfiable);
        check("bytes=5-2", Asked::Whole);
        check("bytes=0-1,5-6", Asked::Whole);
        check("bytes=-", Asked::Whole);
        check("bytes=x-9", Asked::Whole);
        check("lines=0-9", Asked::Whole);
        check("bytes", Asked::Whole);
        assert_eq!(asked(None, 1000), Asked::Whole);
        assert_eq!(asked(Some("bytes=0-"), 0), Asked::Unsatisfiable);
        assert_eq!(asked(Some("bytes=-5"), 0), Asked::Unsatisfiable);
    }
}
