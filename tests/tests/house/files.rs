//! Which files of a crate import which. A circle cannot be read from one end, nor taken apart.
//!
//! Names that a file re-exports count for the file that has them: `use crate::Event` leads to `event.rs`. A module and
//! those inside it may know each other, so that a `mod.rs` can list what its folder has. What tests alone import does not
//! count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

use crate::crates::{crates, root};

/// A module by its names from the crate's root.
type Module = Vec<String>;

/// What one file says of others: paths as they are written, and those it re-exports under a name.
#[derive(Default)]
struct Imports {
    paths: Vec<Vec<String>>,
    exports: BTreeMap<String, Vec<String>>,
}

impl Imports {
    fn of(text: &str) -> syn::Result<Self> {
        let mut imports = Self::default();
        imports.visit_file(&syn::parse_file(text)?);
        Ok(imports)
    }

    fn take(&mut self, tree: &UseTree, prefix: &mut Vec<String>, exported: bool) {
        let mut leaf = |name: &str, visible: &str| {
            let path: Vec<String> = prefix.iter().cloned().chain([name.to_owned()]).collect();
            if exported {
                self.exports.insert(visible.to_owned(), path);
            } else {
                self.paths.push(path);
            }
        };
        match tree {
            UseTree::Name(name) => leaf(&name.ident.to_string(), &name.ident.to_string()),
            UseTree::Rename(rename) => leaf(&rename.ident.to_string(), &rename.rename.to_string()),
            UseTree::Glob(_) => {}
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.take(&path.tree, prefix, exported);
                prefix.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.take(tree, prefix, exported)),
        }
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Use(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.take(&item.tree, &mut Vec::new(), !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 {
            self.paths.push(names);
        }
        visit::visit_path(self, path);
    }
}

/// The files of a crate.
#[derive(Default)]
struct Files(BTreeMap<Module, Imports>);

impl Files {
    fn read(&mut self, folder: &Path, module: &Module) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.expect("an entry of a folder").path();
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a file has a name").to_owned();
            let mut inner = module.clone();
            if path.is_dir() {
                inner.push(name);
                self.read(&path, &inner);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                if !["lib", "main", "mod"].contains(&&*name) {
                    inner.push(name);
                }
                let text = fs::read_to_string(&path).expect("a file is text");
                let imports = Imports::of(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                self.0.insert(inner, imports);
            }
        }
    }

    /// The file that a path in `from` leads to, if it is one of the crate's own.
    fn target(&self, from: &Module, path: &[String]) -> Option<Module> {
        self.follow(from, path, &mut BTreeSet::new())
    }

    fn follow(&self, from: &Module, path: &[String], seen: &mut BTreeSet<(Module, String)>) -> Option<Module> {
        let mut rest = path;
        let mut at: Module = match path.first().map(String::as_str)? {
            "crate" => Vec::new(),
            "self" | "super" => from.clone(),
            child => {
                let inner = from.iter().cloned().chain([child.to_owned()]).collect();
                return self.0.contains_key(&inner).then(|| self.down(inner, &path[1..], seen));
            }
        };
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "super" => {
                    at.pop();
                }
                "crate" | "self" => {}
                _ => break,
            }
            rest = others;
        }
        Some(self.down(at, rest, seen))
    }

    /// The file at the end of `rest`, as seen from `at`.
    fn down(&self, mut at: Module, mut rest: &[String], seen: &mut BTreeSet<(Module, String)>) -> Module {
        while let Some((first, others)) = rest.split_first() {
            at.push(first.clone());
            if !self.0.contains_key(&at) {
                at.pop();
                break;
            }
            rest = others;
        }
        let Some(name) = rest.first() else { return at };
        let exported = self.0.get(&at).and_then(|imports| imports.exports.get(name));
        match exported {
            Some(path) if seen.insert((at.clone(), name.clone())) => self.follow(&at, path, seen).unwrap_or(at),
            Some(_) | None => at,
        }
    }

    /// For each file those it imports.
    fn edges(&self) -> BTreeMap<&Module, BTreeSet<Module>> {
        let of = |module: &Module, imports: &Imports| {
            let targets = imports.paths.iter().filter_map(|path| self.target(module, path));
            targets.filter(|target| !target.starts_with(module) && !module.starts_with(target)).collect()
        };
        self.0
            .iter()
            .filter(|(module, _)| !module.is_empty())
            .map(|(module, imports)| (module, of(module, imports)))
            .collect()
    }

    /// The files that import themselves by way of others.
    fn circles(&self) -> Vec<String> {
        let edges = self.edges();
        let reached = |from: &Module| {
            let mut reached = BTreeSet::new();
            let mut open: Vec<&Module> = vec![from];
            while let Some(module) = open.pop() {
                for next in edges.get(module).into_iter().flatten() {
                    if reached.insert(next) {
                        open.push(next);
                    }
                }
            }
            reached
        };
        let all: BTreeMap<&Module, BTreeSet<&Module>> = edges.keys().map(|module| (*module, reached(module))).collect();
        let mut circles = Vec::new();
        for (module, targets) in &edges {
            for target in targets {
                if all.get(target).is_some_and(|back| back.contains(module)) {
                    circles.push(format!("{} -> {}", module.join("::"), target.join("::")));
                }
            }
        }
        circles
    }
}

#[test]
fn files_import_in_no_circle() {
    let mut looked_at = 0;
    let mut wrong = Vec::new();
    for one in crates() {
        let mut files = Files::default();
        files.read(&root().join(&one.folder).join("src"), &Vec::new());
        looked_at += files.0.len();
        wrong.extend(files.circles().into_iter().map(|circle| format!("{}: {circle}", one.folder)));
    }
    assert!(looked_at > 50, "only {looked_at} files were found");
    assert!(wrong.is_empty(), "imports that close a circle:\n{}", wrong.join("\n"));
}

mod of_the_check {
    use super::*;

    fn files(texts: &[(&str, &str)]) -> Files {
        let module = |name: &str| name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let imports = |text: &str| Imports::of(text).expect("Rust");
        Files(texts.iter().map(|(name, text)| (module(name), imports(text))).collect())
    }

    #[test]
    fn a_circle_is_noticed() {
        let root = "mod a; mod b; pub use a::A; pub use b::B;";
        let there = files(&[("", root), ("a", "use crate::B; pub struct A;"), ("b", "pub struct B;")]);
        assert!(there.circles().is_empty());
        let back = files(&[("", root), ("a", "use crate::B; pub struct A;"), ("b", "pub struct B(crate::A);")]);
        assert_eq!(back.circles(), ["a -> b", "b -> a"]);
        let tests = "pub struct B; #[cfg(test)] mod tests { use crate::A; }";
        assert!(files(&[("", root), ("a", "use crate::B;"), ("b", tests)]).circles().is_empty());
        let folder = files(&[("", "mod a;"), ("a", "mod c; use c::C;"), ("a::c", "pub struct C; use super::X;")]);
        assert!(folder.circles().is_empty());
    }
}
