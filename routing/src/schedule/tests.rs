use super::*;

fn hours(text: &str) -> Option<Day> {
    match text {
        "?" => None,
        "" => Some(Day::new()),
        text => Some(day(text.split(' ')).unwrap()),
    }
}

/// Monday to Sunday by commas; then dates.
fn schedule(zone: &str, week: &str, dates: &[(&str, &str)]) -> Schedule {
    let days: Vec<Option<Day>> = week.split(',').map(hours).collect();
    let dates = dates
        .iter()
        .map(|(date, text)| (date.parse().unwrap(), hours(text).unwrap()));
    Schedule::new(TimeZone::get(zone).unwrap(), days.try_into().unwrap(), dates.collect())
}

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn check(schedule: &Schedule, at: &str, expected: &str) {
    let got = match schedule.open_at(ms(at)) {
        Open::Open => "open".to_owned(),
        Open::Unknown => "unknown".to_owned(),
        Open::Closed { opens_at: None } => "closed".to_owned(),
        Open::Closed { opens_at: Some(at) } => {
            format!("closed until {}", Timestamp::from_millisecond(at).unwrap())
        }
    };
    assert_eq!(got, expected, "{at}");
}

#[test]
fn minutes_are_summed_by_day_and_a_clock_that_jumps_counts_as_it_goes() {
    let sum =
        |schedule: &Schedule, from: &str, until: &str| schedule.minutes(from.parse().unwrap(), until.parse().unwrap());
    let part = schedule(
        "Europe/Berlin",
        "09:00-13:00,09:00-13:00,09:00-13:00,?,22:00-06:00,,01:00-04:00",
        &[("2026-11-04", "")],
    );
    assert_eq!(sum(&part, "2026-11-02", "2026-11-09"), (4 + 4 + 8 + 3) * 60);
    assert_eq!(sum(&part, "2026-11-06", "2026-11-07"), 8 * 60, "the night is Friday's");
    assert_eq!(sum(&part, "2026-11-07", "2026-11-08"), 0);
    assert_eq!(sum(&part, "2026-10-25", "2026-10-26"), 4 * 60, "an hour came twice");
    assert_eq!(sum(&part, "2026-03-29", "2026-03-30"), 2 * 60, "an hour was skipped");
}

#[test]
fn hours_are_read_and_written_and_bad_ones_are_refused() {
    for text in [
        "09:00-18:00",
        "22:00-06:00",
        "00:00-24:00",
        "23:59-00:00",
        "12:30-24:00",
    ] {
        let written = text.parse::<Interval>().unwrap().to_string();
        let same = written == text || (text.ends_with("-00:00") && written.ends_with("-24:00"));
        assert!(same, "{text}: {written}");
    }
    let bad = |text: &str, why: BadHours| assert_eq!(text.parse::<Interval>(), Err(why), "{text}");
    for text in [
        "",
        "9:00-18:00",
        "09:00",
        "09:00-18:60",
        "25:00-26:00",
        "24:00-01:00",
        "24:01-25:00",
        "aa:bb-cc:dd",
    ] {
        bad(text, BadHours::Form);
    }
    bad("09:00-09:00", BadHours::Empty);
    assert_eq!(day(["09:00-13:00", "12:59-18:00"]), Err(BadHours::Overlap));
    assert!(day(["14:00-18:00", "09:00-14:00"]).is_ok());
    assert_eq!(day(["00:00-00:30"; 9].iter().copied()), Err(BadHours::Overlap));
}

#[test]
fn a_day_has_several_intervals_and_an_end_that_is_outside() {
    let office = schedule(
        "Europe/Moscow",
        "09:00-13:00 14:00-18:00,09:00-18:00,09:00-18:00,09:00-18:00,09:00-17:00,,",
        &[],
    );
    // 2026-11-16 is a Monday; Moscow is three hours ahead.
    check(&office, "2026-11-16T05:59:59.999Z", "closed until 2026-11-16T06:00:00Z");
    check(&office, "2026-11-16T06:00:00Z", "open");
    check(&office, "2026-11-16T09:59:59.999Z", "open");
    check(&office, "2026-11-16T10:00:00Z", "closed until 2026-11-16T11:00:00Z");
    check(&office, "2026-11-16T11:00:00Z", "open");
    check(&office, "2026-11-16T15:00:00Z", "closed until 2026-11-17T06:00:00Z");
    check(&office, "2026-11-20T14:00:00Z", "closed until 2026-11-23T06:00:00Z");
}

#[test]
fn a_night_shift_crosses_midnight_and_the_week() {
    let night = schedule("Europe/Moscow", "22:00-06:00,,,,,,20:00-08:00", &[]);
    check(&night, "2026-11-16T19:00:00Z", "open");
    check(&night, "2026-11-17T02:59:00Z", "open");
    check(&night, "2026-11-17T03:00:00Z", "closed until 2026-11-22T17:00:00Z");
    check(&night, "2026-11-23T04:59:00Z", "open");
    check(&night, "2026-11-23T05:00:00Z", "closed until 2026-11-23T19:00:00Z");
}

#[test]
fn dates_take_the_place_of_their_weekday() {
    let shop = schedule(
        "Europe/Moscow",
        "09:00-18:00,09:00-18:00,09:00-18:00,09:00-18:00,09:00-18:00,,",
        &[
            ("2026-12-31", "09:00-15:00"),
            ("2027-01-01", ""),
            ("2027-01-02", "10:00-12:00"),
        ],
    );
    check(&shop, "2026-12-31T11:59:00Z", "open");
    check(&shop, "2026-12-31T12:00:00Z", "closed until 2027-01-02T07:00:00Z");
    check(&shop, "2027-01-02T08:00:00Z", "open");
}

/// B16: what nobody has entered is not known, and neither is when it opens.
#[test]
fn b16_a_day_of_which_nothing_is_said_is_unknown() {
    let half = schedule("Europe/Moscow", "09:00-18:00,22:00-02:00,?,?,,,", &[("2026-11-19", "")]);
    check(&half, "2026-11-18T09:00:00Z", "unknown");
    check(&half, "2026-11-17T22:30:00Z", "open");
    check(&half, "2026-11-17T23:00:00Z", "unknown");
    check(&half, "2026-11-19T09:00:00Z", "closed until 2026-11-23T06:00:00Z");
    check(&half, "2026-11-16T16:00:00Z", "closed until 2026-11-17T19:00:00Z");
    let undefined: Vec<Weekday> = half.undefined().collect();
    assert_eq!(undefined, [Weekday::Wednesday, Weekday::Thursday], "B22");
    assert_eq!(half.open_at(i64::MAX), Open::Unknown);
    let never = schedule("Europe/Moscow", ",,,,,,", &[]);
    check(&never, "2026-11-16T09:00:00Z", "closed");
}

/// Berlin goes from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25 October 2026.
#[test]
fn when_clocks_change_the_wall_clock_counts() {
    let shift = schedule("Europe/Berlin", ",,,,,,02:30-10:00", &[]);
    check(&shift, "2026-03-29T01:29:00Z", "closed until 2026-03-29T01:30:00Z");
    check(&shift, "2026-03-29T01:30:00Z", "open");
    check(&shift, "2026-03-29T07:59:00Z", "open");
    check(&shift, "2026-03-29T08:00:00Z", "closed until 2026-04-05T00:30:00Z");
    check(&shift, "2026-10-25T00:29:00Z", "closed until 2026-10-25T00:30:00Z");
    check(&shift, "2026-10-25T00:30:00Z", "open");
    check(&shift, "2026-10-25T08:59:00Z", "open");
    check(&shift, "2026-10-25T09:00:00Z", "closed until 2026-11-01T01:30:00Z");
    let day = schedule(
        "Europe/Berlin",
        "09:00-18:00,09:00-18:00,09:00-18:00,09:00-18:00,09:00-18:00,09:00-18:00,09:00-18:00",
        &[],
    );
    check(&day, "2026-03-28T08:00:00Z", "open");
    check(&day, "2026-03-29T07:00:00Z", "open");
    check(&day, "2026-03-29T06:59:00Z", "closed until 2026-03-29T07:00:00Z");
    check(&day, "2026-10-25T08:00:00Z", "open");
    let night = schedule("Europe/Berlin", ",,,,,22:00-02:30,", &[]);
    check(&night, "2026-10-25T00:29:00Z", "open");
    check(&night, "2026-10-25T00:30:00Z", "closed until 2026-10-31T21:00:00Z");
}

#[test]
fn people_read_a_moment_by_the_zones_clocks() {
    let office = schedule("Europe/Moscow", ",,,,,,", &[]);
    assert_eq!(
        office.local(ms("2026-11-16T06:05:00Z")),
        "2026-11-16 09:05 Europe/Moscow"
    );
}

proptest::proptest! {
    /// Whenever it says that it opens, it is open then and was not a millisecond before.
    #[test]
    fn an_opening_is_one(
        at in 1_700_000_000_000_i64..1_900_000_000_000,
        from in 0_u16..1440, length in 1_u16..1440, zone in 0_usize..4,
    ) {
        let zone = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"][zone];
        let interval = Interval { from, to: from + length };
        let week = std::array::from_fn(|day| Some(if day % 2 == 0 { Day::from_slice(&[interval]) } else { Day::new() }));
        let schedule = Schedule::new(TimeZone::get(zone).unwrap(), week, BTreeMap::new());
        if let Open::Closed { opens_at } = schedule.open_at(at) {
            let opens = opens_at.unwrap();
            proptest::prop_assert!(opens > at);
            proptest::prop_assert_eq!(schedule.open_at(opens), Open::Open);
            let before = schedule.open_at(opens - 1);
            proptest::prop_assert!(matches!(before, Open::Closed { .. }), "{:?}", before);
        }
    }
}
