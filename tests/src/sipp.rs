//! SIPp as phones that nobody here wrote: scenarios as text, processes with a bounded life.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::process::{Child, Command};

use crate::ports;

mod asking;
mod dialogs;
mod offers;
mod provider;
mod showing;
mod told;
mod watching;
mod ways;

pub use told::Dialog;

/// SIPp gives up after this, in seconds.
const LIMIT: u64 = 30;

/// 200 to a request that came with all its tags.
const OK: &str =
    "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n";

/// Where a callee is, and what it takes.
const CONTACT: &str = "Contact: <sip:callee@[local_ip]:[local_port]>\n";
const ALLOW: &str = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\n";

/// What a callee adds to the To of its first responses.
const TAG: &str = ";tag=s[call_number]";

/// A user of the PBX as SIPp plays it.
#[derive(Debug, Clone, Copy)]
pub struct User<'a> {
    pub name: &'a str,
    pub secret: &'a str,
}

/// What one phone sends and expects, step by step.
#[derive(Debug, Clone, Default)]
pub struct Scenario {
    steps: String,
    /// CSeq of the last request sent.
    cseq: u32,
    /// CSeq of the last INVITE sent.
    invite: u32,
    user: String,
    secret: String,
    dialled: String,
    domain: String,
}

const SDP: &str = "v=0\no=- 1 1 IN IP4 [media_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 8 0 101\n\
                   a=rtpmap:8 PCMA/8000\na=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n";

impl Scenario {
    /// A phone that registers or calls.
    pub fn caller(user: User<'_>, dialled: &str, domain: &str) -> Scenario {
        Scenario {
            user: user.name.to_owned(),
            secret: user.secret.to_owned(),
            dialled: dialled.to_owned(),
            domain: domain.to_owned(),
            ..Scenario::default()
        }
    }

    /// A phone that is called.
    pub fn callee() -> Scenario {
        Scenario::default()
    }

    /// REGISTER, 401, REGISTER with credentials, 200. `contact` is what the phone says of itself.
    #[must_use]
    pub fn registers(self, contact: &str, expires: u32) -> Scenario {
        let headers = format!("Contact: <{contact}>\nExpires: {expires}\n");
        self.challenged_register(&headers).expects(200)
    }

    /// As `registers`, but with the wrong password: a second 401.
    #[must_use]
    pub fn is_not_let_in(self, contact: &str) -> Scenario {
        let headers = format!("Contact: <{contact}>\nExpires: 300\n");
        self.challenged_register(&headers).expects(401)
    }

    fn challenged_register(self, headers: &str) -> Scenario {
        let (user, domain) = (self.user.clone(), self.domain.clone());
        let to = format!("<sip:{user}@{domain}>");
        let line = format!("REGISTER sip:{domain}");
        let sent = self
            .request(&line, &to, headers, "")
            .with("  <recv response=\"401\" auth=\"true\"/>\n");
        let authorized = format!("{headers}{}\n", sent.credentials());
        sent.request(&line, &to, &authorized, "")
    }

    /// INVITE, 401, ACK, INVITE with credentials.
    #[must_use]
    pub fn calls(self) -> Scenario {
        self.calls_with("")
    }

    #[must_use]
    pub fn hears_ringing(self) -> Scenario {
        self.expects(180)
    }

    /// 200 and ACK; 180 may come first.
    #[must_use]
    pub fn is_answered(self) -> Scenario {
        self.with("  <recv response=\"180\" optional=\"true\"/>\n  <recv response=\"183\" optional=\"true\"/>\n")
            .with("  <recv response=\"200\" rrs=\"true\"/>\n")
            .acknowledges_answer()
    }

    /// A final refusal and its ACK; 180 may come first.
    #[must_use]
    pub fn is_refused(self, status: u16) -> Scenario {
        self.with("  <recv response=\"180\" optional=\"true\"/>\n")
            .expects(status)
            .acknowledges_refusal()
    }

    /// CANCEL, 200 for it, 487 for the INVITE, ACK.
    #[must_use]
    pub fn gives_up(self) -> Scenario {
        let line = format!("CANCEL sip:{}@{}", self.dialled, self.domain);
        let to = format!("<sip:{}@{}>", self.dialled, self.domain);
        let cancel = self.unnumbered(&line, &to, self.invite, self.invite);
        self.with(&cancel).expects(200).expects(487).acknowledges_refusal()
    }

    #[must_use]
    pub fn hangs_up(self) -> Scenario {
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        self.request("BYE [next_url]", &to, "[routes]\n", "").expects(200)
    }

    /// Time that the person at the phone takes.
    #[must_use]
    pub fn waits(self, ms: u64) -> Scenario {
        self.with(&format!("  <pause milliseconds=\"{ms}\"/>\n"))
    }

    /// The callee's side: an INVITE comes.
    #[must_use]
    pub fn is_called(self) -> Scenario {
        self.with("  <recv request=\"INVITE\" rrs=\"true\"/>\n")
    }

    #[must_use]
    pub fn rings(self) -> Scenario {
        self.responds("180 Ringing", TAG, CONTACT, "")
    }

    #[must_use]
    pub fn answers(self) -> Scenario {
        self.accepts(TAG, "sendrecv").with("  <recv request=\"ACK\"/>\n")
    }

    /// A re-INVITE whose body has that direction, answered with the other.
    #[must_use]
    pub fn is_asked_to(self, offered: &str, answered: &str) -> Scenario {
        let recv = format!(
            "  <recv request=\"INVITE\">\n    <action>\n      <ereg regexp=\"a={offered}\" search_in=\"body\" \
             check_it=\"true\" assign_to=\"direction\"/>\n      <log message=\"[$direction]\"/>\n    </action>\n  </recv>\n"
        );
        self.with(&recv)
            .accepts("", answered)
            .with("  <recv request=\"ACK\"/>\n")
    }

    #[must_use]
    pub fn declines(self, status: &str) -> Scenario {
        self.responds(status, TAG, "", "").with("  <recv request=\"ACK\"/>\n")
    }

    /// CANCEL comes: 200 for it, 487 for the INVITE.
    #[must_use]
    pub fn is_cancelled(self) -> Scenario {
        let refusal = "SIP/2.0 487 Request Terminated\n[last_Via:]\n[last_From:]\n[last_To:];tag=s[call_number]\n\
                       [last_Call-ID:]\nCSeq: [last_cseq_number] INVITE\nContent-Length: 0\n\n";
        self.with("  <recv request=\"CANCEL\"/>\n")
            .sends(OK, false)
            .sends(refusal, true)
            .with("  <recv request=\"ACK\"/>\n")
    }

    #[must_use]
    pub fn is_hung_up_on(self) -> Scenario {
        self.with("  <recv request=\"BYE\"/>\n").sends(OK, false)
    }

    fn accepts(self, tag: &str, direction: &str) -> Scenario {
        let headers = format!("{CONTACT}{ALLOW}");
        self.responds("200 OK", tag, &headers, &format!("{SDP}a={direction}\n"))
    }

    fn responds(self, status: &str, tag: &str, headers: &str, body: &str) -> Scenario {
        let text = format!(
            "SIP/2.0 {status}\n[last_Via:]\n[last_Record-Route:]\n[last_From:]\n[last_To:]{tag}\n\
             [last_Call-ID:]\n[last_CSeq:]\n{headers}{}",
            end(body)
        );
        let final_to_invite = !status.starts_with('1');
        self.sends(&text, final_to_invite)
    }

    fn expects(self, status: u16) -> Scenario {
        self.with(&format!("  <recv response=\"{status}\"/>\n"))
    }

    fn acknowledges_answer(self) -> Scenario {
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        let ack = self.unnumbered("ACK [next_url]", &to, self.invite, self.invite + 100);
        self.with(&ack)
    }

    fn acknowledges_refusal(self) -> Scenario {
        let line = format!("ACK sip:{}@{}", self.dialled, self.domain);
        let to = format!("<sip:{}@{}>[peer_tag_param]", self.dialled, self.domain);
        let ack = self.unnumbered(&line, &to, self.invite, self.invite);
        self.with(&ack)
    }

    fn request(mut self, line: &str, to: &str, headers: &str, body: &str) -> Scenario {
        self.cseq += 1;
        if line.starts_with("INVITE") {
            self.invite = self.cseq;
        }
        let text = self.text(line, to, (self.cseq, self.cseq), (headers, body));
        self.sends(&text, true)
    }

    /// ACK and CANCEL, which are not numbered anew.
    fn unnumbered(&self, line: &str, to: &str, cseq: u32, branch: u32) -> String {
        let text = self.text(line, to, (cseq, branch), ("", ""));
        format!("  <send><![CDATA[\n{text}]]></send>\n")
    }

    fn text(&self, line: &str, to: &str, (cseq, branch): (u32, u32), rest: (&str, &str)) -> String {
        let (headers, body) = rest;
        let method = line.split(' ').next().unwrap_or_default();
        let (user, domain) = (&self.user, &self.domain);
        format!(
            "{line} SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-{branch}\n\
             Max-Forwards: 70\nFrom: <sip:{user}@{domain}>;tag=c[pid]x[call_number]\nTo: {to}\nCall-ID: [call_id]\n\
             CSeq: {cseq} {method}\n{headers}{}",
            end(body)
        )
    }

    fn sends(self, text: &str, again: bool) -> Scenario {
        // Nothing is lost here, and a machine that is busy answers late: SIPp takes what comes twice for an error.
        let retrans = if again { " retrans=\"3000\"" } else { "" };
        self.with(&format!("  <send{retrans}><![CDATA[\n{text}]]></send>\n"))
    }

    fn with(mut self, step: &str) -> Scenario {
        self.steps.push_str(step);
        self
    }

    /// A new version of the description, with that direction.
    fn describes(&self, direction: &str) -> String {
        format!("{SDP}a={direction}\n").replace("o=- 1 1", &format!("o=- 1 {}", self.cseq + 1))
    }

    fn contact(&self) -> String {
        format!("Contact: <sip:{}@[local_ip]:[local_port]>\n", self.user)
    }

    fn credentials(&self) -> String {
        format!("[authentication username={} password={}]", self.user, self.secret)
    }

    fn xml(&self, name: &str) -> String {
        let mut xml =
            String::from("<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<!DOCTYPE scenario SYSTEM \"sipp.dtd\">\n");
        let _ = write!(xml, "<scenario name=\"{name}\">\n{}</scenario>\n", self.steps);
        xml
    }

    /// Starts it from a port of its own, in its own folder below `folder`.
    pub fn start(&self, name: &str, folder: &Path, server: SocketAddr, transport: &str) -> Result<Running> {
        self.start_at(ports::free_udp_and_tcp()?, name, folder, (server, transport))
    }

    pub fn start_at(&self, port: u16, name: &str, folder: &Path, to: (SocketAddr, &str)) -> Result<Running> {
        let (server, transport) = to;
        let folder = folder.join(format!("sipp-{name}-{port}"));
        std::fs::create_dir_all(&folder)?;
        let file = folder.join("scenario.xml");
        std::fs::write(&file, self.xml(name))?;
        let log = std::fs::File::create(folder.join("screen.log"))?;
        let child = Command::new("sipp")
            .arg(server.to_string())
            .args([
                "-sf",
                "scenario.xml",
                "-i",
                "127.0.0.1",
                "-m",
                "1",
                "-nostdin",
                "-trace_err",
                "-trace_msg",
            ])
            .args(["-t", if transport == "tcp" { "t1" } else { "u1" }])
            .args(["-error_file", "errors.log", "-message_file", "messages.log"])
            .args([
                "-p",
                &port.to_string(),
                "-timeout",
                &LIMIT.to_string(),
                "-timeout_error",
            ])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("sipp does not start")?;
        Ok(Running { child, folder, port })
    }
}

fn end(body: &str) -> String {
    match body {
        "" => "Content-Length: 0\n\n".to_owned(),
        body => {
            let kind = match body {
                body if body.starts_with("v=0") => "sdp",
                body if body.starts_with("<?xml") => "pidf+xml",
                _ => "dtmf-relay",
            };
            format!("Content-Type: application/{kind}\nContent-Length: [len]\n\n{body}")
        }
    }
}

/// A SIPp process.
#[derive(Debug)]
pub struct Running {
    child: Child,
    folder: PathBuf,
    pub port: u16,
}

impl Running {
    /// Waits until it listens.
    pub async fn listens(&mut self) -> Result<()> {
        let taken = async || ports::is_taken_udp(self.port).then_some(());
        ports::eventually("sipp to listen", Duration::from_secs(5), taken).await
    }

    /// Waits for the end of the scenario; what SIPp saw and did not like is the error.
    pub async fn succeeds(mut self) -> Result<()> {
        let limit = Duration::from_secs(LIMIT + 5);
        let status = tokio::time::timeout(limit, self.child.wait())
            .await
            .context("sipp does not end")??;
        ensure!(
            status.success(),
            "sipp ended with {status} in {}:\n{}\n{}",
            self.folder.display(),
            self.read("errors.log"),
            self.read("messages.log"),
        );
        Ok(())
    }

    pub fn messages(&self) -> String {
        self.read("messages.log")
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }
}
