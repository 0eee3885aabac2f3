//! `wasi:http`: wasmtime's interface, with a limit on what a guest says of requests that it never sends.

use crate::cell::Cell;
use crate::cell::requests::Http;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::types::{HostOutgoingRequest, Method, OutgoingRequest};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

/// Bytes of a method, an authority, and a path with its query. The interface as it comes keeps any text for each request.
const MAX_METHOD: usize = 64;
const MAX_AUTHORITY: usize = 512;
const MAX_PATH: usize = 8 << 10;

/// What wasmtime's bindings call the interface.
const TYPES: &str = "wasi:http/types@0.2.12";

/// The interface, without the functions that would keep texts of any length.
pub(crate) fn add_to_linker(linker: &mut Linker<Cell>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    let mut types = linker.instance(TYPES)?;
    types.func_wrap("[method]outgoing-request.set-method", set_method)?;
    types.func_wrap("[method]outgoing-request.set-authority", set_authority)?;
    types.func_wrap("[method]outgoing-request.set-path-with-query", set_path)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// What a setter answers: whether it took the value.
type Taken = wasmtime::Result<(Result<(), ()>,)>;

type OptionalText = (Resource<OutgoingRequest>, Option<String>);

fn set_method(
    mut store: StoreContextMut<'_, Cell>,
    (request, method): (Resource<OutgoingRequest>, Method),
) -> Taken {
    match &method {
        Method::Other(name) if name.len() > MAX_METHOD => Ok((Err(()),)),
        _ => Ok((store.data_mut().http().set_method(request, method)?,)),
    }
}

fn set_authority(mut store: StoreContextMut<'_, Cell>, (request, text): OptionalText) -> Taken {
    match &text {
        Some(text) if text.len() > MAX_AUTHORITY => Ok((Err(()),)),
        _ => Ok((store.data_mut().http().set_authority(request, text)?,)),
    }
}

fn set_path(mut store: StoreContextMut<'_, Cell>, (request, text): OptionalText) -> Taken {
    match &text {
        Some(text) if text.len() > MAX_PATH => Ok((Err(()),)),
        _ => Ok((store.data_mut().http().set_path_with_query(request, text)?,)),
    }
}

impl WasiHttpView for Cell {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let http = self.http.take().unwrap_or_else(|| {
            Http::new(self.host.clone(), self.memory.clone(), self.deterministic_seed.is_some())
        });
        self.http.insert(http).view(&mut self.table)
    }
}
