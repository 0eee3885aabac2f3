//! The tests of Analysis as a whole. One program has them all: each program of its own is linked with all that the job needs.

mod causes;
mod job;
