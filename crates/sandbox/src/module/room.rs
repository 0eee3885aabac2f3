//! Room for the adapter of WASI preview 1 at the beginning of a program's memory.
//!
//! The adapter keeps its state and its stack in the memory of the program, and grows that memory to get them. A program whose
//! allocator takes all memory behind its data for its own, as Go's does, then writes over them. So the whole program moves up
//! by [`PAGES`] pages, of which it knows nothing: its loads and stores get a larger offset, its data moves, and what it asks
//! about its memory's size is answered without these pages. Pointers that it passes to WASI are moved by functions that are
//! put between.
//!
//! Code gets other offsets by that, so that a module with DWARF, whose tables say which line each offset is, stays as it is.

use super::adapter;
use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as WASI;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection,
    ImportSection, Instruction, InstructionSink, MemArg, MemoryType, Module, TypeSection, ValType,
};
use wasmparser::{
    Data, DataKind, FunctionBody, Import, Imports, MemoryType as GivenMemory, Operator, Parser, Payload,
    TypeRef,
};

/// Pages that a program does not see: one for what this module keeps, one each for the adapter's state and its stack.
const PAGES: u32 = 3;
const PAGE: u32 = 1 << 16;
const BYTES: u32 = PAGES * PAGE;
/// Pages of a memory, at most.
const MOST_PAGES: u64 = 1 << 16;

/// Where it is written how many bytes of the room were given away.
const GIVEN: u64 = 0;
/// Where the buffers of one call lie, moved: pairs of address and length.
const BUFFERS: u32 = 1024;
/// How many there may be. Reading and writing less than was asked for is allowed.
const MOST_BUFFERS: u32 = 1024;

/// By which name the adapter gets memory of a program.
const REALLOC: &str = "cabi_realloc";

/// What is wrong with a module that cannot be moved. It stays as it is.
#[derive(Debug)]
pub(super) struct TooHigh;

/// Which parameters of a function are addresses.
struct Pointers {
    /// Plain ones.
    plain: &'static [u32],
    /// One of a list of buffers, whose number follows it.
    buffers: Option<u32>,
}

impl Pointers {
    fn fit(&self, parameters: u32) -> bool {
        let last = self.plain.iter().copied().chain(self.buffers.map(|buffers| buffers + 1)).max();
        last.is_some_and(|last| last < parameters)
    }
}

/// The function that is told, too, where a program sees the texts whose addresses it writes.
fn seen(import: &Import<'_>) -> Option<&'static str> {
    match (import.module, import.name) {
        (adapter::NAME, "args_get") => Some("args_get_seen"),
        (adapter::NAME, "environ_get") => Some("environ_get_seen"),
        _ => None,
    }
}

const fn plain(plain: &'static [u32]) -> Option<Pointers> {
    Some(Pointers { plain, buffers: None })
}

const fn buffers(at: u32, plain: &'static [u32]) -> Option<Pointers> {
    Some(Pointers { plain, buffers: Some(at) })
}

/// The addresses that functions of preview 1 take, as its `typenames.witx` has them.
fn pointers(function: &str) -> Option<Pointers> {
    match function {
        "args_get" | "args_sizes_get" | "environ_get" | "environ_sizes_get" => plain(&[0, 1]),
        "clock_res_get"
        | "fd_fdstat_get"
        | "fd_filestat_get"
        | "fd_prestat_get"
        | "fd_prestat_dir_name"
        | "fd_tell" => plain(&[1]),
        "path_create_directory" | "path_remove_directory" | "path_unlink_file" => plain(&[1]),
        "clock_time_get" | "path_filestat_set_times" | "sock_accept" => plain(&[2]),
        "fd_readdir" | "path_rename" => plain(&[1, 4]),
        "fd_seek" => plain(&[3]),
        "path_filestat_get" => plain(&[2, 4]),
        "path_link" => plain(&[2, 5]),
        "path_open" => plain(&[2, 8]),
        "path_readlink" => plain(&[1, 3, 5]),
        "path_symlink" => plain(&[0, 3]),
        "poll_oneoff" => plain(&[0, 1, 3]),
        "random_get" => plain(&[0]),
        "fd_read" | "fd_write" => buffers(1, &[3]),
        "fd_pread" | "fd_pwrite" | "sock_send" => buffers(1, &[4]),
        "sock_recv" => buffers(1, &[4, 5]),
        _ => None,
    }
}

/// The module moved up in its memory; `None` where it cannot or need not be.
pub(super) fn made_in(core: &[u8]) -> Result<Option<Vec<u8>>, wasmparser::BinaryReaderError> {
    let Some(plan) = Plan::of(core)? else { return Ok(None) };
    let mut moved = Module::new();
    Ok(Move(plan).parse_core_module(&mut moved, Parser::new(0), core).ok().map(|()| moved.finish()))
}

/// What is put between a program and a function of WASI.
struct Between {
    import: u32,
    type_index: u32,
    parameters: u32,
    pointers: Pointers,
    /// Whether the function writes addresses, of texts that lie where it is told.
    tells_addresses: bool,
}

/// What is known of a module before it is written anew.
struct Plan {
    types: Vec<u32>,
    imported: u32,
    defined: u32,
    /// In the order of their imports.
    between: Vec<Between>,
    /// Data that the program copies by itself, in order.
    copied: Vec<u32>,
}

impl Plan {
    fn of(core: &[u8]) -> Result<Option<Self>, wasmparser::BinaryReaderError> {
        let mut plan =
            Self { types: Vec::new(), imported: 0, defined: 0, between: Vec::new(), copied: Vec::new() };
        let mut memories = 0;
        for payload in Parser::new(0).parse_all(core) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        for sub in group?.into_types() {
                            let parameters = match &sub.composite_type.inner {
                                wasmparser::CompositeInnerType::Func(function) => function.params().len(),
                                _ => 0,
                            };
                            plan.types.push(u32::try_from(parameters).unwrap_or(u32::MAX));
                        }
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        plan.import(&import?);
                    }
                }
                Payload::FunctionSection(section) => plan.defined = section.count(),
                Payload::MemorySection(section) => {
                    for memory in section {
                        let memory = memory?;
                        memories += 1;
                        if memory.initial + u64::from(PAGES) > MOST_PAGES {
                            return Ok(None);
                        }
                    }
                }
                // Who has an allocator for the adapter keeps it; whose memory is another module's cannot be moved alone.
                Payload::ExportSection(section) => {
                    for export in section {
                        if matches!(
                            export?.name,
                            "cabi_realloc" | "canonical_abi_realloc" | "cabi_import_realloc"
                        ) {
                            return Ok(None);
                        }
                    }
                }
                Payload::CustomSection(section) if section.name().starts_with(".debug_") => return Ok(None),
                Payload::CodeSectionEntry(body) => plan.body(&body)?,
                _ => {}
            }
        }
        plan.copied.sort_unstable();
        plan.copied.dedup();
        Ok((memories == 1 && plan.defined > 0).then_some(plan))
    }

    fn import(&mut self, import: &Import<'_>) {
        let TypeRef::Func(type_index) = import.ty else { return };
        let is_wasi = import.module == WASI || import.module == adapter::NAME;
        let parameters = self.types.get(type_index as usize).copied().unwrap_or_default();
        // A function of another type is refused when the module is wrapped.
        let pointers = pointers(import.name).filter(|pointers| is_wasi && pointers.fit(parameters));
        if let Some(pointers) = pointers {
            let tells_addresses = seen(import).is_some();
            let import = self.imported;
            self.between.push(Between { import, type_index, parameters, pointers, tells_addresses });
        }
        self.imported += 1;
    }

    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            if let Operator::MemoryInit { data_index, .. } = operators.read()? {
                self.copied.push(data_index);
            }
        }
        Ok(())
    }

    fn functions(&self) -> u32 {
        self.imported + self.defined
    }

    /// The place of a function of ours behind those of the module.
    fn function(&self, helper: Helper) -> u32 {
        self.functions() + self.between.len() as u32 + helper as u32
    }

    fn copying(&self, data: u32) -> Option<u32> {
        let at = self.copied.binary_search(&data).ok()?;
        Some(self.function(Helper::Realloc) + 1 + at as u32)
    }

    fn type_of(&self, form: Form) -> u32 {
        self.types.len() as u32 + form as u32
    }
}

/// Functions in the place of instructions, and the one that gives the adapter its memory, in their order.
#[derive(Clone, Copy)]
enum Helper {
    Size,
    Grow,
    Copy,
    Fill,
    Realloc,
}

/// Types of functions of ours, in their order.
#[derive(Clone, Copy)]
enum Form {
    /// The size of the memory.
    Size,
    /// Its growth.
    Grow,
    /// A copy, or a fill.
    Range,
    /// What the adapter asks for memory by.
    Realloc,
    /// Texts, with the address at which the program sees them.
    Texts,
}

struct Move(Plan);

impl Reencode for Move {
    type Error = TooHigh;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error<TooHigh>> {
        utils::parse_type_section(self, types, section)?;
        let number = |count| vec![ValType::I32; count];
        // The order of `Form`.
        for (parameters, results) in [(0, 1), (1, 1), (3, 0), (4, 1), (3, 1)] {
            types.ty().function(number(parameters), number(results));
        }
        Ok(())
    }

    fn parse_imports(
        &mut self,
        section: &mut ImportSection,
        imports: Imports<'_>,
    ) -> Result<(), Error<TooHigh>> {
        let imports = match imports {
            Imports::Single(offset, import) => {
                let seen = seen(&import).map(|name| {
                    let ty = TypeRef::Func(self.0.type_of(Form::Texts));
                    Import { name, ty, ..import }
                });
                Imports::Single(offset, seen.unwrap_or(import))
            }
            other => other,
        };
        utils::parse_imports(self, section, imports)
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error<TooHigh>> {
        utils::parse_function_section(self, functions, section)?;
        for between in &self.0.between {
            functions.function(between.type_index);
        }
        // The order of `Helper`, and what copies data.
        let helpers = [Form::Size, Form::Grow, Form::Range, Form::Range, Form::Realloc];
        for form in helpers.into_iter().chain(self.0.copied.iter().map(|_| Form::Range)) {
            functions.function(self.0.type_of(form));
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error<TooHigh>> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(REALLOC, ExportKind::Func, self.0.function(Helper::Realloc));
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error<TooHigh>> {
        utils::parse_code_section(self, code, section)?;
        for between in &self.0.between {
            code.function(&between.body());
        }
        for body in [size(), grow(), copy(), fill(), realloc()] {
            code.function(&body);
        }
        for data in &self.0.copied {
            code.function(&init(*data));
        }
        Ok(())
    }

    fn parse_data(&mut self, section: &mut DataSection, data: Data<'_>) -> Result<(), Error<TooHigh>> {
        let DataKind::Active { memory_index, offset_expr } = data.kind else {
            return utils::parse_data(self, section, data);
        };
        let mut operators = offset_expr.get_operators_reader();
        // The engine lays out data whose place is a plain number before a cell begins.
        let offset = match (operators.read()?, operators.read()?) {
            (Operator::I32Const { value }, Operator::End) => ConstExpr::i32_const(moved(value)?),
            _ => self.const_expr(offset_expr)?.with_i32_const(BYTES.cast_signed()).with_i32_add(),
        };
        section.active(memory_index, &offset, data.data.iter().copied());
        Ok(())
    }

    fn memory_type(&mut self, memory: GivenMemory) -> Result<MemoryType, Error<TooHigh>> {
        let mut memory = utils::memory_type(self, memory);
        memory.minimum += u64::from(PAGES);
        memory.maximum = memory.maximum.map(|most| (most + u64::from(PAGES)).min(MOST_PAGES));
        Ok(memory)
    }

    fn mem_arg(&mut self, arg: wasmparser::MemArg) -> Result<MemArg, Error<TooHigh>> {
        let mut arg = utils::mem_arg(self, arg)?;
        arg.offset += u64::from(BYTES);
        match arg.offset > u64::from(u32::MAX) {
            true => Err(Error::UserError(TooHigh)),
            false => Ok(arg),
        }
    }

    /// Who calls WASI calls what is put between.
    fn function_index(&mut self, function: u32) -> Result<u32, Error<TooHigh>> {
        let at = self.0.between.binary_search_by_key(&function, |between| between.import);
        Ok(at.map_or(function, |at| self.0.functions() + at as u32))
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Result<Instruction<'a>, Error<TooHigh>> {
        let function = match operator {
            Operator::MemorySize { .. } => Some(self.0.function(Helper::Size)),
            Operator::MemoryGrow { .. } => Some(self.0.function(Helper::Grow)),
            Operator::MemoryCopy { .. } => Some(self.0.function(Helper::Copy)),
            Operator::MemoryFill { .. } => Some(self.0.function(Helper::Fill)),
            Operator::MemoryInit { data_index, .. } => self.0.copying(data_index),
            _ => None,
        };
        function
            .map_or_else(|| utils::instruction(self, operator), |function| Ok(Instruction::Call(function)))
    }
}

fn moved(address: i32) -> Result<i32, Error<TooHigh>> {
    let moved = address.cast_unsigned().checked_add(BYTES).ok_or(Error::UserError(TooHigh))?;
    Ok(moved.cast_signed())
}

/// Pushes an address, moved. One that is too high to be moved is as wrong as before: it becomes the last there is.
fn push_moved(code: &mut InstructionSink<'_>, local: u32) {
    let most = (u32::MAX - BYTES).cast_signed();
    code.local_get(local).i32_const(most);
    code.local_get(local).i32_const(most).i32_lt_u().select();
    code.i32_const(BYTES.cast_signed()).i32_add();
}

fn memory(offset: u64) -> MemArg {
    MemArg { offset, align: 2, memory_index: 0 }
}

fn size() -> Function {
    let mut body = Function::new([]);
    body.instructions().memory_size(0).i32_const(PAGES.cast_signed()).i32_sub().end();
    body
}

/// −1 when it cannot be, the size before when it can.
fn grow() -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.local_get(0).memory_grow(0).local_tee(0).i32_const(-1).i32_eq();
    code.if_(BlockType::Result(ValType::I32)).i32_const(-1);
    code.else_().local_get(0).i32_const(PAGES.cast_signed()).i32_sub().end().end();
    body
}

fn copy() -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    push_moved(&mut code, 0);
    push_moved(&mut code, 1);
    code.local_get(2).memory_copy(0, 0).end();
    body
}

fn fill() -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    push_moved(&mut code, 0);
    code.local_get(1).local_get(2).memory_fill(0).end();
    body
}

fn init(data: u32) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    push_moved(&mut code, 0);
    code.local_get(1).local_get(2).memory_init(0, data).end();
    body
}

/// Gives the adapter the pages behind the first, once.
fn realloc() -> Function {
    let (wanted, given) = (3, 4);
    let mut body = Function::new([(1, ValType::I32)]);
    let mut code = body.instructions();
    code.i32_const(0).i32_load(memory(GIVEN)).local_tee(given);
    code.local_get(wanted).i32_add().i32_const((BYTES - PAGE).cast_signed()).i32_gt_u();
    code.if_(BlockType::Empty).unreachable().end();
    code.i32_const(0).local_get(given).local_get(wanted).i32_add().i32_store(memory(GIVEN));
    code.local_get(given).i32_const(PAGE.cast_signed()).i32_add().end();
    body
}

impl Between {
    fn body(&self) -> Function {
        let (count, at) = (self.parameters, self.parameters + 1);
        let mut body = Function::new([(2, ValType::I32)]);
        let mut code = body.instructions();
        if let Some(buffers) = self.pointers.buffers {
            move_buffers(&mut code, buffers, count, at);
        }
        for parameter in 0..self.parameters {
            if self.pointers.plain.contains(&parameter) {
                push_moved(&mut code, parameter);
            } else if self.pointers.buffers == Some(parameter) {
                code.i32_const(BUFFERS.cast_signed());
            } else if self.pointers.buffers.is_some_and(|buffers| buffers + 1 == parameter) {
                code.local_get(count);
            } else {
                code.local_get(parameter);
            }
        }
        if self.tells_addresses {
            code.local_get(1);
        }
        code.call(self.import).end();
        body
    }
}

/// Writes the buffers of a list to our page, moved, and their number to `count`.
fn move_buffers(code: &mut InstructionSink<'_>, list: u32, count: u32, at: u32) {
    let most = MOST_BUFFERS.cast_signed();
    code.local_get(list + 1).i32_const(most);
    code.local_get(list + 1).i32_const(most).i32_lt_u().select().local_set(count);
    code.block(BlockType::Empty).loop_(BlockType::Empty);
    code.local_get(at).local_get(count).i32_ge_u().br_if(1);
    // Each has eight bytes; `list` goes on from one to the next.
    let ours = |code: &mut InstructionSink<'_>| {
        code.local_get(at).i32_const(3).i32_shl();
    };
    ours(code);
    code.local_get(list).i32_load(memory(BYTES.into()));
    code.i32_const(BYTES.cast_signed()).i32_add().i32_store(memory(BUFFERS.into()));
    ours(code);
    code.local_get(list).i32_load(memory(u64::from(BYTES) + 4)).i32_store(memory(u64::from(BUFFERS) + 4));
    code.local_get(list).i32_const(8).i32_add().local_set(list);
    code.local_get(at).i32_const(1).i32_add().local_set(at);
    code.br(0).end().end();
}
