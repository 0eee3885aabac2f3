//! What a program said before it gave up. A trap carries no text; the program's language wrote it to standard error, in a
//! form that can be recognised. The text is the program's own word, as every text of a guest is.

/// How lines begin in which languages say why they abort: Go, TinyGo and Zig; C; C++; Swift; AssemblyScript.
const FORMS: [&str; 7] = [
    "panic: ",
    "fatal error: ",
    "Assertion failed: ",
    "libc++abi: terminating ",
    "terminate called ",
    "Fatal error: ",
    "abort: ",
];

/// What Rust's runtime advises, and nobody can follow: cells have no environment.
pub(crate) const ADVICE: &str = "note: run with `RUST_BACKTRACE";

/// The reason in what a program wrote last, if it is one of the known forms.
pub(crate) fn reason(said: &str) -> Option<String> {
    rust(said).or_else(|| one_line(said))
}

/// The last line that says something.
pub(crate) fn last_line(said: &str) -> Option<&str> {
    said.lines().map(str::trim).rfind(|line| !line.is_empty() && !line.starts_with(ADVICE))
}

/// `thread 'main' (1) panicked at src/main.rs:2:5:`, the message in the lines after it, and notes.
fn rust(said: &str) -> Option<String> {
    let head = said.rfind(" panicked at ")?;
    let line = said[..head].rfind('\n').map_or(0, |end| end + 1);
    if !said[line..].starts_with("thread '") {
        return None;
    }
    let (place, rest) = said[head + " panicked at ".len()..].split_once('\n')?;
    let ends = |line: &&str| !line.starts_with("note: ") && *line != "stack backtrace:";
    let message: Vec<&str> = rest.lines().take_while(ends).collect();
    let (message, place) = (message.join("\n"), place.trim_end_matches(':'));
    match message.trim() {
        "" => Some(format!("panicked at {place}")),
        message => Some(format!("{message}, at {place}")),
    }
}

fn one_line(said: &str) -> Option<String> {
    let mut lines = said.lines().rev();
    let line = lines.find(|line| FORMS.iter().any(|form| line.starts_with(form)))?;
    let text = line.strip_prefix("panic: ").unwrap_or(line).trim();
    Some(go_place(said, line).map_or_else(|| text.to_owned(), |place| format!("{text} at {place}")))
}

/// Where in its source a program in Go panicked: the first frame behind the text, as in
/// `main.count(...)`, and in the next line `\tjob/main.go:12 +0x1f`.
fn go_place<'a>(said: &'a str, line: &str) -> Option<&'a str> {
    let behind = &said[said.rfind(line)? + line.len()..];
    let mut frames = behind.lines().filter_map(|line| line.strip_prefix('\t')?.split(' ').next());
    frames.find(|place| place.contains(".go:") && !place.starts_with("runtime/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_found_in_what_languages_write() {
        for (said, found) in [
            (
                "reading\n\nthread 'main' (1) panicked at src/main.rs:2:5:\nno column \"amount\"\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
                Some("no column \"amount\", at src/main.rs:2:5"),
            ),
            (
                "thread '<unnamed>' panicked at /src/lib.rs:7:9:\nassertion `left == right` failed\n  left: 1\n right: 2\n",
                Some("assertion `left == right` failed\n  left: 1\n right: 2, at /src/lib.rs:7:9"),
            ),
            (
                "panic: runtime error: index out of range [3] with length 2\n\ngoroutine 1 [running]:\nmain.main()\n",
                Some("runtime error: index out of range [3] with length 2"),
            ),
            (
                "panic: no column\n\ngoroutine 7 [running]:\nmain.read(...)\n\tjob/main.go:12\ncreated by main.main in goroutine 1\n\tjob/main.go:8 +0x1f\n",
                Some("no column at job/main.go:12"),
            ),
            ("Assertion failed: x > 0 (a.c: main: 3)\n", Some("Assertion failed: x > 0 (a.c: main: 3)")),
            (
                "libc++abi: terminating due to uncaught exception of type int\n",
                Some("libc++abi: terminating due to uncaught exception of type int"),
            ),
            ("my thread panicked at noon\n", None),
            ("done\n", None),
            ("", None),
        ] {
            assert_eq!(reason(said).as_deref(), found, "{said}");
        }
        assert_eq!(last_line("a\n b \n\n"), Some("b"));
    }
}
