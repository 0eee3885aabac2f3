//! The files that a job reads: what its parameters name is looked up and pinned.

use crate::{Service, ServiceError};
use fuelcell_domain::manifest::ManifestInput;
use fuelcell_domain::{DatasetId, InputRef, ModuleVersion, Pipeline, ProjectRef};
use fuelcell_rules::{NamedInput, named_inputs};
use serde_json::{Map, Value};

impl Service {
    /// Looks up the datasets that the parameters name for the module's inputs.
    pub(crate) async fn pin_inputs(
        &self,
        project: ProjectRef,
        module: &ModuleVersion,
        pipeline: Option<&Pipeline>,
        parameters: &Map<String, Value>,
    ) -> Result<Vec<InputRef>, ServiceError> {
        let mut inputs = Vec::new();
        // A pipeline has one dataset: it is for the first input that takes one.
        let mut usual = pipeline.and_then(|pipeline| pipeline.dataset);
        for wanted in module.manifest.inputs.iter().filter(|input| !input.many) {
            let named = dataset_parameter(parameters, &wanted.parameter)?;
            let Some(id) = named.or(usual.take()) else {
                if wanted.required {
                    return Err(ServiceError::invalid(
                        "DatasetRequired",
                        format!(
                            "module {} needs a dataset: give its id in parameters.{}",
                            module.name, wanted.parameter
                        ),
                    ));
                }
                continue;
            };
            inputs.push(self.pin_dataset(project, &wanted.name, id).await?);
        }
        for NamedInput { name, dataset } in named(module, parameters)? {
            inputs.push(self.pin_dataset(project, &name, dataset).await?);
        }
        Ok(inputs)
    }

    /// The inputs of an earlier job, save those whose parameters changed.
    pub(crate) async fn renewed_inputs(
        &self,
        project: ProjectRef,
        mut inputs: Vec<InputRef>,
        module: &ModuleVersion,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
    ) -> Result<Vec<InputRef>, ServiceError> {
        for wanted in module.manifest.inputs.iter().filter(|input| !input.many) {
            if before.get(&wanted.parameter) == after.get(&wanted.parameter) {
                continue;
            }
            let Some(id) = dataset_parameter(after, &wanted.parameter)? else { continue };
            let pinned = self.pin_dataset(project, &wanted.name, id).await?;
            inputs.retain(|input| input.name != wanted.name);
            inputs.push(pinned);
        }
        let (before, after) = (named(module, before)?, named(module, after)?);
        for gone in before.iter().filter(|input| !after.contains(input)) {
            inputs.retain(|input| input.name != gone.name);
        }
        for new in after.iter().filter(|input| !before.contains(input)) {
            inputs.push(self.pin_dataset(project, &new.name, new.dataset).await?);
        }
        Ok(inputs)
    }

    /// A dataset's bytes as they are now, as the input `name`.
    async fn pin_dataset(
        &self,
        project: ProjectRef,
        name: &str,
        id: DatasetId,
    ) -> Result<InputRef, ServiceError> {
        let dataset = self.store.dataset(project, id).await?.ok_or(ServiceError::NotFound("dataset"))?;
        Ok(InputRef {
            name: name.to_owned(),
            dataset: Some(id),
            file_name: dataset.name,
            media_type: dataset.media_type,
            digest: dataset.digest,
            size: dataset.size,
        })
    }
}

/// What the parameters name for inputs that take several datasets.
fn named(module: &ModuleVersion, parameters: &Map<String, Value>) -> Result<Vec<NamedInput>, ServiceError> {
    let named = named_inputs(&module.manifest, parameters)
        .map_err(|faults| ServiceError::InvalidParameters { module: module.name.clone(), faults })?;
    let given = |input: &ManifestInput| named.iter().any(|named| input.takes(&named.name));
    let mut required = module.manifest.inputs.iter().filter(|input| input.many && input.required);
    match required.find(|input| !given(input)) {
        None => Ok(named),
        Some(input) => Err(ServiceError::invalid(
            "DatasetRequired",
            format!(
                "module {} needs a dataset at least: name it in parameters.{}, as in {{\"NAME\": ID}}",
                module.name, input.parameter
            ),
        )),
    }
}

fn dataset_parameter(parameters: &Map<String, Value>, name: &str) -> Result<Option<DatasetId>, ServiceError> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.parse::<DatasetId>().is_ok() => Ok(text.parse().ok()),
        Some(other) => Err(ServiceError::invalid(
            "InvalidParameter",
            format!("parameters.{name} must be a dataset's id (a GUID), not {other}"),
        )),
    }
}
