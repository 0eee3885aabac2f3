//! What the text of a file says of other files of its crate: the modules that it declares, what it defines, imports and
//! names. Tests do not count, nor does what stands in comments.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, ImplItemFn, Item, ItemMod, ItemUse, Macro, Meta, Path, Token, UseTree, Visibility,
    punctuated::Punctuated,
    visit::{self, Visit},
};

/// The names of a path, such as `crate`, `cell`, `Cell`.
pub(in crate::check) type Names = Vec<String>;

/// A file, as far as circles are concerned.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Modules that are files of their own.
    pub(super) modules: Vec<String>,
    /// What is defined here.
    pub(super) items: BTreeSet<String>,
    /// What `use` brings here.
    pub(super) imports: Vec<Import>,
    /// Every path that the code names.
    pub(super) mentions: BTreeSet<Names>,
    /// How many inline modules lie around what is being read.
    depth: usize,
}

/// One name of a `use`.
#[derive(Debug)]
pub(super) struct Import {
    /// What is imported; a glob's path is that of its module.
    pub(super) path: Names,
    /// How it is called here; a glob has no name.
    pub(super) name: Option<String>,
    /// Whether others may find it here.
    pub(super) public: bool,
}

impl Source {
    /// Reads a file.
    pub(super) fn of(text: &str) -> syn::Result<Self> {
        let file = syn::parse_file(text)?;
        let mut source = Self::default();
        if !is_test(&file.attrs) {
            source.visit_file(&file);
        }
        Ok(source)
    }

    /// A path as this file's own module would write it, also when an inline module does.
    fn mention(&mut self, names: &[String]) {
        // Alone these say who may see something, or are the value that a method is called on.
        if matches!(names, [name] if ["crate", "self", "super"].contains(&name.as_str())) {
            return;
        }
        let supers = names.iter().take_while(|name| *name == "super").count();
        let inner = supers.min(self.depth);
        let mut path = names[inner..].to_vec();
        if inner > 0 && inner == supers {
            path.insert(0, "self".to_owned());
        }
        self.mentions.insert(path);
    }

    fn import(&mut self, tree: &UseTree, prefix: &Names, public: bool) {
        let with = |name: &syn::Ident| prefix.iter().cloned().chain([name.to_string()]).collect::<Names>();
        let (path, name) = match tree {
            UseTree::Path(path) => return self.import(&path.tree, &with(&path.ident), public),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(tree, prefix, public));
            }
            UseTree::Glob(_) => (prefix.clone(), None),
            UseTree::Name(name) if name.ident == "self" => (prefix.clone(), prefix.last().cloned()),
            UseTree::Name(name) => (with(&name.ident), Some(name.ident.to_string())),
            UseTree::Rename(rename) if rename.ident == "self" => {
                (prefix.clone(), Some(rename.rename.to_string()))
            }
            UseTree::Rename(rename) => (with(&rename.ident), Some(rename.rename.to_string())),
        };
        match self.depth {
            0 => self.imports.push(Import { path, name, public }),
            // What an inline module imports has its name in there only.
            _ => self.mention(&path),
        }
    }

    /// Macros take what they like; what looks like a path is one.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut names = Names::new();
        let (mut colons, mut of_value) = (0, false);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end_of_tokens(&mut names);
                    }
                    if !of_value {
                        names.push(ident.to_string());
                    }
                    (colons, of_value) = (0, false);
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.end_of_tokens(&mut names);
                    colons = 0;
                    of_value = matches!(&other, TokenTree::Punct(punct) if punct.as_char() == '.');
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Literal(literal) => self.text(&literal.to_string()),
                        _ => {}
                    }
                }
            }
        }
        self.end_of_tokens(&mut names);
    }

    fn end_of_tokens(&mut self, names: &mut Names) {
        if !names.is_empty() {
            self.mention(&std::mem::take(names));
        }
    }

    /// Attributes name paths in texts, as in `with = "crate::ids"`.
    fn text(&mut self, literal: &str) {
        let Some(path) = syn::parse_str::<syn::LitStr>(literal).ok().and_then(|text| text.parse().ok())
        else {
            return;
        };
        let path: Path = path;
        if path.segments.len() > 1 {
            self.visit_path(&path);
        }
    }
}

impl Visit<'_> for Source {
    fn visit_item(&mut self, item: &Item) {
        let (attributes, name) = match item {
            Item::Const(item) => (&item.attrs, Some(&item.ident)),
            Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            Item::Impl(item) => (&item.attrs, None),
            Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
            Item::Mod(item) => (&item.attrs, item.content.is_some().then_some(&item.ident)),
            Item::Static(item) => (&item.attrs, Some(&item.ident)),
            Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            Item::TraitAlias(item) => (&item.attrs, Some(&item.ident)),
            Item::Type(item) => (&item.attrs, Some(&item.ident)),
            Item::Union(item) => (&item.attrs, Some(&item.ident)),
            Item::Use(item) => (&item.attrs, None),
            _ => return visit::visit_item(self, item),
        };
        if is_test(attributes) {
            return;
        }
        if self.depth == 0 {
            self.items.extend(name.map(ToString::to_string));
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &ItemMod) {
        match &item.content {
            None => self.modules.push(item.ident.to_string()),
            Some(_) => {
                self.depth += 1;
                visit::visit_item_mod(self, item);
                self.depth -= 1;
            }
        }
    }

    fn visit_impl_item_fn(&mut self, item: &ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        self.import(&item.tree, &Names::new(), !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &Path) {
        let names: Names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.mention(&names);
        visit::visit_path(self, path);
    }

    // Who may see something is no use of it.
    fn visit_visibility(&mut self, _: &Visibility) {}

    fn visit_macro(&mut self, called: &Macro) {
        self.visit_path(&called.path);
        self.tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }
}

/// Whether something exists in tests only.
pub(in crate::check) fn is_test(attributes: &[Attribute]) -> bool {
    let mut conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.any(|attribute| attribute.parse_args().is_ok_and(|meta: Meta| needs_test(&meta)))
}

/// `test`, or all of several of which one is `test`.
fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            parts.is_ok_and(|parts| parts.iter().any(needs_test))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(text: &str) -> Vec<String> {
        Source::of(text).unwrap().mentions.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn paths_are_found_in_types_calls_macros_and_attributes() {
        let text = r#"
            #[derive(Debug)]
            struct A { #[serde(with = "crate::ids")] b: super::B }
            fn c() { crate::d::e(); format!("{}", other::F { x: y.crate_z }); }
            made! { with: { "a": crate::g::H } pub(super) i }
        "#;
        let found = mentions(text);
        assert!(!found.contains(&"super".to_owned()), "{found:?}");
        for path in ["crate::ids", "super::B", "crate::d::e", "other::F", "crate::g::H"] {
            assert!(found.contains(&path.to_owned()), "{path} in {found:?}");
        }
    }

    #[test]
    fn tests_and_comments_are_passed_over() {
        let text = r#"
            //! See [`crate::a`].
            #[cfg(test)] mod tests;
            #[cfg(all(test, unix))] use crate::b;
            #[cfg(test)] mod made_up { fn c() { crate::d() } }
            struct E;
            impl E { #[cfg(test)] fn f() { crate::g() } }
        "#;
        let source = Source::of(text).unwrap();
        assert!(source.modules.is_empty() && source.imports.is_empty());
        assert!(!source.mentions.iter().any(|path| path[0] == "crate"), "{:?}", source.mentions);
    }

    #[test]
    fn imports_have_their_names_here() {
        let source = Source::of("pub(crate) use a::{self, b::C as D, e::*}; use super::f;").unwrap();
        let imports = source
            .imports
            .iter()
            .map(|import| (import.path.join("::"), import.name.as_deref().unwrap_or("*"), import.public));
        assert_eq!(
            imports.collect::<Vec<_>>(),
            [
                ("a".to_owned(), "a", true),
                ("a::b::C".to_owned(), "D", true),
                ("a::e".to_owned(), "*", true),
                ("super::f".to_owned(), "f", false),
            ]
        );
    }

    #[test]
    fn the_parent_of_an_inline_module_is_the_file() {
        let found = mentions("mod inner { use super::A; fn b() { super::super::c(); super::d() } }");
        assert_eq!(found, ["self::A", "self::d", "super::c"]);
    }
}
