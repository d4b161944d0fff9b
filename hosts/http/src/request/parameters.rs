//! The query of a request: parameters, each at most once and each known.

use std::borrow::Cow;
use std::collections::BTreeMap;

const DRY_RUN: &str = "dry_run";

/// What begins an answer is to be legible: a longer name, or a stranger one, is not repeated there.
const LONGEST_NAME: usize = 64;
const REPEATED: &str = "`dry_run` occurs twice; send it once";
const WRONG_VALUE: &str = "`dry_run` is neither `true` nor `false`; write one of them in lower case";

/// The parameters of a request, taken apart once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn read(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether a dry run is asked for, whatever else is wrong with the query.
    pub(crate) fn ask_dry_run(&self) -> bool {
        self.pairs().any(|pair| pair == (DRY_RUN, "true"))
    }

    /// Checks that only `dry_run` occurs.
    pub(crate) fn check_dry_run(&self) -> Result<(), Complaint> {
        let mut seen = false;
        for (name, value) in self.pairs() {
            if name != DRY_RUN {
                return Err(unknown(name, "the only one here is `dry_run`"));
            }
            if seen {
                return Err(REPEATED.into());
            }
            if value != "true" && value != "false" {
                return Err(WRONG_VALUE.into());
            }
            seen = true;
        }
        Ok(())
    }

    /// Checks that there are none.
    pub(crate) fn check_none(&self) -> Result<(), Complaint> {
        self.pairs().next().map_or(Ok(()), |(name, _)| Err(unknown(name, "there are none here")))
    }
}

/// What is wrong with a parameter, and what to write instead.
pub(crate) type Complaint = Cow<'static, str>;

fn unknown(name: &str, known: &str) -> Complaint {
    let is_legible = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b'`');
    if is_legible {
        format!("`{name}` is an unknown parameter; {known}").into()
    } else {
        format!("an unknown parameter; {known}").into()
    }
}

/// The parameters of a question.
pub(crate) struct Given<'q>(BTreeMap<&'static str, &'q str>);

impl<'q> Given<'q> {
    /// Of which only the `known` ones may occur, and `aliases` of some of them.
    pub(crate) fn read(
        parameters: &'q Parameters,
        known: &'static [&'static str],
        aliases: &[(&str, &str)],
    ) -> Result<Self, Complaint> {
        let mut given = BTreeMap::new();
        for (name, value) in parameters.pairs() {
            let name = aliases.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, meant)| meant);
            let Some(name) = known.iter().find(|known| **known == name) else {
                return Err(unknown(name, &format!("those here are {}", listed(known))));
            };
            // What is not UTF-8 has come out as this character, and would silently find nothing.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(format!("`{name}` is not UTF-8; percent-encode its bytes as such").into());
            }
            if given.insert(*name, value).is_some() {
                return Err(format!("`{name}` occurs twice; send it once").into());
            }
        }
        Ok(Self(given))
    }

    /// The names that occur.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A value, read by `parse`; what that says is wrong is told with the name before it.
    pub(crate) fn parsed<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Result<Option<T>, Complaint> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        parse(value).map(Some).map_err(|complaint| format!("`{name}` is {complaint}").into())
    }

    /// [`Given::parsed`] of one that must be there.
    pub(crate) fn required<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Result<T, Complaint> {
        self.parsed(name, parse)?.ok_or_else(|| format!("`{name}` is missing; add it").into())
    }
}

/// Names as they stand in messages.
pub(crate) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match &*quoted {
        [] => String::new(),
        [only] => only.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}
