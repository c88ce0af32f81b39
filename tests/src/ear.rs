//! Where RTP arrives for a phone whose SIP another program speaks: what is heard there.

use anyhow::Result;
use frontdesk_media::g711::{self, Law};
use tokio::net::UdpSocket;

use crate::tone::Audio;

/// Of G.711, in hertz.
const RATE: u32 = 8_000;
const HEADER: usize = 12;

/// A port that hears G.711.
pub struct Ear {
    socket: UdpSocket,
    pub port: u16,
}

impl Ear {
    pub async fn open() -> Result<Ear> {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await?;
        let port = socket.local_addr()?.port();
        Ok(Ear { socket, port })
    }

    /// What is heard while this goes on, silences left out, and what came of it.
    pub async fn hears_during<T>(&self, deed: impl Future<Output = T>) -> Result<(T, Audio)> {
        let mut deed = std::pin::pin!(deed);
        let mut samples = Vec::new();
        let mut packet = [0; 2_048];
        loop {
            tokio::select! {
                done = &mut deed => {
                    let channels = vec![samples];
                    return Ok((done, Audio { rate: RATE, channels }));
                }
                heard = self.socket.recv(&mut packet) => samples.extend(audio(&packet[..heard?])),
            }
        }
    }
}

/// The samples of a packet of RTP without extensions (RFC 3550 section 5.1); none of other kinds.
fn audio(packet: &[u8]) -> Vec<i16> {
    let law = match packet.get(1).map(|kind| kind & 0x7f) {
        Some(8) => Law::A,
        Some(0) => Law::U,
        Some(_) | None => return Vec::new(),
    };
    let codes = packet.get(HEADER..).unwrap_or_default();
    codes.iter().map(|code| g711::decode(law, *code)).collect()
}
