//! The operator's own token: its file, which never keeps a secret that opens nothing, and the way back when it is lost.

use crate::data_dir::DataDir;
use crate::private::write_private;
use anyhow::{Context, ensure};
use fuelcell_domain::clock::{Clock, SystemClock};
use fuelcell_service::ForgetSecret;
use fuelcell_service::tokens::reset_operator_token;
use fuelcell_service::{Service, ServiceError};
use fuelcell_store_sled::{Options, SledStore, exists};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// `DATA/operator-token`
#[derive(Clone)]
pub(crate) struct TokenFile(PathBuf);

impl TokenFile {
    pub(crate) fn of(data: &DataDir) -> Self {
        Self(data.operator_token())
    }

    fn secret(&self) -> Option<String> {
        fs::read_to_string(&self.0).ok().map(|text| text.trim().to_owned())
    }

    /// Removes the file when its token is revoked.
    pub(crate) fn forgetting(self) -> ForgetSecret {
        Box::new(move |is_dead: &dyn Fn(&str) -> bool| {
            if self.secret().is_some_and(|secret| is_dead(&secret)) {
                self.forget();
            }
        })
    }

    /// Removes the file when its token opens nothing: the server may have been stopped before it did.
    pub(crate) async fn forget_if_dead(&self, service: &Service) -> Result<(), ServiceError> {
        let Some(secret) = self.secret() else { return Ok(()) };
        match service.authenticate(&secret).await {
            Err(ServiceError::Unauthenticated) => self.forget(),
            other => drop(other?),
        }
        Ok(())
    }

    fn forget(&self) {
        match fs::remove_file(&self.0) {
            Ok(()) => {
                tracing::warn!(path = %self.0.display(), "the token in this file opens nothing any more; the file was removed");
            }
            Err(error) => {
                tracing::error!(%error, path = %self.0.display(), "the token in this file opens nothing any more; remove the file");
            }
        }
    }
}

/// Makes a new operator token in a data directory that no server has open.
pub(crate) async fn reset(data: &Path, revoke_others: bool) -> anyhow::Result<()> {
    let directory = DataDir::existing(data)?;
    ensure!(exists(&directory.store()), "{} holds no records", data.display());
    let options = Options { compact_at_bytes: u64::MAX, ..Options::default() };
    let store = SledStore::open(&directory.store(), options)
        .with_context(|| format!("cannot make a token in {}", data.display()))?;
    let file = TokenFile::of(&directory);
    let lost = file.secret();
    let secret =
        reset_operator_token(&store, directory.secret()?, SystemClock.now(), lost.as_deref(), revoke_others)
            .await?;
    write_private(&file.0, &secret)?;
    writeln!(std::io::stdout(), "a new operator token is in {}", file.0.display())?;
    Ok(())
}
