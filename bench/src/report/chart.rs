//! A chart: how much of the best peer's time ours takes, a bar for each scenario, and a mark where it should end.
//!
//! Written by hand, as text: it has one shape, and a library that draws all of them is more to build than this is to
//! read. Colours follow the reader's theme.

use std::fmt::Write;

use super::{Met, Row};

const WIDTH: f64 = 900.0;
const LEFT: f64 = 340.0;
const RIGHT: f64 = 60.0;
const TOP: f64 = 44.0;
const STEP: f64 = 24.0;
const THICK: f64 = 14.0;

/// Ratios beyond this are cut off, and their figure says so.
const MOST: f64 = 3.0;

const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#1f2328}.quiet{fill:#59636e}.grid{stroke:#d1d9e0}.one{stroke:#59636e}\
.yes{fill:#1a7f37}.no{fill:#cf222e}.ahead{fill:#bf8700}.none{fill:#818b98}.bar{stroke:#1f2328;stroke-width:2}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}.grid{stroke:#3d444d}.one{stroke:#9198a1}\
.yes{fill:#3fb950}.no{fill:#f85149}.ahead{fill:#d29922}.none{fill:#656c76}.bar{stroke:#f0f6fc}}";

/// The chart of the rows that have a ratio.
pub(crate) fn chart(rows: &[Row]) -> String {
    let rows: Vec<_> = rows.iter().filter_map(|row| Some((row, row.ratio()?, row.judged_by()?))).collect();
    let bottom = TOP + STEP * f64::from(u32::try_from(rows.len()).unwrap_or(u32::MAX));
    let height = bottom + 8.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"Ratio of ours to the best peer, for each scenario\">\n<style>{STYLE}</style>\n\
         <text x=\"8\" y=\"18\">Ours in units of the best peer, shorter is better. | is the bar; green: within it, \
         amber: beyond it and ahead of the peer, red: behind</text>\n"
    );
    for tick in ["0", "0.5", "1", "1.5", "2", "2.5", "3"] {
        let x = x_of(tick.parse().expect("the ticks are numbers"));
        let class = if tick == "1" { "one" } else { "grid" };
        let _ = writeln!(
            svg,
            "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
             <text class=\"quiet\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{tick}</text>",
            TOP - 8.0
        );
    }
    let mut y = TOP + (STEP - THICK) / 2.0;
    for (row, ratio, bar) in rows {
        draw(&mut svg, row, ratio, bar, y);
        y += STEP;
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, row: &Row, ratio: f64, bar: f64, y: f64) {
    let class = match row.met() {
        Some(Met::Yes) => "yes",
        Some(Met::Tie | Met::No) if ratio < 1.0 => "ahead",
        Some(Met::Tie | Met::No) => "no",
        None => "none",
    };
    let (name, base) = (escape(&row.name), y + THICK - 3.0);
    let (end, mark) = (x_of(ratio), x_of(bar));
    let beyond = if ratio > MOST { " →" } else { "" };
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{base:.1}\" text-anchor=\"end\">{name}</text>\
         <rect class=\"{class}\" x=\"{LEFT}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{THICK}\" rx=\"2\"/>\
         <line class=\"bar\" x1=\"{mark:.1}\" x2=\"{mark:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
         <text x=\"{:.1}\" y=\"{base:.1}\">{ratio:.2}{beyond}</text>",
        LEFT - 8.0,
        end - LEFT,
        y - 3.0,
        y + THICK + 3.0,
        end.max(mark) + 6.0,
    );
}

fn x_of(ratio: f64) -> f64 {
    LEFT + ratio.clamp(0.0, MOST) / MOST * (WIDTH - LEFT - RIGHT)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::{Figures, Standing};
    use crate::peers::Role;
    use crate::scenario::{Bar, Section, Unit};

    fn row(name: &str, ours: f64, bar: Option<f64>) -> Row {
        let standing = |name, role, median| Standing { name, role, figures: Figures::of(vec![median]) };
        Row {
            name: name.into(),
            section: Section::Judged,
            unit: Unit::NanosecondsEach,
            bar: bar.map(|ratio| Bar { ratio, with_bias: None, against: None }),
            bimodal: false,
            standings: vec![standing("ours", Role::Ours, ours), standing("peer", Role::Peer, 10.0)],
        }
    }

    #[test]
    fn every_judged_row_has_a_bar_whose_colour_tells_whether_it_is_short_enough() {
        let svg = chart(&[row("fast", 5.0, Some(1.0)), row("slow", 90.0, Some(1.0)), row("growth", 1.0, None)]);
        assert!(svg.contains(">fast</text><rect class=\"yes\""), "{svg}");
        assert!(svg.contains(">slow</text><rect class=\"no\""), "{svg}");
        assert!(chart(&[row("ahead", 9.0, Some(0.5))]).contains(">ahead</text><rect class=\"ahead\""));
        assert!(svg.contains(">9.00 →</text>"), "what is cut off says so: {svg}");
        assert!(!svg.contains("growth"), "{svg}");
    }

    #[test]
    fn a_name_cannot_break_the_picture() {
        assert!(chart(&[row("a<b & c", 5.0, Some(1.0))]).contains(">a&lt;b &amp; c</text>"));
    }
}
