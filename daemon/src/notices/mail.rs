//! Letters, by SMTP.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use frontdesk_config::{Notices, Secret, SmtpSecurity};
use frontdesk_crm_core::notices::{Failure, Notice};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::{for_good, for_now};

/// For each step of a conversation with the server.
const PATIENCE: Duration = Duration::from_secs(20);
const UNSET_SENDER: &str = "Frontdesk <frontdesk@localhost>";

pub(super) struct Mail {
    /// `None`: letters are files.
    server: Option<AsyncSmtpTransport<Tokio1Executor>>,
    sender: Mailbox,
}

impl Mail {
    pub(super) fn new(config: &Notices, ca: Option<&Path>) -> anyhow::Result<Mail> {
        let sender = config.sender.as_deref().unwrap_or(UNSET_SENDER);
        let sender: Mailbox = sender.parse().context("notices.sender is no e-mail address")?;
        let server = config.smtp_server.as_deref();
        let server = server
            .map(|server| connection(config, server, (&sender, ca)))
            .transpose()?;
        Ok(Mail { server, sender })
    }

    /// The letter that a notice is; the same one each time.
    pub(super) fn letter(&self, notice: &Notice) -> Result<Message, Failure> {
        let to: Address = notice
            .recipient
            .parse()
            .map_err(|_| for_good("not an address that mail can go to"))?;
        let domain = self.sender.email.domain();
        let since = Duration::from_millis(u64::try_from(notice.created_at).unwrap_or(0));
        // RFC 3834: nobody's holiday answer comes back.
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        Message::builder()
            .message_id(Some(format!("<{}@{domain}>", notice.id)))
            .date(SystemTime::UNIX_EPOCH + since)
            .from(self.sender.clone())
            .to(Mailbox::new(None, to))
            .subject(notice.subject.clone())
            .header(ContentType::TEXT_PLAIN)
            .raw_header(automatic)
            .body(notice.body.clone())
            .map_err(|error| for_good(error.to_string()))
    }

    /// `None`: no server is set.
    pub(super) async fn send(&self, letter: &Message) -> Option<Result<(), Failure>> {
        let server = self.server.as_ref()?;
        let sent = server.send_raw(letter.envelope(), &letter.formatted()).await;
        Some(sent.map(drop).map_err(|error| {
            // RFC 5321 section 4.2.3: there is no such mailbox. Other refusals are a server's or a login's, and may be mended.
            let code = error.status().map(u16::from);
            let nobody = matches!(code, Some(550 | 551 | 553 | 556));
            let problem = told(&error);
            if nobody { for_good(problem) } else { for_now(problem) }
        }))
    }
}

fn connection(
    config: &Notices,
    server: &str,
    (sender, ca): (&Mailbox, Option<&Path>),
) -> anyhow::Result<AsyncSmtpTransport<Tokio1Executor>> {
    let (host, port) = server
        .rsplit_once(':')
        .map_or((server, None), |(host, port)| (host, Some(port)));
    let port = port
        .map(str::parse)
        .transpose()
        .context("notices.smtp_server: its port")?;
    let (usual, tls) = match config.smtp_security {
        SmtpSecurity::Starttls => (587, Tls::Required(parameters(host, ca)?)),
        SmtpSecurity::Tls => (465, Tls::Wrapper(parameters(host, ca)?)),
        SmtpSecurity::Cleartext => (25, Tls::None),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(port.unwrap_or(usual))
        .tls(tls)
        .hello_name(ClientId::Domain(sender.email.domain().to_owned()))
        .timeout(Some(PATIENCE));
    if let (Some(user), Some(password)) = (&config.smtp_user, &config.smtp_password) {
        builder = builder.credentials(Credentials::new(user.clone(), Secret::reveal(password).to_owned()));
    }
    Ok(builder.build())
}

fn parameters(host: &str, ca: Option<&Path>) -> anyhow::Result<TlsParameters> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca {
        let pem = std::fs::read(path).with_context(|| format!("sip.tls_ca: {}", path.display()))?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).context("sip.tls_ca")?);
    }
    builder
        .build_rustls()
        .context("notices.smtp_server cannot be spoken to by TLS")
}

/// The error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = inner.source();
    }
    text
}
