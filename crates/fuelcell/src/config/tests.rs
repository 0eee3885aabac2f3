//! The configuration as an operator writes and reads it.

use super::*;

pub(super) fn read(text: &str) -> anyhow::Result<Config> {
    let figment = Figment::from(Serialized::defaults(Config::default())).merge(Human(Toml::string(text)));
    let config: Config =
        figment.extract().map_err(|error| anyhow::anyhow!(refusal::told(&figment, &error)))?;
    check(&config)?;
    Ok(config)
}

fn shown(config: &Config) -> String {
    reference::text(config, &Effective::of(config).unwrap()).unwrap()
}

#[test]
fn sizes_and_times_are_texts_or_numbers() {
    let config = read(
        "job_memory_bytes = \"2GiB\"\ndrain_seconds = \"2m\"\npulse_milliseconds = \"1s\"\n\
         [service]\nmax_dataset_bytes = 7\n[service.caps]\nmemory_bytes = \"512 MiB\"\ntimeout_seconds = \"2h\"\n\
         [retention]\nmax_age_days = \"2weeks\"\n",
    )
    .unwrap();
    assert_eq!((config.job_memory_bytes, config.drain_seconds), (Some(2 << 30), 120));
    assert_eq!((config.pulse_milliseconds, config.retention.max_age_days), (1000, 14));
    let service = config.service;
    assert_eq!((service.max_dataset_bytes, service.caps.memory_bytes), (7, 512 << 20));
    assert_eq!(service.caps.timeout_seconds, 7200);
}

#[test]
fn a_setting_that_cannot_be_meant_is_named() {
    for (text, message) in [
        ("slots = 0", "slots = 0 cannot be used; it takes a whole number from 1 to 10000"),
        ("slots = -1", "slots = -1"),
        ("slots = 1000000", "slots = 1000000"),
        ("pulse_milliseconds = 0", "pulse_milliseconds = 0"),
        ("pulse_milliseconds = \"2h\"", "or a time such as 250ms or 2s, from 1 to 60000"),
        ("drain_seconds = \"soon\"", "drain_seconds: \"soon\" is not a whole number of seconds"),
        ("drain_seconds = 99999999999", "drain_seconds: 99999999999 is more than"),
        ("job_memory_bytes = \"2Gig\"", "job_memory_bytes: \"2Gig\" is not a number of bytes"),
        ("node = \"\"", "node = \"\""),
        ("node = \"a b\"", "it takes 1 to 64 ASCII characters without white space"),
        ("log = \"a=b=c\"", "log = \"a=b=c\" cannot be used: "),
        ("[service.caps]\nmemory_bytes = 1", "service.caps.memory_bytes = 1 cannot be used"),
        ("[service.caps]\ntimeout_seconds = 0", "service.caps.timeout_seconds = 0 cannot be used"),
        ("[service]\nmax_module_bytes = 0", "or a size such as 512MiB or 2GiB, from 1"),
        ("[backup]\nevery_seconds = \"1d\"", "backup.folder does not name a folder"),
        ("store = \"postgres://db/fuelcell\"\n[backup]\nfolder = \"b\"", "store names a database"),
        ("blobs = \"s3://bucket\"", "whose catalogue lies in a database, and store does not name one"),
        ("[retention]\nevery_seconds = 0", "or a time such as 30s, 10m or 2h, from 1"),
        (
            "[retention.projects.\"00000000-0000-4000-8000-000000000001\"]\nmax_age_days = \"x\"",
            "max_age_days: \"x\"",
        ),
        ("[outbound]\nconnect_seconds = 0", "outbound.connect_seconds = 0"),
        ("[concurrency]\nper_module = 0", "concurrency.per_module = 0"),
    ] {
        let refusal = format!("{:#}", read(text).unwrap_err());
        assert!(refusal.contains(message), "{text}: {refusal}");
    }
}

#[test]
fn every_setting_is_shown_with_what_it_means() {
    let text = shown(&Config::default());
    for setting in ["slots", "job_memory_bytes", "compiled", "compiled_secret", "per_project", "fuel"] {
        assert!(text.contains(&format!("# {setting} is not set; what holds here: ")), "{setting}: {text}");
    }
    for line in text.lines().filter(|line| !line.starts_with('#') && line.contains(" = ")) {
        let before = text.lines().take_while(|other| *other != line).last().unwrap_or_default();
        assert!(before.starts_with("# "), "{line} says what it means:\n{text}");
    }
}

#[test]
fn what_is_shown_is_read_the_same_and_says_what_the_default_is() {
    let project = "00000000-0000-4000-8000-000000000001";
    let config = read(&format!(
        "slots = 3\ndrain_seconds = 30\n[concurrency.projects]\n\"{project}\" = 2\n[concurrency.modules]\n\"a b\" = 1\n\
         [retention.projects.\"{project}\"]\nmax_age_days = 7\n"
    ))
    .unwrap();
    let text = shown(&config);
    assert!(text.contains("drain_seconds = 30\n# default: 20\n"), "{text}");
    assert!(text.contains("slots = 3\n# not set by default\n"), "{text}");
    assert_eq!(shown(&read(&text).unwrap()), text);
}
