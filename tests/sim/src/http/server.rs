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

use crate::http::service::serve;
use crate::shared::{Gate, Shared};

/// A socket that is bound, so the port is ours, but refuses connections until it listens.
pub(crate) fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Listens whenever the gate is open and refuses whenever it is shut, on the same port, until the server stops.
pub(crate) async fn listen(
    socket: TcpSocket,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
) -> io::Result<()> {
    let address = socket.local_addr()?;
    let mut gate = shared.gate.subscribe();
    let mut reserved = Some(socket);
    loop {
        if gate.wait_for(|gate| gate.open || gate.stop).await.is_err() || gate.borrow().stop {
            return Ok(());
        }
        let socket = match reserved.take() {
            Some(socket) => socket,
            None => reserve(address)?,
        };
        let listener = socket.listen(128)?;
        shared.listeners.note(true);
        accept_while_open(&listener, &tls, &shared, &mut gate).await;
        drop(listener);
        if !gate.borrow().stop {
            reserved = Some(reserve(address)?);
        }
        shared.listeners.note(false);
    }
}

async fn accept_while_open(
    listener: &TcpListener,
    tls: &Option<TlsAcceptor>,
    shared: &Arc<Shared>,
    gate: &mut watch::Receiver<Gate>,
) {
    loop {
        tokio::select! {
            biased;
            _ = gate.wait_for(|gate| !gate.open || gate.stop) => return,
            accepted = listener.accept() => {
                // A failed accept concerns one peer that is gone already.
                let Ok((stream, _)) = accepted else { continue };
                tokio::spawn(connection(stream, tls.clone(), shared.clone(), shared.gate.subscribe()));
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    mut gate: watch::Receiver<Gate>,
) {
    let _ = stream.set_nodelay(true);
    let talk = async {
        let is_tls = tls.is_some();
        let service = service_fn(move |request| serve(shared.clone(), is_tls, request));
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
