//! From a request on the wire to an answer on the wire: log, faults, latency, stage, handler.

use std::collections::VecDeque;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::{Request, Response};
use tokio::time::{Sleep, sleep};

use crate::call::Call;
use crate::clock;
use crate::http::fault::Fault;
use crate::http::front::{Handled, Site};
use crate::http::reply::Reply;

/// The body limit of the real router.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// A body in pieces, with a pause before each but the first, that may break off.
pub(crate) struct Pieces {
    pieces: VecDeque<Bytes>,
    pause: Option<Duration>,
    waiting: Option<Pin<Box<Sleep>>>,
    breaks_off: bool,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(waiting) = self.waiting.as_mut() {
            if waiting.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.waiting = None;
        }
        match self.pieces.pop_front() {
            Some(piece) => {
                self.waiting = self.pause.map(|pause| Box::pin(sleep(pause)));
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            None if self.breaks_off => {
                self.breaks_off = false;
                Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
            }
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> SizeHint {
        if self.breaks_off {
            return SizeHint::default();
        }
        SizeHint::with_exact(self.pieces.iter().map(|piece| piece.len() as u64).sum())
    }
}

/// How an answer is sent.
enum Delivery {
    Whole,
    Slowly(Duration),
    Half,
    /// With so many more bytes, within the string that the body ends with.
    Padded(usize),
    Never,
}

/// Answers one request. An error closes the connection without an answer.
pub(crate) async fn serve<S: Site>(
    site: Arc<S>,
    tls: bool,
    request: Request<Incoming>,
) -> Result<Response<Pieces>, io::Error> {
    let started = Instant::now();
    let front = site.front();
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT)
        .collect()
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::ConnectionAborted))?
        .to_bytes()
        .to_vec();
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let call = Call {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
        base: String::new(),
        now: front.now(),
    };
    let seq = front.note(&call, tls, started);
    front.gathering.gathered().await;
    let fault = front.pick_fault(&call).or_else(|| site.own_fault(&call));
    if !front.latency.is_zero() {
        sleep(front.latency).await;
    }
    if let Some(Fault::Hang(time)) = fault {
        site.spoilt();
        sleep(time).await;
        front.answered(seq, None);
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let (handled, delivery) = worked_on(&*site, call, tls, fault).await;
    let Some(handled) = handled.filter(|_| !matches!(delivery, Delivery::Never)) else {
        front.answered(seq, None);
        return Err(io::ErrorKind::ConnectionAborted.into());
    };
    front.answered(seq, Some(&handled));
    response(handled.reply, &delivery, front.now())
}

/// Handles the request when a worker is free, for as long as it takes one.
async fn worked_on<S: Site>(
    site: &S,
    call: Call,
    tls: bool,
    fault: Option<Fault>,
) -> (Option<Handled>, Delivery) {
    let Some(workers) = &site.front().workers else { return act(site, call, tls, fault).await };
    let _turn = workers.acquire().await;
    let acted = act(site, call.clone(), tls, fault).await;
    if let Some(handled) = &acted.0 {
        sleep(site.cost(&call, handled.reply.status)).await;
    }
    acted
}

/// Handles the request as far as the fault lets it.
async fn act<S: Site>(
    site: &S,
    call: Call,
    tls: bool,
    fault: Option<Fault>,
) -> (Option<Handled>, Delivery) {
    let made_up = |reply: Reply| {
        site.spoilt();
        Some(Handled::made_up(reply))
    };
    match fault {
        None => (site.handle(call, tls).await, Delivery::Whole),
        Some(Fault::Status(status, headers, body)) => {
            let mut reply = Reply::empty(status);
            reply.headers = headers;
            reply.body = body.into_bytes();
            (made_up(reply), Delivery::Whole)
        }
        Some(Fault::Html(status)) => {
            (made_up(Reply::html(status, "Something is wrong")), Delivery::Whole)
        }
        Some(Fault::Redirect(location)) => {
            (made_up(Reply::redirect(302, &location)), Delivery::Whole)
        }
        Some(Fault::InvalidJson) => {
            let mut reply = Reply::json(200, &serde_json::Value::Null);
            reply.body = b"{\"results\": [".to_vec();
            (made_up(reply), Delivery::Whole)
        }
        Some(Fault::WrongShape) => {
            let shape = serde_json::json!([{"unexpected": true}]);
            (made_up(Reply::json(200, &shape)), Delivery::Whole)
        }
        Some(Fault::HugeBody(bytes)) => {
            let reply = Reply::json(200, &serde_json::json!({"padding": ""}));
            (made_up(reply), Delivery::Padded(bytes))
        }
        Some(Fault::WrongContentType) => {
            let mut handled = spoilable(site, call, tls).await;
            if let Some(handled) = &mut handled {
                handled.reply.set_content_type("text/plain; charset=utf-8");
            }
            (handled, Delivery::Whole)
        }
        Some(Fault::TruncatedBody) => (spoilable(site, call, tls).await, Delivery::Half),
        Some(Fault::Trickle(pause)) => (site.handle(call, tls).await, Delivery::Slowly(pause)),
        Some(Fault::LostRace) => {
            let other = site.handle(call.clone(), tls).await;
            let mut handled = site.handle(call.clone(), tls).await;
            if let (Some(other), Some(handled)) = (other, &mut handled)
                && other.reply.status < 300
                && handled.reply.status == 400
                && let Some(reply) = site.lost_race(&call)
            {
                handled.reply = reply;
            }
            (handled, Delivery::Whole)
        }
        Some(Fault::ResetAfter) => (site.handle(call, tls).await, Delivery::Never),
        Some(Fault::Reset | Fault::Hang(_)) => (made_up(Reply::empty(0)), Delivery::Never),
    }
}

/// The answer that a fault is going to spoil: made up for a request that changes something, since nothing may change.
async fn spoilable<S: Site>(site: &S, call: Call, tls: bool) -> Option<Handled> {
    if call.reads() {
        return site.handle(call, tls).await;
    }
    site.spoilt();
    let shape = serde_json::json!({"pk": 1, "name": "made up"});
    Some(Handled::made_up(Reply::json(200, &shape)))
}

fn response(reply: Reply, delivery: &Delivery, now: i64) -> Result<Response<Pieces>, io::Error> {
    let mut builder =
        Response::builder().status(reply.status).header("Date", clock::http_date(now));
    for (name, value) in &reply.headers {
        builder = builder.header(name, value);
    }
    let whole = Bytes::from(reply.body);
    let mut body =
        Pieces { pieces: VecDeque::new(), pause: None, waiting: None, breaks_off: false };
    match delivery {
        Delivery::Half => {
            // One byte more than is sent, at least, so that an empty body is cut short too.
            builder = builder.header("Content-Length", whole.len() + 1);
            body.pieces.push_back(whole.slice(..whole.len() / 2));
            body.breaks_off = true;
        }
        Delivery::Slowly(pause) => {
            body.pieces.extend(whole.chunks(16).map(Bytes::copy_from_slice));
            body.pause = Some(*pause);
        }
        Delivery::Padded(bytes) => {
            // One piece many times over: a hundred megabytes are sent, and not held.
            let padding = Bytes::from_static(&[b'x'; 64 * 1024]);
            let inside = whole.len().saturating_sub(2);
            body.pieces.push_back(whole.slice(..inside));
            body.pieces.extend(std::iter::repeat_n(padding, bytes.div_ceil(64 * 1024)));
            body.pieces.push_back(whole.slice(inside..));
        }
        Delivery::Whole | Delivery::Never => body.pieces.push_back(whole),
    }
    builder.body(body).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}
