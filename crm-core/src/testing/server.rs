//! A PostgreSQL server in a temporary folder that ends with the program that started it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Keeps the server until its standard input ends, which it does with us, however we end.
const KEEPER: &str = "exec 3<&0; \"$1/postgres\" -D \"$2/data\" -k \"$2\" -c listen_addresses= -c max_connections=300 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB </dev/null 3<&- & server=$!; \
    cat <&3 >/dev/null; kill -QUIT $server; wait $server; rm -rf \"$2\"";
const START: Duration = Duration::from_secs(60);

pub(super) struct Server {
    /// Of its first database.
    pub(super) url: String,
    /// Holds the other end of the keeper's standard input.
    _keeper: Option<Child>,
}

impl Server {
    pub(super) fn start() -> Result<Server, String> {
        if let Ok(url) = std::env::var("TEST_PG_URL") {
            return Ok(Server { url, _keeper: None });
        }
        let programs = programs().ok_or("TEST_PG_URL is not set and no initdb is installed")?;
        let owner = owner()?;
        let folder = tempfile::Builder::new()
            .prefix("frontdesk-pg-")
            .tempdir()
            .map_err(|error| error.to_string())?
            .keep();
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group)).map_err(|error| error.to_string())?;
        }
        let made = run(&folder, owner, &programs.join("initdb"))
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N", "-D"])
            .arg(folder.join("data"))
            .output()
            .map_err(|error| error.to_string())?;
        if !made.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr).trim()));
        }
        let keeper = run(&folder, owner, Path::new("/bin/sh"))
            .args(["-c", KEEPER, "keeper"])
            .arg(&programs)
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| error.to_string())?;
        let keeper = ready(keeper)?;
        let url = format!("postgres://postgres@localhost/postgres?host={}", folder.display());
        Ok(Server {
            url,
            _keeper: Some(keeper),
        })
    }

    /// The address of another database of this server.
    pub(super) fn database(&self, name: &str) -> String {
        let (place, options) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (scheme, place) = place.split_once("://").unwrap_or(("postgres", place));
        let host = place.split('/').next().unwrap_or_default();
        format!("{scheme}://{host}/{name}?{options}")
    }
}

fn run(folder: &Path, owner: Option<(u32, u32)>, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("LC_ALL", "C").env("TZ", "UTC");
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

/// Waits for the server's own word; what it says later is read and forgotten.
fn ready(mut keeper: Child) -> Result<Child, String> {
    let said = keeper.stderr.take().ok_or("the server says nothing")?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(said).lines().map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
    let mut last = String::new();
    loop {
        last = match told.recv_timeout(START) {
            Ok(line) if line.contains("ready to accept connections") => return Ok(keeper),
            Ok(line) => line,
            Err(_) => return Err(format!("the server does not start: {last}")),
        };
    }
}

/// PostgreSQL refuses to run as root: its own user does.
fn owner() -> Result<Option<(u32, u32)>, String> {
    let us = fs::metadata("/proc/self").map_err(|error| error.to_string())?;
    if us.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    let line = users
        .lines()
        .find_map(|line| line.strip_prefix("postgres:"))
        .ok_or("there is no user `postgres`")?;
    let mut numbers = line.split(':').skip(1).map_while(|field| field.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(user), Some(group)) => Ok(Some((user, group))),
        (_, _) => Err("/etc/passwd is strange".into()),
    }
}

/// Where the newest installed server's programs are.
fn programs() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = debian
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let newest = versions.into_iter().rev().map(|(_, programs)| programs);
    newest
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_server_has_the_same_address_otherwise() {
        let check = |url: &str, expected: &str| {
            let server = Server {
                url: url.to_owned(),
                _keeper: None,
            };
            assert_eq!(server.database("x"), expected);
        };
        check("postgres://u:p@h:1/a?host=/tmp/y", "postgres://u:p@h:1/x?host=/tmp/y");
        check("postgresql://h/a", "postgresql://h/x?");
        check("postgres://h", "postgres://h/x?");
    }
}
