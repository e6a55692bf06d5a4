//! How values are written: `80%`, `1m30s`, `12`.

use std::fmt;
use std::time::Duration;

use super::error::{Mismatch, quoted};
use super::signal::{Measured, Signal};

/// The longest duration that is accepted: added to any clock, it overflows none.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

const DURATIONS: &str = "a duration such as 250ms, 10s, 1m30s, 2h or 7d";
const QUOTED: &str = "quotes make text of this number";
const SHARES: &str = "a share from 0 to 1, such as 80% or 0.8";

/// One value as YAML types it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Nothing,
    Flag(bool),
    Number(f64),
    Text(String),
}

/// As an error calls it.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no value"),
            Self::Flag(flag) => write!(f, "`{flag}`"),
            Self::Number(number) if number.is_nan() => f.write_str("the number .nan"),
            Self::Number(number) if number.is_infinite() => {
                write!(f, "the number {}.inf", if *number < 0.0 { "-" } else { "" })
            }
            Self::Number(number) if number.abs() >= 1e16 => write!(f, "the number {number:e}"),
            Self::Number(number) => write!(f, "the number {number}"),
            Self::Text(text) => write!(f, "the text {}", quoted(text)),
        }
    }
}

/// Reads a duration.
pub(super) fn duration(value: &Scalar) -> Result<Duration, Mismatch> {
    let mismatch = |message: &str| Mismatch::new(message, value, DURATIONS);
    let text = match value {
        Scalar::Text(text) => text,
        Scalar::Number(number) if number.is_finite() => {
            let seconds = (*number >= 0.0 && *number < 1e9).then(|| spelt(Duration::from_secs_f64(*number)));
            return Err(mismatch("a duration needs a unit").suggest(seconds));
        }
        _ => return Err(mismatch("not a duration")),
    };
    match parse_duration(text) {
        Ok(duration) if duration > LONGEST => Err(mismatch("longer than 365 days")),
        Ok(duration) => Ok(duration),
        Err(message) => {
            // Spaces, capitals and long names of units: what was meant is plain, only not how it is written.
            let instead = respell(text).filter(|instead| parse_duration(instead).is_ok());
            Err(mismatch(message).suggest(instead))
        }
    }
}

/// Reads a share.
pub(super) fn share(value: &Scalar) -> Result<f64, Mismatch> {
    let mismatch = |message: &str| Mismatch::new(message, value, SHARES);
    let (share, percent) = match value {
        Scalar::Number(number) if number.is_finite() => (*number, number * 100.0),
        Scalar::Text(text) => match text.strip_suffix('%').and_then(decimal) {
            Some(percent) => (percent / 100.0, percent),
            None => {
                if let Some(number) = decimal(text).filter(|number| *number <= 1.0) {
                    return Err(mismatch(QUOTED).suggest(Some(number)));
                }
                let percent = decimal(text.trim_end_matches('%').trim()).filter(|percent| *percent <= 100.0);
                return Err(mismatch("not a share").suggest(percent.map(|percent| format!("{percent}%"))));
            }
        },
        _ => return Err(mismatch("not a share")),
    };
    if (0.0..=1.0).contains(&share) {
        return Ok(share);
    }
    let meant = match value {
        Scalar::Number(number) if *number > 1.0 && *number <= 100.0 => Some(format!("{number}%")),
        _ => None,
    };
    let message = if percent < 0.0 { "a share cannot be negative" } else { "a share cannot be more than 1, the whole" };
    Err(mismatch(message).suggest(meant))
}

/// Reads a threshold in the unit of its signal.
pub(super) fn threshold(value: &Scalar, signal: Signal) -> Result<f64, Mismatch> {
    let accepted = match signal.measured() {
        Measured::Share => return share(value),
        Measured::Duration => return duration(value).map(|duration| duration.as_secs_f64()),
        Measured::Count => "a number of items, such as 100",
        Measured::Rate => "a number of items a second, such as 3.5",
    };
    match value {
        Scalar::Number(number) if !number.is_finite() => {
            Err(Mismatch::new("nothing can be compared with this number", value, accepted))
        }
        Scalar::Number(number) if *number < 0.0 && !signal.has_negatives() => {
            Err(Mismatch::new(format!("`{signal}` is never negative"), value, accepted))
        }
        Scalar::Number(number) => Ok(*number),
        Scalar::Text(text) => {
            let plain = text.trim().trim_end_matches("/s").replace(['_', ','], "");
            let message = if decimal(text).is_some() { QUOTED } else { "not a number" };
            Err(Mismatch::new(message, value, accepted).suggest(decimal(plain.trim())))
        }
        _ => Err(Mismatch::new("not a number", value, accepted)),
    }
}

/// Writes a duration as the file would.
pub(crate) fn spelt(duration: Duration) -> String {
    let mut left = duration.as_millis();
    let mut text = String::new();
    for (unit, millis) in UNITS {
        let count = left / u128::from(millis);
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
            left %= u128::from(millis);
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// From the largest on: the order in which a duration names them. In milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Parses `1m30s`: whole numbers with units, each unit once, the larger before the smaller.
fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    if text.is_empty() {
        return Err("not a duration");
    }
    let mut total: u64 = 0;
    let mut units = UNITS.as_slice();
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, behind) = rest.split_at(digits);
        let letters = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, behind) = behind.split_at(letters);
        match (number, unit, behind) {
            ("", _, _) if rest.starts_with('-') => return Err("a duration cannot be negative"),
            ("", ..) => return Err("not a duration"),
            (_, "", "") => return Err("a duration needs a unit"),
            (_, "", behind) if behind.starts_with('.') => return Err("a duration has no decimal point"),
            (_, "", _) => return Err("not a duration"),
            _ => {}
        }
        let Some(index) = units.iter().position(|(name, _)| *name == unit) else {
            return Err(match UNITS.iter().any(|(name, _)| *name == unit) {
                true => "the units of a duration come once each, the largest first",
                false => "unknown unit of time",
            });
        };
        let number: u64 = number.parse().map_err(|_| "longer than 365 days")?;
        let millis = number.checked_mul(units[index].1).and_then(|millis| total.checked_add(millis));
        total = millis.ok_or("longer than 365 days")?;
        units = &units[index + 1..];
        rest = behind;
    }
    Ok(Duration::from_millis(total))
}

/// Writes what a person may have meant as a duration: `5 min`, `10 Sec`, `1.5s`.
fn respell(text: &str) -> Option<String> {
    let plain: String = text.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    if plain.len() > 40 {
        return None;
    }
    let start = plain.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(plain.len());
    let (number, unit) = plain.split_at(start);
    let unit = match unit {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => "ms",
        "w" | "week" | "weeks" => return decimal(number).map(|weeks| format!("{}d", weeks * 7.0)),
        _ => return Some(plain),
    };
    let millis = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, millis)| *millis)?;
    let duration = decimal(number)? * Duration::from_millis(millis).as_secs_f64();
    Duration::try_from_secs_f64(duration).ok().map(spelt)
}

/// Parses digits with or without a point, and nothing else that a float may be.
fn decimal(text: &str) -> Option<f64> {
    let digit = |c: char| c.is_ascii_digit();
    let plain = text.chars().all(|c| digit(c) || c == '.') && text.starts_with(digit) && text.ends_with(digit);
    if plain && text.len() <= 20 { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Scalar {
        Scalar::Text(text.to_owned())
    }

    #[test]
    fn durations_are_whole_numbers_with_units() {
        for (written, millis) in [
            ("250ms", 250),
            ("10s", 10_000),
            ("1m30s", 90_000),
            ("2h", 7_200_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("0s", 0),
            ("365d", 31_536_000_000),
        ] {
            assert_eq!(duration(&text(written)), Ok(Duration::from_millis(millis)), "{written}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why_and_what_was_meant() {
        for (written, message, meant) in [
            (Scalar::Number(10.0), "a duration needs a unit", Some("10s")),
            (Scalar::Number(0.0), "a duration needs a unit", Some("0s")),
            (Scalar::Number(0.5), "a duration needs a unit", Some("500ms")),
            (Scalar::Number(-1.0), "a duration needs a unit", None),
            (Scalar::Number(f64::INFINITY), "not a duration", None),
            (Scalar::Flag(true), "not a duration", None),
            (Scalar::Nothing, "not a duration", None),
            (text("10"), "a duration needs a unit", Some("10s")),
            (text("5 s"), "not a duration", Some("5s")),
            (text("5min"), "unknown unit of time", Some("5m")),
            (text("1H"), "unknown unit of time", Some("1h")),
            (text("1.5s"), "a duration has no decimal point", Some("1s500ms")),
            (text("2w"), "unknown unit of time", Some("14d")),
            (text("3 months"), "not a duration", None),
            (text("30s1m"), "the units of a duration come once each, the largest first", None),
            (text("1s1s"), "the units of a duration come once each, the largest first", None),
            (text("-5s"), "a duration cannot be negative", None),
            (text("366d"), "longer than 365 days", None),
            (text("99999999999999999999d"), "longer than 365 days", None),
            (text("soon"), "not a duration", None),
            (text(""), "not a duration", None),
        ] {
            let mismatch = duration(&written).unwrap_err();
            assert_eq!(mismatch.message, message, "{written}");
            let suggestion = mismatch.hint.split_once("did you mean `").map(|(_, rest)| rest.trim_end_matches("`?"));
            assert_eq!(suggestion, meant, "{written}");
        }
    }

    #[test]
    fn shares_are_percentages_or_parts_of_one() {
        for (written, expected) in [
            (text("80%"), 0.8),
            (text("0%"), 0.0),
            (text("100%"), 1.0),
            (text("79.5%"), 0.795),
            (Scalar::Number(0.8), 0.8),
            (Scalar::Number(1.0), 1.0),
            (Scalar::Number(0.0), 0.0),
        ] {
            assert_eq!(share(&written), Ok(expected), "{written}");
        }
    }

    #[test]
    fn what_is_no_share_says_why_and_what_was_meant() {
        for (written, message, meant) in [
            (Scalar::Number(90.0), "a share cannot be more than 1, the whole", Some("90%")),
            (Scalar::Number(1.5), "a share cannot be more than 1, the whole", Some("1.5%")),
            (Scalar::Number(150.0), "a share cannot be more than 1, the whole", None),
            (Scalar::Number(-0.1), "a share cannot be negative", None),
            (Scalar::Number(f64::NAN), "not a share", None),
            (text("150%"), "a share cannot be more than 1, the whole", None),
            (text("80 %"), "not a share", Some("80%")),
            (text("80"), "not a share", Some("80%")),
            (text("0.8"), QUOTED, Some("0.8")),
            (text("-5%"), "not a share", None),
            (text("NaN%"), "not a share", None),
            (text("1e1%"), "not a share", None),
            (text("%"), "not a share", None),
            (text("8.%"), "not a share", None),
            (text(".5%"), "not a share", None),
            (Scalar::Flag(true), "not a share", None),
        ] {
            let mismatch = share(&written).unwrap_err();
            assert_eq!(mismatch.message, message, "{written}");
            let suggestion = mismatch.hint.split_once("did you mean `").map(|(_, rest)| rest.trim_end_matches("`?"));
            assert_eq!(suggestion, meant, "{written}");
        }
    }

    #[test]
    fn a_threshold_is_in_the_unit_of_its_signal() {
        assert_eq!(threshold(&text("80%"), Signal::Utilization), Ok(0.8));
        assert_eq!(threshold(&text("1m30s"), Signal::OldestAge), Ok(90.0));
        assert_eq!(threshold(&Scalar::Number(12.0), Signal::Depth), Ok(12.0));
        assert_eq!(threshold(&Scalar::Number(-2.5), Signal::Growth), Ok(-2.5));
        for (written, signal, message) in [
            (Scalar::Number(-1.0), Signal::Depth, "`depth` is never negative"),
            (Scalar::Number(f64::NAN), Signal::Depth, "nothing can be compared with this number"),
            (Scalar::Number(f64::INFINITY), Signal::Growth, "nothing can be compared with this number"),
            (text("3.5/s"), Signal::DropRate, "not a number"),
            (text("80%"), Signal::Depth, "not a number"),
            (Scalar::Number(5.0), Signal::Stalled, "a duration needs a unit"),
        ] {
            assert_eq!(threshold(&written, signal).unwrap_err().message, message, "{written}");
        }
    }

    #[test]
    fn a_duration_is_spelt_as_it_is_read() {
        for written in ["0s", "1ms", "1m30s", "1d1ms", "59m59s"] {
            assert_eq!(spelt(duration(&text(written)).unwrap()), written);
        }
    }
}
