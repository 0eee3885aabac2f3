//! `DATA/sessions`: sessions of people at browsers, so that a restart signs nobody out. Of each its hash is there, not its
//! secret; backups leave the file out.

use crate::data_dir::DataDir;
use crate::private::write_private;
use fuelcell_service::SessionBook;
use std::fs;
use std::io;
use std::path::PathBuf;

pub(crate) struct SessionFile(PathBuf);

impl SessionFile {
    pub(crate) fn of(data: &DataDir) -> Self {
        Self(data.sessions())
    }
}

impl SessionBook for SessionFile {
    fn read(&self) -> io::Result<Option<String>> {
        match fs::read_to_string(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        write_private(&self.0, text).map_err(io::Error::other)
    }
}
