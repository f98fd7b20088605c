//! A program that fails enters, the smallest that is found to fail in the same way leaves.

use std::io;

use crate::batch::{Failure, Package};
use crate::tree::Program;

/// How many candidates are compiled at once.
const CANDIDATES: usize = 60;

/// How many steps are made at most: each makes the program smaller.
const STEPS: usize = 80;

pub(crate) fn shrink(package: &Package, program: &Program, failure: &Failure) -> io::Result<(Program, Failure)> {
    let (mut program, mut failure) = (program.clone(), failure.clone());
    for _ in 0..STEPS {
        match smaller(package, &program, &failure)? {
            Some(found) => (program, failure) = found,
            None => break,
        }
    }
    Ok((program, failure))
}

/// The smallest program, one step away, that fails in the same way.
fn smaller(package: &Package, program: &Program, failure: &Failure) -> io::Result<Option<(Program, Failure)>> {
    for candidates in program.reductions().chunks(CANDIDATES) {
        let found = package.judge(candidates)?;
        let same = candidates.iter().zip(found).find_map(|(candidate, found)| {
            found.filter(|found| found.kind() == failure.kind()).map(|found| (candidate.clone(), found))
        });
        if same.is_some() {
            return Ok(same);
        }
    }
    Ok(None)
}
