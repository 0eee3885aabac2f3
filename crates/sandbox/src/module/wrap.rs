//! Core modules become components: one way to run things.

use super::redirect::Redirected;
use super::{adapter, room};
use std::borrow::Cow;
use std::panic::catch_unwind;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER as ADAPTER,
};
use wasmparser::{BinaryReaderError, ExternalKind, Parser, Payload};
use wit_component::ComponentEncoder;

/// How the names of sections begin in which tools describe a world.
const WORLD: &str = "component-type";

/// What [`adapter`] has, which comes from it.
const OURS: Redirected = Redirected { module: adapter::NAME, functions: &adapter::FUNCTIONS };

/// `bytes` themselves when they are a component; a command of WASI preview 1 in its wrapping otherwise. The error says why
/// it is no such command.
///
/// A core module is to be valid already. What tools wrote into it about worlds is left out: only the preview 1 imports
/// count.
pub(crate) fn component(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if !Parser::is_core_wasm(bytes) {
        return Ok(bytes.into());
    }
    if !exports_memory(bytes).map_err(|error| error.to_string())? {
        return Err("it exports no memory `memory`".into());
    }
    let core = OURS.apply(bytes, |name| name.starts_with(WORLD)).map_err(|error| error.to_string())?;
    let roomy = room::made_in(&core).map_err(|error| error.to_string())?;
    let core = roomy.unwrap_or(core);
    // The encoder is made for what compilers emit, and does not expect that somebody means harm.
    let encoded = catch_unwind(|| encode(&core));
    encoded.unwrap_or_else(|_| Err("it is not put together like a command".into())).map(Cow::Owned)
}

fn encode(core: &[u8]) -> Result<Vec<u8>, String> {
    let encode = || {
        let encoder = ComponentEncoder::default().validate(false).module(core)?;
        encoder.adapter(NAME, ADAPTER)?.adapter(adapter::NAME, &adapter::ADAPTER)?.encode()
    };
    encode().map_err(|error| format!("{error:#}"))
}

fn exports_memory(bytes: &[u8]) -> Result<bool, BinaryReaderError> {
    for payload in Parser::new(0).parse_all(bytes) {
        if let Payload::ExportSection(section) = payload? {
            for export in section {
                let export = export?;
                if export.kind == ExternalKind::Memory && export.name == "memory" {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}
