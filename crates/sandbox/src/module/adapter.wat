;; Some functions of WASI preview 1, made of calls that carry numbers only.
;;
;; The adapter of wasmtime keeps its state in a page by which it grows the program's memory, at the first call. Allocators
;; that take all memory which is there when they begin take that page too, if arguments or environment were asked for
;; before. And it tells its host of an exit code only whether it is 0.
(module
  (import "fuelcell:preview1/program@0.1.0" "count" (func $count (param i32) (result i32)))
  (import "fuelcell:preview1/program@0.1.0" "size" (func $size (param i32) (result i32)))
  (import "fuelcell:preview1/program@0.1.0" "eight" (func $eight (param i32 i32) (result i64)))
  (import "fuelcell:preview1/program@0.1.0" "exit" (func $exit (param i32)))
  (import "env" "memory" (memory 0))

  (func $sizes (param $texts i32) (param $count_at i32) (param $size_at i32) (result i32)
    (i32.store (local.get $count_at) (call $count (local.get $texts)))
    (i32.store (local.get $size_at) (call $size (local.get $texts)))
    (i32.const 0))

  ;; A pointer to each text goes to $pointers, the texts go to $buffer, which the program sees at $seen.
  (func $get (param $texts i32) (param $pointers i32) (param $buffer i32) (param $seen i32) (result i32)
    (local $size i32) (local $at i32) (local $bytes i64) (local $begins i32)
    (local.set $size (call $size (local.get $texts)))
    (local.set $begins (i32.const 1))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $size)))
        (if (i32.eqz (i32.and (local.get $at) (i32.const 7)))
          (then (local.set $bytes (call $eight (local.get $texts) (local.get $at)))))
        (if (local.get $begins)
          (then
            (i32.store (local.get $pointers) (i32.add (local.get $seen) (local.get $at)))
            (local.set $pointers (i32.add (local.get $pointers) (i32.const 4)))))
        (i64.store8 (i32.add (local.get $buffer) (local.get $at)) (local.get $bytes))
        (local.set $begins (i64.eqz (i64.and (local.get $bytes) (i64.const 0xff))))
        (local.set $bytes (i64.shr_u (local.get $bytes) (i64.const 8)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  (func (export "args_sizes_get") (param i32 i32) (result i32)
    (call $sizes (i32.const 0) (local.get 0) (local.get 1)))
  (func (export "args_get") (param i32 i32) (result i32)
    (call $get (i32.const 0) (local.get 0) (local.get 1) (local.get 1)))
  (func (export "args_get_seen") (param i32 i32 i32) (result i32)
    (call $get (i32.const 0) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "environ_sizes_get") (param i32 i32) (result i32)
    (call $sizes (i32.const 1) (local.get 0) (local.get 1)))
  (func (export "environ_get") (param i32 i32) (result i32)
    (call $get (i32.const 1) (local.get 0) (local.get 1) (local.get 1)))
  (func (export "environ_get_seen") (param i32 i32 i32) (result i32)
    (call $get (i32.const 1) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "proc_exit") (param i32)
    (call $exit (local.get 0))
    (unreachable)))
