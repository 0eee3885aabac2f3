//! What a guest can import, in two forms that belong together: the list that uploads are checked against, and the
//! linker that runs use.

use super::bindings::Job;
use super::{http, preview1, random};
use crate::cell::Cell;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::p2::{add_to_linker_proxy_interfaces_async, bindings as wasi};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView};

/// The interfaces that exist for guests, with the series of versions that is compatible with what runs here.
const AVAILABLE: [(&str, &str, &[&str]); 9] = [
    (
        "fuelcell:job",
        "0.1",
        &[
            "types",
            "parameters",
            "inputs",
            "progress",
            "log",
            "cancel",
            "reporting",
            "artifacts",
            "checkpoint",
            "processed",
            "secrets",
            "usage",
        ],
    ),
    // What the wrapping of preview 1 programs asks for.
    ("fuelcell:preview1", "0.1", &["program"]),
    (
        "wasi:cli",
        "0.2",
        &[
            "environment",
            "exit",
            "stderr",
            "stdin",
            "stdout",
            "terminal-input",
            "terminal-output",
            "terminal-stderr",
            "terminal-stdin",
            "terminal-stdout",
        ],
    ),
    ("wasi:clocks", "0.2", &["monotonic-clock", "wall-clock"]),
    ("wasi:filesystem", "0.2", &["preopens", "types"]),
    // Linked for all; what may be sent is a matter of what the module is granted.
    ("wasi:http", "0.2", &["outgoing-handler", "types"]),
    ("wasi:io", "0.2", &["error", "poll", "streams"]),
    ("wasi:random", "0.2", &["insecure", "insecure-seed", "random"]),
    // Interpreters import them whatever a script does. They refuse everything: see the context in `wasi.rs`.
    (
        "wasi:sockets",
        "0.2",
        &[
            "instance-network",
            "ip-name-lookup",
            "network",
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
        ],
    ),
];

/// Whether a job may import `name` (`package:name/interface@version`).
pub(crate) fn is_allowed(name: &str) -> bool {
    split(name).is_some_and(|(package, interface, version)| {
        AVAILABLE.iter().any(|(available, series, interfaces)| {
            *available == package && interfaces.contains(&interface) && is_release_of(series, version)
        })
    })
}

/// Whether `name` is the export that makes a component a plain program.
pub(crate) fn is_command(name: &str) -> bool {
    split(name).is_some_and(|(package, interface, version)| {
        (package, interface) == ("wasi:cli", "run") && is_release_of("0.2", version)
    })
}

/// Package, interface and version.
fn split(name: &str) -> Option<(&str, &str, &str)> {
    let (path, version) = name.split_once('@')?;
    let (package, interface) = path.split_once('/')?;
    Some((package, interface, version))
}

/// Whether `version` is `series` with one number after it: no pre-releases, no other series.
fn is_release_of(series: &str, version: &str) -> bool {
    let patch = version.strip_prefix(series).and_then(|rest| rest.strip_prefix('.'));
    patch.is_some_and(|patch| {
        (1..=9).contains(&patch.len()) && patch.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Everything that the list allows, and nothing else: what is not here cannot be reached.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Cell>> {
    let mut linker = Linker::new(engine);
    Job::add_to_linker::<_, HasSelf<Cell>>(&mut linker, |cell| cell)?;
    // wasi:io, the clocks and the standard streams; also wasi:random/random, in whose place comes ours.
    add_to_linker_proxy_interfaces_async(&mut linker)?;
    random::add_to_linker(&mut linker)?;
    http::add_to_linker(&mut linker)?;
    preview1::add_to_linker(&mut linker)?;
    // Files are ours: those of wasmtime-wasi are the host's, and know no quota.
    wasi::filesystem::preopens::add_to_linker::<Cell, HasSelf<Cell>>(&mut linker, |cell| cell)?;
    wasi::filesystem::types::add_to_linker::<Cell, HasSelf<Cell>>(&mut linker, |cell| cell)?;
    wasi::cli::environment::add_to_linker::<Cell, WasiCli>(&mut linker, Cell::cli)?;
    wasi::cli::exit::add_to_linker::<Cell, HasSelf<Cell>>(&mut linker, |cell| cell)?;
    wasi::cli::terminal_input::add_to_linker::<Cell, WasiCli>(&mut linker, Cell::cli)?;
    wasi::cli::terminal_output::add_to_linker::<Cell, WasiCli>(&mut linker, Cell::cli)?;
    wasi::cli::terminal_stdin::add_to_linker::<Cell, WasiCli>(&mut linker, Cell::cli)?;
    wasi::cli::terminal_stdout::add_to_linker::<Cell, WasiCli>(&mut linker, Cell::cli)?;
    wasi::cli::terminal_stderr::add_to_linker::<Cell, WasiCli>(&mut linker, Cell::cli)?;
    add_sockets_to_linker(&mut linker)?;
    Ok(linker)
}

fn add_sockets_to_linker(linker: &mut Linker<Cell>) -> wasmtime::Result<()> {
    use wasi::sockets;
    let options = sockets::network::LinkOptions::default();
    sockets::instance_network::add_to_linker::<Cell, WasiSockets>(linker, Cell::sockets)?;
    sockets::ip_name_lookup::add_to_linker::<Cell, WasiSockets>(linker, Cell::sockets)?;
    sockets::network::add_to_linker::<Cell, WasiSockets>(linker, &options, Cell::sockets)?;
    sockets::tcp::add_to_linker::<Cell, WasiSockets>(linker, Cell::sockets)?;
    sockets::tcp_create_socket::add_to_linker::<Cell, WasiSockets>(linker, Cell::sockets)?;
    sockets::udp::add_to_linker::<Cell, WasiSockets>(linker, Cell::sockets)?;
    sockets::udp_create_socket::add_to_linker::<Cell, WasiSockets>(linker, Cell::sockets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_job_interface_and_harmless_wasi_are_allowed() {
        for name in [
            "fuelcell:job/progress@0.1.0",
            "fuelcell:job/log@0.1.12",
            "fuelcell:job/secrets@0.1.1",
            "fuelcell:job/usage@0.1.2",
            "wasi:cli/environment@0.2.3",
            "wasi:random/insecure-seed@0.2.12",
            "wasi:http/outgoing-handler@0.2.3",
            "wasi:http/types@0.2.12",
            "wasi:sockets/tcp@0.2.9",
        ] {
            assert!(is_allowed(name), "{name}");
        }
    }

    #[test]
    fn everything_else_is_denied() {
        for name in [
            "",
            "run",
            "fuelcell:job/progress",
            "fuelcell:job/vault@0.1.0",
            "fuelcell:job/progress@0.2.0",
            "fuelcell:job/progress@0.1.0-rc",
            "fuelcell:job/progress@0.1.0000000000",
            "fuelcell:jobs/progress@0.1.0",
            "wasi:sockets/raw@0.2.0",
            "wasi:sockets/tcp@0.3.0",
            "wasi:http/incoming-handler@0.2.0",
            "wasi:http/outgoing-handler@0.3.0",
            "wasi:cli/environment@0.3.0",
            "wasi:keyvalue/store@0.2.0",
        ] {
            assert!(!is_allowed(name), "{name}");
        }
    }
}
