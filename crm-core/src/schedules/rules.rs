//! What a schedule may be. Pure.

use std::collections::BTreeMap;

use frontdesk_routing::ids::ScheduleId;
use frontdesk_routing::schedule::{self, Day, WEEKDAYS};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::{Holiday, Schedule, SchedulePatch};
use crate::store::{FieldError, StoreError};

const LONGEST: usize = 100;
/// Dates of one schedule, and holidays of one company.
pub(super) const MOST_DATES: usize = 1000;
/// Schedules of one company.
pub(super) const MOST: i64 = 1000;

pub(super) fn empty(id: ScheduleId, time_zone: &str) -> Schedule {
    Schedule {
        id,
        name: String::new(),
        time_zone: time_zone.to_owned(),
        observes_holidays: true,
        week: Default::default(),
        dates: BTreeMap::new(),
        version: 1,
    }
}

/// The schedule after the patch, or every fault at once.
pub(super) fn patched(mut after: Schedule, patch: SchedulePatch) -> Result<Schedule, StoreError> {
    let mut faults = Vec::new();
    if let Some(name) = patch.name {
        name.trim().clone_into(&mut after.name);
    }
    faults.extend(name_fault("name", &after.name));
    if let Some(zone) = patch.time_zone {
        if TimeZone::get(&zone).is_err() {
            let why = "not a time zone, as in Europe/Moscow";
            faults.push(FieldError::new("time_zone", "invalid", why));
        }
        after.time_zone = zone;
    }
    after.observes_holidays = patch.observes_holidays.unwrap_or(after.observes_holidays);
    if let Some(week) = patch.week {
        after.week = Default::default();
        for (name, hours) in week {
            let field = format!("week.{name}");
            let weekday = WEEKDAYS.iter().position(|(_, weekday)| *weekday == name);
            match weekday.and_then(|weekday| after.week.get_mut(weekday)) {
                Some(place) => *place = day(&field, &hours, &mut faults),
                None => faults.push(FieldError::new(&field, "unknown", "`mon` to `sun`")),
            }
        }
    }
    if let Some(dates) = patch.dates {
        if dates.len() > MOST_DATES {
            faults.push(FieldError::new(
                "dates",
                "too_long",
                format!("{MOST_DATES} dates at most"),
            ));
        }
        after.dates = BTreeMap::new();
        for (name, hours) in dates.into_iter().take(MOST_DATES) {
            let field = format!("dates.{name}");
            match (date(&field, &name), day(&field, &hours, &mut faults)) {
                (Ok(date), Some(hours)) => {
                    after.dates.insert(date, hours);
                }
                (Err(fault), _) => faults.push(fault),
                (Ok(_), None) => {}
            }
        }
    }
    StoreError::invalid(faults)?;
    Ok(after)
}

fn name_fault(field: &str, name: &str) -> Option<FieldError> {
    match name.chars().count() {
        0 => Some(FieldError::new(field, "required", "a name is needed")),
        count if count > LONGEST => Some(FieldError::new(
            field,
            "too_long",
            format!("{LONGEST} characters at most"),
        )),
        _ => None,
    }
}

fn day(field: &str, hours: &[String], faults: &mut Vec<FieldError>) -> Option<Day> {
    match schedule::day(hours.iter().map(String::as_str)) {
        Ok(day) => Some(day),
        Err(error) => {
            faults.push(FieldError::new(field, "invalid", error.to_string()));
            None
        }
    }
}

/// Only `2026-12-31`: other forms of ISO 8601 would be two names of one day.
pub fn date(field: &str, text: &str) -> Result<Date, FieldError> {
    let plain = |date: &Date| date.to_string() == text;
    let read = text.parse::<Date>().ok().filter(plain);
    read.ok_or_else(|| FieldError::new(field, "invalid", "not a date, as in 2026-12-31"))
}

/// The company's holidays as they are kept, by date.
pub(super) fn holidays(typed: Vec<(String, String)>) -> Result<Vec<Holiday>, StoreError> {
    let mut faults = Vec::new();
    let mut kept = BTreeMap::new();
    if typed.len() > MOST_DATES {
        faults.push(FieldError::new(
            "items",
            "too_long",
            format!("{MOST_DATES} holidays at most"),
        ));
    }
    for (place, (day, name)) in typed.into_iter().take(MOST_DATES).enumerate() {
        let name = name.trim().to_owned();
        faults.extend(name_fault(&format!("items[{place}].name"), &name));
        let field = format!("items[{place}].date");
        match date(&field, &day) {
            Ok(day) if kept.contains_key(&day) => faults.push(FieldError::new(&field, "taken", "named twice")),
            Ok(day) => {
                kept.insert(day, name);
            }
            Err(fault) => faults.push(fault),
        }
    }
    StoreError::invalid(faults)?;
    Ok(kept.into_iter().map(|(day, name)| Holiday { day, name }).collect())
}

/// By what whoever changes the list says which one they have seen: the first 63 bits of the SHA-256 of its days and names,
/// so that it is another one however the list was changed.
pub fn holidays_version(days: &[Holiday]) -> i64 {
    let mut hash = Sha256::new();
    for holiday in days {
        hash.update(format!("{}\n{}\n", holiday.day, holiday.name));
    }
    let digest = hash.finalize();
    let first = digest.first_chunk::<8>().copied().unwrap_or_default();
    i64::from_be_bytes(first) & i64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(patch: SchedulePatch) -> Vec<String> {
        let before = empty(ScheduleId::from_u128(1), "Europe/Moscow");
        match patched(before, patch) {
            Ok(_) => Vec::new(),
            Err(StoreError::Invalid(faults)) => faults
                .iter()
                .map(|fault| format!("{} {}", fault.field, fault.code))
                .collect(),
            Err(error) => panic!("{error}"),
        }
    }

    fn days(days: &[(&str, &[&str])]) -> Option<BTreeMap<String, Vec<String>>> {
        let day = |(name, hours): &(&str, &[&str])| {
            let hours = hours.iter().map(|text| (*text).to_owned()).collect();
            ((*name).to_owned(), hours)
        };
        Some(days.iter().map(day).collect())
    }

    #[test]
    fn every_fault_of_a_schedule_is_named() {
        let named = || SchedulePatch {
            name: Some("Office".into()),
            ..SchedulePatch::default()
        };
        let check = |patch: SchedulePatch, expected: &[&str]| assert_eq!(faults(patch), expected);
        check(named(), &[]);
        check(SchedulePatch::default(), &["name required"]);
        let good = SchedulePatch {
            week: days(&[
                ("mon", &["09:00-13:00", "14:00-18:00"]),
                ("sat", &["22:00-06:00"]),
                ("sun", &[]),
            ]),
            dates: days(&[("2026-12-31", &["09:00-15:00"]), ("2027-01-01", &[])]),
            ..named()
        };
        check(good, &[]);
        let bad = SchedulePatch {
            time_zone: Some("Mars/Olympus".into()),
            week: days(&[("mon", &["9-18"]), ("monday", &[])]),
            dates: days(&[("20261231", &[]), ("2026-02-30", &[]), ("2026-12-31", &["09:00-09:00"])]),
            ..named()
        };
        check(
            bad,
            &[
                "time_zone invalid",
                "week.mon invalid",
                "week.monday unknown",
                "dates.2026-02-30 invalid",
                "dates.2026-12-31 invalid",
                "dates.20261231 invalid",
            ],
        );
    }

    #[test]
    fn a_list_of_holidays_that_was_changed_has_another_version() {
        let list = |items: &[(&str, &str)]| {
            let typed = items.iter().map(|(day, name)| ((*day).into(), (*name).into()));
            holidays_version(&holidays(typed.collect()).unwrap())
        };
        let one = list(&[("2027-01-01", "New Year")]);
        assert_eq!(one, list(&[("2027-01-01", "New Year")]));
        let others = [
            list(&[]),
            list(&[("2027-01-02", "New Year")]),
            list(&[("2027-01-01", "Christmas")]),
            list(&[("2027-01-01", "New Year"), ("2027-01-07", "Christmas")]),
        ];
        assert!(others.iter().all(|other| *other != one && *other >= 0), "{others:?}");
    }

    #[test]
    fn holidays_are_dates_with_a_name_and_each_is_there_once() {
        let of = |days: &[(&str, &str)]| {
            let typed = days.iter().map(|(day, name)| ((*day).to_owned(), (*name).to_owned()));
            match holidays(typed.collect()) {
                Ok(kept) => kept.iter().map(|holiday| holiday.day.to_string()).collect(),
                Err(StoreError::Invalid(faults)) => faults
                    .iter()
                    .map(|fault| format!("{} {}", fault.field, fault.code))
                    .collect::<Vec<_>>(),
                Err(error) => panic!("{error}"),
            }
        };
        assert_eq!(
            of(&[("2027-01-07", "Christmas"), ("2027-01-01", "New Year")]),
            ["2027-01-01", "2027-01-07"]
        );
        assert_eq!(
            of(&[("2027-01-01", ""), ("2027-01-01", "x"), ("tomorrow", "x")]),
            ["items[0].name required", "items[1].date taken", "items[2].date invalid"]
        );
    }
}
