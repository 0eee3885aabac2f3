//! The host's imports as functions of an object, for the files of the SDK. Whole numbers of 64 bits cross as texts.

use crate::{bytes, failure, http, input, output};
use fuelcell_sdk::wasm::bindings::fuelcell::job::{
    cancel, checkpoint, inputs, log, parameters, processed, progress, secrets, types, usage,
};
use rquickjs::{Array, Ctx, Function, IntoJs, Object, Result, String as Text, TypedArray, Value};
use std::thread;
use std::time::Duration;

/// The object.
pub(crate) fn object<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    for (name, function) in [
        ("parameters", Function::new(ctx.clone(), parameters::get)?),
        ("inputs", Function::new(ctx.clone(), listed)?),
        ("open", Function::new(ctx.clone(), input::open)?),
        ("progress", Function::new(ctx.clone(), told_progress)?),
        ("log", Function::new(ctx.clone(), logged)?),
        ("poll", Function::new(ctx.clone(), polled)?),
        ("usage", Function::new(ctx.clone(), used)?),
        ("report", Function::new(ctx.clone(), output::report)?),
        ("create", Function::new(ctx.clone(), output::create)?),
        ("saveCheckpoint", Function::new(ctx.clone(), saved)?),
        ("loadCheckpoint", Function::new(ctx.clone(), loaded)?),
        ("seen", Function::new(ctx.clone(), seen)?),
        ("mark", Function::new(ctx.clone(), marked)?),
        ("hmac", Function::new(ctx.clone(), hmac)?),
        ("send", Function::new(ctx.clone(), http::send)?),
        ("encode", Function::new(ctx.clone(), encoded)?),
        ("decode", Function::new(ctx.clone(), decoded)?),
        ("random", Function::new(ctx.clone(), random)?),
        ("sleep", Function::new(ctx.clone(), sleep)?),
    ] {
        host.set(name, function)?;
    }
    Ok(host)
}

fn listed<'js>(ctx: Ctx<'js>) -> Result<Array<'js>> {
    let list = Array::new(ctx.clone())?;
    for (index, input) in inputs::list().into_iter().enumerate() {
        let one = Object::new(ctx.clone())?;
        one.set("name", input.name)?;
        one.set("fileName", input.file_name)?;
        one.set("mediaType", input.media_type)?;
        // No file comes near 2^53 bytes.
        one.set("size", input.size as f64)?;
        list.set(index, one)?;
    }
    Ok(list)
}

fn told_progress(done: String, total: String, stage: String) {
    // The SDK has checked that they are numbers of 64 bits.
    if let (Ok(done), Ok(total)) = (done.parse(), total.parse()) {
        progress::report(done, total, &stage);
    }
}

fn logged(level: String, stage: String, message: String) {
    let level = match level.as_str() {
        "debug" => types::Level::Debug,
        "warn" => types::Level::Warn,
        "error" => types::Level::Error,
        _ => types::Level::Info,
    };
    log::line(level, &stage, &message);
}

fn polled() -> &'static str {
    match cancel::poll() {
        types::Cancellation::None => "none",
        types::Cancellation::User => "user",
        types::Cancellation::Deadline => "deadline",
    }
}

fn used<'js>(ctx: Ctx<'js>) -> Result<Object<'js>> {
    let figures = usage::so_far();
    let object = Object::new(ctx)?;
    object.set("fuel", figures.fuel.to_string())?;
    object.set("memoryBytes", figures.memory_bytes as f64)?;
    object.set("milliseconds", figures.elapsed_milliseconds.map(|time| time as f64))?;
    Ok(object)
}

fn saved<'js>(ctx: Ctx<'js>, data: TypedArray<'js, u8>) -> Result<()> {
    checkpoint::save(&bytes::of_array(&data)?).map_err(|error| failure::refused(&ctx, &error))
}

fn loaded<'js>(ctx: Ctx<'js>) -> Result<Option<TypedArray<'js, u8>>> {
    let kept = checkpoint::load().map_err(|error| failure::refused(&ctx, &error))?;
    kept.map(|kept| bytes::to_array(ctx, kept)).transpose()
}

fn seen(ctx: Ctx<'_>, key: String) -> Result<bool> {
    processed::seen(&key).map_err(|error| failure::refused(&ctx, &error))
}

fn marked(ctx: Ctx<'_>, key: String) -> Result<()> {
    processed::mark(&key).map_err(|error| failure::refused(&ctx, &error))
}

fn hmac<'js>(ctx: Ctx<'js>, secret: String, texts: Vec<TypedArray<'js, u8>>) -> Result<Vec<Value<'js>>> {
    let texts = texts.iter().map(bytes::of_array).collect::<Result<Vec<_>>>()?;
    let macs = secrets::hmac_sha256(&secret, &texts).map_err(|error| failure::refused(&ctx, &error))?;
    let macs = macs.as_chunks::<32>().0;
    if macs.len() != texts.len() {
        return Err(failure::throw(&ctx, "storage", "the host did not answer for each text"));
    }
    macs.iter().map(|mac| bytes::to_array(ctx.clone(), mac.to_vec())?.into_js(&ctx)).collect()
}

fn encoded(ctx: Ctx<'_>, text: String) -> Result<TypedArray<'_, u8>> {
    bytes::to_array(ctx, text.into_bytes())
}

fn decoded<'js>(ctx: Ctx<'js>, data: TypedArray<'js, u8>, strict: bool) -> Result<Option<Text<'js>>> {
    bytes::decoded(ctx, &bytes::of_array(&data)?, strict)
}

fn random(ctx: Ctx<'_>, count: u32) -> Result<TypedArray<'_, u8>> {
    bytes::to_array(ctx, wasip2::random::random::get_random_bytes(u64::from(count)))
}

fn sleep(milliseconds: f64) {
    thread::sleep(Duration::from_secs_f64(milliseconds.clamp(0.0, 1e12) / 1000.0));
}
