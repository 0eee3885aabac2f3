//! Numbers as people write them, exactly.

use crate::kind::{MOST_DIGITS, Numbers};

/// A number of digits and a point: `digits × 10^-scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exact {
    pub(crate) digits: i128,
    pub(crate) scale: u8,
}

/// What a text looks like, among numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Digits that fit 64 bits, without leading zeros.
    Integer,
    /// A point, or grouped by commas beyond doubt.
    Point { scale: u8, whole: u8 },
    /// A decimal comma, or grouped by points beyond doubt.
    Comma { scale: u8, whole: u8 },
    /// `1,234`: a thousand, or one and a bit.
    GroupOrComma,
    /// `1.234` in a column of decimal commas is a thousand; alone it is one and a bit. So it counts as [`Self::Point`] with
    /// three digits behind the point, and this says that the other reading is possible.
    GroupOrPoint { whole: u8 },
    /// An exponent.
    Float,
    /// `007`, or more digits than are kept: a name that happens to be made of digits.
    Code,
    /// No number.
    None,
}

/// Looks at a text without white space around it.
#[inline]
pub(crate) fn shape(text: &[u8]) -> Shape {
    let unsigned = match text {
        [b'-' | b'+', rest @ ..] => rest,
        _ => text,
    };
    if !matches!(unsigned.first(), Some(b'0'..=b'9' | b'.' | b',')) {
        return Shape::None;
    }
    let digits = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == unsigned.len() {
        return match unsigned {
            [b'0', _, ..] => Shape::Code,
            _ if digits <= 18 || std::str::from_utf8(text).is_ok_and(|text| text.parse::<i64>().is_ok()) => {
                Shape::Integer
            }
            _ if digits <= usize::from(MOST_DIGITS) => Shape::Point { scale: 0, whole: digits as u8 },
            _ => Shape::Code,
        };
    }
    with_marks(unsigned)
}

fn with_marks(text: &[u8]) -> Shape {
    let (mut points, mut commas, mut other) = (0, 0, false);
    for byte in text {
        match byte {
            b'0'..=b'9' => {}
            b'.' => points += 1,
            b',' => commas += 1,
            _ => other = true,
        }
    }
    if other {
        return if commas == 0 && is_float(text) { Shape::Float } else { Shape::None };
    }
    let last = |mark: u8| text.iter().rposition(|byte| *byte == mark).unwrap_or(0);
    match (points, commas) {
        (1, 0) => plain(text, b'.', |scale, whole| match (scale, whole) {
            (3, 1..=3) if text[0] != b'0' => Shape::GroupOrPoint { whole },
            _ => Shape::Point { scale, whole },
        }),
        (0, 1) => plain(text, b',', |scale, whole| match (scale, whole) {
            (3, 1..=3) if text[0] != b'0' => Shape::GroupOrComma,
            _ => Shape::Comma { scale, whole },
        }),
        (0, _) => grouped(text, b',', 0, |scale, whole| Shape::Point { scale, whole }),
        (_, 0) => grouped(text, b'.', 0, |scale, whole| Shape::Comma { scale, whole }),
        (1, _) if last(b'.') > last(b',') => {
            grouped(&text[..last(b'.')], b',', text.len() - last(b'.') - 1, |scale, whole| Shape::Point {
                scale,
                whole,
            })
        }
        (_, 1) if last(b',') > last(b'.') => {
            grouped(&text[..last(b',')], b'.', text.len() - last(b',') - 1, |scale, whole| Shape::Comma {
                scale,
                whole,
            })
        }
        _ => Shape::None,
    }
}

/// Digits, one mark, digits.
fn plain(text: &[u8], mark: u8, shape: impl Fn(u8, u8) -> Shape) -> Shape {
    let at = text.iter().position(|byte| *byte == mark).unwrap_or(0);
    let (whole, scale) = (at, text.len() - at - 1);
    if scale == 0 || (whole > 1 && text[0] == b'0') {
        return Shape::None;
    }
    fits(whole, scale).map_or(Shape::Code, |(whole, scale)| shape(scale, whole))
}

/// Groups of three digits, `scale` more behind the point.
fn grouped(text: &[u8], mark: u8, scale: usize, shape: impl Fn(u8, u8) -> Shape) -> Shape {
    let mut groups = text.split(|byte| *byte == mark);
    let first = groups.next().unwrap_or_default().len();
    if !(1..=3).contains(&first) || text[0] == b'0' || !groups.all(|group| group.len() == 3) {
        return Shape::None;
    }
    let whole = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    fits(whole, scale).map_or(Shape::Code, |(whole, scale)| shape(scale, whole))
}

fn fits(whole: usize, scale: usize) -> Option<(u8, u8)> {
    let most = usize::from(MOST_DIGITS);
    (whole + scale <= most).then_some((whole as u8, scale as u8))
}

fn is_float(text: &[u8]) -> bool {
    let exponent = text.iter().any(|byte| matches!(byte, b'e' | b'E'));
    exponent && std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite))
}

/// Reads a number that [`shape`] calls one, with the marks of this column.
pub(crate) fn exact(text: &[u8], numbers: Numbers) -> Option<Exact> {
    let shape = shape(text);
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let fits = match numbers {
        Numbers::Point => {
            matches!(
                shape,
                Shape::Integer | Shape::Point { .. } | Shape::GroupOrPoint { .. } | Shape::GroupOrComma
            )
        }
        Numbers::Comma => {
            matches!(
                shape,
                Shape::Integer | Shape::Comma { .. } | Shape::GroupOrPoint { .. } | Shape::GroupOrComma
            )
        }
    };
    if !fits {
        return None;
    }
    let mark = if numbers == Numbers::Point { b'.' } else { b',' };
    if unsigned.len() <= SHORT {
        return Some(short(unsigned, mark, negative));
    }
    let (mut digits, mut scale, mut behind) = (0_i128, 0, false);
    for &byte in unsigned {
        match byte {
            b'0'..=b'9' => {
                digits = digits.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
                scale += u8::from(behind);
            }
            byte if byte == mark => behind = true,
            _ => {}
        }
    }
    Some(Exact { digits: if negative { -digits } else { digits }, scale })
}

/// Digits that 64 bits hold, whatever they are.
const SHORT: usize = 18;

/// A number of so few digits that 64 bits hold it: in a cell, multiplying wider ones is slow.
#[inline]
fn short(unsigned: &[u8], mark: u8, negative: bool) -> Exact {
    let (mut digits, mut scale, mut behind) = (0_i64, 0, false);
    for &byte in unsigned {
        match byte {
            b'0'..=b'9' => {
                digits = digits * 10 + i64::from(byte - b'0');
                scale += u8::from(behind);
            }
            byte if byte == mark => behind = true,
            _ => {}
        }
    }
    Exact { digits: if negative { -digits } else { digits }.into(), scale }
}

impl Exact {
    /// The same number with `scale` digits behind the point, if none is lost.
    pub(crate) fn rescaled(self, scale: u8) -> Option<i128> {
        if scale == self.scale {
            return self.fitting();
        }
        let more = scale.checked_sub(self.scale);
        let power = |exponent: u8| 10_i128.checked_pow(exponent.into());
        let digits = match more {
            Some(more) => self.digits.checked_mul(power(more)?)?,
            None => {
                let divisor = power(self.scale - scale)?;
                (self.digits % divisor == 0).then(|| self.digits / divisor)?
            }
        };
        Self { digits, scale }.fitting()
    }

    /// Its digits, if they are not too many.
    fn fitting(self) -> Option<i128> {
        (self.digits.unsigned_abs() < 10_u128.pow(u32::from(MOST_DIGITS))).then_some(self.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_what_looks_like_them() {
        let cases: [(&str, Shape); 22] = [
            ("0", Shape::Integer),
            ("-12", Shape::Integer),
            ("9223372036854775807", Shape::Integer),
            ("9223372036854775808", Shape::Point { scale: 0, whole: 19 }),
            ("007", Shape::Code),
            ("0.5", Shape::Point { scale: 1, whole: 1 }),
            (".5", Shape::Point { scale: 1, whole: 0 }),
            ("12,50", Shape::Comma { scale: 2, whole: 2 }),
            ("1,234", Shape::GroupOrComma),
            ("1.234", Shape::GroupOrPoint { whole: 1 }),
            ("0,125", Shape::Comma { scale: 3, whole: 1 }),
            ("1,234,567", Shape::Point { scale: 0, whole: 7 }),
            ("1.234.567", Shape::Comma { scale: 0, whole: 7 }),
            ("1,234.50", Shape::Point { scale: 2, whole: 4 }),
            ("1.234,50", Shape::Comma { scale: 2, whole: 4 }),
            ("1,23.50", Shape::None),
            ("1e5", Shape::Float),
            ("1e999", Shape::None),
            ("12a", Shape::None),
            ("5.", Shape::None),
            ("", Shape::None),
            ("1.2.3", Shape::None),
        ];
        for (text, expected) in cases {
            assert_eq!(shape(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn digits_are_kept() {
        let exact =
            |text: &str, numbers| exact(text.as_bytes(), numbers).map(|exact| (exact.digits, exact.scale));
        assert_eq!(exact("-1,234.50", Numbers::Point), Some((-123_450, 2)));
        assert_eq!(exact("1.234,50", Numbers::Comma), Some((123_450, 2)));
        assert_eq!(exact("1.234", Numbers::Comma), Some((1234, 0)));
        assert_eq!(exact("1.234", Numbers::Point), Some((1234, 3)));
        assert_eq!(exact("12,50", Numbers::Point), None);
        assert_eq!(Exact { digits: 150, scale: 2 }.rescaled(1), Some(15));
        assert_eq!(Exact { digits: 155, scale: 2 }.rescaled(1), None);
    }
}
