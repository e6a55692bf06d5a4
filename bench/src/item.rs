//! What is put and got: numbers, whose sum shows that none was lost or delivered twice.

/// An item that knows its number. `Default` and `Clone` are there for a peer that recycles its slots.
pub(crate) trait Item: Default + Clone + Send + Sync + Unpin + 'static {
    /// The item with this number.
    fn numbered(number: u64) -> Self;

    /// Its number.
    fn number(&self) -> u64;
}

impl Item for u64 {
    fn numbered(number: u64) -> Self {
        number
    }

    fn number(&self) -> u64 {
        *self
    }
}

/// An item of 64 bytes, a cache line.
#[derive(Clone, Default)]
pub(crate) struct Wide([u64; 8]);

impl Item for Wide {
    fn numbered(number: u64) -> Self {
        Self([number; 8])
    }

    fn number(&self) -> u64 {
        // The last word, so that an item that was copied in part is found.
        self.0[7]
    }
}

/// The sum of the numbers from 0 to `items` - 1.
pub(crate) fn sum_below(items: u64) -> u64 {
    items * items.saturating_sub(1) / 2
}

/// Stops the run if what arrived is not what was sent: a queue that loses items must not win.
pub(crate) fn check_sum(items: u64, sum: u64) {
    let expected = sum_below(items);
    assert_eq!(
        sum, expected,
        "of {items} items the numbers add up to {sum} and not {expected}: some were lost or doubled"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(numbers: &[u64]) -> u64 {
        numbers.iter().map(|number| Wide::numbered(*number).number()).sum()
    }

    #[test]
    fn what_arrived_once_and_whole_adds_up_in_any_order() {
        check_sum(4, sum(&[3, 0, 2, 1]));
        check_sum(0, 0);
    }

    #[test]
    #[should_panic(expected = "some were lost or doubled")]
    fn an_item_in_place_of_another_stops_the_run() {
        check_sum(4, sum(&[0, 1, 1, 3]));
    }
}
