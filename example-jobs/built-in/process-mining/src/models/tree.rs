//! Process trees: block-structured models (Leemans, Fahland, van der Aalst, "Discovering Block-Structured Process Models
//! from Event Logs", 2013).

use crate::names::Id;

/// How the parts of a block go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// One after the other.
    Sequence,
    /// One of them.
    Choice,
    /// All of them, in any order and at the same time.
    Parallel,
    /// The first; then, as often as wanted, the second and the first again.
    Loop,
}

impl Operator {
    fn sign(self) -> &'static str {
        match self {
            Self::Sequence => "->",
            Self::Choice => "X",
            Self::Parallel => "+",
            Self::Loop => "*",
        }
    }
}

/// A process tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// Nothing that is seen.
    Silent,
    /// One execution of an activity.
    Activity(Id),
    /// A block. A loop has two parts.
    Block(Operator, Vec<Tree>),
}

impl Tree {
    /// A block without needless nesting; its language is that of the parts put together.
    pub fn block(operator: Operator, parts: Vec<Self>) -> Self {
        if operator == Operator::Loop {
            return Self::Block(operator, parts);
        }
        let mut flat: Vec<Self> = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Block(inner, parts) if inner == operator => flat.extend(parts),
                part => flat.push(part),
            }
        }
        if operator == Operator::Choice {
            let silent = flat.iter().position(|part| *part == Self::Silent);
            let mut place = 0..;
            flat.retain(|part| place.next() == silent || *part != Self::Silent);
        } else {
            flat.retain(|part| *part != Self::Silent);
        }
        match flat.len() {
            0 => Self::Silent,
            1 => flat.swap_remove(0),
            _ => Self::Block(operator, flat),
        }
    }

    /// The tree as text, as pm4py and others write it: `->( 'a', X( 'b', tau ) )`.
    pub fn text<'a>(&self, name: &impl Fn(Id) -> &'a str) -> String {
        match self {
            Self::Silent => "tau".to_string(),
            Self::Activity(activity) => format!("'{}'", name(*activity)),
            Self::Block(operator, parts) => {
                let parts: Vec<String> = parts.iter().map(|part| part.text(name)).collect();
                format!("{}( {} )", operator.sign(), parts.join(", "))
            }
        }
    }
}
