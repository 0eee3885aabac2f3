//! What our adapter for programs of WASI preview 1 asks of its host: arguments and environment as bytes, and an exit with
//! its code.

use crate::cell::Cell;
use crate::cell::texts::List;
use wasmtime::component::{ComponentType, Lift, Linker, Lower};
use wasmtime_wasi::I32Exit;

/// The interface between the adapter and its host.
const INTERFACE: &str = "fuelcell:preview1/program@0.1.0";

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
