//! Which models a job mines and is given, and how its log fits them.

use fuelcell_sdk::Finding;
use serde_json::{Value, json};

use crate::figures::Figures;
use crate::log::EventLog;
use crate::models::{self, Discovered, Net, Replayed};
use crate::parameters::{Export, Parameters};
use crate::read::Facts;

/// Models in which a case is a way through, and how the log fits them.
pub(crate) struct Judged {
    /// What was mined, if somebody wants it.
    pub(crate) discovered: Option<Discovered>,
    /// How the log fits it.
    pub(crate) own: Option<Replayed>,
    /// How the log fits the model that was given.
    pub(crate) reference: Option<Replayed>,
}

impl Judged {
    /// Mines what somebody wants, and replays the cases on that and on the model that was given.
    pub(crate) fn of(
        log: &EventLog,
        figures: &Figures,
        facts: &Facts,
        parameters: &Parameters,
        noise: f64,
        reference: Option<Net>,
    ) -> Self {
        let wanted = log.events() > 0 && wants_model(parameters);
        let tree = wanted.then(|| models::discover(log, figures, noise)).flatten();
        let discovered = tree.map(|tree| Discovered::of(tree, log));
        let replay = |net: &Net| models::replay(log, figures, facts, net);
        Self {
            own: discovered.as_ref().map(|discovered| replay(&discovered.net)),
            reference: reference.as_ref().filter(|_| log.events() > 0).map(replay),
            discovered,
        }
    }

    /// The warning that no model was mined, if one was wanted.
    pub(crate) fn too_many(&self, figures: &Figures, parameters: &Parameters) -> Option<Finding> {
        let activities = figures.flow.activity_count();
        let message = format!(
            "No model was mined: the log has {activities} activities, and at most {} make one that can be read; leave some out \
             with filters",
            models::MOST_ACTIVITIES
        );
        let none = wants_model(parameters) && self.discovered.is_none() && activities > 0;
        none.then(|| Finding::new("TooManyActivities", message, activities as u64))
    }

    /// Adds the figures to those of the log.
    pub(crate) fn add_to(&self, document: &mut Value, log: &EventLog, noise: f64) {
        if let (Some(discovered), Some(own)) = (&self.discovered, &self.own) {
            let net = &discovered.net;
            document["discovered_model"] = json!({
                "miner": "inductive miner, infrequent",
                "noise_threshold": noise,
                "process_tree": discovered.text(log),
                "places": net.places,
                "transitions": net.transitions.len(),
                "silent_transitions": net.silent(),
                "arcs": net.arcs(),
                "simplicity": net.simplicity(),
                "conformance": own.document(log),
            });
        }
        if let Some(reference) = &self.reference {
            document["reference_model"] = reference.document(log);
        }
    }
}

fn wants_model(parameters: &Parameters) -> bool {
    parameters.exports(Export::PetriNet) || parameters.exports(Export::Bpmn)
}
