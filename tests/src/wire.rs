//! A phone that speaks SIP over whatever transport it is given, for what no ready-made softphone does in a test.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use frontdesk_sip::auth::{Answering, Login, answer};
use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::frame::{Framed, StreamFramer};
use frontdesk_sip::wire::{Framing, HeaderName, Message};
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol;

use crate::ports;

const PATIENCE: Duration = Duration::from_secs(10);
/// A name: what a URI says need not be where the message goes.
const SERVER: &str = "pbx.example";

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

enum Line {
    Udp(UdpSocket),
    Stream(Box<dyn Duplex>, StreamFramer),
    WebSocket(Box<WebSocketStream<Box<dyn Duplex>>>),
}

/// One connection, or one datagram socket, to the daemon.
pub struct Wire {
    line: Line,
    pub transport: Transport,
    pub local: SocketAddr,
}

impl Wire {
    /// `ca` is the only certificate that TLS believes; `path` is asked of a WebSocket.
    pub async fn open(transport: Transport, server: SocketAddr, (ca, path): (&Path, &str)) -> Result<Wire> {
        if transport == Transport::Udp {
            // A phone whose port is its own for TCP too: what is too long for UDP goes there.
            let socket = UdpSocket::bind((server.ip(), ports::free_udp_and_tcp()?)).await?;
            socket.connect(server).await?;
            let local = socket.local_addr()?;
            return Ok(Wire {
                line: Line::Udp(socket),
                transport,
                local,
            });
        }
        let stream = TcpStream::connect(server).await?;
        let local = stream.local_addr()?;
        let stream: Box<dyn Duplex> = match transport {
            Transport::Tls | Transport::Wss => {
                let name = ServerName::from(server.ip());
                Box::new(TlsConnector::from(trusting(ca)?).connect(name, stream).await?)
            }
            Transport::Udp | Transport::Tcp | Transport::Ws => Box::new(stream),
        };
        let line = match transport {
            Transport::Ws | Transport::Wss => web_socket(stream, (server, path), &[]).await?,
            Transport::Udp | Transport::Tcp | Transport::Tls => Line::Stream(stream, StreamFramer::default()),
        };
        Ok(Wire { line, transport, local })
    }

    /// A WebSocket as a proxy hands it on that took the connection of `client` over HTTPS.
    pub async fn proxied(server: SocketAddr, path: &str, client: IpAddr) -> Result<Wire> {
        let stream = TcpStream::connect(server).await?;
        let local = stream.local_addr()?;
        let told = [
            ("X-Forwarded-For", client.to_string()),
            ("X-Forwarded-Proto", "https".to_owned()),
        ];
        Ok(Wire {
            line: web_socket(Box::new(stream), (server, path), &told).await?,
            transport: Transport::Wss,
            local,
        })
    }

    /// A connection that the daemon has opened.
    pub fn taken(stream: TcpStream) -> Result<Wire> {
        Ok(Wire {
            local: stream.local_addr()?,
            line: Line::Stream(Box::new(stream), StreamFramer::default()),
            transport: Transport::Tcp,
        })
    }

    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.line {
            Line::Udp(socket) => drop(socket.send(bytes).await?),
            Line::Stream(stream, _) => {
                stream.write_all(bytes).await?;
                stream.flush().await?;
            }
            Line::WebSocket(socket) => {
                let text = String::from_utf8(bytes.to_vec())?;
                socket.send(protocol::Message::text(text)).await?;
            }
        }
        Ok(())
    }

    /// The next message.
    pub async fn receive(&mut self) -> Result<Message> {
        tokio::time::timeout(PATIENCE, self.next())
            .await
            .context("no message came")?
    }

    async fn next(&mut self) -> Result<Message> {
        let mut buffer = vec![0; 65_536];
        match &mut self.line {
            Line::Udp(socket) => {
                let length = socket.recv(&mut buffer).await?;
                read(Bytes::copy_from_slice(&buffer[..length]), Framing::Datagram)
            }
            Line::Stream(stream, framer) => loop {
                if let Some(framed) = framer.next_frame()? {
                    match framed {
                        Framed::Message(bytes) => return read(bytes, Framing::Stream),
                        Framed::Ping | Framed::Pong => continue,
                    }
                }
                match stream.read(&mut buffer).await? {
                    0 => bail!("the connection was closed"),
                    length => framer.push(&buffer[..length]),
                }
            },
            Line::WebSocket(socket) => loop {
                match socket.next().await.context("the connection was closed")?? {
                    protocol::Message::Text(text) => return read(text.into(), Framing::Datagram),
                    protocol::Message::Binary(bytes) => return read(bytes, Framing::Datagram),
                    protocol::Message::Close(_) => bail!("the connection was closed"),
                    protocol::Message::Ping(_) | protocol::Message::Pong(_) | protocol::Message::Frame(_) => {}
                }
            },
        }
    }
}

async fn web_socket(
    stream: Box<dyn Duplex>,
    (server, path): (SocketAddr, &str),
    more: &[(&'static str, String)],
) -> Result<Line> {
    let mut request = format!("ws://{server}{path}").into_client_request()?;
    let headers = request.headers_mut();
    headers.insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
    for (name, value) in more {
        headers.insert(*name, value.parse()?);
    }
    let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
    Ok(Line::WebSocket(Box::new(socket)))
}

fn read(bytes: Bytes, framing: Framing) -> Result<Message> {
    Message::parse(bytes, framing).context("what came is no SIP")
}

fn trusting(ca: &Path) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// A phone on a wire.
pub struct WirePhone {
    pub wire: Wire,
    pub user: String,
    secret: String,
    /// Host and port as it names itself: a browser knows neither of its own (RFC 7118 section 5).
    host: String,
    /// No other phone's of this process. A port can be given out twice, and a Call-ID or a branch with it.
    serial: u32,
    sent: u32,
}

static PHONES: AtomicU32 = AtomicU32::new(0);

impl WirePhone {
    pub fn new(wire: Wire, user: &str, secret: &str) -> WirePhone {
        let host = match wire.transport {
            Transport::Ws | Transport::Wss => format!("{user}.invalid").replace('_', "-"),
            Transport::Udp | Transport::Tcp | Transport::Tls => wire.local.to_string(),
        };
        WirePhone {
            wire,
            user: user.to_owned(),
            secret: secret.to_owned(),
            host,
            serial: PHONES.fetch_add(1, Ordering::Relaxed),
            sent: 0,
        }
    }

    pub fn contact(&self) -> String {
        let transport = match self.wire.transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
            Transport::Ws | Transport::Wss => "ws",
        };
        format!("sip:{}@{};transport={transport}", self.user, self.host)
    }

    /// Sends a request, with credentials when it is asked for them; gives the final response.
    pub async fn ask(&mut self, method: &str, to: &str, (headers, body): (&str, &str)) -> Result<Message> {
        let (call, tag) = (format!("{}-{}-{}", self.user, self.serial, self.sent), self.sent);
        let mut authorization = String::new();
        for count in 1..=2 {
            let request = self.request(
                (method, to),
                (&call, tag, count),
                &format!("{headers}{authorization}"),
                body,
            );
            self.wire.send(request.as_bytes()).await?;
            let response = self.final_response().await?;
            if method == "INVITE" {
                self.acknowledge(&response, to).await?;
            }
            if response.status() != Some(401) || count == 2 {
                return Ok(response);
            }
            let asked = Answering {
                method,
                uri: to,
                cnonce: "0a4f113b",
                count: 1,
            };
            let login = Login {
                user: &self.user,
                secret: &self.secret,
            };
            let value = answer(response.headers(HeaderName::WwwAuthenticate), &login, &asked);
            authorization = format!(
                "Authorization: {}\r\n",
                value.context("no challenge that is understood")?
            );
        }
        bail!("asked for credentials again and again")
    }

    pub async fn register(&mut self) -> Result<()> {
        self.register_for(600).await
    }

    pub async fn unregister(&mut self) -> Result<()> {
        self.register_for(0).await
    }

    /// Registers, from now on with this at the end of its Contact.
    pub async fn register_as(&mut self, more: &str) -> Result<()> {
        self.host.push_str(more);
        self.register().await
    }

    async fn register_for(&mut self, seconds: u32) -> Result<()> {
        let (server, contact) = (format!("sip:{SERVER}"), self.contact());
        let headers = format!("Contact: <{contact}>;expires={seconds}\r\n");
        let response = self.ask("REGISTER", &server, (&headers, "")).await?;
        ensure!(response.status() == Some(200), "REGISTER got {:?}", response.status());
        Ok(())
    }

    /// Dials; gives the final response, which has been acknowledged.
    pub async fn dial(&mut self, number: &str, offer: &str) -> Result<Message> {
        let to = format!("sip:{number}@{SERVER}");
        self.ask("INVITE", &to, ("Content-Type: application/sdp\r\n", offer))
            .await
    }

    /// Ends the call that this response to our INVITE made.
    pub async fn hang_up(&mut self, answer: &Message) -> Result<()> {
        let response = self.ask_callee(("BYE", 1), answer, ("", "")).await?;
        ensure!(response.status() == Some(200), "BYE got {:?}", response.status());
        Ok(())
    }

    /// Dials, and hangs up as soon as somebody has answered; gives that answer.
    pub async fn calls(&mut self, number: &str) -> Result<Message> {
        let answer = self.dial(number, &sdp(42_000)).await?;
        ensure!(answer.status() == Some(200), "{number} gave {:?}", answer.status());
        self.hang_up(&answer).await?;
        Ok(answer)
    }

    /// Rings, answers, and waits for the end of the call; gives the INVITE that came.
    pub async fn answers(&mut self) -> Result<Message> {
        let invite = self.request_of("INVITE").await?;
        self.respond(&invite, 180, ("", "")).await?;
        let headers = format!("Contact: <{}>\r\nContent-Type: application/sdp\r\n", self.contact());
        let answer = answer_to(invite.body(), 42_002);
        self.respond(&invite, 200, (&headers, &answer)).await?;
        self.request_of("ACK").await?;
        let bye = self.request_of("BYE").await?;
        self.respond(&bye, 200, ("", "")).await?;
        Ok(invite)
    }

    /// Sends a request in the dialog that this answer to our INVITE has made, the `count`th of it; gives the final response.
    pub async fn ask_callee(
        &mut self,
        (method, count): (&str, u32),
        answer: &Message,
        more: (&str, &str),
    ) -> Result<Message> {
        let text = self.within(method, answer, (count, more));
        self.wire.send(text.as_bytes()).await?;
        self.final_response().await
    }

    /// Sends a request in the dialog of an INVITE that we have answered; gives the final response.
    pub async fn ask_caller(
        &mut self,
        method: &str,
        invite: &Message,
        (headers, body): (&str, &str),
    ) -> Result<Message> {
        self.sent += 1;
        let via = self.via(self.sent);
        let value = |name| String::from_utf8_lossy(invite.header(name).unwrap_or_default()).into_owned();
        let target = invite.contacts().next().and_then(|contact| contact.ok());
        let target = target.context("nowhere to send it")?;
        let text = format!(
            "{method} {} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {};tag=answerer\r\nTo: {}\r\nCall-ID: {}\r\n\
             CSeq: {} {method}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            String::from_utf8_lossy(target.raw_uri()),
            value(HeaderName::To),
            value(HeaderName::From),
            value(HeaderName::CallId),
            self.sent,
            body.len()
        );
        self.wire.send(text.as_bytes()).await?;
        self.final_response().await
    }

    /// Waits for a request of this method.
    pub async fn request_of(&mut self, method: &str) -> Result<Message> {
        loop {
            let message = self.wire.receive().await?;
            if message.is_request() && message.method().as_bytes() == method.as_bytes() {
                return Ok(message);
            }
        }
    }

    pub async fn respond(&mut self, request: &Message, status: u16, (headers, body): (&str, &str)) -> Result<()> {
        let mut text = format!("SIP/2.0 {status} Answer\r\n");
        for via in request.values(HeaderName::Via) {
            text.push_str(&format!("Via: {}\r\n", String::from_utf8_lossy(via)));
        }
        let value = |name| String::from_utf8_lossy(request.header(name).unwrap_or_default()).into_owned();
        let tag = if request.to_tag().is_none() {
            ";tag=answerer"
        } else {
            ""
        };
        text.push_str(&format!(
            "From: {}\r\nTo: {}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            value(HeaderName::From),
            value(HeaderName::To),
            value(HeaderName::CallId),
            value(HeaderName::CSeq),
            body.len()
        ));
        self.wire.send(text.as_bytes()).await
    }

    async fn final_response(&mut self) -> Result<Message> {
        loop {
            let message = self.wire.receive().await?;
            if message.status().is_some_and(|status| status >= 200) {
                return Ok(message);
            }
        }
    }

    /// ACK: of a failure in the same transaction, of a success in one of its own.
    async fn acknowledge(&mut self, response: &Message, to: &str) -> Result<()> {
        let text = if response.status().is_some_and(|status| status < 300) {
            self.within("ACK", response, (0, ("", "")))
        } else {
            let branch = response.via().ok().and_then(|via| via.branch()).unwrap_or_default();
            let via = self.via_of(&String::from_utf8_lossy(branch));
            follow(("ACK", to), &via, response, (0, ("", "")))
        };
        self.wire.send(text.as_bytes()).await
    }

    fn within(&mut self, method: &str, answer: &Message, rest: (u32, (&str, &str))) -> String {
        self.sent += 1;
        let via = self.via(self.sent);
        let target = answer.contacts().next().and_then(|contact| contact.ok());
        let uri = target.map(|target| String::from_utf8_lossy(target.raw_uri()).into_owned());
        follow((method, &uri.unwrap_or_default()), &via, answer, rest)
    }

    fn via(&self, number: u32) -> String {
        self.via_of(&format!("z9hG4bK-{}-{}-{number}", self.user, self.serial))
    }

    fn via_of(&self, branch: &str) -> String {
        let transport = match self.wire.transport {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
            Transport::Ws => "WS",
            Transport::Wss => "WSS",
        };
        format!("SIP/2.0/{transport} {};rport;branch={branch}", self.host)
    }

    fn request(
        &mut self,
        (method, uri): (&str, &str),
        (call, tag, count): (&str, u32, u32),
        headers: &str,
        body: &str,
    ) -> String {
        self.sent += 1;
        let (via, user) = (self.via(self.sent), &self.user);
        let to = if method == "REGISTER" {
            format!("sip:{user}@{SERVER}")
        } else {
            uri.to_owned()
        };
        let contact = if headers.contains("Contact:") {
            String::new()
        } else {
            format!("Contact: <{}>\r\n", self.contact())
        };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@{SERVER}>;tag=t{tag}\r\n\
             To: <{to}>\r\nCall-ID: {call}\r\nCSeq: {count} {method}\r\n{contact}{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// A request in the dialog, or the transaction, of a response; its CSeq is so much later than that one's.
fn follow(
    (method, uri): (&str, &str),
    via: &str,
    response: &Message,
    (later, (headers, body)): (u32, (&str, &str)),
) -> String {
    let value = |name| String::from_utf8_lossy(response.header(name).unwrap_or_default()).into_owned();
    format!(
        "{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n\
         CSeq: {} {method}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        value(HeaderName::From),
        value(HeaderName::To),
        value(HeaderName::CallId),
        response.cseq().map_or(1, |(number, _)| number + later),
        body.len()
    )
}

/// A phone's offer of A-law.
pub fn sdp(port: u16) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n\
         a=rtpmap:8 PCMA/8000\r\n"
    )
}

/// What a phone answers: encrypted, with a key of its own, where that is offered (RFC 4568 section 5.1.2).
pub fn answer_to(offer: &[u8], port: u16) -> String {
    let answer = sdp(port);
    if !String::from_utf8_lossy(offer).contains("RTP/SAVP") {
        return answer;
    }
    let key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n";
    answer.replace("RTP/AVP", "RTP/SAVP") + key
}
