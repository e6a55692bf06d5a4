//! The endpoint that the configuration asks for, with or without the feature that can give it.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{ListenError, Shared};
use crate::config::{Config, Http};

/// Who says where the endpoint is.
#[derive(Clone, Debug, Default)]
pub(super) enum Whose {
    /// The configuration, each one that is taken.
    #[default]
    Config,
    /// The program, whatever the configuration says.
    Program(Option<Http>),
}

impl Whose {
    /// The configuration with the endpoint that there is to be.
    pub(super) fn applied(&self, config: Config) -> Config {
        match self {
            Self::Config => config,
            Self::Program(http) => Config { http: http.clone(), ..config },
        }
    }
}

/// Open as long as it lives; nothing where the configuration asks for none.
#[derive(Debug, Default)]
pub(crate) struct Endpoint {
    #[cfg(feature = "http")]
    server: Option<crate::http::Server>,
}

impl Endpoint {
    #[cfg(feature = "http")]
    pub(crate) fn open(http: Option<&Http>, shared: &Arc<Shared>) -> Result<Self, ListenError> {
        let Some(Http { listen, .. }) = http else {
            return Ok(Self::default());
        };
        let listen = *listen;
        let server = crate::http::Server::bind(listen, crate::http::routes(Arc::clone(shared)));
        let server = server.map_err(|source| ListenError::Refused { listen, source })?;
        Ok(Self { server: Some(server) })
    }

    #[cfg(not(feature = "http"))]
    pub(crate) fn open(http: Option<&Http>, _: &Arc<Shared>) -> Result<Self, ListenError> {
        match http {
            Some(http) => Err(ListenError::NoFeature { listen: http.listen }),
            None => Ok(Self::default()),
        }
    }

    /// Closes it, and waits for its thread.
    pub(crate) fn close(self) {
        #[cfg(feature = "http")]
        drop(self.server);
    }

    /// The address it really has, where the configuration left the port to the system.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        #[cfg(feature = "http")]
        return self.server.as_ref().map(crate::http::Server::address);
        #[cfg(not(feature = "http"))]
        None
    }
}
