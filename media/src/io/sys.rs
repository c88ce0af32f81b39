//! What std has no words for: epoll, and reading and writing many datagrams by one call.
#![expect(
    unsafe_code,
    reason = "recvmmsg, sendmmsg and epoll have no safe wrapper in std or socket2"
)]

use std::fs::File;
use std::io;
use std::mem::size_of;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ops::Range;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::{from_mut, null_mut};
use std::time::Duration;

/// Datagrams of one socket that are read by one call.
pub(super) const BATCH: usize = 16;
/// Longer datagrams are no RTP that we take part in.
pub(super) const DATAGRAM: usize = 2_048;

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// An eventfd as a file: a write of eight bytes wakes whoever polls it.
pub(super) fn wake_file() -> io::Result<File> {
    // SAFETY: takes no pointers; the descriptor that it gives is ours alone.
    let fd = check(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
    // SAFETY: `fd` was just opened and nobody else has it.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
}

/// Each leg takes two descriptors: asks for as many as the system allows.
///
/// Gives the limit that now holds; nothing is known of it where the system does not tell.
pub(super) fn raise_descriptor_limit() -> Option<usize> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid rlimit for both calls.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) != 0 {
            return None;
        }
        let before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        if before < limit.rlim_max && libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) != 0 {
            limit.rlim_cur = before;
        }
    }
    usize::try_from(limit.rlim_cur).ok()
}

/// epoll, level-triggered, for reading.
pub(super) struct Poller {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Poller {
    pub(super) fn new(capacity: usize) -> io::Result<Self> {
        // SAFETY: takes no pointers; the descriptor that it gives is ours alone.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        Ok(Poller {
            // SAFETY: `fd` was just opened and nobody else has it.
            fd: unsafe { OwnedFd::from_raw_fd(fd) },
            events: vec![libc::epoll_event { events: 0, u64: 0 }; capacity],
        })
    }

    pub(super) fn add(&self, socket: &impl AsRawFd, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: u32::try_from(libc::EPOLLIN).unwrap_or(1),
            u64: token,
        };
        let (poller, fd) = (self.fd.as_raw_fd(), socket.as_raw_fd());
        // SAFETY: `event` is valid for the call; both descriptors are open.
        check(unsafe { libc::epoll_ctl(poller, libc::EPOLL_CTL_ADD, fd, &raw mut event) }).map(drop)
    }

    pub(super) fn remove(&self, socket: &impl AsRawFd) -> io::Result<()> {
        // SAFETY: DEL takes no event since Linux 2.6.9.
        check(unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), libc::EPOLL_CTL_DEL, socket.as_raw_fd(), null_mut()) })
            .map(drop)
    }

    /// How many are ready; [`Poller::token`] tells which.
    pub(super) fn wait(&mut self, at_most: Duration) -> io::Result<usize> {
        let timeout = i32::try_from(at_most.as_micros().div_ceil(1_000)).unwrap_or(i32::MAX);
        let room = i32::try_from(self.events.len()).unwrap_or(i32::MAX);
        // SAFETY: `events` has `room` entries.
        let ready = unsafe { libc::epoll_wait(self.fd.as_raw_fd(), self.events.as_mut_ptr(), room, timeout) };
        match check(ready) {
            Ok(ready) => Ok(usize::try_from(ready).unwrap_or(0)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            Err(error) => Err(error),
        }
    }

    pub(super) fn token(&self, place: usize) -> Option<u64> {
        self.events.get(place).map(|event| event.u64)
    }
}

/// Room for [`BATCH`] datagrams, shared by all sockets of a thread: what was read can be sent on from where it lies.
pub(super) struct Batch<const ROOM: usize = DATAGRAM> {
    parts: Box<Parts<ROOM>>,
    read: usize,
    queued: usize,
    ipv6: bool,
}

/// In one box, because the headers point at their neighbours.
struct Parts<const ROOM: usize> {
    bytes: [[u8; ROOM]; BATCH],
    sources: [libc::sockaddr_storage; BATCH],
    targets: [libc::sockaddr_storage; BATCH],
    read_parts: [libc::iovec; BATCH],
    write_parts: [libc::iovec; BATCH],
    reads: [libc::mmsghdr; BATCH],
    writes: [libc::mmsghdr; BATCH],
}

impl<const ROOM: usize> Batch<ROOM> {
    /// `ipv6`: the sockets are IPv6 ones, where IPv4 addresses are written as mapped ones.
    pub(super) fn new(ipv6: bool) -> Self {
        // SAFETY: all of it is plain numbers, null pointers and nested arrays of them, for which zero is valid.
        let mut parts: Box<Parts<ROOM>> = unsafe { Box::new_zeroed().assume_init() };
        for place in 0..BATCH {
            let Parts {
                bytes,
                sources,
                targets,
                read_parts,
                write_parts,
                reads,
                writes,
            } = &mut *parts;
            if let (Some(bytes), Some(source), Some(part), Some(read)) = (
                bytes.get_mut(place),
                sources.get_mut(place),
                read_parts.get_mut(place),
                reads.get_mut(place),
            ) {
                part.iov_base = bytes.as_mut_ptr().cast();
                part.iov_len = ROOM;
                read.msg_hdr.msg_name = from_mut(source).cast();
                read.msg_hdr.msg_iov = from_mut(part);
                read.msg_hdr.msg_iovlen = 1;
            }
            if let (Some(target), Some(part), Some(write)) = (
                targets.get_mut(place),
                write_parts.get_mut(place),
                writes.get_mut(place),
            ) {
                write.msg_hdr.msg_name = from_mut(target).cast();
                write.msg_hdr.msg_iov = from_mut(part);
                write.msg_hdr.msg_iovlen = 1;
            }
        }
        Batch {
            parts,
            read: BATCH,
            queued: 0,
            ipv6,
        }
    }

    /// Reads what is there, at most [`BATCH`] datagrams, without waiting.
    pub(super) fn receive(&mut self, socket: &impl AsRawFd) -> io::Result<usize> {
        self.queued = 0;
        for read in self.parts.reads.iter_mut().take(self.read) {
            read.msg_hdr.msg_namelen = length_of::<libc::sockaddr_storage>();
        }
        self.read = 0;
        let count = u32::try_from(BATCH).unwrap_or(1);
        let reads = self.parts.reads.as_mut_ptr();
        // SAFETY: `reads` has `count` headers, each pointing at buffers in the same box, which lives as long as we do.
        let read = unsafe { libc::recvmmsg(socket.as_raw_fd(), reads, count, libc::MSG_DONTWAIT, null_mut()) };
        self.read = usize::try_from(check(read)?).unwrap_or(0).min(BATCH);
        Ok(self.read)
    }

    /// Reads one datagram: cheaper than [`Batch::receive`] where no second one is to be expected.
    pub(super) fn receive_one(&mut self, socket: &impl AsRawFd) -> io::Result<usize> {
        self.queued = 0;
        self.read = 0;
        let Parts {
            bytes: [bytes, ..],
            sources: [source, ..],
            reads: [read, ..],
            ..
        } = &mut *self.parts;
        let mut name_length = length_of::<libc::sockaddr_storage>();
        // SAFETY: the buffer has `ROOM` bytes, the source `name_length`.
        let length = unsafe {
            libc::recvfrom(
                socket.as_raw_fd(),
                bytes.as_mut_ptr().cast(),
                ROOM,
                libc::MSG_DONTWAIT | libc::MSG_TRUNC,
                from_mut(source).cast(),
                &raw mut name_length,
            )
        };
        let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
        // MSG_TRUNC gives the real length.
        read.msg_hdr.msg_flags = if length > ROOM { libc::MSG_TRUNC } else { 0 };
        read.msg_len = u32::try_from(length).unwrap_or(0);
        self.read = 1;
        Ok(1)
    }

    /// A datagram that was read at the beginning of its room, its length, and who sent it; `None` if it was too long.
    pub(super) fn datagram(&mut self, place: usize) -> Option<(&mut [u8], usize, SocketAddr)> {
        let read = self.parts.reads.get(place).filter(|_| place < self.read)?;
        if read.msg_hdr.msg_flags & libc::MSG_TRUNC != 0 {
            return None;
        }
        let length = usize::try_from(read.msg_len).ok()?;
        let source = decode(self.parts.sources.get(place)?)?;
        Some((self.parts.bytes.get_mut(place)?, length, source))
    }

    /// Marks a part of a datagram's room for sending.
    pub(super) fn queue(&mut self, place: usize, range: Range<usize>, target: SocketAddr) {
        let Parts {
            bytes,
            targets,
            write_parts,
            writes,
            ..
        } = &mut *self.parts;
        let bytes = bytes.get_mut(place).and_then(|bytes| bytes.get_mut(range));
        let (Some(bytes), Some(to), Some(part), Some(write)) = (
            bytes,
            targets.get_mut(self.queued),
            write_parts.get_mut(self.queued),
            writes.get_mut(self.queued),
        ) else {
            return;
        };
        let Some(length) = encode(target, self.ipv6, to) else {
            return;
        };
        write.msg_hdr.msg_namelen = length;
        part.iov_base = bytes.as_mut_ptr().cast();
        part.iov_len = bytes.len();
        self.queued += 1;
    }

    /// Sends what was marked through one socket; says how many went out. A full socket drops the rest: they are late.
    pub(super) fn flush(&mut self, socket: &impl AsRawFd) -> usize {
        let count = u32::try_from(self.queued).unwrap_or(0);
        self.queued = 0;
        if count == 0 {
            return 0;
        }
        if count == 1 {
            return self.send_one(socket);
        }
        let writes = self.parts.writes.as_mut_ptr();
        // SAFETY: the first `count` headers point at parts of `bytes` and at targets in the same box.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), writes, count, libc::MSG_DONTWAIT) };
        usize::try_from(sent).unwrap_or(0)
    }

    /// sendmmsg gives way to other threads after each datagram, which costs more than the call saves for a single one.
    fn send_one(&mut self, socket: &impl AsRawFd) -> usize {
        let ([part, ..], [write, ..]) = (&self.parts.write_parts, &self.parts.writes);
        let (fd, header) = (socket.as_raw_fd(), &write.msg_hdr);
        // SAFETY: `part` lies in `bytes` and the name is a target of that length, both in the same box.
        let sent = unsafe {
            libc::sendto(
                fd,
                part.iov_base,
                part.iov_len,
                libc::MSG_DONTWAIT,
                header.msg_name.cast(),
                header.msg_namelen,
            )
        };
        usize::from(sent >= 0)
    }
}

fn length_of<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}

fn family(number: libc::c_int) -> libc::sa_family_t {
    libc::sa_family_t::try_from(number).unwrap_or(0)
}

fn decode(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    if storage.ss_family == family(libc::AF_INET) {
        // SAFETY: the family says that the storage, which is large and aligned enough, holds a sockaddr_in.
        let address = unsafe { &*std::ptr::from_ref(storage).cast::<libc::sockaddr_in>() };
        let ip = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
        return Some(SocketAddrV4::new(ip, u16::from_be(address.sin_port)).into());
    }
    if storage.ss_family == family(libc::AF_INET6) {
        // SAFETY: as above, for a sockaddr_in6.
        let address = unsafe { &*std::ptr::from_ref(storage).cast::<libc::sockaddr_in6>() };
        let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
        let port = u16::from_be(address.sin6_port);
        return Some(match ip.to_ipv4_mapped() {
            Some(ip) => SocketAddrV4::new(ip, port).into(),
            None => SocketAddrV6::new(ip, port, 0, address.sin6_scope_id).into(),
        });
    }
    None
}

fn encode(target: SocketAddr, ipv6: bool, storage: &mut libc::sockaddr_storage) -> Option<libc::socklen_t> {
    match super::for_family(target, ipv6)? {
        SocketAddr::V4(target) => {
            // SAFETY: the storage is large and aligned enough for a sockaddr_in.
            let address = unsafe { &mut *from_mut(storage).cast::<libc::sockaddr_in>() };
            address.sin_family = family(libc::AF_INET);
            address.sin_port = target.port().to_be();
            address.sin_addr.s_addr = u32::from(*target.ip()).to_be();
            Some(length_of::<libc::sockaddr_in>())
        }
        SocketAddr::V6(target) => {
            encode_v6(target, storage);
            Some(length_of::<libc::sockaddr_in6>())
        }
    }
}

fn encode_v6(target: SocketAddrV6, storage: &mut libc::sockaddr_storage) {
    // SAFETY: the storage is large and aligned enough for a sockaddr_in6.
    let address = unsafe { &mut *from_mut(storage).cast::<libc::sockaddr_in6>() };
    address.sin6_family = family(libc::AF_INET6);
    address.sin6_port = target.port().to_be();
    address.sin6_addr.s6_addr = target.ip().octets();
    address.sin6_flowinfo = 0;
    address.sin6_scope_id = target.scope_id();
}

// SAFETY: the pointers inside lead only into the box that moves along.
unsafe impl<const ROOM: usize> Send for Batch<ROOM> {}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    type Batch = super::Batch;

    fn bound(address: &str) -> UdpSocket {
        let socket = UdpSocket::bind(address).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    #[test]
    fn several_datagrams_are_read_and_sent_on_by_one_call_each() {
        for (ipv6, ours) in [(false, "127.0.0.1:0"), (true, "[::]:0")] {
            let (left, right) = (bound(ours), bound(ours));
            let phone = bound("127.0.0.1:0");
            let port = left.local_addr().unwrap().port();
            for number in 0..3_u8 {
                phone.send_to(&[9, number, 9], ("127.0.0.1", port)).unwrap();
            }
            let mut batch = Batch::new(ipv6);
            assert_eq!(batch.receive(&left).unwrap(), 3);
            for place in 0..3 {
                let (_, length, source) = batch.datagram(place).unwrap();
                assert_eq!((length, source), (3, phone.local_addr().unwrap()));
                batch.queue(place, 1..2, source);
            }
            assert!(batch.datagram(3).is_none());
            assert_eq!(batch.flush(&right), 3);
            assert_eq!(batch.flush(&right), 0);
            let mut bytes = [0; 9];
            for number in 0..3_u8 {
                let (length, source) = phone.recv_from(&mut bytes).unwrap();
                assert_eq!(
                    (&bytes[..length], source.port()),
                    (&[number][..], right.local_addr().unwrap().port())
                );
            }
            let empty = batch.receive(&left).unwrap_err();
            assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
        }
    }

    #[test]
    fn a_single_datagram_takes_the_short_way() {
        let (left, phone) = (bound("127.0.0.1:0"), bound("127.0.0.1:0"));
        let mut batch = Batch::new(false);
        assert_eq!(batch.receive_one(&left).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        phone.send_to(&[0; DATAGRAM + 1], left.local_addr().unwrap()).unwrap();
        phone.send_to(&[5, 6], left.local_addr().unwrap()).unwrap();
        assert_eq!(batch.receive_one(&left).unwrap(), 1);
        assert!(batch.datagram(0).is_none());
        assert_eq!(batch.receive_one(&left).unwrap(), 1);
        let (bytes, length, source) = batch.datagram(0).unwrap();
        assert_eq!(bytes[..length], [5, 6]);
        batch.queue(0, 1..2, source);
        assert_eq!(batch.flush(&left), 1);
        let mut bytes = [0; 9];
        assert_eq!((phone.recv_from(&mut bytes).unwrap().0, bytes[0]), (1, 6));
    }

    #[test]
    fn a_datagram_that_is_too_long_is_no_datagram() {
        let (left, phone) = (bound("127.0.0.1:0"), bound("127.0.0.1:0"));
        phone.send_to(&[0; DATAGRAM + 1], left.local_addr().unwrap()).unwrap();
        let mut batch = Batch::new(false);
        assert_eq!(batch.receive(&left).unwrap(), 1);
        assert!(batch.datagram(0).is_none());
    }

    #[test]
    fn ipv6_addresses_come_through() {
        let (left, phone) = (bound("[::1]:0"), bound("[::1]:0"));
        phone.send_to(&[1], left.local_addr().unwrap()).unwrap();
        let mut batch = Batch::new(true);
        assert_eq!(batch.receive(&left).unwrap(), 1);
        let source = batch.datagram(0).unwrap().2;
        assert_eq!(source, phone.local_addr().unwrap());
        batch.queue(0, 0..1, source);
        assert_eq!(batch.flush(&left), 1);
        assert_eq!(phone.recv_from(&mut [0; 2]).unwrap().0, 1);
    }
}
