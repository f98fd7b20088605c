//! The table.

/// What is known of one function.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) companion: &'static str,
    pub(crate) by_hand: f64,
    pub(crate) generated: f64,
    /// None where the gradients differ.
    pub(crate) ratio: Option<f64>,
    pub(crate) same: f64,
    /// Allocations and bytes of one call, by hand and generated.
    pub(crate) allocations: [(u64, u64); 2],
    /// Per peer its time relative to the generated, and the calls that it takes.
    pub(crate) peers: Vec<(f64, usize)>,
}

pub(crate) fn header(rounds: usize) {
    println!("Nanoseconds per call, medians of {rounds} interleaved rounds.");
    println!("ratio: generated / by hand.  same: by hand / by hand, which only noise takes from 1.");
    println!("allocations: number and bytes in one call, by hand and generated.");
    println!("echidna (a tape), num-dual: their time / generated; * is one partial derivative times their number.\n");
    println!(
        "{:<28}{:<25}{:>11}{:>11}{:>8}{:>7}{:>22}{:>9}{:>10}",
        "function", "companion", "by hand", "generated", "ratio", "same", "allocations", "echidna", "num-dual"
    );
}

fn factor(peer: Option<&(f64, usize)>) -> String {
    match peer {
        None => "-".to_owned(),
        Some((factor, calls)) => format!("{factor:.1}{}", if *calls > 1 { "*" } else { "" }),
    }
}

/// Prints a line, and tells whether the gradients agreed.
pub(crate) fn print(row: &Row) -> bool {
    let [(hand, hand_bytes), (generated, generated_bytes)] = row.allocations;
    let allocations = if hand + generated == 0 {
        "0, 0".to_owned()
    } else {
        format!("{hand} ({hand_bytes}), {generated} ({generated_bytes})")
    };
    println!(
        "{:<28}{:<25}{:>11.1}{:>11.1}{:>8}{:>7.3}{:>22}{:>9}{:>10}",
        row.name,
        row.companion,
        row.by_hand,
        row.generated,
        row.ratio.map_or("WRONG".to_owned(), |ratio| format!("{ratio:.3}")),
        row.same,
        allocations,
        factor(row.peers.first()),
        factor(row.peers.get(1)),
    );
    row.ratio.is_some()
}
