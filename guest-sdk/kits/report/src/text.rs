//! Figures and names as people read them.

use chrono::{DateTime, Utc};

/// What stands where a figure is not known.
pub const UNKNOWN: &str = "unknown";

/// At most `length` characters, the last one `…` when something was cut off.
pub fn shorten(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_string();
    }
    let mut short: String = text.chars().take(length.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// A whole number with separators: `1,234,567`.
pub fn count(number: u64) -> String {
    separated(&number.to_string())
}

/// A count with its noun in the right number: `1 case`, `2 cases`.
pub fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// A share (0 to 1) as a percentage; what is more than nothing never reads as `0 %`, what is less than all never `100 %`.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if p.is_nan() => UNKNOWN.to_string(),
        p if p <= 0.0 => "0 %".to_string(),
        p if p < 0.1 => "< 0.1 %".to_string(),
        p if p >= 100.0 => "100 %".to_string(),
        p if p > 99.9 => "> 99.9 %".to_string(),
        p if !(10.0..=99.0).contains(&p) => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

/// A duration in the unit that fits: `850 ms`, `45 s`, `12 min`, `5.4 h`, `12.3 d`, `2.4 y`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return UNKNOWN.to_string();
    }
    let size = seconds.abs();
    let (value, unit) = match size {
        s if s < 1.0 => (seconds * 1000.0, "ms"),
        s if s < 99.5 => (seconds, "s"),
        s if s < 99.5 * 60.0 => (seconds / 60.0, "min"),
        s if s < 47.95 * 3600.0 => (seconds / 3600.0, "h"),
        s if s < 999.5 * 86_400.0 => (seconds / 86_400.0, "d"),
        _ => (seconds / (365.25 * 86_400.0), "y"),
    };
    let digits = usize::from(value.abs() < 9.95 && unit != "ms" && value != 0.0);
    let text = fixed(value, digits);
    let number = text.strip_suffix(".0").unwrap_or(&text);
    if number == "0" && unit == "ms" { "0 s".to_string() } else { format!("{number} {unit}") }
}

/// A number with four significant digits, and all digits before the point: `0.001234`, `12.35`, `1,235`, `1,234,568`.
/// What is very small or very large gets an exponent, what is no number reads as `unknown`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => UNKNOWN.to_string(),
        0.0 => "0".to_string(),
        s if !(1e-4..1e15).contains(&s) => scientific(value),
        s => {
            let before = s.log10().floor() as i32 + 1;
            trimmed(&fixed(value, (4 - before).max(0) as usize))
        }
    }
}

/// A number with an exponent: `1.2 × 10⁻⁷`.
fn scientific(value: f64) -> String {
    let text = format!("{value:.1e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let raised = exponent.chars().map(|char| match char {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    });
    format!("{} × 10{}", digits.replace('-', "−"), raised.collect::<String>())
}

/// A number with so many decimals and separators: `−1,234.50`.
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return UNKNOWN.to_string();
    }
    let digits = format!("{:.decimals$}", value.abs());
    // What is rounded to nothing has no sign.
    let sign =
        if value < 0.0 && digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) { "−" } else { "" };
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    format!("{sign}{}{rest}", separated(whole))
}

/// The day of a moment in seconds since 1970, in UTC: `3 Jan 2024`. Empty for what lies beyond the calendar.
pub fn date(seconds: f64) -> String {
    moment(seconds, "%-d %b %Y")
}

/// A moment in seconds since 1970, in UTC: `3 Jan 2024 14:05`. Empty for what lies beyond the calendar.
pub fn date_time(seconds: f64) -> String {
    moment(seconds, "%-d %b %Y %H:%M")
}

/// A moment in the form of `chrono`.
pub(crate) fn moment(seconds: f64, form: &str) -> String {
    time(seconds).map_or_else(String::new, |time| time.format(form).to_string())
}

/// A moment of the years that have four digits.
pub(crate) fn time(seconds: f64) -> Option<DateTime<Utc>> {
    const YEARS: std::ops::Range<f64> = -62_135_596_800.0..253_402_300_800.0;
    let micros = YEARS.contains(&seconds).then(|| (seconds * 1e6).round() as i64);
    micros.and_then(DateTime::from_timestamp_micros)
}

fn separated(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn trimmed(number: &str) -> String {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([count(7), count(1234), count(1_000_004)], ["7", "1,234", "1,000,004"]);
        assert_eq!([counted(1, "case"), counted(0, "case")], ["1 case", "0 cases"]);
        let numbers = [0.0, -0.5, 12.3456, 1234.56, 1_234_567.8, 0.001_234_6, 3.0, 1e-7, 2.5e18, f64::NAN];
        assert_eq!(
            numbers.map(number),
            [
                "0",
                "−0.5",
                "12.35",
                "1,235",
                "1,234,568",
                "0.001235",
                "3",
                "1.0 × 10⁻⁷",
                "2.5 × 10¹⁸",
                "unknown"
            ]
        );
        assert_eq!([fixed(-1234.5, 2), fixed(-0.001, 2), fixed(0.05, 1)], ["−1,234.50", "0.00", "0.1"]);
    }

    #[test]
    fn percentages_do_not_round_something_to_nothing_or_to_all() {
        let shares = [0.0, 0.0004, 0.034, 0.5, 0.9963, 0.99999, 1.0].map(percent);
        assert_eq!([percent(f64::NAN), duration(f64::INFINITY)], ["unknown", "unknown"]);
        assert_eq!(shares, ["0 %", "< 0.1 %", "3.4 %", "50 %", "99.6 %", "> 99.9 %", "100 %"]);
    }

    #[test]
    fn durations_choose_their_unit() {
        let texts = [0.0, 0.25, 45.0, 90.0, 600.0, 19_440.0, 86_400.0, 172_800.0, 1e9].map(duration);
        assert_eq!([duration(-5400.0), duration(-0.0001)], ["−90 min", "0 s"]);
        assert_eq!(texts, ["0 s", "250 ms", "45 s", "90 s", "10 min", "5.4 h", "24 h", "2 d", "32 y"]);
    }

    #[test]
    fn moments_are_in_utc_and_end_with_the_calendar() {
        assert_eq!([date(1_704_290_700.0), date_time(1_704_290_700.0)], ["3 Jan 2024", "3 Jan 2024 14:05"]);
        assert_eq!([date(f64::NAN), date(1e300), date(-1e300)], ["", "", ""]);
        assert_eq!(date(-62_135_596_800.0), "1 Jan 0001");
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(shorten("Receive Payment", 8), "Receive…");
    }
}
