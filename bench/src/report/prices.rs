//! The price of instruments, as a table.

use std::fmt::Write;

use super::markdown::digits;
use crate::contest::Figures;
use crate::instruments::{Prices, Traffic};

/// A row for each setting, a column for each traffic; ratios are to the cheapest setting that could be measured.
pub(crate) fn prices(prices: &Prices) -> String {
    let mut table = String::from("### The price of instruments\n\n| setting |");
    for traffic in Traffic::ALL {
        let _ = write!(table, " {traffic} | ratio |");
    }
    table.push_str("\n|---|");
    table.push_str(&"---:|---:|".repeat(Traffic::ALL.len()));
    table.push('\n');
    for (setting, figures) in &prices.figures {
        let _ = write!(table, "| {setting} |");
        for (figures, base) in figures.iter().zip(base(prices)) {
            let _ = write!(table, " {} ns | {:.2} |", digits(figures.median), figures.median / base.median);
        }
        table.push('\n');
    }
    for (setting, reason) in &prices.missing {
        let _ = write!(table, "\nNot measured: {setting}. Because {reason}\n");
    }
    table
}

/// What ratios are to: the first setting, which has the least turned on.
fn base(prices: &Prices) -> &[Figures] {
    prices.figures.first().map_or(&[], |(_, figures)| figures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruments::Setting;

    #[test]
    fn ratios_are_to_the_setting_with_the_least_turned_on() {
        let figures = |median| vec![Figures::of(vec![median]); Traffic::ALL.len()];
        let table = prices(&Prices {
            figures: vec![(Setting::Counted, figures(10.0)), (Setting::Ticking, figures(10.5))],
            missing: vec![(Setting::Uncounted, "nobody built it".into())],
        });
        assert!(table.contains("| counted, no ticker | 10.0 ns | 1.00 |"), "{table}");
        assert!(table.contains("| counted, ticker running | 10.5 ns | 1.05 |"), "{table}");
        assert!(table.contains("Not measured: counting compiled out. Because nobody built it"), "{table}");
    }
}
