//! Phones behind one socket that answer every call at once.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use frontdesk_sip::auth::{Answering, Login, answer};
use frontdesk_sip::wire::{Framing, HeaderName, Message};
use frontdesk_tests::daemon::Phone;
use frontdesk_tests::wire::sdp;

pub struct Callees {
    thread: JoinHandle<()>,
    gone: Arc<AtomicBool>,
}

impl Callees {
    pub fn register(server: SocketAddr, phones: &[Phone]) -> Result<Callees> {
        let socket = crate::socket(server)?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        for phone in phones {
            register(&socket, phone)?;
        }
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        let gone = Arc::new(AtomicBool::new(false));
        let left = Arc::clone(&gone);
        let thread = std::thread::spawn(move || serve(&socket, &left));
        Ok(Callees { thread, gone })
    }

    pub fn leave(self) {
        self.gone.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

fn register(socket: &UdpSocket, phone: &Phone) -> Result<()> {
    let (local, user) = (socket.local_addr()?, &phone.user);
    let uri = format!("sip:{}", socket.peer_addr()?);
    let mut credentials = String::new();
    for count in 1..=2 {
        let request = format!(
            "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bK-{user}-{count}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@127.0.0.1>;tag={user}\r\nTo: <sip:{user}@127.0.0.1>\r\n\
             Call-ID: {user}\r\nCSeq: {count} REGISTER\r\nContact: <sip:{user}@{local}>;expires=3600\r\n\
             {credentials}Content-Length: 0\r\n\r\n"
        );
        socket.send(request.as_bytes())?;
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer)?;
        let response = Message::parse(Bytes::copy_from_slice(&buffer[..length]), Framing::Datagram)?;
        if response.status() == Some(200) {
            return Ok(());
        }
        ensure!(response.status() == Some(401), "{response:?}");
        let login = Login {
            user,
            secret: &phone.secret,
        };
        let asked = Answering {
            method: "REGISTER",
            uri: &uri,
            cnonce: "0a4f113b",
            count: 1,
        };
        let value = answer(response.headers(HeaderName::WwwAuthenticate), &login, &asked);
        credentials = format!(
            "Authorization: {}\r\n",
            value.context("no challenge that is understood")?
        );
    }
    anyhow::bail!("{user} is not let in")
}

fn serve(socket: &UdpSocket, gone: &AtomicBool) {
    let Ok(local) = socket.local_addr() else { return };
    let mut buffer = [0; 4096];
    while !gone.load(Ordering::Relaxed) {
        let length = match socket.recv(&mut buffer) {
            Ok(length) => length,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionRefused) => continue,
            Err(_) => return,
        };
        let bytes = Bytes::copy_from_slice(&buffer[..length]);
        let request = Message::parse(bytes, Framing::Datagram).ok();
        if let Some(answer) = request.and_then(|request| answered(&request, local)) {
            let _ = socket.send(answer.as_bytes());
        }
    }
}

/// The same answer each time: nothing has to be remembered.
fn answered(request: &Message, local: SocketAddr) -> Option<String> {
    let method = request.method();
    if !request.is_request() || method.as_bytes() == b"ACK" {
        return None;
    }
    let text = |name| String::from_utf8_lossy(request.header(name).unwrap_or_default());
    let mut answer = String::from("SIP/2.0 200 OK\r\n");
    for via in request.values(HeaderName::Via) {
        answer.push_str(&format!("Via: {}\r\n", String::from_utf8_lossy(via)));
    }
    let tag = if request.to_tag().is_none() { ";tag=callee" } else { "" };
    let (contact, body) = match method.as_bytes() {
        b"INVITE" => {
            let user = text(HeaderName::To);
            let user = user.split_once("sip:")?.1.split('@').next()?;
            let contact = format!("Contact: <sip:{user}@{local}>\r\nContent-Type: application/sdp\r\n");
            (contact, sdp(42_002))
        }
        _ => (String::new(), String::new()),
    };
    answer.push_str(&format!(
        "From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n{contact}Content-Length: {}\r\n\r\n{body}",
        text(HeaderName::From),
        text(HeaderName::To),
        text(HeaderName::CallId),
        text(HeaderName::CSeq),
        body.len()
    ));
    Some(answer)
}
