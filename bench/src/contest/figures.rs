//! Many rounds, three numbers.

/// The quartiles of a contender's rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figures {
    /// A quarter of the rounds were better.
    pub(crate) lower: f64,
    /// Half of them were.
    pub(crate) median: f64,
    /// Three quarters were.
    pub(crate) upper: f64,
}

impl Figures {
    /// The quartiles of `rounds`, of which there is at least one.
    pub(crate) fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        let last = rounds.len() - 1;
        let at = |quarter: usize| {
            let (below, part) = (quarter * last / 4, quarter * last % 4);
            let (below, above) = (rounds[below], rounds[(below + 1).min(last)]);
            below + (above - below) * [0.0, 0.25, 0.5, 0.75][part]
        };
        Self { lower: at(1), median: at(2), upper: at(3) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rounds: &[f64], expected: (f64, f64, f64)) {
        let figures = Figures::of(rounds.to_vec());
        assert_eq!((figures.lower, figures.median, figures.upper), expected);
    }

    #[test]
    fn the_median_is_the_middle_and_the_quartiles_are_between_it_and_the_ends() {
        check(&[7.0], (7.0, 7.0, 7.0));
        check(&[3.0, 1.0], (1.5, 2.0, 2.5));
        check(&[5.0, 1.0, 3.0, 2.0, 4.0], (2.0, 3.0, 4.0));
        check(&[4.0, 1.0, 2.0, 3.0], (1.75, 2.5, 3.25));
    }

    #[test]
    fn one_round_that_went_wrong_moves_the_median_by_one_place() {
        check(&[1.0, 1.0, 1.0, 1.0, 1000.0], (1.0, 1.0, 1.0));
    }
}
