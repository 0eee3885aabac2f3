//! What jobs used, summed: for a project, a tenant, the server.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{ProjectId, ProjectRef, Role, Scope, TenantId};
use fuelcell_store::HourFigures;
use fuelcell_store::hours::utc_hour;
use fuelcell_store::jobs::utc_day;
use fuelcell_store::usage::{Dimension, UsageGroup, UsageQuery, UsageSums};

/// The longest period of a report, in days.
pub const MAX_DAYS: i64 = 366;
/// The same where each day stands apart with its values.
pub const MAX_DAYS_APART: i64 = 31;
/// So many hours are told of at once: a week.
pub const MAX_HOURS: i64 = 7 * 24;
/// So many groups are shown, those that burnt most; the others are shown as one.
pub const MAX_SHOWN: usize = 1_000;
/// The length of a period of which only the end is given, in days.
const USUAL_DAYS: i64 = 30;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct UsageWish {
    /// Of this tenant only.
    pub tenant: Option<TenantId>,
    /// Of this project of the tenant only.
    pub project: Option<ProjectId>,
    /// The first UTC day.
    pub from: Option<i64>,
    /// The last one; today when absent.
    pub to: Option<i64>,
    /// By what values sums are told apart.
    pub dimension: Dimension,
    /// And by days.
    pub by_day: bool,
    /// And by tenants.
    pub by_tenant: bool,
    /// And by projects.
    pub by_project: bool,
}

/// What is told.
#[derive(Clone, Debug)]
pub struct UsageView {
    /// The first UTC day.
    pub from: i64,
    /// The last one.
    pub to: i64,
    /// Everything together.
    pub total: UsageSums,
    /// By group: by day if days are told apart, otherwise what burnt most comes first. What has no value stands for all
    /// that are not shown.
    pub groups: Vec<(UsageGroup, UsageSums)>,
}

impl Service {
    /// Sums of one project.
    pub async fn usage_of_project(
        &self,
        principal: &Principal,
        project: ProjectRef,
        wish: UsageWish,
    ) -> Result<UsageView, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let (tenant, project) = (Some(project.tenant), Some(project.project));
        self.sum_up(UsageWish { tenant, project, ..wish }).await
    }

    /// What happened in the latest `count` hours of a project, up to the present one: hour by hour, with those in which
    /// nothing did.
    pub async fn latest_hours(
        &self,
        principal: &Principal,
        project: ProjectRef,
        count: u64,
    ) -> Result<Vec<HourFigures>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let to = utc_hour(self.clock.now());
        let from = to - i64::try_from(count).unwrap_or(MAX_HOURS) + 1;
        let mut kept = self.store.hours(project, from, to).await?.into_iter().peekable();
        let hour = |hour| {
            kept.next_if(|figures| figures.hour == hour)
                .unwrap_or(HourFigures { hour, ..HourFigures::default() })
        };
        Ok((from..=to).map(hour).collect())
    }

    /// Sums within the principal's own scope. For administrators.
    pub async fn usage_within(
        &self,
        principal: &Principal,
        wish: UsageWish,
    ) -> Result<UsageView, ServiceError> {
        principal.require(Role::Administrator)?;
        let tenant = wish.tenant.or_else(|| principal.scope.tenant());
        let project = wish.project.or_else(|| principal.scope.project());
        match (tenant, project) {
            (None, None) => {}
            // Sums of what was deleted stay, for whoever runs the server.
            (Some(_), _) if principal.scope == Scope::Server => {}
            (None, Some(_)) => {
                return Err(ServiceError::invalid("InvalidQuery", "projectId needs its tenantId beside it"));
            }
            (Some(tenant), None) => {
                self.require_whole_tenant(principal, tenant, Role::Administrator).await?;
            }
            (Some(tenant), Some(project)) => {
                self.require(principal, ProjectRef { tenant, project }, Role::Administrator).await?;
            }
        }
        debug_assert!(tenant.is_some() || principal.scope == Scope::Server);
        self.sum_up(UsageWish { tenant, project, ..wish }).await
    }

    async fn sum_up(&self, wish: UsageWish) -> Result<UsageView, ServiceError> {
        let (from, to) = self.period(&wish)?;
        let UsageWish { tenant, project, dimension, by_day, by_tenant, by_project, .. } = wish;
        let query = UsageQuery { tenant, project, from, to, dimension, by_day, by_project, by_tenant };
        let mut groups: Vec<_> = self.store.usage(query).await?.0.into_iter().collect();
        let total = match dimension {
            Dimension::Total => summed(groups.iter().map(|(_, sums)| ((), sums))),
            // A job has many labels, or none, and of deleted projects only the whole is known.
            _ => {
                let whole = UsageQuery { by_day: false, by_project: false, by_tenant: false, ..query };
                summed(&self.store.usage(UsageQuery { dimension: Dimension::Total, ..whole }).await?.0)
            }
        };
        let apart = by_day || by_tenant || by_project || dimension != Dimension::Total;
        if !apart {
            groups.clear();
        }
        Ok(UsageView { from, to, total, groups: shown(groups, by_day) })
    }

    fn period(&self, wish: &UsageWish) -> Result<(i64, i64), ServiceError> {
        let to = wish.to.unwrap_or_else(|| utc_day(self.clock.now()));
        let from = wish.from.unwrap_or(to - USUAL_DAYS + 1);
        let apart = wish.by_day && wish.dimension != Dimension::Total;
        let most = if apart { MAX_DAYS_APART } else { MAX_DAYS };
        match to - from {
            ..0 => Err(ServiceError::invalid("InvalidQuery", "from must not be after to")),
            days if days >= most => Err(ServiceError::invalid(
                "InvalidQuery",
                format!(
                    "from and to are {} days; with this groupBy at most {most} are summed at once",
                    days + 1
                ),
            )),
            _ => Ok((from, to)),
        }
    }
}

fn summed<'a, G>(groups: impl IntoIterator<Item = (G, &'a UsageSums)>) -> UsageSums {
    groups.into_iter().fold(UsageSums::default(), |mut total, (_, sums)| {
        total.add(sums);
        total
    })
}

/// The groups that burnt most, and one for all others.
fn shown(mut groups: Vec<(UsageGroup, UsageSums)>, by_day: bool) -> Vec<(UsageGroup, UsageSums)> {
    groups.sort_by(|(one, burnt), (other, also)| {
        (one.value.is_none(), also.fuel, also.cpu_micros, one).cmp(&(
            other.value.is_none(),
            burnt.fuel,
            burnt.cpu_micros,
            other,
        ))
    });
    if groups.len() > MAX_SHOWN {
        let others = summed(groups[MAX_SHOWN..].iter().map(|(_, sums)| ((), sums)));
        groups.truncate(MAX_SHOWN);
        groups.push((UsageGroup { day: None, tenant: None, project: None, value: None }, others));
    }
    if by_day {
        groups.sort_by_key(|(group, _)| group.day.unwrap_or(i64::MAX));
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_burnt_most_is_shown_and_nothing_is_left_out_of_the_sum() {
        let group = |number: u64| {
            let value = Some(format!("{number}"));
            (
                UsageGroup { day: None, tenant: None, project: None, value },
                UsageSums { fuel: number, ..UsageSums::default() },
            )
        };
        let most = MAX_SHOWN as u64;
        for count in [most, most + 1, most + 500] {
            let groups: Vec<_> = (0..count).map(group).collect();
            let all = summed(groups.iter().map(|(_, sums)| ((), sums)));
            let shown = shown(groups, false);
            assert_eq!(shown.iter().filter(|(group, _)| group.value.is_some()).count(), MAX_SHOWN);
            assert_eq!(shown.len(), MAX_SHOWN + usize::from(count > most), "the others are one");
            assert_eq!(shown[0].1.fuel, count - 1);
            assert_eq!(summed(shown.iter().map(|(_, sums)| ((), sums))), all);
        }
    }
}
