/// Stand-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Signal {
    Utilization,
    Depth,
    Growth,
    OldestAge,
    DropRate,
    Stalled,
}

/// Stand-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Measured {
    Share,
    Duration,
    Count,
    Rate,
}

impl Signal {
    /// Stand-in.
    #[must_use]
    pub fn measured(self) -> Measured {
        match self {
            Self::Utilization => Measured::Share,
            Self::Depth => Measured::Count,
            Self::Growth | Self::DropRate => Measured::Rate,
            Self::OldestAge | Self::Stalled => Measured::Duration,
        }
    }
}

impl Measured {
    /// Stand-in.
    #[must_use]
    pub fn print(self, value: f64) -> String {
        match self {
            Self::Share => format!("{}%", (value * 1000.0).round() / 10.0),
            Self::Duration => format!("{value}s"),
            Self::Count => format!("{value}"),
            Self::Rate => format!("{value}/s"),
        }
    }
}
