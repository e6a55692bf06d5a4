//! Moments of the wall clock: `2026-11-23T08:00:00Z`, as RFC 3339 has them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::error::Mismatch;
use super::units::Scalar;

const ACCEPTED: &str = "a date, a time and an offset, such as 2026-11-23T08:00:00Z or 2026-11-23T09:00:00+01:00";
const DAY: i64 = 86_400;

/// Reads a moment.
pub(super) fn moment(scalar: &Scalar) -> Result<SystemTime, Mismatch> {
    let Scalar::Text(text) = scalar else {
        return Err(Mismatch::new("not a moment", scalar, ACCEPTED));
    };
    match parse(text) {
        Ok(seconds) => Ok(UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap_or(0))),
        Err(message) => {
            let spelt = text.trim().to_uppercase().replace(' ', "T");
            let meant = [spelt.clone(), format!("{spelt}Z"), format!("{spelt}:00Z"), format!("{spelt}T00:00:00Z")];
            let meant = meant.into_iter().find(|meant| parse(meant).is_ok());
            Err(Mismatch::new(message, scalar, ACCEPTED).suggest(meant))
        }
    }
}

/// Writes a moment, to the millisecond.
pub(crate) fn written(moment: SystemTime) -> String {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(0);
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let (hour, minute, second) = (seconds % DAY / 3600, seconds % 3600 / 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

/// Seconds since 1970. A leap second counts as the last second of its minute; fractions are cut off.
fn parse(text: &str) -> Result<i64, &'static str> {
    const NONE: &str = "not a moment";
    let (date, rest) = text.split_once(['T', 't']).ok_or(NONE)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2]).ok_or(NONE)?;
    let end = rest.find(['Z', 'z', '+', '-']).ok_or("the offset is missing: nobody knows where this clock hangs")?;
    let (time, offset) = rest.split_at(end);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2]).ok_or(NONE)?;
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NONE);
    }
    let offset = match offset {
        "Z" | "z" => 0,
        offset => {
            let [hours, minutes] = numbers(&offset[1..], ':', [2, 2]).ok_or(NONE)?;
            if hours > 23 || minutes > 59 {
                return Err("there is no such offset");
            }
            let seconds = hours * 3600 + minutes * 60;
            if offset.starts_with('-') { -seconds } else { seconds }
        }
    };
    let days = days(year, month, day);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || civil(days) != (year, month, day) {
        return Err("there is no such day");
    }
    if hour > 23 || minute > 59 || second > 60 {
        return Err("there is no such time of day");
    }
    Ok(days * DAY + hour * 3600 + minute * 60 + second.min(59) - offset)
}

/// Numbers of so many digits, with `between` between them.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(between);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    if parts.next().is_some() { None } else { Some(numbers) }
}

/// Days from 1970 to a date of the Gregorian calendar (Howard Hinnant's `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date that so many days after 1970 is (`civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The second of a moment that [`written`] wrote.
#[cfg(test)]
pub(crate) fn seconds_of(text: &str) -> u64 {
    parse(text).unwrap().try_into().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Result<u64, String> {
        let read = moment(&Scalar::Text(text.to_owned())).map_err(|what| what.hint)?;
        Ok(read.duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn moments_are_read_with_their_offset() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-23T08:00:00Z", 1_795_420_800),
            ("2026-11-23T09:00:00+01:00", 1_795_420_800),
            ("2026-11-23T07:30:00.5-00:30", 1_795_420_800),
            ("2024-02-29t23:59:60z", 1_709_251_199),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_says_what_was_meant() {
        for (text, meant) in [
            ("2026-11-23T08:00:00", Some("2026-11-23T08:00:00Z")),
            ("2026-11-23 08:00", Some("2026-11-23T08:00:00Z")),
            ("2026-11-23", Some("2026-11-23T00:00:00Z")),
            ("2026-02-30T08:00:00Z", None),
            ("2026-11-23T25:00:00Z", None),
            ("1969-11-23T08:00:00Z", None),
            ("tomorrow", None),
        ] {
            let hint = seconds(text).unwrap_err();
            let suggestion = hint.split_once("did you mean `").map(|(_, rest)| rest.trim_end_matches("`?"));
            assert_eq!(suggestion, meant, "{text}: {hint}");
        }
    }

    #[test]
    fn a_moment_is_written_as_it_is_read() {
        for day in (0..20_000_i64).step_by(7) {
            let at = UNIX_EPOCH + Duration::from_secs((day * DAY + 3661).try_into().unwrap());
            assert_eq!(moment(&Scalar::Text(written(at))).unwrap(), at);
        }
    }
}
