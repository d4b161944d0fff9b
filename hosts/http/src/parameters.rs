//! The query of a request.

use std::borrow::Cow;

const DRY_RUN: &str = "dry_run";

const UNKNOWN_BESIDE_DRY_RUN: &str = "an unknown parameter; the only one here is `dry_run`";
const UNKNOWN: &str = "an unknown parameter; there are none here";
const REPEATED: &str = "`dry_run` occurs twice; send it once";
const WRONG_VALUE: &str = "`dry_run` is neither `true` nor `false`; write one of them in lower case";

fn pairs(query: Option<&str>) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
}

/// Whether a dry run is asked for, whatever else is wrong with the query.
pub(crate) fn asks_dry_run(query: Option<&str>) -> bool {
    pairs(query).any(|(name, value)| name == DRY_RUN && value == "true")
}

/// Checks a query in which only `dry_run` may occur.
pub(crate) fn check_dry_run(query: Option<&str>) -> Result<(), &'static str> {
    let mut seen = false;
    for (name, value) in pairs(query) {
        if name != DRY_RUN {
            return Err(UNKNOWN_BESIDE_DRY_RUN);
        }
        if seen {
            return Err(REPEATED);
        }
        if value != "true" && value != "false" {
            return Err(WRONG_VALUE);
        }
        seen = true;
    }
    Ok(())
}

/// Checks a query in which nothing may occur.
pub(crate) fn check_none(query: Option<&str>) -> Result<(), &'static str> {
    if pairs(query).next().is_some() { Err(UNKNOWN) } else { Ok(()) }
}
