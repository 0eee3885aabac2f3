//! How much a job may send and be sent, and how many requests it may have under way: as many as are stated, and one more.

use super::*;
use crate::OutboundConfig;
use fuelcell_domain::capability::{HttpAccess, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A host, and a way to it.
struct World {
    outlet: GrantedOutlet,
    target: Target,
    listener: TcpListener,
}

impl World {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Target { tls: false, host: "127.0.0.1".into(), port };
        let hosts = vec![format!("http://127.0.0.1:{port}").parse().unwrap()];
        let http = Some(HttpAccess { hosts, secrets: Vec::new() });
        let granted = Granted { http, ..Granted::default() };
        let allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
        let client = Client::new(OutboundConfig { allow_networks, ..OutboundConfig::default() });
        Self { outlet: GrantedOutlet(Arc::new(Way::new(granted, Arc::new(client)))), target, listener }
    }

    /// What comes of a request with a body of so many bytes.
    fn send(&self, length: usize) -> HttpAnswer {
        self.outlet.send(HttpRequest {
            method: "POST".into(),
            target: self.target.clone(),
            path: "/".into(),
            headers: Vec::new(),
            connect_timeout: None,
            read_timeout: None,
            max_response: u64::MAX,
            body: vec![b'x'; length],
        })
    }

    async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }
}

/// Reads a request with a body of so many bytes and answers with as many as are said.
async fn answer(mut stream: TcpStream, length: usize, answered: usize) {
    let (mut read, mut piece) = (Vec::new(), vec![0; 1 << 16]);
    let head = loop {
        let count = stream.read(&mut piece).await.unwrap();
        read.extend_from_slice(&piece[..count]);
        if let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let mut left = length - (read.len() - head);
    while left > 0 {
        left -= stream.read(&mut piece).await.unwrap();
    }
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {answered}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // Whoever is sent too much stops reading.
    let _ = stream.write_all(&vec![b'y'; answered]).await;
}

#[tokio::test]
async fn a_body_that_is_sent_is_as_long_as_is_stated() {
    let world = World::new().await;
    let heard = async { answer(world.accept().await, MAX_BODY, 2).await };
    let (sent, ()) = tokio::join!(world.send(MAX_BODY), heard);
    assert_eq!(sent.unwrap().body, b"yy");
    assert_eq!(world.send(MAX_BODY + 1).await, Err(HttpError::RequestTooLong));
}

#[tokio::test]
async fn a_body_that_is_received_is_as_long_as_is_stated() {
    let world = World::new().await;
    for (length, fits) in [(MAX_BODY, true), (MAX_BODY + 1, false)] {
        let told = async { answer(world.accept().await, 0, length).await };
        match tokio::join!(world.send(0), told).0 {
            Ok(response) => assert!(fits && response.body.len() == length, "{length}"),
            Err(error) => assert!(!fits && error == HttpError::ResponseTooLong(MAX_BODY as u64), "{error}"),
        }
    }
}

#[tokio::test]
async fn as_many_requests_are_under_way_as_is_stated() {
    let world = World::new().await;
    let (mut waiting, mut heard) = (Vec::new(), Vec::new());
    for _ in 0..MAX_AT_ONCE {
        waiting.push(tokio::spawn(world.send(0)));
        heard.push(world.accept().await);
    }
    assert!(matches!(world.send(0).await, Err(HttpError::TooMany(_))));
    for stream in heard {
        answer(stream, 0, 0).await;
    }
    for sent in waiting {
        assert_eq!(sent.await.unwrap().unwrap().status, 200);
    }
    let told = async { answer(world.accept().await, 0, 0).await };
    assert!(tokio::join!(world.send(0), told).0.is_ok(), "there is room again");
}
