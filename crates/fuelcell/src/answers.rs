//! `fuelcell run --http FILE`: answers to a job's requests, and the secrets that it may use, out of a file. Nothing is sent.
//!
//! What the manifest does not ask for is refused, as a server refuses what is not granted. Answers are the same in every
//! run, so that a deterministic one may ask for them.

use anyhow::{Context, ensure};
use fuelcell_domain::capability::{HostPattern, Target};
use fuelcell_domain::outbound::{
    Contact, Header, HttpError, HttpRequest, HttpResponse, MAX_BODY, SecretValue, length_with_secrets,
};
use fuelcell_domain::{Capabilities, HttpAccess, Manifest};
use parking_lot::Mutex;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path};
use ureq::http::uri::{Authority, PathAndQuery};
use ureq::http::{HeaderName, HeaderValue, Uri};

/// Why nothing comes back, in the words that a job meets.
const ERRORS: [(&str, HttpError); 6] = [
    ("DNS-error", HttpError::Dns),
    ("connection-refused", HttpError::Connect),
    ("connection-timeout", HttpError::ConnectTimeout),
    ("connection-read-timeout", HttpError::ReadTimeout),
    ("TLS-protocol-error", HttpError::Tls),
    ("HTTP-protocol-error", HttpError::Protocol),
];

/// Methods of which people write the names in any case.
const STANDARD: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    #[serde(default)]
    answers: Vec<Told>,
    #[serde(default)]
    secrets: BTreeMap<String, String>,
}

/// One answer, as it is told.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Told {
    #[serde(default = "get")]
    method: String,
    url: String,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    #[serde(default, deserialize_with = "present")]
    json: Option<Value>,
    file: Option<String>,
    error: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

/// What a request asks for.
type Asked = (String, Target, String);
type Answer = Result<HttpResponse, HttpError>;

/// Answers by what is asked for.
pub(crate) struct Answers {
    access: Option<HttpAccess>,
    keys: Vec<String>,
    secrets: BTreeMap<String, SecretValue>,
    known: Vec<(Asked, Vec<Answer>)>,
    met: Mutex<Met>,
}

/// What was asked so far.
#[derive(Default)]
struct Met {
    /// How often, of each that is known.
    times: BTreeMap<usize, usize>,
    contacts: BTreeMap<String, Contact>,
}

impl Answers {
    /// Reads the file. The manifest and what the module imports say what may be asked for.
    ///
    /// # Errors
    /// When the file cannot be read, or an answer in it is none; the message names it.
    pub(crate) fn read(file: &Path, manifest: &Manifest, imports: &[String]) -> anyhow::Result<Self> {
        let shown = file.display();
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
        let document: Document =
            serde_json::from_str(&text).with_context(|| format!("{shown} holds no answers"))?;
        let wanted = match manifest.engine {
            Some(_) => Capabilities::asked_by_script(manifest.http.as_ref()),
            None => Capabilities::wanted(imports, manifest.http.as_ref()),
        };
        let mut known: Vec<(Asked, Vec<Answer>)> = Vec::new();
        let folder = file.parent().unwrap_or(Path::new(""));
        for (number, told) in document.answers.into_iter().enumerate() {
            let place = || format!("answer {} in {shown}", number + 1);
            let asked = asked(&told).with_context(place)?;
            let answer = told.answer(folder).with_context(place)?;
            match known.iter_mut().find(|(other, _)| *other == asked) {
                Some((_, answers)) => answers.push(answer),
                None => known.push((asked, vec![answer])),
            }
        }
        let secrets =
            document.secrets.into_iter().map(|(name, value)| (name, SecretValue(value.into_bytes())));
        Ok(Self {
            access: wanted.http,
            keys: manifest.hmac.clone(),
            secrets: secrets.collect(),
            known,
            met: Mutex::default(),
        })
    }

    /// What comes of a request. Equal ones get their answers in turn, and the last one again and again.
    pub(crate) fn answer(&self, request: &HttpRequest) -> Answer {
        let answer = self.admit(request).and_then(|()| self.next(request));
        let mut met = self.met.lock();
        let contact = met.contacts.entry(request.target.to_string()).or_default();
        match &answer {
            Err(HttpError::Denied(_) | HttpError::Invalid(_) | HttpError::RequestTooLong) => {
                contact.refused += 1;
            }
            answer => {
                contact.requests += 1;
                contact.bytes_sent += request.body.len() as u64;
                contact.bytes_received += answer.as_ref().map_or(0, |answer| answer.body.len() as u64);
            }
        }
        answer
    }

    /// Whom the job asked, as its receipt says it.
    pub(crate) fn contacts(&self) -> Vec<Contact> {
        let met = self.met.lock();
        met.contacts.iter().map(|(host, contact)| Contact { host: host.clone(), ..contact.clone() }).collect()
    }

    /// A secret that the job may compute with.
    pub(crate) fn key(&self, name: &str) -> Option<&SecretValue> {
        let is_asked_for = self.keys.iter().any(|key| key == name || key == "*");
        self.secrets.get(name).filter(|_| is_asked_for)
    }

    fn admit(&self, request: &HttpRequest) -> Result<(), HttpError> {
        let target = &request.target;
        let Some(access) = &self.access else {
            return Err(HttpError::Denied(format!("{target}: the manifest asks for no requests")));
        };
        // A module that names no host is granted what a project likes: here, what there are answers for.
        if !access.hosts.is_empty() && !access.admits(target) {
            return Err(HttpError::Denied(format!("{target} is not among the hosts of the manifest")));
        }
        if request.body.len() > MAX_BODY {
            return Err(HttpError::RequestTooLong);
        }
        for (_, value) in &request.headers {
            length_with_secrets(value, |name| self.secret(access, name))?;
        }
        Ok(())
    }

    fn secret(&self, access: &HttpAccess, name: &str) -> Result<&SecretValue, HttpError> {
        let is_asked_for = access.secrets.iter().any(|secret| secret == name);
        self.secrets.get(name).filter(|_| is_asked_for).ok_or_else(|| {
            let name: String = name.chars().take(64).collect();
            let missing =
                if is_asked_for { "the file of answers has none" } else { "the manifest asks for none" };
            HttpError::Denied(format!("a header names the secret {name:?}, and {missing} of that name"))
        })
    }

    fn next(&self, request: &HttpRequest) -> Answer {
        let asked = |(method, target, path): &Asked| {
            *method == request.method && *target == request.target && *path == request.path
        };
        let Some(place) = self.known.iter().position(|(known, _)| asked(known)) else {
            let HttpRequest { method, target, path, .. } = request;
            return Err(HttpError::Denied(format!("there is no answer for {method} {target}{path}")));
        };
        let answers = &self.known[place].1;
        let mut met = self.met.lock();
        let times = met.times.entry(place).or_default();
        let answer = &answers[(*times).min(answers.len() - 1)];
        *times += 1;
        let answer = answer.clone()?;
        match answer.body.len() as u64 > request.max_response {
            true => Err(HttpError::ResponseTooLong(request.max_response)),
            false => Ok(answer),
        }
    }
}

/// What an answer is for. The URL is read as those of requests are, and not made another one.
fn asked(told: &Told) -> anyhow::Result<Asked> {
    let uri: Uri = told.url.parse().with_context(|| format!("{:?} is no URL", told.url))?;
    let scheme = uri.scheme_str().with_context(|| format!("{:?} is no URL with http or https", told.url))?;
    ensure!(matches!(scheme, "http" | "https"), "a request goes to http or https, and {scheme} is neither");
    // The entry of a list of hosts that is for just this host, as a manifest has it.
    let authority = uri.authority().map(Authority::as_str).unwrap_or_default();
    let pattern: HostPattern = format!("{scheme}://{authority}").parse()?;
    let target = pattern.target().with_context(|| format!("{authority} is no single host"))?;
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str).to_owned();
    let method = told.method.to_ascii_uppercase();
    let method = if STANDARD.contains(&&*method) { method } else { told.method.clone() };
    Ok((method, target, path))
}

/// A file beside that of the answers, and nothing else of this machine.
fn beside(folder: &Path, name: &str) -> anyhow::Result<Vec<u8>> {
    let is_below = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    ensure!(is_below, "{name:?} is no file beside that of the answers");
    let file = folder.join(name);
    let cannot = || format!("cannot read {}", file.display());
    let data = fs::metadata(&file).with_context(cannot)?;
    ensure!(data.is_file(), "{} is no file", file.display());
    ensure!(data.len() <= MAX_BODY as u64, "{} has more than {MAX_BODY} bytes", file.display());
    fs::read(&file).with_context(cannot)
}

/// A header as a server gives it to a job: with its name in lower case.
fn header((name, value): (String, String)) -> anyhow::Result<Header> {
    let known = HeaderName::try_from(&name).with_context(|| format!("{name:?} is no name of a header"))?;
    let value =
        HeaderValue::try_from(&value).with_context(|| format!("the header {name} cannot have {value:?}"))?;
    Ok((known.as_str().to_owned(), value.as_bytes().to_vec()))
}

/// A value that is there, also if it is `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Told {
    fn answer(self, folder: &Path) -> anyhow::Result<Answer> {
        let bodies = [self.body.is_some(), self.json.is_some(), self.file.is_some()];
        ensure!(
            bodies.into_iter().filter(|is_there| *is_there).count() <= 1,
            "its body is one of body, json and file"
        );
        if let Some(word) = &self.error {
            let is_alone =
                self.status.is_none() && self.headers.is_empty() && !bodies.into_iter().any(|there| there);
            ensure!(is_alone, "an error has no status, headers or body beside it");
            let known = ERRORS.iter().find(|(known, _)| known == word);
            let words: Vec<_> = ERRORS.iter().map(|(word, _)| *word).collect();
            let (_, error) =
                known.with_context(|| format!("{word:?} is no error; there are {}", words.join(", ")))?;
            return Ok(Err(error.clone()));
        }
        let status = self.status.unwrap_or(200);
        ensure!((200..600).contains(&status), "{status} is no status of an answer: 200 to 599");
        let mut headers = self.headers;
        let has_type = headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
        if self.json.is_some() && !has_type {
            headers.insert("content-type".to_owned(), "application/json".to_owned());
        }
        let body = match (self.body, self.json, self.file) {
            (Some(text), ..) => text.into_bytes(),
            (_, Some(value), _) => value.to_string().into_bytes(),
            (.., Some(name)) => beside(folder, &name)?,
            _ => Vec::new(),
        };
        ensure!(body.len() <= MAX_BODY, "its body has more than {MAX_BODY} bytes");
        let headers = headers.into_iter().map(header).collect::<anyhow::Result<_>>()?;
        Ok(Ok(HttpResponse { status, headers, body }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const JOB: &str = "wasi:http/outgoing-handler@0.2.6";

    fn answers(document: &Value, asked: &Value) -> anyhow::Result<Answers> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("beside.txt"), "from a file").unwrap();
        let file = folder.path().join("mock.json");
        fs::write(&file, document.to_string()).unwrap();
        let manifest = Manifest {
            http: serde_json::from_value(asked.clone()).unwrap(),
            hmac: vec!["KEY".into()],
            ..Manifest::default()
        };
        Answers::read(&file, &manifest, &[JOB.to_owned()])
    }

    fn request(method: &str, host: &str, path: &str, headers: &[(&str, &str)]) -> HttpRequest {
        HttpRequest {
            method: method.into(),
            target: Target { tls: true, host: host.into(), port: 443 },
            path: path.into(),
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            connect_timeout: None,
            read_timeout: None,
            max_response: 100,
            body: b"four".to_vec(),
        }
    }

    #[test]
    fn equal_requests_get_their_answers_in_turn_and_the_last_again() {
        let document = json!({"answers": [
            {"url": "https://a.example/x?y=1", "error": "connection-timeout"},
            {"url": "https://a.example/x?y=1", "status": 503, "headers": {"retry-after": "1"}, "body": "later"},
            {"url": "https://A.example:443/x?y=1", "json": [1]},
            {"method": "post", "url": "https://a.example/x?y=1", "headers": {"Retry-After": "1"}, "file": "beside.txt"},
            {"url": "https://a.example/a/../b?c='d'", "json": null},
        ]});
        let answers = answers(&document, &json!({"hosts": ["a.example"]})).unwrap();
        let get = || answers.answer(&request("GET", "a.example", "/x?y=1", &[]));
        assert_eq!(get(), Err(HttpError::ConnectTimeout));
        let later = get().unwrap();
        assert_eq!((later.status, &later.body[..]), (503, &b"later"[..]));
        for _ in 0..2 {
            let last = get().unwrap();
            assert_eq!((last.status, &last.body[..]), (200, &b"[1]"[..]));
            assert_eq!(last.headers, [("content-type".to_owned(), b"application/json".to_vec())]);
        }
        let post = answers.answer(&request("POST", "a.example", "/x?y=1", &[])).unwrap();
        assert_eq!((&post.body[..], &*post.headers[0].0), (&b"from a file"[..], "retry-after"));
        let kept = answers.answer(&request("GET", "a.example", "/a/../b?c='d'", &[])).unwrap();
        assert_eq!(kept.body, b"null", "the URL is as it was written");
        let contact = Contact {
            host: "a.example".into(),
            requests: 6,
            refused: 0,
            bytes_sent: 24,
            bytes_received: 5 + 3 + 3 + 11 + 4,
        };
        assert_eq!(answers.contacts(), [contact]);
    }

    #[test]
    fn what_the_manifest_does_not_ask_for_is_refused_as_by_a_server() {
        let document = json!({
            "answers": [{"url": "https://a.example/"}, {"url": "https://b.example/"}, {"url": "https://a.example/long", "body": "x".repeat(101)}],
            "secrets": {"TOKEN": "t", "OTHER": "o", "KEY": "k"},
        });
        let answers =
            answers(&document, &json!({"hosts": ["a.example"], "secrets": ["TOKEN", "GONE"]})).unwrap();
        let denied = |host: &str, path: &str, header: &str| match answers.answer(&request(
            "GET",
            host,
            path,
            &[("authorization", header)],
        )) {
            Err(HttpError::Denied(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(answers.answer(&request("GET", "a.example", "/", &[("a", "{{secret:TOKEN}}")])).is_ok());
        assert!(denied("b.example", "/", "").contains("not among the hosts of the manifest"));
        assert!(denied("a.example", "/other", "").contains("no answer for GET a.example/other"));
        assert!(denied("a.example", "/", "{{secret:OTHER}}").contains("the manifest asks for none"));
        assert!(denied("a.example", "/", "{{secret:GONE}}").contains("the file of answers has none"));
        let long = answers.answer(&request("GET", "a.example", "/long", &[]));
        assert_eq!(long, Err(HttpError::ResponseTooLong(100)));
        assert!(answers.key("KEY").is_some() && answers.key("TOKEN").is_none());
    }

    #[test]
    fn a_wrong_answer_is_named() {
        let hosts = json!({"hosts": ["a.example"]});
        for (answer, said) in [
            (json!({"url": "a.example"}), "is no URL"),
            (json!({"url": "https://a.example/a b"}), "is no URL"),
            (json!({"url": "https://me@a.example/"}), "me@a.example"),
            (json!({"url": "https://*.a.example/"}), "is no single host"),
            (json!({"url": "https://a.example", "file": "../beside.txt"}), "no file beside"),
            (json!({"url": "https://a.example", "file": "/dev/zero"}), "no file beside"),
            (json!({"url": "https://a.example", "headers": {"a b": "c"}}), "no name of a header"),
            (json!({"url": "ftp://a.example"}), "ftp is neither"),
            (json!({"url": "https://a.example", "status": 99}), "99 is no status"),
            (json!({"url": "https://a.example", "error": "no-luck"}), "there are DNS-error"),
            (
                json!({"url": "https://a.example", "error": "DNS-error", "body": ""}),
                "no status, headers or body",
            ),
            (json!({"url": "https://a.example", "body": "", "json": 1}), "one of body, json and file"),
            (json!({"url": "https://a.example", "file": "none"}), "cannot read"),
            (json!({"url": "https://a.example", "stat": 1}), "unknown field"),
        ] {
            let document = json!({"answers": [{"url": "https://a.example/fine"}, answer]});
            let error = format!("{:#}", answers(&document, &hosts).err().unwrap());
            assert!(error.contains(said), "{error}");
            assert!(said == "unknown field" || error.starts_with("answer 2 in "), "{error}");
        }
    }
}
