//! baresip's audio through the running daemon: encrypted, on hold, and in the codecs that it has.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use frontdesk_tests::baresip::{Baresip, Line, Talent};
use frontdesk_tests::daemon::{Daemon, Phone};
use frontdesk_tests::tone::Audio;
use frontdesk_tests::tools;

const CALLER_TONE: f64 = 440.0;
const CALLEE_TONE: f64 = 1_000.0;
const MOST: f64 = 0.8;

/// A transport, and how far its port is from that of UDP and TCP.
type Way = (&'static str, u16);
const UDP: Way = ("udp", 0);
const TLS: Way = ("tls", 1);
/// How a phone is connected, and what it can.
type Seat<'a> = (Way, Talent<'a>);

/// Two phones in a call.
struct Call {
    daemon: Daemon,
    caller: Baresip,
    callee: Baresip,
}

impl Call {
    /// `None` where there is no baresip.
    async fn begin(audio: &str, caller: Seat<'_>, callee: Seat<'_>) -> Result<Option<Call>> {
        if !tools::found("baresip", "two softphones with real audio", "baresip") {
            return Ok(None);
        }
        let daemon = Daemon::start_audio(&["101", "102"], audio).await?;
        let line = |phone: &Phone, (transport, port): Way, tone| Line {
            user: phone.user.clone(),
            secret: phone.secret.clone(),
            server: SocketAddr::new(daemon.sip.ip(), daemon.sip.port() + port),
            transport,
            tone,
        };
        let folder = daemon.folder();
        let lines = [
            line(&daemon.phones[0], caller.0, CALLER_TONE),
            line(&daemon.phones[1], callee.0, CALLEE_TONE),
        ];
        let dialled = format!("sip:102@{};transport={}", lines[0].server, lines[0].transport);
        let [calling, called] = lines;
        let mut caller = Baresip::start_with(folder, calling, caller.1).await?;
        let mut callee = Baresip::start_with(folder, called, callee.1).await?;
        daemon.sip_status("101", "online").await?;
        daemon.sip_status("102", "online").await?;
        caller.command("dial", &dialled).await?;
        callee.until("CALL_INCOMING").await?;
        callee.command("accept", "").await?;
        caller.until("CALL_ESTABLISHED").await?;
        callee.until("CALL_ESTABLISHED").await?;
        Ok(Some(Call { daemon, caller, callee }))
    }

    async fn end(&mut self) -> Result<[Audio; 2]> {
        self.caller.command("hangup", "").await?;
        self.callee.until("CALL_CLOSED").await?;
        self.caller.until("CALL_CLOSED").await?;
        Ok([Audio::read(&self.caller.heard()?)?, Audio::read(&self.callee.heard()?)?])
    }

    async fn recording(&self) -> Result<Audio> {
        let call = self.daemon.last_call().await?;
        let recording = call["recordings"][0]["id"].as_str().unwrap_or_default().to_owned();
        ensure!(!recording.is_empty(), "not recorded: {call}");
        let file = self.daemon.folder().join("recording.wav");
        std::fs::write(
            &file,
            self.daemon.download(&format!("/recordings/{recording}/media")).await?,
        )?;
        Audio::read(&file)
    }

    async fn quit(self) -> Result<()> {
        self.caller.quit().await?;
        self.callee.quit().await?;
        self.daemon.stop().await
    }
}

fn is_tone(what: &str, audio: &Audio, channel: usize, hertz: f64) -> Result<()> {
    let share = audio.share(channel, hertz);
    ensure!(share > MOST, "{what}: {share:.3} of the power at {hertz} Hz");
    Ok(())
}

/// Both hear each other, and the recording has both.
async fn talk(audio: &str, caller: Talent<'_>, callee: Talent<'_>) -> Result<()> {
    talk_over(audio, (UDP, caller), (UDP, callee)).await
}

async fn talk_over(audio: &str, caller: Seat<'_>, callee: Seat<'_>) -> Result<()> {
    let Some(mut call) = Call::begin(audio, caller, callee).await? else {
        return Ok(());
    };
    call.caller.talks_for(Duration::from_secs(3)).await?;
    let [caller, callee] = call.end().await?;
    is_tone("what the caller heard", &caller.part(0.5, -0.2), 0, CALLEE_TONE)?;
    is_tone("what the callee heard", &callee.part(0.5, -0.2), 0, CALLER_TONE)?;
    let recording = call.recording().await?;
    is_tone("the recording's left side", &recording, 0, CALLER_TONE)?;
    is_tone("the recording's right side", &recording, 1, CALLEE_TONE)?;
    call.quit().await
}

/// Takes no call that is not encrypted.
const SECRET: Talent<'_> = Talent {
    modules: &["srtp.so"],
    account: ";mediaenc=srtp-mand",
};

#[tokio::test]
async fn two_phones_that_encrypt_hear_each_other() -> Result<()> {
    talk("srtp = \"always\"", SECRET, SECRET).await
}

#[tokio::test]
async fn two_phones_that_encrypt_hear_each_other_over_tls() -> Result<()> {
    talk_over("", (TLS, SECRET), (TLS, SECRET)).await
}

/// SRTP on the one leg, plain RTP on the other, whoever calls.
#[tokio::test]
async fn a_phone_that_encrypts_over_tls_and_a_plain_one_over_udp_hear_each_other() -> Result<()> {
    let plain = (UDP, Talent::default());
    talk_over("", (TLS, SECRET), plain).await?;
    talk_over("", plain, (TLS, SECRET)).await
}

/// What the held phone is played is measured with other phones (`sipp_offers`, `linphone`): baresip's bridge device falls
/// silent when a hold starts its player anew.
async fn hold(caller: Seat<'_>, callee: Seat<'_>) -> Result<()> {
    let Some(mut call) = Call::begin("", caller, callee).await? else {
        return Ok(());
    };
    call.caller.talks_for(Duration::from_secs(2)).await?;
    call.caller.command("hold", "").await?;
    call.caller.talks_for(Duration::from_secs(5)).await?;
    call.caller.command("resume", "").await?;
    call.caller.talks_for(Duration::from_secs(2)).await?;
    let [_, before] = call.end().await?;
    is_tone("before the hold", &before.part(0.5, 1.7), 0, CALLER_TONE)?;
    let recording = call.recording().await?;
    for channel in [0, 1] {
        let level = recording.part(4.5, 6.5).level(channel);
        ensure!(level < 300.0, "recorded on hold, side {channel}: {level:.0}");
    }
    let seconds = recording.seconds();
    ensure!((seconds - 9.0).abs() < 1.0, "{seconds:.2} s recorded");
    for (channel, tone) in [(0, CALLER_TONE), (1, CALLEE_TONE)] {
        is_tone("recorded before the hold", &recording.part(0.5, 1.7), channel, tone)?;
        is_tone("recorded after the hold", &recording.part(-0.9, -0.3), channel, tone)?;
    }
    call.quit().await
}

#[tokio::test]
async fn a_hold_is_silence_in_the_recording_and_no_music() -> Result<()> {
    hold((UDP, Talent::default()), (UDP, Talent::default())).await
}

/// SRTP has to go on with the same keys and counters after the re-INVITEs.
#[tokio::test]
async fn phones_that_encrypt_over_tls_hold_and_hear_each_other_after_it() -> Result<()> {
    hold((TLS, SECRET), (TLS, SECRET)).await
}

const G722: Talent<'_> = Talent {
    modules: &["g722.so"],
    account: ";audio_codecs=G722",
};

#[tokio::test]
async fn two_phones_with_g722_hear_each_other() -> Result<()> {
    talk("", G722, G722).await
}

const OPUS: Talent<'_> = Talent {
    modules: &["opus.so"],
    account: ";audio_codecs=opus/48000/2",
};

#[tokio::test]
async fn two_phones_with_opus_hear_each_other() -> Result<()> {
    talk("", OPUS, OPUS).await
}

#[tokio::test]
async fn a_phone_with_nothing_but_opus_and_one_without_it_hear_each_other() -> Result<()> {
    talk("", OPUS, Talent::default()).await
}

#[tokio::test]
async fn a_phone_with_nothing_but_g722_and_one_without_it_hear_each_other() -> Result<()> {
    talk("", G722, Talent::default()).await
}

/// What phones and gateways send that do not take 20 ms for a packet.
#[tokio::test]
async fn phones_that_send_packets_of_other_lengths_hear_each_other_and_are_recorded() -> Result<()> {
    for [caller, callee] in [[";ptime=10", ";ptime=60"], [";ptime=40", ";ptime=30"]] {
        let [caller, callee] = [caller, callee].map(|account| Talent {
            account,
            ..Talent::default()
        });
        talk("", caller, callee).await?;
    }
    Ok(())
}
