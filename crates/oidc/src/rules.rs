//! From what the provider says of somebody to what they may do here.

use fuelcell_domain::{ProjectId, ProjectRef, Role, Scope, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who gets a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The claim: its name, or a JSON Pointer to it.
    pub claim: String,
    /// What it is, or has in its list.
    pub value: String,
    /// The role.
    #[schemars(with = "String")]
    pub role: Role,
    /// Where it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub tenant: Option<TenantId>,
    /// If in one project only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub project: Option<ProjectId>,
}

impl Rule {
    /// What it gives; `None` for a rule that [`check_rule`] refuses.
    pub(crate) fn grant(&self) -> Option<(Role, Scope)> {
        let scope = match (self.role, self.tenant, self.project) {
            (Role::Operator, None, None) => Scope::Server,
            (Role::Operator, ..) => return None,
            (_, Some(tenant), None) => Scope::Tenant(tenant),
            (_, Some(tenant), Some(project)) => Scope::Project(ProjectRef { tenant, project }),
            _ => return None,
        };
        Some((self.role, scope))
    }
}

/// What people call themselves at many providers, and change at will (OpenID Connect Core, section 5.1).
const SET_BY_PEOPLE: [&str; 9] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
];

/// The claim at the top of the token that is named, or in which a pointer looks.
pub(crate) fn top(claim: &str) -> &str {
    claim.strip_prefix('/').map_or(claim, |pointer| pointer.split('/').next().unwrap_or_default())
}

/// Refuses what gives nobody anything, or more than is meant.
pub(crate) fn check_rule(rule: &Rule) -> Result<(), &'static str> {
    match rule.grant() {
        _ if rule.claim.is_empty() => Err("a rule names a claim"),
        _ if rule.value.is_empty() => Err("a rule names a value"),
        _ if SET_BY_PEOPLE.contains(&top(&rule.claim)) => Err(
            "people may set such a claim themselves; a rule takes one that the provider alone sets, such as groups, roles or \
             sub, or a verified email",
        ),
        Some(_) => Ok(()),
        None if rule.role == Role::Operator => {
            Err("an operator is one of the whole server, and of no tenant")
        }
        None => Err("every role but operator holds in a tenant, or in a tenant's project"),
    }
}
