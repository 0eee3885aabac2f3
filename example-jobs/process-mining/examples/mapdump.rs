use std::fs::File;
use process_mining::{figures::Figures, map::{Map, draw}, read::{Options, read}};
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let a: Vec<String> = std::env::args().collect();
    let (log, _) = read(File::open(&a[1])?, &Options::default(), &mut |_, _| true)?;
    let f = Figures::of(&log, |_, _| {});
    let t = std::time::Instant::now();
    let m = Map::of(&log, &f);
    std::fs::write(&a[2], draw(&m, "Process map"))?;
    eprintln!("{} {:?}", m.simplification(), t.elapsed());
    Ok(())
}
