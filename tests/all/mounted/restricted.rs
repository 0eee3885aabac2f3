//! Data of every release, opened under the restrictions of the unit: a user of its own without privileges, on a root
//! that cannot be written, with the data directory as the only place.

use fuelcell_tests::{Server, built, project::text};
use std::fs;
use std::path::Path;
use std::process::Command;
use zip::ZipArchive;

/// What the unit says, in words of util-linux: `ProtectSystem=strict`, `DynamicUser`, `NoNewPrivileges`,
/// `CapabilityBoundingSet=`, `UMask`, `PrivateTmp`. The data directory is the last argument.
const RESTRICTED: &str = r#"
set -e
for data; do :; done
chmod 711 "$(dirname "$data")"
mount --bind "$data" "$data"
mount --bind / /
mount -o remount,ro,bind /
mount -t tmpfs tmpfs /var/tmp
cd /
umask 0077
export FUELCELL_COMPILED="$data/compiled" FUELCELL_COMPILED_SECRET="$data/secret"
exec setpriv --reuid=65532 --regid=65532 --clear-groups --no-new-privs --bounding-set=-all "$@"
"#;

fn unpack(format: u32, into: &Path) {
    let archive = built::source(&format!("crates/store-sled/tests/golden/format-{format}.zip"));
    ZipArchive::new(fs::File::open(archive).unwrap()).unwrap().extract(into.join("store")).unwrap();
    owned_by(into, "65532:65532");
}

fn owned_by(data: &Path, owner: &str) {
    assert!(Command::new("chown").args(["-R", owner]).arg(data).status().unwrap().success());
}

#[test]
#[ignore = "mounts file systems, which takes root"]
fn data_of_every_release_are_opened_by_a_server_that_may_do_as_little_as_the_unit_says() {
    for format in [14] {
        let arguments =
            ["--mount", "--propagation", "private", "sh", "-c", RESTRICTED, "sh"].map(str::to_owned);
        let mut server =
            Server::start_prepared_under(Path::new("unshare"), &arguments, |data| unpack(format, data));
        let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
        for line in
            ["Uid:\t65532\t65532", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"]
        {
            assert!(status.contains(line), "{line} is not in\n{status}");
        }
        assert!(server.terminate());
        owned_by(&server.data(), "0:0");
        let reset = Command::new(built::fuelcell())
            .args(["token", "reset", "--data"])
            .arg(server.data())
            .output()
            .unwrap();
        assert!(reset.status.success(), "{}", String::from_utf8_lossy(&reset.stderr));
        server.restart();
        let operator = server.operator();
        let tenants = operator.get("/api/admin/tenants").ok();
        let tenant = text(&tenants["tenants"][0], "tenantId");
        let projects = operator.get(&format!("/api/admin/tenants/{tenant}/projects")).ok();
        let project = text(&projects["projects"][0], "projectId");
        let jobs = operator.get(&format!("/api/{tenant}/{project}/execution/jobs")).ok();
        assert!(jobs["summary"]["totalJobs"].as_u64().unwrap() > 0, "format {format}: {jobs:#}");
    }
}
