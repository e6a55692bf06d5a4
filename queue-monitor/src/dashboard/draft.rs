//! A panel as it is drafted: what it is called, what it asks, how it looks. `canvas` gives it its place.

use super::model::{
    Cells, Color, Custom, DataLink, Defaults, Field, Fill, GridPos, Heatmap, Kind, Legend, Lines, Mapping, Matcher,
    Number, Options, Override, PROMETHEUS, Panel, Property, Query, Stat, StateTimeline, Step, Style, Table, Thresholds,
    TimeSeries, Timeline, Tooltip, Transformation, Unit,
};
use super::thresholds::{ByName, Judged};

/// A panel that has no place yet.
pub(super) struct Draft(pub(super) Panel);

impl Draft {
    /// Lines over time.
    pub(super) fn graph(title: &'static str, unit: Unit, fill: Fill) -> Self {
        let options = TimeSeries { legend: Legend::list(), tooltip: Tooltip::ALL };
        let custom = Custom::Lines(Lines::new(fill));
        Self::new(Kind::TimeSeries, title, unit, Options::TimeSeries(options), Some(custom))
    }

    /// One number, as of now.
    pub(super) fn stat(title: &'static str, unit: Unit) -> Self {
        Self::new(Kind::Stat, title, unit, Options::Stat(Stat::new()), None)
    }

    /// Words over time.
    pub(super) fn timeline(title: &'static str, words: Mapping) -> Self {
        let custom = Custom::Timeline(Timeline { fill_opacity: 80, line_width: 0 });
        let options = Options::StateTimeline(StateTimeline::new());
        let mut draft = Self::new(Kind::StateTimeline, title, Unit::Count, options, Some(custom));
        draft.0.field_config.defaults.mappings.push(words);
        draft
    }

    /// How a distribution moves over time: how many items a second have which value, in this unit.
    pub(super) fn heatmap(title: &'static str, unit: Unit) -> Self {
        Self::new(Kind::Heatmap, title, Unit::Rate, Options::Heatmap(Heatmap::new(unit)), None)
    }

    /// A line for each queue, as of now, the largest of one column first.
    pub(super) fn table(title: &'static str, by: &'static str) -> Self {
        let custom = Custom::Cells(Cells::default());
        Self::new(Kind::Table, title, Unit::Count, Options::Table(Table::by(by)), Some(custom))
    }

    fn new(kind: Kind, title: &'static str, unit: Unit, options: Options, custom: Option<Custom>) -> Self {
        let color = match kind {
            Kind::TimeSeries | Kind::Heatmap => Color::Palette,
            _ => Color::Thresholds,
        };
        let defaults = Defaults {
            unit,
            min: None,
            max: None,
            decimals: None,
            color,
            // Of what nobody judges no value is good or bad.
            thresholds: Thresholds::new(vec![Step { color: "text", value: None }]),
            no_value: None,
            mappings: Vec::new(),
            links: Vec::new(),
            custom,
        };
        Self(Panel {
            id: 0,
            kind,
            title,
            description: String::new(),
            grid_pos: GridPos::default(),
            datasource: PROMETHEUS,
            targets: Vec::new(),
            transformations: Vec::new(),
            field_config: Field { defaults, overrides: Vec::new() },
            options,
        })
    }

    /// Says what it shows, and what to make of it.
    pub(super) fn about(mut self, text: &str) -> Self {
        self.0.description.insert_str(0, text);
        self
    }

    /// Asks for something, under the names that the legend's pattern gives.
    pub(super) fn ask(mut self, expr: impl Into<String>, legend: &str) -> Self {
        let at = u8::try_from(self.0.targets.len()).expect("a panel asks a handful of questions");
        let ref_id = char::from(b'A' + at).to_string();
        self.0.targets.push(Query::new(self.0.kind, ref_id, expr.into(), legend.to_owned()));
        self
    }

    /// Lets values open another page.
    pub(super) fn opens(mut self, link: DataLink) -> Self {
        self.0.field_config.defaults.links.push(link);
        self
    }

    /// From nothing to all of it.
    pub(super) fn whole(mut self) -> Self {
        let defaults = &mut self.0.field_config.defaults;
        (defaults.min, defaults.max) = (Some(Number(0.0)), Some(Number(1.0)));
        self
    }

    /// What is shown where there is no value.
    pub(super) fn or_else(mut self, text: &'static str) -> Self {
        self.0.field_config.defaults.no_value = Some(text);
        self
    }

    /// Colours values by these steps.
    pub(super) fn steps(mut self, steps: Vec<Step>) -> Self {
        self.0.field_config.defaults.thresholds = Thresholds::new(steps);
        self
    }

    /// Shows the thresholds of the alerts that judge this number: as colours, in a graph as dashed lines.
    pub(super) fn judged(mut self, by: Judged<'_>) -> Self {
        self.0.description.push_str(&by.words());
        let Some(steps) = by.steps() else { return self };
        if let Some(Custom::Lines(lines)) = &mut self.0.field_config.defaults.custom {
            lines.thresholds_style.mode = "dashed";
        }
        self.steps(steps)
    }

    /// Colours the value of the one queue of the page, by whose name it has to be called, as overrides have it.
    pub(super) fn judged_by_name(mut self, by: Judged<'_>) -> Self {
        self.0.description.push_str(&by.words());
        let ByName { common, different } = by.steps_by_name();
        for (pattern, steps) in different {
            self = self.differs(Matcher::Regex(pattern), vec![Property::Thresholds(Thresholds::new(steps))]);
        }
        match common {
            Some(steps) => self.steps(steps),
            None => self,
        }
    }

    /// Draws the thresholds that hold for the one queue of the page, as overrides have them.
    pub(super) fn judged_exactly(mut self, by: Judged<'_>) -> Self {
        self.0.description.push_str(&by.words());
        for (line, number) in by.lines().into_iter().zip(1..) {
            let ref_id = format!("T{number}");
            let properties =
                vec![Property::Color(Color::Fixed { fixed_color: line.color }), Property::Style(Style::DASHED)];
            self = self.differs(Matcher::Query(ref_id.clone()), properties);
            self.0.targets.push(Query::new(self.0.kind, ref_id, line.expr, line.legend));
        }
        self
    }

    /// Shows some series or columns in another way.
    pub(super) fn differs(mut self, matcher: Matcher, properties: Vec<Property>) -> Self {
        self.0.field_config.overrides.push(Override { matcher, properties });
        self
    }

    /// Gives a series this colour.
    pub(super) fn coloured(self, name: &str, color: &'static str) -> Self {
        self.differs(Matcher::Name(name.to_owned()), vec![Property::Color(Color::Fixed { fixed_color: color })])
    }

    /// Does something with the answers before they are shown.
    pub(super) fn transformed(mut self, by: Transformation) -> Self {
        self.0.transformations.push(by);
        self
    }
}
