//! Server-sent events, read as they come.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);

/// One event of a stream.
#[derive(Debug)]
pub struct Told {
    pub id: String,
    pub name: String,
    pub data: Value,
}

/// A stream of server-sent events.
pub struct Stream {
    response: reqwest::Response,
    buffer: String,
}

impl Stream {
    /// Returns when the stream has begun: what happens from now on is told.
    pub async fn open(request: reqwest::RequestBuilder) -> Stream {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Stream {
            response,
            buffer: String::new(),
        };
        while !stream.buffer.contains("\n\n") {
            stream.read().await;
        }
        stream
    }

    async fn read(&mut self) -> bool {
        let chunk = tokio::time::timeout(PATIENCE, self.response.chunk())
            .await
            .expect("the stream tells nothing")
            .unwrap();
        match chunk {
            Some(bytes) => {
                self.buffer.push_str(std::str::from_utf8(&bytes).unwrap());
                true
            }
            None => false,
        }
    }

    /// The next event of that name; others are passed over.
    pub async fn until(&mut self, name: &str) -> Told {
        loop {
            let told = self.next().await;
            if told.name == name {
                return told;
            }
        }
    }

    pub async fn next(&mut self) -> Told {
        loop {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let field = |name: &str| {
                    let line = block
                        .lines()
                        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    line.map(|value| value.trim().to_owned()).unwrap_or_default()
                };
                let told = Told {
                    id: field("id"),
                    name: field("event"),
                    data: serde_json::from_str(&field("data")).unwrap_or(Value::Null),
                };
                self.buffer = rest.to_owned();
                if !told.name.is_empty() {
                    return told;
                }
            }
            assert!(self.read().await, "the stream ended");
        }
    }

    /// Whether it ends by itself, whatever it tells before.
    pub async fn ended(mut self) -> bool {
        while self.read().await {}
        true
    }
}
