//! Where objects lie, by an address such as `s3://bucket/prefix`.

use fuelcell_store::StoreError;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreScheme, RetryConfig};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// An address of object storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    url: Url,
    kind: Kind,
    /// Where in the bucket, or the folder.
    path: Path,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    S3,
    Google,
    Azure,
    Folder(PathBuf),
}

impl Place {
    /// Reads an address. Credentials are no part of it: they come from the environment, as the storage's own tools take them.
    ///
    /// # Errors
    /// What is wrong with it, without the address: a password may be in it.
    pub fn parse(address: &str) -> Result<Self, &'static str> {
        const UNKNOWN: &str = "it takes an address such as s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or file:///folder";
        let url = Url::parse(address).map_err(|_| UNKNOWN)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "it must not have credentials in it; they come from the environment, as in AWS_ACCESS_KEY_ID",
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it takes no parameters; they come from the environment, as in AWS_ENDPOINT");
        }
        let (scheme, path) = ObjectStoreScheme::parse(&url).map_err(|_| UNKNOWN)?;
        let kind = match (scheme, url.scheme()) {
            (ObjectStoreScheme::AmazonS3, "s3") => Kind::S3,
            (ObjectStoreScheme::GoogleCloudStorage, "gs") => Kind::Google,
            (ObjectStoreScheme::MicrosoftAzure, "az") => Kind::Azure,
            (ObjectStoreScheme::Local, _) => Kind::Folder(url.to_file_path().map_err(|()| UNKNOWN)?),
            _ => return Err(UNKNOWN),
        };
        Ok(Self { url, kind, path })
    }

    /// The storage itself. Nothing is asked of it yet.
    pub(crate) fn storage(&self) -> Result<Arc<dyn ObjectStore>, StoreError> {
        let unusable = |error: object_store::Error| StoreError::Storage(error.to_string());
        let storage: Arc<dyn ObjectStore> = match &self.kind {
            Kind::S3 => Arc::new(
                AmazonS3Builder::from_env()
                    .with_url(self.url.as_str())
                    .with_retry(patience())
                    .build()
                    .map_err(unusable)?,
            ),
            Kind::Google => Arc::new(
                GoogleCloudStorageBuilder::from_env()
                    .with_url(self.url.as_str())
                    .with_retry(patience())
                    .build()
                    .map_err(unusable)?,
            ),
            Kind::Azure => Arc::new(
                MicrosoftAzureBuilder::from_env()
                    .with_url(self.url.as_str())
                    .with_retry(patience())
                    .build()
                    .map_err(unusable)?,
            ),
            Kind::Folder(folder) => {
                fs::create_dir_all(folder)?;
                return Ok(Arc::new(
                    LocalFileSystem::new_with_prefix(folder).map_err(unusable)?.with_fsync(true),
                ));
            }
        };
        Ok(Arc::new(PrefixStore::new(storage, self.path.clone())))
    }
}

/// What stands still for a moment is not noticed; whoever asks is told of what is away for longer.
fn patience() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 5,
        retry_timeout: Duration::from_secs(5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart_and_have_no_credentials() {
        for (address, path) in [
            ("s3://bucket", ""),
            ("s3://bucket/prefix/and/more", "prefix/and/more"),
            ("gs://bucket/prefix", "prefix"),
            ("az://container/prefix", "prefix"),
            ("file:///shared/bytes", "shared/bytes"),
        ] {
            assert_eq!(Place::parse(address).unwrap().path.as_ref(), path, "{address}");
        }
        for (address, wrong) in [
            ("bucket", "it takes an address"),
            ("s3:///prefix", "it takes an address"),
            ("https://example.com/bucket", "it takes an address"),
            ("memory:///", "it takes an address"),
            ("s3://key:hunter2@bucket", "must not have credentials"),
            ("s3://key@bucket", "must not have credentials"),
            ("s3://bucket?aws_secret_access_key=hunter2", "takes no parameters"),
        ] {
            let refusal = Place::parse(address).unwrap_err();
            assert!(refusal.contains(wrong) && !refusal.contains("hunter2"), "{address}: {refusal}");
        }
    }
}
