//! What operators install, made and tried as they would: the Debian package, and the image on a root that cannot be written.
//! Each ends with a job that a server of it ran. What needs a tool that is not there is named as not run.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::unix::fs::chown,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bytesize::ByteSize;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;

use crate::{
    bench,
    client::{Client, text},
    dashboard, guests,
    process::{capture, cargo, run},
    progress::note,
    server::free_address,
    tools,
    workspace::{Build, Workspace},
};

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// The first start compiles the built-in modules.
const READY_WITHIN: Duration = Duration::from_secs(180);
/// More than a server waits for its jobs and requests.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
/// As the image says.
const NOBODY: u32 = 65532;
/// What a static build may take.
const ROOM: ByteSize = ByteSize::gb(15);
const TARGET: &str = "x86_64-unknown-linux-gnu";
const IMAGE: &str = "localhost/fuelcell-soak";

pub(super) fn soak(workspace: &Workspace) -> Result<()> {
    let folder = workspace.target.join("soak-packages");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    if tools::can_build_pages() {
        dashboard::build(workspace)?;
    }
    guests::build(workspace, Build::Release)?;
    not_without("the Debian package", tools::cargo_deb(workspace), |tool| debian(workspace, &folder, &tool))?;
    let able = tools::ensure_containers().and_then(|()| has_room(workspace));
    not_without("the image", able, |()| image(workspace, &folder))?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Says what is not tried, and why.
fn not_without<T>(what: &str, tool: Result<T>, work: impl FnOnce(T) -> Result<()>) -> Result<()> {
    match tool {
        Ok(tool) => work(tool).with_context(|| what.to_owned()),
        Err(error) => {
            note(&format!("NOT RUN: {what}: {error:#}"));
            Ok(())
        }
    }
}

/// Whether there is room for a build of its own.
fn has_room(workspace: &Workspace) -> Result<()> {
    let told = capture(Command::new("df").args(["--block-size=1", "--output=avail"]).arg(&workspace.target))?;
    let free: u64 = told.lines().last().unwrap_or_default().trim().parse().context("df tells no number")?;
    ensure!(free >= ROOM.as_u64(), "a static build takes up to {ROOM}, and {} are free", ByteSize(free));
    Ok(())
}

/// Made by cargo-deb of the optimised binary, unpacked into a root of its own, and run as its unit runs it.
fn debian(workspace: &Workspace, folder: &Path, tool: &Path) -> Result<()> {
    let mut make = Command::new(tool);
    make.current_dir(&workspace.root).args(["--package", "fuelcell", "--no-build", "--output"]).arg(folder);
    run(&mut make)?;
    let mut made = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let package = made.find(|path| path.extension().is_some_and(|ending| ending == "deb"));
    let package = package.context("cargo-deb made no package")?;
    let fields = capture(Command::new("dpkg-deb").arg("--field").arg(&package))?;
    note(&format!("{} has {}:\n{fields}", workspace.shown(&package), size(&package)?));

    let root = folder.join("root");
    run(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&root))?;
    add_targets(&root.join("usr/lib/systemd/system"))?;
    let mut verify = Command::new("systemd-analyze");
    verify.args(["--no-pager", "--man=no", "verify", "--root"]).arg(&root).arg("fuelcell.service");
    let verified = verify.stdin(Stdio::null()).output().context("cannot start systemd-analyze")?;
    let said = String::from_utf8_lossy(&verified.stderr);
    // Other units of the machine are not in the root: what is said of them is not of this one.
    let of_ours: Vec<_> = said.lines().filter(|line| line.contains("fuelcell")).collect();
    ensure!(of_ours.is_empty(), "systemd-analyze verify says:\n{}", of_ours.join("\n"));

    let address = free_address(Some(ANY_PORT), ANY_PORT)?;
    let mut serve = Command::new(root.join("usr/bin/fuelcell"));
    serve.arg("serve").arg("--config").arg(root.join("etc/fuelcell/fuelcell.toml"));
    serve.args(["--listen", &address.to_string(), "--data"]).arg(folder.join("debian-data"));
    try_server(workspace, serve, address, &folder.join("debian-data"))
}

/// Copies the machine's targets beside a unit that is to be verified.
fn add_targets(units: &Path) -> Result<()> {
    fs::create_dir_all(units)?;
    for unit in fs::read_dir("/lib/systemd/system")?.flatten() {
        if unit.path().extension().is_some_and(|ending| ending == "target") {
            fs::copy(unit.path(), units.join(unit.file_name()))?;
        }
    }
    Ok(())
}

/// A static binary alone in an image, as deploy/container/Containerfile says, run as it says.
fn image(workspace: &Workspace, folder: &Path) -> Result<()> {
    note("Building a static binary; that takes 10 to 20 minutes.");
    let mut static_build = cargo(workspace);
    static_build.args(["build", "--release", "--package", "fuelcell", "--target", TARGET]);
    run(static_build.env("RUSTFLAGS", "-C target-feature=+crt-static"))?;
    let binary = workspace.target.join(TARGET).join("release/fuelcell");
    note(&format!("The binary has {}.", size(&binary)?));

    // What is sent to the builder is this folder alone.
    let context = folder.join("context");
    fs::create_dir_all(&context)?;
    fs::copy(&binary, context.join("fuelcell"))?;
    let mut make = containers("buildah", folder);
    make.args(["build", "--isolation", "chroot", "--build-arg", "BINARY=fuelcell", "--tag", IMAGE, "--file"]);
    run(make.arg(workspace.root.join("deploy/container/Containerfile")).arg(&context))?;

    let data = folder.join("image-data");
    fs::create_dir_all(&data)?;
    chown(&data, Some(NOBODY), Some(NOBODY))?;
    let address = free_address(Some(ANY_PORT), ANY_PORT)?;
    let mut serve = containers("podman", folder);
    // Without systemd there is nobody who makes groups of processes; an older runtime makes them itself.
    serve.args(["--cgroup-manager", "cgroupfs", "--runtime", "runc", "run", "--rm", "--network", "host"]);
    serve.args(["--read-only", "--cap-drop=all", "--security-opt=no-new-privileges"]);
    serve.args(["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096", "--volume"]);
    serve
        .arg(format!("{}:/data", data.display()))
        .arg(IMAGE)
        .args(["serve", "--listen"])
        .arg(address.to_string());
    let tried = try_server(workspace, serve, address, &data);
    // What is mounted of it goes with it.
    run(containers("buildah", folder).args(["rmi", "--all", "--force"]))?;
    tried
}

/// A tool of containers that keeps what it makes in this folder.
fn containers(tool: &str, folder: &Path) -> Command {
    let mut command = Command::new(tool);
    command.args(["--storage-driver", "vfs", "--root"]).arg(folder.join("storage"));
    command.arg("--runroot").arg(folder.join("running"));
    command
}

/// A server that somebody else's program may have started. Dropped, it is killed.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// Starts it, waits until it can take work, has it run a job, and stops it.
fn try_server(workspace: &Workspace, mut serve: Command, address: SocketAddr, data: &Path) -> Result<()> {
    let mut running = Running(serve.stdin(Stdio::null()).spawn().context("the server cannot be started")?);
    let began = Instant::now();
    let base = format!("http://{address}");
    while !Client::new(base.clone(), "").is_ready() {
        let ended = running.0.try_wait()?;
        ensure!(ended.is_none() && began.elapsed() < READY_WITHIN, "/readyz does not answer 200: {ended:?}");
        thread::sleep(Duration::from_millis(100));
    }
    let ready = began.elapsed().as_secs_f64();
    let token = data.join("operator-token");
    let token = fs::read_to_string(&token).with_context(|| format!("cannot read {}", token.display()))?;
    let project = bench::project(workspace, &Client::new(base, token.trim()))?;
    let types = project.client.get(&format!("{}/job-types", project.base))?;
    ensure!(types.to_string().contains("\"process-mining\""), "it has no built-in modules: {types}");
    let job = json!({"jobName": "Tried", "jobType": "Analysis", "module": {"name": bench::MODULE},
        "parameters": {"steps": [{"do": "artifact", "name": "a.txt", "text": "made"}]}});
    let submitted = project.client.post(&format!("{}/execution/job", project.base), &job)?;
    let path = format!("{}/execution/job/{}?wait=30s", project.base, text(&submitted, "jobId")?);
    let ended = project.client.get(&path)?;
    let status = text(&ended, "status")?;
    ensure!(status == "Completed", "the job is {status}: {}", ended["error"]);
    kill(Pid::from_raw(i32::try_from(running.0.id())?), Signal::SIGTERM)?;
    let asked = Instant::now();
    let stopped = loop {
        if let Some(status) = running.0.try_wait()? {
            break status;
        }
        ensure!(asked.elapsed() < STOPPED_WITHIN, "it does not stop");
        thread::sleep(Duration::from_millis(100));
    };
    ensure!(stopped.success(), "it ended with {stopped}");
    note(&format!("It was ready after {ready:.1} s, ran a job, and stopped."));
    Ok(())
}

/// Bytes of a file, or of all below a folder, as people read them.
fn size(path: &Path) -> Result<String> {
    let listed =
        capture(Command::new("du").args(["--summarize", "--human-readable", "--apparent-size"]).arg(path))?;
    Ok(listed.split_whitespace().next().unwrap_or_default().to_owned() + "B")
}
