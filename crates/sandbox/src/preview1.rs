//! What the adapter of wasmtime does not do for programs of WASI preview 1: a second adapter for a few functions, and the
//! host's side of it. `preview1.wat` says why.

use crate::cell::Cell;
use std::sync::LazyLock;
use wasmtime::component::{ComponentType, Lift, Linker, Lower};
use wasmtime_wasi::I32Exit;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What modules import these functions from when they are wrapped.
pub(crate) const NAME: &str = "fuelcell_preview1";

/// The functions that the adapter of ours has.
pub(crate) const FUNCTIONS: [&str; 5] =
    ["args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "proc_exit"];

/// The interface between the adapter and its host.
const INTERFACE: &str = "fuelcell:preview1/program@0.1.0";

const WIT: &str = include_str!("preview1.wit");
const WAT: &str = include_str!("preview1.wat");

/// The adapter, with what `wit-component` wants to know of its imports.
pub(crate) static ADAPTER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("preview1.wit", WIT).expect("the WIT of this crate is valid");
    let world = resolve.select_world(&[package], None).expect("the WIT of this crate has one world");
    let mut adapter = wat::parse_str(WAT).expect("the text of this crate's adapter is valid");
    embed_component_metadata(&mut adapter, &resolve, world, StringEncoding::UTF8)
        .expect("a world of one interface can be encoded");
    adapter
});

/// The two lists of texts that a program finds.
#[allow(dead_code, reason = "the engine makes them of what a program says")]
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
enum Texts {
    #[component(name = "arguments")]
    Arguments,
    #[component(name = "environment")]
    Environment,
}

/// Texts as the bytes that a program finds.
pub(crate) struct List {
    count: u32,
    bytes: Vec<u8>,
}

impl List {
    /// A text ends where a NUL is.
    fn of(texts: Vec<String>) -> Self {
        let mut bytes = Vec::new();
        for text in &texts {
            bytes.extend(text.bytes().take_while(|byte| *byte != 0));
            bytes.push(0);
        }
        // Texts have less than 4 GiB together: parameters are bounded.
        Self { count: u32::try_from(texts.len()).unwrap_or(u32::MAX), bytes }
    }

    fn size(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    fn eight(&self, offset: u32) -> u64 {
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        u64::from_le_bytes(std::array::from_fn(|index| rest.get(index).copied().unwrap_or_default()))
    }
}

/// A cell keeps its lists once they were asked for.
fn list(cell: &mut Cell, texts: Texts) -> &List {
    let (made, texts) = match texts {
        Texts::Arguments => (cell.texts[0].take().unwrap_or_else(|| List::of(cell.arguments())), 0),
        Texts::Environment => (cell.texts[1].take().unwrap_or_else(|| List::of(cell.environment())), 1),
    };
    cell.texts[texts].insert(made)
}

/// Adds the host's side.
pub(crate) fn add_to_linker(linker: &mut Linker<Cell>) -> wasmtime::Result<()> {
    let mut program = linker.instance(INTERFACE)?;
    program.func_wrap("count", |mut store, (texts,): (Texts,)| Ok((list(store.data_mut(), texts).count,)))?;
    program.func_wrap("size", |mut store, (texts,): (Texts,)| Ok((list(store.data_mut(), texts).size(),)))?;
    program.func_wrap("eight", |mut store, (texts, offset): (Texts, u32)| {
        Ok((list(store.data_mut(), texts).eight(offset),))
    })?;
    program.func_wrap("exit", |_, (code,): (u32,)| {
        Err::<(), _>(wasmtime::Error::new(I32Exit(code.cast_signed())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_lie_one_after_another_and_end_with_a_nul() {
        let list = List::of(vec!["job".into(), String::new(), "a\0b".into()]);
        assert_eq!((list.count, list.size()), (3, 7));
        assert_eq!(list.bytes, b"job\0\0a\0");
        assert_eq!(list.eight(0).to_le_bytes(), *b"job\0\0a\0\0");
        assert_eq!(list.eight(5).to_le_bytes(), *b"a\0\0\0\0\0\0\0");
        assert_eq!((list.eight(7), list.eight(u32::MAX)), (0, 0));
    }
}
