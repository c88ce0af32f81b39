//! Our registrations with providers, on the wire.

use std::borrow::Cow;
use std::sync::Arc;

use frontdesk_routing::ids::TrunkId;
use frontdesk_routing::plan::trunks::Registration;
use frontdesk_sip::Now;
use frontdesk_sip::auth::Credentials;
use frontdesk_sip::command::{Command, Party, Request};
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::trunk::register::Register;
use frontdesk_sip::wire::Message;

use super::servers::{Address, transport_param, uri_host};
use super::{Asked, Due, Engine, Line};

impl Line {
    pub(super) fn registration(&self) -> Option<&Registration> {
        self.trunk.provider.as_ref()?.registration.as_ref()
    }

    /// Which of our Contacts is this trunk's.
    pub(super) fn mark(&self) -> String {
        format!(";line={}", self.token)
    }
}

pub(super) fn credentials(registration: &Registration) -> Arc<Credentials> {
    Arc::new(Credentials {
        user: registration.auth_user.clone(),
        secret: registration.secret.clone(),
    })
}

impl Engine {
    /// The time of a registration has come, perhaps.
    pub(super) fn register_trunk(&mut self, id: TrunkId, now: Now) {
        let (random, token) = (self.spread(), self.token());
        let Some(line) = self.trunks.lines.get(&id) else { return };
        let (trunk, home) = (Arc::clone(&line.trunk), line.home);
        let mut addresses = self.listed(&trunk);
        // Whoever holds the registration renews it; the order stays until another one does.
        addresses.sort_by_key(|(address, _)| Some(*address) != home);
        let Some(line) = self.trunks.lines.get_mut(&id) else {
            return;
        };
        let Some(register) = &mut line.register else { return };
        let ask = register.poll(addresses.len(), random, now);
        let again = register.deadline().filter(|at| *at > now.instant);
        self.trunks.due.extend(again.map(|at| (at, Due::Register(id))));
        let Some((ask, (address, host))) = ask.and_then(|ask| Some((ask, addresses.get(ask.server)?.clone()))) else {
            return self.tell_trunk(id, now);
        };
        (line.at, line.asked) = (Some(address), Some(token));
        let servers = addresses.len();
        self.trunks.ask(token, Asked::Register { trunk: id, servers }, now);
        let sent = self.send_register((id, token), (address, &host), ask.expires, now);
        if !sent {
            self.on_trunk_response(token, (503, None), now);
        }
    }

    /// Takes our Contact back; nobody waits for the answer.
    pub(super) fn unregister(&mut self, id: TrunkId, now: Now) {
        let Some(line) = self.trunks.lines.get(&id) else { return };
        let registered = line.register.as_ref().is_some_and(Register::is_registered);
        if let Some(address) = line.at.filter(|_| registered) {
            let token = self.token();
            let host = self.trunks.host_of(address);
            self.send_register((id, token), (address, &host), 0, now);
        }
    }

    fn send_register(
        &mut self,
        (id, token): (TrunkId, u64),
        (address, host): (Address, &str),
        expires: u32,
        now: Now,
    ) -> bool {
        let Some(flow) = self.flow_to(address) else {
            return false;
        };
        let Some(line) = self.trunks.lines.get(&id) else {
            return false;
        };
        let Some(registration) = line.registration() else {
            return false;
        };
        let host = uri_host(host);
        let us = Party {
            display: String::new(),
            uri: format!("sip:{}@{host}", registration.user),
        };
        let contact = self.contact(line, registration, &flow);
        let request = Request {
            token,
            flow,
            method: Cow::Borrowed("REGISTER"),
            request_uri: format!("sip:{host}"),
            route: Vec::new(),
            from: us.clone(),
            to: us,
            max_forwards: 70,
            headers: vec![
                (Cow::Borrowed("Contact"), contact),
                (Cow::Borrowed("Expires"), expires.to_string()),
            ],
            body: None,
            after: line.after.clone(),
            credentials: Some(credentials(registration)),
        };
        self.endpoint.command(Command::Request(Box::new(request)), now);
        true
    }

    fn contact(&self, line: &Line, registration: &Registration, flow: &FlowId) -> String {
        let us = self.config.endpoint.advertise.signalling_address(flow);
        let transport = transport_param(flow.transport);
        format!("<sip:{}@{us}{transport}{}>", registration.user, line.mark())
    }

    /// A server may have lost what it knew of us, or be gone: whoever is registered there says so again, there or elsewhere.
    pub(super) fn register_again(&mut self, at: Address, now: Now) {
        let random = self.spread();
        let mut due = Vec::new();
        for (id, line) in &mut self.trunks.lines {
            if line.at == Some(at)
                && let Some(register) = &mut line.register
            {
                register.renew(random, now);
                due.extend(register.deadline().map(|at| (at, Due::Register(*id))));
            }
        }
        self.trunks.due.extend(due);
    }

    pub(super) fn on_registered(
        &mut self,
        (id, servers): (TrunkId, usize),
        (status, response): (u16, Option<Message>),
        now: Now,
    ) {
        let random = self.spread();
        let Some(line) = self.trunks.lines.get_mut(&id) else {
            return;
        };
        let mark = line.mark();
        let Some(register) = &mut line.register else { return };
        register.answered((status, response.as_ref()), (servers, &mark), random, now);
        let due = register.deadline();
        // Without an answer nobody knows which request was the last: a new Call-ID begins anew.
        line.after = response;
        let failed = line.at.filter(|_| line.after.is_none() || status >= 500);
        match status {
            200..=299 => line.home = line.at,
            423 => {}
            _ => line.at = None,
        }
        self.trunks.due.extend(due.map(|at| (at, Due::Register(id))));
        if let Some(address) = failed {
            self.has_failed(address, now);
        }
        self.tell_trunk(id, now);
    }
}

impl super::Trunks {
    pub(super) fn host_of(&self, address: Address) -> String {
        self.peers
            .get(&address)
            .map(|peer| peer.host.to_string())
            .unwrap_or_default()
    }
}
