//! Serves the files that were found, on loopback, so that downloading them is real.
//!
//! A document is asked for by its number in the list. No part of a request ever becomes part of a path: what was not
//! found cannot be served.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing::debug;

use crate::document::{Document, Kind};
use crate::error::Fatal;
use crate::input::LocalFile;

/// The server; dropped, it ends.
#[must_use]
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves `files`, and nothing else, on a free port of loopback.
    ///
    /// # Errors
    /// If no port can be had.
    ///
    /// # Cancel safety
    /// Dropped before it is done, no server has been started.
    pub(crate) async fn start(files: Arc<[LocalFile]>) -> Result<Self, Fatal> {
        let failed = |error| Fatal::new(format!("cannot serve the documents on loopback: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let router = Router::new().route("/documents/{index}", get(document)).with_state(files);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                debug!(%error, "the document server ended");
            }
        });
        Ok(Self { address, task })
    }

    /// Where the file with this number in the list is downloaded from.
    pub(crate) fn document(&self, index: usize, file: &LocalFile) -> Document {
        Document { source: file.source.clone(), url: format!("http://{}/documents/{index}", self.address) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn document(State(files): State<Arc<[LocalFile]>>, Path(index): Path<usize>) -> Response {
    let Some(file) = files.get(index) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match tokio::fs::read(&file.path).await {
        Ok(body) => {
            let kind = Kind::of_path(&file.path).unwrap_or(Kind::Markdown);
            ([(header::CONTENT_TYPE, kind.content_type())], body).into_response()
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => StatusCode::GONE.into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_in_the_list_is_served() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| LocalFile { source: name.to_owned(), path: dir.path().join(name) };
        std::fs::write(dir.path().join("a.html"), "<p>hello").unwrap();
        std::fs::write(dir.path().join("secret.md"), "classified").unwrap();
        let server = Server::start([file("a.html"), file("gone.md")].into()).await.unwrap();
        crate::fetch::use_ring();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let ask = async |path: &str| {
            let answer = http.get(format!("http://{}{path}", server.address)).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        assert_eq!(ask("/documents/0").await, (200, "<p>hello".to_owned()));
        assert_eq!(ask("/documents/1").await.0, 410);
        for path in ["/documents/2", "/documents/-1", "/documents/..%2fsecret.md", "/secret.md", "/documents/0/../1"] {
            let (status, text) = ask(path).await;
            assert!((400..500).contains(&status) && !text.contains("classified"), "{path}: {status} {text}");
        }
    }
}
