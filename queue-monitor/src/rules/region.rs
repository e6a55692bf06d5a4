//! Which overrides hold for which names: matchers that no two rules of an alert share a name under.
//!
//! Overrides win field by field, the most specific first. A region is the set of names that the same overrides fit; there
//! is one for each combination of globs that can fit one name, and one for the names that none fits.

use crate::config::{AlertRule, Change, Glob, Override};

use super::signal::quoted;
use crate::rule::applies;

/// Globs that all fit one another make twice as many regions each; nobody writes such a file, but one is made.
pub(super) const MOST: usize = 1_000;

/// Names to which one form of an alert applies.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) matchers: Vec<String>,
    /// Regular expressions that all of the names fit, and those that none does.
    pub(crate) within: Vec<String>,
    pub(crate) without: Vec<String>,
    /// Of the overrides that hold here.
    pub(crate) globs: Vec<String>,
    pub(crate) rule: AlertRule,
}

/// The regions of an alert in which it is not off.
#[derive(Debug)]
pub(crate) struct Regions {
    pub(crate) regions: Vec<Region>,
    /// Whether there are more of them, which nobody will look at.
    pub(crate) cut_short: bool,
}

/// Divides the names that an alert is for.
pub(crate) fn regions(alert: &AlertRule, overrides: &[Override]) -> Regions {
    let mut changes: Vec<(&Glob, &Change)> = Vec::new();
    for one in overrides.iter().filter(|one| alert.queues.iter().any(|glob| glob.overlaps(&one.queue))) {
        let of_alert = one.alerts.iter().filter(|(name, _)| *name == alert.name);
        changes.extend(of_alert.map(|(_, change)| (&one.queue, change)));
    }
    changes.sort_by_key(|(glob, _)| std::cmp::Reverse(glob.specificity()));
    let mut split = Split { alert, changes, regions: Vec::new(), visited: 0 };
    split.from(0, &mut Vec::new(), &mut Vec::new());
    let cut_short = split.visited > MOST;
    if cut_short {
        // The names that no override fits come last, and are the most.
        let globs: Vec<_> = split.changes.iter().map(|(glob, _)| *glob).collect();
        split.add(&[], &globs);
    }
    Regions { regions: split.regions, cut_short }
}

struct Split<'a> {
    alert: &'a AlertRule,
    /// The most specific first.
    changes: Vec<(&'a Glob, &'a Change)>,
    regions: Vec<Region>,
    /// Regions so far, also those that turned out to be empty.
    visited: usize,
}

impl<'a> Split<'a> {
    /// Goes through the changes from `at` on; those before hold (`inside`) or do not (`outside`).
    fn from(&mut self, at: usize, inside: &mut Vec<(&'a Glob, &'a Change)>, outside: &mut Vec<&'a Glob>) {
        if matches!(inside.first(), Some((_, Change::Off))) || self.visited > MOST {
            return;
        }
        let Some(&(glob, change)) = self.changes.get(at) else {
            self.visited += 1;
            if self.visited <= MOST {
                self.add(inside, outside);
            }
            return;
        };
        let exact = inside.iter().find_map(|(glob, _)| glob.name());
        let can_fit = match &exact {
            Some(name) => glob.matches(name),
            None => inside.iter().all(|(other, _)| other.overlaps(glob)),
        };
        if can_fit {
            inside.push((glob, change));
            self.from(at + 1, inside, outside);
            inside.pop();
        }
        // A name that is known fits or does not: there is no other side.
        if !can_fit || exact.is_none() {
            let excluded = can_fit && exact.is_none();
            if excluded {
                outside.push(glob);
            }
            self.from(at + 1, inside, outside);
            if excluded {
                outside.pop();
            }
        }
    }

    fn add(&mut self, inside: &[(&Glob, &Change)], outside: &[&Glob]) {
        let Some(rule) = self.alert.with(inside.iter().map(|(_, change)| *change)) else { return };
        let globs = inside.iter().map(|(glob, _)| glob.as_str().to_owned()).collect();
        let mut region = Region { matchers: Vec::new(), within: Vec::new(), without: Vec::new(), globs, rule };
        if let Some((glob, name)) = inside.iter().find_map(|(glob, _)| Some((*glob, glob.name()?))) {
            if !applies(self.alert, &name) {
                return;
            }
            // The other globs fit this name, or they are not in here.
            region.keep("=", &[glob]);
        } else {
            region.keep("=", &self.alert.queues.iter().collect::<Vec<_>>());
            for (glob, _) in inside {
                region.keep("=", &[glob]);
            }
            // Those that cannot fit a name in here need not be kept out.
            let except = self.alert.except.iter().chain(outside.iter().copied());
            let except: Vec<_> = except.filter(|glob| inside.iter().all(|(other, _)| other.overlaps(glob))).collect();
            region.keep("!", &except);
        }
        if region.matchers.is_empty() {
            region.matchers.push("queue_name!=\"\"".to_owned());
        }
        self.regions.push(region);
    }
}

impl Region {
    /// Whether it is all names there are.
    pub(crate) fn is_everything(&self) -> bool {
        self.within.is_empty() && self.without.is_empty()
    }

    /// Keeps the names that one of `globs` fits (`=`), or none (`!`).
    fn keep(&mut self, sign: &str, globs: &[&Glob]) {
        let Some(matcher) = any_of(sign, globs) else { return };
        self.matchers.push(matcher);
        let regex: Vec<_> = globs.iter().map(|glob| glob.regex()).collect();
        if sign == "=" { &mut self.within } else { &mut self.without }.push(regex.join("|"));
    }
}

/// A matcher for the names that one of `globs` fits (`=`), or none (`!`); nothing where that is all.
fn any_of(sign: &str, globs: &[&Glob]) -> Option<String> {
    match globs {
        [] => None,
        globs if sign == "=" && globs.iter().any(|glob| glob.as_str() == "*") => None,
        [one] if one.is_exact() => {
            let name = one.name().unwrap_or_default();
            Some(format!("queue_name{}{}", if sign == "!" { "!=" } else { "=" }, quoted(&name)))
        }
        globs => {
            let regex: Vec<_> = globs.iter().map(|glob| glob.regex()).collect();
            Some(format!("queue_name{sign}~{}", quoted(&regex.join("|"))))
        }
    }
}
