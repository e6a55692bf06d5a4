//! Downloads a document over HTTP, within limits.

use std::error::Error;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, redirect};

use crate::document::{Document, Kind, Page};
use crate::error::Fatal;

/// Downloads. A clone shares its connections.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    client: Client,
    limits: Limits,
}

/// What a server may cost us.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of one page.
    pub(crate) body: usize,
    /// To be connected.
    pub(crate) connect: Duration,
    /// From the request to the last byte.
    pub(crate) whole: Duration,
    /// Redirects followed for one page.
    pub(crate) redirects: usize,
}

/// Whose servers are asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reach {
    /// This process alone: no proxy, and no need for the system's certificates.
    Loopback,
    /// Anybody's.
    Network,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 8 * 1024 * 1024, connect: Duration::from_secs(5), whole: Duration::from_secs(30), redirects: 5 }
    }
}

impl Fetcher {
    /// Makes a client that keeps to `limits`.
    ///
    /// # Errors
    /// If the system has no certificates to judge servers by.
    pub(crate) fn new(reach: Reach, limits: Limits) -> Result<Self, Fatal> {
        use_ring();
        let builder = Client::builder()
            .user_agent(concat!("crawl/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .timeout(limits.whole)
            .redirect(redirect::Policy::limited(limits.redirects));
        let builder = match reach {
            Reach::Loopback => builder.no_proxy().tls_certs_only([]),
            Reach::Network => builder,
        };
        let client = builder.build().map_err(|error| {
            Fatal::new(format!(
                "cannot set up downloading: {}; are the system's certificates installed (ca-certificates)?",
                chain(&error)
            ))
        })?;
        Ok(Self { client, limits })
    }

    /// Downloads one document.
    ///
    /// # Errors
    /// With the reason, for a person: an answer that is no success, too large or of a kind that is not crawled, no
    /// answer at all, or none in time.
    ///
    /// # Cancel safety
    /// Dropped midway, the download is given up.
    pub(crate) async fn fetch(&self, document: &Document) -> Result<Page, String> {
        let answer = self.client.get(&document.url).send().await.map_err(|error| self.reason(error))?;
        if !answer.status().is_success() {
            return Err(format!("the server answered {}", answer.status()));
        }
        let kind = kind(&answer)?;
        let body = self.body(answer).await?;
        Ok(Page { document: document.clone(), kind, body })
    }

    async fn body(&self, mut answer: Response) -> Result<Vec<u8>, String> {
        let limit = self.limits.body;
        let too_large = || format!("larger than {}", indicatif::BinaryBytes(limit as u64));
        if answer.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.reason(error))? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn reason(&self, error: reqwest::Error) -> String {
        if error.is_timeout() && !error.is_connect() {
            return format!("no whole answer within {}", humantime::format_duration(self.limits.whole));
        }
        // The document is named beside the reason already, and its URL may hold a password.
        chain(&error.without_url())
    }
}

/// Chooses who does the arithmetic of TLS, for the whole process. What was chosen before stays.
pub(crate) fn use_ring() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn kind(answer: &Response) -> Result<Kind, String> {
    let stated = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match stated {
        Some(stated) => {
            Kind::of_content_type(stated).ok_or_else(|| format!("{stated} is neither HTML, Markdown nor plain text"))
        }
        None => Kind::of_path(answer.url().path().as_ref())
            .ok_or_else(|| "neither its Content-Type nor its name says what it is".to_owned()),
    }
}

/// An error with its causes: the outermost of a client's errors says only that there was one.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Bytes;
    use axum::http::{StatusCode, header};
    use axum::response::Redirect;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// Longer than a busy machine needs.
    const PATIENCE: Duration = Duration::from_secs(60);
    const LIMITS: Limits = Limits { body: 1000, connect: PATIENCE, whole: PATIENCE, redirects: 2 };

    async fn site() -> String {
        let router = Router::new()
            .route("/page", get(async || ([(header::CONTENT_TYPE, "text/html")], "<p>hello")))
            .route("/raw.md", get(async || ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "# raw")))
            .route("/image", get(async || ([(header::CONTENT_TYPE, "image/png")], "x")))
            .route("/broken", get(async || StatusCode::BAD_GATEWAY))
            .route("/large", get(async || ([(header::CONTENT_TYPE, "text/html")], Bytes::from(vec![b'x'; 1001]))))
            .route("/fits", get(async || ([(header::CONTENT_TYPE, "text/html")], Bytes::from(vec![b'x'; 1000]))))
            .route("/moved", get(async || Redirect::permanent("/page")))
            .route("/circle", get(async || Redirect::temporary("/circle")))
            .route("/never", get(async || std::future::pending::<()>().await));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address.to_string()
    }

    async fn ask(url: String, limits: Limits) -> Result<Page, String> {
        let fetcher = Fetcher::new(Reach::Loopback, limits).unwrap();
        fetcher.fetch(&Document { source: url.clone(), url }).await
    }

    #[tokio::test]
    async fn a_page_comes_with_its_kind_also_after_a_redirect() {
        let site = site().await;
        let check = async |path: &str, kind, body: &str| {
            let page = ask(format!("http://{site}{path}"), LIMITS).await.unwrap();
            assert_eq!((page.kind, page.body.as_slice()), (kind, body.as_bytes()), "{path}");
        };
        check("/page", Kind::Html, "<p>hello").await;
        check("/moved", Kind::Html, "<p>hello").await;
        check("/raw.md", Kind::Markdown, "# raw").await;
        check("/fits", Kind::Html, &"x".repeat(1000)).await;
    }

    #[tokio::test]
    async fn each_way_to_fail_says_its_reason() {
        let site = site().await;
        // Bound, so that it is nobody else's, and not listened on.
        let reserved = TcpSocket::new_v4().unwrap();
        reserved.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let closed = reserved.local_addr().unwrap();
        let check = async |url: String, part: &str| {
            let reason = ask(url.clone(), LIMITS).await.expect_err(&url);
            assert!(reason.to_lowercase().contains(part), "{url}: {reason}");
        };
        check(format!("http://{site}/none"), "404 not found").await;
        check(format!("http://{site}/broken"), "502").await;
        check(format!("http://{site}/large"), "larger than").await;
        check(format!("http://{site}/image"), "image/png is neither").await;
        check(format!("http://{site}/circle"), "redirect").await;
        check(format!("http://{closed}/"), "refused").await;
        // TLS is really spoken: a server that does not speak it is found out.
        check(format!("https://{site}/page"), "corrupt").await;
    }

    #[tokio::test]
    async fn a_page_without_end_is_given_up_at_the_limit() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // The answer begins when the question is there.
            let _ = stream.read(&mut [0; 1024]).await.unwrap();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            while stream.write_all(b"on and on ").await.is_ok() {}
        });
        let reason = ask(format!("http://{address}/"), LIMITS).await.unwrap_err();
        assert_eq!(reason, "larger than 1000 B");
    }

    #[tokio::test]
    async fn a_server_that_never_answers_costs_no_more_than_the_time_allowed() {
        let limits = Limits { whole: Duration::from_millis(50), ..LIMITS };
        let reason = ask(format!("http://{}/never", site().await), limits).await.unwrap_err();
        assert_eq!(reason, "no whole answer within 50ms");
    }
}
