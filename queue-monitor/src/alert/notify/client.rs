//! One POST: the only place that names the HTTP client, which the feature `notify` brings.

use std::time::Duration;

use crate::config::{Target, Url};

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "notify"), allow(dead_code, reason = "without a client nobody answers"))]
pub(super) enum Answer {
    Taken,
    /// The same again would be refused again.
    Refused(String),
    /// Nobody answered, or who did could not: another time.
    Failed(String),
}

/// Posts to one address.
#[derive(Debug)]
pub(super) struct Client {
    target: Target,
    #[cfg(feature = "notify")]
    address: String,
    #[cfg(feature = "notify")]
    agent: ureq::Agent,
}

impl Client {
    /// Where it posts to, fit to be printed.
    pub(super) fn url(&self) -> &Url {
        &self.target.url
    }
}

#[cfg(not(feature = "notify"))]
impl Client {
    pub(super) fn new(target: &Target, _: &str) -> Self {
        Self { target: target.clone() }
    }

    /// A configuration made in code is not asked for features.
    pub(super) fn post(&self, _: Vec<u8>, _: Option<Duration>) -> Answer {
        Answer::Failed("queue-monitor was built without its feature `notify`".to_owned())
    }
}

#[cfg(feature = "notify")]
impl Client {
    pub(super) fn new(target: &Target, path: &str) -> Self {
        use ureq::tls::{RootCerts, TlsConfig};

        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        // The system's certificates: an Alertmanager inside a company has one of the company's.
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(target.timeout))
            .http_status_as_error(false)
            // What moved is told, and not followed with headers that were meant for somebody else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("queue-monitor/", env!("CARGO_PKG_VERSION")))
            .build();
        let address = if path.is_empty() { target.url.as_str().to_owned() } else { target.url.with_path(path) };
        Self { target: target.clone(), address, agent: config.new_agent() }
    }

    /// Sends JSON; takes no longer than the target's timeout and `longest`.
    pub(super) fn post(&self, body: Vec<u8>, longest: Option<Duration>) -> Answer {
        let timeout = longest.map_or(self.target.timeout, |longest| longest.min(self.target.timeout));
        let request = self.agent.post(&self.address).config().timeout_global(Some(timeout)).build();
        let request = request.header("Content-Type", "application/json");
        let request = self.target.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        match request.send(&body[..]) {
            Ok(mut response) => {
                let status = response.status();
                if status.is_success() {
                    // Read to its end, so that the connection can be used again.
                    let _ = response.body_mut().with_config().limit(ANSWER).read_to_vec();
                    return Answer::Taken;
                }
                let said = response.body_mut().with_config().limit(ANSWER).lossy_utf8(true).read_to_string();
                let said = said.unwrap_or_default();
                let said: String = said.chars().filter(|c| !c.is_control()).take(300).collect();
                let why = format!("{status}: {said}");
                let later = matches!(status.as_u16(), 408 | 425 | 429);
                if status.is_client_error() && !later { Answer::Refused(why) } else { Answer::Failed(why) }
            }
            Err(error) => Answer::Failed(explained(&error)),
        }
    }
}

/// What went wrong, and what to do where TLS is what stands in the way: its own words name neither files nor keys.
#[cfg(feature = "notify")]
fn explained(error: &ureq::Error) -> String {
    let tls = match error {
        ureq::Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()),
        ureq::Error::Rustls(error) => Some(error),
        _ => None,
    };
    let hint = match tls {
        Some(rustls::Error::InvalidCertificate(
            rustls::CertificateError::NotValidForName | rustls::CertificateError::NotValidForNameContext { .. },
        )) => "; the certificate is for another host: write into `url` the name that it is for",
        Some(rustls::Error::InvalidCertificate(
            rustls::CertificateError::Expired | rustls::CertificateError::ExpiredContext { .. },
        )) => "; renew the server's certificate, or set this machine's clock right",
        Some(rustls::Error::InvalidCertificate(_)) => {
            "; the CA that signed the server's certificate has to be among those that the system trusts, or in the file \
             that the variable SSL_CERT_FILE names when the process starts"
        }
        Some(rustls::Error::InvalidMessage(_)) => "; the server speaks no TLS: is it `http://` that was meant?",
        Some(_) => "",
        None if matches!(error, ureq::Error::Protocol(_)) => {
            "; this is no answer in HTTP: is it `https://` that was meant, or another port?"
        }
        None => "",
    };
    format!("{error}{hint}")
}

/// So much of an answer is read.
#[cfg(feature = "notify")]
const ANSWER: u64 = 64 * 1024;
