//! A profile by function, and as the tree of calls.

use fuelcell_domain::FuelProfile;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What one function took, in all stacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FunctionUse<'a> {
    pub(super) name: &'a str,
    /// Burnt in its own code.
    pub(super) own_fuel: u64,
    /// Burnt by it and what it called.
    pub(super) fuel: u64,
    /// Taken by its own code.
    pub(super) own_bytes: u64,
    /// Taken by it and what it called.
    pub(super) bytes: u64,
}

/// All functions, those with the most fuel of their own first.
pub(super) fn functions(profile: &FuelProfile) -> Vec<FunctionUse<'_>> {
    let mut by_name = HashMap::<&str, FunctionUse<'_>>::new();
    for stack in &profile.stacks {
        let names: Vec<&str> = profile.names(stack).collect();
        // A recursion counts once.
        for name in names.iter().copied().collect::<HashSet<_>>() {
            let new = FunctionUse { name, own_fuel: 0, fuel: 0, own_bytes: 0, bytes: 0 };
            let function = by_name.entry(name).or_insert(new);
            function.fuel += stack.fuel;
            function.bytes += stack.bytes;
        }
        if let Some(function) = names.last().and_then(|last| by_name.get_mut(last)) {
            function.own_fuel += stack.fuel;
            function.own_bytes += stack.bytes;
        }
    }
    let mut functions: Vec<_> = by_name.into_values().collect();
    functions.sort_by_key(|function| (Reverse(function.own_fuel), Reverse(function.fuel), function.name));
    functions
}

/// A function at one place of the tree of calls.
#[derive(Debug, Default)]
pub(super) struct Node<'a> {
    /// What it and the calls below it took.
    pub(super) amount: u64,
    /// What it called.
    pub(super) calls: BTreeMap<&'a str, Self>,
}

impl<'a> Node<'a> {
    /// The tree of what `measure` says of each stack.
    pub(super) fn of(profile: &'a FuelProfile, measure: impl Fn(&fuelcell_domain::StackUse) -> u64) -> Self {
        let mut root = Self::default();
        for stack in profile.stacks.iter().filter(|stack| measure(stack) > 0) {
            let amount = measure(stack);
            root.amount += amount;
            let mut node = &mut root;
            for name in profile.names(stack) {
                node = node.calls.entry(name).or_default();
                node.amount += amount;
            }
        }
        root
    }

    /// What it called, the largest first.
    pub(super) fn largest(&self) -> Vec<(&'a str, &Self)> {
        let mut calls: Vec<_> = self.calls.iter().map(|(name, node)| (*name, node)).collect();
        calls.sort_by_key(|(name, node)| (Reverse(node.amount), *name));
        calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::StackUse;

    fn profile() -> FuelProfile {
        let stack = |frames: &[u32], fuel, bytes| StackUse { frames: frames.to_vec(), fuel, bytes };
        FuelProfile {
            functions: ["run", "read", "sort"].map(str::to_owned).to_vec(),
            stacks: vec![
                stack(&[0], 5, 0),
                stack(&[0, 1], 20, 64),
                stack(&[0, 2], 30, 0),
                stack(&[0, 2, 2], 40, 8),
            ],
            samples: 4,
        }
    }

    #[test]
    fn a_function_has_its_own_and_what_it_called_and_a_recursion_counts_once() {
        let profile = profile();
        let found: Vec<_> = functions(&profile)
            .iter()
            .map(|one| (one.name, one.own_fuel, one.fuel, one.own_bytes, one.bytes))
            .collect();
        assert_eq!(found, [("sort", 70, 70, 8, 8), ("read", 20, 20, 64, 64), ("run", 5, 95, 0, 72)]);
    }

    #[test]
    fn a_tree_has_the_sums_of_what_is_below() {
        let profile = profile();
        let root = Node::of(&profile, |stack| stack.fuel);
        assert_eq!(root.amount, 95);
        let run = &root.calls["run"];
        let below: Vec<_> = run.largest().into_iter().map(|(name, node)| (name, node.amount)).collect();
        assert_eq!((run.amount, below), (95, vec![("sort", 70), ("read", 20)]));
        assert_eq!(run.calls["sort"].calls["sort"].amount, 40);
        assert_eq!(Node::of(&profile, |stack| stack.bytes).amount, 72);
    }
}
