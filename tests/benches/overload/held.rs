//! A process that gets a part of a core only: a control group of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

const ROOT: &str = "/sys/fs/cgroup";
/// Short: a slow core is meant, not one that stands still for most of a tenth of a second. The kernel takes a quota of a
/// millisecond and more.
const PERIOD_US: u32 = 10_000;
/// The kernel's unit of time in `/proc/PID/stat`.
const TICK: Duration = Duration::from_millis(10);

pub struct Held {
    pid: u32,
    group: PathBuf,
    parent: PathBuf,
}

impl Held {
    /// All threads of the process together get so many percent of one core.
    pub fn down(pid: u32, percent: u32) -> Result<Held> {
        let root = Path::new(ROOT);
        let unified = root.join("cgroup.controllers").exists();
        let parent = if unified { root.to_owned() } else { root.join("cpu") };
        let group = parent.join(format!("frontdesk-bench-{pid}"));
        let quota = PERIOD_US / 100 * percent;
        if unified {
            write(&root.join("cgroup.subtree_control"), "+cpu")?;
        }
        fs::create_dir(&group).with_context(|| format!("{}: control groups are root's", group.display()))?;
        let held = Held { pid, group, parent };
        if unified {
            write(&held.group.join("cpu.max"), &format!("{quota} {PERIOD_US}"))?;
        } else {
            write(&held.group.join("cpu.cfs_period_us"), &PERIOD_US.to_string())?;
            write(&held.group.join("cpu.cfs_quota_us"), &quota.to_string())?;
        }
        write(&held.group.join("cgroup.procs"), &pid.to_string())?;
        Ok(held)
    }

    /// Processor time since the process began.
    pub fn used(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        let ticks = ticks.sum::<Result<u32, _>>()?;
        Ok(TICK * ticks)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let freed = write(&self.parent.join("cgroup.procs"), &self.pid.to_string());
        if let Err(error) = freed.and_then(|()| Ok(fs::remove_dir(&self.group)?)) {
            eprintln!("{} is left: {error:#}", self.group.display());
        }
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
