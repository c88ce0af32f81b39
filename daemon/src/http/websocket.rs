//! SIP over WebSocket at `/ws` (RFC 7118): frames go to the engine's loop and come from there. Behind a proxy on this machine
//! a phone is where the proxy says, and speaks as safely as it spoke to that.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State as Extract};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::MAX_MESSAGE;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::State;
use super::auth::Peer;
use super::error::ApiError;
use crate::shell::upgraded::{Upgrade, UpgradeHandle};

/// RFC 7118 section 4.1.
const PROTOCOL: &str = "sip";
/// A phone that was silent for so long is pinged.
const PING: Duration = Duration::from_secs(30);
/// A phone that answers no ping is gone after so long.
const SILENCE: Duration = Duration::from_secs(90);
/// From the opening to the first message.
const FIRST_MESSAGE: Duration = Duration::from_secs(60);
/// For a phone to take what it is sent.
const SLOW: Duration = Duration::from_secs(10);

/// Anybody may open it: what is said inside needs the credentials of a phone.
pub(super) async fn upgrade(
    Extract(state): Extract<State>,
    (ConnectInfo(next), Peer(peer)): (ConnectInfo<SocketAddr>, Peer),
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(upgrades) = state.upgrades.clone() else {
        return ApiError::not_found().into_response();
    };
    let Some(peer) = peer.map(|address| SocketAddr::new(address, next.port())) else {
        return ApiError::bad_request("X-Forwarded-For does not end with an address").into_response();
    };
    let transport = transport(next, &headers);
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .max_write_buffer_size(4 * MAX_MESSAGE)
        .write_buffer_size(0)
        .read_buffer_size(4 << 10)
        .protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return ApiError::bad_request("the sub-protocol sip is needed (RFC 7118)").into_response();
    }
    let closing = state.closing.clone();
    upgrade.on_upgrade(move |socket| serve(socket, (transport, peer), upgrades, closing))
}

/// This listener speaks no TLS; a proxy on this machine may have.
fn transport(next: SocketAddr, headers: &HeaderMap) -> Transport {
    let told = headers.get("x-forwarded-proto").map(|scheme| scheme.as_bytes());
    if next.ip().to_canonical().is_loopback() && told.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https")) {
        Transport::Wss
    } else {
        Transport::Ws
    }
}

async fn serve(
    mut socket: WebSocket,
    whence: (Transport, SocketAddr),
    upgrades: UpgradeHandle,
    closing: CancellationToken,
) {
    let Some(mut upgrade) = upgrades.open(whence).await else {
        return;
    };
    let mut talk = Talk::new();
    let mut tick = interval(PING);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let next = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(message)) => talk.take(message, &upgrade).await,
                Some(Err(_)) | None => ControlFlow::Break(()),
            },
            bytes = upgrade.next() => match bytes {
                Some(bytes) => send(&mut socket, framed(bytes)).await,
                None => ControlFlow::Break(()),
            },
            _ = tick.tick() => if talk.is_over() {
                ControlFlow::Break(())
            } else {
                send(&mut socket, Message::Ping(Bytes::new())).await
            },
            () = closing.cancelled() => ControlFlow::Break(()),
        };
        if next.is_break() {
            break;
        }
    }
    upgrade.close().await;
    let _ = timeout(SLOW, socket.send(Message::Close(None))).await;
}

/// When the phone was heard.
struct Talk {
    heard: Instant,
    began: Instant,
    silent: bool,
}

impl Talk {
    fn new() -> Talk {
        let now = Instant::now();
        Talk {
            heard: now,
            began: now,
            silent: true,
        }
    }

    async fn take(&mut self, message: Message, upgrade: &Upgrade) -> ControlFlow<()> {
        self.heard += self.heard.elapsed();
        let bytes = match message {
            Message::Text(text) => Bytes::from(text),
            Message::Binary(bytes) => bytes,
            Message::Ping(_) | Message::Pong(_) => return ControlFlow::Continue(()),
            Message::Close(_) => return ControlFlow::Break(()),
        };
        self.silent = false;
        if upgrade.received(bytes).await {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn is_over(&self) -> bool {
        self.heard.elapsed() > SILENCE || (self.silent && self.began.elapsed() > FIRST_MESSAGE)
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> ControlFlow<()> {
    match timeout(SLOW, socket.send(message)).await {
        Ok(Ok(())) => ControlFlow::Continue(()),
        Ok(Err(_)) | Err(_) => ControlFlow::Break(()),
    }
}

/// As text when it is.
fn framed(bytes: Bytes) -> Message {
    match axum::extract::ws::Utf8Bytes::try_from(bytes.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(bytes),
    }
}
