//! The streams whose names are nearest to those that were asked for.

use pik_core::Stream;

/// How many of them are told.
const TOLD: usize = 3;

/// A search for names that were perhaps meant.
#[derive(Debug)]
pub struct Nearest<'a> {
    source: Option<&'a str>,
    event_type: Option<&'a str>,
    is_known: bool,
    found: Vec<(f64, Stream)>,
}

impl<'a> Nearest<'a> {
    /// To a source, to a type, or to both.
    pub const fn to(source: Option<&'a str>, event_type: Option<&'a str>) -> Self {
        Self { source, event_type, is_known: false, found: Vec::new() }
    }

    /// Looks at some of the streams that there are.
    pub fn look_at(&mut self, streams: Vec<Stream>) {
        for stream in streams {
            let distance = self.distance(&stream);
            self.is_known |= distance == 0.0;
            self.found.push((distance, stream));
        }
        self.found.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        self.found.truncate(TOLD);
    }

    /// Whether one has the very names.
    pub const fn is_known(&self) -> bool {
        self.is_known
    }

    /// The nearest, the very nearest first.
    pub fn into_streams(self) -> impl Iterator<Item = Stream> {
        self.found.into_iter().map(|(_, stream)| stream)
    }

    /// How far the names of a stream are from those that were asked for, from 0 for the same to 2.
    fn distance(&self, stream: &Stream) -> f64 {
        let one = |asked: Option<&str>, name: &str| match asked {
            None => 0.0,
            Some(asked) if asked == name => 0.0,
            // Two that differ in their case alone are near, and not the same.
            Some(asked) => {
                let alike = strsim::normalized_levenshtein(&asked.to_lowercase(), &name.to_lowercase());
                (1.0 - alike).max(f64::EPSILON)
            }
        };
        one(self.source, &stream.source) + one(self.event_type, &stream.event_type)
    }
}
