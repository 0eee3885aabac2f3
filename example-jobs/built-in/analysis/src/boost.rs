//! Boosted trees over few features: small enough to read, and to write as JSON.
//!
//! J. H. Friedman, "Greedy Function Approximation: A Gradient Boosting Machine" (2001), with features cut into at most 32 bins
//! at quantiles, as LightGBM has it.

use serde::{Deserialize, Serialize};

use crate::statistics::{quantile_of_sorted, sorted};

/// Bins of a feature of numbers.
const BINS: usize = 32;
/// Trees of a model.
const TREES: usize = 120;
/// Questions in a row in each tree.
const DEPTH: usize = 3;
/// How much of each tree counts.
const RATE: f64 = 0.1;
/// Rows at each end of a tree.
const LEAST_ROWS: usize = 20;

/// How a feature is cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cut {
    /// Upper bounds of the bins; what is beyond is in the last.
    Numbers {
        /// The bounds in order.
        bounds: Vec<f64>,
    },
    /// Names; all others share the place behind the last.
    Names {
        /// The names.
        names: Vec<String>,
    },
}

/// A model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// What it says of every row.
    pub base: f64,
    /// What is added to it.
    pub trees: Vec<Tree>,
}

/// A tree: its first node is the root.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// The nodes.
    pub nodes: Vec<Node>,
}

/// A node of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Node {
    /// Asks whether the bin of a number is at most this one.
    AtMost {
        /// The feature.
        feature: usize,
        /// The bin.
        bin: u16,
        /// Where yes leads.
        yes: usize,
        /// Where no leads.
        no: usize,
    },
    /// Asks whether a name is this one.
    Is {
        /// The feature.
        feature: usize,
        /// The place of the name.
        bin: u16,
        /// Where yes leads.
        yes: usize,
        /// Where no leads.
        no: usize,
    },
    /// What is added.
    End {
        /// It.
        value: f64,
    },
}

/// What a model is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The mean: squared errors.
    Squares,
    /// The probability of 1: the log of the odds.
    LogOdds,
}

impl Cut {
    /// Cuts numbers at their quantiles.
    pub fn numbers(values: &[f64]) -> Self {
        let ordered = sorted(values);
        let mut bounds: Vec<f64> =
            (1..BINS).filter_map(|part| quantile_of_sorted(&ordered, part as f64 / BINS as f64)).collect();
        bounds.dedup();
        Self::Numbers { bounds }
    }

    /// The bin of a number.
    pub fn bin_of(&self, value: f64) -> u16 {
        match self {
            Self::Numbers { bounds } => bounds.partition_point(|&bound| bound < value) as u16,
            Self::Names { names } => names.len() as u16,
        }
    }

    /// The place of a name.
    pub fn place_of(&self, name: Option<&str>) -> u16 {
        match self {
            Self::Numbers { bounds } => bounds.len() as u16,
            Self::Names { names } => {
                let place = name.and_then(|name| names.iter().position(|known| known == name));
                place.unwrap_or(names.len()) as u16
            }
        }
    }

    fn bins(&self) -> usize {
        match self {
            Self::Numbers { bounds } => bounds.len() + 1,
            Self::Names { names } => names.len() + 1,
        }
    }
}

/// Rows as bins: for each feature those of all rows.
pub type Bins = Vec<Vec<u16>>;

struct Growing<'a> {
    bins: &'a Bins,
    cuts: &'a [Cut],
    gradients: Vec<f64>,
    weights: Vec<f64>,
    nodes: Vec<Node>,
}

/// Learns a model of `targets` from rows.
pub fn learn(bins: &Bins, cuts: &[Cut], targets: &[f64], loss: Loss) -> Model {
    let mean = targets.iter().sum::<f64>() / targets.len().max(1) as f64;
    let base = match loss {
        Loss::Squares => mean,
        Loss::LogOdds => {
            let inside = mean.clamp(1e-6, 1.0 - 1e-6);
            (inside / (1.0 - inside)).ln()
        }
    };
    let mut scores = vec![base; targets.len()];
    let mut model = Model { base, trees: Vec::new() };
    let rows: Vec<usize> = (0..targets.len()).collect();
    for _ in 0..TREES {
        let (gradients, weights) = pull(targets, &scores, loss);
        let mut growing = Growing { bins, cuts, gradients, weights, nodes: Vec::new() };
        growing.node(&rows, DEPTH);
        let tree = Tree { nodes: growing.nodes };
        for (row, score) in scores.iter_mut().enumerate() {
            *score += tree.value(|feature| bins[feature][row]);
        }
        model.trees.push(tree);
    }
    model
}

/// Which way each row pulls, and how hard.
fn pull(targets: &[f64], scores: &[f64], loss: Loss) -> (Vec<f64>, Vec<f64>) {
    let pairs = || targets.iter().zip(scores);
    match loss {
        Loss::Squares => (pairs().map(|(target, score)| target - score).collect(), vec![1.0; targets.len()]),
        Loss::LogOdds => (
            pairs().map(|(target, &score)| target - chance(score)).collect(),
            scores.iter().map(|&score| (chance(score) * (1.0 - chance(score))).max(1e-9)).collect(),
        ),
    }
}

/// The probability that goes with a log of odds.
pub fn chance(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

impl Growing<'_> {
    /// Adds a node with all below it. Answers with its place.
    fn node(&mut self, rows: &[usize], depth: usize) -> usize {
        let place = self.nodes.len();
        let sum = |list: &[f64]| rows.iter().map(|&row| list[row]).sum::<f64>();
        let (pulled, weight) = (sum(&self.gradients), sum(&self.weights));
        self.nodes.push(Node::End { value: RATE * pulled / (weight + 1.0) });
        let Some((feature, bin)) = (depth > 0).then(|| self.best(rows, pulled, weight)).flatten() else {
            return place;
        };
        let is_number = matches!(self.cuts[feature], Cut::Numbers { .. });
        let says_yes = |row: &usize| {
            if is_number { self.bins[feature][*row] <= bin } else { self.bins[feature][*row] == bin }
        };
        let (with, without): (Vec<usize>, Vec<usize>) = rows.iter().partition(|row| says_yes(row));
        let (yes, no) = (self.node(&with, depth - 1), self.node(&without, depth - 1));
        self.nodes[place] = if is_number {
            Node::AtMost { feature, bin, yes, no }
        } else {
            Node::Is { feature, bin, yes, no }
        };
        place
    }

    fn best(&self, rows: &[usize], pulled: f64, weight: f64) -> Option<(usize, u16)> {
        let gain_of = |pulled: f64, weight: f64| pulled * pulled / (weight + 1.0);
        let whole = gain_of(pulled, weight);
        let mut best: Option<(f64, usize, u16)> = None;
        for (feature, cut) in self.cuts.iter().enumerate() {
            let mut sums = vec![(0_usize, 0.0, 0.0); cut.bins()];
            for &row in rows {
                let sum = &mut sums[self.bins[feature][row] as usize];
                *sum = (sum.0 + 1, sum.1 + self.gradients[row], sum.2 + self.weights[row]);
            }
            let adds_up = matches!(cut, Cut::Numbers { .. });
            let mut inside = (0, 0.0, 0.0);
            for (bin, sum) in sums.iter().enumerate() {
                inside = if adds_up { (inside.0 + sum.0, inside.1 + sum.1, inside.2 + sum.2) } else { *sum };
                if inside.0 < LEAST_ROWS || rows.len() - inside.0 < LEAST_ROWS {
                    continue;
                }
                let gain =
                    gain_of(inside.1, inside.2) + gain_of(pulled - inside.1, weight - inside.2) - whole;
                if gain > 1e-9 && best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, feature, bin as u16));
                }
            }
        }
        best.map(|(_, feature, bin)| (feature, bin))
    }
}

impl Tree {
    fn value(&self, bin_of: impl Fn(usize) -> u16) -> f64 {
        let mut place = 0;
        // A tree that leads back to itself, in a file that somebody wrote, ends after as many steps as it has nodes.
        for _ in 0..=self.nodes.len() {
            place = match self.nodes.get(place) {
                Some(Node::AtMost { feature, bin, yes, no }) => {
                    if bin_of(*feature) <= *bin {
                        *yes
                    } else {
                        *no
                    }
                }
                Some(Node::Is { feature, bin, yes, no }) => {
                    if bin_of(*feature) == *bin {
                        *yes
                    } else {
                        *no
                    }
                }
                Some(Node::End { value }) => return *value,
                None => return 0.0,
            };
        }
        0.0
    }
}

impl Model {
    /// What the model says of a row.
    pub fn score(&self, bin_of: impl Fn(usize) -> u16) -> f64 {
        self.base + self.trees.iter().map(|tree| tree.value(&bin_of)).sum::<f64>()
    }

    /// Whether all trees ask only for features that there are.
    pub fn fits(&self, features: usize) -> bool {
        let nodes = self.trees.iter().flat_map(|tree| &tree.nodes);
        nodes.into_iter().all(|node| match node {
            Node::AtMost { feature, .. } | Node::Is { feature, .. } => *feature < features,
            Node::End { value } => value.is_finite(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Dice;

    fn rows() -> (Bins, Vec<Cut>, Vec<f64>) {
        let mut dice = Dice::new(4);
        let numbers: Vec<f64> = (0..2000).map(|_| dice.share() * 10.0).collect();
        let names: Vec<u16> = (0..2000).map(|_| dice.below(3) as u16).collect();
        let cuts =
            vec![Cut::numbers(&numbers), Cut::Names { names: ["a", "b", "c"].map(String::from).to_vec() }];
        let targets = numbers
            .iter()
            .zip(&names)
            .map(|(n, c)| if *n > 5.0 { 20.0 } else { 0.0 } + if *c == 1 { 7.0 } else { 0.0 });
        let bins = vec![numbers.iter().map(|&number| cuts[0].bin_of(number)).collect(), names.clone()];
        (bins, cuts, targets.clone().collect())
    }

    #[test]
    fn a_step_and_a_name_are_learned() {
        let (bins, cuts, targets) = rows();
        let model = learn(&bins, &cuts, &targets, Loss::Squares);
        let score = |number: f64, name: &str| {
            model.score(
                |feature| if feature == 0 { cuts[0].bin_of(number) } else { cuts[1].place_of(Some(name)) },
            )
        };
        assert!(
            (score(8.0, "b") - 27.0).abs() < 1.0 && score(1.0, "a").abs() < 1.0,
            "{} {}",
            score(8.0, "b"),
            score(1.0, "a")
        );
        let again: Model = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
        assert_eq!(again, model);
    }

    #[test]
    fn probabilities_are_those_of_the_data() {
        let (bins, cuts, targets) = rows();
        let mut dice = Dice::new(6);
        let hits: Vec<f64> = targets
            .iter()
            .map(|&t| f64::from(u8::from(dice.share() < if t > 15.0 { 0.8 } else { 0.1 })))
            .collect();
        let model = learn(&bins, &cuts, &hits, Loss::LogOdds);
        let of = |number: f64| {
            chance(model.score(|feature| if feature == 0 { cuts[0].bin_of(number) } else { 0 }))
        };
        assert!((of(8.0) - 0.8).abs() < 0.1 && (of(2.0) - 0.1).abs() < 0.1, "{} {}", of(8.0), of(2.0));
    }

    #[test]
    fn a_model_that_leads_in_circles_ends() {
        let circle = Tree { nodes: vec![Node::AtMost { feature: 0, bin: 0, yes: 0, no: 0 }] };
        let model = Model { base: 1.0, trees: vec![circle] };
        assert!((model.score(|_| 0) - 1.0).abs() < 1e-12 && model.fits(1) && !model.fits(0));
    }
}
