//! Values that were read or written lately, beside the database: whoever ends a job asks for what was written when it was
//! claimed a moment ago.

use crate::tables::database::Writes;
use crate::tables::keys::Table;
use sled::IVec;

/// About how many bytes a generation holds; there are two of them.
const GENERATION_BYTES: usize = 8 << 20;
/// What an entry takes besides its key and its value, about.
const OVERHEAD: usize = 100;

/// Values by key; `None` = the database has none.
type Values = Writes;

/// What the database holds under some keys, as long as its only writer tells of all that it writes. What nobody asks for
/// while a generation fills up is forgotten with the next.
pub(crate) struct Recent {
    young: Vec<Values>,
    old: Vec<Values>,
    young_bytes: usize,
}

impl Default for Recent {
    fn default() -> Self {
        Self { young: no_values(), old: no_values(), young_bytes: 0 }
    }
}

impl Recent {
    /// What is known of this key: its value in the database, or that it has none.
    pub(crate) fn get(&mut self, table: Table, key: &[u8]) -> Option<Option<IVec>> {
        if let Some(value) = self.young[table as usize].get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old[table as usize].remove_entry(key)?;
        self.insert(table, key, value.clone());
        Some(value)
    }

    /// Remembers what the database holds.
    pub(crate) fn insert(&mut self, table: Table, key: IVec, value: Option<IVec>) {
        if self.young_bytes > GENERATION_BYTES {
            self.old = std::mem::replace(&mut self.young, no_values());
            self.young_bytes = 0;
        }
        self.young_bytes += key.len() + value.as_ref().map_or(0, |value| value.len()) + OVERHEAD;
        self.young[table as usize].insert(key, value);
    }

    /// Follows what was written to the database. Parts of large records are not worth their place, nor are events, which
    /// are read again only when their job is deleted.
    pub(crate) fn follow(&mut self, writes: Vec<Writes>) {
        for (table, writes) in Table::ALL.into_iter().zip(writes) {
            for (key, value) in writes {
                match table {
                    Table::Chunks | Table::Events => self.forget(table, &key),
                    _ => self.insert(table, key, value),
                }
            }
        }
    }

    fn forget(&mut self, table: Table, key: &[u8]) {
        self.young[table as usize].remove(key);
        self.old[table as usize].remove(key);
    }
}

fn no_values() -> Vec<Values> {
    Table::ALL.iter().map(|_| Values::default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_word_holds_also_when_an_older_one_is_in_the_other_generation() {
        let mut recent = Recent::default();
        let key = IVec::from(b"key");
        let fill = |recent: &mut Recent| {
            for number in 0..=GENERATION_BYTES as u32 / 1000 {
                recent.insert(
                    Table::Jobs,
                    IVec::from(&number.to_be_bytes()),
                    Some(IVec::from(vec![0; 1000])),
                );
            }
        };
        recent.insert(Table::Meta, key.clone(), Some(IVec::from(b"first")));
        fill(&mut recent);
        recent.follow(vec![Writes::from_iter([(key.clone(), None)])]);
        assert_eq!(recent.get(Table::Meta, &key), Some(None));
        fill(&mut recent);
        assert_eq!(recent.get(Table::Meta, &key), Some(None), "asked for, it stays");
        fill(&mut recent);
        fill(&mut recent);
        assert_eq!(recent.get(Table::Meta, &key), None, "nobody asked");
    }
}
