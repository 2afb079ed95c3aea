//! Sockets: a port kept through refused connections, and connections that end with the server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::http::front::{Gate, Site};
use crate::http::service::serve;

/// A socket that is bound, so the port is taken, but refuses connections until it listens.
///
/// # Errors
/// If the machine gives no such port.
pub fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    // A second one can be bound while the first listens, so that the port is never anybody else's.
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Listens whenever the gate is open and refuses whenever it is shut, on the same port, until the server stops.
///
/// # Errors
/// If the port is lost to somebody else.
pub async fn listen<S: Site>(
    socket: TcpSocket,
    tls: Option<TlsAcceptor>,
    site: Arc<S>,
) -> io::Result<()> {
    let address = socket.local_addr()?;
    let mut gate = site.front().gate.subscribe();
    let mut reserved = socket;
    loop {
        if gate.wait_for(|gate| gate.open || gate.stop).await.is_err() || gate.borrow().stop {
            return Ok(());
        }
        let next = reserve(address)?;
        let listener = reserved.listen(128)?;
        reserved = next;
        site.front().listeners.note(true);
        accept_while_open(&listener, &tls, &site, &mut gate).await;
        drop(listener);
        site.front().listeners.note(false);
    }
}

async fn accept_while_open<S: Site>(
    listener: &TcpListener,
    tls: &Option<TlsAcceptor>,
    site: &Arc<S>,
    gate: &mut watch::Receiver<Gate>,
) {
    loop {
        tokio::select! {
            biased;
            _ = gate.wait_for(|gate| !gate.open || gate.stop) => return,
            accepted = listener.accept() => {
                // A failed accept concerns one peer that is gone already.
                let Ok((stream, _)) = accepted else { continue };
                tokio::spawn(connection(stream, tls.clone(), site.clone(), site.front().gate.subscribe()));
            }
        }
    }
}

async fn connection<S: Site>(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    site: Arc<S>,
    mut gate: watch::Receiver<Gate>,
) {
    let _ = stream.set_nodelay(true);
    let talk = async {
        let is_tls = tls.is_some();
        let service = service_fn(move |request| serve(site.clone(), is_tls, request));
        match tls {
            Some(tls) => {
                // A refused handshake is what the bad certificates are for.
                let Ok(stream) = tls.accept(stream).await else { return };
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            }
            None => {
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            }
        }
    };
    tokio::select! {
        () = talk => {}
        _ = gate.wait_for(|gate| !gate.open || gate.stop) => {}
    }
}
