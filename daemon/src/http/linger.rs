//! What a client is still sending when its answer stands is read and thrown away, so that the answer reaches it.
//!
//! A connection that is closed with octets unread is reset, and the reset may overtake the answer at the client
//! (RFC 9112 section 9.6).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use futures::stream;

/// Octets of an unread rest that are thrown away; whoever sends more finds the connection closed.
const MOST: usize = 32 * 1024 * 1024;
/// The answer waits so long for the rest.
const LONGEST: Duration = Duration::from_secs(5);

/// A body that the handler reads and that is still here when the handler has dropped it.
#[derive(Clone)]
struct Shared(Arc<Mutex<Reading>>);

struct Reading {
    stream: BodyDataStream,
    /// Whether there is anything to wait for: a client that was never told to go on (`100 Continue`) sends nothing.
    begun: bool,
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn body(&self) -> Body {
        let shared = self.clone();
        Body::from_stream(stream::poll_fn(move |context| shared.lock().poll(context)))
    }

    async fn drain(self) {
        let (begun, ended) = {
            let reading = self.lock();
            (reading.begun, reading.ended)
        };
        if ended || !begun {
            return;
        }
        let mut rest = stream::poll_fn(move |context| self.lock().poll(context));
        let mut read = 0_usize;
        while let Some(Ok(chunk)) = rest.next().await {
            read = read.saturating_add(chunk.len());
            if read > MOST {
                return;
            }
        }
    }
}

impl Reading {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.begun = true;
        let polled = self.stream.poll_next_unpin(context);
        self.ended = matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }
}

/// Around every handler: reads the rest of a body that its handler left, within [`MOST`] and [`LONGEST`].
pub(super) async fn linger(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if HttpBody::is_end_stream(&body) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let shared = Shared(Arc::new(Mutex::new(Reading {
        stream: body.into_data_stream(),
        begun: !parts.headers.contains_key(EXPECT),
        ended: false,
    })));
    let response = next.run(Request::from_parts(parts, shared.body())).await;
    // An answer in time goes out whether or not the rest has come.
    let _ = tokio::time::timeout(LONGEST, shared.drain()).await;
    response
}
