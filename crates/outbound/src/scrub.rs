//! Values of secrets are taken out of what comes back: hosts that repeat what they were sent are common.
//!
//! A value is looked for as it is, as JSON, URLs and hexadecimal digits have it, and in base64, alone or in the middle of
//! something; in any case. What is found is covered with as many asterisks, so that lengths stay right. A host that wants to
//! tell a secret finds other ways: it is granted only where it may be known.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use fuelcell_domain::outbound::{GrantedSecret, HttpResponse};

/// Shorter pieces than so many characters of base64 say too little of a value, and are found everywhere.
const SHORTEST_BASE64: usize = 6;

/// Of longer values only the plain forms are looked for: each byte of each form takes room.
const LONGEST_ENCODED: usize = 1 << 10;

/// Finds values of secrets.
pub(crate) struct Scrubber(Option<AhoCorasick>);

impl Scrubber {
    pub(crate) fn new(secrets: &[GrantedSecret]) -> Self {
        let forms: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| forms(&secret.value.0)).collect();
        if forms.is_empty() {
            return Self(None);
        }
        let builder = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            // The others take a table for each byte of a value.
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .build(&forms);
        // At most some hundred values of some kilobytes.
        Self(Some(builder.expect("there are fewer and shorter patterns than an automaton takes")))
    }

    /// The answer without them.
    pub(crate) fn scrub(&self, mut response: HttpResponse) -> HttpResponse {
        if let Some(found) = &self.0 {
            for (name, value) in &mut response.headers {
                cover(found, value);
                let mut covered = std::mem::take(name).into_bytes();
                cover(found, &mut covered);
                *name = String::from_utf8_lossy(&covered).into_owned();
            }
            cover(found, &mut response.body);
        }
        response
    }
}

fn cover(found: &AhoCorasick, bytes: &mut [u8]) {
    let places: Vec<_> = found.find_iter(&*bytes).map(|place| place.range()).collect();
    for place in places {
        bytes[place].fill(b'*');
    }
}

/// As what a value may come back.
fn forms(value: &[u8]) -> Vec<Vec<u8>> {
    let each =
        |write: &dyn Fn(u8) -> String| value.iter().map(|byte| write(*byte)).collect::<String>().into_bytes();
    let mut forms = vec![
        value.to_vec(),
        each(&|byte| match byte {
            b'"' | b'\\' => format!("\\{}", char::from(byte)),
            _ => char::from(byte).to_string(),
        }),
    ];
    if value.len() <= LONGEST_ENCODED {
        forms.extend([
            each(&|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02x}"),
            }),
            each(&|byte| format!("{byte:02x}")),
        ]);
        for before in 0..3 {
            forms.extend(in_base64(value, before));
        }
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// What base64 makes of a value behind so many bytes (modulo 3): the characters that the value alone decides.
fn in_base64(value: &[u8], before: usize) -> Vec<Vec<u8>> {
    let padded = [&vec![0; before][..], value].concat();
    // The first characters hold bits of what is before, the last one bits of what is behind.
    let from = (before * 8).div_ceil(6);
    let to = padded.len() * 8 / 6;
    if to < from + SHORTEST_BASE64 {
        return Vec::new();
    }
    let part = |text: String| text.as_bytes()[from..to].to_vec();
    vec![part(BASE64_STANDARD_NO_PAD.encode(&padded)), part(BASE64_URL_SAFE_NO_PAD.encode(&padded))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::outbound::SecretValue;

    fn scrubbed(secret: &str, body: &str) -> String {
        let (name, headers) = ("A".into(), Vec::new());
        let secret = GrantedSecret { name, headers, value: SecretValue(secret.into()) };
        let response = HttpResponse { status: 200, headers: Vec::new(), body: body.into() };
        String::from_utf8(Scrubber::new(&[secret]).scrub(response).body).unwrap()
    }

    #[test]
    fn values_are_covered_as_hosts_repeat_them() {
        let secret = r#"hunter2/"and"+more"#;
        let json = r#"hunter2/\"and\"+more"#;
        assert_eq!(scrubbed(secret, &format!("a {secret}{secret} b")), format!("a {} b", "*".repeat(36)));
        assert_eq!(scrubbed(secret, json), "*".repeat(json.len()));
        assert_eq!(scrubbed(secret, "?t=hunter2%2F%22and%22%2bmore&x"), format!("?t={}&x", "*".repeat(26)));
        let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(scrubbed(secret, &hexadecimal), "*".repeat(36));
        for around in ["", "u:", "user:", "any:"] {
            let encoded = BASE64_STANDARD_NO_PAD.encode(format!("{around}{secret}|tail"));
            let covered = scrubbed(secret, &encoded);
            assert!(covered.matches('*').count() >= 22, "{encoded} {covered}");
        }
        assert_eq!(scrubbed(secret, "nothing of it"), "nothing of it");
    }

    #[test]
    fn without_secrets_nothing_is_looked_for() {
        let response =
            HttpResponse { status: 200, headers: vec![("a".into(), vec![255])], body: vec![0, 255] };
        assert_eq!(Scrubber::new(&[]).scrub(response.clone()), response);
    }
}
