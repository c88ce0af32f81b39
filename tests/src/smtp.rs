//! A mail server: takes letters by SMTP (RFC 5321) and keeps them for tests to read.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub from: String,
    pub to: Vec<String>,
    /// Headers and body, as they came.
    pub text: String,
    /// Who had logged in.
    pub user: Option<String>,
    pub secure: bool,
}

impl Letter {
    pub fn header(&self, name: &str) -> &str {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        let line = head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        line.unwrap_or_default()
    }
}

/// How a server behaves.
#[derive(Clone, Default)]
pub struct Manner {
    /// STARTTLS, without which nothing else is taken.
    pub tls: Option<Arc<ServerConfig>>,
    /// User and password, without which no letter is taken.
    pub login: Option<(String, String)>,
    /// So many letters are taken, and the connection is lost before that is said.
    pub lost: usize,
    /// So many recipients are refused for good.
    pub unknown: usize,
}

#[derive(Default)]
struct Kept {
    letters: Vec<Letter>,
    refused: usize,
}

pub struct MailServer {
    pub address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
    /// Ended with the server.
    _tasks: JoinSet<()>,
}

impl MailServer {
    /// On a port of loopback; 0: any.
    pub async fn open(port: u16, manner: Manner) -> Result<MailServer> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let kept = Arc::new(Mutex::new(Kept::default()));
        let mut tasks = JoinSet::new();
        let letters = Arc::clone(&kept);
        tasks.spawn(async move {
            let mut visitors = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (letters, manner) = (Arc::clone(&letters), manner.clone());
                visitors.spawn(async move {
                    // A peer that breaks off is no fault of the test.
                    let _ = serve(stream, &manner, &letters).await;
                });
            }
        });
        Ok(MailServer {
            address,
            kept,
            _tasks: tasks,
        })
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.kept.lock().map(|kept| kept.letters.clone()).unwrap_or_default()
    }
}

/// What a server shows who has this certificate.
pub fn shown(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    Ok(Arc::new(config))
}

async fn serve(mut stream: TcpStream, manner: &Manner, kept: &Mutex<Kept>) -> Result<()> {
    stream.write_all(b"220 mail.example ready\r\n").await?;
    let Some(tls) = &manner.tls else {
        return talk(&mut BufReader::new(stream), (manner, false), kept).await;
    };
    let mut plain = BufReader::new(stream);
    loop {
        let line = read(&mut plain).await?;
        let answer = match word(&line).as_str() {
            "EHLO" => "250-mail.example\r\n250 STARTTLS\r\n",
            "STARTTLS" => break,
            "QUIT" => "221 bye\r\n",
            _ => "530 STARTTLS first\r\n",
        };
        plain.write_all(answer.as_bytes()).await?;
    }
    plain.write_all(b"220 go ahead\r\n").await?;
    let secure = TlsAcceptor::from(Arc::clone(tls)).accept(plain.into_inner()).await?;
    talk(&mut BufReader::new(secure), (manner, true), kept).await
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    (manner, secure): (&Manner, bool),
    kept: &Mutex<Kept>,
) -> Result<()> {
    let mut user = None;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let line = read(stream).await?;
        let open = user.is_some() || manner.login.is_none();
        let answer = match word(&line).as_str() {
            "EHLO" => "250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
            "AUTH" => match login(&line, manner) {
                Some(name) => {
                    user = Some(name);
                    "235 welcome\r\n"
                }
                None => "535 wrong password\r\n",
            },
            "MAIL" if open => {
                from = within(&line);
                to.clear();
                "250 ok\r\n"
            }
            "RCPT" if refuses(manner, kept) => "550 no such mailbox here\r\n",
            "RCPT" => {
                to.push(within(&line));
                "250 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 end with a dot\r\n").await?;
                let text = data(stream).await?;
                let letter = Letter {
                    from: from.clone(),
                    to: to.clone(),
                    text,
                    user: user.clone(),
                    secure,
                };
                if keep(letter, kept) <= manner.lost {
                    bail!("the connection is lost");
                }
                "250 taken\r\n"
            }
            "RSET" | "NOOP" => "250 ok\r\n",
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "503 not now\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// How many there are with it.
fn keep(letter: Letter, kept: &Mutex<Kept>) -> usize {
    let mut kept = kept.lock().unwrap();
    kept.letters.push(letter);
    kept.letters.len()
}

fn refuses(manner: &Manner, kept: &Mutex<Kept>) -> bool {
    let mut kept = kept.lock().unwrap();
    let refuses = kept.refused < manner.unknown;
    kept.refused += usize::from(refuses);
    refuses
}

/// RFC 4616: nothing, user and password with zeros between.
fn login(line: &str, manner: &Manner) -> Option<String> {
    let told = STANDARD.decode(line.split_whitespace().nth(2)?).ok()?;
    let told = String::from_utf8(told).ok()?;
    let mut parts = told.split('\0').skip(1);
    let given = (parts.next()?.to_owned(), parts.next()?.to_owned());
    (manner.login.as_ref() == Some(&given)).then_some(given.0)
}

async fn data<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Result<String> {
    let mut text = String::new();
    loop {
        let line = read(stream).await?;
        if line == "." {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
        text.push_str("\r\n");
    }
}

async fn read<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Result<String> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).await?;
    (length > 0).then_some(()).context("it has hung up")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn word(line: &str) -> String {
    let word = line.split([' ', ':']).next().unwrap_or_default();
    word.to_ascii_uppercase()
}

fn within(line: &str) -> String {
    let after = line.split('<').nth(1).unwrap_or_default();
    after.split('>').next().unwrap_or_default().to_owned()
}
