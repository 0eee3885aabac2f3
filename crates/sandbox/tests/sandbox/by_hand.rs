use crate::guests::*;
use crate::support::*;
use fuelcell_domain::*;
use std::time::{Duration, Instant};
fn status() -> String {
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    let rss = s.lines().find(|l| l.starts_with("VmRSS")).unwrap().to_owned();
    let thr = s.lines().find(|l| l.starts_with("Threads")).unwrap().to_owned();
    format!("{rss} {thr} fds {}", std::fs::read_dir("/proc/self/fd").unwrap().count())
}
#[tokio::test(flavor = "multi_thread")]
async fn by_hand() {
    let mut bench = Bench::new();
    bench.limits.fuel = Some(3_000_000);
    let guests = [
        noop(),
        component(&[], "", SPIN),
        component(&[], "(func $again (param i64) (call $again (local.get 0)))", "(call $again (i64.const 1)) (i32.const 0)"),
        component(&[], "", "(loop $a (br_if $a (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable"),
        component(&[ARTIFACTS], "", &format!("(loop $again {CREATE} (br $again)) (i32.const 0)")),
        component(&[SLEEP], "", "(loop $again (drop (call $subscribe (i64.const 1))) (br $again)) (i32.const 0)"),
        component(&[], "(memory.fill)".replace("(memory.fill)", "").as_str(), "(drop (memory.grow (i32.const 200))) (loop $a (memory.fill (i32.const 4096) (i32.const 1) (i32.const 13000000)) (br $a)) unreachable"),
    ];
    for g in &guests { bench.prepare(g).await.unwrap(); }
    println!("before {}", status());
    for round in 0..4 {
        for _ in 0..50 {
            for g in &guests { bench.run(g).await; }
        }
        bench.host.events.lock().unwrap().clear();
        println!("round {round} {}", status());
    }
    // fill: fuel per byte? deadline
    bench.limits.fuel = None;
    bench.limits.timeout_seconds = 1;
    let t = Instant::now();
    let e = bench.fail(&guests[6]).await;
    println!("fill {:?} {:?}", t.elapsed(), e.0.code);
    bench.limits.timeout_seconds = 60;
    let spin = guests[1].clone();
    for _ in 0..5 {
        let (tx, rx) = tokio::sync::oneshot::channel::<Instant>();
        let (tx2, rx2) = tokio::sync::oneshot::channel::<()>();
        tokio::spawn(async move { tokio::time::sleep(Duration::from_millis(200)).await; let _ = tx.send(Instant::now()); let _ = tx2.send(()); });
        bench.run_until(&spin, async { let _ = rx2.await; }).await;
        println!("stopped after {:?}", rx.await.unwrap().elapsed());
    }
}
