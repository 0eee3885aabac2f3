//! Certificates that are renewed, and those that cannot be used.

use super::*;
use rcgen::{CertifiedKey as Made, generate_simple_self_signed};
use std::fs;
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn config(&self) -> TlsConfig {
        let file = |name| Some(self.0.path().join(name));
        TlsConfig { certificate: file("certificate.pem"), key: file("key.pem"), ..TlsConfig::default() }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), bytes).unwrap();
    }

    fn renew(&self) -> Made<rcgen::KeyPair> {
        let made = generate_simple_self_signed(["server.example".to_owned()]).unwrap();
        self.write("certificate.pem", made.cert.pem());
        self.write("key.pem", made.signing_key.serialize_pem());
        made
    }

    fn refusal(&self) -> String {
        let error = Tls::of(&self.config()).err().expect("it is refused");
        error.to_string()
    }
}

fn shown(tls: &Tls) -> Vec<u8> {
    tls.shown.0.read().end_entity_cert().unwrap().to_vec()
}

#[test]
fn a_new_certificate_is_shown_and_a_broken_one_is_not() {
    let folder = Folder::new();
    let first = folder.renew();
    let tls = Tls::of(&folder.config()).unwrap().unwrap();
    let mut renewal = Renewal::of(&tls);
    let mut look = || {
        renewal.look(&tls);
        renewal.look(&tls);
        shown(&tls)
    };
    assert_eq!(look(), first.cert.der().to_vec());
    let second = folder.renew();
    assert_eq!(look(), second.cert.der().to_vec());
    folder.write("certificate.pem", "-----BEGIN CERTIFICATE-----\nnothing\n");
    assert_eq!(look(), second.cert.der().to_vec());
    fs::remove_file(folder.0.path().join("key.pem")).unwrap();
    assert_eq!(look(), second.cert.der().to_vec());
    let third = folder.renew();
    folder.write("key.pem", second.signing_key.serialize_pem());
    assert_eq!(look(), second.cert.der().to_vec(), "the key is another one's");
    folder.write("key.pem", third.signing_key.serialize_pem());
    assert_eq!(look(), third.cert.der().to_vec());
}

#[test]
fn what_cannot_be_used_is_named_at_the_start() {
    let folder = Folder::new();
    let missing = folder.refusal();
    assert!(missing.starts_with("api.tls.certificate") && missing.ends_with("cannot be read"), "{missing}");
    let made = folder.renew();
    folder.write("key.pem", "no key");
    assert!(folder.refusal().contains("api.tls.key"), "{}", folder.refusal());
    folder
        .write("key.pem", generate_simple_self_signed(["a".to_owned()]).unwrap().signing_key.serialize_pem());
    assert!(folder.refusal().contains("does not go with the certificate"), "{}", folder.refusal());
    folder.write("key.pem", made.signing_key.serialize_pem());
    folder.write("certificate.pem", "");
    assert!(folder.refusal().contains("holds no certificate"), "{}", folder.refusal());
    folder.write("certificate.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(folder.refusal().contains("api.tls.certificate"), "{}", folder.refusal());
}

#[test]
fn a_file_is_read_up_to_the_stated_size() {
    let folder = Folder::new();
    let pem = folder.renew().cert.pem();
    let padded = |size: u64| pem.clone() + &" ".repeat(usize::try_from(size).unwrap() - pem.len());
    folder.write("certificate.pem", padded(MAX_FILE));
    assert!(Tls::of(&folder.config()).unwrap().is_some());
    folder.write("certificate.pem", padded(MAX_FILE + 1));
    assert!(folder.refusal().contains("larger than 1048576 bytes"), "{}", folder.refusal());
}

#[test]
fn only_both_files_make_tls_and_browsers_are_told_only_then() {
    let folder = Folder::new();
    let both = folder.config();
    assert_eq!(both.strict_transport().unwrap(), "max-age=31536000");
    assert_eq!(TlsConfig { hsts_seconds: 0, ..both.clone() }.strict_transport(), None);
    assert_eq!(TlsConfig::default().strict_transport(), None);
    assert!(TlsConfig { key: None, ..both.clone() }.check().unwrap_err().contains("api.tls.key is not"));
    assert!(TlsConfig { certificate: None, ..both.clone() }.check().unwrap_err().contains("set both"));
    assert_eq!((both.check(), TlsConfig::default().check()), (Ok(()), Ok(())));
}
