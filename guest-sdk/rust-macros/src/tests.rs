//! What authors read when the declaration or the function is wrong.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::expand;

fn function() -> TokenStream {
    quote!(
        fn run(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure> {
            Ok(Completion::Done)
        }
    )
}

fn error(declaration: TokenStream, function: TokenStream) -> String {
    expand(declaration, function).expect_err("the declaration or the function is wrong").to_string()
}

fn declaration_error(declaration: TokenStream) -> String {
    error(declaration, function())
}

fn signature_error(function: TokenStream) -> String {
    error(quote!(title = "T", description = "D"), function)
}

#[test]
fn unknown_keys_name_the_allowed_ones() {
    let message = declaration_error(quote!(title = "T", describtion = "D"));
    assert!(message.starts_with("unknown key; allowed are title, description, job_type"), "{message}");
    let message = declaration_error(quote!(title = "T", description = "D", input(name = "a", file = "b")));
    assert_eq!(message, "unknown key; allowed are name, parameter, formats, required, many");
    let message = declaration_error(quote!(title = "T", description = "D", output(title = "a")));
    assert_eq!(message, "unknown key; allowed are name, kind, type_name, json");
    let message = declaration_error(quote!(title = "T", description = "D", http(urls = ["a"])));
    assert_eq!(message, "unknown key; allowed are hosts, secrets");
}

#[test]
fn missing_and_repeated_keys_are_named() {
    assert_eq!(declaration_error(quote!(description = "D")), "the job needs `title = \"…\"`");
    assert_eq!(declaration_error(quote!(title = "T")), "the job needs `description = \"…\"`");
    assert_eq!(
        declaration_error(quote!(title = "T", description = "D", input(name = "dataset"))),
        "the input needs `parameter = \"…\"`"
    );
    assert_eq!(declaration_error(quote!(title = "T", title = "U")), "this key is given twice");
    assert_eq!(declaration_error(quote!(http(secrets = ["TOKEN"]))), "http needs `hosts = [\"…\"]`");
    assert_eq!(
        declaration_error(quote!(http(hosts = ["a.example"]), http(hosts = ["b.example"]))),
        "this key is given twice"
    );
}

#[test]
fn values_have_types() {
    assert_eq!(declaration_error(quote!(title = 5)), "expected string literal");
    assert_eq!(declaration_error(quote!(memory_bytes = "512 MiB")), "expected integer literal");
    assert_eq!(declaration_error(quote!(deterministic = "yes")), "expected boolean literal");
    assert_eq!(declaration_error(quote!(http(hosts = "a.example"))), "expected square brackets");
    assert_eq!(declaration_error(quote!(http = true)), "expected parentheses");
    assert_eq!(
        declaration_error(quote!(fuel = 18446744073709551616)),
        "number too large to fit in target type"
    );
    assert_eq!(
        declaration_error(quote!(output(name = "a", kind = "table", type_name = "T"))),
        "a kind is report, data, model or visualization"
    );
}

#[test]
fn an_output_with_a_type_has_a_constant_of_its_own() {
    let error = |outputs| declaration_error(quote!(title = "T", description = "D", #outputs));
    assert_eq!(
        error(quote!(output(name = "a.json", kind = "data", json = Vec<u8>))),
        "the output needs `type_name = \"…\"`"
    );
    assert_eq!(
        error(quote!(output(name = "1.json", kind = "data", json = A))),
        "the name of an output with a type begins with a letter, A to Z"
    );
    assert_eq!(
        error(quote!(
            output(name = "a-b.json", kind = "data", json = A),
            output(name = "a/b.json", kind = "data", json = A)
        )),
        "another output with a type is `Outputs::A_B`, too"
    );
}

#[test]
fn wrong_signatures_are_told_the_right_one() {
    let wrong = [
        quote!(
            fn run(context: &mut Context) -> Result {}
        ),
        quote!(
            fn run(context: &mut Context, parameters: Parameters) {}
        ),
        quote!(
            fn run(context: Context, parameters: Parameters) -> Result {}
        ),
        quote!(
            fn run(context: &mut Context, parameters: Parameters, more: u8) -> Result {}
        ),
        quote!(
            async fn run(context: &mut Context, parameters: Parameters) -> Result {}
        ),
        quote!(
            fn run<T>(context: &mut Context, parameters: T) -> Result {}
        ),
        quote!(
            fn run(&mut self, parameters: Parameters) -> Result {}
        ),
    ];
    for function in wrong {
        let message = signature_error(function);
        assert!(message.starts_with("a job is `fn name(context: &mut Context"), "{message}");
    }
}

#[test]
fn only_functions_are_jobs() {
    assert_eq!(
        signature_error(quote!(
            struct Run;
        )),
        "expected `fn`"
    );
}
