//! What was taken away: nothing is left of it when it is said so.

use super::Look;
use crate::records::removed::StoredRemoval;
use crate::tables::keys::{self, Table};
use crate::verbs::removals::rest_of;
use fuelcell_domain::{ProjectRef, Scope};

impl Look<'_> {
    pub(super) fn removals(&mut self) {
        self.each(Table::Removals, |look, key, StoredRemoval { removal, .. }| {
            let scope = removal.scope;
            look.require(keys::scope(scope).as_deref() == Some(key), || {
                format!("the removal under {} lies wrongly", keys::hexadecimal(key))
            });
            let is_there = look.is_there(Table::Tenants, key) || look.is_there(Table::Projects, key);
            look.require(!is_there, || format!("{} was deleted and is there", keys::hexadecimal(key)));
            if let (Scope::Project(project), Some(_)) = (scope, removal.done_at) {
                look.nothing_is_left(project);
            }
        });
    }

    fn nothing_is_left(&mut self, project: ProjectRef) {
        let own = keys::project(project);
        let jobs = [Table::Jobs, Table::JobIndex, Table::Parameters, Table::DeletedJobs];
        let jobs = jobs.map(|table| (table, own.clone(), 0));
        for (table, prefix, _) in rest_of(project).into_iter().chain(jobs) {
            let left = self.database.some_keys(table, &prefix, 0, 1).is_ok_and(|keys| !keys.is_empty());
            self.require(!left, || format!("{table:?} has records of project {project}, which was deleted"));
        }
    }

    /// Whether this key is of a project that was taken away. While that goes on, its sums are not those of what is left.
    pub(super) fn is_taken_away(&self, key: &[u8]) -> bool {
        key.get(..keys::PROJECT).is_some_and(|project| self.is_there(Table::Removals, project))
    }
}
