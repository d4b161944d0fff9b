//! What a shipper sends and how it takes answers, as its sources say.

use anyhow::{Context, Result};
use serde_json::Value;

/// A file of `shippers`: it names what each rule was read in.
pub(super) struct Shipper(Value);

/// What a shipper does at an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    Done,
    Retry,
    Drop,
}

/// A number of an event as its maker wrote it, and as the shipper does.
pub(super) struct Number<'a> {
    pub(super) made: &'a str,
    pub(super) written: &'a str,
    pub(super) same_event: bool,
}

pub(super) fn all() -> Result<Vec<Shipper>> {
    [
        include_str!("shippers/vector.json"),
        include_str!("shippers/fluent-bit.json"),
        include_str!("shippers/logstash.json"),
        include_str!("shippers/kafka-connect.json"),
    ]
    .into_iter()
    .map(|text| Ok(Shipper(serde_json::from_str(text)?)))
    .collect()
}

impl Shipper {
    /// As the page's table has it.
    pub(super) fn sender(&self) -> Result<&str> {
        self.text("sender")
    }

    /// The source of its events here.
    pub(super) fn source(&self) -> Result<&str> {
        self.text("source")
    }

    /// Where its rules were read.
    pub(super) fn read_in(&self) -> Result<Vec<&str>> {
        self.texts("read_in")
    }

    /// Lines of the page's configuration, from which its requests follow.
    pub(super) fn configured(&self) -> Result<Vec<&str>> {
        self.texts("configured")
    }

    /// The head of a request, a line each.
    pub(super) fn head(&self) -> Result<Vec<&str>> {
        self.texts("head")
    }

    /// That of a compressed body, if the shipper compresses.
    pub(super) fn gzip_head(&self) -> Result<Option<Vec<&str>>> {
        self.optional("gzip_head")
    }

    /// That of a configuration which the page warns of.
    pub(super) fn refused_head(&self) -> Result<Option<Vec<&str>>> {
        self.optional("refused_head")
    }

    /// How many events a request has.
    pub(super) fn events(&self) -> Result<usize> {
        Ok(usize::try_from(self.0["events"].as_u64().context("events")?)?)
    }

    /// What stands behind each event.
    pub(super) fn line_end(&self) -> Result<&str> {
        self.text("line_end")
    }

    pub(super) fn reaction(&self, status: u16) -> Reaction {
        if self.among("delivered", status) {
            Reaction::Done
        } else if self.among("retried", status) {
            Reaction::Retry
        } else {
            Reaction::Drop
        }
    }

    /// Its row of the page's table of statuses.
    pub(super) fn row(&self) -> Result<String> {
        let [delivered, retried] = ["delivered", "retried"].map(|name| {
            let ranges = self.ranges(name);
            let texts = ranges.iter().map(|&(low, high)| match low == high {
                true => low.to_string(),
                false => format!("{low}–{high}"),
            });
            texts.collect::<Vec<_>>().join(", ")
        });
        Ok(format!("| {} | {delivered} | {retried} |", self.sender()?))
    }

    pub(super) fn numbers(&self) -> Result<Vec<Number<'_>>> {
        let numbers = self.0["numbers"].as_array().context("numbers")?.iter();
        numbers.map(|value| Number::read(value).context("a number")).collect()
    }

    fn text(&self, name: &'static str) -> Result<&str> {
        self.0[name].as_str().context(name)
    }

    fn texts(&self, name: &'static str) -> Result<Vec<&str>> {
        self.optional(name)?.context(name)
    }

    fn optional(&self, name: &'static str) -> Result<Option<Vec<&str>>> {
        let Some(list) = self.0[name].as_array() else { return Ok(None) };
        list.iter().map(|text| text.as_str().context(name)).collect::<Result<_>>().map(Some)
    }

    fn among(&self, name: &str, status: u16) -> bool {
        self.ranges(name).iter().any(|&(low, high)| (low..=high).contains(&u64::from(status)))
    }

    fn ranges(&self, name: &str) -> Vec<(u64, u64)> {
        let ranges = self.0[name].as_array().into_iter().flatten();
        ranges.filter_map(|range| Some((range[0].as_u64()?, range[1].as_u64()?))).collect()
    }
}

impl<'a> Number<'a> {
    fn read(value: &'a Value) -> Option<Self> {
        Some(Self {
            made: value["made"].as_str()?,
            written: value["written"].as_str()?,
            same_event: value["same_event"].as_bool()?,
        })
    }
}
