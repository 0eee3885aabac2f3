//! Conditions on attributes.

use fuelcell_records_kit::{Micros, Stop, excerpt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::time_window::moment;

/// A condition on an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Filter {
    /// The column.
    pub attribute: String,
    /// How it is compared with the values.
    #[serde(default)]
    pub comparison: Comparison,
    /// The values: texts, numbers, or dates and times as texts; a date is its whole day. `between` takes two, `isMissing` and
    /// `isPresent` none, `is`, `isNot` and `contains` as many as are meant, the others one.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub values: Vec<Value>,
    /// What the attribute belongs to: `event` keeps events of a log, `case` whole cases, `row` rows of any table. When left
    /// out it is `case` for event logs that are analysed by cases, and `row` otherwise.
    #[serde(default)]
    pub level: Option<Level>,
}

/// How an attribute is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Comparison {
    /// It is one of the values.
    #[default]
    Is,
    /// It is none of the values, or missing.
    IsNot,
    /// It is less than the value.
    Below,
    /// It is the value or less.
    AtMost,
    /// It is the value or more.
    AtLeast,
    /// It is more than the value.
    Above,
    /// It is from the first value to the second, both included.
    Between,
    /// It contains one of the texts.
    Contains,
    /// It has no value.
    IsMissing,
    /// It has a value.
    IsPresent,
}

/// What an attribute belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// A row of a table.
    Row,
    /// An event of a log.
    Event,
    /// A case of a log.
    Case,
}

impl Filter {
    /// The condition on a column of numbers. `place` names the parameter.
    ///
    /// # Errors
    /// `InvalidParameter` for values that are no numbers, and for too many or too few of them.
    pub fn of_numbers(&self, place: &str) -> Result<Condition<f64>, Stop> {
        self.of_ordered(place, "a number", |value| number(value).map(|number| (number, number)))
    }

    /// The condition on a column of times. `place` names the parameter.
    ///
    /// # Errors
    /// `InvalidParameter` for values that are no times, and for too many or too few of them.
    pub fn of_times(&self, place: &str) -> Result<Condition<Micros>, Stop> {
        self.of_ordered(place, "a date or a time", |value| moment(value.as_str()?))
    }

    /// The condition on a column of texts. `place` names the parameter.
    ///
    /// # Errors
    /// `InvalidParameter` for comparisons that need numbers, and for too few values.
    pub fn of_texts(&self, place: &str) -> Result<TextCondition, Stop> {
        use Comparison::{Contains, Is, IsMissing, IsNot, IsPresent};
        if !matches!(self.comparison, Is | IsNot | Contains | IsMissing | IsPresent) {
            let column = excerpt(&self.attribute);
            return Err(Stop::parameter(format!(
                "{place}.comparison needs numbers or times, and \"{column}\" holds text. Allowed are is, isNot, contains, \
                 isMissing and isPresent."
            )));
        }
        self.check_count(place)?;
        Ok(TextCondition { comparison: self.comparison, values: self.values.iter().map(text).collect() })
    }

    fn of_ordered<T: PartialOrd>(
        &self,
        place: &str,
        what: &str,
        read: impl Fn(&Value) -> Option<(T, T)>,
    ) -> Result<Condition<T>, Stop> {
        let column = excerpt(&self.attribute);
        if self.comparison == Comparison::Contains {
            return Err(Stop::parameter(format!(
                "{place}.comparison is contains, which needs text, and \"{column}\" holds none."
            )));
        }
        self.check_count(place)?;
        let one = |value: &Value| {
            read(value).ok_or_else(|| {
                let value = excerpt(&value.to_string());
                Stop::parameter(format!("{place}.values holds {value}; \"{column}\" takes {what}."))
            })
        };
        let values = self.values.iter().map(one).collect::<Result<_, _>>()?;
        Ok(Condition { comparison: self.comparison, values })
    }

    fn check_count(&self, place: &str) -> Result<(), Stop> {
        use Comparison::{Above, AtLeast, AtMost, Below, Between, Contains, Is, IsMissing, IsNot, IsPresent};
        let (allowed, least, most) = match self.comparison {
            Is | IsNot | Contains => ("one value or more", 1, usize::MAX),
            Below | AtMost | AtLeast | Above => ("one value", 1, 1),
            Between => ("two values", 2, 2),
            IsMissing | IsPresent => ("no values", 0, 0),
        };
        if (least..=most).contains(&self.values.len()) {
            return Ok(());
        }
        let have = self.values.len();
        Err(Stop::parameter(format!("{place}.values holds {have}; this comparison takes {allowed}.")))
    }

    /// The condition as people read it.
    pub fn describe(&self) -> String {
        let values = self.values.iter().map(text).collect::<Vec<_>>();
        let words = match self.comparison {
            Comparison::Is => "is",
            Comparison::IsNot => "is not",
            Comparison::Below => "is below",
            Comparison::AtMost => "is at most",
            Comparison::AtLeast => "is at least",
            Comparison::Above => "is above",
            Comparison::Between => "is between",
            Comparison::Contains => "contains",
            Comparison::IsMissing => "is missing",
            Comparison::IsPresent => "is present",
        };
        let joint = if self.comparison == Comparison::Between { " and " } else { " or " };
        format!("{} {words} {}", self.attribute, values.join(joint)).trim_end().to_string()
    }
}

/// A condition on values that have an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition<T> {
    comparison: Comparison,
    /// First and last of what a value stands for: a date is its whole day.
    values: Vec<(T, T)>,
}

impl<T: PartialOrd> Condition<T> {
    /// Whether a value meets it; `None` is a missing one.
    pub fn holds(&self, value: Option<T>) -> bool {
        let Some(value) = value else {
            return matches!(self.comparison, Comparison::IsMissing | Comparison::IsNot);
        };
        let within = |(first, last): &(T, T)| *first <= value && value <= *last;
        match (self.comparison, self.values.as_slice()) {
            (Comparison::IsPresent, _) => true,
            (Comparison::Is, all) => all.iter().any(within),
            (Comparison::IsNot, all) => !all.iter().any(within),
            (Comparison::Below, [(first, _)]) => value < *first,
            (Comparison::AtMost, [(_, last)]) => value <= *last,
            (Comparison::AtLeast, [(first, _)]) => value >= *first,
            (Comparison::Above, [(_, last)]) => value > *last,
            (Comparison::Between, [(first, _), (_, last)]) => *first <= value && value <= *last,
            _ => false,
        }
    }
}

/// A condition on texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextCondition {
    comparison: Comparison,
    values: Vec<String>,
}

impl TextCondition {
    /// Whether a value meets it; `None` is a missing one.
    pub fn holds(&self, value: Option<&str>) -> bool {
        let is = |value: &str| self.values.iter().any(|wanted| wanted == value);
        match (self.comparison, value) {
            (Comparison::IsMissing, value) => value.is_none(),
            (Comparison::IsNot, value) => !value.is_some_and(is),
            (_, None) => false,
            (Comparison::IsPresent, Some(_)) => true,
            (Comparison::Contains, Some(value)) => {
                self.values.iter().any(|part| value.contains(part.as_str()))
            }
            (_, Some(value)) => is(value),
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filter(comparison: &str, values: Value) -> Filter {
        serde_json::from_value(json!({"attribute": "a", "comparison": comparison, "values": values})).unwrap()
    }

    #[test]
    fn numbers_are_compared_as_said_and_a_missing_one_is_none_of_them() {
        let kept = |comparison: &str, values: Value| {
            let condition = filter(comparison, values).of_numbers("filters[0]").unwrap();
            let all = [Some(1.0), Some(2.0), None, Some(4.0)];
            (0..4).filter(|&place| condition.holds(all[place])).collect::<Vec<_>>()
        };
        assert_eq!(kept("is", json!([1, "4"])), [0, 3]);
        assert_eq!(kept("isNot", json!([1, "2"])), [2, 3]);
        assert_eq!(kept("below", json!([2])), [0]);
        assert_eq!(kept("atMost", json!([2])), [0, 1]);
        assert_eq!(kept("atLeast", json!([2])), [1, 3]);
        assert_eq!(kept("above", json!([2])), [3]);
        assert_eq!(kept("between", json!([1, 2])), [0, 1]);
        assert_eq!(kept("isMissing", json!([])), [2]);
        assert_eq!(kept("isPresent", json!([])), [0, 1, 3]);
    }

    #[test]
    fn a_date_is_its_whole_day() {
        let noon = moment("2024-02-01T12:00:00Z").unwrap().0;
        let holds = |comparison: &str, values: Value| {
            filter(comparison, values).of_times("filters[0]").unwrap().holds(Some(noon))
        };
        assert!(holds("is", json!(["2024-02-01"])) && holds("atMost", json!(["2024-02-01"])));
        assert!(!holds("above", json!(["2024-02-01"])) && holds("above", json!(["2024-02-01T11:59:59Z"])));
        assert!(holds("between", json!(["2024-01-01", "2024-02-01"])));
        assert!(!holds("below", json!(["2024-02-01"])) && holds("below", json!(["2024-02-02"])));
    }

    #[test]
    fn texts_are_equal_or_contained() {
        let holds = |comparison: &str, values: Value, value: Option<&str>| {
            filter(comparison, values).of_texts("filters[0]").unwrap().holds(value)
        };
        assert!(holds("is", json!(["b", "c"]), Some("b")) && !holds("is", json!(["b"]), Some("bc")));
        assert!(holds("contains", json!(["b"]), Some("abc")) && !holds("contains", json!([""]), None));
        assert!(holds("isNot", json!(["b"]), None) && holds("isMissing", json!([]), None));
        assert!(holds("is", json!([7, true]), Some("true")));
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_what_is_allowed() {
        let refused = |filter: &Filter| filter.of_numbers("filters[0]").unwrap_err().message;
        assert!(refused(&filter("above", json!([1, 2]))).contains("takes one value"));
        assert!(refused(&filter("above", json!(["high"]))).contains("takes a number"));
        assert!(refused(&filter("contains", json!([1]))).contains("needs text"));
        let of_texts = filter("above", json!(["a"])).of_texts("filters[0]").unwrap_err().message;
        assert!(of_texts.contains("holds text"), "{of_texts}");
        let of_times = filter("above", json!([3])).of_times("filters[0]").unwrap_err().message;
        assert!(of_times.contains("a date or a time"), "{of_times}");
    }
}
