//! How many jobs of one project, pipeline or module may run at the same time on this node.

use fuelcell_domain::{Job, PipelineId, ProjectId};
use std::collections::{BTreeMap, HashMap};

/// Limits on jobs that run at the same time; `None` = as many as there are slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concurrency {
    /// Of each project.
    pub per_project: Option<usize>,
    /// Of each pipeline.
    pub per_pipeline: Option<usize>,
    /// Of each module, whichever its version.
    pub per_module: Option<usize>,
    /// Of single projects.
    pub projects: BTreeMap<ProjectId, usize>,
    /// Of single pipelines.
    pub pipelines: BTreeMap<PipelineId, usize>,
    /// Of single modules, by name.
    pub modules: BTreeMap<String, usize>,
}

impl Concurrency {
    /// Whether there are none.
    pub(crate) fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }
}

/// What a job counts against.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owners {
    pub(crate) project: ProjectId,
    pub(crate) pipeline: Option<PipelineId>,
    pub(crate) module: String,
}

impl Owners {
    /// What a job counts against.
    pub(crate) fn of_job(job: &Job) -> Self {
        Self {
            project: job.project.project,
            pipeline: job.pipeline.as_ref().map(|pipeline| pipeline.id),
            module: job.module.name.clone(),
        }
    }
}

/// Jobs that run, counted by what they count against.
pub(crate) struct Occupancy<'a> {
    limits: &'a Concurrency,
    projects: HashMap<ProjectId, usize>,
    pipelines: HashMap<PipelineId, usize>,
    modules: HashMap<String, usize>,
}

impl<'a> Occupancy<'a> {
    /// The occupancy by these jobs. Without limits nobody is looked at: there can be hundreds.
    pub(crate) fn of(limits: &'a Concurrency, running: impl IntoIterator<Item = Owners>) -> Self {
        let (projects, pipelines, modules) = Default::default();
        let mut occupancy = Self { limits, projects, pipelines, modules };
        if !limits.is_unlimited() {
            running.into_iter().for_each(|owners| occupancy.add(owners));
        }
        occupancy
    }

    /// Counts one job more.
    pub(crate) fn add(&mut self, owners: Owners) {
        if self.limits.is_unlimited() {
            return;
        }
        *self.projects.entry(owners.project).or_default() += 1;
        if let Some(pipeline) = owners.pipeline {
            *self.pipelines.entry(pipeline).or_default() += 1;
        }
        *self.modules.entry(owners.module).or_default() += 1;
    }

    /// Whether one job more may run.
    pub(crate) fn admits(&self, owners: &Owners) -> bool {
        let Concurrency { per_project, per_pipeline, per_module, projects, pipelines, modules } = self.limits;
        let project = projects.get(&owners.project).copied().or(*per_project);
        let module = modules.get(&owners.module).copied().or(*per_module);
        let running = |count: Option<&usize>| count.copied().unwrap_or(0);
        project.is_none_or(|limit| running(self.projects.get(&owners.project)) < limit)
            && module.is_none_or(|limit| running(self.modules.get(&owners.module)) < limit)
            && owners.pipeline.is_none_or(|pipeline| {
                let limit = pipelines.get(&pipeline).copied().or(*per_pipeline);
                limit.is_none_or(|limit| running(self.pipelines.get(&pipeline)) < limit)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_holds_and_single_ones_go_before_those_for_all() {
        let (project, other) = (ProjectId::random(), ProjectId::random());
        let pipeline = PipelineId::random();
        let job = |project, pipeline, module: &str| Owners { project, pipeline, module: module.into() };
        let limits = Concurrency {
            per_project: Some(3),
            per_pipeline: Some(1),
            per_module: Some(2),
            projects: [(other, 0)].into(),
            modules: [("wide".into(), 9)].into(),
            ..Concurrency::default()
        };
        let mut occupancy = Occupancy::of(&limits, [job(project, Some(pipeline), "a")]);
        assert!(!occupancy.admits(&job(project, Some(pipeline), "b")), "the pipeline is busy");
        assert!(!occupancy.admits(&job(other, None, "b")), "this project may run nothing");
        assert!(occupancy.admits(&job(project, None, "a")));
        occupancy.add(job(project, None, "a"));
        assert!(!occupancy.admits(&job(project, None, "a")), "the module is busy");
        assert!(occupancy.admits(&job(project, None, "wide")));
        occupancy.add(job(project, None, "wide"));
        assert!(!occupancy.admits(&job(project, None, "wide")), "the project is busy");
        assert!(
            Occupancy::of(&Concurrency::default(), vec![job(project, None, "a"); 99])
                .admits(&job(project, None, "a"))
        );
    }
}
