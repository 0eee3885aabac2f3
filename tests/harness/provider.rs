//! An identity provider: a process of its own, which says where it is.

use crate::built;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The secret of the client that each knows.
pub const CLIENT_SECRET: &str = "s:a secret + of% the client";

/// A running provider. Dropped, it ends.
pub struct Provider {
    process: Child,
    issuer: String,
    /// Open, so that what it writes later goes somewhere.
    _output: BufReader<ChildStdout>,
}

impl Provider {
    /// Runs a script of `tests/clients/oidc`.
    pub fn start(script: &str, variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new("node")
            .arg(built::source(&format!("tests/clients/oidc/{script}")))
            .env("CLIENT_SECRET", CLIENT_SECRET)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`cargo xtask test` makes sure that there is Node.js");
        let output = process.stdout.take().expect("it is piped");
        let (mut output, mut line) = (BufReader::new(output), String::new());
        output.read_line(&mut line).expect("the provider says where it is");
        let issuer = line.trim().strip_prefix("the provider is ").expect("the provider starts").to_owned();
        Self { process, issuer, _output: output }
    }

    /// Where it is.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Ends it.
    pub fn stop(&mut self) {
        self.process.kill().expect("our own child can be killed");
        self.process.wait().expect("a killed child can be waited for");
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have been stopped.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
