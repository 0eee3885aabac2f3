//! What the adapter of wasmtime does not do for programs of WASI preview 1: a second adapter for a few functions.
//! `adapter.wat` says why.

use std::sync::LazyLock;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What modules import these functions from when they are wrapped.
pub(crate) const NAME: &str = "fuelcell_preview1";

/// The functions that the adapter of ours has.
pub(crate) const FUNCTIONS: [&str; 5] =
    ["args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "proc_exit"];

const WIT: &str = include_str!("adapter.wit");
const WAT: &str = include_str!("adapter.wat");

/// The adapter, with what `wit-component` wants to know of its imports.
pub(crate) static ADAPTER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("adapter.wit", WIT).expect("the WIT of this crate is valid");
    let world = resolve.select_world(&[package], None).expect("the WIT of this crate has one world");
    let mut adapter = wat::parse_str(WAT).expect("the text of this crate's adapter is valid");
    embed_component_metadata(&mut adapter, &resolve, world, StringEncoding::UTF8)
        .expect("a world of one interface can be encoded");
    adapter
});
