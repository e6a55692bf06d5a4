//! Ours against the best peer, and the bar.

use crate::contest::Standing;
use crate::peers::Role;
use crate::scenario::{Bar, Scenario, Section, Unit};

/// How much of a difference means nothing where figures fall into two heaps.
const TIE: f64 = 1.15;

/// One scenario, held.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) section: Section,
    pub(crate) unit: Unit,
    pub(crate) bar: Option<Bar>,
    pub(crate) bimodal: bool,
    pub(crate) standings: Vec<Standing>,
}

/// Whether the bar is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    Yes,
    /// Not, but by less than two runs differ by.
    Tie,
    No,
}

impl Row {
    pub(crate) fn new(scenario: &Scenario, standings: Vec<Standing>) -> Self {
        let Scenario { section, unit, bar, bimodal, .. } = *scenario;
        Self { name: scenario.name.clone(), section, unit, bar, bimodal, standings }
    }

    pub(crate) fn ours(&self) -> Option<&Standing> {
        self.standings.iter().find(|standing| standing.role == Role::Ours)
    }

    /// The peer with the smallest median, or the one that the bar names.
    pub(crate) fn best_peer(&self) -> Option<&Standing> {
        let named = self.bar.and_then(|bar| bar.against);
        let peers = self.standings.iter().filter(|standing| standing.role == Role::Peer);
        let peers = peers.filter(|standing| named.is_none_or(|name| name == standing.name));
        peers.min_by(|a, b| a.figures.median.total_cmp(&b.figures.median))
    }

    /// Ours in units of the best peer.
    pub(crate) fn ratio(&self) -> Option<f64> {
        Some(self.ours()?.figures.median / self.best_peer()?.figures.median)
    }

    /// The bar that it is judged by.
    pub(super) fn judged_by(&self) -> Option<f64> {
        let bar = self.bar?;
        // Where the system has no barrier to end it by, no queue is biased.
        let biased = bar.with_bias.filter(|_| cfg!(target_os = "linux"));
        Some(biased.unwrap_or(bar.ratio))
    }

    pub(crate) fn met(&self) -> Option<Met> {
        Some(judge(self.ratio()?, self.judged_by()?, self.bimodal))
    }
}

/// Whether `ratio` is within `bar`, of figures that may fall into two heaps.
pub(super) fn judge(ratio: f64, bar: f64, bimodal: bool) -> Met {
    if ratio <= bar {
        Met::Yes
    } else if bimodal && ratio <= bar * TIE {
        Met::Tie
    } else {
        Met::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::Figures;

    #[test]
    fn a_bar_that_names_its_peer_is_about_that_one() {
        let row = Row {
            bar: Some(Bar { ratio: 1.0, with_bias: None, against: Some("b") }),
            ..row(false, &[("ours", Role::Ours, 9.0), ("a", Role::Peer, 1.0), ("b", Role::Peer, 10.0)])
        };
        assert_eq!(row.best_peer().map(|peer| peer.name), Some("b"));
        assert_eq!(row.met(), Some(Met::Yes));
    }

    fn row(bimodal: bool, medians: &[(&'static str, Role, f64)]) -> Row {
        let standing = |&(name, role, median)| Standing { name, role, figures: Figures::of(vec![median]) };
        let bar = Some(Bar { ratio: 1.0, with_bias: None, against: None });
        let standings = medians.iter().map(standing).collect();
        Row { name: "toy".into(), section: Section::Judged, unit: Unit::NanosecondsEach, bar, bimodal, standings }
    }

    #[test]
    fn the_best_peer_is_the_one_with_the_smallest_median_and_a_reference_is_none() {
        let contenders =
            [("ours", Role::Ours, 9.0), ("a", Role::Peer, 12.0), ("b", Role::Peer, 10.0), ("c", Role::Reference, 1.0)];
        let row = row(false, &contenders);
        assert_eq!(row.best_peer().map(|peer| peer.name), Some("b"));
        assert_eq!(row.ratio(), Some(0.9));
        assert_eq!(row.met(), Some(Met::Yes));
    }

    #[test]
    fn a_little_over_the_bar_is_a_tie_only_where_runs_differ_by_more() {
        let contenders = [("ours", Role::Ours, 11.0), ("peer", Role::Peer, 10.0)];
        assert_eq!(row(true, &contenders).met(), Some(Met::Tie));
        assert_eq!(row(false, &contenders).met(), Some(Met::No));
        let contenders = [("ours", Role::Ours, 12.0), ("peer", Role::Peer, 10.0)];
        assert_eq!(row(true, &contenders).met(), Some(Met::No));
    }

    #[test]
    fn without_a_peer_there_is_no_verdict() {
        assert_eq!(row(false, &[("ours", Role::Ours, 1.0)]).met(), None);
    }
}
