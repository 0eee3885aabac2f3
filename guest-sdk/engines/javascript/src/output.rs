//! What JavaScript makes: artifacts and the report. Descriptions come as JSON, so that whole numbers are exact.

use crate::{bytes, failure};
use fuelcell_sdk::wasm::bindings::fuelcell::job::{artifacts, reporting, types};
use rquickjs::{Ctx, Exception, Function, Object, Result, Value};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::rc::Rc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description {
    name: String,
    kind: String,
    type_name: String,
    title: String,
    media_type: String,
    primary: bool,
    role: String,
    record_count: Option<u64>,
    accuracy: Option<f64>,
}

impl From<Description> for artifacts::Description {
    fn from(said: Description) -> Self {
        Self {
            name: said.name,
            kind: match said.kind.as_str() {
                "report" => artifacts::Kind::Report,
                "model" => artifacts::Kind::Model,
                "visualization" => artifacts::Kind::Visualization,
                _ => artifacts::Kind::Data,
            },
            type_name: said.type_name,
            title: said.title,
            media_type: said.media_type,
            primary: said.primary,
            role: match said.role.as_str() {
                "failedRecords" => artifacts::Role::FailedRecords,
                _ => artifacts::Role::Output,
            },
            record_count: said.record_count,
            accuracy: said.accuracy,
        }
    }
}

#[derive(Deserialize)]
struct Finding {
    kind: String,
    message: String,
    count: u64,
}

impl From<Finding> for types::Finding {
    fn from(Finding { kind, message, count }: Finding) -> Self {
        Self { kind, message, count }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Validation {
    total: u64,
    valid: u64,
    duplicates_removed: u64,
    invalid: u64,
}

impl From<Validation> for types::DataValidation {
    fn from(said: Validation) -> Self {
        Self {
            total: said.total,
            valid: said.valid,
            duplicates_removed: said.duplicates_removed,
            invalid: said.invalid,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    records_processed: u64,
    records_total: Option<u64>,
    errors: u64,
    warnings: Vec<Finding>,
    processing_errors: Vec<Finding>,
    quality_score: Option<f64>,
    validation: Option<Validation>,
}

fn read<T: DeserializeOwned>(ctx: &Ctx<'_>, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| Exception::throw_type(ctx, &error.to_string()))
}

/// Replaces the report.
pub(crate) fn report(ctx: Ctx<'_>, json: String) -> Result<()> {
    let said: Report = read(&ctx, &json)?;
    reporting::set(&types::Report {
        records_processed: said.records_processed,
        records_total: said.records_total,
        errors: said.errors,
        warnings: said.warnings.into_iter().map(Into::into).collect(),
        processing_errors: said.processing_errors.into_iter().map(Into::into).collect(),
        quality_score: said.quality_score,
        validation: said.validation.map(Into::into),
    });
    Ok(())
}

/// Begins an artifact: an object with the functions that `ArtifactWriter` of the SDK calls.
pub(crate) fn create<'js>(ctx: Ctx<'js>, json: String) -> Result<Object<'js>> {
    let description: Description = read(&ctx, &json)?;
    let writer = artifacts::create(&description.into()).map_err(|error| failure::refused(&ctx, &error))?;
    // None = finished or thrown away.
    let writer = Rc::new(RefCell::new(Some(writer)));
    let object = Object::new(ctx.clone())?;
    let shared = writer.clone();
    let write = move |ctx: Ctx<'js>, data: Value<'js>| -> Result<()> {
        let data = bytes::of_value(&ctx, &data)?;
        let written = shared.borrow().as_ref().map_or(Ok(()), |writer| writer.write(&data));
        written.map_err(|error| failure::refused(&ctx, &error))
    };
    object.set("write", Function::new(ctx.clone(), write)?)?;
    let shared = writer.clone();
    let finish = move |ctx: Ctx<'js>| -> Result<()> {
        let finished = shared.borrow_mut().take().map_or(Ok(()), |writer| writer.finish());
        finished.map_err(|error| failure::refused(&ctx, &error))
    };
    object.set("finish", Function::new(ctx.clone(), finish)?)?;
    object.set("drop", Function::new(ctx, move || drop(writer.borrow_mut().take()))?)?;
    Ok(object)
}
