//! Requests as somebody, and what comes back.

use std::sync::{Arc, Mutex};

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// `field code` of every fault that a problem body names, in order.
    pub fn faults(&self) -> Vec<String> {
        let fields = self.body["fields"].as_array().cloned().unwrap_or_default();
        fields
            .iter()
            .map(|fault| format!("{} {}", text(&fault["field"]), text(&fault["code"])))
            .collect()
    }

    /// Fails with the body in sight.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Somebody with or without credentials.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    base: String,
    headers: Vec<(String, String)>,
    /// The cookie that has come in the place of the one that is sent, as a browser keeps it.
    renewed: Arc<Mutex<Option<String>>>,
}

impl Caller {
    /// Without credentials, at the place where the pages are.
    pub fn at(base: &str) -> Caller {
        Caller {
            http: reqwest::Client::new(),
            base: base.to_owned(),
            headers: Vec::new(),
            renewed: Arc::default(),
        }
    }

    /// In a new session of somebody's.
    pub async fn log_in(base: &str, login: &str, password: &str) -> Caller {
        let nobody = Caller::at(base);
        let body = json!({ "login": login, "password": password });
        let answer = nobody.post("/login", body).await.expect(200);
        let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default();
        let session = nobody.with("cookie", cookie);
        session.with("x-csrf-token", answer.text("/csrf_token"))
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Caller {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self.forget_renewed(name)
    }

    #[must_use]
    pub fn without(mut self, name: &str) -> Caller {
        self.headers.retain(|(known, _)| known != name);
        self.forget_renewed(name)
    }

    fn forget_renewed(mut self, header: &str) -> Caller {
        if header == "cookie" {
            self.renewed = Arc::default();
        }
        self
    }

    /// The cookie that is sent.
    pub fn cookie(&self) -> Option<String> {
        let sent = self.headers.iter().find(|(name, _)| name == "cookie")?.1.clone();
        Some(self.renewed.lock().unwrap().clone().unwrap_or(sent))
    }

    /// Takes a session's new cookie; one that is taken away stays, so that tests see that it is worth nothing.
    async fn answer(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = answer(request).await;
        let pair = answer.header("set-cookie").split(';').next().unwrap_or_default();
        if self.cookie().is_some() && pair.split_once('=').is_some_and(|(_, value)| !value.is_empty()) {
            *self.renewed.lock().unwrap() = Some(pair.to_owned());
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// POST without a body.
    pub async fn do_(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Paths are below `/api/v1`; one that begins with `//` is taken from the root.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.answer(request).await
    }

    pub async fn raw(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        let request = self.request(method, path).header("content-type", kind).body(body);
        self.answer(request).await
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let place = path
            .strip_prefix("//")
            .map_or_else(|| format!("/api/v1{path}"), |place| format!("/{place}"));
        let mut request = self.http.request(method, format!("{}{place}", self.base));
        let others = self.headers.iter().filter(|(name, _)| name != "cookie");
        for (name, value) in others {
            request = request.header(name, value);
        }
        if let Some(cookie) = self.cookie() {
            request = request.header("cookie", cookie);
        }
        request
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.unwrap().to_vec();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer {
        status,
        headers,
        body,
        bytes,
    }
}
