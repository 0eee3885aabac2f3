//! Time zones by their names.

use chrono_tz::Tz;
use fuelcell_records_kit::{Stop, excerpt};

/// The zone of a name; without one, UTC. `place` names the parameter.
///
/// # Errors
/// `InvalidParameter` for a name that the IANA database does not know.
pub fn zone(name: Option<&str>, place: &str) -> Result<Tz, Stop> {
    let Some(name) = name else { return Ok(Tz::UTC) };
    name.parse().map_err(|_| {
        let name = excerpt(name);
        Stop::parameter(format!(
            "{place} is \"{name}\", which is no name of the IANA time zone database, such as Europe/Berlin or UTC."
        ))
    })
}
