//! `frontdesk demo`: the same daemon in a temporary folder, with a sample company whose simulated phones and
//! simulated provider keep calling each other.

mod company;
mod crew;
mod phone;
mod play;
mod seed;
mod voice;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context;
use frontdesk_config::{Config, Overrides};
use frontdesk_crm_core::store::Db;
use frontdesk_media::io::command::Codec;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{App, telemetry};
use crate::shell::clock;
use crate::terminal::say;
use crew::Crew;
use phone::{Line, Phone};
use play::{Cast, play};
use seed::Company;

/// Callers that the provider's line carries at the same time.
const LINE_CALLS: usize = 8;
const PROVIDER_PITCH: u16 = 150;
/// Ports for audio that the demonstration takes, somewhere below those that systems give out themselves.
const AUDIO_PORTS: u16 = 400;

/// Runs until Ctrl-C; leaves nothing behind, unless `--data` named a folder.
pub async fn run(flags: Overrides) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("frontdesk-demo-")
        .tempdir()
        .context("no temporary folder")?;
    let crew = Crew::default();
    let config = settings(&folder, flags)?;
    let _log = telemetry::start(&config);
    let app = tokio::select! {
        app = set_up(config, &crew) => app?,
        () = interrupted() => return Ok(()),
    };
    crew.spawn(leave_with(crew.clone()));
    let outcome = app.run().await;
    crew.dismiss();
    outcome
}

async fn set_up(config: Config, crew: &Crew) -> anyhow::Result<App> {
    std::fs::create_dir_all(&config.data.dir).context("the data folder cannot be made")?;
    let db = Db::open(config.database_url().reveal())
        .await
        .context("the sample data")?;
    let company = seed::fill(&db, &config.sip.realm).await.context("the sample data")?;
    drop(db);
    let app = App::build(config).await?;
    let sip = facing_us(app.ground.sip);
    say(&greeting(&company, app.ground.http, sip));
    let cast = switch_on(&company, sip, crew).await.context("the simulated phones")?;
    let seed = u64::from_le_bytes(clock::random());
    crew.spawn(play(cast, crew.stopping(), seed));
    Ok(app)
}

/// Everything on loopback and on free ports, but for what the flags say. The environment and the usual file are of
/// the real installation and not looked at.
fn settings(folder: &TempDir, mut flags: Overrides) -> anyhow::Result<Config> {
    let mut rng = StdRng::from_seed(clock::random());
    let low = 2 * rng.random_range(10_000..15_000_u16);
    flags
        .data
        .get_or_insert_with(|| folder.path().to_string_lossy().into_owned());
    flags.sip.get_or_insert_with(|| "127.0.0.1:0".to_owned());
    flags.http.get_or_insert_with(|| "127.0.0.1:0".to_owned());
    flags
        .rtp
        .get_or_insert_with(|| format!("{low}-{}", low + AUDIO_PORTS - 1));
    let file = "[calls]\nring_timeout = \"12s\"\ndrain_timeout = \"3s\"\n[rtp]\nthreads = 1\n[log]\nlevel = \"warn\"\n";
    Ok(Config::load(file, &[], &flags)?)
}

/// The simulated phones are on this machine, wherever else the daemon listens.
fn facing_us(sip: SocketAddr) -> SocketAddr {
    match sip.ip() {
        IpAddr::V4(address) if address.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), sip.port()),
        IpAddr::V6(address) if address.is_unspecified() => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), sip.port()),
        IpAddr::V4(_) | IpAddr::V6(_) => sip,
    }
}

/// The phones hang up when the person at the terminal has seen enough, so that the daemon has nothing to wait for.
async fn leave_with(crew: Crew) {
    interrupted().await;
    crew.dismiss();
}

/// Ctrl-C or SIGTERM. Where they cannot be listened for they end the process anyway.
async fn interrupted() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => {}
        Some(()) = terminate.recv() => {}
        else => std::future::pending().await,
    }
}

async fn switch_on(company: &Company, server: SocketAddr, crew: &Crew) -> std::io::Result<Cast> {
    let mut staff: Vec<(String, Phone)> = Vec::new();
    for (number, person) in (1..).zip(&company.phones) {
        // Some phones like one codec better, some the other: bridges have something to translate.
        let codecs = if number % 3 == 0 {
            [Codec::Pcmu, Codec::Pcma]
        } else {
            [Codec::Pcma, Codec::Pcmu]
        };
        let line = Line {
            server,
            user: person.sip.user.clone(),
            secret: person.sip.secret.clone(),
            display: person.name.clone(),
            speech: voice::render(person.pitch, number),
            codecs: codecs.to_vec(),
            most_calls: 1,
            seed: u64::from_le_bytes(clock::random()),
        };
        staff.push((person.short_number.to_owned(), phone::start(line, crew).await?));
    }
    let line = Line {
        server,
        user: company.provider.user.clone(),
        secret: company.provider.secret.clone(),
        display: company::PROVIDER.to_owned(),
        speech: voice::render(PROVIDER_PITCH, 0),
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        most_calls: LINE_CALLS,
        seed: u64::from_le_bytes(clock::random()),
    };
    Ok(Cast {
        staff,
        provider: phone::start(line, crew).await?,
    })
}

fn greeting(company: &Company, http: SocketAddr, sip: SocketAddr) -> String {
    let first = &company.first;
    let numbers: Vec<&str> = company.phones.iter().map(|phone| phone.short_number).collect();
    format!(
        "\nA company at work, for as long as this runs; Ctrl-C ends it and removes it.\n\n  \
         Page       http://{http}/\n  \
         Login      {}\n  \
         Password   {}\n\n  \
         A phone of your own may join in (short number 100):\n  \
         Server     {sip} (UDP or TCP)\n  \
         User       {}\n  \
         Password   {}\n  \
         Dial       {} (people), {} (departments)\n",
        first.login,
        first.password,
        first.sip.user,
        first.sip.secret,
        numbers.join(" "),
        company::GROUPS
            .iter()
            .map(|group| group.short_number)
            .collect::<Vec<_>>()
            .join(" "),
    )
}
