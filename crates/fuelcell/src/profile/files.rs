//! The files of a profile, as the command writes them and as a server keeps them with a job.

use super::page;
use fuelcell_domain::{ArtifactKind, FuelProfile, ProfileFile, ProfileFiles, ProfiledRun, StackUse};
use std::cmp::Reverse;
use std::fmt::Write;

/// Bytes of lines of folded stacks; what the stacks beyond took stands on one line.
const FOLDED_BYTES: usize = 8 << 20;

/// In the place of the stacks beyond.
const OTHERS: &str = "(other stacks)";

/// Makes the files of a job's profile.
pub(crate) struct JobProfile;

impl ProfileFiles for JobProfile {
    fn files(&self, run: &ProfiledRun<'_>) -> Vec<ProfileFile> {
        let page = ProfileFile {
            name: "profile.html",
            kind: ArtifactKind::Visualization,
            title: "Where the fuel went",
            media_type: "text/html",
            bytes: page_of(run),
        };
        let folded = ProfileFile {
            name: "profile.folded",
            kind: ArtifactKind::Data,
            title: "Fuel by call stack, as folded stacks",
            media_type: "text/plain",
            bytes: folded(run.profile, |stack| stack.fuel).into_bytes(),
        };
        vec![page, folded]
    }
}

/// The page of a profile.
pub(super) fn page_of(run: &ProfiledRun<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A vector takes what it is given.
    let _ = page::write(run, &mut bytes);
    bytes
}

/// A line for each stack, as tools for flame graphs read them: functions from the outermost, separated by semicolons, and a
/// number. The largest come first, and all numbers together are what the profile measured.
pub(super) fn folded(profile: &FuelProfile, measure: impl Fn(&StackUse) -> u64) -> String {
    within(FOLDED_BYTES, profile, measure)
}

fn within(most: usize, profile: &FuelProfile, measure: impl Fn(&StackUse) -> u64) -> String {
    let mut stacks: Vec<_> = profile.stacks.iter().filter(|stack| measure(stack) > 0).collect();
    stacks.sort_by_key(|stack| Reverse(measure(stack)));
    let (mut lines, mut beyond) = (String::new(), 0);
    for stack in stacks {
        let names: Vec<&str> = profile.names(stack).collect();
        let line = format!("{} {}\n", names.join(";"), measure(stack));
        if lines.len() + line.len() > most {
            beyond += measure(stack);
        } else {
            lines += &line;
        }
    }
    if beyond > 0 {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{OTHERS} {beyond}");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::{RunEnd, Usage};

    fn profile() -> FuelProfile {
        let stack = |frames: &[u32], fuel| StackUse { frames: frames.to_vec(), fuel, bytes: 0 };
        let functions = ["run", "</title><script>alert(1)</script>&\"'"].map(str::to_owned).to_vec();
        FuelProfile {
            functions,
            stacks: vec![stack(&[0], 5), stack(&[0, 1], 95), stack(&[1], 0)],
            samples: 3,
        }
    }

    #[test]
    fn folded_stacks_have_the_largest_first_and_those_beyond_on_one_line() {
        let profile = profile();
        let fuel = |stack: &StackUse| stack.fuel;
        let hostile = &profile.functions[1];
        assert_eq!(folded(&profile, fuel), format!("run;{hostile} 95\nrun 5\n"));
        assert_eq!(within(10, &profile, fuel), "run 5\n(other stacks) 95\n");
        assert_eq!(folded(&profile, |stack| stack.bytes), "");
    }

    #[test]
    fn a_page_is_text_whatever_functions_and_jobs_are_called() {
        let profile = profile();
        let name = "<img src=x onerror=alert(2)>";
        let end = RunEnd::Stopped;
        let run =
            ProfiledRun { name, is_script: true, end: &end, usage: Usage::default(), profile: &profile };
        let page = String::from_utf8(page_of(&run)).unwrap();
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(
            page.contains("&lt;/title&gt;&lt;script&gt;alert(1)") && page.contains("functions of its engine")
        );
    }
}
