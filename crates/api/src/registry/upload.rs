//! An upload's body and what its headers say of it.

use crate::extract::check_coding;
use crate::problem::Problem;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, header};
use fuelcell_domain::Digest;
use fuelcell_service::Upload;
use futures::TryStreamExt;
use sfv::{BareItem, Dictionary, ListEntry, Parser};
use tokio_util::io::{StreamReader, SyncIoBridge};

/// Longest `Content-Digest` in bytes: digests of all algorithms there are take a few hundred, while a parsed list takes a
/// hundred times its bytes.
pub(crate) const MAX_CONTENT_DIGEST: usize = 1024;

static CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// The body as bytes that a blocking thread reads, as they arrive.
pub(crate) fn upload(headers: &HeaderMap, body: Body) -> Result<Upload, Problem> {
    // Files that are compressed themselves (`.csv.gz`) need no coding.
    check_coding(headers)?;
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let stream = body.into_data_stream().map_err(std::io::Error::other);
    let bytes = Box::new(SyncIoBridge::new(StreamReader::new(stream)));
    Ok(Upload { bytes, length, digest: content_digest(headers)? })
}

/// The SHA-256 of `Content-Digest: sha-256=:BASE64:` (RFC 9530). Other algorithms are not looked at, as the RFC has it.
pub(crate) fn content_digest(headers: &HeaderMap) -> Result<Option<Digest>, Problem> {
    let mut values = headers.get_all(&CONTENT_DIGEST).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let wrong = || {
        Problem::invalid(
            "InvalidContentDigest",
            "Content-Digest must read sha-256=:BASE64: with the base64 of 32 bytes (RFC 9530)",
        )
    };
    if values.next().is_some() || value.len() > MAX_CONTENT_DIGEST {
        return Err(wrong());
    }
    let named: Dictionary = Parser::new(value.as_bytes()).parse().map_err(|_| wrong())?;
    match named.get("sha-256") {
        None => Ok(None),
        Some(ListEntry::Item(item)) => match &item.bare_item {
            BareItem::ByteSequence(bytes) => {
                bytes[..].try_into().map(|bytes| Some(Digest(bytes))).map_err(|_| wrong())
            }
            _ => Err(wrong()),
        },
        Some(ListEntry::InnerList(_)) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_digest_is_read_as_rfc_9530_writes_it() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_DIGEST.clone(), value.parse().expect("a header value"));
            content_digest(&headers).map_err(|_| "refused")
        };
        let empty = Digest::of(b"");
        assert_eq!(read("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"), Ok(Some(empty)));
        assert_eq!(
            read("sha-512=:AAAA:, sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"),
            Ok(Some(empty))
        );
        assert_eq!(read("sha-512=:AAAA:"), Ok(None));
        for wrong in ["sha-256=:AAAA:", "sha-256", "sha-256=47DEQ", "sha-256=(:AAAA:)", "=", "sha-256=::"] {
            assert_eq!(read(wrong), Err("refused"), "{wrong}");
        }
    }
}
