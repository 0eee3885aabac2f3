//! WAT for plain programs: core modules of WASI preview 1 that look at their directories.

/// The preview 1 functions that programs here call, with their types.
pub(crate) const FUNCTIONS: [(&str, &str); 45] = [
    ("args_get", "i32 i32"),
    ("args_sizes_get", "i32 i32"),
    ("environ_get", "i32 i32"),
    ("environ_sizes_get", "i32 i32"),
    ("clock_res_get", "i32 i32"),
    ("clock_time_get", "i32 i64 i32"),
    ("fd_advise", "i32 i64 i64 i32"),
    ("fd_allocate", "i32 i64 i64"),
    ("fd_close", "i32"),
    ("fd_datasync", "i32"),
    ("fd_fdstat_get", "i32 i32"),
    ("fd_fdstat_set_flags", "i32 i32"),
    ("fd_fdstat_set_rights", "i32 i64 i64"),
    ("fd_filestat_get", "i32 i32"),
    ("fd_filestat_set_size", "i32 i64"),
    ("fd_filestat_set_times", "i32 i64 i64 i32"),
    ("fd_pread", "i32 i32 i32 i64 i32"),
    ("fd_prestat_get", "i32 i32"),
    ("fd_prestat_dir_name", "i32 i32 i32"),
    ("fd_pwrite", "i32 i32 i32 i64 i32"),
    ("fd_read", "i32 i32 i32 i32"),
    ("fd_readdir", "i32 i32 i32 i64 i32"),
    ("fd_renumber", "i32 i32"),
    ("fd_seek", "i32 i64 i32 i32"),
    ("fd_sync", "i32"),
    ("fd_tell", "i32 i32"),
    ("fd_write", "i32 i32 i32 i32"),
    ("path_create_directory", "i32 i32 i32"),
    ("path_filestat_get", "i32 i32 i32 i32 i32"),
    ("path_filestat_set_times", "i32 i32 i32 i32 i64 i64 i32"),
    ("path_link", "i32 i32 i32 i32 i32 i32 i32"),
    ("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32"),
    ("path_readlink", "i32 i32 i32 i32 i32 i32"),
    ("path_remove_directory", "i32 i32 i32"),
    ("path_rename", "i32 i32 i32 i32 i32 i32"),
    ("path_symlink", "i32 i32 i32 i32 i32"),
    ("path_unlink_file", "i32 i32 i32"),
    ("poll_oneoff", "i32 i32 i32 i32"),
    ("proc_raise", "i32"),
    ("random_get", "i32 i32"),
    ("sched_yield", ""),
    ("sock_accept", "i32 i32 i32"),
    ("sock_recv", "i32 i32 i32 i32 i32 i32"),
    ("sock_send", "i32 i32 i32 i32 i32"),
    ("sock_shutdown", "i32 i32"),
];

/// Errors of preview 1, by number.
pub(crate) const BADF: i32 = 8;
pub(crate) const DQUOT: i32 = 19;
pub(crate) const EXIST: i32 = 20;
pub(crate) const INVAL: i32 = 28;
pub(crate) const PERM: i32 = 63;

/// A program that does `body`. Descriptor 3 is `/in`, 4 is `/out`. `data` texts lie at the addresses given; 0 to 64 and
/// from 4096 on memory is free. Helpers: `$create` path → descriptor (open for reading and writing, traps when it cannot),
/// `$put` descriptor, address, length → error; `$expect` error, error: traps when they differ; `$say` address, length.
pub(crate) fn program(data: &[(u32, &str)], body: &str) -> Vec<u8> {
    program_with(data, "", body)
}

/// The same with more functions, globals, tables in `items`.
pub(crate) fn program_with(data: &[(u32, &str)], items: &str, body: &str) -> Vec<u8> {
    let import = |(name, parameters): (&str, &str)| {
        format!(
            r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {parameters}) (result i32)))"#
        )
    };
    let used =
        |name: &str| name == "path_open" || name == "fd_write" || body.contains(name) || items.contains(name);
    let imports: String = FUNCTIONS.into_iter().filter(|(name, _)| used(name)).map(import).collect();
    let data: String =
        data.iter().map(|(address, text)| format!(r#"(data (i32.const {address}) "{text}")"#)).collect();
    let text = format!(
        r#"(module
        {imports}
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 2)
        {data}
        (func $expect (param i32 i32)
            (if (i32.ne (local.get 0) (local.get 1)) (then
                ;; The two errors, for whoever looks at the trap.
                (drop (i32.div_u (local.get 0) (i32.const 0))))))
        (func $open (param $directory i32) (param $path i32) (param $length i32) (param $flags i32) (result i32)
            (call $path_open (local.get $directory) (i32.const 1) (local.get $path) (local.get $length)
                (local.get $flags) (i64.const 0x42) (i64.const 0) (i32.const 0) (i32.const 0)))
        (func $create (param $path i32) (param $length i32) (result i32)
            (call $expect (call $open (i32.const 4) (local.get $path) (local.get $length) (i32.const 1)) (i32.const 0))
            (i32.load (i32.const 0)))
        (func $put (param $file i32) (param $address i32) (param $length i32) (result i32)
            (i32.store (i32.const 8) (local.get $address))
            (i32.store (i32.const 12) (local.get $length))
            (call $fd_write (local.get $file) (i32.const 8) (i32.const 1) (i32.const 16)))
        (func $say (param $address i32) (param $length i32)
            (drop (call $put (i32.const 1) (local.get $address) (local.get $length))))
        {items}
        (func (export "_start") {body}))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Core code that opens `path` (address, length) below `directory` and expects `error`.
pub(crate) fn open_fails(directory: u32, address: u32, length: usize, flags: u32, error: i32) -> String {
    format!(
        "(call $expect (call $open (i32.const {directory}) (i32.const {address}) (i32.const {length}) \
         (i32.const {flags})) (i32.const {error}))"
    )
}
