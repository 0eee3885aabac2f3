;; What the interpreter imports that WASI does not have, and what a job exports that the interpreter does not.
;;
;; It is an adapter: it lives in the interpreter's memory, has no data of its own, and takes room with the interpreter's own
;; allocator. What the bridge returns lies in memory as what the job returns has to lie there, so that both only pass it on.
(module
  (import "__main_module__" "run" (func $interpret (result i32)))
  (import "__main_module__" "host_alloc" (func $allocate (param i32) (result i32)))
  (import "fuelcell:science/bridge@0.1.0" "call" (func $bridge_call (param i32 i32 i32)))
  (import "fuelcell:science/bridge@0.1.0" "outcome" (func $bridge_outcome (param i32)))
  (import "fuelcell:science/bridge@0.1.0" "description" (func $bridge_description (param i32)))
  (import "env" "memory" (memory 0))

  ;; Room for what a call returns: 64 bytes, which no answer exceeds.
  (global $answer (mut i32) (i32.const 0))
  (func $room (result i32)
    (if (i32.eqz (global.get $answer))
      (then (global.set $answer (call $allocate (i32.const 64)))))
    (global.get $answer))

  (func (export "cabi_import_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $room i32)
    (if (local.get $old) (then (unreachable)))
    (local.set $room (call $allocate (local.get $size)))
    (if (i32.eqz (local.get $room)) (then (unreachable)))
    (local.get $room))

  ;; The interpreter's door: a frame goes out, and what comes back is the interpreter's to free.
  (func (export "call") (param $frame i32) (param $size i32) (param $answer_at i32) (param $size_at i32) (result i32)
    (local $room i32)
    (local.set $room (call $room))
    (call $bridge_call (local.get $frame) (local.get $size) (local.get $room))
    (i32.store (local.get $answer_at) (i32.load (local.get $room)))
    (i32.store (local.get $size_at) (i32.load offset=4 (local.get $room)))
    (i32.const 0))

  (func (export "run") (result i32)
    (drop (call $interpret))
    (call $bridge_outcome (call $room))
    (call $room))

  (func (export "describe") (result i32)
    (call $bridge_description (call $room))
    (call $room))

  ;; The command line: `python /engine/main.py`, of 7 and 16 bytes with their ends. There is no environment.
  (func (export "args_sizes_get") (param $count_at i32) (param $size_at i32) (result i32)
    (i32.store (local.get $count_at) (i32.const 2))
    (i32.store (local.get $size_at) (i32.const 23))
    (i32.const 0))
  (func (export "args_get") (param $pointers i32) (param $buffer i32) (result i32)
    (i32.store (local.get $pointers) (local.get $buffer))
    (i32.store offset=4 (local.get $pointers) (i32.add (local.get $buffer) (i32.const 7)))
    ;; "python\0", and "/" of what follows
    (i64.store (local.get $buffer) (i64.const 0x2f006e6f68747970))
    ;; "engine/m"
    (i64.store offset=8 (local.get $buffer) (i64.const 0x6d2f656e69676e65))
    ;; "ain.", "py", "\0"
    (i32.store offset=16 (local.get $buffer) (i32.const 0x2e6e6961))
    (i32.store16 offset=20 (local.get $buffer) (i32.const 0x7970))
    (i32.store8 offset=22 (local.get $buffer) (i32.const 0))
    (i32.const 0))
  (func (export "environ_sizes_get") (param $count_at i32) (param $size_at i32) (result i32)
    (i32.store (local.get $count_at) (i32.const 0))
    (i32.store (local.get $size_at) (i32.const 0))
    (i32.const 0))
  (func (export "environ_get") (param i32 i32) (result i32)
    (i32.const 0)))
