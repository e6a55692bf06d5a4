//! What it costs that a queue counts, is watched, is scraped.
//!
//! A setting is for a whole process (a monitor that looks every 100 ms is not turned on for a round of 4 ms, and
//! counting is compiled in or not), so each figure comes from a process of its own: this program, started again. The
//! settings take turns. A figure is a mean over some 300 ms, since what looks on does so now and then, and a median of
//! short rounds would not see it; of these means the median counts.

mod probe;
mod setting;
mod uncounted;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use probe::{Traffic, probe};
pub(crate) use setting::Setting;

use crate::contest::Figures;

/// As a filter and `--list` call it.
pub(crate) const NAME: &str = "price of instruments";

/// The figures of every setting, for every traffic.
pub(crate) struct Prices {
    /// In the order of [`Setting::ALL`] and, within, of [`Traffic::ALL`].
    pub(crate) figures: Vec<(Setting, Vec<Figures>)>,
    /// Settings that could not be measured, and why.
    pub(crate) missing: Vec<(Setting, String)>,
}

/// Measures every setting `turns` times.
pub(crate) fn measure(turns: usize) -> Prices {
    let mut programs = Vec::new();
    let mut missing = Vec::new();
    for setting in Setting::ALL {
        match program(setting) {
            Ok(program) => programs.push((setting, program)),
            Err(reason) => missing.push((setting, reason)),
        }
    }
    let mut means: Vec<Vec<Vec<f64>>> = vec![vec![Vec::new(); Traffic::ALL.len()]; programs.len()];
    let mut broken = Vec::new();
    for turn in 0..turns {
        for at in 0..programs.len() {
            let at = (at + turn) % programs.len();
            let (setting, program) = &programs[at];
            match ask(program, *setting) {
                Ok(figures) => means[at].iter_mut().zip(figures).for_each(|(means, figure)| means.push(figure)),
                Err(error) => broken.push((*setting, error.to_string())),
            }
        }
    }
    missing.append(&mut broken);
    let whole = programs.iter().zip(means).filter(|(_, means)| means.iter().all(|means| !means.is_empty()));
    let figures = whole.map(|((setting, _), means)| (*setting, means.into_iter().map(Figures::of).collect())).collect();
    Prices { figures, missing }
}

/// The program that measures `setting`: this one, but for counting compiled out.
fn program(setting: Setting) -> Result<PathBuf, String> {
    if setting == Setting::Uncounted {
        return uncounted::build();
    }
    std::env::current_exe().map_err(|error| format!("this program does not know where it is: {error}"))
}

/// Starts a process that prints a mean for each traffic.
fn ask(program: &Path, setting: Setting) -> io::Result<Vec<f64>> {
    let output = Command::new(program).args(["--probe", setting.word()]).stderr(Stdio::inherit()).output()?;
    let figures: Option<Vec<f64>> = String::from_utf8_lossy(&output.stdout).lines().map(|it| it.parse().ok()).collect();
    match figures {
        Some(figures) if output.status.success() && figures.len() == Traffic::ALL.len() => Ok(figures),
        _ => Err(io::Error::other(format!("--probe {} printed no figures and {}", setting.word(), output.status))),
    }
}
