//! What reading and writing a message costs. The number of allocations is printed first.

#![expect(clippy::expect_used, reason = "a benchmark may stop on a surprise")]
#![expect(unsafe_code, reason = "counting allocations takes an allocator")]
#![expect(clippy::print_stdout, reason = "figures are for the person at the terminal")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk_sip::command::Body;
use frontdesk_sip::wire::{Framing, Message, RequestBuilder, ResponseBuilder};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is the system allocator's; only a counter is kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SDP: &str = "v=0\r\no=alice 2890844526 2890844526 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n\
    m=audio 49172 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
    a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

fn invite() -> Bytes {
    let head = "INVITE sip:102@pbx.example;user=phone SIP/2.0\r\n\
        Via: SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bK776asdhds;rport\r\n\
        Via: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKnashds8;received=198.51.100.7\r\n\
        Max-Forwards: 69\r\nRoute: <sip:pbx.example;lr>\r\n\
        From: \"Ivanova, Anna\" <sip:101@pbx.example>;tag=1928301774\r\nTo: <sip:102@pbx.example>\r\n\
        Call-ID: a84b4c76e66710@198.51.100.7\r\nCSeq: 314159 INVITE\r\n\
        Contact: <sip:101@198.51.100.7:5062;ob>;+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"\r\n\
        Authorization: Digest username=\"101\", realm=\"pbx.example\", nonce=\"01a208cb4d2d00009e04e899fe80eae1d810e3ed\", \
        uri=\"sip:102@pbx.example;user=phone\", qop=auth, nc=00000001, cnonce=\"0a4f113b\", \
        response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5\r\n\
        Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER, UPDATE\r\nSupported: replaces, timer\r\n\
        User-Agent: Example Phone/1.2.3\r\nContent-Type: application/sdp\r\n";
    Bytes::from(format!("{head}Content-Length: {}\r\n\r\n{SDP}", SDP.len()))
}

/// An INVITE with five of its headers typed.
fn read(bytes: &Bytes) -> usize {
    let message = Message::parse(bytes.clone(), Framing::Datagram).expect("a message");
    let via = message.via().expect("a Via").branch().map_or(0, <[u8]>::len);
    let from = message.from().expect("a From").tag().map_or(0, <[u8]>::len);
    let to = message.to().expect("a To").uri().expect("a URI").host().len();
    let (cseq, _) = message.cseq().expect("a CSeq");
    let contacts = message.contacts().flatten().count();
    via + from + to + contacts + usize::from(cseq > 0)
}

fn answer(message: &Message, body: &Body) -> Bytes {
    ResponseBuilder::to(message, 200, "OK")
        .to_tag("314159")
        .header("Contact", "<sip:192.0.2.1:5060>")
        .body(Some(body))
        .finish()
}

fn request(body: &Body) -> Bytes {
    RequestBuilder::new("INVITE", "sip:102@198.51.100.9:5060;ob")
        .header("Via", "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK431b3c3b20a6bacc")
        .header("Max-Forwards", "69")
        .header("From", "\"Ivanova, Anna\" <sip:101@pbx.example>;tag=ffe56f2247edc417")
        .header("To", "<sip:102@pbx.example>")
        .header("Call-ID", "bdd9d10a51103b0ee83c1bd0f1ecdccc")
        .header("CSeq", "1 INVITE")
        .header("Contact", "<sip:192.0.2.1:5060>")
        .body(Some(body))
        .finish()
}

fn allocations(what: impl Fn()) -> u64 {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    what();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

fn wire(c: &mut Criterion) {
    let bytes = invite();
    let message = Message::parse(bytes.clone(), Framing::Datagram).expect("a message");
    let body = Body::sdp(Bytes::from_static(SDP.as_bytes()));
    println!("an INVITE of {} octets", bytes.len());
    println!(
        "allocations to read it: {}",
        allocations(|| {
            black_box(read(&bytes));
        })
    );
    println!(
        "allocations to answer it: {}",
        allocations(|| drop(black_box(answer(&message, &body))))
    );
    println!(
        "allocations to write one: {}",
        allocations(|| drop(black_box(request(&body))))
    );
    c.bench_function("read an INVITE, five headers typed", |b| {
        b.iter(|| read(black_box(&bytes)))
    });
    c.bench_function("find what is wrong with an INVITE", |b| {
        b.iter(|| black_box(&message).fault().is_none())
    });
    c.bench_function("write a 200 with SDP", |b| {
        b.iter(|| answer(black_box(&message), &body))
    });
    c.bench_function("write an INVITE with SDP", |b| b.iter(|| request(black_box(&body))));
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = wire
}
criterion_main!(benches);
