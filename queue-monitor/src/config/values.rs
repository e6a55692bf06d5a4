//! Single values that are words: text, flags, signals, addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::error::{Mismatch, nearest, quoted};
use super::signal::Signal;
use super::units::Scalar;

/// Reads text.
pub(super) fn text(scalar: Scalar) -> Result<String, Mismatch> {
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

/// Reads true or false.
pub(super) fn flag(scalar: Scalar) -> Result<bool, Mismatch> {
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
    let quoted = matches!(&scalar, Scalar::Text(text) if text == "true" || text == "false");
    let message = if quoted { "quotes make text of this" } else { "neither true nor false" };
    Err(Mismatch::new(message, scalar, "true, false").suggest(meant))
}

/// Reads a number of items, of which there is at least one.
pub(super) fn items(scalar: Scalar) -> Result<usize, Mismatch> {
    let accepted = "a whole number of items from 1 on";
    let message = match &scalar {
        // Exact in a float, and more than any memory holds.
        Scalar::Number(number) if number.fract() == 0.0 && (1.0..=9e15).contains(number) => {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            return Ok(*number as usize);
        }
        Scalar::Number(0.0) => "a queue without room would let nothing in",
        Scalar::Number(_) => "not a number of items",
        Scalar::Text(text) if text.bytes().all(|b| b.is_ascii_digit()) => "quotes make text of this number",
        _ => "not a number of items",
    };
    let meant = match &scalar {
        Scalar::Text(text) => text.replace(['_', ','], "").parse::<usize>().ok().filter(|items| *items > 0),
        _ => None,
    };
    Err(Mismatch::new(message, scalar, accepted).suggest(meant))
}

/// Reads the name of a signal.
pub(super) fn signal(scalar: Scalar) -> Result<Signal, Mismatch> {
    let name = text(scalar)?;
    if let Some(signal) = Signal::ALL.into_iter().find(|signal| signal.as_str() == name) {
        return Ok(signal);
    }
    let known = Signal::ALL.map(Signal::as_str);
    let found = quoted(&name);
    Err(Mismatch::new("unknown signal", found, known.join(", ")).suggest(nearest(&name, known)))
}

/// Reads an IP address with a port.
pub(super) fn address(scalar: Scalar) -> Result<SocketAddr, Mismatch> {
    const PORT: u16 = 9464;
    let accepted = "an IP address and a port, such as 127.0.0.1:9464 or \"[::1]:9464\"";
    let local = |port| Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let (message, meant) = match &scalar {
        Scalar::Text(text) => {
            if let Ok(address) = text.parse::<SocketAddr>() {
                return Ok(address);
            }
            let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
            let named = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
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
            ("the address is missing", if port { format!("127.0.0.1:{number}").parse().ok() } else { None })
        }
        _ => ("not an address with a port", None),
    };
    Err(Mismatch::new(message, scalar, accepted).suggest(meant))
}
