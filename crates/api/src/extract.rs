//! Reading requests, with errors that say what was wrong, where, and what is allowed.

use crate::diagnosis::Received;
use crate::duplicates;
use crate::moments::parse_moment;
use crate::object::Object;
use crate::problem::{INVALID_BODY, MALFORMED_JSON, Problem};
use crate::protection::Turn;
use crate::routes;
use crate::text::camel;
use crate::text::clipped;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use fuelcell_domain::JobType;
use fuelcell_domain::exact::meaning;
use fuelcell_domain::job_type::NoJobType;
use fuelcell_domain::{Digest, ProjectId, ProjectRef, Scope, TenantId, Timestamp};
use fuelcell_service::parameters::ParameterFault;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::time::Duration;
use utoipa::ToSchema;

/// Largest JSON body in bytes.
pub(crate) const MAX_JSON_BYTES: usize = 1024 * 1024;

/// A JSON body, with a digest for the client's key. The content type is not looked at: clients forget it.
pub(crate) struct JsonBody<T> {
    pub(crate) value: T,
    pub(crate) digest: Digest,
}

impl<T: DeserializeOwned + ToSchema, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let has_key = request.headers().contains_key(IDEMPOTENCY_KEY);
        let bytes = json_bytes::<T, S>(request, state).await?;
        let value = parse_json::<Object<T>>(&bytes)?.0;
        let value = value
            .ok_or_else(|| Problem::invalid(MALFORMED_JSON, "the body is null; an object is expected"))?;
        Ok(Self { value, digest: body_digest(has_key, &bytes) })
    }
}

/// A JSON body that may be left out, with a digest for the client's key.
pub(crate) struct OptionalJson<T> {
    pub(crate) value: T,
    pub(crate) digest: Digest,
}

impl<T: DeserializeOwned + Default + ToSchema, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let has_key = request.headers().contains_key(IDEMPOTENCY_KEY);
        let bytes = json_bytes::<T, S>(request, state).await?;
        let value = match bytes.iter().all(u8::is_ascii_whitespace) {
            true => T::default(),
            false => parse_json::<Object<T>>(&bytes)?.0.unwrap_or_default(),
        };
        Ok(Self { value, digest: body_digest(has_key, &bytes) })
    }
}

/// The header by which a client says that a request is the same as an earlier one.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What tells one body from another: for a client's key what it means, else nothing but its bytes, which take less time.
fn body_digest(has_key: bool, bytes: &[u8]) -> Digest {
    match has_key {
        true => meaning(bytes),
        false => Digest::of(bytes),
    }
}

/// The bytes of a JSON body, which are kept for the case that it is refused.
async fn json_bytes<T: ToSchema, S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    check_coding(request.headers())?;
    let received = request.extensions().get::<Received>().cloned();
    let turn = request.extensions().get::<Turn>().cloned();
    let bytes = Bytes::from_request(request, state).await.map_err(body_problem)?;
    if let Some(turn) = turn {
        turn.begin()?;
    }
    if let Some(received) = received {
        received.keep::<T>(bytes.clone());
    }
    Ok(bytes)
}

/// A coded body would have to be unpacked here, where nobody knows how large it gets.
pub(crate) fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(header::CONTENT_ENCODING) {
        Some(coding) if !coding.as_bytes().eq_ignore_ascii_case(b"identity") => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedEncoding",
            "send the body as it is, without Content-Encoding",
        )),
        _ => Ok(()),
    }
}

/// What is wrong with a body that could not be read.
pub(crate) fn body_problem(rejection: BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", "a JSON body is at most 1 MiB")
        }
        _ => Problem::invalid("BrokenBody", "the request's body could not be read to its end"),
    }
}

/// Names the place in the document where it went wrong.
pub(crate) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if let Some(pointer) = duplicates::find(bytes) {
        let fault = ParameterFault { pointer, message: "stands twice in its object".into() };
        return Err(Problem::invalid("DuplicateMember", "").told_by(1, vec![fault]));
    }
    parse_outline(bytes)
}

/// The same for a document of documents, each of which is to be read by itself: members within them may stand twice here.
pub(crate) fn parse_outline<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let told = shortened(inner.to_string());
        match inner.is_data() && path != "." {
            true => Problem::invalid(INVALID_BODY, format!("{path}: {told}")),
            false => Problem::invalid(
                MALFORMED_JSON,
                format!("the body is not the JSON that is expected here: {told}"),
            ),
        }
    })?;
    reader
        .end()
        .map_err(|error| Problem::invalid(MALFORMED_JSON, format!("after the JSON document: {error}")))?;
    Ok(value)
}

/// A message without the middle of what it quotes: what is allowed stands at its end.
fn shortened(message: String) -> String {
    const HEAD: usize = 200;
    const TAIL: usize = 400;
    if message.len() <= HEAD + TAIL {
        return message;
    }
    let (head, tail) = (message.floor_char_boundary(HEAD), message.ceil_char_boundary(message.len() - TAIL));
    format!("{}…{}", &message[..head], &message[tail..])
}

/// The named parts of the path.
pub(crate) struct Ids(HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<HashMap<String, String>>::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Self(named)),
            Err(_) => Err(Problem::invalid("InvalidPath", "the address is not valid percent-encoded UTF-8")),
        }
    }
}

impl Ids {
    /// A part as text.
    pub(crate) fn text(&self, name: &'static str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A part as an id.
    pub(crate) fn id<T: FromStr>(&self, name: &'static str) -> Result<T, Problem> {
        let text = self.text(name);
        text.parse().map_err(|_| {
            let shown = clipped(text, 64);
            let name = camel(name);
            if text.is_empty() {
                return Problem::invalid("InvalidId", routes::missing(&name));
            }
            Problem::invalid(
                "InvalidId",
                format!(
                    "{name} in the address is {shown:?}, which is no GUID such as \
                     6f9619ff-8b86-d011-b42d-00c04fc964ff; is a variable not set?"
                ),
            )
        })
    }

    /// Tenant and project.
    pub(crate) fn project(&self) -> Result<ProjectRef, Problem> {
        Ok(ProjectRef { tenant: self.tenant()?, project: self.id::<ProjectId>("project_id")? })
    }

    /// The place that the path names.
    pub(crate) fn place(&self) -> Result<Scope, Problem> {
        match (self.0.contains_key("tenant_id"), self.0.contains_key("project_id")) {
            (_, true) => self.project().map(Scope::Project),
            (true, false) => self.tenant().map(Scope::Tenant),
            (false, false) => Ok(Scope::Server),
        }
    }

    /// The tenant.
    pub(crate) fn tenant(&self) -> Result<TenantId, Problem> {
        self.id("tenant_id")
    }
}

/// The query, each name once. Typed getters name the parameter and what it allows.
pub(crate) struct Query {
    given: HashMap<String, String>,
    /// The address, for cursors.
    path: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let axum::extract::Query(pairs) = pairs
            .map_err(|_| Problem::invalid("InvalidQuery", "the query is not valid percent-encoded UTF-8"))?;
        let mut given = HashMap::new();
        for (name, value) in pairs {
            if given.contains_key(&name) {
                return Err(Problem::invalid(
                    "InvalidQuery",
                    format!("{} is given twice", clipped(&name, 64)),
                ));
            }
            given.insert(name, value);
        }
        Ok(Self { given, path: parts.uri.path().to_owned() })
    }
}

impl Query {
    /// A parameter as text; an empty one counts as absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|text| !text.is_empty())
    }

    /// Whether nothing is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    /// Which list this asks for: the address with its filters.
    pub(crate) fn list(&self) -> String {
        let filters: BTreeMap<_, _> =
            self.given.iter().filter(|(name, _)| !OF_PAGES.contains(&name.as_str())).collect();
        let filters = form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish();
        format!("{}?{filters}", self.path)
    }

    /// A parameter as one of some words.
    pub(crate) fn word<T: Copy>(
        &self,
        name: &str,
        allowed: &[(&'static str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.given(name) else { return Ok(None) };
        match allowed.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let words: Vec<_> = allowed.iter().map(|(word, _)| *word).collect();
                let shown = clipped(text, 64);
                Err(Problem::invalid(
                    "InvalidQuery",
                    format!("{name} is {shown:?}; allowed: {}", words.join(", ")),
                ))
            }
        }
    }

    /// The parameter `jobType`.
    pub(crate) fn job_type(&self) -> Result<Option<JobType>, Problem> {
        self.job_type_of("jobType")
    }

    /// A parameter as a job type.
    pub(crate) fn job_type_of(&self, name: &str) -> Result<Option<JobType>, Problem> {
        let wrong = |error: NoJobType| Problem::invalid("InvalidQuery", format!("{name}: {error}"));
        self.given(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// A parameter as an id.
    pub(crate) fn id<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let wrong = || Problem::invalid("InvalidQuery", format!("{name} must be a GUID"));
        self.given(name).map(|text| text.parse().map_err(|_| wrong())).transpose()
    }

    /// A parameter as a whole number in a range.
    pub(crate) fn number(
        &self,
        name: &str,
        default: u64,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<u64, Problem> {
        let Some(text) = self.given(name) else { return Ok(default) };
        match text.parse().ok().filter(|number| range.contains(number)) {
            Some(number) => Ok(number),
            None => Err(Problem::invalid(
                "InvalidQuery",
                format!("{name} must be a whole number from {} to {}", range.start(), range.end()),
            )),
        }
    }

    /// A parameter as whole seconds, with or without an `s`.
    pub(crate) fn seconds(&self, name: &str, longest: u64) -> Result<Option<Duration>, Problem> {
        let Some(text) = self.given(name) else { return Ok(None) };
        let seconds =
            text.strip_suffix('s').unwrap_or(text).parse().ok().filter(|seconds| *seconds <= longest);
        match seconds {
            Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
            None => Err(Problem::invalid(
                "InvalidQuery",
                format!("{name} must be whole seconds from 0s to {longest}s, such as {name}=30s"),
            )),
        }
    }

    /// A parameter as a moment. A date alone is its beginning. Where `to_end` is set it is its end, and so is a second:
    /// answers show times in whole seconds, so that what happened later in it counts as at that time.
    pub(crate) fn moment(&self, name: &str, to_end: bool) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.given(name) else { return Ok(None) };
        parse_moment(text, to_end).map(Some).ok_or_else(|| {
            Problem::invalid(
                "InvalidQuery",
                format!("{name} must be a date or date-time such as 2024-01-31T09:00:00Z"),
            )
        })
    }
}

/// Parameters that say which part of a list is asked for, and how it is written; all others say which list.
const OF_PAGES: [&str; 5] = ["cursor", "page", "pageSize", "limit", "format"];
