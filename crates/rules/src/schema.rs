//! One schema, ready to be used.

use crate::cost::{self, Cost, Size};
use crate::faults::{ParameterFault, explained};
use crate::patterns;
use fuelcell_domain::limits::SCHEMA;
use jsonschema::Validator;
use jsonschema::error::{ValidationError, ValidationErrorKind};
use serde_json::Value;

/// Faults that a refusal lists, and the bytes of a message on a schema.
const MAX_FAULTS: usize = 20;
const MAX_MESSAGE: usize = 300;

/// Steps of a look at a part of the schema; one at a state of a pattern is one step. A step takes some nanoseconds.
const STEPS_OF_A_LOOK: u64 = 4;

/// What a value takes beside its text, in bytes.
const VALUE_BYTES: u64 = 64;

/// What an object of a schema takes when it is compiled, in bytes.
const OBJECT_BYTES: u64 = 1024;

/// How much of the parameters is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of them.
    Whole,
    /// Some: what is missing comes later.
    Part,
}

/// Why a document was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not as the schema says.
    Faults(Vec<ParameterFault>),
    /// Checking it would take more steps than are taken.
    TooMuch(String),
}

/// A compiled schema.
pub struct Schema {
    validator: Validator,
    source: Value,
    cost: Cost,
    bytes: u64,
}

impl Schema {
    /// Compiles a schema that is within the bounds of [`SCHEMA`]. Takes up to some hundred milliseconds.
    ///
    /// # Errors
    /// What is wrong with the schema, or which bound it is beyond.
    pub fn compile(schema: &Value) -> Result<Self, String> {
        let (cost, program_bytes) = cost::of(schema)?;
        let options = jsonschema::options().offline().with_pattern_options(patterns::options());
        let validator = options.build(schema).map_err(|error| unusable(&error))?;
        let text = schema.to_string().len() as u64;
        let bytes = program_bytes as u64 + cost.objects * OBJECT_BYTES + 4 * text;
        Ok(Self { validator, source: schema.clone(), cost, bytes })
    }

    /// About the bytes of memory that it takes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The most steps that checking `document` takes.
    pub fn steps(&self, document: &Value) -> u64 {
        self.steps_for(Size::of(document))
    }

    fn steps_for(&self, size: Size) -> u64 {
        let looks = self.cost.faults.parts.saturating_mul(size.values).saturating_mul(STEPS_OF_A_LOOK);
        let steps = looks.saturating_add(self.cost.faults.states.saturating_mul(size.text));
        match self.cost.unevaluated {
            true => steps.saturating_mul(size.widest.max(1)),
            false => steps,
        }
    }

    /// Checks a document.
    ///
    /// # Errors
    /// What is wrong with it, or that checking it would take too long.
    pub fn check(&self, document: &Value, extent: Extent) -> Result<(), Refusal> {
        let size = Size::of(document);
        let steps = self.steps_for(size);
        if steps > SCHEMA.steps {
            return Err(Refusal::TooMuch(format!(
                "checking {} values and {} bytes of text against the module's schema ({} parts, patterns of {} states) can \
                 take {steps} steps; at most {} are taken: send less, or use a dataset",
                size.values, size.text, self.cost.faults.parts, self.cost.faults.states, SCHEMA.steps
            )));
        }
        let faults = self.faults(document, extent, size);
        if faults.is_empty() { Ok(()) } else { Err(Refusal::Faults(faults)) }
    }

    /// The faults, as far as they can be gathered in a bounded amount of memory.
    fn faults(&self, document: &Value, extent: Extent, size: Size) -> Vec<ParameterFault> {
        let bytes = size.values.saturating_mul(VALUE_BYTES).saturating_add(size.text);
        let copied = self.cost.alternatives.saturating_mul(bytes) <= SCHEMA.copied_bytes;
        let gathered = |parts: u64| copied && parts.saturating_mul(size.values) <= SCHEMA.gathered;
        let counts = |error: &ValidationError<'_>| extent == Extent::Whole || !may_be_completed(error);
        if gathered(self.cost.faults.parts) {
            let errors = self.validator.iter_errors(document).filter(counts);
            return explained(errors.take(MAX_FAULTS), &self.source).0;
        }
        if self.validator.is_valid(document) {
            return Vec::new();
        }
        if gathered(self.cost.alternatives) {
            let first = self.validator.validate(document).err();
            return explained(first.filter(counts).into_iter(), &self.source).0;
        }
        // Of parameters that are not all there, nobody can say then whether they can still become right.
        if extent == Extent::Part {
            return Vec::new();
        }
        vec![ParameterFault {
            pointer: String::new(),
            message: "they do not fit the schema; they are too many to say where".into(),
        }]
    }
}

/// Whether the fault can be gone when further parameters are added beside these.
fn may_be_completed(error: &ValidationError<'_>) -> bool {
    let lasting = matches!(
        error.kind(),
        ValidationErrorKind::AdditionalProperties { .. } | ValidationErrorKind::PropertyNames { .. }
    );
    error.instance_path().as_str().is_empty() && !lasting
}

/// What is wrong with a schema, for its author.
fn unusable(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().as_str();
    clipped(if place.is_empty() { error.to_string() } else { format!("{place}: {error}") })
}

fn clipped(mut message: String) -> String {
    if message.len() > MAX_MESSAGE {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE));
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests;
