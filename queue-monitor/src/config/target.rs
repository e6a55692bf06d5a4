//! Where alerts are sent: addresses and headers, of which parts may be secret and none is printed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::error::{Mismatch, quoted};
use super::units::Scalar;
use super::values;

/// An Alertmanager.
#[derive(Clone, Debug, PartialEq)]
pub struct Alertmanager {
    /// Its address, without `/api/v2/alerts`.
    pub target: Target,
    /// How often it is told again of what still fires: it takes for resolved what it has not heard of for four of these.
    pub resend: Duration,
}

/// Whoever takes a POST.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// Its address.
    pub target: Target,
}

/// One address, and how it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The address.
    pub url: Url,
    /// How long one request may take, from the name's look-up to the last byte of the answer.
    pub timeout: Duration,
    /// Sent with every request.
    pub headers: Headers,
}

/// Headers of a request. Their values are not printed, not even by `Debug`: they log in.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Arc<str>, Arc<str>)>);

/// An `http` or `https` address. Printed, it has no path and no query: in a webhook's, these are a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    text: Arc<str>,
    /// Where the path begins.
    path: usize,
}

/// Why a text is no [`Url`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlError {
    what: &'static str,
    meant: Option<String>,
}

impl Headers {
    /// Headers of these names and values, which are not checked.
    pub fn new(headers: impl IntoIterator<Item = (Arc<str>, Arc<str>)>) -> Self {
        Self(headers.into_iter().collect())
    }

    /// Names and values, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, _)| (name, format_args!("(not shown)")))).finish()
    }
}

impl Url {
    /// Checks an address.
    ///
    /// # Errors
    /// If it does not begin with `http://` or `https://`, has no host, a port that is none, a login, or characters that
    /// no address has.
    pub fn new(text: &str) -> Result<Self, UrlError> {
        let error = |what| Err(UrlError { what, meant: None });
        let Some((scheme, rest)) = text.split_once("://") else {
            let plain = !text.is_empty() && text.starts_with(|c: char| c.is_ascii_alphanumeric());
            let meant = plain.then(|| format!("http://{text}")).filter(|meant| Self::new(meant).is_ok());
            return Err(UrlError { what: "the address has no `http://` or `https://`", meant });
        };
        if scheme != "http" && scheme != "https" {
            return error("the address begins with neither `http://` nor `https://`");
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return error(
                "an address has no spaces, and no letters beside those of English; write them as %20 and so on",
            );
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        if authority.contains('@') {
            return error("a login in an address would be printed; write it into `headers`");
        }
        if tail.contains('#') {
            return error("what stands behind `#` is never sent");
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(inside) => match inside.split_once(']') {
                Some((host, port)) => (host, port.strip_prefix(':')),
                None => return error("the bracket of the address is not closed"),
            },
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let bracketed = authority.starts_with('[');
        let of_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') || (bracketed && c == ':');
        if host.is_empty() || !host.chars().all(of_host) {
            return error("the address has no host");
        }
        if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
            return error("the port of the address is none");
        }
        Ok(Self { path: text.len() - tail.len(), text: text.into() })
    }

    /// The whole address, which may have a secret in it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether what is sent there goes through a network in the clear.
    pub(super) fn is_readable_on_the_way(&self) -> bool {
        let Some(rest) = self.text[..self.path].strip_prefix("http://") else { return false };
        let host = if rest.starts_with('[') { rest.split(']').next() } else { rest.split(':').next() };
        let host = host.unwrap_or_default();
        !(host == "localhost" || host == "[::1" || host.starts_with("127."))
    }

    /// The address with a path behind its own.
    #[cfg(feature = "notify")]
    pub(crate) fn with_path(&self, path: &str) -> String {
        let own = self.text[self.path..].split('?').next().unwrap_or_default();
        format!("{}{}{path}", &self.text[..self.path], own.trim_end_matches('/'))
    }
}

/// Without path and query.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text[..self.path])
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for UrlError {}

/// Reads an address.
pub(super) fn url(scalar: Scalar) -> Result<Url, Mismatch> {
    let text = values::text(scalar)?;
    Url::new(&text).map_err(|error| {
        let accepted = "an address such as http://127.0.0.1:9093 or https://example.org/hook";
        // Whoever sees the error may not be whoever may post there.
        let shown =
            text.split_once("://").map_or_else(|| quoted(&text), |(scheme, _)| quoted(&format!("{scheme}://..")));
        Mismatch::new(error.what, shown, accepted).suggest(error.meant)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for text in [
            "http://127.0.0.1:9093",
            "https://example.org/hook?token=a%20b",
            "http://[::1]:9093/am",
            "http://alertmanager.monitoring.svc",
            "http://am_1:80?x",
        ] {
            assert!(Url::new(text).is_ok(), "{text}");
        }
        for (text, part) in [
            ("127.0.0.1:9093", "has no `http://`"),
            ("ftp://a", "neither"),
            ("http://", "no host"),
            ("http:///a", "no host"),
            ("http://a:0", "port"),
            ("http://a:port", "port"),
            ("http://me:secret@a", "login"),
            ("http://a b", "spaces"),
            ("http://[::1", "bracket"),
            ("http://a/#b", "#"),
        ] {
            let error = Url::new(text).unwrap_err();
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
        assert_eq!(Url::new("127.0.0.1:9093").unwrap_err().meant.as_deref(), Some("http://127.0.0.1:9093"));
    }

    #[test]
    fn neither_a_path_nor_a_header_is_printed() {
        let url = Url::new("https://hooks.example.org/T000/secret").unwrap();
        let headers = Headers::new([("Authorization".into(), "Bearer secret".into())]);
        let target = Target { url, timeout: Duration::from_secs(1), headers };
        let printed = format!("{target:?} {}", target.url);
        assert!(!printed.contains("secret") && printed.contains("hooks.example.org"), "{printed}");
    }

    #[cfg(feature = "notify")]
    #[test]
    fn a_path_goes_behind_the_path_that_is_there() {
        for (url, whole) in [("http://a", "http://a/x"), ("http://a/", "http://a/x"), ("http://a/b/?c", "http://a/b/x")]
        {
            assert_eq!(Url::new(url).unwrap().with_path("/x"), whole);
        }
    }
}
