//! Texts of clients and guests, as nobody wrote them.

use crate::capability::{HostPattern, Target};
use crate::job_type::{MAX_JOB_TYPE, NoJobType};
use crate::outbound::{SecretValue, with_secrets};
use crate::output_name::output_name;
use crate::schedule::Calendar;
use crate::version::semantic_version;
use crate::{ArtifactDescription, ArtifactKind, ArtifactRole, Digest, HttpAccess, JobId, JobType, Timestamp};
use fuelcell_fuzz::fuzz;

/// The text up to the first line break, and the rest.
fn two_lines(bytes: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(bytes);
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    (first.to_owned(), rest.to_owned())
}

#[test]
fn job_types_and_versions_are_kept_as_they_are_read() {
    fuzz("job-types", |bytes| {
        let (job_type, version) = two_lines(bytes);
        let version = semantic_version(&version);
        if let Ok(meant) = &version {
            assert_eq!(semantic_version(meant).as_ref(), Ok(meant));
        }
        let kept: JobType = job_type.parse().map_err(|error: NoJobType| error.to_string())?;
        assert_eq!(kept.as_str().parse(), Ok(kept));
        assert!(kept.as_str().is_ascii() && kept.as_str().len() <= MAX_JOB_TYPE);
        assert!(kept.as_str() == job_type || !kept.is_own());
        version.map(drop)
    });
}

#[test]
fn names_of_outputs_are_file_names() {
    fuzz("artifact", |bytes| {
        let (name, title) = two_lines(bytes);
        let description = ArtifactDescription {
            type_name: title.clone(),
            media_type: title.clone(),
            kind: ArtifactKind::Data,
            role: ArtifactRole::Output,
            primary: false,
            record_count: None,
            accuracy: Some(bytes.len() as f64 / 100.0),
            name,
            title,
        };
        let kept = description.checked()?;
        assert_eq!(output_name(&kept.name).as_deref(), Ok(kept.name.as_str()));
        assert!(!kept.name.contains(char::is_control) && !kept.name.contains(['\\', '"']));
        assert!(kept.name.split('/').all(|part| !part.is_empty() && !part.starts_with('.')));
        assert!(!kept.title.contains(char::is_control));
        Ok(())
    });
}

#[test]
fn a_host_pattern_admits_what_it_says_and_nothing_else() {
    fuzz("host-pattern", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let pattern: HostPattern = text.parse().map_err(|error| format!("{error}"))?;
        let written = pattern.to_string();
        assert_eq!(written.parse(), Ok(pattern.clone()), "{written}");
        let (tls, place) = match written.strip_prefix("http://") {
            Some(place) => (false, place),
            None => (true, &written[..]),
        };
        let (host, port) = match place.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((host, port)) => (host, port.parse().unwrap()),
            None => (place, if tls { 443 } else { 80 }),
        };
        let host = host.trim_matches(['[', ']']);
        let access = HttpAccess { hosts: vec![pattern], secrets: Vec::new() };
        let admits = |host: String| access.admits(&Target { tls, host, port });
        match host.strip_prefix("*.") {
            Some(parent) => {
                assert!(
                    admits(format!("a.{parent}")) && !admits(parent.into()) && !admits(format!("a{parent}"))
                );
            }
            None => {
                assert!(admits(host.into()) && !admits(format!("a.{host}")) && !admits(format!("a{host}")));
            }
        }
        assert!(!access.admits(&Target { tls: !tls, host: host.into(), port }));
        Ok(())
    });
}

#[test]
fn ids_and_digests_are_written_as_they_are_read() {
    fuzz("ids", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let id = text.parse::<JobId>().map(|id| assert_eq!(id.to_string().parse(), Ok(id)));
        let digest = text.parse::<Digest>().map(|digest| assert_eq!(digest.to_string(), text.to_lowercase()));
        id.map_err(|error| error.to_string()).or(digest.map_err(|error| error.to_string()))
    });
}

#[test]
fn secrets_stand_where_their_names_stood() {
    const VALUE: &str = "s3cret";
    fuzz("placeholders", |bytes| {
        let secret = SecretValue(VALUE.into());
        let filled = with_secrets(bytes, |name| (name == "TOKEN").then_some(&secret).ok_or(name.to_owned()))?;
        // The value takes the place of the name and its braces, wherever they stand, and of nothing else.
        let places = bytes.windows(16).filter(|part| part == b"{{secret:TOKEN}}").count();
        assert_eq!(filled.len(), bytes.len() - places * 16 + places * VALUE.len());
        Ok(())
    });
}

#[test]
fn the_next_run_is_later_and_the_last_one_is_not() {
    fuzz("schedule", |bytes| {
        let (cron, zone) = two_lines(bytes);
        let calendar = Calendar::parse(&cron, &zone).map_err(|error| error.to_string())?;
        for seconds in
            [0, 1_711_846_800, 1_729_990_800, 253_402_300_000, i64::MAX / 1_000_000, i64::MIN / 1_000_000]
        {
            let at = Timestamp(seconds.saturating_mul(1_000_000));
            let runs = calendar.next_runs(at, 3);
            assert!(runs.iter().all(|run| *run > at) && runs.is_sorted(), "{at}: {runs:?}");
            assert!(calendar.last_until(at).is_none_or(|last| last <= at));
        }
        Ok(())
    });
}
