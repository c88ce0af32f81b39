use std::collections::{BTreeMap, BTreeSet};

use frontdesk_routing::ids::{AccountId, DepartmentId, ScheduleId};
use frontdesk_routing::schedule::{self, Day, WEEKDAYS};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::rules::{self, MOST};
use super::{Holiday, Schedule, SchedulePatch, Undefined};
use crate::access::{Scope, within_lines, within_people};
use crate::accounts;
use crate::audit::{self, Author, Deed};
use crate::staff::supervisor::hold;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, StoreError, Tx, args};

/// A row of `schedules` is within the reach: somebody's or a line's whose hours these are. Numbers have theirs for the project
/// that they are in, and what nobody has is each project's.
macro_rules! within_schedules {
    ($reach:literal, $staff:literal, $project:literal) => {
        concat!(
            "(",
            $reach,
            " = 'any' OR EXISTS (SELECT 1 FROM staff p WHERE p.schedule_id = schedules.id AND p.deleted_at IS NULL AND (",
            within_people!("p.id", $reach, $staff, $project),
            ")) OR EXISTS (SELECT 1 FROM departments q WHERE q.schedule_id = schedules.id AND (",
            within_lines!("q.id", $reach, $staff, $project),
            ")) OR (",
            $reach,
            " = 'project' AND (EXISTS (SELECT 1 FROM numbers n WHERE n.schedule_id = schedules.id \
             AND COALESCE(n.project_id, n.account_id) = ",
            $project,
            ") OR NOT EXISTS (SELECT 1 FROM staff p WHERE p.schedule_id = schedules.id AND p.deleted_at IS NULL \
             UNION ALL SELECT 1 FROM departments q WHERE q.schedule_id = schedules.id \
             UNION ALL SELECT 1 FROM numbers n WHERE n.schedule_id = schedules.id))))"
        )
    };
}

const EVERY: &str = "SELECT id, account_id, name, time_zone, observes_holidays, version FROM schedules ORDER BY id";
const LIST: &str = concat!(
    "SELECT id, account_id, name, time_zone, observes_holidays, version FROM schedules WHERE account_id = $1 AND ",
    within_schedules!("$2", "$3", "$4"),
    " ORDER BY name, id"
);
const READ: &str = concat!(
    "SELECT id, account_id, name, time_zone, observes_holidays, version FROM schedules WHERE account_id = $1 AND id = $5 AND ",
    within_schedules!("$2", "$3", "$4"),
);
const GET: &str = "SELECT id, account_id, name, time_zone, observes_holidays, version FROM schedules \
    WHERE account_id = $1 AND id = $2";
const EVERY_DAY: &str = "SELECT schedule_id, day, hours FROM schedule_days ORDER BY schedule_id, day";
const DAYS: &str = "SELECT d.schedule_id, d.day, d.hours FROM schedule_days d JOIN schedules s ON s.id = d.schedule_id \
    WHERE s.account_id = $1 AND (s.id = $2 OR $2 IS NULL) ORDER BY d.schedule_id, d.day";
const INSERT: &str = "INSERT INTO schedules (id, account_id, name, time_zone, observes_holidays, created_at, version) \
    VALUES ($1, $2, $3, $4, $5, $6, 1)";
const UPDATE: &str = "UPDATE schedules SET name = $3, time_zone = $4, observes_holidays = $5, version = version + 1 \
    WHERE id = $1 AND version = $2";
const CLEAR: &str = "DELETE FROM schedule_days WHERE schedule_id = $1";
const ADD_DAY: &str = "INSERT INTO schedule_days (schedule_id, day, hours) VALUES ($1, $2, $3)";
const COUNT: &str = "SELECT COUNT(*) AS count FROM schedules WHERE account_id = $1";
const USED: &str = "SELECT COUNT(*) AS count FROM (SELECT id FROM staff WHERE schedule_id = $1 AND deleted_at IS NULL \
    UNION ALL SELECT id FROM departments WHERE schedule_id = $1 UNION ALL SELECT id FROM numbers WHERE schedule_id = $1 \
    UNION ALL SELECT id FROM sites WHERE schedule_id = $1) t";
const FORGET: &str = "UPDATE staff SET schedule_id = NULL WHERE schedule_id = $1 AND deleted_at IS NOT NULL";
const DELETE: &str = "DELETE FROM schedules WHERE id = $1 AND version = $2";
const EVERY_HOLIDAY: &str = "SELECT account_id, day, name FROM holidays ORDER BY account_id, day";
const HOLIDAYS: &str = "SELECT account_id, day, name FROM holidays WHERE account_id = $1 ORDER BY day";
const CLEAR_HOLIDAYS: &str = "DELETE FROM holidays WHERE account_id = $1";
const ADD_HOLIDAY: &str = "INSERT INTO holidays (account_id, day, name) VALUES ($1, $2, $3)";
const MEMBERS: &str = "SELECT s.id, s.surname, s.given_name, s.patronymic, s.schedule_id FROM department_members m \
    JOIN departments d ON d.id = m.department_id JOIN staff s ON s.id = m.staff_id \
    WHERE d.account_id = $1 AND d.id = $2 AND s.deleted_at IS NULL ORDER BY s.sort_name, s.id";
const DEPARTMENT: &str = "SELECT COUNT(*) AS count FROM departments WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[
    EVERY,
    LIST,
    READ,
    GET,
    EVERY_DAY,
    DAYS,
    INSERT,
    UPDATE,
    CLEAR,
    ADD_DAY,
    COUNT,
    USED,
    FORGET,
    DELETE,
    EVERY_HOLIDAY,
    HOLIDAYS,
    CLEAR_HOLIDAYS,
    ADD_HOLIDAY,
    MEMBERS,
    DEPARTMENT,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    name: String,
    time_zone: String,
    observes_holidays: bool,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct DayRow {
    schedule_id: String,
    day: String,
    hours: String,
}

#[derive(sqlx::FromRow)]
struct HolidayRow {
    account_id: String,
    day: String,
    name: String,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    id: String,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
    schedule_id: Option<String>,
}

/// Those within the scope, by name.
pub async fn list(db: &Db, within: Scope) -> Result<Vec<Schedule>, StoreError> {
    let mut values = args![within.account];
    values.extend(within.values());
    let rows: Vec<Row> = db.all(LIST, values).await?;
    let days: Vec<DayRow> = db.all(DAYS, args![within.account, None::<ScheduleId>]).await?;
    rows.iter().map(|row| read(row, &days)).collect()
}

pub async fn get(db: &Db, within: Scope, schedule: ScheduleId) -> Result<Schedule, StoreError> {
    let mut values = args![within.account];
    values.extend(within.values());
    values.push(schedule.into());
    let row: Option<Row> = db.one(READ, values).await?;
    let row = row.ok_or(StoreError::NotFound)?;
    let days: Vec<DayRow> = db.all(DAYS, args![within.account, Some(schedule)]).await?;
    read(&row, &days)
}

pub async fn create(db: &Db, author: &Author, patch: SchedulePatch) -> Result<Schedule, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut ids = author.stamp.ids();
    let new = ScheduleId::new(ids.now, ids.random());
    let after = rules::patched(rules::empty(new, &account.time_zone), patch)?;
    let mut tx = db.begin().await?;
    if tx.count(COUNT, args![account.id]).await? >= MOST {
        return Err(StoreError::Refused {
            code: "too_many",
            detail: "1000 schedules at most",
        });
    }
    let values = args![
        new,
        account.id,
        &after.name,
        &after.time_zone,
        after.observes_holidays,
        ids.now
    ];
    tx.run(INSERT, values).await?;
    enter_days(&mut tx, &after).await?;
    let deed = author.deed("schedule.created", "schedule", new.to_string());
    let deed = Deed {
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    get(db, Scope::whole(account.id), new).await
}

pub async fn update(
    db: &Db,
    author: &Author,
    schedule: ScheduleId,
    patch: SchedulePatch,
    version: Option<i64>,
) -> Result<Schedule, StoreError> {
    let mut tx = db.begin().await?;
    let before = at_version(&mut tx, author.account, (schedule, version)).await?;
    let after = rules::patched(before.clone(), patch)?;
    let values = args![
        schedule,
        before.version,
        &after.name,
        &after.time_zone,
        after.observes_holidays
    ];
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    tx.run(CLEAR, args![schedule]).await?;
    enter_days(&mut tx, &after).await?;
    let deed = author.deed("schedule.updated", "schedule", schedule.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, Scope::whole(author.account), schedule).await
}

/// Refused while somebody has these hours.
pub async fn delete(db: &Db, author: &Author, schedule: ScheduleId, version: Option<i64>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let before = at_version(&mut tx, author.account, (schedule, version)).await?;
    if tx.count(USED, args![schedule]).await? > 0 {
        return Err(StoreError::Refused {
            code: "in_use",
            detail: "people, departments, numbers or sites have these hours: give them others first",
        });
    }
    tx.run(FORGET, args![schedule]).await?;
    if tx.run(DELETE, args![schedule, before.version]).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("schedule.deleted", "schedule", schedule.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

async fn at_version(
    tx: &mut Tx,
    account: AccountId,
    (schedule, version): (ScheduleId, Option<i64>),
) -> Result<Schedule, StoreError> {
    let row: Option<Row> = tx.one(GET, args![account, schedule]).await?;
    let row = row.ok_or(StoreError::NotFound)?;
    if version.is_some_and(|version| version != row.version) {
        return Err(StoreError::Stale);
    }
    let days: Vec<DayRow> = tx.all(DAYS, args![account, Some(schedule)]).await?;
    read(&row, &days)
}

async fn enter_days(tx: &mut Tx, schedule: &Schedule) -> Result<(), StoreError> {
    for (day, hours) in named_days(schedule) {
        tx.run(ADD_DAY, args![schedule.id, day, written(hours).join("\n")])
            .await?;
    }
    Ok(())
}

/// By date.
pub async fn holidays(db: &Db, account: AccountId) -> Result<Vec<Holiday>, StoreError> {
    let rows: Vec<HolidayRow> = db.all(HOLIDAYS, args![account]).await?;
    rows.into_iter().map(read_holiday).collect()
}

/// The company's whole list anew, as dates and names; `version` is that of the list that the author has seen.
///
/// # Errors
/// `Stale`: it is another list by now; or wrong dates and names.
pub async fn set_holidays(
    db: &Db,
    author: &Author,
    typed: Vec<(String, String)>,
    version: Option<i64>,
) -> Result<Vec<Holiday>, StoreError> {
    let after = rules::holidays(typed)?;
    let mut tx = db.begin().await?;
    hold(&mut tx, author.account).await?;
    let before: Vec<HolidayRow> = tx.all(HOLIDAYS, args![author.account]).await?;
    let before = before.into_iter().map(read_holiday).collect::<Result<Vec<_>, _>>()?;
    if version.is_some_and(|version| version != rules::holidays_version(&before)) {
        return Err(StoreError::Stale);
    }
    tx.run(CLEAR_HOLIDAYS, args![author.account]).await?;
    for holiday in &after {
        let values = args![author.account, holiday.day.to_string(), &holiday.name];
        tx.run(ADD_HOLIDAY, values).await?;
    }
    let told = |days: &[Holiday]| {
        let day = |holiday: &Holiday| (holiday.day.to_string(), Value::from(holiday.name.as_str()));
        Value::Object(days.iter().map(day).collect())
    };
    let deed = author.deed("holidays.updated", "account", author.account.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    Ok(after)
}

/// The hours that a schedule and the company's holidays make.
pub async fn in_force(db: &Db, account: AccountId, id: ScheduleId) -> Result<schedule::Schedule, StoreError> {
    let kept = get(db, Scope::whole(account), id).await?;
    let holidays = holidays(db, account).await?;
    Ok(hours(kept, holidays.iter().map(|holiday| &holiday.day)))
}

/// Members of a department with weekdays of which nothing is said: its hours cannot be judged by the plan.
pub async fn check(db: &Db, account: AccountId, department: DepartmentId) -> Result<Vec<Undefined>, StoreError> {
    let mut tx = db.begin().await?;
    if tx.count(DEPARTMENT, args![account, department]).await? == 0 {
        return Err(StoreError::NotFound);
    }
    let members: Vec<MemberRow> = tx.all(MEMBERS, args![account, department]).await?;
    drop(tx);
    let schedules = list(db, Scope::whole(account)).await?;
    let mut gaps = Vec::new();
    for member in members {
        let own = maybe_id::<ScheduleId>(&member.schedule_id)?;
        let own = schedules.iter().find(|schedule| Some(schedule.id) == own);
        let parts = [member.surname, member.given_name, member.patronymic];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let staff = id(&member.id)?;
        for (place, (_, weekday)) in WEEKDAYS.iter().enumerate() {
            let said = own.and_then(|own| own.week.get(place)).is_some_and(Option::is_some);
            let name = name.clone();
            gaps.extend((!said).then_some(Undefined { staff, name, weekday }));
        }
    }
    Ok(gaps)
}

/// All accounts' hours, for the dial plan.
pub(crate) async fn planned(db: &Db) -> Result<Vec<(ScheduleId, schedule::Schedule)>, StoreError> {
    let rows: Vec<Row> = db.all(EVERY, args![]).await?;
    let days: Vec<DayRow> = db.all(EVERY_DAY, args![]).await?;
    let holidays: Vec<HolidayRow> = db.all(EVERY_HOLIDAY, args![]).await?;
    let mut of_account: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
    for row in holidays {
        let account = row.account_id.clone();
        of_account.entry(account).or_default().insert(read_holiday(row)?.day);
    }
    let mut by_schedule: BTreeMap<&str, Vec<&DayRow>> = BTreeMap::new();
    for day in &days {
        by_schedule.entry(&day.schedule_id).or_default().push(day);
    }
    let mut planned = Vec::with_capacity(rows.len());
    for row in &rows {
        let own = by_schedule.remove(row.id.as_str()).unwrap_or_default();
        let kept = read(row, own)?;
        let holidays = of_account.get(&row.account_id).into_iter().flatten();
        planned.push((kept.id, hours(kept, holidays)));
    }
    Ok(planned)
}

/// One whose zone this machine does not know says nothing of any day.
fn hours<'a>(mut kept: Schedule, holidays: impl Iterator<Item = &'a Date>) -> schedule::Schedule {
    if kept.observes_holidays {
        for day in holidays {
            kept.dates.entry(*day).or_default();
        }
    }
    match TimeZone::get(&kept.time_zone) {
        Ok(zone) => schedule::Schedule::new(zone, kept.week, kept.dates),
        Err(error) => {
            tracing::warn!(%error, schedule = %kept.id, "a schedule's time zone is not known here");
            schedule::Schedule::new(TimeZone::UTC, Default::default(), BTreeMap::new())
        }
    }
}

fn read<'a>(row: &Row, days: impl IntoIterator<Item = &'a DayRow>) -> Result<Schedule, StoreError> {
    let mut schedule = Schedule {
        name: row.name.clone(),
        observes_holidays: row.observes_holidays,
        version: row.version,
        ..rules::empty(id(&row.id)?, &row.time_zone)
    };
    for day in days.into_iter().filter(|day| day.schedule_id == row.id) {
        let wrong = || StoreError::Corrupt(format!("{} of the schedule {}", day.day, row.id));
        let hours = schedule::day(day.hours.lines()).map_err(|_| wrong())?;
        let weekday = WEEKDAYS.iter().position(|(_, weekday)| *weekday == day.day);
        match weekday.and_then(|weekday| schedule.week.get_mut(weekday)) {
            Some(place) => *place = Some(hours),
            None => {
                let date = rules::date("day", &day.day).map_err(|_| wrong())?;
                schedule.dates.insert(date, hours);
            }
        }
    }
    Ok(schedule)
}

fn read_holiday(row: HolidayRow) -> Result<Holiday, StoreError> {
    let wrong = |_| StoreError::Corrupt(format!("the holiday {}", row.day));
    Ok(Holiday {
        day: rules::date("day", &row.day).map_err(wrong)?,
        name: row.name,
    })
}

/// Days of which something is said, as they are written.
fn named_days(schedule: &Schedule) -> impl Iterator<Item = (String, &Day)> {
    let week = WEEKDAYS.iter().zip(&schedule.week);
    let week = week.filter_map(|((_, name), hours)| Some(((*name).to_owned(), hours.as_ref()?)));
    let dates = schedule.dates.iter().map(|(date, hours)| (date.to_string(), hours));
    week.chain(dates)
}

fn written(day: &Day) -> Vec<String> {
    day.iter().map(ToString::to_string).collect()
}

fn told(schedule: &Schedule) -> Value {
    let days = named_days(schedule).map(|(day, hours)| (day, Value::from(written(hours))));
    json!({
        "name": schedule.name,
        "time_zone": schedule.time_zone,
        "observes_holidays": schedule.observes_holidays,
        "days": Value::Object(days.collect()),
    })
}
