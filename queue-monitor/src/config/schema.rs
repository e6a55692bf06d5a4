//! The keys of the file and what each takes. Nothing else in the monitor is deserialised.
//!
//! The types say what a value looks like; whether it makes sense beside the others is judged in `check`.

use std::fmt;
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::error::{Mismatch, Place, nearest, quoted};
use super::glob::Glob;
use super::signal::Signal;
use super::units::{self, Scalar};

/// The whole file.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Document {
    pub(super) tick: Given<Span>,
    pub(super) interval: Given<Span>,
    pub(super) saturation: Given<Share>,
    pub(super) peak_window: Given<Span>,
    pub(super) alerts: Given<Vec<Given<Alert>>>,
    pub(super) notify: Given<Notify>,
    pub(super) http: Given<Http>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Alert {
    pub(super) name: Given<Text>,
    pub(super) queues: Given<Vec<Given<Pattern>>>,
    pub(super) except: Given<Vec<Given<Pattern>>>,
    pub(super) signal: Given<SignalName>,
    pub(super) above: Given<Quantity>,
    pub(super) below: Given<Quantity>,
    pub(super) clear_below: Given<Quantity>,
    pub(super) clear_above: Given<Quantity>,
    #[serde(rename = "for")]
    pub(super) hold: Given<Span>,
    pub(super) keep_firing_for: Given<Span>,
    pub(super) severity: Given<Text>,
    pub(super) summary: Given<Text>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Notify {
    pub(super) log: Given<Flag>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(super) struct Http {
    pub(super) listen: Given<Address>,
}

/// Keys of the format that a later version will read, by the type they belong to.
const LATER: [(&str, &[&str]); 3] = [
    ("Document", &["overrides", "mute", "record", "prometheus"]),
    ("Alert", &["levels", "runbook"]),
    ("Notify", &["labels", "alertmanager", "webhook", "inhibit_upstream"]),
];

/// Signals of the format that a later version will know.
const LATER_SIGNALS: [&str; 12] = [
    "utilization_peak",
    "depth_peak",
    "unfinished",
    "longest_put_wait",
    "dwell",
    "put_rate",
    "get_rate",
    "reject_rate",
    "blocked_ratio",
    "failed_ratio",
    "time_to_full",
    "time_to_empty",
];

/// Keys that are often indented too little or too much, and where they belong.
const HOMES: [(&str, &[&str], &str); 3] = [
    ("Http", &["listen"], "below `http:`"),
    ("Notify", &["log"], "below `notify:`"),
    (
        "Document",
        &[
            "tick",
            "interval",
            "saturation",
            "peak_window",
            "alerts",
            "notify",
            "http",
        ],
        "at the top level",
    ),
];

/// Says why `key` is none of the `known` keys of the type `owner`.
pub(super) fn unknown_key(owner: &str, key: &str, known: &[&str]) -> Mismatch {
    let later = LATER.iter().any(|(name, keys)| *name == owner && keys.contains(&key));
    let known = known.join(", ");
    if later {
        let hint = format!("found a key of a later version; accepted here: {known}; remove `{key}` for now");
        return Mismatch {
            message: format!("`{key}` is not supported by this version"),
            hint,
        };
    }
    let message = format!("unknown key {}", quoted(key));
    let accepted = format!("accepted here: {known}");
    let home = HOMES
        .iter()
        .find(|(name, keys, _)| *name != owner && keys.contains(&key));
    if let Some((.., home)) = home {
        return Mismatch {
            message,
            hint: format!("`{key}` belongs {home}; {accepted}"),
        };
    }
    if let Some((key, _)) = key.split_once(':') {
        return Mismatch {
            message,
            hint: format!("a `:` needs a space behind it: `{key}: `; {accepted}"),
        };
    }
    let hint = match nearest(key, known.split(", ")) {
        Some(meant) => format!("did you mean `{meant}`? {accepted}"),
        None => accepted,
    };
    Mismatch { message, hint }
}

/// What a map of the type `owner` is called in an error.
pub(super) fn describe(owner: &str) -> &'static str {
    match owner {
        "Document" => "a map of settings, such as `interval: 10s`",
        "Alert" => "an alert: a map with `name`, `signal` and `above` or `below`",
        "Notify" => "a map such as `{ log: true }`",
        "Http" => "a map such as `{ listen: 127.0.0.1:9464 }`",
        _ => "a map",
    }
}

/// Where in the file something was given, for errors that are found later.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) place: Place,
    pub(super) path: String,
    verbatim: usize,
}

impl Spot {
    /// The place of a text's character, or of the whole text if it is not written as it reads: on several lines, or with
    /// escapes.
    pub(super) fn inside(&self, character: usize) -> Place {
        match self.verbatim.checked_add(character) {
            Some(offset) if self.verbatim != usize::MAX => Place {
                column: self.place.column + offset,
                ..self.place
            },
            _ => self.place,
        }
    }
}

/// What became of a key.
#[derive(Debug)]
pub(super) enum Given<T> {
    /// It is not in the file.
    Absent,
    /// It is not what its key takes; the error has been noted.
    Refused,
    /// It was read.
    Read(Spot, T),
}

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self::Absent
    }
}

impl<T> Given<T> {
    /// The struct name by which the reader of the tree knows that it is asked for a value with its place.
    pub(super) const NAME: &'static str = "$given";

    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
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
                f.write_str("line, column, path, verbatim and value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
                let (line, column) = (parts.next_element()?, parts.next_element()?);
                let (Some(line), Some(column), Some(path)) = (line, column, parts.next_element()?) else {
                    return Err(A::Error::invalid_length(0, &self));
                };
                let verbatim = parts.next_element()?.unwrap_or(usize::MAX);
                let spot = Spot {
                    place: Place { line, column },
                    path,
                    verbatim,
                };
                Ok(match parts.next_element() {
                    Ok(Some(value)) => Given::Read(spot, value),
                    _ => Given::Refused,
                })
            }
        }

        deserializer.deserialize_struct(
            Self::NAME,
            &["line", "column", "path", "verbatim", "value"],
            Parts(PhantomData),
        )
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
    /// Text.
    Text(String) = text;
    /// True or false.
    Flag(bool) = flag;
    /// A glob.
    Pattern(Glob) = |scalar| {
        let pattern = text(scalar)?;
        let accepted = "a queue name, with `*`, `?` and `[a-z]` as wildcards";
        Glob::new(&pattern).map_err(|error| Mismatch::new(error.to_string(), quoted(&pattern), accepted))
    };
    /// A signal.
    SignalName(Signal) = signal;
    /// An address with a port.
    Address(SocketAddr) = address;
}

fn text(scalar: Scalar) -> Result<String, Mismatch> {
    let meant = match &scalar {
        Scalar::Text(_) | Scalar::Nothing => None,
        Scalar::Flag(flag) => Some(format!("\"{flag}\"")),
        Scalar::Number(number) => Some(format!("\"{number}\"")),
    };
    match scalar {
        Scalar::Text(text) => Ok(text),
        other => Err(Mismatch::new("not text", other, "text; quotes make text of anything").suggest(meant)),
    }
}

fn flag(scalar: Scalar) -> Result<bool, Mismatch> {
    if let Scalar::Flag(flag) = scalar {
        return Ok(flag);
    }
    let meant = match &scalar {
        Scalar::Text(text) => match text.to_lowercase().as_str() {
            "yes" | "on" | "true" => Some("true"),
            "no" | "off" | "false" => Some("false"),
            _ => None,
        },
        _ => None,
    };
    Err(Mismatch::new("neither true nor false", scalar, "true, false").suggest(meant))
}

fn signal(scalar: Scalar) -> Result<Signal, Mismatch> {
    let name = text(scalar)?;
    if let Some(signal) = Signal::ALL.into_iter().find(|signal| signal.as_str() == name) {
        return Ok(signal);
    }
    let known = Signal::ALL.map(Signal::as_str);
    if LATER_SIGNALS.contains(&name.as_str()) {
        let message = format!("the signal `{name}` is not supported by this version");
        return Err(Mismatch::new(message, "a signal of a later version", known.join(", ")));
    }
    let found = quoted(&name);
    Err(Mismatch::new("unknown signal", found, known.join(", ")).suggest(nearest(&name, known)))
}

fn address(scalar: Scalar) -> Result<SocketAddr, Mismatch> {
    const PORT: u16 = 9464;
    let accepted = "an IP address and a port, such as 127.0.0.1:9464 or \"[::1]:9464\"";
    let local = |port| Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let (message, meant) = match &scalar {
        Scalar::Text(text) => {
            if let Ok(address) = text.parse::<SocketAddr>() {
                return Ok(address);
            }
            let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
            let named = !host.is_empty()
                && host
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
            match (text.parse::<IpAddr>(), port.parse::<u16>()) {
                (Ok(address), _) => ("the port is missing", Some(SocketAddr::new(address, PORT))),
                (_, Ok(port)) if host.is_empty() => ("the address is missing", local(port)),
                (_, Ok(port)) if host == "localhost" => ("a host name is not accepted; write its address", local(port)),
                (_, Ok(_)) if named && host.contains(|c: char| c.is_ascii_alphabetic()) => {
                    ("a host name is not accepted; write its address", None)
                }
                _ if text == "localhost" => ("a host name is not accepted; write its address", local(PORT)),
                _ => ("not an address with a port", None),
            }
        }
        Scalar::Number(number) => {
            let port = (1.0..=65_535.0).contains(number) && number.fract() == 0.0;
            (
                "the address is missing",
                if port {
                    format!("127.0.0.1:{number}").parse().ok()
                } else {
                    None
                },
            )
        }
        _ => ("not an address with a port", None),
    };
    Err(Mismatch::new(message, scalar, accepted).suggest(meant))
}
