//! Which buckets a distribution is sorted into.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use queue_core::stats::catalogue::{DISTRIBUTIONS, Distribution};

/// Upper bounds of the buckets of each distribution; at first those of the table, from a microsecond to ten seconds, and
/// for batches from one item to 1,024.
///
/// # Examples
/// Items of this service wait for seconds, and nobody looks at anything below a millisecond:
/// ```
/// use queue_metrics::Buckets;
///
/// let buckets = Buckets::default()
///     .set("queue_dwell_seconds", &[0.001, 0.01, 0.1, 1.0, 10.0, 60.0])?
///     .set("queue_batch_size", &[1.0, 100.0])?;
/// # let _ = buckets;
/// # Ok::<(), queue_metrics::BucketsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets {
    /// One for each row of the table, in its order.
    bounds: Vec<Arc<[f64]>>,
}

impl Default for Buckets {
    fn default() -> Self {
        Self { bounds: DISTRIBUTIONS.iter().map(|row| row.bounds.into()).collect() }
    }
}

impl Buckets {
    /// Sets the upper bounds of one distribution, in seconds or in items: named as the page names it
    /// (`queue_dwell_seconds`) or as the table does (`queue.dwell`). The last bucket, which has no bound, comes by itself.
    ///
    /// # Errors
    /// [`BucketsError`] if there is no such distribution, or the bounds are not finite numbers that rise.
    pub fn set(mut self, name: &str, bounds: &[f64]) -> Result<Self, BucketsError> {
        let named = |row: &Distribution| row.name == name || row.prometheus_name() == name;
        let Some(place) = DISTRIBUTIONS.iter().position(named) else {
            return Err(BucketsError::NoSuch { name: name.to_owned() });
        };
        let rising = bounds.windows(2).all(|pair| pair[0] < pair[1]);
        if bounds.is_empty() || !rising || !bounds.iter().all(|bound| bound.is_finite()) {
            return Err(BucketsError::BadBounds { name: name.to_owned(), bounds: bounds.to_vec() });
        }
        self.bounds[place] = bounds.into();
        Ok(self)
    }

    /// Those of the row at `place` of the table.
    pub(crate) fn of(&self, place: usize) -> &[f64] {
        &self.bounds[place]
    }
}

/// Why buckets cannot be set.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BucketsError {
    /// There is no such distribution.
    NoSuch {
        /// What was asked for.
        name: String,
    },
    /// Bounds that no histogram can have.
    BadBounds {
        /// Of which distribution.
        name: String,
        /// What was given.
        bounds: Vec<f64>,
    },
}

impl fmt::Display for BucketsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuch { name } => {
                let names: Vec<_> = DISTRIBUTIONS.iter().map(Distribution::prometheus_name).collect();
                write!(f, "there is no distribution called {name:?}: it is one of {}", names.join(", "))
            }
            Self::BadBounds { name, bounds } => {
                write!(
                    f,
                    "{name} cannot have the buckets {bounds:?}: one or more finite numbers that rise are accepted"
                )
            }
        }
    }
}

impl Error for BucketsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_set_by_either_name_and_the_others_stay() {
        for name in ["queue.put_wait", "queue_put_wait_seconds"] {
            let buckets = Buckets::default().set(name, &[0.5, 1.0]).expect("they rise");
            assert_eq!(buckets.of(1), [0.5, 1.0]);
            assert_eq!(buckets.of(0), DISTRIBUTIONS[0].bounds);
        }
    }

    #[test]
    fn what_no_histogram_can_have_is_refused_with_what_is_accepted() {
        for bounds in [&[][..], &[1.0, 1.0], &[2.0, 1.0], &[1.0, f64::INFINITY], &[f64::NAN]] {
            let error = Buckets::default().set("queue.dwell", bounds).expect_err("they are none");
            assert!(error.to_string().contains("numbers that rise"), "{error}");
        }
        let error = Buckets::default().set("queue.depth", &[1.0]).expect_err("it is a gauge");
        assert!(
            error.to_string().contains("\"queue.depth\"") && error.to_string().contains("queue_batch_size"),
            "{error}"
        );
    }

    #[test]
    fn the_tables_own_buckets_are_ones_that_can_be_set() {
        for row in DISTRIBUTIONS {
            assert_eq!(Buckets::default().set(row.name, row.bounds), Ok(Buckets::default()), "{}", row.name);
        }
    }
}
