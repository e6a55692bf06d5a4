/// Stand-in.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary(String);

/// Stand-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Placeholder {
    Queue,
    Value,
    Threshold,
    Depth,
    Capacity,
    Oldest,
    Severity,
    Eta,
}

impl Summary {
    /// Stand-in.
    ///
    /// # Errors
    /// Never.
    pub fn new(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    /// Stand-in.
    pub fn render(&self, value: impl Fn(Placeholder) -> Option<String>) -> String {
        let mut text = self.0.clone();
        for (word, placeholder) in [
            ("{queue}", Placeholder::Queue),
            ("{value}", Placeholder::Value),
            ("{threshold}", Placeholder::Threshold),
            ("{depth}", Placeholder::Depth),
            ("{capacity}", Placeholder::Capacity),
            ("{oldest}", Placeholder::Oldest),
            ("{severity}", Placeholder::Severity),
            ("{eta}", Placeholder::Eta),
        ] {
            text = text.replace(word, &value(placeholder).unwrap_or_else(|| "n/a".to_owned()));
        }
        text
    }
}
