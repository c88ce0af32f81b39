//! The names that scanners give themselves.

/// In lower case, as User-Agent or From bring them.
const NAMES: [&[u8]; 10] = [
    b"friendly-scanner",
    b"friendly-request",
    b"sipvicious",
    b"sundayddr",
    b"sip-scan",
    b"sipcli/",
    b"iwar",
    b"sivus",
    b"siparmyknife",
    b"pplsip",
];
/// What is looked at of a message at most.
const LOOKED_AT: usize = 4096;

/// Whether the message's User-Agent or From says that a scanner sent it. Read before the message is parsed: the headers of a
/// scanner need not be well formed.
pub fn is_scanner(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(LOOKED_AT)).unwrap_or_default();
    head.split(|byte| *byte == b'\n')
        .skip(1)
        .take_while(|line| !line.trim_ascii().is_empty())
        .any(says_so)
}

fn says_so(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return false;
    };
    let (name, value) = line.split_at(colon);
    let name = name.trim_ascii();
    let tells = [&b"user-agent"[..], b"from", b"f"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known));
    tells && NAMES.iter().any(|scanner| holds(value, scanner))
}

/// `name` is in lower case.
fn holds(value: &[u8], name: &[u8]) -> bool {
    value.windows(name.len()).any(|part| part.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanners_are_known_by_their_names_and_phones_are_not_taken_for_them() {
        let check = |header: &str, expected: bool| {
            let message =
                format!("OPTIONS sip:100@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n{header}\r\n\r\nUser-Agent: sipvicious");
            assert_eq!(is_scanner(message.as_bytes()), expected, "{header}");
        };
        check("User-Agent: friendly-scanner", true);
        check("USER-AGENT :  Friendly-Scanner/2", true);
        check("From: \"sipvicious\"<sip:100@1.1.1.1>;tag=1", true);
        check("f: \"SIPVicious\"<sip:100@1.1.1.1>;tag=1", true);
        check("User-Agent: sipcli/v1.8", true);
        check("User-Agent: Yealink SIP-T46U 108.86.0.20", false);
        check("User-Agent: Grandstream GXP2160", false);
        check("User-Agent: baresip v3", false);
        check("Subject: friendly-scanner", false);
        check("User-Agent:", false);
        assert!(!is_scanner(b""));
        assert!(!is_scanner(b"\r\n\r\n"));
    }
}
