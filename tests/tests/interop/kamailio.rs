//! Kamailio as a provider of the running daemon's core: registration with digest, calls in both directions with
//! baresip's audio, and servers that are dead.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk::app::App;
use frontdesk::engine::input::Input;
use frontdesk::engine::output::TrunkRegistration;
use frontdesk_config::{Config, Overrides};
use frontdesk_crm_core::plan_build;
use frontdesk_routing::ids::TrunkId;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::trunks::{NumberFormat, Provider, Registration, Server, ServerTransport};
use frontdesk_routing::plan::{Destination, DialPlan, NumberSection, PlanNumber, PlanStaff, PlanTrunk, StaffSection};
use frontdesk_sip::auth::Ha1;
use frontdesk_tests::baresip::{Baresip, Line};
use frontdesk_tests::kamailio::{self, Kamailio, SECRET};
use frontdesk_tests::tone::Audio;
use frontdesk_tests::{ports, tools};
use tempfile::TempDir;

const OURS: f64 = 440.0;
const THEIRS: f64 = 1_000.0;
const NUMBER: &str = "+74951110001";

/// The daemon in this process, its first member of staff, and a provider.
struct Office {
    folder: TempDir,
    app: App,
    plan: DialPlan,
    person: PlanStaff,
    provider: Kamailio,
}

fn address() -> Result<SocketAddr> {
    Ok(([127, 0, 0, 1], ports::free_udp_and_tcp()?).into())
}

impl Office {
    /// `None` where there is no Kamailio or no baresip.
    async fn open(algorithm: &str) -> Result<Option<Office>> {
        if !kamailio::found() || !tools::found("baresip", "softphones behind a provider", "baresip") {
            return Ok(None);
        }
        let folder = TempDir::with_prefix("frontdesk-")?;
        let provider = Kamailio::start(folder.path(), algorithm).await?;
        let (sip, http, low) = (address()?, address()?, ports::range(100));
        let config = format!(
            "[data]\ndir = \"{}\"\n[sip]\nudp = [\"{sip}\"]\ntcp = [\"{sip}\"]\n\
             tls_ca = \"{}\"\n[rtp]\nports = \"{low}-{}\"\n\
             [http]\nlisten = \"{http}\"\n",
            folder.path().join("data").display(),
            Kamailio::certificate(folder.path()).display(),
            low + 99
        );
        let app = App::build(Config::load(&config, &[], &Overrides::default())?).await?;
        let plan = plan_build::full(&app.ground.db).await?;
        let mut person = plan.staff.staff().first().context("nobody works here")?.clone();
        let account = plan.accounts.get(person.account).context("no account")?;
        let sip = person.sip.as_mut().context("no SIP data")?;
        let ha1 = Ha1::new(&sip.user, &account.realm, SECRET);
        (sip.ha1_md5, sip.ha1_sha256) = (ha1.md5, ha1.sha256);
        Ok(Some(Office {
            folder,
            app,
            plan,
            person,
            provider,
        }))
    }

    fn trunk(&self, id: u128, servers: Vec<Server>) -> PlanTrunk {
        PlanTrunk {
            provider: Some(Provider {
                servers,
                registration: (id == 1).then(|| Registration {
                    user: "line1".into(),
                    auth_user: "line1".into(),
                    secret: SECRET.into(),
                    expires: 120,
                }),
                probe: None,
                tls_fingerprint: None,
            }),
            numbers_in: NumberFormat::E164WithoutPlus,
            numbers_out: NumberFormat::E164WithoutPlus,
            shown_number: PhoneNumber::from_e164(NUMBER).ok(),
            place: u16::from(id == 1),
            ..PlanTrunk::new(TrunkId::from_u128(id), self.person.account, "Provider".into())
        }
    }

    fn server(&self, transport: ServerTransport) -> Server {
        server(self.provider.address, transport)
    }

    /// What an admin would set up.
    fn connect(&self, trunks: Vec<PlanTrunk>) -> Result<()> {
        let number = PlanNumber {
            number: PhoneNumber::from_e164(NUMBER)?,
            account: self.person.account,
            trunk: None,
            to: Destination::Staff(self.person.id),
        };
        let plan = DialPlan {
            staff: Arc::new(StaffSection::new(vec![self.person.clone()], trunks)),
            numbers: Arc::new(NumberSection::new(vec![number])),
            ..self.plan.clone()
        };
        ensure!(self.app.ground.engine.send(Input::Plan(Arc::new(plan))));
        Ok(())
    }

    async fn is_registered(&self) -> Result<()> {
        let registered = |state: &TrunkRegistration| matches!(state, TrunkRegistration::Registered);
        self.registration_is("registered", registered).await
    }

    async fn is_failing(&self) -> Result<()> {
        let failing = |state: &TrunkRegistration| matches!(state, TrunkRegistration::Failing { .. });
        self.registration_is("failing", failing).await
    }

    async fn registration_is(&self, what: &str, wanted: impl Fn(&TrunkRegistration) -> bool) -> Result<()> {
        let live = &self.app.ground.live;
        let state = || live.trunk(TrunkId::from_u128(1)).and_then(|state| state.registration);
        let look = async || state().is_some_and(|state| wanted(&state)).then_some(());
        let what = format!("the trunk's registration to be {what}");
        let seen = ports::eventually(&what, Duration::from_secs(10), look);
        let told = || format!("{:?}\n{}", live.trunk(TrunkId::from_u128(1)), self.provider.log());
        seen.await.with_context(told)
    }

    /// Our phone and one of the provider's, both registered.
    async fn phones(&self) -> Result<(Baresip, Baresip)> {
        let line = |user: &str, server: SocketAddr, tone| Line {
            user: user.to_owned(),
            secret: SECRET.to_owned(),
            server,
            transport: "udp",
            tone,
        };
        let user = self.person.sip.as_ref().map(|sip| sip.user.to_string());
        let user = user.context("no SIP data")?;
        let ours = Baresip::start(self.folder.path(), line(&user, self.app.ground.sip, OURS)).await?;
        let outside = line("outside", self.provider.address, THEIRS);
        let theirs = Baresip::start(self.folder.path(), outside).await?;
        self.provider.says("registered outside").await?;
        let (live, person) = (&self.app.ground.live, self.person.id);
        let online = async || live.online_since(person).map(|_| ());
        ports::eventually("our phone to be online", Duration::from_secs(10), online).await?;
        Ok((ours, theirs))
    }
}

fn server(address: SocketAddr, transport: ServerTransport) -> Server {
    Server {
        host: address.ip().to_string().into(),
        port: Some(address.port()),
        transport,
    }
}

/// One calls, the other answers, both hear each other, the caller hangs up.
async fn talk(caller: &mut Baresip, callee: &mut Baresip, number: &str, tones: (f64, f64)) -> Result<()> {
    caller.command("dial", number).await?;
    callee.until("CALL_INCOMING").await?;
    callee.command("accept", "").await?;
    caller.until("CALL_ESTABLISHED").await?;
    callee.until("CALL_ESTABLISHED").await?;
    caller.talks_for(Duration::from_secs(3)).await?;
    caller.command("hangup", "").await?;
    callee.until("CALL_CLOSED").await?;
    caller.until("CALL_CLOSED").await?;
    for (phone, heard, what) in [(caller, tones.1, "caller"), (callee, tones.0, "callee")] {
        let audio = Audio::read(&phone.heard()?)?.part(0.5, -0.2);
        let share = audio.share(0, heard);
        ensure!(
            share > 0.8,
            "what the {what} heard: {share:.3} of the power at {heard} Hz"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_trunk_registers_and_calls_go_out_and_come_in_with_audio() -> Result<()> {
    both_ways(ServerTransport::Udp).await
}

#[tokio::test]
async fn a_trunk_over_tcp_does_so_too() -> Result<()> {
    both_ways(ServerTransport::Tcp).await
}

#[tokio::test]
async fn a_trunk_over_tls_does_so_too_with_a_provider_that_proves_its_name() -> Result<()> {
    let Some(office) = Office::open("MD5").await? else {
        return Ok(());
    };
    let Some(address) = office.provider.secure else {
        tools::skipped("a provider over TLS (needs Debian's package kamailio-tls-modules)");
        return Ok(());
    };
    let by_address = server(address, ServerTransport::Tls);
    let by_name = Server {
        host: "localhost".into(),
        ..by_address.clone()
    };
    // Its certificate names no address.
    office.connect(vec![office.trunk(1, vec![by_address])])?;
    office.is_failing().await?;
    office.connect(vec![office.trunk(1, vec![by_name])])?;
    talk_both_ways(office, "localhost").await
}

async fn both_ways(transport: ServerTransport) -> Result<()> {
    let Some(office) = Office::open("MD5").await? else {
        return Ok(());
    };
    office.connect(vec![office.trunk(1, vec![office.server(transport)])])?;
    let host = office.provider.address.ip().to_string();
    talk_both_ways(office, &host).await
}

/// `host`: what the provider is called.
async fn talk_both_ways(office: Office, host: &str) -> Result<()> {
    office.is_registered().await?;
    office.provider.says("registered line1 with expires 120").await?;
    let (mut ours, mut theirs) = office.phones().await?;
    let outside = format!("sip:89161234567@{}", office.app.ground.sip);
    talk(&mut ours, &mut theirs, &outside, (OURS, THEIRS)).await?;
    let told = format!("call by line1 to 79161234567 with identity <sip:74951110001@{host}>");
    office.provider.says(&told).await?;
    office.provider.says("call ended by line1").await?;
    let inside = format!("sip:74951110001@{}", office.provider.address);
    talk(&mut theirs, &mut ours, &inside, (THEIRS, OURS)).await?;
    ours.quit().await?;
    theirs.quit().await
}

#[tokio::test]
async fn a_trunk_registers_with_sha_256_over_a_first_server_that_is_dead() -> Result<()> {
    let Some(office) = Office::open("SHA-256").await? else {
        return Ok(());
    };
    let dead = server(address()?, ServerTransport::Tcp);
    office.connect(vec![office.trunk(1, vec![dead, office.server(ServerTransport::Udp)])])?;
    office.is_registered().await
}

#[tokio::test]
async fn a_call_goes_on_to_the_next_trunk_when_the_first_ones_server_says_nothing() -> Result<()> {
    let Some(office) = Office::open("MD5").await? else {
        return Ok(());
    };
    let silent = server(address()?, ServerTransport::Udp);
    let refused = server(address()?, ServerTransport::Tcp);
    office.connect(vec![
        office.trunk(2, vec![refused, silent]),
        office.trunk(1, vec![office.server(ServerTransport::Udp)]),
    ])?;
    office.is_registered().await?;
    let (mut ours, mut theirs) = office.phones().await?;
    let outside = format!("sip:89161234567@{}", office.app.ground.sip);
    talk(&mut ours, &mut theirs, &outside, (OURS, THEIRS)).await?;
    ours.quit().await?;
    theirs.quit().await
}
