//! What a phone watches: a subscriber of its own making, which shares nothing with the server's notifier.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_sip::Now;
use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::{Framing, HeaderName, Message, Method, RequestBuilder, ResponseBuilder};

use super::{DOMAIN, Phone};
use crate::world::BEGINNING;

const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const GIVE_UP: Duration = Duration::from_secs(32);

/// One subscription as the phone lives it.
#[derive(Debug, Clone)]
pub struct Watching {
    pub package: &'static str,
    pub number: String,
    /// Final statuses of its SUBSCRIBEs, without the challenges.
    pub answers: Vec<u16>,
    /// Subscription-State of the last NOTIFY.
    pub state: String,
    /// Bodies of all NOTIFYs in order, without repetitions.
    pub told: Vec<String>,
    /// The last NOTIFY came, or there never will be one.
    pub over: bool,
    /// The server has granted its end; a last NOTIFY may still come.
    pub ending: bool,
    /// What NOTIFYs are answered; 0: nothing.
    pub answer: u16,
    /// Subscribes anew when the server knows nothing of it any more.
    pub faithful: bool,
    /// Header fields of its SUBSCRIBEs.
    pub extra: Vec<(&'static str, String)>,
    expires: u32,
    call_id: String,
    local_tag: String,
    remote_tag: Option<String>,
    target: String,
    cseq: u32,
    heard: u32,
    authorization: Option<String>,
    under_way: Option<UnderWay>,
    refresh_at: Option<Duration>,
}

#[derive(Debug, Clone)]
struct UnderWay {
    bytes: Bytes,
    cseq: u32,
    again_at: Duration,
    interval: Duration,
    until: Duration,
}

/// What a phone sends beside its calls.
#[derive(Debug, Default)]
pub(super) struct Outbox(pub(super) VecDeque<Bytes>);

fn elapsed(now: Now) -> Duration {
    Duration::from_millis(u64::try_from(now.unix_ms - BEGINNING).expect("after the beginning"))
}

fn text(value: Option<&[u8]>) -> String {
    String::from_utf8_lossy(&Message::unfold(value.unwrap_or_default())).into_owned()
}

impl Watching {
    pub fn last(&self) -> &str {
        self.told.last().map(String::as_str).unwrap_or_default()
    }

    /// The lamp as the last NOTIFY leaves it: the states of all dialogs.
    pub fn lamp(&self) -> Vec<&str> {
        let states = self.last().split("<state>").skip(1);
        states.filter_map(|rest| rest.split('<').next()).collect()
    }

    pub fn is_active(&self) -> bool {
        !self.over && !self.ending && self.state.starts_with("active")
    }
}

impl Phone {
    /// Subscribes; the place of the subscription in `watching`.
    pub fn watch(&mut self, package: &'static str, number: &str, expires: u32, now: Now) -> usize {
        self.watch_with(package, number, (expires, Vec::new()), now)
    }

    pub fn watch_with(
        &mut self,
        package: &'static str,
        number: &str,
        (expires, extra): (u32, Vec<(&'static str, String)>),
        now: Now,
    ) -> usize {
        self.watching.push(Watching {
            package,
            number: number.to_owned(),
            answers: Vec::new(),
            state: String::new(),
            told: Vec::new(),
            over: false,
            ending: false,
            answer: 200,
            faithful: true,
            extra,
            expires,
            call_id: String::new(),
            local_tag: String::new(),
            remote_tag: None,
            target: String::new(),
            cseq: 0,
            heard: 0,
            authorization: None,
            under_way: None,
            refresh_at: None,
        });
        let index = self.watching.len() - 1;
        self.begin(index, now);
        index
    }

    /// Expires 0: unsubscribes.
    pub fn unwatch(&mut self, index: usize, now: Now) {
        let watching = &mut self.watching[index];
        if watching.over {
            return;
        }
        watching.faithful = false;
        watching.expires = 0;
        // Without a dialog there is nothing to end yet: the 200 brings it.
        if watching.remote_tag.is_some() {
            self.subscribe(index, now);
        }
    }

    pub fn unwatch_all(&mut self, now: Now) {
        for index in 0..self.watching.len() {
            self.unwatch(index, now);
        }
    }

    /// Refreshes before its time.
    pub fn refresh(&mut self, index: usize, now: Now) {
        self.subscribe(index, now);
    }

    /// A new dialog.
    fn begin(&mut self, index: usize, now: Now) {
        self.token += 1;
        let id = format!("{}{}", self.name.replace('\'', "2"), self.token);
        let watching = &mut self.watching[index];
        watching.call_id = format!("w-{id}");
        watching.local_tag = format!("t{id}");
        watching.remote_tag = None;
        watching.target = format!("sip:{}@{DOMAIN}", watching.number);
        watching.cseq = 0;
        watching.heard = 0;
        watching.authorization = None;
        self.subscribe(index, now);
    }

    fn subscribe(&mut self, index: usize, now: Now) {
        self.watching[index].cseq += 1;
        let bytes = self.written(index);
        let at = elapsed(now);
        self.outbox.0.push_back(bytes.clone());
        let watching = &mut self.watching[index];
        watching.refresh_at = None;
        watching.under_way = Some(UnderWay {
            bytes,
            cseq: watching.cseq,
            again_at: at + T1,
            interval: T1,
            until: at + GIVE_UP,
        });
    }

    fn written(&self, index: usize) -> Bytes {
        let watching = &self.watching[index];
        let name = match self.flow.transport {
            Transport::Udp => "UDP",
            _ => "TCP",
        };
        let tag = watching.remote_tag.as_ref().map(|tag| format!(";tag={tag}"));
        let to = format!("<sip:{}@{DOMAIN}>{}", watching.number, tag.unwrap_or_default());
        let branch = format!("z9hG4bK{}-{}", watching.call_id, watching.cseq);
        let mut request = RequestBuilder::new("SUBSCRIBE", &watching.target)
            .header("Via", &format!("SIP/2.0/{name} {};rport;branch={branch}", self.home))
            .header("Max-Forwards", "70")
            .header(
                "From",
                &format!("<sip:{}@{DOMAIN}>;tag={}", self.user, watching.local_tag),
            )
            .header("To", &to)
            .header("Call-ID", &watching.call_id)
            .header("CSeq", &format!("{} SUBSCRIBE", watching.cseq))
            .header(
                "Contact",
                &format!("<sip:{}@{}{}>", self.user, self.home, self.transport_param()),
            )
            .header("Event", watching.package)
            .header("Expires", &watching.expires.to_string());
        for (name, value) in &watching.extra {
            request = request.header(name, value);
        }
        if let Some(value) = &watching.authorization {
            request = request.header("Authorization", value);
        }
        request.body(None).finish()
    }

    /// Takes what belongs to a subscription; false: it is something else.
    pub(super) fn hears_of_watched(&mut self, bytes: &Bytes, now: Now) -> bool {
        let Ok(message) = Message::parse(bytes.clone(), Framing::Datagram) else {
            return false;
        };
        let call_id = text(message.call_id());
        let Some(index) = self.watching.iter().position(|watching| watching.call_id == call_id) else {
            return false;
        };
        match (message.status(), message.method()) {
            (None, Method::Notify) => self.on_notify(index, &message),
            (Some(status), Method::Subscribe) if status >= 200 => self.on_subscribed(index, status, &message, now),
            _ => {}
        }
        true
    }

    fn on_notify(&mut self, index: usize, request: &Message) {
        let watching = &mut self.watching[index];
        let cseq = request.cseq().expect("a CSeq").0;
        assert_eq!(text(request.to_tag()), watching.local_tag, "not our dialog");
        let tag = text(request.from_tag());
        assert!(
            watching.remote_tag.get_or_insert(tag.clone()) == &tag,
            "another dialog's NOTIFY"
        );
        let event = text(request.header(HeaderName::Event));
        assert_eq!(event, watching.package, "another package's NOTIFY");
        if cseq > watching.heard {
            watching.heard = cseq;
            watching.state = text(request.header(HeaderName::Other("Subscription-State")));
            if !request.body().is_empty() {
                watching.told.push(String::from_utf8_lossy(request.body()).into_owned());
            }
            if watching.state.starts_with("terminated") {
                watching.over = true;
                watching.refresh_at = None;
            }
        }
        if watching.answer > 0 {
            let response = ResponseBuilder::to(request, watching.answer, "").body(None).finish();
            self.outbox.0.push_back(response);
        }
    }

    fn on_subscribed(&mut self, index: usize, status: u16, response: &Message, now: Now) {
        let cseq = response.cseq().map(|(number, _)| number);
        let watching = &mut self.watching[index];
        if watching.under_way.as_ref().map(|under_way| under_way.cseq) != cseq {
            return;
        }
        watching.under_way = None;
        match status {
            401 if watching.authorization.is_none() => {
                let uri = watching.target.clone();
                let value = self.credentials(response, "SUBSCRIBE", &uri);
                self.watching[index].authorization = value;
                self.subscribe(index, now);
            }
            200..300 => {
                watching.answers.push(status);
                watching.remote_tag.get_or_insert(text(response.to_tag()));
                if let Some(Ok(contact)) = response.contacts().next() {
                    watching.target = text(Some(contact.raw_uri()));
                }
                let granted = response.expires().expect("a 200 says how long");
                watching.ending = granted == 0;
                if granted > 0 && watching.expires == 0 {
                    self.subscribe(index, now);
                } else if granted > 0 && !watching.over {
                    watching.refresh_at = Some(elapsed(now) + Duration::from_secs(u64::from(granted)) / 2);
                }
            }
            status => {
                watching.answers.push(status);
                if status == 481 && watching.faithful && watching.remote_tag.is_some() {
                    self.begin(index, now);
                } else {
                    self.watching[index].over = true;
                }
            }
        }
    }

    pub(super) fn watches_pass(&mut self, now: Now) {
        let at = elapsed(now);
        for index in 0..self.watching.len() {
            let watching = &mut self.watching[index];
            if watching.refresh_at.is_some_and(|due| due <= at) {
                self.subscribe(index, now);
                continue;
            }
            let Some(under_way) = &mut watching.under_way else {
                continue;
            };
            if under_way.until <= at {
                watching.under_way = None;
                watching.answers.push(408);
                watching.over = true;
            } else if under_way.again_at <= at {
                under_way.interval = (under_way.interval * 2).min(T2);
                under_way.again_at = at + under_way.interval;
                if self.flow.transport == Transport::Udp {
                    self.outbox.0.push_back(under_way.bytes.clone());
                }
            }
        }
    }

    pub(super) fn watches_deadline(&self) -> Option<Duration> {
        let times = self.watching.iter().flat_map(|watching| {
            let under_way = watching.under_way.as_ref();
            [
                watching.refresh_at,
                under_way.map(|under_way| under_way.again_at),
                under_way.map(|under_way| under_way.until),
            ]
        });
        times.flatten().min()
    }
}
