//! Which rows are meant: filters on the columns of a frame.

pub use fuelcell_parameters_kit::{Filter, Level};

use crate::error::{Stop, excerpt, there_are};
use crate::frame::{Categories, Frame, NO_CODE, NO_TIME, Values};

/// For each row whether it meets a condition. `place` names the parameter.
///
/// # Errors
/// `InvalidParameter` for a column that is not there, and for values that cannot be compared with it.
pub fn mask(filter: &Filter, frame: &Frame, place: &str) -> Result<Vec<bool>, Stop> {
    let Some(column) = frame.column(&filter.attribute) else {
        let name = excerpt(&filter.attribute);
        let names = frame.columns().iter().map(|column| column.name.as_str());
        return Err(Stop::parameter(format!(
            "{place}.attribute is \"{name}\", which is no column. {}",
            there_are(names)
        )));
    };
    Ok(match column {
        Values::Numbers(numbers) => {
            let condition = filter.of_numbers(place)?;
            numbers.iter().map(|&number| condition.holds((!number.is_nan()).then_some(number))).collect()
        }
        Values::Times(times) => {
            let condition = filter.of_times(place)?;
            times.iter().map(|&time| condition.holds((time != NO_TIME).then_some(time))).collect()
        }
        Values::Categories(Categories { codes, names }) => {
            let condition = filter.of_texts(place)?;
            let held: Vec<bool> = names.iter().map(|name| condition.holds(Some(name))).collect();
            let missing = condition.holds(None);
            let of_code = |&code: &u32| if code == NO_CODE { missing } else { held[code as usize] };
            codes.iter().map(of_code).collect()
        }
    })
}

/// The rows that meet all conditions.
///
/// # Errors
/// As [`mask`].
pub fn rows(frame: &Frame, filters: &[Filter], place: &str) -> Result<Vec<usize>, Stop> {
    rows_of(frame, filters.iter().cloned().enumerate(), place)
}

/// The rows that meet all conditions, each with its place in the list that `place` names.
///
/// # Errors
/// As [`mask`].
pub fn rows_of(
    frame: &Frame,
    filters: impl IntoIterator<Item = (usize, Filter)>,
    place: &str,
) -> Result<Vec<usize>, Stop> {
    let mut kept = vec![true; frame.rows()];
    for (index, filter) in filters {
        let mask = mask(&filter, frame, &format!("{place}[{index}]"))?;
        kept.iter_mut().zip(mask).for_each(|(kept, meant)| *kept &= meant);
    }
    Ok((0..frame.rows()).filter(|&row| kept[row]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

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
    fn columns_of_each_kind_are_compared_and_missing_values_are_known() {
        assert_eq!(kept("n", "above", json!([1])), Ok(vec![1, 3]));
        assert_eq!(kept("n", "isNot", json!([1, "2"])), Ok(vec![2, 3]));
        assert_eq!(kept("n", "isMissing", json!([])), Ok(vec![2]));
        assert_eq!(kept("c", "contains", json!(["b"])), Ok(vec![0, 2]));
        assert_eq!(kept("c", "isNot", json!(["b"])), Ok(vec![0, 1, 3]));
        assert_eq!(kept("c", "isMissing", json!([])), Ok(vec![1]));
        assert_eq!(kept("t", "atLeast", json!(["1970-01-02"])), Ok(vec![1]));
    }

    #[test]
    fn a_column_that_is_not_there_is_named_with_those_that_are() {
        assert!(kept("x", "is", json!([1])).unwrap_err().contains("filters[0].attribute is \"x\""));
        assert!(kept("c", "above", json!(["a"])).unwrap_err().contains("holds text"));
    }
}
