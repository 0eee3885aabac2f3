//! Models of a process that other programs open: discovered, written, read, and judged.
//!
//! A log becomes a process tree, which becomes a Petri net (PNML) or a BPMN diagram; a file of either kind becomes a net,
//! on which the cases of a log are replayed.

mod bpmn;
mod bpmn_net;
mod cuts;
mod inductive;
mod net;
mod pnml;
mod quality;
mod replay;
mod sublog;
mod tree;
mod ways;
mod xes;
mod xml;

pub use net::Net;
pub use quality::{DEFINITION, Deviation, Kind as DeviationKind, Replayed, replay};
pub use tree::Tree;
pub use xes::write as write_xes;

use crate::error::{Stop, excerpt};
use crate::figures::Figures;
use crate::log::EventLog;
use crate::names::{Id, NONE};

use sublog::{Step, Sublog};
use xml::{Document, Wrong};

/// No model is mined from a log of more different activities: nobody could read it.
pub const MOST_ACTIVITIES: usize = 300;

/// A longer file of a model is refused.
pub const LONGEST_FILE: u64 = 8 << 20;

/// Mines a process tree. None for a log of more than [`MOST_ACTIVITIES`].
pub fn discover(log: &EventLog, figures: &Figures, noise: f64) -> Option<Tree> {
    let counts = &figures.flow.activities;
    let activities: Vec<Id> = (0..counts.len() as Id).filter(|&id| counts[id as usize] > 0).collect();
    if activities.len() > MOST_ACTIVITIES {
        return None;
    }
    let mut steps = vec![Step::MAX; counts.len()];
    activities.iter().zip(0..).for_each(|(&id, step)| steps[id as usize] = step);
    let mut traces = Sublog::default();
    for variant in &figures.variants.list {
        let trace = log.trace(variant.case).iter().filter(|&&id| id != NONE);
        traces.add(trace.map(|&id| steps[id as usize]), variant.count);
    }
    Some(inductive::mine(traces, noise, &activities))
}

/// A model of a log, as it is written.
#[derive(Debug)]
pub struct Discovered {
    /// As a tree.
    pub tree: Tree,
    /// As a Petri net.
    pub net: Net,
}

impl Discovered {
    /// What a tree says, with the names of a log.
    pub fn of(tree: Tree, log: &EventLog) -> Self {
        let net = Net::of(&tree, &|id| log.activity_name(id));
        Self { tree, net }
    }

    /// The tree as text.
    pub fn text(&self, log: &EventLog) -> String {
        self.tree.text(&|id| log.activity_name(id))
    }

    /// The net as PNML.
    pub fn pnml(&self, title: &str) -> String {
        pnml::write(&self.net, title)
    }

    /// The tree as BPMN.
    pub fn bpmn(&self, log: &EventLog, title: &str) -> String {
        bpmn::write(&self.tree, title, &|id| log.activity_name(id))
    }
}

/// Reads a model that a user gave, PNML or BPMN.
///
/// # Errors
/// `InvalidModel`, with what is wrong with it and where.
pub fn parse(bytes: &[u8]) -> Result<Net, Stop> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(invalid(&Wrong::new(0, "it is empty")));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| invalid(&Wrong::new(error.valid_up_to() as u64, "it is not UTF-8")))?;
    let document = Document::parse(text).map_err(|wrong| invalid(&wrong))?;
    let root = document.root();
    let net = match root.name.as_str() {
        "pnml" => pnml::read(&document),
        "definitions" => bpmn_net::read(&document),
        other => {
            let what = format!("it begins with <{}> instead of <pnml> or <definitions>", excerpt(other));
            Err(Wrong::new(root.at, what))
        }
    };
    net.map_err(|wrong| invalid(&wrong))
}

/// The refusal of a file that is longer than [`LONGEST_FILE`].
pub fn too_long(bytes: u64) -> Stop {
    invalid(&Wrong::new(LONGEST_FILE, format!("it has {bytes} bytes, and at most {LONGEST_FILE} are read")))
}

fn invalid(wrong: &Wrong) -> Stop {
    let message = format!(
        "The reference model cannot be used: {} (byte {}). Give a Petri net as PNML or a process as BPMN 2.0, or leave \
         referenceModelId out.",
        wrong.what, wrong.at
    );
    Stop::failed("InvalidModel", message)
}
