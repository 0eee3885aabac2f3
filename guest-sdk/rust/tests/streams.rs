//! Reading inputs and writing artifacts piece by piece.

use std::io::{BufRead, Read, Seek, SeekFrom, Write};

use fuelcell_sdk::{Artifact, Completion, Context, HostError, Kind, Result, testing::TestHost};

/// More than three chunks, and the last one is not full.
const SIZE: usize = 200_000;

fn content() -> Vec<u8> {
    (0..SIZE).map(|at| (at % 251) as u8).collect()
}

fn with_input(job: impl FnOnce(&mut Context) -> Result) {
    let run = TestHost::new().input("dataset", "data.bin", content()).run_with(job);
    assert_eq!(run.end, Ok(Completion::Done));
}

fn byte_at(position: u64) -> u8 {
    (position % 251) as u8
}

#[test]
fn everything_is_read_in_order() {
    with_input(|context| {
        let mut bytes = Vec::new();
        let mut reader = context.open("dataset")?;
        assert_eq!(reader.size(), SIZE as u64);
        reader.read_to_end(&mut bytes)?;
        assert_eq!(bytes, content());
        assert_eq!(reader.position(), SIZE as u64);
        assert_eq!(reader.read(&mut [0; 8])?, 0);
        Ok(Completion::Done)
    });
}

#[test]
fn seeking_inside_and_outside_of_the_chunk() {
    with_input(|context| {
        let mut reader = context.open("dataset")?;
        let mut byte = [0];
        let positions = [5, 70_000, 69_999, 131_072, 0, 199_999];
        for position in positions {
            assert_eq!(reader.seek(SeekFrom::Start(position))?, position);
            assert_eq!(reader.stream_position()?, position);
            reader.read_exact(&mut byte)?;
            assert_eq!(byte[0], byte_at(position));
            assert_eq!(reader.position(), position + 1);
        }
        assert_eq!(reader.seek(SeekFrom::End(-10))?, 199_990);
        assert_eq!(reader.seek(SeekFrom::Current(-90_000))?, 109_990);
        assert_eq!(reader.fill_buf()?[0], byte_at(109_990));
        assert!(reader.seek(SeekFrom::Current(-200_000)).is_err());
        assert_eq!(reader.position(), 109_990, "a refused seek moves nothing");
        reader.seek(SeekFrom::Start(300_000))?;
        assert_eq!(reader.read(&mut byte)?, 0, "beyond the end there is nothing");
        Ok(Completion::Done)
    });
}

#[test]
fn lines_are_whole_wherever_chunks_end() {
    let texts: Vec<String> = (0..40_000).map(|number| "ö".repeat(number % 7)).collect();
    let mut content = texts.join("\n").into_bytes();
    assert!(content.len() > 3 * 65_536);
    content.extend(b"\n\xff\nlast \xfe");
    let run = TestHost::new().input("dataset", "lines.txt", content).run_with(|context| {
        let mut lines = context.open("dataset")?.lines();
        let read: Vec<String> = lines.by_ref().take(texts.len()).collect::<Result<_, _>>()?;
        assert_eq!(read, texts);
        let refused: Vec<String> = lines.map(|line| line.unwrap_err().to_string()).collect();
        assert_eq!(refused.len(), 2, "a refused line is behind the reader: {refused:?}");
        assert!(refused[0].starts_with("a line is not UTF-8: "), "{refused:?}");
        Ok(Completion::Done)
    });
    assert_eq!(run.end, Ok(Completion::Done));
}

#[test]
fn two_readers_of_one_input_do_not_disturb_each_other() {
    with_input(|context| {
        let (mut first, mut second) = (context.open("dataset")?, context.open("dataset")?);
        let mut bytes = [0; 3];
        first.read_exact(&mut bytes)?;
        second.read_exact(&mut bytes)?;
        assert_eq!(bytes, [0, 1, 2]);
        Ok(Completion::Done)
    });
}

#[test]
fn small_and_large_writes_arrive_in_order() {
    let large = vec![7; 3 * 1024 * 1024];
    let run = TestHost::new().run_with(|context| {
        let mut out = context.artifact(Artifact::new("out.bin", Kind::Data))?;
        out.write_all(b"small")?;
        out.write_all(&large)?;
        out.write_all(b"end")?;
        out.finish()?;
        Ok(Completion::Done)
    });
    assert_eq!(run.bytes("out.bin"), Some([b"small".as_slice(), &large, b"end"].concat().as_slice()));
}

#[test]
fn artifacts_that_a_host_refuses() {
    let run = TestHost::new().run_with(|context| {
        context.artifact(Artifact::new("a", Kind::Data).primary())?.finish()?;
        let refused = [
            Artifact::new("a", Kind::Data),
            Artifact::new("b", Kind::Data).primary(),
            Artifact::new("", Kind::Data),
            Artifact::new("..", Kind::Data),
            Artifact::new("a/folder", Kind::Data),
            Artifact::new("/file", Kind::Data),
            Artifact::new("dir/../file", Kind::Data),
            Artifact::new("con.txt", Kind::Data),
            Artifact::new("a:b", Kind::Data),
            Artifact::new("dir\\file", Kind::Data),
            Artifact::new("line\nbreak", Kind::Data),
            Artifact::new("x".repeat(256), Kind::Data),
            Artifact::new("c", Kind::Model).accuracy(1.5),
            Artifact::new("d", Kind::Model).accuracy(f64::NAN),
        ];
        for artifact in refused {
            let refusal = context.artifact(artifact.clone()).err();
            assert!(matches!(refusal, Some(HostError::Invalid(_))), "{artifact:?}: {refusal:?}");
        }
        // What was not finished leaves its name and its role to others; a name is kept in normalisation form C.
        drop(context.artifact(Artifact::new("dir/U\u{308}bersicht.csv", Kind::Data))?);
        context.artifact(Artifact::new("dir/Übersicht.csv", Kind::Data))?.finish()?;
        Ok(Completion::Done)
    });
    assert_eq!(run.end, Ok(Completion::Done));
    assert_eq!(run.artifacts.keys().collect::<Vec<_>>(), ["a", "dir/Übersicht.csv"]);
    assert!(run.unfinished.is_empty());
}

#[test]
fn checkpoints_and_keys_that_a_host_refuses() {
    let run = TestHost::new().checkpoint("old").checkpoint_bytes(3).run_with(|context| {
        assert!(matches!(context.save_checkpoint(b"four"), Err(HostError::Limit(_))));
        assert!(matches!(context.mark(""), Err(HostError::Invalid(_))));
        assert!(matches!(context.seen(""), Err(HostError::Invalid(_))));
        Ok(Completion::Done)
    });
    assert_eq!(run.end, Ok(Completion::Done));
    assert_eq!(run.checkpoint.as_deref(), Some(b"old".as_slice()));
}
