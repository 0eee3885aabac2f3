//! Configuration files, as no operator writes them.

use crate::config::{Config, check};
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use fuelcell_fuzz::fuzz;

fn read(text: &str) -> Result<Config, String> {
    let figment = Figment::from(Serialized::defaults(Config::default())).merge(Toml::string(text));
    let config: Config = figment.extract().map_err(|error| error.to_string())?;
    check(&config).map_err(|error| error.to_string())?;
    Ok(config)
}

#[test]
fn what_is_printed_is_read_the_same() {
    fuzz("configuration", |bytes| {
        let config = read(&String::from_utf8_lossy(bytes))?;
        let printed = toml::to_string_pretty(&config).map_err(|error| error.to_string())?;
        let again = read(&printed).unwrap_or_else(|error| panic!("{error}:\n{printed}"));
        assert_eq!(toml::to_string_pretty(&again).unwrap(), printed);
        Ok(())
    });
}
