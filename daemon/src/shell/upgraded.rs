//! WebSocket connections that the HTTP listener took (at `/ws`) and whose messages come to us by a queue.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use frontdesk_sip::flow::{FlowId, Transport};
use mio::Waker;
use tokio::sync::mpsc;

use super::facing::Facing;
use super::limits::Limits;
use super::streams::Arrived;

/// Marks their [`FlowId::connection`], so that they are never taken for one of the shell's own.
const UPGRADED: u64 = 1 << 61;
/// Messages of all of them that may wait for the engine.
const WAITING: usize = 4_096;
/// Messages that may wait for a slow reader before its connection is closed.
const UNSENT: usize = 64;

#[derive(Debug)]
enum News {
    Opened {
        id: u64,
        whence: (Transport, SocketAddr),
        sender: mpsc::Sender<Bytes>,
    },
    Message {
        id: u64,
        bytes: Bytes,
    },
    Closed {
        id: u64,
    },
}

/// The way for the HTTP side to hand a connection over.
#[derive(Debug, Clone)]
pub struct UpgradeHandle {
    news: mpsc::Sender<News>,
    waker: Arc<Waker>,
    last: Arc<AtomicU64>,
}

impl UpgradeHandle {
    /// Hands a connection over, with how the phone speaks and where it is; `None` when the engine is gone.
    pub async fn open(&self, whence: (Transport, SocketAddr)) -> Option<Upgrade> {
        let id = UPGRADED | (self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let (sender, outgoing) = mpsc::channel(UNSENT);
        let upgrade = Upgrade {
            id,
            handle: self.clone(),
            outgoing,
        };
        let opened = News::Opened { id, whence, sender };
        upgrade.handle.tell(opened).await.then_some(upgrade)
    }

    async fn tell(&self, news: News) -> bool {
        let told = self.news.send(news).await.is_ok();
        let _ = self.waker.wake();
        told
    }
}

/// A connection as the HTTP side holds it. Dropped without [`Upgrade::close`] it is found out within a second.
#[derive(Debug)]
pub struct Upgrade {
    id: u64,
    handle: UpgradeHandle,
    outgoing: mpsc::Receiver<Bytes>,
}

impl Upgrade {
    /// A whole message came; waits while the engine is far behind. False when that is gone.
    pub async fn received(&self, bytes: Bytes) -> bool {
        let id = self.id;
        self.handle.tell(News::Message { id, bytes }).await
    }

    /// The next message to send; `None` when the connection is to be closed.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.outgoing.recv().await
    }

    pub async fn close(self) {
        self.handle.tell(News::Closed { id: self.id }).await;
    }
}

#[derive(Debug)]
struct Guest {
    flow: FlowId,
    sender: mpsc::Sender<Bytes>,
}

/// The shell's side of all of them.
#[derive(Debug)]
pub(super) struct Upgraded {
    news: mpsc::Receiver<News>,
    guests: BTreeMap<u64, Guest>,
    per_source: HashMap<IpAddr, usize>,
    limits: Limits,
    /// The HTTP listener's address.
    bound: SocketAddr,
    arrived: VecDeque<Arrived>,
}

/// Both ends; `waker` wakes the shell's loop.
pub(super) fn upgrades(waker: Arc<Waker>, limits: Limits) -> (UpgradeHandle, Upgraded) {
    let (sender, news) = mpsc::channel(WAITING);
    let handle = UpgradeHandle {
        news: sender,
        waker,
        last: Arc::default(),
    };
    let upgraded = Upgraded {
        news,
        guests: BTreeMap::new(),
        per_source: HashMap::new(),
        limits,
        bound: SocketAddr::from(([127, 0, 0, 1], 0)),
        arrived: VecDeque::new(),
    };
    (handle, upgraded)
}

impl Upgraded {
    /// Whether the connection is one of these.
    pub(super) fn is_of(flow: &FlowId) -> bool {
        !flow.is_opened_here() && flow.connection & UPGRADED != 0
    }

    /// The HTTP listener's address.
    pub(super) fn listen(&mut self, http: SocketAddr) {
        self.bound = http;
    }

    pub(super) fn open(&self) -> usize {
        self.guests.len()
    }

    /// What came, in order.
    pub(super) fn poll(&mut self) -> Option<Arrived> {
        self.arrived.pop_front()
    }

    /// Takes what the HTTP side has sent; what comes later wakes the loop again.
    pub(super) fn take(&mut self, facing: &mut Facing, now: Instant) {
        for _ in 0..WAITING {
            match self.news.try_recv() {
                Ok(News::Opened {
                    id,
                    whence: (transport, peer),
                    sender,
                }) => {
                    let flow = FlowId {
                        transport,
                        local: facing.local(self.bound, peer, now),
                        peer,
                        connection: id,
                    };
                    self.welcome(flow, sender);
                }
                Ok(News::Message { id, bytes }) => {
                    let flow = self.guests.get(&id).map(|guest| guest.flow);
                    self.arrived.extend(flow.map(|flow| Arrived::Message(flow, bytes)));
                }
                Ok(News::Closed { id }) => self.close(id),
                Err(_) => return,
            }
        }
    }

    /// A connection that does not keep up is closed.
    pub(super) fn send(&mut self, flow: &FlowId, bytes: Bytes) {
        if let Some(guest) = self.guests.get(&flow.connection)
            && guest.sender.try_send(bytes).is_err()
        {
            self.close(flow.connection);
        }
    }

    /// The HTTP side sees that its queue has ended.
    pub(super) fn close(&mut self, id: u64) {
        let Some(guest) = self.guests.remove(&id) else {
            return;
        };
        let source = guest.flow.peer.ip();
        if let Some(count) = self.per_source.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.per_source.remove(&source);
            }
        }
        self.arrived.push_back(Arrived::Closed(guest.flow));
    }

    /// Once a second: those whose other end is gone without a word.
    pub(super) fn sweep(&mut self) {
        let gone: Vec<u64> = self
            .guests
            .iter()
            .filter(|(_, guest)| guest.sender.is_closed())
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.close(id);
        }
    }

    fn welcome(&mut self, flow: FlowId, sender: mpsc::Sender<Bytes>) {
        let source = flow.peer.ip();
        let of_source = self.per_source.entry(source).or_insert(0);
        if self.guests.len() >= self.limits.connections || *of_source >= self.limits.connections_per_source {
            if *of_source == 0 {
                self.per_source.remove(&source);
            }
            return;
        }
        *of_source += 1;
        self.guests.insert(flow.connection, Guest { flow, sender });
    }
}
