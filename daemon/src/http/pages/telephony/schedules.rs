//! Hours: schedules with their weeks, the company's holidays, and who works by which of them.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::access::Whose;
use frontdesk_crm_core::schedules::{self, Schedule};
use frontdesk_crm_core::trunks;
use frontdesk_routing::ids::StaffId;
use frontdesk_routing::plan::{DialPlan, Method};
use frontdesk_routing::schedule::{Day, WEEKDAYS};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;

use super::super::messages::in_language_of;
use super::super::view::{Frame, Pages};
use super::super::{PageError, ROWS, Reader, leaf, reader, render};
use super::words::ScheduleWords;
use super::{Names, name_of};
use crate::http::State;
use crate::http::api::staff::{StaffParams, StaffView, found};
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::http::extract::Params;

const DAY_MIN: u32 = 1440;

#[derive(Debug, Default, Deserialize)]
pub(in crate::http::pages) struct Asked {
    #[serde(default)]
    search: String,
    #[serde(default)]
    offset: u32,
}

#[derive(Template)]
#[template(path = "schedules.html")]
struct SchedulesPage {
    frame: Frame,
    w: &'static ScheduleWords,
    schedules: Vec<Card>,
    /// Date and name, as they are read and as they are told.
    holidays: Vec<(String, String)>,
    people: Vec<Person>,
    search: String,
    count: u64,
    pages: Pages,
    may_write: bool,
    may_staff: bool,
    names: Names,
    trunks: Names,
    time_zone: String,
    /// `mon` to `sun` and what they are called.
    days: Vec<(&'static str, &'static str)>,
}

struct Card {
    id: String,
    name: String,
    /// Empty: the company's.
    time_zone: String,
    holidays: bool,
    week: Vec<DayRow>,
    /// A date and its hours.
    dates: Vec<(String, String)>,
}

struct DayRow {
    name: &'static str,
    hours: String,
    /// Nothing is said of it.
    unknown: bool,
    /// Beginning and length in minutes of the day, for the picture.
    bars: Vec<(u32, u32)>,
}

struct Person {
    id: String,
    name: String,
    position: String,
    /// Empty: at any time.
    hours: String,
    /// Not theirs to see who reads.
    hidden: bool,
    takes: bool,
    method: &'static str,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    asked: Result<Params<Asked>, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::StaffRead)?;
    let asked = asked.map(|Params(asked)| asked).unwrap_or_default();
    let page = filled(&state, &reader, asked).await;
    let page = page.map_err(|error| reader.failed(error))?;
    Ok(render(reader.t, &page))
}

async fn filled(state: &State, reader: &Reader, asked: Asked) -> Result<SchedulesPage, ApiError> {
    let account = reader.access.account;
    let w = in_language_of!(reader.t, ScheduleWords);
    let within = reader.access.within_or_own(Right::SchedulesRead);
    let (schedules, circle) = (
        schedules::list(&state.db, within).await?,
        reader.access.circle(state, within).await?,
    );
    let names: Names = schedules
        .iter()
        .map(|of| (of.id.to_string(), of.name.clone()))
        .collect();
    let holidays = schedules::holidays(&state.db, account).await?;
    let params = StaffParams {
        search: Some(asked.search.clone()).filter(|search| !search.trim().is_empty()),
        limit: Some(ROWS),
        offset: Some(asked.offset),
        ..StaffParams::default()
    };
    let staff = found(state, &reader.access, params).await?;
    let (plan, count) = (state.live.plan(), staff.filtered.unwrap_or(0));
    let there = staff.items.iter().filter(|member| member.deleted_at.is_none());
    let seen = |member: &StaffView| circle.holds(&Whose::of(member.id.parse::<StaffId>()));
    let row = |member: &StaffView| Person {
        hidden: !seen(member),
        ..person(member, &plan, &names, w)
    };
    let people: Vec<Person> = there.map(row).collect();
    let more = json!({
        "delete_schedule": w.delete_schedule,
        "delete_schedule_text": w.delete_schedule_text,
        "week.invalid": w.error_hours,
        "dates.invalid": w.error_hours,
        "items.invalid": w.error_date,
        "taken": w.error_twice,
        "time_zone.invalid": w.error_zone,
        "saved": w.saved,
    });
    let trunks = match reader.access.may(Right::TrunksRead) {
        true => trunks::list(&state.db, account).await?,
        false => Vec::new(),
    };
    let card = |schedule: &Schedule| card(schedule, reader, w);
    Ok(SchedulesPage {
        schedules: schedules.iter().map(card).collect(),
        holidays: holidays
            .iter()
            .map(|of| (date(of.day, reader), of.name.clone()))
            .collect(),
        pages: leaf("/schedules", &asked.search, asked.offset, staff.items.len(), count),
        people,
        search: asked.search,
        count,
        may_write: reader.access.may(Right::SettingsWrite),
        // who does not see all hours would give people others unawares
        may_staff: reader.access.may(Right::StaffWrite) && within.is_whole(),
        frame: reader.telephony("/schedules", "schedules.js", more),
        names,
        trunks: trunks
            .into_iter()
            .map(|of| (of.plan.id.to_string(), of.plan.name.to_string()))
            .collect(),
        time_zone: reader.account.time_zone.clone(),
        days: days(w),
        w,
    })
}

fn days(w: &ScheduleWords) -> Vec<(&'static str, &'static str)> {
    let called = [w.mon, w.tue, w.wed, w.thu, w.fri, w.sat, w.sun];
    WEEKDAYS
        .iter()
        .zip(called)
        .map(|((_, name), called)| (*name, called))
        .collect()
}

fn card(schedule: &Schedule, reader: &Reader, w: &ScheduleWords) -> Card {
    let week = days(w).into_iter().zip(&schedule.week);
    let elsewhere = schedule.time_zone != reader.account.time_zone;
    Card {
        id: schedule.id.to_string(),
        name: schedule.name.clone(),
        time_zone: schedule
            .time_zone
            .clone()
            .split_off(if elsewhere { 0 } else { schedule.time_zone.len() }),
        holidays: schedule.observes_holidays,
        week: week
            .map(|((_, name), day)| DayRow {
                name,
                hours: day.as_ref().map_or(w.unknown.to_owned(), |day| told(day, w)),
                unknown: day.is_none(),
                bars: day
                    .iter()
                    .flatten()
                    .flat_map(|hours| bars(&hours.to_string()))
                    .collect(),
            })
            .collect(),
        dates: schedule
            .dates
            .iter()
            .map(|(day, hours)| (date(*day, reader), told(hours, w)))
            .collect(),
    }
}

fn told(day: &Day, w: &ScheduleWords) -> String {
    if day.is_empty() {
        return w.off.to_owned();
    }
    let hours: Vec<String> = day.iter().map(|hours| hours.to_string().replace('-', "–")).collect();
    hours.join(", ")
}

/// `22:00-06:00` is drawn up to the end of its day.
fn bars(hours: &str) -> Option<(u32, u32)> {
    let minutes = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        Some(
            hour.parse::<u32>()
                .ok()?
                .saturating_mul(60)
                .saturating_add(minute.parse().ok()?),
        )
    };
    let (from, to) = hours.split_once('-')?;
    let (from, to) = (minutes(from)?, minutes(to)?);
    let to = if to > from { to.min(DAY_MIN) } else { DAY_MIN };
    Some((from, to.saturating_sub(from)))
}

fn date(day: Date, reader: &Reader) -> String {
    match reader.t.lang {
        "ru" => day.strftime("%d.%m.%Y").to_string(),
        _ => day.strftime("%-d %b %Y").to_string(),
    }
}

fn person(member: &StaffView, plan: &DialPlan, names: &Names, w: &ScheduleWords) -> Person {
    let id: Option<StaffId> = member.id.parse().ok();
    let reception = id.and_then(|id| plan.reception.person(id));
    let schedule = reception.and_then(|reception| reception.schedule);
    let hours = schedule.and_then(|id| name_of(&id.to_string(), names).map(str::to_owned));
    Person {
        id: member.id.clone(),
        name: member.name.clone(),
        position: member.position.clone().unwrap_or_default(),
        hours: hours.unwrap_or_default(),
        hidden: false,
        takes: reception.is_none_or(|reception| reception.receiving),
        method: match reception.map(|reception| reception.method).unwrap_or_default() {
            Method::Sip => w.method_sip,
            Method::Mobile => w.method_mobile,
            Method::Sim(_) => w.method_sim,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_is_drawn_up_to_midnight() {
        assert_eq!(bars("09:00-18:00"), Some((540, 540)));
        assert_eq!(bars("22:00-06:00"), Some((1320, 120)));
        assert_eq!(bars("00:00-24:00"), Some((0, 1440)));
        assert_eq!(bars("nonsense"), None);
    }
}
