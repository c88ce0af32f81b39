//! Reading many datagrams by one call, of whatever size.

use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::{fmt, io};

use super::sys::{BATCH, Batch};

/// More than the largest UDP payload.
const ROOM: usize = 65_536;

/// Room for some datagrams, which all sockets of a thread can share. Only what was ever filled takes memory.
pub struct Datagrams {
    batch: Batch<ROOM>,
}

impl Datagrams {
    /// As many are read at once, if they are there.
    pub const MOST: usize = BATCH;

    #[expect(clippy::new_without_default, reason = "a megabyte of room is no default of anything")]
    pub fn new() -> Datagrams {
        Datagrams {
            batch: Batch::new(false),
        }
    }

    /// Reads what is there without waiting, at most [`Datagrams::MOST`]; says how many. What was read before is gone.
    /// Fewer than that: the socket is empty.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there; an ICMP error of something that was sent.
    pub fn receive(&mut self, socket: &impl AsRawFd) -> io::Result<usize> {
        self.batch.receive(socket)
    }

    /// One of those that were read, counted from 0, and who sent it.
    pub fn get(&mut self, place: usize) -> Option<(SocketAddr, &[u8])> {
        let (bytes, length, source) = self.batch.datagram(place)?;
        Some((source, bytes.get(..length)?))
    }
}

impl fmt::Debug for Datagrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datagrams").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn datagrams_of_all_sizes_are_read_by_one_call_and_the_rest_by_the_next() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let [ours, theirs] = [(); 2].map(|()| UdpSocket::bind(address).unwrap());
            let mut datagrams = Datagrams::new();
            let empty = datagrams.receive(&ours).unwrap_err();
            assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
            for size in (0..Datagrams::MOST).map(|n| n * n).chain([60_000]) {
                let sent: Vec<u8> = (0..size).map(|n| (n % 251).try_into().unwrap()).collect();
                theirs.send_to(&sent, ours.local_addr().unwrap()).unwrap();
            }
            let mut sizes = Vec::new();
            while let Ok(count) = datagrams.receive(&ours) {
                for place in 0..count {
                    let (from, bytes) = datagrams.get(place).unwrap();
                    assert_eq!(from, theirs.local_addr().unwrap());
                    assert!(bytes.iter().enumerate().all(|(n, byte)| n % 251 == usize::from(*byte)));
                    sizes.push(bytes.len());
                }
                assert!(datagrams.get(count).is_none());
            }
            assert_eq!(sizes.len(), Datagrams::MOST + 1);
            assert_eq!((sizes[3], sizes[Datagrams::MOST]), (9, 60_000));
        }
    }
}
