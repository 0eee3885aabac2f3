//! Figures as text for people, as the public protocol writes them: "2.1 GB", "8 minutes 32 seconds", "45-60 minutes".

use std::borrow::Cow;
use std::time::Duration;

/// Text from outside, with a mark where it was cut because it would take more than so many bytes of JSON.
pub(crate) fn clipped(text: &str, most: usize) -> Cow<'_, str> {
    let mut taken = 0;
    let size = |character: char| match character {
        '"' | '\\' => 2,
        control if control.is_control() => 6,
        other => other.len_utf8(),
    };
    let end = text.char_indices().find(|(_, character)| {
        taken += size(*character);
        taken > most
    });
    match end {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

/// Decimal units with at most one decimal place: "890 KB", "2.3 MB".
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    // 999.95 would be shown as 1000.0 of the smaller unit.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{} {}", one_decimal(value), UNITS[unit])
}

/// The two largest units that are not zero: "8 minutes 32 seconds", "23 minutes", "0 seconds".
pub(crate) fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 86_400, "day"),
        (seconds / 3600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let Some(first) = parts.iter().position(|(count, _)| *count > 0) else { return "0 seconds".into() };
    let shown: Vec<_> = parts[first..]
        .iter()
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| counted(*count, unit))
        .collect();
    shown.join(" ")
}

/// One figure with a decimal place: "38.5 minutes", "12.3 seconds", "250 ms".
pub(crate) fn decimal(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s < 0.001 => format!("{} µs", duration.as_micros()),
        s if s < 1.0 => format!("{} ms", duration.as_millis()),
        s if s < 60.0 => format!("{} seconds", one_decimal(s)),
        s if s < 3600.0 => format!("{} minutes", one_decimal(s / 60.0)),
        s => format!("{} hours", one_decimal(s / 3600.0)),
    }
}

/// A range in one unit: "45-60 minutes", "3 seconds".
pub(crate) fn range(low: Duration, high: Duration) -> String {
    let (unit, name) = match high.as_secs() {
        0..120 => (1.0, "second"),
        120..7200 => (60.0, "minute"),
        _ => (3600.0, "hour"),
    };
    let whole = |duration: Duration| (duration.as_secs_f64() / unit).ceil().max(1.0) as u64;
    match (whole(low), whole(high)) {
        (low, high) if low >= high => counted(high, name),
        (low, high) => format!("{low}-{high} {name}s"),
    }
}

fn counted(count: u64, unit: &str) -> String {
    match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    }
}

fn one_decimal(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// `tenant_id` → `tenantId`
pub(crate) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_ascii_uppercase() + rest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters_by_what_it_takes_as_json() {
        assert_eq!(clipped("short", 5), "short");
        assert_eq!(clipped("longer", 5), "longe…");
        assert_eq!(clipped("üü", 3), "ü…");
        assert_eq!(clipped("\u{1}\u{1}a", 12), "\u{1}\u{1}…");
        assert_eq!(clipped("\"\"\"", 4), "\"\"…");
    }

    #[test]
    fn figures_read_as_in_the_protocol() {
        assert_eq!(size(2_100_000_000), "2.1 GB");
        assert_eq!(size(890_000), "890 KB");
        assert_eq!(size(999_999), "1 MB");
        assert_eq!(size(12), "12 bytes");
        assert_eq!(size(u64::MAX), "18.4 EB");
        assert_eq!(elapsed(Duration::from_secs(512)), "8 minutes 32 seconds");
        assert_eq!(elapsed(Duration::from_secs(23 * 60)), "23 minutes");
        assert_eq!(elapsed(Duration::from_secs(3601)), "1 hour");
        assert_eq!(elapsed(Duration::ZERO), "0 seconds");
        assert_eq!(decimal(Duration::from_secs(2310)), "38.5 minutes");
        assert_eq!(range(Duration::from_secs(45 * 60), Duration::from_secs(3600)), "45-60 minutes");
        assert_eq!(range(Duration::from_millis(200), Duration::from_millis(900)), "1 second");
    }
}
