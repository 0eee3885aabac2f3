//! Rebuilding what is kept in memory from the job index, when a store is opened, and checking on the way that no job is
//! missing: ordinals have no gaps but those of deleted jobs.
//!
//! The index is read in parts, which the reading threads take in turn, while the calling thread builds. Most of the time
//! goes into reading.

use crate::index::entry::IndexEntry;
use crate::index::image::{Change, Image};
use crate::records::removed::removed_jobs;
use crate::tables::codec::{ADVICE, damaged};
use crate::tables::database::{Database, Read, guarded};
use crate::tables::keys::Number;
use crate::tables::keys::{JobKey, Table, counters};
use fuelcell_domain::ProjectRef;
use fuelcell_store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Threads that read.
const READERS: usize = 2;
/// Ordinals in one part of the index.
const PART: usize = 4096;
/// How many parts of one reader may wait.
const WAITING: usize = 4;

/// Deleted jobs as runs of ordinals, each from its first to its last; no two touch.
type DeletedRuns = BTreeMap<JobKey, Number>;

/// Rebuilds the image, if no job is missing. Also says how many jobs were deleted, ever.
pub(crate) fn read_image(database: &Database) -> Result<(Image, u64), StoreError> {
    let deleted = deleted_runs(database)?;
    let parts = parts_of_index(database)?;
    let mut build = Build { deleted: &deleted, image: Image::default(), next: BTreeMap::new() };
    thread::scope(|scope| {
        let read = |number| {
            let (sender, receiver) = sync_channel(WAITING);
            let own = parts.iter().skip(number).step_by(READERS);
            scope.spawn(move || read_parts(database, own, &sender));
            receiver
        };
        let readers: Vec<_> = (0..READERS).map(read).collect();
        readers.iter().cycle().take(parts.len()).try_for_each(|reader| build.add_part(reader))
    })?;
    let image = build.finish(database)?;
    let count: u64 = deleted.iter().map(|(first, last)| u64::from(last - first.ordinal) + 1).sum();
    Ok((image, count + removed_jobs(database)?))
}

/// An entry of the job index.
type Indexed = (JobKey, IndexEntry);
/// The keys between two cuts.
type Part = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// Cuts the index by the numbers of jobs that the counters say. Wherever it is cut, each key is in just one part.
fn parts_of_index(database: &Database) -> Result<Vec<Part>, StoreError> {
    let mut cuts = BTreeSet::new();
    database.visit(Table::Counters, &[counters::JOBS], |key, given: Number| {
        let project = &key[1..];
        cuts.extend((1..=given).step_by(PART).map(|first| [project, &first.to_be_bytes()].concat()));
        ControlFlow::Continue(())
    })?;
    let starts = [Unbounded].into_iter().chain(cuts.iter().cloned().map(Included));
    let ends = cuts.iter().cloned().map(Excluded).chain([Unbounded]);
    Ok(starts.zip(ends).collect())
}

/// Sends one part after another, as long as somebody wants them.
fn read_parts<'a>(
    database: &Database,
    parts: impl Iterator<Item = &'a Part>,
    to: &SyncSender<Result<Vec<Indexed>, StoreError>>,
) {
    for part in parts {
        if to.send(guarded(|| read_part(database, part))).is_err() {
            return;
        }
    }
}

fn read_part(database: &Database, part: &Part) -> Result<Vec<Indexed>, StoreError> {
    let mut entries = Vec::with_capacity(PART);
    let mut keys_are_whole = true;
    database.visit_range(Table::JobIndex, part.clone(), |key, entry: IndexEntry| {
        let place = JobKey::from_key(key);
        keys_are_whole &= place.is_some();
        entries.extend(place.map(|place| (place, entry)));
        ControlFlow::Continue(())
    })?;
    match keys_are_whole {
        true => Ok(entries),
        false => Err(damaged(Table::JobIndex)),
    }
}

/// An image on its way.
struct Build<'a> {
    deleted: &'a DeletedRuns,
    image: Image,
    /// The ordinal that comes next, by project.
    next: BTreeMap<ProjectRef, Number>,
}

impl Build<'_> {
    fn add_part(&mut self, reader: &Receiver<Result<Vec<Indexed>, StoreError>>) -> Result<(), StoreError> {
        let stopped = |_| StoreError::Storage("the thread that reads the job index stopped".into());
        let entries = reader.recv().map_err(stopped)??;
        entries.into_iter().try_for_each(|(place, entry)| self.add(place, entry))
    }

    fn add(&mut self, place: JobKey, entry: IndexEntry) -> Result<(), StoreError> {
        let next = self.next.entry(place.project).or_insert(1);
        skip_deleted(self.deleted, place.project, next);
        if place.ordinal != *next {
            return Err(short(&format!("job {next} of project {} is missing", place.project)));
        }
        *next += 1;
        self.image.apply(&Change { place, before: None, after: Some(entry), entry: None });
        Ok(())
    }

    /// The image, if there are as many jobs as were counted.
    fn finish(mut self, database: &Database) -> Result<Image, StoreError> {
        for place in self.deleted.keys() {
            skip_deleted(self.deleted, place.project, self.next.entry(place.project).or_insert(1));
        }
        match check_job_counters(database, &self.next)? {
            Some(reason) => Err(short(&reason)),
            None => Ok(self.image),
        }
    }
}

/// The error for a database that does not have everything that was acknowledged.
pub(crate) fn short(reason: &str) -> StoreError {
    StoreError::Storage(format!("the database has lost acknowledged work: {reason}; {ADVICE}"))
}

/// All runs of deleted jobs.
pub(crate) fn deleted_runs(database: &Database) -> Result<DeletedRuns, StoreError> {
    let mut runs = BTreeMap::new();
    let mut open: Option<(JobKey, Number)> = None;
    database.visit(Table::DeletedJobs, &[], |key, last: Number| {
        let Some(place) = JobKey::from_key(key).filter(|place| place.ordinal <= last) else {
            return ControlFlow::Continue(());
        };
        open = match open {
            Some((first, end))
                if first.project == place.project && place.ordinal.saturating_sub(1) <= end =>
            {
                Some((first, last.max(end)))
            }
            before => {
                runs.extend(before);
                Some((place, last))
            }
        };
        ControlFlow::Continue(())
    })?;
    runs.extend(open);
    Ok(runs)
}

fn skip_deleted(deleted: &DeletedRuns, project: ProjectRef, next: &mut Number) {
    while let Some(last) = deleted.get(&JobKey { project, ordinal: *next }) {
        *next = last + 1;
    }
}

/// Compares every project's jobs with the number given out last; `Some` says what is wrong.
fn check_job_counters(
    database: &Database,
    next: &BTreeMap<ProjectRef, Number>,
) -> Result<Option<String>, StoreError> {
    for (project, next) in next {
        let given: u32 = database.get(Table::Counters, &counters::jobs(*project))?.unwrap_or(0);
        let jobs = next - 1;
        if given != jobs {
            return Ok(Some(format!("project {project} has {jobs} jobs of {given}")));
        }
    }
    let counted = database.scan::<u32>(Table::Counters, &[counters::JOBS])?.len();
    let known = next.len();
    Ok((counted != known).then(|| format!("{known} of {counted} projects have jobs")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::overlay::Overlay;
    use fuelcell_domain::{ProjectId, TenantId};
    use fuelcell_store::conformance::fixtures::job;
    use parking_lot::RwLock;
    use tempfile::TempDir;
    use uuid::Uuid;

    fn place(project: u128, ordinal: usize) -> JobKey {
        let project =
            ProjectRef { tenant: TenantId(Uuid::nil()), project: ProjectId(Uuid::from_u128(project)) };
        JobKey { project, ordinal: Number::try_from(ordinal).unwrap() }
    }

    fn write(database: &Database, change: impl FnOnce(&mut Overlay<'_>) -> Result<(), StoreError>) {
        let image = RwLock::default();
        let mut overlay = Overlay::new(database, &image);
        change(&mut overlay).unwrap();
        database.apply(&overlay.into_parts().0).unwrap();
    }

    fn add(overlay: &mut Overlay<'_>, place: JobKey) -> Result<(), StoreError> {
        overlay.put(Table::JobIndex, &place.key(), &IndexEntry::of(&job(place.project)))
    }

    #[test]
    fn an_index_of_many_parts_is_read_whole_and_a_job_that_is_missing_anywhere_is_noticed() {
        let directory = TempDir::new().unwrap();
        let database = Database::open(directory.path(), 1 << 20).unwrap();
        let projects = [(1, 3), (2, 2 * PART + 1), (3, PART)];
        write(&database, |overlay| {
            projects.iter().try_for_each(|(project, jobs)| {
                let last = place(*project, *jobs);
                overlay.put(Table::Counters, &counters::jobs(last.project), &last.ordinal)?;
                (1..=*jobs).try_for_each(|ordinal| add(overlay, place(*project, ordinal)))
            })
        });
        let (image, deleted) = read_image(&database).unwrap();
        assert_eq!((image.len(), deleted), (3 * PART as u64 + 4, 0));
        for (project, jobs) in projects {
            let last = place(project, jobs);
            assert_eq!(image.project_index(last.project).unwrap().last(), last.ordinal);
        }
        for (project, ordinal) in
            [(1, 1), (1, 3), (2, 1), (2, PART), (2, PART + 1), (2, 2 * PART + 1), (3, 7), (3, PART)]
        {
            let missing = place(project, ordinal);
            write(&database, |overlay| overlay.remove(Table::JobIndex, &missing.key()));
            let Err(StoreError::Storage(reason)) = read_image(&database) else { panic!("{missing:?}") };
            assert!(reason.contains("lost acknowledged work"), "{reason}");
            write(&database, |overlay| add(overlay, missing));
        }
        assert!(read_image(&database).is_ok());
    }
}
