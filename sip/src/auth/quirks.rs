//! Phones that do not skip what they do not know, as RFC 8760 section 2.4 wants it.

/// baresip before 3.11 (Debian 12 and Ubuntu 24.04 ship such ones) gives up when any challenge is not MD5, in whatever
/// order they come.
pub(super) fn gives_up_at_sha_256(user_agent: &[u8]) -> bool {
    let version = user_agent
        .strip_prefix(b"baresip v")
        .and_then(|rest| std::str::from_utf8(rest).ok());
    let mut numbers = version
        .unwrap_or_default()
        .split(|c: char| !c.is_ascii_digit())
        .map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < (3, 11),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_of_baresip_are_known() {
        let check = |user_agent: &str, expected| {
            assert_eq!(gives_up_at_sha_256(user_agent.as_bytes()), expected, "{user_agent}");
        };
        check("baresip v1.0.0 (x86_64/linux)", true);
        check("baresip v0.6.5 (arm64/linux)", true);
        check("baresip v3.10.1 (x86_64/Linux)", true);
        check("baresip v3.11.0 (x86_64/Linux)", false);
        check("baresip v4.0.0 (x86_64/Linux)", false);
        check("baresip v", false);
        check("baresip v99999999999999.1", false);
        check("Linphone/5.2 (baresip v1.0.0)", false);
    }
}
