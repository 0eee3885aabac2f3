//! The embedded store: sled and content-addressed files.
