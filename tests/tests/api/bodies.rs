//! Bodies that nobody wants: whoever sends them still reads the answer.

use frontdesk_tests::office::Office;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LENGTH: usize = 9 * 1024 * 1024;

fn head(more: &str) -> String {
    format!(
        "PUT /api/v1/music HTTP/1.1\r\nHost: office\r\nContent-Type: audio/wav\r\nContent-Length: {LENGTH}\r\n{more}\r\n"
    )
}

async fn connect(office: &Office) -> TcpStream {
    let url = office.url();
    let address = url.strip_prefix("http://").unwrap();
    TcpStream::connect(address).await.unwrap()
}

/// The answer's first line.
async fn status(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n") {
        answer.push(socket.read_u8().await.unwrap());
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn who_sends_all_of_a_refused_body_before_reading_still_reads_why() {
    let office = Office::open().await;
    let mut socket = connect(&office).await;
    socket.write_all(head("").as_bytes()).await.unwrap();
    let chunk = vec![0; 64 * 1024];
    for _ in 0..LENGTH / chunk.len() {
        socket.write_all(&chunk).await.unwrap();
    }
    assert_eq!(status(&mut socket).await, "HTTP/1.1 401 Unauthorized\r\n");
}

#[tokio::test]
async fn who_waits_to_be_told_to_go_on_is_refused_before_sending_anything() {
    let office = Office::open().await;
    let mut socket = connect(&office).await;
    let head = head("Expect: 100-continue\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(status(&mut socket).await, "HTTP/1.1 401 Unauthorized\r\n");
}
