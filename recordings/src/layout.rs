//! Where a recording's file is: identifiers in paths, never phone numbers.

use std::path::{Component, Path, PathBuf};

/// `<account>/<yyyy>/<mm>/<dd>/<recording>.wav`, relative to the recordings' folder. The day is UTC's.
pub fn path(account: &str, recording: &str, started_at_unix_ms: i64) -> PathBuf {
    let (year, month, day) = date(started_at_unix_ms.div_euclid(86_400_000));
    PathBuf::from(format!(
        "{}/{year:04}/{month:02}/{day:02}/{}.wav",
        safe(account),
        safe(recording)
    ))
}

/// The file of a long recording's later part; the first part (1) is `path` itself.
pub fn part(path: &Path, number: u32) -> PathBuf {
    if number <= 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{number}.wav"))
}

/// `root` and `relative` joined, unless that would leave `root`.
pub fn within(root: &Path, relative: &Path) -> Option<PathBuf> {
    let inside = relative
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    (inside && relative.file_name().is_some()).then(|| root.join(relative))
}

fn safe(name: &str) -> String {
    let kept: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    if kept.is_empty() { "unnamed".to_owned() } else { kept }
}

/// Days since 1970-01-01 as a date of the Gregorian calendar.
fn date(days: i64) -> (i64, i64, i64) {
    // Counted from 0000-03-01, so that the leap day ends a year; eras of 400 years have 146 097 days.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_account_the_day_and_the_recording() {
        let check = |at, wanted: &str| assert_eq!(path("19079", "01JD", at), Path::new(wanted), "{at}");
        check(0, "19079/1970/01/01/01JD.wav");
        check(951_782_400_000, "19079/2000/02/29/01JD.wav");
        check(1_735_689_599_999, "19079/2024/12/31/01JD.wav");
        check(1_735_689_600_000, "19079/2025/01/01/01JD.wav");
        check(4_107_542_400_000, "19079/2100/03/01/01JD.wav");
        check(-1, "19079/1969/12/31/01JD.wav");
        check(i64::MAX, "19079/292278994/08/17/01JD.wav");
    }

    #[test]
    fn no_name_leaves_the_folder() {
        assert_eq!(
            path("../..", "/etc/passwd", 0),
            Path::new("unnamed/1970/01/01/etcpasswd.wav")
        );
        let root = Path::new("/r");
        let check = |relative: &str, inside: bool| {
            assert_eq!(within(root, Path::new(relative)).is_some(), inside, "{relative}");
        };
        check("a/2025/01/01/b.wav", true);
        check("a/../../b.wav", false);
        check("/etc/passwd", false);
        check("", false);
    }

    #[test]
    fn later_parts_stand_beside_the_first() {
        let first = Path::new("a/b.wav");
        assert_eq!(
            [part(first, 1), part(first, 2)],
            [PathBuf::from("a/b.wav"), PathBuf::from("a/b-2.wav")]
        );
    }
}
