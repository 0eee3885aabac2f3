//! Requests of guests and answers of hosts, as neither should be.

use crate::account::Account;
use crate::client::{Counted, OUR_OWN, exchange, valid};
use bytes::Bytes;
use fuelcell_domain::capability::Target;
use fuelcell_domain::outbound::{HttpRequest, MAX_BODY};
use fuelcell_fuzz::{Verdict, fuzz};
use http::{Request, header};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Builder;

/// Bytes that a connection holds: more than any answer here.
const BUFFER: usize = 128 << 10;

#[test]
fn a_request_that_is_sent_has_one_head_and_one_host() {
    fuzz("http-request", |bytes| {
        let request = valid(request(bytes)).map_err(|error| error.to_string())?;
        let head =
            [request.method().as_str(), request.uri().path(), request.uri().query().unwrap_or_default()];
        assert!(head.iter().all(|part| !part.contains([' ', '\r', '\n', '\0'])), "{head:?}");
        assert!(request.uri().host().is_none() && request.uri().path().starts_with('/'));
        let headers = request.headers();
        assert_eq!(headers.get_all(header::HOST).iter().count(), 1);
        assert!(OUR_OWN.iter().all(|name| name == header::HOST || !headers.contains_key(name)));
        assert!(
            headers
                .values()
                .all(|value| !value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)))
        );
        Ok(())
    });
}

/// Method, host, path, and headers, a line each.
fn request(bytes: &[u8]) -> HttpRequest {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let (method, host, path) = (line(), line(), line());
    let header =
        |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    HttpRequest {
        method,
        target: Target { tls: bytes.len().is_multiple_of(2), host, port: 443 },
        path,
        headers: lines.filter_map(header).collect(),
        connect_timeout: None,
        read_timeout: None,
        max_response: u64::MAX,
        body: Vec::new(),
    }
}

#[test]
fn whatever_a_host_answers_there_is_an_end() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    fuzz("http-response", |bytes| runtime.block_on(answered_with(bytes)));
}

/// Asks a host that answers with these bytes and closes the connection.
async fn answered_with(bytes: &[u8]) -> Verdict {
    let (here, there) = duplex(BUFFER);
    let account = Account::default();
    let tally = account.requested("host.example");
    let mut question = Request::new(Bytes::from_static(b"question"));
    question.headers_mut().insert(header::HOST, header::HeaderValue::from_static("host.example"));
    let asking =
        exchange(here, Counted::of(question, &tally), Duration::from_secs(10), MAX_BODY as u64, &tally);
    let (answer, _host) = tokio::join!(asking, answering(there, bytes));
    let answer = answer.map_err(|error| error.to_string())?;
    assert!((100..1000).contains(&answer.status));
    let length: usize = answer.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(length + answer.body.len() <= bytes.len());
    assert_eq!(account.all()[0].bytes_received, answer.body.len() as u64);
    Ok(())
}

/// Waits for the head of the question, as hosts do. The stream stays open for reading.
async fn answering(mut stream: DuplexStream, bytes: &[u8]) -> DuplexStream {
    let mut head = [0; 1024];
    let _ = stream.read(&mut head).await;
    // Whoever asked may have gone by now.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    stream
}
