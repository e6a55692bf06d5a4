//! The figures in `docs/`: a chart, and tables between two marks of the page.

use std::fs;
use std::path::Path;

use super::chart::chart;
use super::{Row, provenance};

const BEGIN: &str = "<!-- figures: begin; written by `cargo bench -p bench -- --write-docs` -->";
const END: &str = "<!-- figures: end -->";

/// Puts `tables` into the page, and draws its chart.
///
/// # Errors
/// Which file cannot be read or written, or that the page lacks its marks.
pub(crate) fn write(rows: &[Row], tables: &str) -> Result<(), String> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let (page, picture) = (docs.join("performance.md"), docs.join("performance.svg"));
    let said = |path: &Path, error| format!("{}: {error}", path.display());
    let text = fs::read_to_string(&page).map_err(|error| said(&page, error))?;
    let figures = format!("{}\n\n![Ours in units of the best peer](performance.svg)\n\n{tables}", provenance());
    let text = between_the_marks(&text, &figures)
        .ok_or_else(|| format!("{} has lost the lines {BEGIN:?} and {END:?}", page.display()))?;
    fs::write(&page, text).map_err(|error| said(&page, error))?;
    fs::write(&picture, chart(rows)).map_err(|error| said(&picture, error))
}

/// `page` with `figures` in place of what was between its marks.
fn between_the_marks(page: &str, figures: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", figures.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_take_the_place_of_the_old_ones_and_the_text_around_them_stays() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        assert_eq!(between_the_marks(&page, "new\n"), Some(format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n")));
        assert_eq!(between_the_marks("no marks", "new"), None);
    }

    #[test]
    fn the_page_has_its_marks() {
        assert!(between_the_marks(include_str!("../../../docs/performance.md"), "").is_some());
    }
}
