//! The tests of ProcessMining as a whole. One program has them all: each program of its own is linked with all that the job needs.

mod attributes;
mod cells;
mod classifier;
mod clocks;
mod comparison;
mod conformance;
mod filters;
mod instances;
mod job;
mod map;
mod model;
mod models;
mod objects;
mod planted;
mod statements;
mod work;
