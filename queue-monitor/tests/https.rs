//! Alerts that leave the process over TLS, to a real server with a certificate of its own making.

#![allow(clippy::unwrap_used)] // A helper of a test may fail it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use queue_core::{Queue, Registry};
use queue_monitor::{Monitor, MonitorHandle};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Longer than a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the variable of the system's certificates is set for a test: it has to be when the process starts, so that the
/// test runs itself.
const INNER: &str = "QUEUE_MONITOR_TEST_RUNS_ITSELF";

#[test]
fn a_server_whose_ca_the_system_trusts_is_told_over_tls() {
    if std::env::var_os(INNER).is_none() {
        let folder = tempfile::tempdir().unwrap();
        return run_again("a_server_whose_ca_the_system_trusts_is_told_over_tls", folder.path());
    }
    let (log, authority) = (log(), Authority::new());
    std::fs::write(std::env::var_os("SSL_CERT_FILE").unwrap(), authority.pem()).unwrap();
    let (webhook, alertmanager) =
        (Server::start(Some(authority.of("localhost"))), Server::start(Some(authority.of("localhost"))));
    let monitor = Watched::start(&format!(
        "{{ webhook: {{ url: \"https://localhost:{}/hook\", headers: {{ Authorization: secret }} }}, \
         alertmanager: {{ url: \"https://localhost:{}/prefix\" }} }}",
        webhook.address.port(),
        alertmanager.address.port()
    ));
    let told = webhook.next();
    assert!(told.starts_with("POST /hook HTTP/1.1\r\n") && told.contains("secret"), "{told}");
    assert!(told.contains("\"to\":\"firing\"") && told.contains("\"queue\":\"jobs\""), "{told}");
    let told = alertmanager.next();
    assert!(told.starts_with("POST /prefix/api/v2/alerts HTTP/1.1\r\n"), "{told}");
    assert!(told.contains("\"alertname\":\"Full\""), "{told}");
    monitor.end();
    // Of the same CA, but not to be trusted: what the log says is what there is to do.
    let cases = [
        (authority.of("elsewhere.example"), "the certificate is for another host: write into `url` the name"),
        (authority.expired("localhost"), "renew the server's certificate, or set this machine's clock right"),
    ];
    for (tls, hint) in cases {
        let server = Server::start(Some(tls));
        let port = server.address.port();
        let monitor = Watched::start(&format!("{{ webhook: {{ url: \"https://localhost:{port}/hook\" }} }}"));
        let line = said_of(log, port);
        assert!(line.contains("alerts cannot be delivered") && line.contains(hint), "{line}");
        monitor.end();
        assert!(server.taken.try_recv().is_err(), "nothing may be told");
    }
}

#[test]
fn a_server_that_cannot_be_trusted_is_told_nothing_and_the_log_says_why() {
    let log = log();
    let authority = Authority::new();
    let strangers = Server::start(Some(authority.of("localhost")));
    let plain = Server::start(None);
    let cases = [
        ("https", &strangers, ["invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"]),
        ("https", &plain, ["speaks no TLS", "`http://`"]),
        ("http", &strangers, ["no answer in HTTP", "`https://`"]),
    ];
    for (scheme, server, words) in cases {
        let port = server.address.port();
        let monitor =
            Watched::start(&format!("{{ webhook: {{ url: \"{scheme}://localhost:{port}/hook?key=secret\" }} }}"));
        let line = said_of(log, port);
        for word in words {
            assert!(line.contains(word), "{word} in {line}");
        }
        assert!(line.contains("alerts cannot be delivered") && !line.contains("secret"), "{line}");
        monitor.end();
        assert!(server.taken.try_recv().is_err(), "nothing may be told to {scheme}://..:{port}");
    }
}

/// Runs one test of this file in a process that trusts what it will write into a file of this folder.
fn run_again(test: &str, folder: &Path) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(INNER, "1").env("SSL_CERT_FILE", folder.join("ca.pem"));
    let output = command.env_remove("SSL_CERT_DIR").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Who signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// What a server of this name needs.
    fn of(&self, name: &str) -> Arc<ServerConfig> {
        self.signed(CertificateParams::new(vec![name.to_owned()]).unwrap())
    }

    /// The same, with a certificate that was good until years ago.
    fn expired(&self, name: &str) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        self.signed(params)
    }

    fn signed(&self, params: CertificateParams) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }
}

/// Takes what is posted, with TLS or without.
struct Server {
    address: SocketAddr,
    taken: Receiver<String>,
}

impl Server {
    fn start(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (take, taken) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream: TcpStream = stream.unwrap();
                let request = match &tls {
                    Some(tls) => answer(StreamOwned::new(ServerConnection::new(Arc::clone(tls)).unwrap(), stream)),
                    None => answer(stream),
                };
                // Whoever did not like the certificate has sent nothing.
                let Ok(request) = request else { continue };
                if request.starts_with("POST ") && take.send(request).is_err() {
                    return;
                }
            }
        });
        Self { address, taken }
    }

    fn next(&self) -> String {
        self.taken.recv_timeout(PATIENCE).expect("a request within a minute")
    }
}

/// Reads one request and takes it; refuses what is none.
fn answer(stream: impl Read + Write) -> std::io::Result<String> {
    let mut stream = BufReader::new(stream);
    let (mut request, mut length) = (String::new(), 0);
    let mut first = [0];
    stream.read_exact(&mut first)?;
    if !first[0].is_ascii_uppercase() {
        stream.get_mut().write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        return Ok(String::new());
    }
    request.push(char::from(first[0]));
    loop {
        let begin = request.len();
        stream.read_line(&mut request)?;
        let line = request[begin..].trim().to_lowercase();
        if let Some(bytes) = line.strip_prefix("content-length: ") {
            length = bytes.parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    stream.get_mut().flush()?;
    Ok(request + std::str::from_utf8(&body).unwrap())
}

/// A queue that is too deep, and the monitor that has to tell.
struct Watched {
    _queue: Queue<u32>,
    monitor: MonitorHandle,
}

impl Watched {
    fn start(notify: &str) -> Self {
        let yaml = format!("interval: 100ms\nnotify: {notify}\nalerts: [{{ name: Full, signal: depth, above: 0 }}]\n");
        let registry = Registry::new();
        let queue = Queue::<u32>::builder("jobs").capacity(10).registry(&registry).build().unwrap();
        queue.try_put(1).unwrap();
        Self { _queue: queue, monitor: Monitor::from_yaml(&yaml).unwrap().registry(&registry).spawn() }
    }

    fn end(&self) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(self.monitor.shutdown());
    }
}

type Log = Arc<Mutex<Vec<u8>>>;

/// What this process logs, of all its threads.
fn log() -> &'static Log {
    struct Page(Log);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let page = Arc::clone(&log);
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || Page(Arc::clone(&page))).init();
        log
    })
}

/// The first line about deliveries to this port.
fn said_of(log: &Log, port: u16) -> String {
    let (begun, of_port) = (Instant::now(), format!("localhost:{port}"));
    loop {
        let text = String::from_utf8_lossy(&log.lock().unwrap()).into_owned();
        // One port is asked in two ways, each told of once.
        let line = text.lines().rfind(|line| line.contains("delivered") && line.contains(&of_port));
        if let Some(line) = line {
            log.lock().unwrap().clear();
            return line.to_owned();
        }
        assert!(begun.elapsed() < PATIENCE, "nothing about {of_port} in\n{text}");
        thread::sleep(Duration::from_millis(20));
    }
}
