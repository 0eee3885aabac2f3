//! Figures and names as people read them.

use std::fmt::Write as _;

/// Text made safe for HTML and SVG, in content and in quoted attributes. Control characters, which XML forbids, become
/// U+FFFD.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            char if char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            // Overrides of the writing direction could make a name look like another one.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push('\u{fffd}'),
            char => safe.push(char),
        }
    }
    safe
}

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
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
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
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "{value:.digits$}");
    let number = text.strip_suffix(".0").unwrap_or(&text);
    if number == "0" && unit == "ms" { "0 s".to_string() } else { format!("{number} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([count(7), count(1234), count(1_000_004)], ["7", "1,234", "1,000,004"]);
        assert_eq!([counted(1, "case"), counted(0, "case")], ["1 case", "0 cases"]);
    }

    #[test]
    fn percentages_do_not_round_something_to_nothing_or_to_all() {
        let shares = [0.0, 0.0004, 0.034, 0.5, 0.9963, 0.99999, 1.0].map(percent);
        assert_eq!(shares, ["0 %", "< 0.1 %", "3.4 %", "50 %", "99.6 %", "> 99.9 %", "100 %"]);
    }

    #[test]
    fn durations_choose_their_unit() {
        let texts = [0.0, 0.25, 45.0, 90.0, 600.0, 19_440.0, 86_400.0, 172_800.0, 1e9].map(duration);
        assert_eq!(texts, ["0 s", "250 ms", "45 s", "90 s", "10 min", "5.4 h", "24 h", "2 d", "32 y"]);
    }

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(escape("<a href='x'>&\u{1}\u{202e}"), "&lt;a href=&#39;x&#39;&gt;&amp;\u{fffd}\u{fffd}");
        assert_eq!(shorten("Receive Payment", 8), "Receive…");
    }
}
