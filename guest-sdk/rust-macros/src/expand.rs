//! From the declaration and the function to the code of a job.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{FnArg, Ident, ItemFn, LitInt, LitStr, Result, ReturnType, Type, Visibility, spanned::Spanned};

use crate::declaration::{Declaration, Http, Input, Output};

const SIGNATURE: &str =
    "a job is `fn name(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure>`";

/// The function as it is, the struct `Job`, and the exports of a WebAssembly build.
pub(crate) fn expand(declaration: TokenStream, function: TokenStream) -> Result<TokenStream> {
    let declaration = Declaration::parse(declaration)?;
    let function: ItemFn = syn::parse2(function)?;
    let parameters = parameters_type(&function)?;
    let manifest = manifest(&declaration, parameters);
    let outputs = json_outputs(&declaration.outputs, &function.vis)?;
    let name = &function.sig.ident;
    let doc = format!("The job [`{name}`] with its manifest, for hosts, tests and native benchmarks.");
    let parse = quote_spanned!(parameters.span()=> context.parameters::<#parameters>()?);

    Ok(quote! {
        #function

        #outputs

        #[doc = #doc]
        #[allow(unreachable_pub)]
        #[derive(Clone, Copy, Debug)]
        pub struct Job;

        impl ::fuelcell_sdk::GuestJob for Job {
            fn manifest() -> ::fuelcell_sdk::Manifest {
                #manifest
            }

            fn run(context: &mut ::fuelcell_sdk::Context) -> ::fuelcell_sdk::Result {
                let parameters = #parse;
                #name(context, parameters)
            }
        }

        #[cfg(target_family = "wasm")]
        #[allow(unsafe_code)]
        const _: () = {
            type Exported = ::fuelcell_sdk::wasm::Exported<Job>;
            ::fuelcell_sdk::wasm::bindings::export_job!(Exported with_types_in ::fuelcell_sdk::wasm::bindings);
        };
    })
}

/// Checks the shape of the function; its types are checked by the code that calls it.
fn parameters_type(function: &ItemFn) -> Result<&Type> {
    let signature = &function.sig;
    let is_plain = signature.asyncness.is_none()
        && signature.unsafety.is_none()
        && signature.abi.is_none()
        && signature.generics.params.is_empty();
    let returns = matches!(signature.output, ReturnType::Type(..));
    let mut arguments = signature.inputs.iter();
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(FnArg::Typed(context)), Some(FnArg::Typed(parameters)), None)
            if is_plain && returns && matches!(*context.ty, Type::Reference(_)) =>
        {
            Ok(&parameters.ty)
        }
        _ => Err(syn::Error::new(signature.span(), SIGNATURE)),
    }
}

fn manifest(declaration: &Declaration, parameters: &Type) -> TokenStream {
    let Declaration { title, description, deterministic, hmac, .. } = declaration;
    let job_type = match &declaration.job_type {
        Some(job_type) => quote!(::core::option::Option::Some(#job_type)),
        None => quote!(::core::option::Option::None),
    };
    let schema = quote_spanned!(parameters.span()=> ::fuelcell_sdk::schema_for::<#parameters>());
    let inputs = declaration.inputs.iter().map(input);
    let outputs = declaration.outputs.iter().map(output);
    let memory_bytes = limit(declaration.memory_bytes.as_ref());
    let timeout_seconds = limit(declaration.timeout_seconds.as_ref());
    let fuel = limit(declaration.fuel.as_ref());
    let disk_bytes = limit(declaration.disk_bytes.as_ref());
    let http = http(declaration.http.as_ref());
    quote! {
        ::fuelcell_sdk::Manifest {
            interface: ::fuelcell_sdk::INTERFACE,
            job_type: #job_type,
            title: #title,
            description: #description,
            parameters: #schema,
            inputs: &[#(#inputs),*],
            outputs: &[#(#outputs),*],
            limits: ::fuelcell_sdk::Limits {
                memory_bytes: #memory_bytes,
                timeout_seconds: #timeout_seconds,
                fuel: #fuel,
                disk_bytes: #disk_bytes,
            },
            deterministic: #deterministic,
            http: #http,
            hmac: &[#(#hmac),*],
        }
    }
}

fn input(input: &Input) -> TokenStream {
    let Input { name, parameter, formats, required, many } = input;
    quote! {
        ::fuelcell_sdk::InputDeclaration {
            name: #name,
            parameter: #parameter,
            formats: &[#(#formats),*],
            required: #required,
            many: #many,
        }
    }
}

fn output(output: &Output) -> TokenStream {
    let Output { name, kind, type_name, .. } = output;
    quote! {
        ::fuelcell_sdk::OutputDeclaration {
            name: #name,
            kind: ::fuelcell_sdk::Kind::#kind,
            type_name: #type_name,
        }
    }
}

/// The struct `Outputs` with a constant for each output that has a type, if one has.
fn json_outputs(outputs: &[Output], seen: &Visibility) -> Result<TokenStream> {
    let mut taken = HashSet::new();
    let typed = outputs.iter().filter_map(|output| Some((output, output.json.as_ref()?)));
    let constants = typed
        .map(|(output, value)| {
            let Output { name, kind, type_name, .. } = output;
            let constant = constant(name)?;
            if !taken.insert(constant.to_string()) {
                let message = format!("another output with a type is `Outputs::{constant}`, too");
                return Err(syn::Error::new(name.span(), message));
            }
            let doc = format!("The output `{}`.", name.value());
            Ok(quote! {
                #[doc = #doc]
                #seen const #constant: ::fuelcell_sdk::JsonOutput<#value> =
                    ::fuelcell_sdk::JsonOutput::declared(#name, ::fuelcell_sdk::Kind::#kind, #type_name);
            })
        })
        .collect::<Result<Vec<_>>>()?;
    if constants.is_empty() {
        return Ok(TokenStream::new());
    }
    Ok(quote! {
        /// The outputs that hold a value of a type, for [`Context::save_json`](::fuelcell_sdk::Context::save_json).
        #[derive(Debug)]
        #seen enum Outputs {}

        impl Outputs {
            #(#constants)*
        }
    })
}

/// `SUMMARY` for `summary.json`.
fn constant(name: &LitStr) -> Result<Ident> {
    let text = name.value();
    let stem = text.strip_suffix(".json").unwrap_or(&text);
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    match stem.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => Ok(Ident::new(&stem.chars().map(word).collect::<String>(), name.span())),
        false => Err(syn::Error::new(
            name.span(),
            "the name of an output with a type begins with a letter, A to Z",
        )),
    }
}

fn http(http: Option<&Http>) -> TokenStream {
    let Some(Http { hosts, secrets }) = http else { return quote!(::core::option::Option::None) };
    quote! {
        ::core::option::Option::Some(::fuelcell_sdk::HttpDeclaration {
            hosts: &[#(#hosts),*],
            secrets: &[#(#secrets),*],
        })
    }
}

fn limit(value: Option<&LitInt>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
