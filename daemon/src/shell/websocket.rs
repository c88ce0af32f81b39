//! SIP over WebSocket (RFC 7118) without sockets: octets in, whole messages out.

use std::io::{self, Read, Write};

use bytes::{Buf, Bytes, BytesMut};
use frontdesk_sip::wire::MAX_MESSAGE;
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{Request, create_response, write_response};
use tungstenite::http::HeaderValue;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

/// RFC 7118 section 4.1.
pub(super) const PROTOCOL: &str = "sip";
/// Longest opening handshake.
const MAX_HEAD: usize = 8 << 10;
const BUFFER: usize = 4 << 10;

/// The connection is at its end: closed by the peer, or not followed any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ended;

/// The server's side of one connection.
#[derive(Debug)]
pub(super) struct WebSocket {
    context: WebSocketContext,
    wire: Wire,
    /// What came of the opening handshake; `None` when that is over.
    head: Option<Vec<u8>>,
}

/// The octets between the codec and the connection.
#[derive(Debug, Default)]
struct Wire {
    arrived: BytesMut,
    leaving: Vec<u8>,
}

impl Default for WebSocket {
    fn default() -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(4 * MAX_MESSAGE)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        WebSocket {
            context: WebSocketContext::new(Role::Server, Some(config)),
            wire: Wire::default(),
            head: Some(Vec::new()),
        }
    }
}

impl WebSocket {
    pub(super) fn is_opening(&self) -> bool {
        self.head.is_some()
    }

    /// Takes octets from the peer; whole messages go to `messages`. True: something was complete. [`WebSocket::take`]
    /// gives what is to be sent, also after an error.
    pub(super) fn read(&mut self, octets: &[u8], messages: &mut Vec<Bytes>) -> Result<bool, Ended> {
        if let Some(head) = &mut self.head {
            head.extend_from_slice(octets);
            if !head.iter().zip(b"GET ").all(|(came, wanted)| came == wanted) {
                return Err(Ended);
            }
            let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") else {
                return if head.len() > MAX_HEAD { Err(Ended) } else { Ok(false) };
            };
            let rest = head.split_off(end + 4);
            answer(head, &mut self.wire.leaving)?;
            self.head = None;
            self.wire.arrived.extend_from_slice(&rest);
        } else {
            self.wire.arrived.extend_from_slice(octets);
        }
        let mut complete = false;
        loop {
            match self.context.read(&mut self.wire) {
                Ok(Message::Text(text)) => messages.push(text.into()),
                Ok(Message::Binary(bytes)) => messages.push(bytes),
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Ok(complete),
                Err(_) => return Err(Ended),
            }
            complete = true;
        }
    }

    /// Wraps one message: as text when it is (RFC 7118 section 4.2 allows both).
    pub(super) fn write(&mut self, message: &[u8]) -> Result<(), Ended> {
        let message = match std::str::from_utf8(message) {
            Ok(text) => Message::text(text),
            Err(_) => Message::binary(message.to_vec()),
        };
        self.push(message)
    }

    pub(super) fn ping(&mut self) -> Result<(), Ended> {
        self.push(Message::Ping(Bytes::new()))
    }

    pub(super) fn close(&mut self) {
        if self.head.is_none() {
            let _ = self.context.close(&mut self.wire, None);
        }
    }

    /// What the network is to be given.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.wire.leaving)
    }

    fn push(&mut self, message: Message) -> Result<(), Ended> {
        if self.head.is_some() {
            return Err(Ended);
        }
        let written = self.context.write(&mut self.wire, message);
        written
            .and_then(|()| self.context.flush(&mut self.wire))
            .map_err(|_| Ended)
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.arrived.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let length = into.len().min(self.arrived.len());
        self.arrived
            .split_to(length)
            .copy_to_slice(into.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.leaving.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Answers the opening handshake (RFC 6455 section 4.2): 101, or what is wrong with it.
fn answer(head: &[u8], leaving: &mut Vec<u8>) -> Result<(), Ended> {
    let mut refuse = |status: &str, why: &str| {
        leaving.extend_from_slice(
            format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{why}",
                why.len()
            )
            .as_bytes(),
        );
        Err(Ended)
    };
    let Ok(Some((_, request))) = Request::try_parse(head) else {
        return refuse("400 Bad Request", "this is no request for a WebSocket");
    };
    let Ok(mut response) = create_response(&request) else {
        return refuse("426 Upgrade Required", "SIP over WebSocket is spoken here");
    };
    if !wants_sip(&request) {
        return refuse("400 Bad Request", "the sub-protocol sip is needed (RFC 7118)");
    }
    response
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", HeaderValue::from_static(PROTOCOL));
    write_response(leaving, &response).map_err(|_| Ended)
}

fn wants_sip(request: &Request) -> bool {
    request
        .headers()
        .get_all("Sec-WebSocket-Protocol")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|protocol| protocol.trim().eq_ignore_ascii_case(PROTOCOL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(protocol: &str) -> String {
        format!(
            "GET /ws HTTP/1.1\r\nHost: pbx.example\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{protocol}\r\n"
        )
    }

    /// A client's frame: masked with zeros, so that the payload stands as it is.
    fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode];
        match u8::try_from(payload.len()) {
            Ok(length) if length < 126 => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        frame
    }

    fn opened() -> WebSocket {
        let mut socket = WebSocket::default();
        let head = request("Sec-WebSocket-Protocol: sip\r\n");
        assert_eq!(socket.read(head.as_bytes(), &mut Vec::new()), Ok(false));
        let answer = String::from_utf8(socket.take()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
        assert!(answer.contains("sec-websocket-protocol: sip\r\n"), "{answer}");
        socket
    }

    #[test]
    fn messages_come_whole_however_the_octets_come() {
        let mut stream = request("Sec-WebSocket-Protocol: other, SIP\r\n").into_bytes();
        stream.extend(frame(1, b"one"));
        stream.extend(frame(9, b"still there?"));
        let mut started = frame(2, b"tw");
        started[0] = 2;
        stream.extend(started);
        let mut continued = frame(0, b"o");
        continued[0] = 0x80;
        stream.extend(continued);
        for size in [1, 2, 7, stream.len()] {
            let (mut socket, mut messages) = (WebSocket::default(), Vec::new());
            for octets in stream.chunks(size) {
                socket.read(octets, &mut messages).unwrap();
            }
            assert_eq!(messages, ["one", "two"], "in pieces of {size}");
            let sent = socket.take();
            let pong = b"\x8a\x0cstill there?";
            assert!(sent.ends_with(pong), "{:?}", String::from_utf8_lossy(&sent));
        }
    }

    #[test]
    fn what_is_no_sip_over_websocket_is_told_so() {
        let check = |head: &str, expected: &str| {
            let mut socket = WebSocket::default();
            assert_eq!(socket.read(head.as_bytes(), &mut Vec::new()), Err(Ended), "{head}");
            let answer = String::from_utf8(socket.take()).unwrap();
            assert!(answer.contains(expected), "{head}: {answer}");
        };
        check(&request(""), "the sub-protocol sip is needed");
        check(&request("Sec-WebSocket-Protocol: sipx, mqtt\r\n"), "400 Bad Request");
        check("GET / HTTP/1.1\r\nHost: pbx.example\r\n\r\n", "426 Upgrade Required");
        check("GET \x01\r\n\r\n", "400 Bad Request");
    }

    #[test]
    fn a_flood_is_cut_off() {
        assert_eq!(WebSocket::default().read(b"OPTIONS", &mut Vec::new()), Err(Ended));
        let mut socket = WebSocket::default();
        assert_eq!(
            socket.read(format!("GET {}", "a".repeat(MAX_HEAD)).as_bytes(), &mut Vec::new()),
            Err(Ended)
        );
        let mut large = vec![0x82, 0x80 | 127];
        large.extend_from_slice(&u64::MAX.to_be_bytes());
        large.extend_from_slice(&[0; 4]);
        assert_eq!(opened().read(&large, &mut Vec::new()), Err(Ended));
        let unmasked = [0x81, 2, b'h', b'i'];
        assert_eq!(opened().read(&unmasked, &mut Vec::new()), Err(Ended));
    }

    #[test]
    fn ours_are_text_when_they_can_be() {
        let mut socket = opened();
        socket.write(b"text").unwrap();
        socket.write(b"\xff").unwrap();
        assert_eq!(socket.take(), b"\x81\x04text\x82\x01\xff");
    }

    #[test]
    fn the_largest_message_fits() {
        let largest = vec![b'a'; MAX_MESSAGE];
        let mut messages = Vec::new();
        assert_eq!(opened().read(&frame(1, &largest), &mut messages), Ok(true));
        assert_eq!(messages, [largest]);
    }
}
