//! Hours: a week's template, single dates that differ, a time zone. Whether somebody is open at a moment.
//!
//! Hours are wall clock times of the zone. A time that the clocks skip in spring means as long after midnight as on any
//! other day; a time that comes twice in autumn means the first one.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use smallvec::SmallVec;

/// Intervals of one day at most.
pub const MOST_INTERVALS: usize = 8;
/// Days that are looked at for the next opening.
const HORIZON: usize = 62;
const DAY: u16 = 24 * 60;

/// Weekdays as they are written, the first of the week first.
pub const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Monday, "mon"),
    (Weekday::Tuesday, "tue"),
    (Weekday::Wednesday, "wed"),
    (Weekday::Thursday, "thu"),
    (Weekday::Friday, "fri"),
    (Weekday::Saturday, "sat"),
    (Weekday::Sunday, "sun"),
];

/// From one minute of a day up to, without it, another one, which may be the next day's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    from: u16,
    /// Above `from`; above 1440 it is the next day's.
    to: u16,
}

/// The intervals of a day, in order; none: a day off.
pub type Day = SmallVec<[Interval; 2]>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHours {
    #[error("not hours: 09:00-18:00, or 22:00-06:00 up to the next day, is meant")]
    Form,
    #[error("an interval ends when it begins; a whole day is 00:00-24:00")]
    Empty,
    #[error("two intervals of a day overlap")]
    Overlap,
    #[error("{MOST_INTERVALS} intervals a day at most")]
    TooMany,
}

impl FromStr for Interval {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Interval, BadHours> {
        let (from, to) = text.trim().split_once('-').ok_or(BadHours::Form)?;
        let (from, to) = (minutes(from)?, minutes(to)?);
        if from >= DAY {
            return Err(BadHours::Form);
        }
        match from.cmp(&to) {
            std::cmp::Ordering::Less => Ok(Interval { from, to }),
            std::cmp::Ordering::Equal => Err(BadHours::Empty),
            std::cmp::Ordering::Greater => Ok(Interval {
                from,
                to: to.saturating_add(DAY),
            }),
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.to > DAY {
            self.to.saturating_sub(DAY)
        } else {
            self.to
        };
        let (hour, minute) = (|at: u16| at / 60, |at: u16| at % 60);
        let (from_h, from_m, to_h, to_m) = (hour(self.from), minute(self.from), hour(to), minute(to));
        write!(f, "{from_h:02}:{from_m:02}-{to_h:02}:{to_m:02}")
    }
}

/// Minutes since midnight; `24:00` is the end of a day.
fn minutes(text: &str) -> Result<u16, BadHours> {
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute) = text.trim().split_once(':').ok_or(BadHours::Form)?;
    if !digits(hour) || !digits(minute) {
        return Err(BadHours::Form);
    }
    let read = |part: &str| part.parse::<u16>().map_err(|_| BadHours::Form);
    let (hour, minute) = (read(hour)?, read(minute)?);
    match (hour, minute) {
        (24, 0) => Ok(DAY),
        (0..24, 0..60) => Ok(hour.saturating_mul(60).saturating_add(minute)),
        _ => Err(BadHours::Form),
    }
}

/// The intervals of a day as they are typed.
pub fn day<'a>(intervals: impl IntoIterator<Item = &'a str>) -> Result<Day, BadHours> {
    let mut day = intervals.into_iter().map(str::parse).collect::<Result<Day, _>>()?;
    day.sort_unstable();
    let overlap = day
        .iter()
        .zip(day.iter().skip(1))
        .any(|(before, after)| after.from < before.to);
    match overlap {
        true => Err(BadHours::Overlap),
        false if day.len() > MOST_INTERVALS => Err(BadHours::TooMany),
        false => Ok(day),
    }
}

/// What a moment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    Open,
    /// `opens_at`: unix milliseconds; `None`: not within two months, or not known.
    Closed {
        opens_at: Option<i64>,
    },
    /// Nothing is said of that day.
    Unknown,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    zone: TimeZone,
    /// Monday first; `None`: nothing is said.
    week: [Option<Day>; 7],
    dates: BTreeMap<Date, Day>,
}

impl Schedule {
    /// `dates` take the place of their weekday.
    pub fn new(zone: TimeZone, week: [Option<Day>; 7], dates: BTreeMap<Date, Day>) -> Schedule {
        Schedule { zone, week, dates }
    }

    /// Whether it is open at a moment, in unix milliseconds.
    pub fn open_at(&self, unix_ms: i64) -> Open {
        let Ok(at) = Timestamp::from_millisecond(unix_ms) else {
            return Open::Unknown;
        };
        let today = self.zone.to_datetime(at).date();
        match self.hours(today) {
            _ if self.goes_on_from_yesterday(today, at) => Open::Open,
            Some(day) if day.iter().any(|interval| self.holds(today, interval, at)) => Open::Open,
            None => Open::Unknown,
            Some(_) => Open::Closed {
                opens_at: self.next_opening(today, at).map(Timestamp::as_millisecond),
            },
        }
    }

    /// Minutes of the days from `from` up to, without it, `until`; an interval that ends on the next day is its own
    /// day's. Those that the clocks skip are not worked, those that they repeat are worked twice.
    pub fn minutes(&self, from: Date, until: Date) -> u64 {
        let lasts = |date: Date, interval: &Interval| {
            let (begins, ends) = (self.instant(date, interval.from)?, self.instant(date, interval.to)?);
            u64::try_from(ends.as_second().saturating_sub(begins.as_second())).ok()
        };
        let dates = from.series(Span::new().days(1)).take_while(|date| *date < until);
        let of = |date: Date| {
            self.hours(date)
                .into_iter()
                .flatten()
                .filter_map(move |interval| lasts(date, interval))
        };
        dates.flat_map(of).sum::<u64>() / 60
    }

    /// Weekdays of which nothing is said.
    pub fn undefined(&self) -> impl Iterator<Item = Weekday> + '_ {
        let days = WEEKDAYS.iter().zip(&self.week);
        days.filter(|(_, hours)| hours.is_none()).map(|((day, _), _)| *day)
    }

    /// A moment as the zone's clocks show it, for people.
    pub fn local(&self, unix_ms: i64) -> String {
        let Ok(at) = Timestamp::from_millisecond(unix_ms) else {
            return String::new();
        };
        let local = self.zone.to_datetime(at);
        let (date, time) = (local.date(), local.time());
        let zone = self.zone.iana_name().unwrap_or("UTC");
        format!("{date} {:02}:{:02} {zone}", time.hour(), time.minute())
    }

    fn hours(&self, date: Date) -> Option<&Day> {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).ok()?;
        let of_week = || self.week.get(weekday).and_then(Option::as_ref);
        self.dates.get(&date).or_else(of_week)
    }

    /// Of yesterday's intervals those that end after midnight: the others were over before today began.
    fn goes_on_from_yesterday(&self, today: Date, at: Timestamp) -> bool {
        let yesterday = today.yesterday().ok();
        let hours = yesterday.and_then(|date| Some((date, self.hours(date)?)));
        hours.is_some_and(|(date, day)| {
            let mut late = day.iter().filter(|interval| interval.to > DAY);
            late.any(|interval| self.holds(date, interval, at))
        })
    }

    fn holds(&self, date: Date, interval: &Interval, at: Timestamp) -> bool {
        let instant = |minutes| self.instant(date, minutes);
        instant(interval.from).is_some_and(|from| from <= at) && instant(interval.to).is_some_and(|to| at < to)
    }

    fn next_opening(&self, today: Date, after: Timestamp) -> Option<Timestamp> {
        let dates = today.series(Span::new().days(1)).take(HORIZON);
        for date in dates {
            // Beyond a day of which nothing is said nothing is certain.
            let begins = self
                .hours(date)?
                .iter()
                .filter_map(|interval| self.instant(date, interval.from));
            if let Some(first) = begins.filter(|begin| *begin > after).min() {
                return Some(first);
            }
        }
        None
    }

    fn instant(&self, date: Date, minutes: u16) -> Option<Timestamp> {
        let (date, minutes) = match minutes.checked_sub(DAY) {
            Some(minutes) => (date.tomorrow().ok()?, minutes),
            None => (date, minutes),
        };
        let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
        let at = date.to_datetime(Time::new(hour, minute, 0, 0).ok()?);
        self.zone.to_ambiguous_timestamp(at).compatible().ok()
    }
}

#[cfg(test)]
mod tests;
