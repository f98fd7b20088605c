//! Programs enter, what is wrong with each leaves.
//!
//! A batch is a package with the layout of the corpus in `tests`, built by the corpus's own build script and compared
//! by its `compare`: so a program is judged just as a function of the corpus is, and one that fails can be moved there
//! as it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::Value;

use crate::tree::Program;

/// A run that takes longer hangs: a program takes some milliseconds.
const LIMIT: Duration = Duration::from_secs(120);

/// What is wrong with a program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// It does not compile: the first error.
    Compile(String),
    /// A value or a derivative is wrong, or a companion panics: what `compare` said.
    Compare(String),
}

impl Failure {
    /// What two failures with one cause have in common.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Compile(message) => {
                // Names and numbers differ.
                let mut quoted = false;
                let first = message.lines().next().unwrap_or_default();
                first
                    .chars()
                    .filter(|c| {
                        quoted ^= *c == '`';
                        !quoted && !c.is_ascii_digit()
                    })
                    .collect()
            }
            Self::Compare(message) if message.contains("panicked") => "panicked".to_owned(),
            Self::Compare(message) if message.contains(": value ") => "value".to_owned(),
            Self::Compare(_) => "derivative".to_owned(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Compile(message) | Self::Compare(message) => message,
        }
    }
}

/// A package that is written again for each batch.
pub(crate) struct Package {
    folder: PathBuf,
    target: PathBuf,
}

impl Package {
    /// In the workspace's target folder.
    pub(crate) fn create(name: &str) -> io::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let target = root.join("target/fuzz");
        let folder = target.join(name);
        fs::create_dir_all(folder.join("src/functions"))?;
        // The build script looks for every corpus.
        for corpus in fs::read_dir(root.join("tests/tests"))? {
            let corpus = corpus?;
            if corpus.path().join("functions").is_dir() {
                fs::create_dir_all(folder.join("tests").join(corpus.file_name()).join("functions"))?;
            }
        }
        let root = root.display();
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\nbuild = \"{root}/tests/build.rs\"\n\n\
             [dependencies]\ntests = {{ path = \"{root}/tests\" }}\ndiff-runtime = {{ path = \"{root}/diff-runtime\" }}\n\n\
             [build-dependencies]\nproc-macro2 = \"1\"\nquote = \"1\"\n\
             syn = {{ version = \"3\", features = [\"full\", \"visit-mut\", \"extra-traits\"] }}\n\n\
             [profile.dev]\ndebug = 0\nincremental = false\n\n\
             # Half of the time of a batch would be the macro's own.\n\
             [profile.dev.build-override]\nopt-level = 2\n\n[workspace]\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        // Like the workspace, so that its dependencies are the same.
        fs::copy(format!("{root}/Cargo.lock"), folder.join("Cargo.lock"))?;
        Ok(Self { folder, target })
    }

    /// What is wrong with each of the programs; nothing where all is well.
    pub(crate) fn judge(&self, programs: &[Program]) -> io::Result<Vec<Option<Failure>>> {
        let mut failures: Vec<Option<Failure>> = vec![None; programs.len()];
        loop {
            let alive: Vec<usize> = (0..programs.len()).filter(|n| failures[*n].is_none()).collect();
            if alive.is_empty() {
                return Ok(failures);
            }
            self.write(programs, &alive)?;
            let errors = self.build(&alive)?;
            if errors.is_empty() {
                for (n, failure) in self.run(&alive)? {
                    failures[n] = Some(failure);
                }
                return Ok(failures);
            }
            for (n, message) in errors {
                failures[n].get_or_insert(Failure::Compile(message));
            }
        }
    }

    fn write(&self, programs: &[Program], alive: &[usize]) -> io::Result<()> {
        let functions = self.folder.join("tests/arrays/functions");
        fs::remove_dir_all(&functions)?;
        fs::create_dir(&functions)?;
        let mut modules = String::new();
        for n in alive {
            let (name, program) = (name(*n), &programs[*n]);
            fs::write(functions.join(format!("{name}.rs")), program.to_string())?;
            modules += &format!("    #[path = \"../../tests/arrays/functions/{name}.rs\"] pub mod {name};\n");
        }
        fs::write(self.folder.join("src/main.rs"), MAIN.replace("MODULES", &modules))
    }

    /// Compiles; the programs with errors.
    fn build(&self, alive: &[usize]) -> io::Result<BTreeMap<usize, String>> {
        let output = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--offline", "--message-format=json"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()?;
        let mut errors = BTreeMap::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Ok(Value::Object(message)) = serde_json::from_str(line) else { continue };
            let message = message.get("message").cloned().unwrap_or_default();
            if message["level"] != "error" {
                continue;
            }
            if let Some(n) = self.program_of(&message, &alive.iter().copied().collect()) {
                let text = message["rendered"].as_str().unwrap_or_default().to_owned();
                errors.entry(n).or_insert(text);
            }
        }
        if errors.is_empty() && !output.status.success() {
            let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            return Err(io::Error::other(format!(
                "the batch does not build, and no program is to blame:\n{out}\n{err}"
            )));
        }
        Ok(errors)
    }

    /// The program that an error is about: its own file, or its part of a generated one.
    fn program_of(&self, message: &Value, alive: &BTreeSet<usize>) -> Option<usize> {
        let spans = message["spans"].as_array()?;
        spans.iter().filter(|span| span["is_primary"] == true).find_map(|span| {
            let file = span["file_name"].as_str()?;
            let text = fs::read_to_string(self.folder.join(file)).ok()?;
            let upto = usize::try_from(span["byte_start"].as_u64()?).ok()?;
            let named = |text: &str| alive.iter().rev().copied().find(|n| text.contains(&name(*n)));
            // In a generated file the last program that is named before the error.
            let last = |text: &str| alive.iter().copied().max_by_key(|n| text.rfind(&name(*n)).map_or(0, |at| at + 1));
            named(file).or_else(|| last(text.get(..upto)?))
        })
    }

    /// Compares; the programs with failures.
    fn run(&self, alive: &[usize]) -> io::Result<Vec<(usize, Failure)>> {
        let package = self.folder.file_name().expect("a named folder");
        let mut child = Command::new(self.target.join("debug").join(package))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut stdout = child.stdout.take().expect("piped");
        let reader = thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).map(|_| text)
        });
        let start = Instant::now();
        while child.try_wait()?.is_none() {
            if start.elapsed() > LIMIT {
                child.kill()?;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let text = reader.join().expect("the reader does not panic")?;
        let mut failures = Vec::new();
        for n in alive {
            let start = format!("test {}::f ... ", name(*n));
            let Some(at) = text.find(&start) else {
                failures.push((*n, Failure::Compare("panicked beyond recovery, or does not end".to_owned())));
                break;
            };
            let lines: Vec<&str> = text[at..].lines().collect();
            if lines[0].contains("... FAILED") {
                let details = lines[1..].iter().take_while(|line| line.starts_with("    "));
                failures.push((*n, Failure::Compare(details.copied().collect::<Vec<_>>().join("\n"))));
            }
        }
        Ok(failures)
    }
}

fn name(n: usize) -> String {
    format!("f{n:06}")
}

const MAIN: &str = r#"#![allow(warnings, clippy::all)]

#[macro_use(sample)]
extern crate tests;

mod functions {
MODULES}

tests::corpus!("arrays", run_random);
"#;
