//! The configuration as the engine and the media threads take it.

use std::borrow::Cow;
use std::thread::available_parallelism;
use std::time::Duration;

use frontdesk_config::{AudioCodec, Config, DigestOrder};
use frontdesk_media::io::IoConfig;
use frontdesk_media::io::command::Codec;
use frontdesk_sip::auth::{Algorithm, AuthConfig};
use frontdesk_sip::endpoint::{EndpointConfig, SessionIntervals};
use frontdesk_sip::flow::Advertise;
use frontdesk_sip::guard::GuardConfig;
use frontdesk_sip::registrar::RegistrarConfig;

use crate::engine::{EngineConfig, SrtpPolicy};

/// What `guard.failures` counts in.
const FAILURE_WINDOW: Duration = Duration::from_secs(60);

/// How long right credentials make an address and port known, at least.
const TRUST: Duration = Duration::from_secs(3_600);

fn digests(order: DigestOrder) -> Vec<Algorithm> {
    match order {
        DigestOrder::Sha256First => vec![Algorithm::Sha256, Algorithm::Md5],
        DigestOrder::Md5First => vec![Algorithm::Md5, Algorithm::Sha256],
        DigestOrder::Sha256Only => vec![Algorithm::Sha256],
        DigestOrder::Md5Only => vec![Algorithm::Md5],
    }
}

/// Every phone and every provider speaks G.711: it is there even where nobody named it.
fn codecs(named: &[AudioCodec]) -> Vec<Codec> {
    let mut codecs: Vec<Codec> = Vec::new();
    let named = named.iter().map(|codec| match codec {
        AudioCodec::Pcma => Codec::Pcma,
        AudioCodec::Pcmu => Codec::Pcmu,
        AudioCodec::G722 => Codec::G722,
        AudioCodec::Opus => Codec::Opus,
    });
    for codec in named.chain([Codec::Pcma, Codec::Pcmu]) {
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    codecs
}

fn srtp(policy: frontdesk_config::SrtpPolicy) -> SrtpPolicy {
    match policy {
        frontdesk_config::SrtpPolicy::Tls => SrtpPolicy::Tls,
        frontdesk_config::SrtpPolicy::Always => SrtpPolicy::Always,
        frontdesk_config::SrtpPolicy::Never => SrtpPolicy::Never,
    }
}

/// 0 means half as many as there are processors: the engine and the recorder want theirs too.
fn media_threads(config: &Config) -> usize {
    match usize::try_from(config.rtp.threads).unwrap_or(1) {
        0 => (available_parallelism().map_or(2, usize::from) / 2).max(1),
        threads => threads,
    }
}

pub(super) fn media(config: &Config) -> IoConfig {
    IoConfig {
        bind: config.rtp.bind,
        range: (config.rtp.ports.low, config.rtp.ports.high),
        threads: media_threads(config),
        quarantine: config.rtp.quarantine,
        silence: config.rtp.silence,
        ..IoConfig::default()
    }
}

pub(super) fn engine(config: &Config) -> EngineConfig {
    let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    EngineConfig {
        endpoint: EndpointConfig {
            user_agent: config.sip.user_agent.clone(),
            advertise: Advertise {
                public: config.nat.public_address,
                local_networks: config.nat.local_networks.clone(),
            },
            supported: ["path", "replaces", "norefersub", "outbound"]
                .map(Cow::Borrowed)
                .to_vec(),
            session_timer: (!config.sip.session_expires.is_zero()).then_some(SessionIntervals {
                interval: config.sip.session_expires,
                min_se: config.sip.session_min_expires,
            }),
            ..EndpointConfig::default()
        },
        registrar: RegistrarConfig {
            min_expires: seconds(config.sip.min_expires),
            max_expires: seconds(config.sip.max_expires),
            default_expires: seconds(config.sip.default_expires),
            ..RegistrarConfig::default()
        },
        auth: AuthConfig {
            offers: digests(config.sip.digest),
            ..AuthConfig::new(config.sip.realm.clone())
        },
        guard: GuardConfig {
            rate: config.guard.rate,
            burst: config.guard.burst,
            failures: config.guard.failures,
            failure_window: FAILURE_WINDOW,
            ban: config.guard.ban,
            trust: config.sip.max_expires.max(TRUST),
            allow: config.guard.allow.clone(),
            ..GuardConfig::default()
        },
        keep_alive: config.nat.keep_alive,
        ring_timeout: config.calls.ring_timeout,
        parking_timeout: config.calls.parking_timeout,
        recording: config.recording.enabled,
        codecs: codecs(&config.rtp.codecs),
        srtp: srtp(config.rtp.srtp),
        rtp_ports: (config.rtp.ports.low, config.rtp.ports.high),
        media_threads: media_threads(config),
    }
}
