//! Why a host call was not served.

use std::{error::Error, io};

/// A host call that could not be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// A limit of this cell (disk, number of artifacts, bytes of a checkpoint …) is used up. The text names it.
    #[error("limit reached: {0}")]
    Limit(String),
    /// The request itself was wrong: an unknown input, a bad name. The text says what is allowed.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// The host could not read or write. Trying the job again can help.
    #[error("storage: {0}")]
    Storage(String),
}

impl HostError {
    /// Looks for a host error in an error and its causes, also inside `std::io::Error`.
    pub fn find<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e HostError> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<HostError>() {
                return Some(found);
            }
            // The `source` of an io::Error is its payload's source: the payload itself would be skipped.
            next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(payload) => Some(payload),
                None => error.source(),
            };
        }
        None
    }
}

impl From<HostError> for io::Error {
    fn from(error: HostError) -> Self {
        let kind = match error {
            HostError::Limit(_) => io::ErrorKind::QuotaExceeded,
            HostError::Invalid(_) => io::ErrorKind::InvalidInput,
            HostError::Storage(_) => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

impl From<io::Error> for HostError {
    /// The host error that travelled inside, else [`HostError::Storage`] with the error's text.
    fn from(error: io::Error) -> Self {
        match HostError::find(&error) {
            Some(found) => found.clone(),
            None => HostError::Storage(error.to_string()),
        }
    }
}
