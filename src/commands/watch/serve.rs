//! `SETUP_LISTEN`: pages over plain HTTP, for orchestrators, Prometheus and people. Whoever reaches the port learns
//! how the sidecar is, and nothing of Authentik.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::io::Errno;
use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tracing::info;

use super::{Status, metrics, page};
use crate::error::{Error, Exit, Result};

/// Connections at a time; more wait to be accepted. Each costs some kilobytes, and a sidecar has a few megabytes.
const CONNECTIONS: usize = 64;

/// For one connection, from the first byte to the last: an orchestrator asks at once and reads at once, and nobody
/// else is to keep one of the few for longer.
const CONNECTION_TIME: Duration = Duration::from_secs(2);

/// Of a request's line and headers, in bytes: the least that the library takes, and more than any orchestrator sends.
const HEADERS: usize = 8 * 1024;

/// Plain words.
const TEXT: &str = "text/plain; charset=utf-8";

/// Listens from now on.
///
/// # Errors
/// [`Exit::Config`] when the address cannot be listened on.
pub async fn start(address: SocketAddr, status: Arc<Status>) -> Result<()> {
    let listener = bind(address).await;
    let (listener, local) =
        listener.and_then(|l| l.local_addr().map(|local| (l, local))).map_err(|e| {
            Error::new(Exit::Config, format!("SETUP_LISTEN: cannot listen on {address}"))
                .because(e)
                .remedy(
                    "give an address of this container and a port above 1023 that is free, such as :9191",
                )
        })?;
    info!(stage = "watch", address = %local, "serves /healthz, /readyz, /metrics and the status page / on http://{local}");
    tokio::spawn(async move {
        let free = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(permit) = Arc::clone(&free).acquire_owned().await else { return };
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file descriptors, most likely: others have to give some back first.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let status = Arc::clone(&status);
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let response = answer(&request, &status);
                    async move { Ok::<_, Infallible>(response) }
                });
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .keep_alive(false)
                    .max_buf_size(HEADERS)
                    .serve_connection(TokioIo::new(stream), service);
                // A peer that breaks off is its own affair.
                let _ = tokio::time::timeout(CONNECTION_TIME, connection).await;
                drop(permit);
            });
        }
    });
    Ok(())
}

/// `[::]` is IPv4's addresses too, and where a container has no IPv6, those alone.
async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let bound = listen(address);
    let no_ipv6 = |e: &io::Error| {
        matches!(Errno::from_io_error(e), Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL))
    };
    match bound {
        Err(e) if address.ip() == Ipv6Addr::UNSPECIFIED && no_ipv6(&e) => {
            listen((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        bound => bound,
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if address.is_ipv6() {
        // Not left to the system's default, which some administrators change.
        sockopt::set_ipv6_v6only(&socket, false)?;
    }
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Connections that wait to be accepted; as many again as are served.
const BACKLOG: u32 = 64;

fn answer(request: &Request<Incoming>, status: &Status) -> Response<String> {
    let (code, media_type, text) = match request.uri().path() {
        "/healthz" => match status.verdict() {
            Ok(()) => (StatusCode::OK, TEXT, "ok\n".to_owned()),
            Err(unwell) => (StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{}\n", unwell.why)),
        },
        "/readyz" if status.is_ready() => (StatusCode::OK, TEXT, "ok\n".to_owned()),
        "/readyz" => {
            let text = "the files are not written yet\n".to_owned();
            (StatusCode::SERVICE_UNAVAILABLE, TEXT, text)
        }
        "/metrics" => (StatusCode::OK, metrics::MEDIA_TYPE, status.metrics()),
        "/" => (StatusCode::OK, page::MEDIA_TYPE, status.page()),
        _ => {
            let text = "there are /, /healthz, /readyz and /metrics\n".to_owned();
            (StatusCode::NOT_FOUND, TEXT, text)
        }
    };
    let allowed = matches!(*request.method(), Method::GET | Method::HEAD);
    let (code, text) =
        if allowed { (code, text) } else { (StatusCode::METHOD_NOT_ALLOWED, String::new()) };
    let mut response = Response::new(text);
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    if media_type == page::MEDIA_TYPE {
        let more = page::HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value)));
        headers.extend(HeaderMap::from_iter(more));
    }
    if !allowed {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
