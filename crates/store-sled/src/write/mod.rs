//! One write's way: the committer, its overlay, its barrier, its mark.

pub(crate) mod barrier;
pub(crate) mod committer;
pub(crate) mod high_water;
pub(crate) mod journal;
pub(crate) mod overlay;
pub(crate) mod recent;
pub(crate) mod shared;
