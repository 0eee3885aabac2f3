//! Parameters against the JSON Schema of the module's manifest, without holding anybody up.
//!
//! What a check costs at most is known before it begins. Small ones are done where they are asked for: handing them over
//! takes longer. All others, and compiling, are done on threads of their own, in as many at a time as there are processors;
//! tenants take turns, and whoever waits too long is told so.

use crate::checks::unusable;
use crate::{Service, ServiceError};
use fuelcell_domain::{Digest, ModuleVersion, TenantId};
pub(crate) use fuelcell_rules::Extent;
pub use fuelcell_rules::ParameterFault;
use fuelcell_rules::{Refusal, Schema, described};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Steps of a check that are done where it is asked for: some hundred microseconds.
const SMALL: u64 = 100_000;

impl Service {
    /// Refuses a schema that cannot be used, or that would cost too much to use.
    pub(crate) async fn check_schema(
        &self,
        tenant: TenantId,
        module: Digest,
        schema: &Value,
    ) -> Result<(), ServiceError> {
        if schema.is_null() || self.checks.kept().get(module).is_some() {
            return Ok(());
        }
        let schema = schema.clone();
        let compiled = self.checks.in_turn(tenant, move || Schema::compile(&schema)).await?;
        let compiled = compiled.map_err(|reason| unusable(&reason))?;
        self.checks.kept().insert(module, Arc::new(compiled));
        Ok(())
    }

    /// Refuses parameters that the module's schema does not allow.
    pub(crate) async fn check_parameters(
        &self,
        tenant: TenantId,
        module: &ModuleVersion,
        parameters: &Map<String, Value>,
        extent: Extent,
    ) -> Result<(), ServiceError> {
        if module.manifest.parameters.is_null() {
            return Ok(());
        }
        let document = described(&module.manifest, parameters.clone());
        let kept = self.checks.kept().get(module.digest);
        let checked = match kept {
            Some(schema) if schema.steps(&document) <= SMALL => schema.check(&document, extent),
            Some(schema) => self.checks.in_turn(tenant, move || schema.check(&document, extent)).await?,
            None => {
                let manifest = module.manifest.clone();
                let work = move || {
                    let schema = Schema::compile(&manifest.parameters)?;
                    let checked = schema.check(&document, extent);
                    Ok((schema, checked))
                };
                let done: Result<_, String> = self.checks.in_turn(tenant, work).await?;
                let (schema, checked) = done.map_err(|reason| unusable(&reason))?;
                self.checks.kept().insert(module.digest, Arc::new(schema));
                checked
            }
        };
        checked.map_err(|refusal| match refusal {
            Refusal::Faults(faults) => {
                ServiceError::InvalidParameters { module: module.name.clone(), faults }
            }
            Refusal::TooMuch(reason) => ServiceError::unprocessable("CheckLimit", reason),
        })
    }
}
