//! What a rule says when it is broken.

/// A broken rule, in one sentence that names the place.
pub(super) type Violation = String;
