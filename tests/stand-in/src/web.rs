//! Answers 200 to everything: what the health checks of signal, relay and dashboard ask for.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::Failure;

const ANSWER: &[u8] = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nok\n";

/// On all of these ports, until the process is ended.
pub async fn serve(ports: &[&str]) -> Result<(), Failure> {
    for port in ports {
        let listener = TcpListener::bind(("0.0.0.0", port.parse::<u16>()?)).await?;
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    if stream.read(&mut request).await.is_ok() {
                        let _ = stream.write_all(ANSWER).await;
                    }
                });
            }
        });
    }
    std::future::pending().await
}
