//! Who is let in: the listener, its thread and its limits.
//!
//! A thread and a runtime of its own, so that it answers also when the service's runtime is stalled. One request a
//! connection: a scraper comes every few seconds, and nobody can sit on a connection that is not used.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{io, thread};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, yield_now};
use tokio::time::{sleep, timeout};

const CONNECTIONS: usize = 64;
const HEADER_BYTES: usize = 8 * 1024;
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// A whole connection, also of someone who asks and then does not read.
const LIFETIME: Duration = Duration::from_secs(30);
/// Before the next try when the system has no descriptor left to accept with.
const RECOVERY: Duration = Duration::from_millis(100);

/// Serves until it is dropped; then it closes every connection and waits for its thread.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    /// Dropped to say stop.
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Listens on `listen` and serves `router` on a thread of its own.
    pub(crate) fn bind(listen: SocketAddr, router: Router) -> io::Result<Self> {
        let listener = StdListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(2).build()?;
        let (stop, stopped) = oneshot::channel();
        let named = thread::Builder::new().name("queue-monitor-http".to_owned());
        let thread = named.spawn(move || run(runtime, listener, router, stopped))?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It panicked: then it has ended, too.
            let _ = thread.join();
        }
    }
}

fn run(runtime: Runtime, listener: StdListener, router: Router, stopped: oneshot::Receiver<Infallible>) {
    runtime.block_on(async {
        match TcpListener::from_std(listener) {
            Ok(listener) => drop(tokio::spawn(accept(listener, router))),
            Err(error) => tracing::error!(target: "queue_monitor", %error, "the endpoint cannot listen"),
        }
        // The sender is dropped, never used: the error is the signal.
        let _ = stopped.await;
    });
    // A page that hangs in a foreign source must not hold up the shutdown.
    runtime.shutdown_background();
}

async fn accept(listener: TcpListener, router: Router) {
    let mut house = House::default();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => house.admit(stream, &router),
            Err(_) => sleep(RECOVERY).await,
        }
        // Those who are in are heard before the next one may take their place.
        yield_now().await;
    }
}

/// The connections that are open.
#[derive(Default)]
struct House {
    /// In the order in which they came.
    guests: Vec<Guest>,
}

struct Guest {
    task: AbortHandle,
    /// Whether it has sent a complete header.
    heard: Arc<AtomicBool>,
}

impl House {
    /// Lets a connection in. A full house closes the oldest one that has not said yet what it wants; if all have, the
    /// new one has to go.
    fn admit(&mut self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: &Router) {
        self.guests.retain(|guest| !guest.task.is_finished());
        if self.guests.len() >= CONNECTIONS {
            match self.guests.iter().position(|guest| !guest.heard.load(Ordering::Relaxed)) {
                Some(oldest) => self.guests.remove(oldest).task.abort(),
                None => return,
            }
        }
        let heard = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(serve(stream, router.clone(), Arc::clone(&heard))).abort_handle();
        self.guests.push(Guest { task, heard });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router, heard: Arc<AtomicBool>) {
    let pages = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        heard.store(true, Ordering::Relaxed);
        let refused = refuse(&request);
        let pages = pages.clone();
        async move {
            match refused {
                Some(refusal) => Ok(refusal),
                None => pages.call(request).await,
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // However it ends, it ends: there is nobody to tell but the one who left.
    let _ = timeout(LIFETIME, connection).await;
}

/// Only GET and HEAD, and nothing to read beyond the header.
fn refuse(request: &Request<Incoming>) -> Option<Response<Body>> {
    let (code, words) = if request.method() != Method::GET && request.method() != Method::HEAD {
        (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n")
    } else if !request.body().is_end_stream() {
        (StatusCode::PAYLOAD_TOO_LARGE, "no body is read here\n")
    } else {
        return None;
    };
    let mut response = Response::new(Body::from(words));
    *response.status_mut() = code;
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
    Some(response)
}

#[cfg(test)]
mod tests;
