//! Hosts that prove who they are, and hosts that do not.

use crate::account::Account;
use crate::{Client, OutboundConfig};
use fuelcell_domain::capability::Target;
use fuelcell_domain::outbound::{HttpError, HttpRequest, HttpResponse};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A host with a certificate of `authority` for `name`; its port. It answers one request.
async fn host(authority: &Authority, name: &str, year_of_its_end: i32) -> u16 {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.not_before = date_time_ymd(2000, 1, 1);
    parameters.not_after = date_time_ymd(year_of_its_end, 1, 1);
    let certificate = parameters.signed_by(&key, &**authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // A client that does not trust this host ends it here.
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else { return };
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
        let _ = stream.shutdown().await;
    });
    port
}

async fn asked(trusted: &Authority, host: &str, port: u16) -> Result<HttpResponse, HttpError> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).unwrap();
    let networks = ["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    let config = OutboundConfig { allow_networks: networks.into(), ..OutboundConfig::default() };
    let request = HttpRequest {
        method: "GET".into(),
        target: Target { tls: true, host: host.into(), port },
        path: "/".into(),
        headers: Vec::new(),
        connect_timeout: None,
        read_timeout: None,
        max_response: u64::MAX,
        body: Vec::new(),
    };
    let account = Account::default();
    let lookups = Arc::new(Semaphore::new(1));
    Client::trusting(roots, config).send(request, &account.requested(host), &lookups).await
}

fn untrusted(answer: Result<HttpResponse, HttpError>) -> String {
    match answer {
        Err(error @ HttpError::Certificate(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_host_that_proves_who_it_is_answers() {
    let authority = authority("One");
    for name in ["localhost", "127.0.0.1"] {
        let port = host(&authority, name, 2100).await;
        let answer = asked(&authority, name, port).await.unwrap();
        assert_eq!((answer.status, &answer.body[..]), (200, &b"hi"[..]), "{name}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = authority("One");
    let port = host(&authority, "other.example", 2100).await;
    let said = untrusted(asked(&authority, "localhost", port).await);
    assert!(said.contains("not valid for name"), "{said}");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let port = host(&authority("Other"), "localhost", 2100).await;
    let said = untrusted(asked(&authority("One"), "localhost", port).await);
    assert!(said.contains("UnknownIssuer"), "{said}");
}

#[tokio::test]
async fn a_certificate_whose_time_is_over_is_refused() {
    let authority = authority("One");
    let port = host(&authority, "localhost", 2020).await;
    let said = untrusted(asked(&authority, "localhost", port).await);
    assert!(said.contains("expired"), "{said}");
}

#[tokio::test]
async fn what_is_no_tls_is_no_question_of_trust() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    assert_eq!(asked(&authority("One"), "localhost", port).await, Err(HttpError::Tls));
}
