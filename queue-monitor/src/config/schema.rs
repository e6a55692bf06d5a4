//! The keys of the file and what each takes. Nothing else in the monitor is deserialised.
//!
//! The types say what a value looks like; whether it makes sense beside the others is judged in `check`.

use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::error::{Mismatch, Place, quoted};
use super::glob::Glob;
use super::instant;
use super::signal::Signal;
use super::target;
use super::units::{self, Scalar};
use super::values;

/// The whole file.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Document {
    pub(super) tick: Given<Span>,
    pub(super) interval: Given<Span>,
    pub(super) saturation: Given<Share>,
    pub(super) peak_window: Given<Span>,
    pub(super) alerts: Given<Vec<Given<Alert>>>,
    pub(super) overrides: Given<Vec<Given<Override>>>,
    pub(super) mute: Given<Vec<Given<Mute>>>,
    pub(super) notify: Given<Notify>,
    pub(super) record: Given<Text>,
    pub(super) prometheus: Given<Prometheus>,
    pub(super) http: Given<Http>,
}

/// A struct with these keys, and with those of an alert that an override may give anew. A struct within the struct would
/// lose the places.
macro_rules! changeable {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $kind:ty),* }) => {
        $(#[$doc])*
        #[derive(Debug, Default, serde::Deserialize)]
        #[serde(default)]
        pub(super) struct $name {
            $(pub(super) $key: Given<$kind>,)*
            pub(super) above: Given<Quantity>,
            pub(super) below: Given<Quantity>,
            pub(super) levels: Given<Table<Quantity>>,
            pub(super) clear_below: Given<Quantity>,
            pub(super) clear_above: Given<Quantity>,
            #[serde(rename = "for")]
            pub(super) hold: Given<Span>,
            pub(super) keep_firing_for: Given<Span>,
            pub(super) severity: Given<Text>,
            pub(super) summary: Given<Text>,
            pub(super) runbook: Given<Text>,
        }
    };
}

changeable! {
    Alert { name: Text, queues: Vec<Given<Pattern>>, except: Vec<Given<Pattern>>, signal: SignalName }
}

changeable! {
    /// The fields of an alert that an override gives anew.
    Change {}
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Override {
    pub(super) queue: Given<Pattern>,
    pub(super) alerts: Given<Table<Switch>>,
    pub(super) capacity: Given<Items>,
}

/// What an override says of one alert.
#[derive(Debug)]
pub(super) enum Switch {
    /// `off` or false.
    Off,
    /// Its fields, as an alert has them.
    Change(Box<Change>),
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Mute {
    pub(super) queues: Given<Vec<Given<Pattern>>>,
    pub(super) until: Given<Moment>,
    pub(super) reason: Given<Text>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Prometheus {
    pub(super) scrape_interval: Given<Span>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Notify {
    pub(super) log: Given<Flag>,
    pub(super) labels: Given<Table<Text>>,
    pub(super) alertmanager: Given<Alertmanager>,
    pub(super) webhook: Given<Webhook>,
    pub(super) inhibit_upstream: Given<Flag>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Alertmanager {
    pub(super) url: Given<Url>,
    pub(super) resend: Given<Span>,
    pub(super) timeout: Given<Span>,
    pub(super) headers: Given<Table<Text>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Webhook {
    pub(super) url: Given<Url>,
    pub(super) timeout: Given<Span>,
    pub(super) headers: Given<Table<Text>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Http {
    pub(super) listen: Given<Address>,
}

/// Where in the file something was given, for errors that are found later.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) place: Place,
    pub(super) path: String,
    /// What the file has where the value comes from the environment, which no error may print.
    pub(super) written: Option<String>,
    verbatim: usize,
}

impl Spot {
    /// The place of a text's character, or of the whole text if it is not written as it reads: on several lines, or with
    /// escapes.
    pub(super) fn inside(&self, character: usize) -> Place {
        match self.verbatim.checked_add(character) {
            Some(offset) if self.verbatim != usize::MAX => Place { column: self.place.column + offset, ..self.place },
            _ => self.place,
        }
    }
}

/// What became of a key.
#[derive(Debug, Default)]
pub(super) enum Given<T> {
    /// It is not in the file.
    #[default]
    Absent,
    /// It is not what its key takes; the error has been noted.
    Refused,
    /// It was read.
    Read(Spot, T),
}

impl<T> Given<T> {
    /// The struct name by which the reader of the tree knows that it is asked for a value with its place.
    pub(super) const NAME: &'static str = "$given";

    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Where it is, if it was read.
    pub(super) fn spot(&self) -> Option<&Spot> {
        self.read().map(|(spot, _)| spot)
    }

    pub(super) fn read(&self) -> Option<(&Spot, &T)> {
        match self {
            Self::Read(spot, value) => Some((spot, value)),
            _ => None,
        }
    }
}

/// Never fails: an error inside was noted where it happened, and the rest of the file is read all the same.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = Given<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("line, column, path, verbatim, written and value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
                let (line, column) = (parts.next_element()?, parts.next_element()?);
                let (Some(line), Some(column), Some(path)) = (line, column, parts.next_element()?) else {
                    return Err(A::Error::invalid_length(0, &self));
                };
                let verbatim = parts.next_element()?.unwrap_or(usize::MAX);
                let written = parts.next_element::<String>()?.filter(|written| !written.is_empty());
                let spot = Spot { place: Place { line, column }, path, written, verbatim };
                Ok(match parts.next_element() {
                    Ok(Some(value)) => Given::Read(spot, value),
                    _ => Given::Refused,
                })
            }
        }

        deserializer.deserialize_struct(
            Self::NAME,
            &["line", "column", "path", "verbatim", "written", "value"],
            Parts(PhantomData),
        )
    }
}

/// A map whose keys are the writer's own: names and words, each with its place.
#[derive(Debug)]
pub(super) struct Table<T>(pub(super) Vec<(Given<Text>, Given<T>)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Rows<T> {
            type Value = Table<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = map.next_entry()? {
                    rows.push(row);
                }
                Ok(Table(rows))
            }
        }

        deserializer.deserialize_map(Rows(PhantomData))
    }
}

impl Change {
    /// Whether it changes which value fires.
    pub(super) fn moves_threshold(&self) -> bool {
        !(self.above.is_absent() && self.below.is_absent() && self.levels.is_absent())
    }

    pub(super) fn is_empty(&self) -> bool {
        let clears = self.clear_below.is_absent() && self.clear_above.is_absent();
        let times = self.hold.is_absent() && self.keep_firing_for.is_absent();
        let words = self.severity.is_absent() && self.summary.is_absent() && self.runbook.is_absent();
        !self.moves_threshold() && clears && times && words
    }
}

impl Switch {
    /// The name by which the reader of the tree knows that `off` stands for the whole value.
    pub(super) const NAME: &'static str = "$switch";
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OffOrChange;

        impl<'de> Visitor<'de> for OffOrChange {
            type Value = Switch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`off` or a map")
            }

            fn visit_unit<E: Error>(self) -> Result<Switch, E> {
                Ok(Switch::Off)
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, map: D) -> Result<Switch, D::Error> {
                Change::deserialize(map).map(|change| Switch::Change(Box::new(change)))
            }
        }

        deserializer.deserialize_newtype_struct(Self::NAME, OffOrChange)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a single value")
            }

            fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
                Ok(Scalar::Nothing)
            }

            fn visit_bool<E: Error>(self, flag: bool) -> Result<Scalar, E> {
                Ok(Scalar::Flag(flag))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar::Number(number))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Scalar, A::Error> {
                Err(A::Error::invalid_type(Unexpected::Seq, &self))
            }

            fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Scalar, A::Error> {
                Err(A::Error::invalid_type(Unexpected::Map, &self))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// A scalar of which `read` makes the value.
macro_rules! scalars {
    ($($(#[$doc:meta])* $name:ident($inner:ty) = $read:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(super) struct $name(pub(super) $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let scalar = Scalar::deserialize(deserializer)?;
                let read: fn(Scalar) -> Result<$inner, Mismatch> = $read;
                read(scalar).map(Self).map_err(D::Error::custom)
            }
        }
    )*};
}

scalars! {
    /// A duration.
    Span(Duration) = |scalar| units::duration(&scalar);
    /// A share.
    Share(f64) = |scalar| units::share(&scalar);
    /// A threshold: what it takes depends on the signal, which may come later in the file.
    Quantity(Scalar) = |scalar| match scalar {
        Scalar::Number(_) | Scalar::Text(_) => Ok(scalar),
        _ => Err(Mismatch::new("not a threshold", &scalar, "a number, a share such as 80% or a duration such as 10s")),
    };
    /// A number of items, at least one.
    Items(usize) = values::items;
    /// A moment of the wall clock.
    Moment(SystemTime) = |scalar| instant::moment(&scalar);
    /// Text.
    Text(String) = values::text;
    /// True or false.
    Flag(bool) = values::flag;
    /// A glob.
    Pattern(Glob) = |scalar| {
        let pattern = values::text(scalar)?;
        let accepted = "a queue name, with `*`, `?` and `[a-z]` as wildcards";
        Glob::new(&pattern).map_err(|error| Mismatch::new(error.to_string(), quoted(&pattern), accepted))
    };
    /// A signal.
    SignalName(Signal) = values::signal;
    /// An address with a port.
    Address(SocketAddr) = values::address;
    /// Where something is sent.
    Url(target::Url) = target::url;
}
