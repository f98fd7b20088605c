//! Steps of a long run enter, a bar on a terminal leaves, or a plain line for every tenth of the run elsewhere.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

/// The progress of a run of known length, on the standard error.
#[derive(Debug)]
pub struct Progress {
    shown: Shown,
    what: &'static str,
    length: u64,
}

#[derive(Debug)]
enum Shown {
    Bar(ProgressBar),
    Lines {
        /// The tenths that have been printed.
        tenths: u64,
    },
}

impl Progress {
    /// The progress of `length` steps; `what` they are ("epochs").
    pub fn new(length: u64, what: &'static str) -> Self {
        let shown = if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("    {bar:30} {pos}/{len} {prefix}, {msg} [{elapsed}]");
            let bar = ProgressBar::new(length).with_prefix(what);
            Shown::Bar(bar.with_style(style.expect("the template is well formed")))
        } else {
            Shown::Lines { tenths: 0 }
        };
        Self { shown, what, length }
    }

    /// Shows that `done` steps are done, and what has come of them.
    pub fn show(&mut self, done: u64, message: &str) {
        match &mut self.shown {
            Shown::Bar(bar) => {
                bar.set_message(message.to_owned());
                bar.set_position(done);
            }
            Shown::Lines { tenths } => {
                let reached = 10 * done / self.length.max(1);
                if reached > *tenths {
                    *tenths = reached;
                    eprintln!("    {done}/{} {}, {message}", self.length, self.what);
                }
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish();
        }
    }
}
