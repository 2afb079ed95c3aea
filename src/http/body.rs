//! Reads bodies within bounds. A run asks several questions side by side: what it may hold is bounded for all of them
//! together, since a server can answer each with as much as it likes.

use std::sync::Arc;

use reqwest::Response;
use tokio::sync::Semaphore;

/// The largest body that is read. Authentik's largest answer here, a hundred flows, is a tenth of it.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// The largest of a document or a page. Of these, several may be read side by side.
pub const SMALL: usize = 256 * 1024;

/// All bodies of one attempt.
pub const ALTOGETHER: usize = 16 * 1024 * 1024;

/// How much is read of an answer that is an error: its words.
const ERROR: usize = 64 * 1024;

/// By how much a large body's place grows: doubling it could take twice of what is read.
const STEP: usize = 512 * 1024;

/// Why a body was not read.
pub enum Unread {
    /// It did not come whole.
    Broken(reqwest::Error),
    /// It is larger than it may be.
    TooLarge,
}

/// For people.
pub fn size(bytes: usize) -> String {
    match bytes / (1024 * 1024) {
        0 => format!("{} KiB", bytes / 1024),
        mebibytes => format!("{mebibytes} MiB"),
    }
}

/// One body at a time may be larger than [`SMALL`].
#[derive(Clone, Debug)]
pub struct Large(Arc<Semaphore>);

impl Default for Large {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Large {
    /// The whole body.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn read(&self, response: &mut Response, limit: usize) -> Result<Vec<u8>, Unread> {
        let mut body = Vec::new();
        let mut permit = None;
        let promised = response.content_length().and_then(|length| usize::try_from(length).ok());
        let promised = promised.unwrap_or_default();
        if promised > limit {
            return Err(Unread::TooLarge);
        }
        while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
            let length = body.len() + chunk.len();
            if length > limit {
                return Err(Unread::TooLarge);
            }
            if length > SMALL && permit.is_none() {
                // The semaphore is never closed.
                permit = Some(self.0.acquire().await);
            }
            if length > body.capacity() {
                // As a server promises, but not before it sends as much as others do.
                let step = if length > SMALL {
                    STEP.max(promised - body.len().min(promised))
                } else {
                    16 * 1024
                };
                body.reserve_exact((length - body.len()).max(step));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// As much of a body as an error's words can be; the rest is left unread.
///
/// # Errors
/// What kept it from coming.
pub async fn beginning(response: &mut Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = ERROR - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == ERROR {
            break;
        }
    }
    Ok(body)
}
