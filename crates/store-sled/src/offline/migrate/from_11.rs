//! Layout 11: nobody was told of the ends of jobs. There is nothing to tell of those that had ended.

use super::step::Step;

pub(super) const STEP: Step = Step { record: |record| Ok(Some(record)), gather: &[] };
