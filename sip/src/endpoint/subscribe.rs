//! Subscriptions to what the owner knows (RFC 6665): SUBSCRIBE comes in, NOTIFY goes out.

use std::borrow::Cow;
use std::time::Duration;

use super::incoming::Incoming;
use super::outgoing::{Answer, NO_HEADERS, Outgoing};
use super::{Endpoint, Held};
use crate::Now;
use crate::command::{Headers, Reply, SubscriptionState, TerminatedReason};
use crate::dialog::route_set::address;
use crate::dialog::subscription::{Notice, Stage, Subscription};
use crate::dialog::{Dialog, OutOfOrder, text};
use crate::event::{Event, SubscriptionId};
use crate::flow::FlowId;
use crate::tx::Reliability;
use crate::tx::key::{push_token, read_token};
use crate::tx::store::Purpose;
use crate::wire::{HeaderName, Message, Method};

impl Endpoint {
    /// A SUBSCRIBE outside dialogs (RFC 6665 section 4.2.1).
    pub(super) fn on_subscribe(&mut self, incoming: Incoming, now: Now) {
        if self.subscriptions.len() >= self.config.limits.subscriptions {
            self.totals.overload += 1;
            return self.refuse_busy(&incoming);
        }
        let event = match incoming.message.event_type() {
            Some(Ok(event)) => event.to_string(),
            Some(Err(_)) => return self.refuse_for_good(&incoming, malformed(), now),
            None => String::new(),
        };
        if self.is_too_brief(&incoming.message) {
            return self.refuse_brief(&incoming, now);
        }
        let local_tag = self.secret.tag(incoming.key);
        if self.subscriptions.by_tag(local_tag).is_some() {
            return self.refuse_stateless(&incoming, 482, NO_HEADERS);
        }
        let Some(tx) = self.open_server(&incoming, None, now) else {
            return self.refuse_busy(&incoming);
        };
        let mut local = text(incoming.message.header(HeaderName::To).unwrap_or_default());
        local.push_str(";tag=");
        push_token(&mut local, local_tag);
        let flow = incoming.flow;
        let subscription = self.subscriptions.add(Subscription {
            flow,
            call_id: text(incoming.message.call_id().unwrap_or_default()),
            local_tag,
            local,
            local_cseq: 0,
            dialog: Dialog::of_request(&incoming.message),
            event,
            stage: Stage::Asking { tx },
            longest: 0,
            expires: now.instant + self.config.timers.give_up(),
            outstanding: None,
            waiting: None,
        });
        self.hold_subscription(subscription, flow);
        self.events.push_back(Event::Subscribe {
            subscription,
            request: incoming.message,
            flow,
        });
    }

    fn is_too_brief(&self, request: &Message) -> bool {
        let asked = request.expires();
        asked.is_some_and(|asked| asked > 0 && asked < self.config.subscriptions.min_expires)
    }

    fn refuse_brief(&mut self, incoming: &Incoming, now: Now) {
        let least = self.config.subscriptions.min_expires.to_string();
        let headers: Headers = vec![(Cow::Borrowed("Min-Expires"), least)];
        let answer = Answer {
            headers: &headers,
            ..Answer::of(423)
        };
        self.refuse_for_good(incoming, answer, now);
    }

    /// Our tag names the subscription; Call-ID and the peer's tag have to agree.
    pub(super) fn find_subscription(&self, request: &Message) -> Option<SubscriptionId> {
        let id = self.subscriptions.by_tag(read_token(request.to_tag()?)?)?;
        let subscription = self.subscriptions.get(id)?;
        let same = request.call_id() == Some(subscription.call_id.as_bytes())
            && request.from_tag().unwrap_or_default() == subscription.dialog.remote_tag;
        same.then_some(id)
    }

    /// A request in a subscription's dialog. The dialog is the subscription's alone (RFC 6665 section 4.5.2).
    pub(super) fn on_in_subscription(&mut self, id: SubscriptionId, incoming: Incoming, now: Now) {
        let Some(subscription) = self.subscriptions.get_mut(id) else {
            return;
        };
        if subscription.dialog.advance(incoming.cseq) == Err(OutOfOrder) {
            return self.refuse_for_good(&incoming, Answer::of(500), now);
        }
        match incoming.message.method() {
            Method::Subscribe => self.on_resubscribe(id, incoming, now),
            Method::Options => {
                let answer = Answer {
                    abilities: true,
                    contact: true,
                    ..Answer::of(200)
                };
                self.answer_stateless(&incoming, &answer);
            }
            Method::Invite
            | Method::Ack
            | Method::Bye
            | Method::Cancel
            | Method::Register
            | Method::Prack
            | Method::Update
            | Method::Info
            | Method::Refer
            | Method::Notify
            | Method::Publish
            | Method::Message
            | Method::Other(_) => self.refuse_for_good(&incoming, Answer::of(481), now),
        }
    }

    /// A refresh, or with 0 the end (RFC 6665 sections 4.1.2.2 and 4.1.2.3).
    fn on_resubscribe(&mut self, id: SubscriptionId, incoming: Incoming, now: Now) {
        let Some(subscription) = self.subscriptions.get(id) else {
            return;
        };
        let same = match incoming.message.event_type() {
            Some(Ok(event)) => event.to_string() == subscription.event,
            Some(Err(_)) | None => false,
        };
        if !same || subscription.stage != Stage::Active {
            return self.refuse_for_good(&incoming, Answer::of(481), now);
        }
        if self.is_too_brief(&incoming.message) {
            return self.refuse_brief(&incoming, now);
        }
        let expires = incoming
            .message
            .expires()
            .map_or(subscription.longest, |asked| asked.min(subscription.longest));
        let Some(tx) = self.open_server(&incoming, None, now) else {
            return self.refuse_busy(&incoming);
        };
        self.move_subscription(id, incoming.flow);
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            subscription.dialog.refresh(&incoming.message);
        }
        self.grant(id, (tx, expires), NO_HEADERS, now);
        self.events.push_back(Event::SubscriptionRefreshed {
            subscription: id,
            expires,
        });
    }

    pub(super) fn accept_subscription(&mut self, id: SubscriptionId, longest: u32, headers: &Headers, now: Now) {
        let Some(subscription) = self.subscriptions.get_mut(id) else {
            return;
        };
        let Stage::Asking { tx } = subscription.stage else {
            return;
        };
        let longest = longest.min(self.config.subscriptions.max_expires);
        subscription.longest = longest;
        let asked = self.server_request(tx).and_then(Message::expires);
        let expires = asked.map_or(longest, |asked| asked.min(longest));
        self.grant(id, (tx, expires), headers, now);
    }

    /// 200 with the time that is left.
    fn grant(&mut self, id: SubscriptionId, (tx, expires): (u64, u32), headers: &Headers, now: Now) {
        let left = match expires {
            0 => self.config.timers.give_up(),
            seconds => Duration::from_secs(u64::from(seconds)),
        };
        self.subscriptions.prolong(id, now.instant + left);
        if let Some(subscription) = self.subscriptions.get_mut(id) {
            subscription.stage = if expires == 0 { Stage::Parting } else { Stage::Active };
        }
        let mut all: Headers = vec![(Cow::Borrowed("Expires"), expires.to_string())];
        all.extend(headers.iter().cloned());
        let answer = Answer {
            headers: &all,
            contact: true,
            ..Answer::of(200)
        };
        self.answer(tx, &answer, now);
    }

    pub(super) fn refuse_subscription(&mut self, id: SubscriptionId, reply: &Reply, now: Now) {
        let stage = self.subscriptions.get(id).map(|subscription| subscription.stage);
        let Some(Stage::Asking { tx }) = stage else { return };
        let status = if (300..700).contains(&reply.status) {
            reply.status
        } else {
            500
        };
        let answer = Answer {
            status,
            ..Answer::from_reply(reply)
        };
        self.answer(tx, &answer, now);
        self.end_subscription(id);
    }

    /// Tells the peer, at once or after the NOTIFY that is under way.
    pub(super) fn notify(&mut self, id: SubscriptionId, mut notice: Notice, now: Now) {
        let Some(subscription) = self.subscriptions.get_mut(id) else {
            return;
        };
        let last = matches!(notice.state, SubscriptionState::Terminated(_));
        match subscription.stage {
            Stage::Asking { .. } | Stage::Over => return,
            Stage::Active if last => subscription.stage = Stage::Over,
            Stage::Active => {}
            Stage::Parting => {
                subscription.stage = Stage::Over;
                if !last {
                    notice.state = SubscriptionState::Terminated(TerminatedReason::Timeout);
                }
            }
        }
        let over = subscription.stage == Stage::Over;
        let (under_way, flow) = (subscription.outstanding.is_some(), subscription.flow);
        // Without a connection the state waits for the next one.
        if under_way || !over && self.lost.has(&flow) {
            subscription.waiting = Some(notice);
        } else {
            subscription.waiting = None;
            self.send_notice(id, &notice, now);
        }
    }

    fn send_notice(&mut self, id: SubscriptionId, notice: &Notice, now: Now) {
        let branch = self.new_branch();
        let Some(subscription) = self.subscriptions.get_mut(id) else {
            return;
        };
        subscription.outstanding = Some(branch);
        let cseq = subscription.next_cseq();
        let Some(subscription) = self.subscriptions.get(id) else {
            return;
        };
        let left = subscription.expires.saturating_duration_since(now.instant).as_secs();
        let mut headers: Headers = vec![
            (Cow::Borrowed("Event"), subscription.event.clone()),
            (Cow::Borrowed("Subscription-State"), notice.state.value(left)),
        ];
        headers.extend(notice.headers.iter().cloned());
        let (dialog, over) = (&subscription.dialog, subscription.stage == Stage::Over);
        let flow = dialog.destination(&subscription.flow);
        let outgoing = Outgoing {
            method: "NOTIFY",
            address: address(&dialog.routes, &dialog.target),
            from: &subscription.local,
            to: &dialog.remote,
            call_id: &subscription.call_id,
            cseq,
            flow: &flow,
            branch,
            max_forwards: 70,
            contact: true,
            abilities: false,
            session_ids: None,
            more: NO_HEADERS,
            headers: &headers,
            body: notice.body.as_ref(),
        };
        let bytes = self.request(&outgoing);
        let purpose = if over {
            Purpose::Farewell { aor: None }
        } else {
            Purpose::Notify { subscription: id }
        };
        if over {
            self.end_subscription(id);
        }
        self.start_other(branch, flow, (bytes, purpose), now);
    }

    /// What came of a NOTIFY; what RFC 5057 section 5.1 calls the end of the usage or of the dialog ends it here.
    pub(super) fn on_notify_result(&mut self, id: SubscriptionId, status: u16, response: Option<&Message>, now: Now) {
        let Some(subscription) = self.subscriptions.get_mut(id) else {
            return;
        };
        subscription.outstanding = None;
        let fatal = matches!(
            status,
            404 | 405 | 408 | 410 | 416 | 480..=482 | 484 | 485 | 489 | 501 | 502 | 604
        );
        if fatal {
            return self.lose_subscription(id);
        }
        if let Some(response) = response.filter(|_| status < 300) {
            subscription.dialog.refresh(response);
        }
        if let Some(notice) = subscription.waiting.take() {
            self.send_notice(id, &notice, now);
        }
    }

    pub(super) fn expire_subscriptions(&mut self, now: Now) {
        while let Some(id) = self.subscriptions.pop_expired(now.instant) {
            let stage = self.subscriptions.get(id).map(|subscription| subscription.stage);
            match stage {
                Some(Stage::Active) => {
                    let notice = Notice {
                        state: SubscriptionState::Terminated(TerminatedReason::Timeout),
                        headers: Vec::new(),
                        body: None,
                    };
                    self.notify(id, notice, now);
                    self.events.push_back(Event::SubscriptionEnded { subscription: id });
                }
                Some(Stage::Asking { .. } | Stage::Parting) => self.lose_subscription(id),
                Some(Stage::Over) | None => {}
            }
        }
    }

    /// It ends without another word; the owner hears of it unless it has said its last already.
    pub(super) fn lose_subscription(&mut self, id: SubscriptionId) {
        let Some(subscription) = self.end_subscription(id) else {
            return;
        };
        if subscription.stage != Stage::Over {
            self.events.push_back(Event::SubscriptionEnded { subscription: id });
        }
    }

    fn end_subscription(&mut self, id: SubscriptionId) -> Option<Box<Subscription>> {
        let subscription = self.subscriptions.remove(id)?;
        self.release(subscription.flow, Held::Subscription(id));
        Some(subscription)
    }

    pub(super) fn hold_subscription(&mut self, id: SubscriptionId, flow: FlowId) {
        if Reliability::of(flow.transport) == Reliability::Reliable {
            self.held.insert((flow, Held::Subscription(id)));
        }
    }

    /// As sessions move: a connection that is opened for one large message takes nothing from the datagrams.
    fn move_subscription(&mut self, id: SubscriptionId, flow: FlowId) -> bool {
        let Some(subscription) = self.subscriptions.get_mut(id) else {
            return false;
        };
        let [old, new] = [subscription.flow, flow].map(|flow| Reliability::of(flow.transport));
        if subscription.flow == flow || (old, new) == (Reliability::Unreliable, Reliability::Reliable) {
            return false;
        }
        let old = std::mem::replace(&mut subscription.flow, flow);
        self.release(old, Held::Subscription(id));
        self.hold_subscription(id, flow);
        true
    }

    /// A subscriber that was at `old` speaks from elsewhere; whether that is so. It wants a `Notify` with the full state
    /// then, which takes the place of one that has not been answered.
    pub fn move_subscriber(&mut self, id: SubscriptionId, old: &FlowId, new: FlowId) -> bool {
        let found = self.subscriptions.get(id);
        let here = found.is_some_and(|found| found.flow == *old && found.stage == Stage::Active);
        let moved = here && self.move_subscription(id, new);
        if moved
            && let Some(notice) = self
                .subscriptions
                .get_mut(id)
                .and_then(|subscription| subscription.outstanding.take())
        {
            self.forget_client(notice);
        }
        self.review_lost();
        moved
    }

    /// The connection of a NOTIFY is gone.
    pub(super) fn on_notify_unheard(&mut self, id: SubscriptionId, now: Now) {
        let Some(subscription) = self.subscriptions.get_mut(id) else {
            return;
        };
        subscription.outstanding = None;
        if subscription.stage == Stage::Over
            && let Some(last) = subscription.waiting.take()
        {
            self.send_notice(id, &last, now);
        }
    }

    /// A connection is gone: whoever watches is told more over the next one. What was about to end ends.
    pub(super) fn on_subscription_flow_closed(&mut self, id: SubscriptionId) {
        match self.subscriptions.get(id).map(|subscription| subscription.stage) {
            Some(Stage::Active) | None => {}
            Some(Stage::Asking { .. } | Stage::Parting | Stage::Over) => self.lose_subscription(id),
        }
    }
}

fn malformed() -> Answer<'static> {
    Answer {
        reason: Some("Malformed Event"),
        ..Answer::of(400)
    }
}
