//! The crates of the workspace and what they depend on, as plain data.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, TargetKind};

/// What the rules look at.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Our own crates.
    pub(crate) members: Vec<Member>,
    /// By package name: the packages that it is built from. Versions of one name are taken together; what only tests need
    /// is left out.
    pub(crate) built_from: BTreeMap<String, BTreeSet<String>>,
}

/// A crate of the workspace.
#[derive(Debug, Default)]
pub(crate) struct Member {
    /// Package name.
    pub(crate) name: String,
    /// Its manifest.
    pub(crate) manifest: PathBuf,
    /// The root files of its library and its binaries.
    pub(crate) roots: Vec<PathBuf>,
    /// What its manifest names.
    pub(crate) dependencies: Vec<Dependency>,
}

/// An entry of a manifest.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// Package name.
    pub(crate) name: String,
    /// Whether only tests, examples and benchmarks see it.
    pub(crate) development: bool,
}

impl Graph {
    /// Reads the workspace of the current directory.
    pub(crate) fn of_workspace() -> Result<Self> {
        let metadata = MetadataCommand::new().exec().context("`cargo metadata` failed")?;
        let members = metadata.workspace_packages().into_iter().map(member).collect();
        Ok(Self { members, built_from: built_from(&metadata)? })
    }

    /// Whether `name` is a crate of the workspace.
    pub(crate) fn has_member(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name == name)
    }

    /// Everything that `name` is built from, at any depth.
    pub(crate) fn closure(&self, name: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open = vec![name];
        while let Some(next) = open.pop() {
            for dependency in self.built_from.get(next).into_iter().flatten() {
                if found.insert(dependency.as_str()) {
                    open.push(dependency);
                }
            }
        }
        found
    }
}

fn member(package: &Package) -> Member {
    let dependencies = package.dependencies.iter().map(|dependency| Dependency {
        name: dependency.name.clone(),
        development: dependency.kind == DependencyKind::Development,
    });
    let roots = package.targets.iter().filter(|target| target.kind.iter().any(is_root));
    Member {
        name: package.name.to_string(),
        manifest: package.manifest_path.clone().into_std_path_buf(),
        roots: roots.map(|target| target.src_path.clone().into_std_path_buf()).collect(),
        dependencies: dependencies.collect(),
    }
}

fn is_root(kind: &TargetKind) -> bool {
    matches!(
        kind,
        TargetKind::Lib | TargetKind::RLib | TargetKind::CDyLib | TargetKind::ProcMacro | TargetKind::Bin
    )
}

fn built_from(metadata: &Metadata) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let resolve = metadata.resolve.as_ref().context("cargo metadata did not resolve the dependencies")?;
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in &resolve.nodes {
        let names = edges.entry(metadata[&node.id].name.to_string()).or_default();
        for dependency in &node.deps {
            if dependency.dep_kinds.iter().any(|info| info.kind != DependencyKind::Development) {
                names.insert(metadata[&dependency.pkg].name.to_string());
            }
        }
    }
    Ok(edges)
}

#[cfg(test)]
pub(crate) mod made_up {
    //! Workspaces for tests.

    use super::{Dependency, Graph, Member};

    /// A graph of `(crate, what it depends on)`; the first column are the members.
    pub(crate) fn graph(rows: &[(&str, &[&str])]) -> Graph {
        let mut graph = Graph::default();
        for (name, dependencies) in rows {
            graph.members.push(Member {
                name: (*name).to_owned(),
                dependencies: dependencies.iter().map(|name| normal(name)).collect(),
                ..Member::default()
            });
            let names = dependencies.iter().map(ToString::to_string).collect();
            graph.built_from.insert((*name).to_owned(), names);
        }
        graph
    }

    fn normal(name: &str) -> Dependency {
        Dependency { name: name.to_owned(), development: false }
    }
}
