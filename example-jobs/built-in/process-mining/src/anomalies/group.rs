//! What is found: unusual cases, in groups of one sort.

/// What is unusual about a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomaly {
    /// The case, by its number in the log.
    pub case: usize,
    /// Why, in words and figures.
    pub reason: String,
    /// How far from usual, for ranking inside of its group.
    pub size: f64,
}

/// Anomalies of one sort.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// A stable word.
    pub kind: &'static str,
    /// A heading.
    pub title: &'static str,
    /// What counts as unusual.
    pub definition: String,
    /// Cases, most unusual first.
    pub cases: Vec<Anomaly>,
}
