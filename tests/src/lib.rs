//! Tests at the level where a user would notice.
