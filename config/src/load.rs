//! From sources to settings, with every problem at once.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::model::{Config, KEYS, Key};
use crate::source::{Raw, read_file};
use crate::validate;

/// The environment variable that names the configuration file.
pub const FILE_VARIABLE: &str = "FRONTDESK_CONFIG";
/// Its value may hold a password: no message repeats it.
const SECRET: &str = "data.database_url";
const PREFIX: &str = "FRONTDESK_";

/// The flags of the command line, unread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--data DIR`
    pub data: Option<String>,
    /// `--sip ADDR:PORT`, for UDP and TCP; TLS takes the next port
    pub sip: Option<String>,
    /// `--http ADDR:PORT`
    pub http: Option<String>,
    /// `--rtp LO-HI`
    pub rtp: Option<String>,
}

impl Overrides {
    fn settings(&self) -> Vec<(&'static str, &'static str, &str)> {
        let flags = [
            ("data.dir", "--data", &self.data),
            ("sip.udp", "--sip", &self.sip),
            ("sip.tcp", "--sip", &self.sip),
            ("http.listen", "--http", &self.http),
            ("rtp.ports", "--rtp", &self.rtp),
        ];
        flags
            .into_iter()
            .filter_map(|(key, flag, value)| Some((key, flag, value.as_deref()?)))
            .collect()
    }
}

/// What gave a setting its value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    #[default]
    Default,
    File {
        line: usize,
    },
    /// The variable's name.
    Env(String),
    /// The flag's name.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { line } => write!(f, "line {line} of the file"),
            Origin::Env(name) => write!(f, "environment variable {name}"),
            Origin::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Origins(BTreeMap<&'static str, Origin>);

/// Something that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `section.name`; empty when the file as a whole cannot be read.
    pub key: String,
    /// What is wrong and what is allowed.
    pub message: String,
    pub origin: Origin,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(f, "{} ({})", self.message, self.origin)
        } else {
            write!(f, "{}: {} ({})", self.key, self.message, self.origin)
        }
    }
}

/// Everything that is wrong with the settings; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// The process's `FRONTDESK_` variables, for [`Config::read`] and [`Config::load`].
pub fn environment() -> Vec<(String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let all = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
    all.filter(|(name, _)| name.starts_with(PREFIX)).collect()
}

impl Config {
    /// Reads the file at `path`, else the one that `FRONTDESK_CONFIG` names, else none; then [`Config::load`].
    pub fn read(path: Option<&Path>, env: &[(String, String)], flags: &Overrides) -> Result<Config, Problems> {
        let named = env
            .iter()
            .find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
        let (path, origin) = match (path, named) {
            (Some(path), _) => (path, Origin::Flag("--config")),
            (None, Some((name, value))) => (Path::new(value), Origin::Env(name.clone())),
            (None, None) => return Config::load("", env, flags),
        };
        match std::fs::read_to_string(path) {
            Ok(text) => Config::load(&text, env, flags),
            Err(error) => {
                let message = format!("{} cannot be read: {error}", path.display());
                let mut problems = vec![Problem {
                    key: String::new(),
                    message,
                    origin,
                }];
                if let Err(Problems(more)) = Config::load("", env, flags) {
                    problems.extend(more);
                }
                Err(Problems(problems))
            }
        }
    }

    /// `file` is the text of the configuration file, empty for none. Reads nothing itself.
    pub fn load(file: &str, env: &[(String, String)], flags: &Overrides) -> Result<Config, Problems> {
        let mut problems = Vec::new();
        let mut config = Config::default();
        for (path, raw, line) in read_file(file, &mut problems) {
            match KEYS.iter().find(|key| key.path == path) {
                Some(key) => config.take(key, &raw, Origin::File { line }, &mut problems),
                None => problems.push(unknown(&path, Origin::File { line })),
            }
        }
        for (name, value) in env {
            if name == FILE_VARIABLE || !name.starts_with(PREFIX) {
                continue;
            }
            let origin = Origin::Env(name.clone());
            match KEYS.iter().find(|key| key.variable() == *name) {
                Some(key) => config.take(key, &Raw::Untyped(value.clone()), origin, &mut problems),
                None => problems.push(unknown_variable(name)),
            }
        }
        for (path, flag, value) in flags.settings() {
            if let Some(key) = KEYS.iter().find(|key| key.path == path) {
                config.take(key, &Raw::Untyped(value.to_owned()), Origin::Flag(flag), &mut problems);
            }
        }
        config.follow();
        validate::check(&config, &mut problems);
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(Problems(problems))
        }
    }

    /// What gave the key (`section.name`) its value.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.0.get(key).cloned().unwrap_or_default()
    }

    fn take(&mut self, key: &Key, raw: &Raw, origin: Origin, problems: &mut Vec<Problem>) {
        match self.set(key.path, raw) {
            Ok(()) => {
                self.origins.0.insert(key.path, origin);
            }
            Err(allowed) => problems.push(Problem {
                key: key.path.to_owned(),
                message: format!("{} is not {allowed}", given(key, raw)),
                origin,
            }),
        }
    }
}

fn given(key: &Key, raw: &Raw) -> String {
    match raw {
        Raw::Text(text) | Raw::Untyped(text) if key.path != SECRET => format!("{text:?}"),
        Raw::Integer(number) => number.to_string(),
        Raw::Boolean(flag) => flag.to_string(),
        Raw::List(items) => {
            let items: Vec<String> = items.iter().map(|item| given(key, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Raw::Text(_) | Raw::Untyped(_) | Raw::Foreign => "the value".to_owned(),
    }
}

fn unknown(path: &str, origin: Origin) -> Problem {
    let near = nearest(path, KEYS.iter().map(|key| key.path.to_owned()));
    Problem {
        key: path.to_owned(),
        message: format!("there is no such key{near}"),
        origin,
    }
}

fn unknown_variable(name: &str) -> Problem {
    let near = nearest(name, KEYS.iter().map(Key::variable));
    let message = format!("no key is set by {name}{near}");
    Problem {
        key: String::new(),
        message,
        origin: Origin::Env(name.to_owned()),
    }
}

fn nearest(given: &str, names: impl Iterator<Item = String>) -> String {
    let scored = names.map(|name| (distance(given, &name), name));
    match scored.min() {
        Some((cost, name)) if cost <= given.len() / 3 => format!("; did you mean {name}?"),
        _ => String::new(),
    }
}

/// Levenshtein's.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let next = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, next);
            left = next;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}
