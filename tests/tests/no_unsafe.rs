//! No source file of the two crates has unsafe code, whatever their attributes say.

use std::path::{Path, PathBuf};
use std::{fs, io};

use syn::visit::{self, Visit};

#[derive(Default)]
struct Unsafe {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Unsafe {
    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.found.push("an unsafe block".to_owned());
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if matches!(signature.safety, syn::Safety::Unsafe(_)) {
            self.found.push(format!("the unsafe function `{}`", signature.ident));
        }
        visit::visit_signature(self, signature);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if item.unsafety.is_some() {
            self.found.push("an unsafe impl".to_owned());
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_item_foreign_mod(&mut self, _: &'ast syn::ItemForeignMod) {
        self.found.push("a foreign module".to_owned());
    }
}

fn unsafe_in(text: &str) -> Vec<String> {
    let mut visitor = Unsafe::default();
    visitor.visit_file(&syn::parse_file(text).expect("a source file"));
    visitor.found
}

fn sources(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

#[test]
fn sources_have_no_unsafe_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut count = 0;
    for folder in ["diff-macro/src", "diff-runtime/src"] {
        for file in sources(&root.join(folder)).expect("the sources") {
            let text = fs::read_to_string(&file).expect("a text");
            assert_eq!(unsafe_in(&text), Vec::<String>::new(), "{}", file.display());
            count += 1;
        }
    }
    assert!(count > 50, "the sources of both crates: {count} files");
}

#[test]
fn the_crates_forbid_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in ["diff-macro/src/lib.rs", "diff-runtime/src/lib.rs"] {
        let text = fs::read_to_string(root.join(file)).expect("a text");
        assert!(text.contains("#![forbid(unsafe_code)]"), "{file}");
    }
}

#[test]
fn unsafe_code_is_found() {
    assert_eq!(unsafe_in("fn f() { unsafe { g() } }"), ["an unsafe block"]);
    assert_eq!(unsafe_in("unsafe fn f() {}"), ["the unsafe function `f`"]);
    assert_eq!(unsafe_in("unsafe impl Send for T {}"), ["an unsafe impl"]);
    assert_eq!(unsafe_in("unsafe extern \"C\" { fn f(); }"), ["a foreign module"]);
}
