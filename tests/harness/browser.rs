//! A real browser without a window.

use std::process::Command;

/// The page's document after its scripts had their time, as markup.
pub fn dom(url: &str) -> String {
    let profile = tempfile::tempdir().expect("a temporary directory can be made");
    let output = Command::new("chromium")
        // Tests may run as root, where Chromium's own sandbox does not start.
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--virtual-time-budget=2000", "--dump-dom", url])
        .output()
        .expect("`cargo xtask test` installs Chromium");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{url}: {told}");
    String::from_utf8(output.stdout).expect("Chromium writes UTF-8")
}
