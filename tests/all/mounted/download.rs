//! A client's own disk that is full.

use crate::cli_client::Home;
use fuelcell_tests::{Mount, Project, Server};
use std::fs;

#[test]
#[ignore = "mounts a file system"]
fn a_download_that_fills_the_disk_leaves_nothing() {
    let server = Server::start();
    let project = Project::new(&server);
    let home = Home::of(&server, &project);
    let id = project.dataset("big.bin", &vec![7; 3 << 20]);
    let _small = Mount::memory(&home.path().join("small"), 1 << 20);
    let (code, told) = home.fail(&["dataset", "get", &id, "--out", "small/big.bin"]);
    assert_eq!((code, told.contains("No space left on device")), (1, true), "{told}");
    assert_eq!(fs::read_dir(home.path().join("small")).unwrap().count(), 0);
}
