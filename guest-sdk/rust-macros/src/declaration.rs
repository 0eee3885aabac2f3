//! What an author writes between the parentheses of the attribute.

use proc_macro2::Span;
use syn::{
    Ident, LitBool, LitInt, LitStr, Result, Token, Type, bracketed,
    meta::ParseNestedMeta,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
};

const KEYS: &str = "title, description, job_type, input(…), output(…), memory_bytes, timeout_seconds, fuel, \
                    disk_bytes, deterministic, http(…), hmac";
const INPUT_KEYS: &str = "name, parameter, formats, required, many";
const OUTPUT_KEYS: &str = "name, kind, type_name, json";
const HTTP_KEYS: &str = "hosts, secrets";

/// The parsed attribute.
pub(crate) struct Declaration {
    pub(crate) job_type: Option<LitStr>,
    pub(crate) title: LitStr,
    pub(crate) description: LitStr,
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) memory_bytes: Option<LitInt>,
    pub(crate) timeout_seconds: Option<LitInt>,
    pub(crate) fuel: Option<LitInt>,
    pub(crate) disk_bytes: Option<LitInt>,
    pub(crate) deterministic: bool,
    pub(crate) http: Option<Http>,
    pub(crate) hmac: Vec<LitStr>,
}

/// `input(…)`.
pub(crate) struct Input {
    pub(crate) name: LitStr,
    pub(crate) parameter: LitStr,
    pub(crate) formats: Vec<LitStr>,
    pub(crate) required: bool,
    pub(crate) many: bool,
}

/// `output(…)`.
pub(crate) struct Output {
    pub(crate) name: LitStr,
    /// The variant of `fuelcell_sdk::Kind`.
    pub(crate) kind: Ident,
    pub(crate) type_name: LitStr,
    /// The type of the one value that it holds.
    pub(crate) json: Option<Type>,
}

/// `http(…)`.
pub(crate) struct Http {
    pub(crate) hosts: Vec<LitStr>,
    pub(crate) secrets: Vec<LitStr>,
}

impl Declaration {
    /// Parses the tokens of the attribute.
    pub(crate) fn parse(tokens: proc_macro2::TokenStream) -> Result<Self> {
        let (mut title, mut description, mut job_type) = (None, None, None);
        let (mut memory_bytes, mut timeout_seconds, mut fuel, mut disk_bytes) = (None, None, None, None);
        let (mut deterministic, mut http, mut hmac) = (None, None, None);
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());

        let parser = syn::meta::parser(|meta| match key(&meta).as_str() {
            "title" => set(&mut title, &meta, text),
            "description" => set(&mut description, &meta, text),
            "job_type" => set(&mut job_type, &meta, text),
            "memory_bytes" => set(&mut memory_bytes, &meta, number),
            "timeout_seconds" => set(&mut timeout_seconds, &meta, number),
            "fuel" => set(&mut fuel, &meta, number),
            "disk_bytes" => set(&mut disk_bytes, &meta, number),
            "deterministic" => set(&mut deterministic, &meta, truth),
            "hmac" => set(&mut hmac, &meta, texts),
            "http" => set_once(&mut http, &meta, Http::parse),
            "input" => Input::parse(&meta).map(|input| inputs.push(input)),
            "output" => Output::parse(&meta).map(|output| outputs.push(output)),
            _ => Err(unknown(&meta, KEYS)),
        });
        parser.parse2(tokens)?;

        let here = Span::call_site();
        Ok(Self {
            job_type,
            title: required(title, here, "the job needs `title = \"…\"`")?,
            description: required(description, here, "the job needs `description = \"…\"`")?,
            inputs,
            outputs,
            memory_bytes,
            timeout_seconds,
            fuel,
            disk_bytes,
            deterministic: deterministic.unwrap_or(false),
            http,
            hmac: hmac.unwrap_or_default(),
        })
    }
}

impl Input {
    fn parse(outer: &ParseNestedMeta) -> Result<Self> {
        let (mut name, mut parameter, mut formats) = (None, None, None);
        let (mut needed, mut many) = (None, None);
        outer.parse_nested_meta(|meta| match key(&meta).as_str() {
            "name" => set(&mut name, &meta, text),
            "parameter" => set(&mut parameter, &meta, text),
            "formats" => set(&mut formats, &meta, texts),
            "required" => set(&mut needed, &meta, truth),
            "many" => set(&mut many, &meta, truth),
            _ => Err(unknown(&meta, INPUT_KEYS)),
        })?;
        let here = span(outer);
        Ok(Self {
            name: required(name, here, "the input needs `name = \"…\"`")?,
            parameter: required(parameter, here, "the input needs `parameter = \"…\"`")?,
            formats: formats.unwrap_or_default(),
            required: needed.unwrap_or(false),
            many: many.unwrap_or(false),
        })
    }
}

impl Output {
    fn parse(outer: &ParseNestedMeta) -> Result<Self> {
        let (mut name, mut kind, mut type_name, mut json) = (None, None, None, None);
        outer.parse_nested_meta(|meta| match key(&meta).as_str() {
            "name" => set(&mut name, &meta, text),
            "kind" => set(&mut kind, &meta, text),
            "type_name" => set(&mut type_name, &meta, text),
            "json" => set(&mut json, &meta, |input| input.parse()),
            _ => Err(unknown(&meta, OUTPUT_KEYS)),
        })?;
        let here = span(outer);
        Ok(Self {
            name: required(name, here, "the output needs `name = \"…\"`")?,
            kind: kind_variant(&required(kind, here, "the output needs `kind = \"…\"`")?)?,
            type_name: required(
                type_name.or_else(|| json.as_ref().and_then(word)),
                here,
                "the output needs `type_name = \"…\"`",
            )?,
            json,
        })
    }
}

impl Http {
    fn parse(outer: &ParseNestedMeta) -> Result<Self> {
        let (mut hosts, mut secrets) = (None, None);
        outer.parse_nested_meta(|meta| match key(&meta).as_str() {
            "hosts" => set(&mut hosts, &meta, texts),
            "secrets" => set(&mut secrets, &meta, texts),
            _ => Err(unknown(&meta, HTTP_KEYS)),
        })?;
        let hosts = required(hosts, span(outer), "http needs `hosts = [\"…\"]`")?;
        Ok(Self { hosts, secrets: secrets.unwrap_or_default() })
    }
}

/// What a type is called.
fn word(named: &Type) -> Option<LitStr> {
    let Type::Path(path) = named else { return None };
    let last = path.path.segments.last()?;
    last.arguments.is_none().then(|| LitStr::new(&last.ident.to_string(), last.ident.span()))
}

fn kind_variant(kind: &LitStr) -> Result<Ident> {
    let variant = match kind.value().as_str() {
        "report" => "Report",
        "data" => "Data",
        "model" => "Model",
        "visualization" => "Visualization",
        _ => return Err(syn::Error::new(kind.span(), "a kind is report, data, model or visualization")),
    };
    Ok(Ident::new(variant, kind.span()))
}

fn key(meta: &ParseNestedMeta) -> String {
    meta.path.get_ident().map(Ident::to_string).unwrap_or_default()
}

fn span(meta: &ParseNestedMeta) -> Span {
    meta.path.get_ident().map_or_else(Span::call_site, Ident::span)
}

fn unknown(meta: &ParseNestedMeta, allowed: &str) -> syn::Error {
    meta.error(format!("unknown key; allowed are {allowed}"))
}

fn required<T>(value: Option<T>, span: Span, message: &str) -> Result<T> {
    value.ok_or_else(|| syn::Error::new(span, message))
}

/// Parses `= value`, once per key.
fn set<T>(slot: &mut Option<T>, meta: &ParseNestedMeta, parse: fn(ParseStream) -> Result<T>) -> Result<()> {
    set_once(slot, meta, |meta| parse(meta.value()?))
}

/// Parses what follows a key, once per key.
fn set_once<T>(
    slot: &mut Option<T>,
    meta: &ParseNestedMeta,
    parse: impl FnOnce(&ParseNestedMeta) -> Result<T>,
) -> Result<()> {
    if slot.is_some() {
        return Err(meta.error("this key is given twice"));
    }
    *slot = Some(parse(meta)?);
    Ok(())
}

fn text(input: ParseStream) -> Result<LitStr> {
    input.parse()
}

/// A number that fits 64 bits; the type is checked here so that the message points at the author's literal.
fn number(input: ParseStream) -> Result<LitInt> {
    let literal: LitInt = input.parse()?;
    literal.base10_parse::<u64>()?;
    Ok(literal)
}

fn truth(input: ParseStream) -> Result<bool> {
    input.parse::<LitBool>().map(|literal| literal.value)
}

fn texts(input: ParseStream) -> Result<Vec<LitStr>> {
    let list;
    bracketed!(list in input);
    Ok(Punctuated::<LitStr, Token![,]>::parse_terminated(&list)?.into_iter().collect())
}
