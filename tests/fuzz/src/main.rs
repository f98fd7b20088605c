//! Random functions of the accepted language, compared with dual numbers that run the same text.
//!
//! ```sh
//! cargo run --release -p fuzz -- --functions 2000 --seed 1
//! ```
//!
//! Each function is compared at several points: the value of every companion bit for bit, `gradient`, `jvp` and `vjp`
//! with the crate `num-dual`. A failure is shrunk to a minimal function, printed, and written to `target/fuzz/failures`;
//! once it is mended it belongs into `tests/tests/arrays/functions/found.rs`. The report ends with how often each
//! construct of the language occurred.

mod batch;
mod generate;
mod shrink;
mod tree;
mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use batch::{Failure, Package};
use tree::Program;

struct Options {
    functions: usize,
    seed: u64,
    batch: usize,
    shrink: bool,
    print: bool,
}

fn options() -> Result<Options, lexopt::Error> {
    use lexopt::prelude::*;
    let mut options = Options { functions: 200, seed: 1, batch: 200, shrink: true, print: false };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("functions") => options.functions = arguments.value()?.parse()?,
            Long("seed") => options.seed = arguments.value()?.parse()?,
            Long("batch") => options.batch = arguments.value()?.parse()?,
            Long("no-shrink") => options.shrink = false,
            Long("print") => options.print = true,
            Long("help") => {
                println!(
                    "--functions N  how many\n--seed S       the first seed; each function has the next\n--batch N      how many are compiled at once\n--no-shrink    report failures as they are\n--print        print the functions and do nothing else"
                );
                std::process::exit(0);
            }
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(options)
}

/// What a run has found.
#[derive(Default)]
struct Report {
    functions: usize,
    covered: BTreeMap<&'static str, usize>,
    /// By kind: how often, and the seed of the first.
    kinds: BTreeMap<String, usize>,
    failures: Vec<(u64, Program, Failure)>,
}

impl Report {
    fn include(&mut self, seed: u64, program: &Program, failure: Option<Failure>) {
        self.functions += 1;
        for construct in program.constructs() {
            *self.covered.entry(construct).or_default() += 1;
        }
        if let Some(failure) = failure {
            let count = self.kinds.entry(failure.kind()).or_default();
            *count += 1;
            // Of errors with one text a few are enough; wrong numbers may each have a cause of their own.
            if *count <= 3 {
                self.failures.push((seed, program.clone(), failure));
            }
        }
    }

    fn print(&self) {
        println!("\nfunctions in which each construct occurs, of {}:", self.functions);
        for (construct, count) in &self.covered {
            println!("{count:8} {construct}");
        }
        for (kind, count) in &self.kinds {
            println!("{count:8} failures: {}", kind.lines().next().unwrap_or_default());
        }
        let failed: usize = self.kinds.values().sum();
        println!("{} functions, {} constructs, {failed} failures", self.functions, self.covered.len());
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = options()?;
    let seeds: Vec<u64> = (options.seed..).take(options.functions).collect();
    if options.print {
        seeds.iter().for_each(|seed| println!("// seed {seed}\n{}", generate::program(*seed)));
        return Ok(ExitCode::SUCCESS);
    }
    let package = Package::create(&format!("batch_{}", options.seed))?;
    let mut report = Report::default();
    for seeds in seeds.chunks(options.batch) {
        let programs: Vec<Program> = seeds.iter().map(|seed| generate::program(*seed)).collect();
        let failures = package.judge(&programs)?;
        for ((seed, program), failure) in seeds.iter().zip(&programs).zip(failures) {
            report.include(*seed, program, failure);
        }
        println!(
            "{} of {} functions, {} failures",
            report.functions,
            options.functions,
            report.kinds.values().sum::<usize>()
        );
        io::stdout().flush()?;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz/failures");
    fs::create_dir_all(&folder)?;
    let mut seen = BTreeSet::new();
    for (seed, program, failure) in &report.failures {
        if !seen.insert((failure.kind(), matches!(failure, Failure::Compare(_)).then_some(*seed))) {
            continue;
        }
        let (program, failure) = if options.shrink {
            shrink::shrink(&package, program, failure)?
        } else {
            (program.clone(), failure.clone())
        };
        println!("\n==== seed {seed}\n{program}{}", failure.text());
        let text: String = failure.text().lines().map(|line| format!("// {line}\n")).collect();
        fs::write(folder.join(format!("{seed}.rs")), format!("{program}{text}"))?;
    }
    report.print();
    Ok(if report.kinds.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
