/// Stand-in.
#[derive(Clone, Debug, PartialEq)]
pub struct Glob(String);

impl Glob {
    /// Stand-in.
    ///
    /// # Errors
    /// Never.
    pub fn new(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    /// Stand-in.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.0
            .strip_suffix('*')
            .map_or(self.0 == name, |start| name.starts_with(start))
    }

    /// Stand-in.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
