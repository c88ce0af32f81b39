//! Media threads and phones on real sockets, as the tests use them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use frontdesk_media::io::command::{
    AudioFormat, Codec, Direction, LegMedia, LegStats, MediaCommand, MediaLegId, MediaNotice,
};
use frontdesk_media::io::{Handle, IoConfig, start};
use frontdesk_media::ports::PortStock;
use frontdesk_media::rtp::packet::{HEADER, Header};
use frontdesk_media::tap::{TapConsumer, TapMessage};

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
pub(crate) const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Media threads and what they said.
pub(crate) struct House {
    pub(crate) handle: Handle,
    pub(crate) notices: Receiver<MediaNotice>,
    pub(crate) taps: Vec<TapConsumer>,
    pub(crate) stock: PortStock,
}

impl House {
    pub(crate) fn open(config: &IoConfig) -> House {
        let (sender, notices) = channel();
        let (handle, taps) = start(config, move |notice| drop(sender.send(notice))).unwrap();
        let mut house = House {
            handle,
            notices,
            taps,
            stock: PortStock::new(config.range, config.threads),
        };
        while house.stock.len() < 4 * config.threads {
            house.next_notice();
        }
        house
    }

    /// Ports go to the stock; anything else is given.
    pub(crate) fn next_notice(&mut self) -> Option<MediaNotice> {
        match self.notices.recv_timeout(PATIENCE).expect("a notice comes in time") {
            MediaNotice::PortsReady(ports) => {
                self.stock.add(&ports);
                None
            }
            other => Some(other),
        }
    }

    pub(crate) fn wait_for<T>(&mut self, mut wanted: impl FnMut(&MediaNotice) -> Option<T>) -> T {
        loop {
            if let Some(found) = self.next_notice().as_ref().and_then(&mut wanted) {
                return found;
            }
        }
    }

    /// Everything that was asked of the thread of `port` has been done: the last wish, which cannot be met, is answered.
    pub(crate) fn settle(&mut self, port: u16) {
        let leg = MediaLegId(u64::MAX);
        self.handle.send(MediaCommand::Open { leg, port });
        self.wait_for(|notice| match notice {
            MediaNotice::Failed { leg: failed, .. } => (*failed == leg).then_some(()),
            _ => None,
        });
    }

    pub(crate) fn tap_message(&mut self) -> TapMessage {
        for _ in 0..10_000_000_u64 {
            if let Some(message) = self.taps.iter_mut().find_map(TapConsumer::pop) {
                return message;
            }
            std::thread::yield_now();
        }
        panic!("nothing came through the tap");
    }
}

pub(crate) fn config(low: u16) -> IoConfig {
    IoConfig {
        bind: LOCAL,
        range: (low, low + 99),
        stock: 8,
        quarantine: Duration::from_millis(20),
        pause: Duration::from_micros(200),
        ..IoConfig::default()
    }
}

/// A phone with its leg.
pub(crate) struct Phone {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    pub(crate) leg: MediaLegId,
    pub(crate) ours: SocketAddr,
    pub(crate) codec: Codec,
    pub(crate) sequence: u16,
}

impl Phone {
    pub(crate) fn new(house: &mut House, id: u64, port: u16, codec: Codec) -> Phone {
        let phone = Phone {
            rtp: socket(),
            rtcp: socket(),
            leg: MediaLegId(id),
            ours: SocketAddr::new(LOCAL, port),
            codec,
            sequence: 0,
        };
        house.handle.send(MediaCommand::Open { leg: phone.leg, port });
        phone.configure(house, Direction::SendRecv);
        phone
    }

    pub(crate) fn configure(&self, house: &mut House, direction: Direction) {
        let media = LegMedia {
            remote: self.rtp.local_addr().unwrap(),
            remote_rtcp: self.rtcp.local_addr().unwrap(),
            format: AudioFormat::new(self.codec, self.codec.payload_type(), Some(101)),
            direction,
            signalling: LOCAL,
            crypto: None,
        };
        house.handle.send(MediaCommand::Configure { leg: self.leg, media });
        house.settle(self.ours.port());
    }

    pub(crate) fn say(&mut self, code: u8) {
        let packet = packet(self.codec.payload_type(), self.sequence, code);
        self.rtp.send_to(&packet, self.ours).unwrap();
        self.sequence = self.sequence.wrapping_add(1);
    }

    pub(crate) fn hear(&self) -> (Header, Vec<u8>) {
        let mut bytes = [0; 400];
        let (length, from) = self.rtp.recv_from(&mut bytes).expect("a packet comes in time");
        assert_eq!(from, self.ours, "symmetric RTP");
        let header = Header::read(&bytes[..length]).expect("RTP");
        let payload = bytes[header.payload.clone()].to_vec();
        (header, payload)
    }

    pub(crate) fn assert_hears_nothing(&self) {
        self.rtp.set_nonblocking(true).unwrap();
        assert!(self.rtp.recv_from(&mut [0; 400]).is_err());
        self.rtp.set_nonblocking(false).unwrap();
    }

    /// Hangs up and waits until it is done.
    pub(crate) fn close(&self, house: &mut House) -> LegStats {
        house.handle.send(MediaCommand::Close { leg: self.leg });
        let leg = self.leg;
        house.wait_for(|notice| match notice {
            MediaNotice::Closed { leg: closed, stats } if *closed == leg => Some(*stats),
            _ => None,
        })
    }
}

pub(crate) fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((LOCAL, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

pub(crate) fn packet(payload_type: u8, sequence: u16, code: u8) -> Vec<u8> {
    let mut packet = vec![code; HEADER + 160];
    let header = Header {
        marker: false,
        payload_type,
        sequence,
        timestamp: u32::from(sequence) * 160,
        ssrc: 0xabcd,
        payload: HEADER..HEADER + 160,
    };
    header.write(&mut packet).unwrap();
    packet
}

pub(crate) fn couple(house: &mut House, codecs: [Codec; 2]) -> [Phone; 2] {
    let first = house.stock.take().unwrap();
    let second = house.stock.take_near(first).unwrap();
    let phones = [
        Phone::new(house, u64::from(first), first, codecs[0]),
        Phone::new(house, u64::from(second), second, codecs[1]),
    ];
    house.handle.send(MediaCommand::Join {
        a: phones[0].leg,
        b: phones[1].leg,
    });
    house.settle(first);
    phones
}
