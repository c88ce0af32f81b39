//! The SIP datagram sockets.

use std::io;
use std::net::SocketAddr;

use frontdesk_media::io::Datagrams;
use mio::net::UdpSocket;
use socket2::{Domain, Protocol, Socket, Type};

/// Asked of the kernel for each direction: room for bursts while one message is handled.
const BUFFER: usize = 4 << 20;

/// One bound datagram socket.
#[derive(Debug)]
pub struct Udp {
    socket: UdpSocket,
    bound: SocketAddr,
}

impl Udp {
    pub fn bind(address: SocketAddr) -> io::Result<Udp> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        let _ = socket.set_recv_buffer_size(BUFFER);
        let _ = socket.set_send_buffer_size(BUFFER);
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into());
        let bound = socket.local_addr()?;
        Ok(Udp { socket, bound })
    }

    pub fn bound(&self) -> SocketAddr {
        self.bound
    }

    pub fn source(&mut self) -> &mut UdpSocket {
        &mut self.socket
    }

    /// Reads what waits, as much as there is room for; says how many datagrams. An ICMP error of an earlier send is
    /// passed over.
    pub fn receive(&self, datagrams: &mut Datagrams) -> usize {
        loop {
            match datagrams.receive(&self.socket) {
                Ok(count) => return count,
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(_) => return 0,
            }
        }
    }

    /// Sends at once; a full buffer or an unreachable peer is packet loss, which SIP's timers mend.
    pub fn send(&self, peer: SocketAddr, bytes: &[u8]) -> bool {
        self.socket.send_to(bytes, peer).is_ok()
    }
}
