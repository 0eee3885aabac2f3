//! Inputs as JavaScript reads them.

use crate::{bytes, failure};
use flate2::read::MultiGzDecoder;
use fuelcell_sdk::wasm::bindings::fuelcell::job::{inputs, types::HostError};
use rquickjs::{Ctx, Function, Object, Result, String as Text, TypedArray};
use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

/// Bytes that are read at once for lines.
const PIECE_BYTES: usize = 64 * 1024;

/// A file from the host.
struct File {
    host: inputs::Reader,
    position: u64,
    /// Why the host did not read, for whoever sees an error of decompression only.
    refused: Option<HostError>,
}

impl Read for File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        match self.host.read(most) {
            Ok(bytes) => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                self.position += bytes.len() as u64;
                Ok(bytes.len())
            }
            Err(error) => {
                self.refused = Some(error);
                Err(io::Error::other("the host did not read"))
            }
        }
    }
}

/// Its content.
enum Content {
    Plain(File),
    Gzip(Box<MultiGzDecoder<File>>),
}

impl Content {
    fn new(file: File, gzip: bool) -> Self {
        match gzip {
            true => Self::Gzip(Box::new(MultiGzDecoder::new(file))),
            false => Self::Plain(file),
        }
    }

    fn file(&mut self) -> &mut File {
        match self {
            Self::Plain(file) => file,
            Self::Gzip(decoder) => decoder.get_mut(),
        }
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
        }
    }
}

/// An input that is open.
struct Input {
    shown: String,
    gzip: bool,
    /// None only while it is made anew.
    content: Option<Content>,
    /// The beginning of a line whose end is still to come.
    rest: Vec<u8>,
}

impl Input {
    fn content(&mut self) -> &mut Content {
        self.content.as_mut().expect("the content is put back at once")
    }

    /// Bytes of the file as it is; none at its end.
    fn raw(&mut self, ctx: &Ctx<'_>, most: usize) -> Result<Vec<u8>> {
        self.read(ctx, most, true)
    }

    fn read(&mut self, ctx: &Ctx<'_>, most: usize, raw: bool) -> Result<Vec<u8>> {
        let mut buffer = vec![0; most];
        let content = self.content();
        let read = if raw { content.file().read(&mut buffer) } else { content.read(&mut buffer) };
        match read {
            Ok(count) => {
                buffer.truncate(count);
                Ok(buffer)
            }
            Err(error) => Err(match self.content().file().refused.take() {
                Some(refused) => failure::refused(ctx, &refused),
                None => {
                    let text = format!("{} is not a whole gzip file: {error}", self.shown);
                    failure::throw(ctx, "data", &text)
                }
            }),
        }
    }

    /// Whole lines; at the end what is left. None when nothing is.
    fn lines(&mut self, ctx: &Ctx<'_>) -> Result<Option<Vec<u8>>> {
        let mut lines = std::mem::take(&mut self.rest);
        loop {
            let piece = self.read(ctx, PIECE_BYTES, false)?;
            if piece.is_empty() {
                return Ok((!lines.is_empty()).then_some(lines));
            }
            match piece.iter().rposition(|byte| *byte == b'\n') {
                Some(end) => {
                    lines.extend_from_slice(&piece[..=end]);
                    self.rest = piece[end + 1..].to_vec();
                    return Ok(Some(lines));
                }
                None => lines.extend(piece),
            }
        }
    }

    fn text<'js>(&mut self, ctx: Ctx<'js>) -> Result<Option<Text<'js>>> {
        let Some(lines) = self.lines(&ctx)? else { return Ok(None) };
        match std::str::from_utf8(&lines) {
            Ok(text) => Text::from_str(ctx, text).map(Some),
            Err(error) => {
                let byte = lines[error.valid_up_to()];
                let text = format!("{} is not utf-8: the byte 0x{byte:02x} does not fit", self.shown);
                Err(failure::throw(&ctx, "data", &text))
            }
        }
    }

    fn seek(&mut self, ctx: &Ctx<'_>, position: u64) -> Result<()> {
        let mut file = match self.content.take().expect("the content is put back at once") {
            Content::Plain(file) => file,
            Content::Gzip(decoder) => decoder.into_inner(),
        };
        let sought = file.host.seek(position);
        if sought.is_ok() {
            file.position = position;
        }
        self.content = Some(Content::new(file, self.gzip));
        self.rest.clear();
        sought.map_err(|error| failure::refused(ctx, &error))
    }
}

/// Opens an input: an object with the functions that `InputReader` of the SDK calls.
pub(crate) fn open<'js>(ctx: Ctx<'js>, name: String, gzip: bool) -> Result<Object<'js>> {
    let host = inputs::open(&name).map_err(|error| failure::refused(&ctx, &error))?;
    let listed = inputs::list().into_iter().find(|input| input.name == name);
    let shown = listed.map(|input| input.file_name).filter(|name| !name.is_empty()).unwrap_or(name);
    let content = Some(Content::new(File { host, position: 0, refused: None }, gzip));
    let input = Rc::new(RefCell::new(Input { shown, gzip, content, rest: Vec::new() }));
    let object = Object::new(ctx.clone())?;
    let shared = input.clone();
    object.set(
        "bytes",
        Function::new(ctx.clone(), move |ctx: Ctx<'js>, most: u32| {
            let bytes = shared.borrow_mut().raw(&ctx, most as usize)?;
            some(ctx, bytes)
        })?,
    )?;
    let shared = input.clone();
    object.set(
        "plain",
        Function::new(ctx.clone(), move |ctx: Ctx<'js>, most: u32| {
            let bytes = shared.borrow_mut().read(&ctx, most as usize, false)?;
            some(ctx, bytes)
        })?,
    )?;
    let shared = input.clone();
    object.set("text", Function::new(ctx.clone(), move |ctx: Ctx<'js>| shared.borrow_mut().text(ctx))?)?;
    let shared = input.clone();
    let seek = move |ctx: Ctx<'js>, position: f64| shared.borrow_mut().seek(&ctx, position as u64);
    object.set("seek", Function::new(ctx.clone(), seek)?)?;
    let position = move || input.borrow_mut().content().file().position as f64;
    object.set("position", Function::new(ctx, position)?)?;
    Ok(object)
}

/// The bytes, or nothing at the end of a file.
fn some(ctx: Ctx<'_>, bytes: Vec<u8>) -> Result<Option<TypedArray<'_, u8>>> {
    (!bytes.is_empty()).then(|| bytes::to_array(ctx, bytes)).transpose()
}
