//! Files on this side: read for uploads, written by downloads, with progress for people.

use crate::failure::{Exit, Failure, Outcome};
use crate::http::{Call, Http};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, IsTerminal, Read, Seek, Write};
use std::path::{Component, Path, PathBuf};

/// A bar on standard error; nothing where that is no terminal.
pub(crate) fn bar(size: u64, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {wide_msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr())
        .with_style(style)
        .with_message(what.to_owned())
}

/// Uploads a file; its digest goes with it, so that the server notices what was changed on the way.
pub(crate) fn upload(http: &Http, call: Call, path: &Path) -> Outcome<Value> {
    let (mut file, found) = open(path)?;
    let unreadable = |error| unreadable(path, &error);
    let digest = digest(&mut file).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    let call = call.header("content-digest", format!("sha-256=:{}:", BASE64_STANDARD.encode(digest)));
    let bar = bar(found.len(), &path.display().to_string());
    let told = http.upload(&call, bar.wrap_read(file), found.len());
    bar.finish_and_clear();
    told
}

/// What a file is called, wherever it lies.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Opens a file that is to be uploaded.
pub(crate) fn open(path: &Path) -> Outcome<(File, Metadata)> {
    let unreadable = |error| unreadable(path, &error);
    let file = File::open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    match found.is_file() {
        true => Ok((file, found)),
        false => Err(Failure::usage(format!("{} is no file", path.display()))),
    }
}

/// Of a file that is to be uploaded.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::here(format!("cannot read {}", path.display()), error);
    match error.kind() {
        ErrorKind::NotFound => failure.with_remedy("is the path right? It begins in the folder you are in"),
        _ => failure,
    }
}

pub(crate) fn digest(bytes: &mut impl Read) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    io::copy(bytes, &mut HashWriter(&mut hash))?;
    Ok(hash.finalize().into())
}

struct HashWriter<'a>(&'a mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what a call answers to a file. What an earlier download left in `FILE.part` is not fetched again. The file is
/// there when it is whole, and has the digest that was expected.
pub(crate) fn download(http: &Http, call: &Call, path: &Path, expected: Option<&str>) -> Outcome {
    let part = path.with_added_extension("part");
    let unwritable = |error| Failure::unwritten(format!("cannot write {}", part.display()), error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut file = File::options()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .open(&part)
        .map_err(unwritable)?;
    let have = file.metadata().map_err(unwritable)?.len();
    // Only what can be checked afterwards is taken up again.
    let resumed = have > 0 && expected.is_some();
    let call = if resumed { call.clone().header("range", format!("bytes={have}-")) } else { call.clone() };
    let answer = http.any(&call, None, String::new())?;
    let status = answer.status().as_u16();
    match status {
        206 => drop(file.seek(io::SeekFrom::End(0)).map_err(unwritable)?),
        // There is nothing behind what is there.
        416 if resumed => {}
        200..300 => file.set_len(0).map_err(unwritable)?,
        _ => return Err(crate::http::refusal(&http.server, answer)),
    }
    if status != 416 {
        let length =
            answer.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse().ok());
        let bar = bar(length.unwrap_or(0), &path.display().to_string());
        let copied = copy(&mut bar.wrap_read(answer.into_body().into_reader()), &mut file);
        bar.finish_and_clear();
        match copied {
            Ok(()) => {}
            Err(Broken::Off) => {
                let failure =
                    Failure::new(Exit::Unreachable, format!("the download of {} broke off", path.display()));
                return Err(failure.with_remedy("the same command takes it up again"));
            }
            Err(Broken::Here(error)) => {
                // Where there is no room, nothing is left that takes some.
                fs::remove_file(&part).map_err(unwritable)?;
                return Err(unwritable(error));
            }
        }
    }
    file.rewind().map_err(unwritable)?;
    let found = hex::encode(digest(&mut file).map_err(unwritable)?);
    if expected.is_some_and(|expected| expected != found) {
        fs::remove_file(&part).map_err(unwritable)?;
        return Err(Failure::new(
            Exit::Failed,
            format!("the bytes of {} are not those that the server has", path.display()),
        )
        .with_remedy("what was fetched has been removed; the same command fetches it anew"));
    }
    fs::rename(&part, path).map_err(unwritable)
}

/// Why bytes did not arrive.
enum Broken {
    /// No more of them came.
    Off,
    /// They could not be written.
    Here(io::Error),
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> Result<(), Broken> {
    let mut piece = vec![0; 64 << 10];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => to.write_all(&piece[..count]).map_err(Broken::Here)?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(Broken::Off),
        }
    }
}

/// Nobody's file is replaced without being asked.
pub(crate) fn check_free(path: &Path, force: bool) -> Outcome {
    match path.symlink_metadata().is_ok() && !force {
        true => Err(Failure::usage(format!("{} is there already", path.display()))
            .with_remedy("name another place with --out, or say --force")),
        false => Ok(()),
    }
}

/// The place of a file within a folder, whose name somebody else made up. None when it would lie outside.
pub(crate) fn inside(folder: &Path, name: &str) -> Option<PathBuf> {
    let name = Path::new(name);
    let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
    (plain && name.components().next().is_some()).then(|| folder.join(name))
}

/// Text from a file, or from standard input for `-`.
pub(crate) fn text(path: &Path) -> Outcome<String> {
    let read = match path == Path::new("-") {
        true => io::read_to_string(io::stdin()),
        false => fs::read_to_string(path),
    };
    read.map_err(|error| Failure::here(format!("cannot read {}", path.display()), error))
}

/// A line that nobody sees being typed. None where standard input is no terminal.
pub(crate) fn typed_unseen(prompt: &str) -> Outcome<Option<String>> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    let terminal = console::Term::stderr();
    let line = terminal.write_str(prompt).and_then(|()| terminal.read_secure_line());
    line.map(Some).map_err(|error| Failure::here("cannot read from the terminal", error))
}

/// A line that is typed. None where standard input is no terminal.
pub(crate) fn typed(prompt: &str) -> Outcome<Option<String>> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    let terminal = console::Term::stderr();
    let line = terminal.write_str(prompt).and_then(|()| terminal.read_line());
    line.map(Some).map_err(|error| Failure::here("cannot read from the terminal", error))
}

/// A JSON document from a file, or from standard input for `-`.
pub(crate) fn json(path: &Path) -> Outcome<Value> {
    serde_json::from_str(&text(path)?)
        .map_err(|error| Failure::usage(format!("{} holds no JSON: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_stay_within_the_folder() {
        let folder = Path::new("out");
        assert_eq!(inside(folder, "a/b.csv"), Some(PathBuf::from("out/a/b.csv")));
        for name in ["", "..", "../x", "/etc/passwd", "a/../../x"] {
            assert_eq!(inside(folder, name), None, "{name}");
        }
    }
}
