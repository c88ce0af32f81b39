//! STUN Binding requests between SIP messages (RFC 5626 section 8, RFC 8489): how a phone keeps its way to us open over UDP,
//! and learns when that has become another one.
//!
//! Deliberately absent: every other method, and credentials.

use std::net::{IpAddr, SocketAddr};

use bytes::{BufMut, Bytes, BytesMut};

/// RFC 8489 section 5.
const HEADER: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const REQUEST: [u8; 2] = [0, 1];
const RESPONSE: u16 = 0x0101;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// An attribute below may not be passed over by who does not know it (section 14).
const OPTIONAL: u16 = 0x8000;

/// The answer to a Binding request that came from `peer`, which it tells. `None` for anything else, and for a request with
/// attributes that have to be understood.
pub fn answer(datagram: &[u8], peer: SocketAddr) -> Option<Bytes> {
    let (header, attributes) = datagram.split_at_checked(HEADER)?;
    let (kind, rest) = header.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (cookie, transaction) = rest.split_first_chunk::<4>()?;
    let whole = usize::from(u16::from_be_bytes(*length)) == attributes.len();
    if *kind != REQUEST || *cookie != COOKIE || !whole || !all_optional(attributes) {
        return None;
    }
    Some(response(transaction, peer))
}

fn response(transaction: &[u8], peer: SocketAddr) -> Bytes {
    let [high, low, ..] = COOKIE;
    let port = peer.port() ^ u16::from_be_bytes([high, low]);
    let mask = COOKIE.iter().chain(transaction);
    let (family, address): (u8, Vec<u8>) = match peer.ip() {
        IpAddr::V4(address) => (1, xored(&address.octets(), mask)),
        IpAddr::V6(address) => (2, xored(&address.octets(), mask)),
    };
    let value: u16 = if peer.is_ipv4() { 8 } else { 20 };
    let mut bytes = BytesMut::with_capacity(HEADER + 24);
    bytes.put_u16(RESPONSE);
    bytes.put_u16(value + 4);
    bytes.put_slice(&COOKIE);
    bytes.put_slice(transaction);
    bytes.put_u16(XOR_MAPPED_ADDRESS);
    bytes.put_u16(value);
    bytes.put_u8(0);
    bytes.put_u8(family);
    bytes.put_u16(port);
    bytes.put_slice(&address);
    bytes.freeze()
}

fn xored<'a>(octets: &[u8], mask: impl Iterator<Item = &'a u8>) -> Vec<u8> {
    octets.iter().zip(mask).map(|(octet, mask)| octet ^ mask).collect()
}

/// Whole attributes, padded to four octets, each of which may be passed over.
fn all_optional(mut attributes: &[u8]) -> bool {
    while let Some((head, rest)) = attributes.split_first_chunk::<4>() {
        let [kind_high, kind_low, length_high, length_low] = *head;
        let length = usize::from(u16::from_be_bytes([length_high, length_low]));
        let Some((_, rest)) = rest.split_at_checked(length.next_multiple_of(4)) else {
            return false;
        };
        if u16::from_be_bytes([kind_high, kind_low]) < OPTIONAL {
            return false;
        }
        attributes = rest;
    }
    attributes.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5769 section 2.2 and 2.3: the transaction, and the addresses that its sample responses tell.
    const TRANSACTION: [u8; 12] = [0xB7, 0xE7, 0xA7, 0x01, 0xBC, 0x34, 0xD6, 0x86, 0xFA, 0x87, 0xDF, 0xAE];

    fn request(attributes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(attributes.len()).unwrap().to_be_bytes();
        [&REQUEST[..], &length, &COOKIE, &TRANSACTION, attributes].concat()
    }

    #[test]
    fn a_binding_request_is_told_its_address_as_rfc_5769_shows() {
        let check = |peer: &str, expected: &[u8]| {
            let answer = answer(&request(&[]), peer.parse().unwrap()).unwrap();
            let (header, attribute) = answer.split_at(HEADER);
            assert_eq!(header[..2], [1, 1]);
            assert_eq!(usize::from(header[3]), attribute.len());
            assert_eq!(header[8..], TRANSACTION);
            assert_eq!(attribute, expected, "{peer}");
        };
        check(
            "192.0.2.1:32853",
            &[0, 0x20, 0, 8, 0, 1, 0xA1, 0x47, 0xE1, 0x12, 0xA6, 0x43],
        );
        let long = [
            0, 0x20, 0, 0x14, 0, 2, 0xA1, 0x47, 0x01, 0x13, 0xA9, 0xFA, 0xA5, 0xD3, 0xF1, 0x79, 0xBC, 0x25, 0xF4, 0xB5,
            0xBE, 0xD2, 0xB9, 0xD9,
        ];
        check("[2001:db8:1234:5678:11:2233:4455:6677]:32853", &long);
    }

    #[test]
    fn what_may_be_passed_over_is_and_the_rest_gets_no_answer() {
        let peer = "192.0.2.1:32853".parse().unwrap();
        let software = [0x80, 0x22, 0, 5, b'p', b'h', b'o', b'n', b'e', 0, 0, 0];
        let fingerprint = [0x80, 0x28, 0, 4, 1, 2, 3, 4];
        assert!(answer(&request(&[&software[..], &fingerprint].concat()), peer).is_some());
        let change_request = [0, 3, 0, 4, 0, 0, 0, 6];
        let mut other_method = request(&[]);
        other_method[1] = 3;
        let mut other_cookie = request(&[]);
        other_cookie[4] = 0;
        let cut = request(&software);
        for bad in [
            request(&change_request),
            request(&software[..8]),
            other_method,
            other_cookie,
            cut[..cut.len() - 1].to_vec(),
            Vec::new(),
            b"OPTIONS sip:pbx SIP/2.0\r\n\r\n".to_vec(),
        ] {
            assert_eq!(answer(&bad, peer), None, "{bad:?}");
        }
    }
}
