//! The analyses that spare storage and time, and the switch that turns each of them off.
//!
//! None of them changes what is computed but for the order of additions in an adjoint. To find out which of them a
//! difference comes from, name those to be left out where a crate is compiled:
//!
//! ```sh
//! DIFF_MACRO_WITHOUT=windows,scratch cargo build
//! ```

use std::cell::Cell;

/// What can be turned off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Analysis {
    /// Loops whose iterations are reversed one by one, with no record.
    AtOnce,
    /// Arrays that each iteration of a loop overwrites before it reads them are none of its state.
    Scratch,
    /// Counters are values, and computed from the indices of loops.
    Counters,
    /// Loops with a tape keep copies of the arrays that an iteration overwrites.
    Snapshots,
    /// Tapes with a place per record.
    Places,
    /// In several directions, the partials of whole expressions are computed first.
    Partials,
    /// What adds to neighbouring elements is carried to the next iteration.
    Carry,
    /// What several iterations add to an element is added by one of them.
    Gather,
    /// What is added to zeros is assigned.
    Assign,
    /// Records are kept in the arrays of adjoints that their iterations assign to.
    Records,
    /// Elements are accessed through a slice as long as the loop.
    Windows,
}

/// The names that turn them off.
const NAMES: &[(Analysis, &str)] = &[
    (Analysis::AtOnce, "at_once"),
    (Analysis::Scratch, "scratch"),
    (Analysis::Counters, "counters"),
    (Analysis::Snapshots, "snapshots"),
    (Analysis::Places, "places"),
    (Analysis::Partials, "partials"),
    (Analysis::Carry, "carry"),
    (Analysis::Gather, "gather"),
    (Analysis::Assign, "assign"),
    (Analysis::Records, "records"),
    (Analysis::Windows, "windows"),
];

impl Analysis {
    pub(crate) fn is_on(self) -> bool {
        OFF.get() & self.bit() == 0
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The environment variable that names the analyses to be left out.
const WITHOUT: &str = "DIFF_MACRO_WITHOUT";

thread_local! {
    static OFF: Cell<u32> = Cell::new(std::env::var(WITHOUT).map_or(0, |names| off(&names)));
}

fn off(names: &str) -> u32 {
    let named = NAMES.iter().filter(|(_, name)| names.split(',').any(|other| other.trim() == *name));
    named.fold(0, |off, (analysis, _)| off | analysis.bit())
}
