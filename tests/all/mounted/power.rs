//! Power cuts. The server's data are in a disk image; while it works, the server is halted and the image is copied: what
//! waits in memory to be written is not in the copy, as it would not be on a disk without power. A second server starts on
//! the copy, and everything that clients had been told until then must be there.

use crate::crash::kill::{Acknowledged, work_until_refused};
use fuelcell_tests::mount::new_image;
use fuelcell_tests::project::text;
use fuelcell_tests::{Mount, Project, Server, built, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;

/// With holes: what is not written takes no space.
const IMAGE_BYTES: u64 = 1 << 30;

/// Cuts of the test below; `SOAK_POWER_CUTS=20` makes it a soak.
const CUTS: u64 = 3;

#[test]
#[ignore = "mounts a file system"]
fn what_was_acknowledged_is_there_after_power_cuts() {
    let cuts = std::env::var("SOAK_POWER_CUTS").map_or(CUTS, |cuts| cuts.parse().unwrap());
    let folder = TempDir::new().unwrap();
    let (image, copy) = (folder.path().join("disk"), folder.path().join("copy"));
    new_image(&image, IMAGE_BYTES);
    let mut server = Server::start_on(|data| Mount::image(data, &image));
    let project = Project::new(&server).with_probe();
    let told = Mutex::new(Acknowledged::default());
    std::thread::scope(|scope| {
        for client in 0..4 {
            let (project, told) = (&project, &told);
            scope.spawn(move || work_until_refused(project, told, client));
        }
        // Dropped at the end or by a failed check: then the clients are refused, and the scope ends.
        let server = KillAtEnd(&mut server);
        for cut in 0..cuts {
            let before = told.lock().unwrap().jobs.len();
            eventually("the clients get somewhere", Duration::from_secs(120), || {
                (told.lock().unwrap().jobs.len() > before + 3).then_some(())
            });
            std::thread::sleep(Duration::from_millis(cut * 137 % 500));
            let process = Pid::from_raw(server.0.pid().try_into().unwrap()).unwrap();
            kill_process(process, Signal::STOP).unwrap();
            // A thread that writes finishes its call first.
            eventually("all threads stand still", Duration::from_secs(120), || {
                all_stopped(server.0.pid()).then_some(())
            });
            // Clients wait while this is held: else there is more to look through after each cut than before.
            let until_then = told.lock().unwrap();
            let copied = fs::copy(&image, &copy);
            kill_process(process, Signal::CONT).unwrap();
            copied.unwrap();
            everything_is_there(&copy, &project, &until_then);
        }
    });
}

/// Whether the kernel shows every thread of a process as stopped: `T` behind the name in parentheses.
fn all_stopped(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let mut stats = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("stat")).unwrap());
    stats.all(|stat| stat.rsplit_once(") ").unwrap().1.starts_with('T'))
}

struct KillAtEnd<'a>(&'a mut Server);

impl Drop for KillAtEnd<'_> {
    fn drop(&mut self) {
        self.0.kill();
    }
}

/// The judgement of the test above, on a server whose barriers do nothing: it must say that something is lost.
#[test]
#[ignore = "mounts a file system"]
fn a_server_without_barriers_is_found_out() {
    let traced = ["--follow-forks", "--output=/dev/null", "--trace=fdatasync,fsync,msync,sync_file_range"];
    let lie = "--inject=fdatasync,fsync,msync,sync_file_range:retval=0";
    let tracer = |more: &[&str]| traced.iter().chain(more).chain(&["--"]).map(ToString::to_string).collect();
    assert_eq!(judged_after_a_cut(tracer(&[])), Ok(()), "the tracer alone loses nothing");
    assert!(judged_after_a_cut(tracer(&[lie])).is_err(), "acknowledged jobs are lost, and nobody notices");
}

/// What is said of jobs that a server under `strace` acknowledged, after a power cut right then.
fn judged_after_a_cut(arguments: Vec<String>) -> Result<(), String> {
    let folder = TempDir::new().unwrap();
    let (image, copy) = (folder.path().join("disk"), folder.path().join("copy"));
    new_image(&image, IMAGE_BYTES);
    let mount = |data: &Path| Mount::image(data, &image);
    let server = Server::start_on_under(mount, Path::new("strace"), &arguments);
    let project = Project::new(&server).with_probe();
    // Scheduled for later: nothing but the submits writes, and nothing does while the image is copied.
    let body = json!({
        "jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}, "scheduling": {"scheduledTime": "2999-01-01"},
    });
    let mut told = Acknowledged::default();
    for _ in 0..20 {
        told.jobs.insert(text(&project.submit(&body).ok(), "jobId"));
    }
    fs::copy(&image, &copy).unwrap();
    let judged = catch_unwind(AssertUnwindSafe(|| everything_is_there(&copy, &project, &told)));
    judged.map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
}

fn everything_is_there(image: &Path, project: &Project, told: &Acknowledged) {
    let mut server = Server::start_on(|data| Mount::image(data, image));
    let client = server.client(Some(&project.token));
    let project = Project {
        client,
        tenant: project.tenant.clone(),
        project: project.project.clone(),
        token: project.token.clone(),
    };
    let there = states(&project);
    for job in &told.jobs {
        let state = there.get(job).unwrap_or_else(|| panic!("job {job} is lost"));
        assert!(!told.cancelled.contains(job) || state == "Cancelled", "{job} is {state}");
    }
    told.check_datasets(&project);
    let listed = project.client.get(&project.path("execution/jobs?pageSize=1")).ok();
    let newest = listed["jobs"][0]["jobNumber"].as_u64();
    assert_eq!(newest, Some(there.len() as u64), "job numbers have no gaps");
    server.kill();
    let checked =
        Command::new(built::fuelcell()).args(["check", "--data"]).arg(server.data()).output().unwrap();
    assert!(checked.status.success(), "no half states: {}", String::from_utf8_lossy(&checked.stdout));
}

/// Every job of the project with its state, by pages: there are thousands.
fn states(project: &Project) -> BTreeMap<String, String> {
    let page = |number| {
        let path = format!("execution/jobs?pageSize=100&page={number}");
        let jobs = project.client.get(&project.path(&path)).ok()["jobs"].as_array().unwrap().clone();
        (!jobs.is_empty()).then_some(jobs)
    };
    let jobs = (1..).map_while(page).flatten();
    jobs.map(|job| (text(&job, "jobId"), text(&job, "status"))).collect()
}
