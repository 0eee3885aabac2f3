//! TLS: a certificate that is renewed while connections are open, and one that cannot be used.

use fuelcell_tests::{Server, built, eventually};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const HOST: &str = "server.example";
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes a new certificate and its key.
fn renew(folder: &Path) -> CertifiedKey<KeyPair> {
    let made = generate_simple_self_signed([HOST.to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    made
}

/// A kept connection of a client that trusts these certificates.
struct Connection(BufReader<StreamOwned<ClientConnection, TcpStream>>);

impl Connection {
    fn open(server: &Server, trusted: &[&CertifiedKey<KeyPair>]) -> Self {
        let mut roots = RootCertStore::empty();
        for certified in trusted {
            roots.add(certified.cert.der().clone()).unwrap();
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(HOST).unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect(server.base().trim_start_matches("https://")).unwrap();
        Self(BufReader::new(StreamOwned::new(client, stream)))
    }

    /// The headers of the answer to a health check.
    fn ask(&mut self) -> String {
        write!(self.0.get_mut(), "GET /livez HTTP/1.1\r\nhost: {HOST}\r\n\r\n").unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).unwrap(), 0, "the connection ended: {head}");
        }
        let mut body = [0; 3];
        self.0.read_exact(&mut body).unwrap();
        assert_eq!((head.lines().next(), &body), (Some("HTTP/1.1 200 OK"), b"ok\n"));
        head
    }

    /// The certificate that the server showed.
    fn shown(&self) -> Vec<u8> {
        self.0.get_ref().conn.peer_certificates().unwrap()[0].to_vec()
    }
}

#[test]
fn a_renewed_certificate_is_shown_to_new_connections_and_open_ones_go_on() {
    let folder = TempDir::new().unwrap();
    let first = renew(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key) = (file("certificate.pem"), file("key.pem"));
    let server = Server::start_set(&[("API__TLS__CERTIFICATE", &certificate), ("API__TLS__KEY", &key)]);
    assert!(server.base().starts_with("https://"), "{}", server.base());

    let mut open = Connection::open(&server, &[&first]);
    assert!(open.ask().contains("strict-transport-security: max-age=31536000\r\n"));
    let second = renew(folder.path());
    let shown_now = || {
        let mut connection = Connection::open(&server, &[&first, &second]);
        connection.ask();
        connection.shown()
    };
    eventually("the new certificate is shown", PATIENCE, || {
        (shown_now() == **second.cert.der()).then_some(())
    });
    open.ask();
    assert_eq!(open.shown(), **first.cert.der(), "it is the same connection");

    fs::write(&certificate, "no certificate").unwrap();
    eventually("the log says so", PATIENCE, || {
        server.log().contains("the new certificate cannot be used; the one before it stays").then_some(())
    });
    assert!(server.log().contains("api.tls.certificate"), "{}", server.log());
    assert_eq!(shown_now(), **second.cert.der());
    open.ask();

    // What speaks no TLS does no harm.
    let mut plain = TcpStream::connect(server.base().trim_start_matches("https://")).unwrap();
    plain.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"));
    open.ask();

    // curl knows TLS by another library, and trusts what it is told to.
    let trusted = folder.path().join("trusted.pem");
    fs::write(&trusted, second.cert.pem()).unwrap();
    let address = server.base().trim_start_matches("https://");
    let port = address.rsplit(':').next().unwrap();
    let curl = Command::new("curl")
        .args(["--silent", "--show-error", "--connect-to", &format!("{HOST}:443:127.0.0.1:{port}")])
        .arg("--cacert")
        .arg(&trusted)
        .arg(format!("https://{HOST}/livez"))
        .output()
        .unwrap();
    assert_eq!(curl.stdout, b"ok\n", "{}", String::from_utf8_lossy(&curl.stderr));
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start_and_is_named() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("certificate.pem"), "no certificate").unwrap();
    fs::write(folder.path().join("key.pem"), "no key").unwrap();
    let output = Command::new(built::fuelcell())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"))
        .env("FUELCELL_API__TLS__CERTIFICATE", folder.path().join("certificate.pem"))
        .env("FUELCELL_API__TLS__KEY", folder.path().join("key.pem"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(told.contains("api.tls.certificate") && told.contains("holds no certificate"), "{told}");
}
