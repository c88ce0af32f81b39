//! The one place where media reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::clock::Moment;
use crate::rtp::rtcp::ReportTime;

/// Seconds from 1900 to 1970.
const NTP_OFFSET: u64 = 2_208_988_800;
/// Far enough from zero for moments before the start.
const START: Duration = Duration::from_secs(3_600);

#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    started: Instant,
    unix: Duration,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "a media thread is a shell: its pure parts get the time from here"
    )]
    pub(super) fn start() -> Self {
        Clock {
            started: Instant::now(),
            unix: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }

    pub(super) fn now(&self) -> Moment {
        Moment::default().after(START + self.started.elapsed())
    }

    pub(super) fn report_time(&self, now: Moment) -> ReportTime {
        let unix = self.unix + now.since(Moment::default().after(START));
        let seconds = unix.as_secs().wrapping_add(NTP_OFFSET) & u64::from(u32::MAX);
        let fraction = (u64::from(unix.subsec_nanos()) << 32) / 1_000_000_000;
        ReportTime {
            now,
            ntp: seconds << 32 | fraction,
        }
    }
}
