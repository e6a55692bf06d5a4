//! What it costs that a queue counts, is watched, is scraped.
//!
//! A setting is for a whole process (a monitor that looks every 100 ms is not turned on for a round of 4 ms, and
//! counting is compiled in or not), so each figure comes from a process of its own: this program, started again. The
//! settings take turns. A figure is a mean over some 300 ms, since what looks on does so now and then, and a median of
//! short rounds would not see it; of these means the median counts.

mod probe;
mod setting;
mod uncounted;

use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Measures every setting `turns` times; one that fails once is not asked again.
pub(crate) fn measure(turns: usize) -> Prices {
    let mut missing = Vec::new();
    let mut asked: Vec<Asked> = Vec::new();
    for setting in Setting::ALL {
        match program(setting) {
            Ok(program) => asked.push(Asked { setting, program, means: vec![Vec::new(); Traffic::ALL.len()] }),
            Err(reason) => missing.push((setting, reason)),
        }
    }
    for turn in 0..turns {
        // Another one begins.
        if turn > 0 && !asked.is_empty() {
            asked.rotate_left(1);
        }
        asked.retain_mut(|one| match ask(&one.program, one.setting) {
            Ok(figures) => {
                one.means.iter_mut().zip(figures).for_each(|(means, figure)| means.push(figure));
                true
            }
            Err(reason) => {
                missing.push((one.setting, reason));
                false
            }
        });
    }
    asked.sort_by_key(|one| one.setting as u8);
    let of = |one: Asked| (one.setting, one.means.into_iter().map(Figures::of).collect());
    Prices { figures: asked.into_iter().map(of).collect(), missing }
}

/// A setting that could be measured so far.
struct Asked {
    setting: Setting,
    program: PathBuf,
    /// For each traffic, the mean of each turn.
    means: Vec<Vec<f64>>,
}

/// The program that measures `setting`: this one, but for counting compiled out.
fn program(setting: Setting) -> Result<PathBuf, String> {
    if setting == Setting::Uncounted {
        return uncounted::build();
    }
    std::env::current_exe().map_err(|error| format!("this program does not know where it is: {error}"))
}

/// Starts a process that prints a mean for each traffic.
fn ask(program: &Path, setting: Setting) -> Result<Vec<f64>, String> {
    let output = Command::new(program).args(["--probe", setting.word()]).output();
    let output = output.map_err(|error| format!("{} does not start: {error}", program.display()))?;
    let figures: Option<Vec<f64>> = String::from_utf8_lossy(&output.stdout).lines().map(|it| it.parse().ok()).collect();
    match figures {
        Some(figures) if output.status.success() && figures.len() == Traffic::ALL.len() => Ok(figures),
        _ => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}
