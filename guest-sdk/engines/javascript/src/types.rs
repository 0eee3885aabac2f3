//! TypeScript without its types: each is replaced by blanks, so that every line and column stays where its author wrote it.
//!
//! What is more than a type (enums with values, namespaces, parameter properties, `import x = require()`) would need code of
//! its own, and is refused; TypeScript calls the rest erasable syntax.

use oxc_allocator::Allocator;
use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType, Span};
use oxc_syntax::scope::ScopeFlags;

/// Words before a member of a class, or before a class, that are types' only.
const MODIFIERS: [&str; 7] =
    ["public", "private", "protected", "readonly", "override", "abstract", "declare"];

/// What older modules of Node have in their code.
const COMMONJS: [&str; 3] = ["module.exports", "exports.", "require("];

/// What is wrong with a source, and where: line and column from 1.
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The source without types.
pub(crate) fn stripped(source: &str) -> Result<String, Wrong> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::ts()).parse();
    if let Some(error) = parsed.diagnostics.errors().next() {
        let at = error.labels.first().map_or(0, |label| label.offset());
        return Err(wrong(source, error.message.to_string(), at as usize));
    }
    let mut blanks = Blanks { source, out: source.as_bytes().to_vec(), refused: None };
    blanks.visit_program(&parsed.program);
    match blanks.refused {
        Some((message, at)) => Err(wrong(source, message, at)),
        None => Ok(String::from_utf8(blanks.out).expect("characters are replaced as a whole")),
    }
}

/// Whether JavaScript speaks to its importer as older modules of Node do, and neither imports nor exports. What cannot be
/// parsed does not count: the engine tells the place.
pub(crate) fn is_commonjs(source: &str) -> bool {
    let places = || COMMONJS.iter().flat_map(|word| source.match_indices(word)).map(|(at, _)| at as u32);
    if places().next().is_none() {
        return false;
    }
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::unambiguous()).parse();
    if parsed.panicked || parsed.module_record.has_module_syntax {
        return false;
    }
    let comments = &parsed.program.comments;
    let is_code = |at: u32| {
        let next = comments.partition_point(|comment| comment.span.end <= at);
        comments.get(next).is_none_or(|comment| at < comment.span.start)
    };
    places().any(is_code)
}

fn wrong(source: &str, message: String, at: usize) -> Wrong {
    let before = source.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Wrong { message, line, column }
}

/// Bytes of the source between two places that are no comment, with their places.
fn code(source: &str, start: u32, end: u32) -> impl Iterator<Item = (usize, u8)> + '_ {
    let bytes = &source.as_bytes()[..end as usize];
    let mut at = start as usize;
    std::iter::from_fn(move || {
        loop {
            let rest = &bytes[at..];
            let skipped = match rest {
                [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
                [b'/', b'*', ..] => {
                    rest.windows(2).skip(2).position(|two| two == b"*/").map_or(rest.len(), |end| end + 4)
                }
                [byte, ..] => {
                    at += 1;
                    return Some((at - 1, *byte));
                }
                [] => return None,
            };
            at += skipped;
        }
    })
}

struct Blanks<'s> {
    source: &'s str,
    out: Vec<u8>,
    refused: Option<(String, usize)>,
}

impl Blanks<'_> {
    fn blank(&mut self, start: u32, end: u32) {
        for at in start as usize..end as usize {
            // Lines stay lines; a character of several bytes becomes several blanks.
            if !matches!(self.out[at], b'\n' | b'\r') {
                self.out[at] = b' ';
            }
        }
    }

    fn blank_span(&mut self, span: Span) {
        self.blank(span.start, span.end);
    }

    /// A statement that goes: a semicolon stays, so that what stands around it does not become one.
    fn blank_statement(&mut self, span: Span) {
        self.blank_span(span);
        self.out[span.start as usize] = b';';
    }

    fn refuse(&mut self, what: &str, span: Span) {
        let message = format!(
            "{what} is code and not only a type, and the engine removes types only; tsc tells such places with the option erasableSyntaxOnly"
        );
        self.refused.get_or_insert((message, span.start as usize));
    }

    /// Blanks the first of these marks between two places, if one is there.
    fn blank_mark(&mut self, start: u32, end: u32, marks: &[u8]) {
        let found = code(self.source, start, end).find(|(_, byte)| marks.contains(byte));
        if let Some((at, _)) = found {
            self.out[at] = b' ';
        }
    }

    /// Blanks the modifiers of a member, whose key begins at `key`. What stands before them must not go on with the key.
    fn blank_modifiers_of_member(&mut self, member: Span, key: u32) {
        self.blank_modifiers(member.start, key);
        let first = &mut self.out[member.start as usize];
        if *first == b' ' {
            *first = b';';
        }
    }

    /// Blanks the modifiers between two places.
    fn blank_modifiers(&mut self, start: u32, end: u32) {
        let mut word = Vec::new();
        for (at, byte) in code(self.source, start, end).chain([(end as usize, b' ')]) {
            if byte.is_ascii_alphabetic() {
                word.push((at, byte));
                continue;
            }
            let text: Vec<u8> = word.iter().map(|(_, byte)| *byte).collect();
            if MODIFIERS.iter().any(|modifier| modifier.as_bytes() == text) {
                for (at, _) in &word {
                    self.out[*at] = b' ';
                }
            }
            word.clear();
        }
    }

    /// Blanks what stands behind an expression. Where the statement ended with the type because what begins the next line
    /// cannot follow a type, it must not go on there; an operator does go on.
    fn blank_behind(&mut self, start: u32, end: u32) {
        self.blank(start, end);
        let rest = &self.source[end as usize..];
        let next =
            code(self.source, end, self.source.len() as u32).find(|(_, byte)| !byte.is_ascii_whitespace());
        let continues =
            next.is_some_and(|(at, byte)| rest[..at - end as usize].contains('\n') && b"([`".contains(&byte));
        if continues && start < end {
            self.out[start as usize] = b';';
        }
    }

    /// Blanks a part of a list, with the comma behind it.
    fn blank_item(&mut self, span: Span, list_end: u32) {
        self.blank_span(span);
        let next = code(self.source, span.end, list_end).find(|(_, byte)| !byte.is_ascii_whitespace());
        if let Some((at, b',')) = next {
            self.out[at] = b' ';
        }
    }

    /// Whether a declaration says nothing at run time.
    fn is_type(&mut self, declaration: &Declaration<'_>) -> bool {
        match declaration {
            Declaration::TSTypeAliasDeclaration(_)
            | Declaration::TSInterfaceDeclaration(_)
            | Declaration::TSExternalModuleDeclaration(_)
            | Declaration::TSGlobalDeclaration(_) => true,
            Declaration::VariableDeclaration(it) => it.declare,
            Declaration::FunctionDeclaration(it) => it.declare || it.body.is_none(),
            Declaration::ClassDeclaration(it) => it.declare,
            Declaration::TSEnumDeclaration(it) => {
                if !it.declare {
                    self.refuse("an enum", it.span);
                }
                true
            }
            Declaration::TSNamespaceDeclaration(it) => {
                if !it.declare {
                    self.refuse("a namespace", it.span);
                }
                true
            }
            Declaration::TSImportEqualsDeclaration(it) => {
                if !it.import_kind.is_type() {
                    self.refuse("import … = …", it.span);
                }
                true
            }
        }
    }

    fn is_type_statement(&mut self, statement: &Statement<'_>) -> bool {
        match statement {
            Statement::ImportDeclaration(it) => it.import_kind.is_type(),
            Statement::ExportAllDeclaration(it) => it.export_kind.is_type(),
            Statement::ExportNamedDeclaration(it) => it.export_kind.is_type(),
            Statement::ExportFromDeclaration(it) => it.export_kind.is_type(),
            Statement::ExportDeclaration(it) => self.is_type(&it.declaration),
            Statement::ExportDefaultDeclaration(it) => match &it.declaration {
                ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => true,
                ExportDefaultDeclarationKind::FunctionDeclaration(it) => it.body.is_none(),
                _ => false,
            },
            Statement::TSExportAssignment(it) => {
                self.refuse("export = …", it.span);
                true
            }
            Statement::TSNamespaceExportDeclaration(_) => true,
            other => other.as_declaration().is_some_and(|declaration| self.is_type(declaration)),
        }
    }
}

impl<'a> Visit<'a> for Blanks<'_> {
    fn visit_statement(&mut self, it: &Statement<'a>) {
        match self.is_type_statement(it) {
            true => self.blank_statement(it.span()),
            false => walk::walk_statement(self, it),
        }
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        for specifier in it.specifiers.iter().flatten() {
            if let ImportDeclarationSpecifier::ImportSpecifier(one) = specifier
                && one.import_kind.is_type()
            {
                self.blank_item(one.span, it.source.span.start);
            }
        }
    }

    fn visit_export_named_declaration(&mut self, it: &ExportNamedDeclaration<'a>) {
        for one in it.specifiers.iter().filter(|one| one.export_kind.is_type()) {
            self.blank_item(one.span, it.span.end);
        }
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        for one in it.specifiers.iter().filter(|one| one.export_kind.is_type()) {
            self.blank_item(one.span, it.source.span.start);
        }
    }

    fn visit_ts_type_annotation(&mut self, it: &TSTypeAnnotation<'a>) {
        self.blank_span(it.span);
    }

    fn visit_ts_type_parameter_declaration(&mut self, it: &TSTypeParameterDeclaration<'a>) {
        self.blank_span(it.span);
    }

    fn visit_ts_type_parameter_instantiation(&mut self, it: &TSTypeParameterInstantiation<'a>) {
        self.blank_span(it.span);
    }

    fn visit_ts_as_expression(&mut self, it: &TSAsExpression<'a>) {
        self.visit_expression(&it.expression);
        self.blank_behind(it.expression.span().end, it.span.end);
    }

    fn visit_ts_satisfies_expression(&mut self, it: &TSSatisfiesExpression<'a>) {
        self.visit_expression(&it.expression);
        self.blank_behind(it.expression.span().end, it.span.end);
    }

    fn visit_ts_non_null_expression(&mut self, it: &TSNonNullExpression<'a>) {
        self.visit_expression(&it.expression);
        self.blank_mark(it.expression.span().end, it.span.end, b"!");
    }

    fn visit_ts_type_assertion(&mut self, it: &TSTypeAssertion<'a>) {
        if self.source[it.span.start as usize..it.expression.span().start as usize].contains('\n') {
            // Behind `return` nothing would be left of the value.
            let message =
                "a type in <…> before a value stands in one line with it; or write it behind, with \"as\"";
            self.refused.get_or_insert((message.into(), it.span.start as usize));
        }
        self.blank(it.span.start, it.expression.span().start);
        self.visit_expression(&it.expression);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let Some(annotation) = it.type_annotation.as_ref().filter(|_| it.definite) {
            self.blank_mark(it.id.span().end, annotation.span.start, b"!");
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_function(&mut self, it: &Function<'a>, flags: ScopeFlags) {
        if let Some(this) = &it.this_param {
            self.blank_item(this.span, it.params.span.end);
        }
        walk::walk_function(self, it, flags);
    }

    fn visit_ts_this_parameter(&mut self, it: &TSThisParameter<'a>) {
        self.blank_span(it.span);
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        walk::walk_arrow_function_expression(self, it);
        let (opening, closing) = (it.params.span.start as usize, it.params.span.end as usize - 1);
        // What stands before, such as `return`, may end with its line: the parenthesis goes where the types begin.
        if let Some(types) = &it.type_parameters
            && self.source[types.span.start as usize..opening].contains('\n')
        {
            self.out[opening] = b' ';
            self.out[types.span.start as usize] = b'(';
        }
        // No line may end between the parameters and the arrow: the parenthesis goes where the type ends.
        if let Some(annotation) = &it.return_type
            && self.source[closing..annotation.span.end as usize].contains('\n')
        {
            self.out[closing] = b' ';
            self.out[annotation.span.end as usize - 1] = b')';
        }
    }

    fn visit_formal_parameter(&mut self, it: &FormalParameter<'a>) {
        if it.accessibility.is_some() || it.readonly || it.r#override {
            self.refuse("a parameter that is a property", it.span);
        }
        if it.optional {
            let end = it.type_annotation.as_ref().map_or(it.span.end, |annotation| annotation.span.start);
            self.blank_mark(it.pattern.span().end, end, b"?");
        }
        walk::walk_formal_parameter(self, it);
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        if it.r#abstract {
            let end = it.id.as_ref().map_or(it.body.span.start, |id| id.span.start);
            self.blank_modifiers(it.span.start, end);
        }
        if let (Some(first), Some(last)) = (it.implements.first(), it.implements.last()) {
            let before = [
                it.id.as_ref().map(|id| id.span.end),
                it.type_parameters.as_ref().map(|types| types.span.end),
                it.heritage.as_ref().map(|above| above.expression.span().end),
                it.heritage.as_ref().and_then(|above| Some(above.type_arguments.as_ref()?.span.end)),
            ];
            let start = before.into_iter().flatten().max().unwrap_or(it.span.start + 5);
            let word = self.source[start as usize..first.span.start as usize].rfind("implements");
            self.blank(start + word.unwrap_or(0) as u32, last.span.end);
        }
        walk::walk_class(self, it);
    }

    fn visit_ts_class_implements(&mut self, _: &TSClassImplements<'a>) {}

    fn visit_ts_index_signature(&mut self, it: &TSIndexSignature<'a>) {
        self.blank_statement(it.span);
    }

    fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
        if it.value.body.is_none() {
            return self.blank_statement(it.span);
        }
        self.blank_modifiers_of_member(it.span, it.key.span().start);
        if it.optional {
            self.blank_mark(it.key.span().end, it.value.params.span.start, b"?");
        }
        walk::walk_method_definition(self, it);
    }

    fn visit_property_definition(&mut self, it: &PropertyDefinition<'a>) {
        if it.declare || it.r#type == PropertyDefinitionType::TSAbstractPropertyDefinition {
            return self.blank_statement(it.span);
        }
        self.blank_modifiers_of_member(it.span, it.key.span().start);
        if it.optional || it.definite {
            let end = it.type_annotation.as_ref().map_or(it.span.end, |annotation| annotation.span.start);
            self.blank_mark(it.key.span().end, end, b"?!");
        }
        walk::walk_property_definition(self, it);
    }
}
