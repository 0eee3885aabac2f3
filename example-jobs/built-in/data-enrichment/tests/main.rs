//! The tests of DataEnrichment as a whole. One program has them all: each program of its own is linked with all that the job needs.

mod files;
mod messy;
mod shared;
mod steps;
