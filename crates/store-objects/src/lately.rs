//! Objects that were read lately, on this machine: in files without a name, which are gone with the process. There are at
//! most so many; the one that was asked for the longest ago goes.

use crate::objects::PIECE;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// Files that are open at the same time, of up to 8 MiB each.
pub const FILES: u64 = 256;
const _: () = assert!(FILES * PIECE as u64 == 2 << 30, "the documents say 2 GiB");

/// The objects that were read lately.
pub(crate) struct Lately {
    folder: PathBuf,
    most: u64,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    slots: HashMap<Uuid, (Arc<Slot>, u64)>,
    /// Rises with each question.
    asked: u64,
}

#[derive(Default)]
struct Slot {
    file: OnceLock<File>,
    /// Held by the one who fetches.
    fetching: Mutex<()>,
}

impl Lately {
    /// Keeps files in a folder.
    pub(crate) fn new(folder: PathBuf, most: u64) -> Self {
        Self { folder, most, known: Mutex::default() }
    }

    /// Has an object's bytes looked at, as a file. They are fetched unless they are there; of those who ask for the same at
    /// the same time one does.
    pub(crate) fn look<T, B: AsRef<[u8]>>(
        &self,
        object: Uuid,
        fetch: impl FnOnce() -> io::Result<B>,
        look: impl FnOnce(&File) -> io::Result<T>,
    ) -> io::Result<T> {
        let slot = self.slot(object);
        if let Some(file) = slot.file.get() {
            return look(file);
        }
        let _alone = slot.fetching.lock();
        if let Some(file) = slot.file.get() {
            return look(file);
        }
        let mut file = tempfile::tempfile_in(&self.folder)?;
        file.write_all(fetch()?.as_ref())?;
        look(slot.file.get_or_init(|| file))
    }

    fn slot(&self, object: Uuid) -> Arc<Slot> {
        let mut known = self.known.lock();
        known.asked += 1;
        let now = known.asked;
        if let Some((slot, asked)) = known.slots.get_mut(&object) {
            *asked = now;
            return Arc::clone(slot);
        }
        if known.slots.len() as u64 >= self.most {
            let oldest = known.slots.iter().min_by_key(|(_, (_, asked))| *asked).map(|(object, _)| *object);
            oldest.and_then(|oldest| known.slots.remove(&oldest));
        }
        let slot = Arc::<Slot>::default();
        known.slots.insert(object, (Arc::clone(&slot), now));
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    /// What is read of an object, and whether it was fetched for that.
    fn read(lately: &Lately, object: Uuid) -> (Vec<u8>, bool) {
        let (mut bytes, mut fetched) = (vec![0; 16], false);
        let fetch = || {
            fetched = true;
            Ok(object.as_bytes().to_vec())
        };
        lately.look(object, fetch, |file| file.read_exact_at(&mut bytes, 0)).unwrap();
        (bytes, fetched)
    }

    #[test]
    fn so_many_are_kept_those_that_were_asked_for_last() {
        let folder = tempfile::tempdir().unwrap();
        let lately = Lately::new(folder.path().to_owned(), 2);
        let [first, second, third] = [1, 2, 3].map(Uuid::from_u128);
        for (object, fetched) in
            [(first, true), (second, true), (first, false), (third, true), (first, false), (second, true)]
        {
            assert_eq!(read(&lately, object), (object.as_bytes().to_vec(), fetched), "{object}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the files have no names");
    }

    #[test]
    fn what_could_not_be_fetched_is_fetched_by_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let lately = Lately::new(folder.path().to_owned(), 2);
        let object = Uuid::from_u128(1);
        let away = || Err::<Vec<u8>, _>(io::Error::other("it is away"));
        assert!(lately.look(object, away, |_| Ok(())).is_err());
        assert_eq!(read(&lately, object), (object.as_bytes().to_vec(), true));
        assert!(!read(&lately, object).1);
    }
}
