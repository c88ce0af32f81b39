//! The house rules as data: who may depend on whom, which module is the door of which crate, how large a room may be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Package -> the packages of this workspace that it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("frontdesk-config", &[]),
    ("frontdesk-recordings", &[]),
    ("frontdesk-media", &[]),
    ("frontdesk-sip", &[]),
    ("frontdesk-routing", &[]),
    ("frontdesk-crm-core", &["frontdesk-routing"]),
    (
        "frontdesk",
        &[
            "frontdesk-config",
            "frontdesk-crm-core",
            "frontdesk-media",
            "frontdesk-recordings",
            "frontdesk-routing",
            "frontdesk-sip",
        ],
    ),
];

/// Third-party crate -> the only places (path prefixes) that may name it.
const DOORS: &[(&str, &[&str])] = &[
    ("rsip", &["tests/src/"]),
    ("image", &["daemon/src/photos.rs", "tests/"]),
    ("qrcode", &["daemon/src/provisioning/qr.rs"]),
    ("rtp_rs", &["media/src/rtp/", "tests/"]),
    ("rtcp_types", &["media/src/rtp/"]),
    ("sdp_types", &["media/src/sdp/"]),
    ("aes", &["media/src/srtp/"]),
    ("audio_codec", &["media/src/codec/g722.rs"]),
    ("opus_rs", &["media/src/codec/opus.rs"]),
    (
        "sha1",
        &["crm-core/src/two_factor/code.rs", "media/src/srtp/", "tests/"],
    ),
    ("hound", &["recordings/", "tests/"]),
    // Time zones: hours in pure rules, names and dates where records are kept, moments where people read them.
    (
        "jiff",
        &[
            "routing/src/schedule",
            "routing/src/reception/tests.rs",
            "routing/benches/",
            "crm-core/src/accounts/",
            "crm-core/src/import/workbook/value.rs",
            "crm-core/src/notices/text.rs",
            "crm-core/src/schedules/",
            "daemon/src/http/",
            "daemon/src/live/view.rs",
            "tests/",
        ],
    ),
    ("sqlx", &["crm-core/", "tests/benches/office/"]),
    ("dashmap", &["daemon/src/live.rs", "daemon/src/live/"]),
    ("hickory_resolver", &["daemon/src/shell/resolve/dns.rs"]),
    ("phonenumber", &["crm-core/src/"]),
    ("hyper", &["daemon/src/http_client.rs"]),
    ("hyper_util", &["daemon/src/http_client.rs"]),
    ("idna", &["crm-core/src/sites/"]),
    ("argon2", &["crm-core/src/"]),
    ("flate2", &["daemon/src/backup/archive.rs"]),
    ("tar", &["daemon/src/backup/archive.rs", "tests/"]),
    ("lettre", &["daemon/src/notices/mail.rs"]),
    // Workbooks, and what phones publish: each is a door to strangers' documents.
    (
        "quick_xml",
        &["crm-core/src/import/workbook/", "daemon/src/engine/events/pidf.rs"],
    ),
    ("rust_xlsxwriter", &["daemon/src/http/api/export/sheet.rs", "tests/"]),
    (
        "zip",
        &[
            "crm-core/src/import/workbook/package.rs",
            "crm-core/src/import/workbook/tests.rs",
            "tests/",
        ],
    ),
    ("libc", &["media/src/io/", "media/examples/"]),
    ("mio", &["daemon/src/shell/"]),
    ("rustls", &["daemon/src/shell/tls/"]),
    ("webpki_roots", &["daemon/src/shell/tls/trust.rs"]),
    ("rcgen", &["daemon/src/shell/tls/own.rs"]),
    ("tungstenite", &["daemon/src/shell/websocket.rs"]),
    (
        "tokio_rustls",
        &["daemon/src/http_client.rs", "tests/src/smtp.rs", "tests/src/wire.rs"],
    ),
    ("tokio_tungstenite", &["tests/src/wire.rs"]),
];

/// Longest file, in lines, for sources and for tests.
const LONGEST: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources() -> Vec<(String, String)> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "*.rs"])
        .current_dir(root())
        .output()
        .expect("git lists the sources");
    assert!(listed.status.success(), "git ls-files failed");
    let mut files: Vec<(String, String)> = String::from_utf8(listed.stdout)
        .unwrap()
        .lines()
        .filter_map(|path| Some((path.to_owned(), fs::read_to_string(root().join(path)).ok()?)))
        .collect();
    files.sort();
    assert!(files.len() > 50, "only {} sources found", files.len());
    files
}

#[test]
fn crates_depend_on_each_other_one_way() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let allowed: BTreeMap<&str, BTreeSet<&str>> = MAY_USE
        .iter()
        .map(|(name, uses)| (*name, uses.iter().copied().collect()))
        .collect();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if name == "frontdesk-tests" {
            continue;
        }
        let Some(allowed) = allowed.get(name) else {
            wrong.push(format!("{name} is a new package: say here what it may use"));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let used = dependency["name"].as_str().unwrap();
            let ours = used == "frontdesk" || used.starts_with("frontdesk-");
            if ours && dependency["kind"].is_null() && !allowed.contains(used) {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_third_party_crate_has_one_door() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if path.starts_with("tests/tests/tidy") {
            continue;
        }
        for (name, doors) in DOORS {
            let named = text.lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
                    .any(|word| word.strip_prefix(name).is_some_and(|rest| rest.starts_with("::")))
            });
            if named && !doors.iter().any(|door| path.starts_with(door)) {
                wrong.push(format!("{path} names {name}; its door is {doors:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_holds_two_things() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > LONGEST)
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "above {LONGEST} lines: {long:#?}");
}

#[test]
fn nothing_is_unfinished_or_muted() {
    // The needles are put together here so that this file does not hold them.
    let needles = [
        ["todo", "!("],
        ["unimplemented", "!("],
        ["#[ign", "ore"],
        ["#[all", "ow("],
        ["thread::sl", "eep"],
        ["time::sl", "eep("],
    ]
    .map(|parts| parts.concat());
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            let sleep = line.contains(&needles[4]) || line.contains(&needles[5]);
            let muted = needles[..4].iter().any(|needle| line.contains(needle.as_str()));
            let test = path.starts_with("tests/") || path.contains("/tests/");
            if muted || (sleep && test) {
                wrong.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Of two schemas with one name the description keeps the last.
#[test]
fn no_two_schemas_of_the_api_have_one_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in sources() {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let derives = line.contains("derive(") && line.contains("ToSchema");
            let item = |line: &str| line.contains("struct ") || line.contains("enum ");
            let Some(item) = lines.clone().find(|line| item(line)).filter(|_| derives) else {
                continue;
            };
            let mut words = item.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.find(|word| ["struct", "enum"].contains(word));
            places
                .entry(words.next().unwrap().to_owned())
                .or_default()
                .push(path.clone());
        }
    }
    assert!(places.len() > 100, "only {} schemas", places.len());
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}
