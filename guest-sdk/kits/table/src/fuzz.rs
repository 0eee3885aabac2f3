//! Tables, as nobody means them.

use std::io::Cursor;

use fuelcell_fuzz::{Verdict, fuzz};

use crate::{FileFormat, Options, Seekable, Stop, Table, writer};

fn read(file: &[u8]) -> Result<(), Stop> {
    let file = file.to_vec();
    let mut open = || -> Result<Box<dyn Seekable>, Stop> { Ok(Box::new(Cursor::new(file.clone()))) };
    let table = Table::scan(&mut open, &Options::default(), &mut |_| true)?;
    let mut rows = table.rows(&mut open)?;
    let mut out = writer(FileFormat::JsonLines, Vec::new(), &table.schema())?;
    let mut count = 0;
    while let Some(some) = rows.next()? {
        assert_eq!(some.lines.len(), some.typed.num_rows());
        assert_eq!(some.misfits, [], "a type is that of all values");
        count += (some.lines.len() + some.faults.len()) as u64;
        out.write(&some.typed)?;
    }
    assert_eq!(count, table.facts.rows, "both readings find the same rows");
    let written = out.finish()?;
    for line in written.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        serde_json::from_slice::<serde_json::Value>(line).expect("what is written is JSON");
    }
    Ok(())
}

#[test]
fn every_file_is_a_table_or_refused() {
    fuzz("table-file", |file| -> Verdict {
        read(file).map_err(|stop| {
            assert!(!stop.transient && stop.message.len() < 2_000, "{stop:?}");
            stop.code.to_string()
        })
    });
}
