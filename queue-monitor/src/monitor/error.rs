//! Why a monitor does not start, or does not take another configuration.

use std::net::SocketAddr;
use std::{error, fmt, io};

use crate::config::ConfigErrors;

/// Why a monitor did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum SpawnError {
    /// The endpoint that `http` asks for cannot be opened.
    Listen(ListenError),
    /// The system gave no thread.
    Thread(io::Error),
    /// `notify` asks for a delivery, and the crate was built without its feature `notify`.
    CannotNotify,
}

/// Why the running configuration was kept.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReloadError {
    /// The monitor was made from text or in code: there is no file to read again.
    NoFile,
    /// The file is not a valid configuration, or cannot be read.
    Config(ConfigErrors),
    /// The endpoint that the new `http` asks for cannot be opened.
    Listen(ListenError),
    /// `notify` asks for a delivery, and the crate was built without its feature `notify`.
    CannotNotify,
    /// The monitor has been shut down.
    Stopped,
}

/// Why the endpoint cannot be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum ListenError {
    /// The system refused the address.
    Refused {
        /// The address of `http.listen`.
        listen: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The crate was built without its feature `http`.
    NoFeature {
        /// The address of `http.listen`.
        listen: SocketAddr,
    },
}

const CANNOT_NOTIFY: &str = "notify: alerts cannot be delivered: queue-monitor was built without its feature `notify`; \
    build it with that feature, or take `alertmanager` and `webhook` out of the file";

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen(error) => error.fmt(f),
            Self::Thread(error) => write!(f, "the system gave the monitor no thread: {error}"),
            Self::CannotNotify => f.write_str(CANNOT_NOTIFY),
        }
    }
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile => {
                f.write_str("there is no file to read again: the monitor was not made with Monitor::from_yaml_file")
            }
            Self::Config(errors) => errors.fmt(f),
            Self::Listen(error) => error.fmt(f),
            Self::CannotNotify => f.write_str(CANNOT_NOTIFY),
            Self::Stopped => f.write_str("the monitor has been shut down; spawn a new one"),
        }
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { listen, source } => {
                write!(f, "http.listen: cannot listen on {listen}: {source}")?;
                match source.kind() {
                    io::ErrorKind::AddrInUse => f.write_str(
                        "; stop the program that holds the port, or choose another port (0 takes a free one)",
                    ),
                    io::ErrorKind::AddrNotAvailable => f.write_str("; choose an address of this machine"),
                    io::ErrorKind::PermissionDenied => f.write_str("; choose a port from 1024 on"),
                    _ => Ok(()),
                }
            }
            Self::NoFeature { listen } => write!(
                f,
                "http.listen: cannot listen on {listen}: queue-monitor was built without its feature `http`; \
                 build it with that feature, or take `http` out of the file"
            ),
        }
    }
}

impl error::Error for SpawnError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Listen(error) => error.source(),
            Self::Thread(error) => Some(error),
            Self::CannotNotify => None,
        }
    }
}

impl error::Error for ReloadError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Listen(error) => error.source(),
            Self::Config(errors) => errors.source(),
            Self::NoFile | Self::CannotNotify | Self::Stopped => None,
        }
    }
}

impl error::Error for ListenError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Refused { source, .. } => Some(source),
            Self::NoFeature { .. } => None,
        }
    }
}
