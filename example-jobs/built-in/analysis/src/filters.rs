//! Which rows are meant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Stop, excerpt, there_are};
use crate::frame::{Categories, Frame, NO_CODE, NO_TIME, Values};
use crate::window::moment;

/// A condition on an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Filter {
    /// The column.
    pub attribute: String,
    /// How it is compared with the values.
    #[serde(default)]
    pub comparison: Comparison,
    /// The values: texts, numbers, or dates and times as texts. `between` takes two, `isMissing` and `isPresent` none, the
    /// others as many as are meant.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub values: Vec<Value>,
    /// What the attribute belongs to; `case` when left out and the table is an event log, and `row` otherwise. An event log
    /// with `event` keeps events, with `case` whole cases.
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
    /// For each row whether it is meant.
    ///
    /// # Errors
    /// `InvalidParameter` for a column that is not there, and for values that cannot be compared with it. `place` names the
    /// parameter.
    pub fn mask(&self, frame: &Frame, place: &str) -> Result<Vec<bool>, Stop> {
        let Some(column) = frame.column(&self.attribute) else {
            let name = excerpt(&self.attribute);
            let names = frame.columns().iter().map(|column| column.name.as_str());
            return Err(Stop::parameter(format!(
                "{place}.attribute is \"{name}\", which is no column. {}",
                there_are(names)
            )));
        };
        self.check_count(place)?;
        let present = |row: usize| column.is_present(row);
        let rows = 0..frame.rows();
        match self.comparison {
            Comparison::IsMissing => return Ok(rows.map(|row| !present(row)).collect()),
            Comparison::IsPresent => return Ok(rows.map(present).collect()),
            _ => {}
        }
        match column {
            Values::Numbers(numbers) => {
                let wanted = self.wanted(place, "a number", number)?;
                let holds = |&number: &f64| self.holds(&number, &wanted, number.is_nan());
                Ok(numbers.iter().map(holds).collect())
            }
            Values::Times(times) => {
                let first_moment = |value: &Value| Some(moment(value.as_str()?)?.0);
                let wanted = self.wanted(place, "a date or a time", first_moment)?;
                Ok(times.iter().map(|time| self.holds(time, &wanted, *time == NO_TIME)).collect())
            }
            Values::Categories(categories) => self.of_names(categories, place),
        }
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

    fn wanted<T>(&self, place: &str, what: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, Stop> {
        let one = |value: &Value| {
            read(value).ok_or_else(|| {
                let (value, column) = (excerpt(&value.to_string()), excerpt(&self.attribute));
                Stop::parameter(format!(
                    "{place}.values holds {value}; the column \"{column}\" takes {what}."
                ))
            })
        };
        self.values.iter().map(one).collect()
    }

    fn holds<T: PartialOrd>(&self, value: &T, wanted: &[T], missing: bool) -> bool {
        let is = || wanted.iter().any(|wanted| wanted == value);
        match (self.comparison, wanted) {
            (Comparison::IsNot, _) => missing || !is(),
            _ if missing => false,
            (Comparison::Is, _) => is(),
            (Comparison::Below, [limit]) => value < limit,
            (Comparison::AtMost, [limit]) => value <= limit,
            (Comparison::AtLeast, [limit]) => value >= limit,
            (Comparison::Above, [limit]) => value > limit,
            (Comparison::Between, [low, high]) => value >= low && value <= high,
            _ => false,
        }
    }

    fn of_names(&self, categories: &Categories, place: &str) -> Result<Vec<bool>, Stop> {
        use Comparison::{Contains, Is, IsNot};
        if !matches!(self.comparison, Is | IsNot | Contains) {
            let column = excerpt(&self.attribute);
            return Err(Stop::parameter(format!(
                "{place}.comparison needs numbers or times, and the column \"{column}\" holds text. Allowed are is, isNot, \
                 contains, isMissing and isPresent."
            )));
        }
        let wanted: Vec<String> = self.values.iter().map(text).collect();
        let holds = |name: &String| match self.comparison {
            Contains => wanted.iter().any(|part| name.contains(part.as_str())),
            _ => wanted.contains(name),
        };
        let held: Vec<bool> = categories.names.iter().map(holds).collect();
        let negated = self.comparison == IsNot;
        let of_code = |&code: &u32| (code != NO_CODE && held[code as usize]) != negated;
        Ok(categories.codes.iter().map(of_code).collect())
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

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// The rows that meet all conditions.
///
/// # Errors
/// As [`Filter::mask`].
pub fn rows(frame: &Frame, filters: &[Filter], place: &str) -> Result<Vec<usize>, Stop> {
    let mut kept = vec![true; frame.rows()];
    for (index, filter) in filters.iter().enumerate() {
        let mask = filter.mask(frame, &format!("{place}[{index}]"))?;
        kept.iter_mut().zip(mask).for_each(|(kept, meant)| *kept &= meant);
    }
    Ok((0..frame.rows()).filter(|&row| kept[row]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn frame() -> Frame {
        let mut frame = Frame::new(4);
        frame.put("n", Values::Numbers(vec![1.0, 2.0, f64::NAN, 4.0]));
        frame.put("c", Values::Categories(Categories::of([Some("ab"), None, Some("b"), Some("c")])));
        frame.put("t", Values::Times(vec![0, 86_400_000_000, NO_TIME, 2]));
        frame
    }

    fn kept(attribute: &str, comparison: &str, values: Value) -> Result<Vec<usize>, String> {
        let filter = json!({"attribute": attribute, "comparison": comparison, "values": values});
        let filter: Filter = serde_json::from_value(filter).unwrap();
        rows(&frame(), &[filter], "filters").map_err(|stop| stop.message)
    }

    #[test]
    fn each_comparison_keeps_what_it_says() {
        assert_eq!(kept("n", "above", json!([1])), Ok(vec![1, 3]));
        assert_eq!(kept("n", "between", json!([1, 2])), Ok(vec![0, 1]));
        assert_eq!(kept("n", "isNot", json!([1, "2"])), Ok(vec![2, 3]));
        assert_eq!(kept("n", "isMissing", json!([])), Ok(vec![2]));
        assert_eq!(kept("c", "is", json!(["b", "c"])), Ok(vec![2, 3]));
        assert_eq!(kept("c", "contains", json!(["b"])), Ok(vec![0, 2]));
        assert_eq!(kept("c", "isNot", json!(["b"])), Ok(vec![0, 1, 3]));
        assert_eq!(kept("t", "atLeast", json!(["1970-01-02"])), Ok(vec![1]));
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_what_is_allowed() {
        let refused = |attribute, comparison, values| kept(attribute, comparison, values).unwrap_err();
        assert!(refused("x", "is", json!([1])).contains("filters[0].attribute is \"x\""));
        assert!(refused("n", "above", json!([1, 2])).contains("takes one value"));
        assert!(refused("n", "above", json!(["high"])).contains("takes a number"));
        assert!(refused("c", "above", json!(["a"])).contains("holds text"));
        assert!(refused("t", "above", json!([3])).contains("a date or a time"));
    }
}
