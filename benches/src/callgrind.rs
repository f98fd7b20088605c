//! Counts the instructions of a program that runs itself under callgrind.

use std::process::Command;

/// The instructions of a whole run of this program with the given arguments.
///
/// # Panics
///
/// Where valgrind is not installed or gives no count.
pub fn instructions(arguments: &[String]) -> u64 {
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(arguments)
        .output()
        .expect("valgrind must be installed: apt-get install valgrind");
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .unwrap_or_else(|| panic!("callgrind gave no count:\n{text}"))
}
