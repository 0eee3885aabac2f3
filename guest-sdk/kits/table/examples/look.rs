//! Says what a file holds: `cargo run -p fuelcell-table-kit --example look -- FILE…`.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write as _};

use fuelcell_table_kit::{Options, Seekable, Stop, Table};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    for path in std::env::args().skip(1) {
        writeln!(out, "{path}")?;
        let mut input = || -> Result<Box<dyn Seekable>, Stop> {
            let file = File::open(&path).map_err(|error| Stop::failed("NoFile", error.to_string()))?;
            Ok(Box::new(file))
        };
        match look(&mut input, &mut out) {
            Ok(()) => {}
            Err(stop) => writeln!(out, "  {}: {stop}", stop.code)?,
        }
    }
    Ok(())
}

fn look(input: &mut fuelcell_table_kit::Input<'_>, out: &mut impl io::Write) -> Result<(), Stop> {
    let failed = |error: io::Error| Stop::failed("NoOutput", error.to_string());
    let table = Table::scan(input, &Options::default(), &mut |_| true)?;
    let mut rows = table.rows(input)?;
    let (mut typed, mut faults, mut misfits) = (0, 0, 0);
    while let Some(some) = rows.next()? {
        typed += some.typed.num_rows();
        faults += some.faults.len();
        misfits += some.misfits.len();
    }
    writeln!(out, "  {:?}", table.facts).map_err(failed)?;
    writeln!(out, "  {typed} rows, {faults} faults, {misfits} misfits").map_err(failed)?;
    for column in table.columns.iter().take(12) {
        let doubt = column.doubt.as_ref().map_or("", |doubt| &doubt.message);
        let forms = column.time_forms.join(" | ");
        writeln!(out, "  {}: {} ({} missing) {forms} {doubt}", column.name, column.kind, column.missing)
            .map_err(failed)?;
    }
    Ok(())
}
