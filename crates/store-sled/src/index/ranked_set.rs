//! A sorted set that knows the place of each member. Its members lie in blocks: a place is a sum over the blocks before
//! it, and a change moves the members of one block.

/// The most members of one block: a change moves half of them on average, a place adds up the blocks.
const BLOCK: usize = 512;

/// See the module. No block is empty, and each member of a block is less than those of the next.
pub(crate) struct RankedSet<T> {
    blocks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for RankedSet<T> {
    fn default() -> Self {
        Self { blocks: Vec::new(), len: 0 }
    }
}

impl<T: Ord> RankedSet<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds a member; false when it was there.
    pub(crate) fn insert(&mut self, member: T) -> bool {
        let number = self.block_of(&member).min(self.blocks.len().saturating_sub(1));
        let Some(block) = self.blocks.get_mut(number) else {
            self.blocks.push(vec![member]);
            self.len = 1;
            return true;
        };
        let Err(place) = block.binary_search(&member) else { return false };
        self.len += 1;
        if block.len() < BLOCK {
            block.insert(place, member);
            return true;
        }
        // Most members come at the end: then the full block stays full.
        let mut upper = if place == BLOCK { Vec::new() } else { block.split_off(BLOCK / 2) };
        match place.checked_sub(block.len()) {
            Some(place) => upper.insert(place, member),
            None => block.insert(place, member),
        }
        self.blocks.insert(number + 1, upper);
        true
    }

    /// Takes a member away; false when it was not there.
    pub(crate) fn remove(&mut self, member: &T) -> bool {
        let number = self.block_of(member);
        let Some(block) = self.blocks.get_mut(number) else { return false };
        let Ok(place) = block.binary_search(member) else { return false };
        block.remove(place);
        if block.is_empty() {
            self.blocks.remove(number);
        }
        self.len -= 1;
        true
    }

    /// The first block whose last member is not below this one.
    fn block_of(&self, member: &T) -> usize {
        self.blocks.partition_point(|block| block.last().is_some_and(|last| last < member))
    }

    /// How many members come first of which this holds; it holds of none behind one of which it does not.
    pub(crate) fn count_while(&self, holds: impl Fn(&T) -> bool) -> usize {
        let number = self.blocks.partition_point(|block| block.last().is_some_and(&holds));
        let before: usize = self.blocks[..number].iter().map(Vec::len).sum();
        before + self.blocks.get(number).map_or(0, |block| block.partition_point(holds))
    }

    pub(crate) fn contains(&self, member: &T) -> bool {
        let block = self.blocks.get(self.block_of(member));
        block.is_some_and(|block| block.binary_search(member).is_ok())
    }

    /// How many members are below this one.
    pub(crate) fn rank(&self, member: &T) -> usize {
        self.count_while(|other| other < member)
    }

    /// The members from a place on, rising.
    pub(crate) fn from(&self, rank: usize) -> impl Iterator<Item = &T> {
        let (number, place) = self.at(rank);
        let first = self.blocks.get(number).map_or(&[][..], |block| &block[place..]);
        first.iter().chain(self.blocks.iter().skip(number + 1).flatten())
    }

    /// The members before a place, falling.
    pub(crate) fn before(&self, rank: usize) -> impl Iterator<Item = &T> {
        let (number, place) = self.at(rank);
        let last = self.blocks.get(number).map_or(&[][..], |block| &block[..place]);
        last.iter().rev().chain(self.blocks[..number].iter().rev().flat_map(|block| block.iter().rev()))
    }

    /// The block and the place in it of a rank.
    fn at(&self, rank: usize) -> (usize, usize) {
        let mut left = rank;
        for (number, block) in self.blocks.iter().enumerate() {
            match left.checked_sub(block.len()) {
                Some(rest) => left = rest,
                None => return (number, left),
            }
        }
        (self.blocks.len(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Enough members for many blocks, few enough values that the same one often comes again.
    fn changes() -> impl Strategy<Value = Vec<(bool, u16)>> {
        prop::collection::vec((prop::bool::weighted(0.7), 0..4000_u16), 0..6000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn it_is_a_sorted_set_with_places(changes in changes(), rank in 0..4000_usize) {
            let (mut ranked, mut reference) = (RankedSet::default(), BTreeSet::new());
            for (add, value) in changes {
                match add {
                    true => prop_assert_eq!(ranked.insert(value), reference.insert(value)),
                    false => prop_assert_eq!(ranked.remove(&value), reference.remove(&value)),
                }
            }
            prop_assert!(ranked.blocks.iter().all(|block| !block.is_empty() && block.len() <= BLOCK));
            prop_assert_eq!(ranked.len(), reference.len());
            prop_assert!(ranked.from(0).eq(&reference));
            prop_assert!(ranked.from(rank).eq(reference.iter().skip(rank)));
            let before: Vec<_> = reference.iter().take(rank).rev().collect();
            prop_assert!(ranked.before(rank).eq(before));
            let value = u16::try_from(rank).unwrap();
            prop_assert_eq!(ranked.rank(&value), reference.range(..value).count());
            prop_assert_eq!(ranked.contains(&value), reference.contains(&value));
        }
    }

    #[test]
    fn members_that_come_in_order_fill_their_blocks() {
        let mut ranked = RankedSet::default();
        for value in 0..10 * BLOCK {
            assert!(ranked.insert(value));
        }
        assert_eq!(ranked.blocks.len(), 10);
    }
}
