//! One value, any of its spellings.

use crate::event_value::{EventValue, Instant, Wall};
use crate::json::{Decimal, Json};
use crate::split_mix::SplitMix;

/// Writes values in spellings drawn from a seed: white space, member order, escapes, numbers, times.
#[derive(Debug, Clone)]
pub struct Speller {
    random: SplitMix,
    /// The odds of each liberty; `None` takes none.
    odds: Option<usize>,
}

impl Speller {
    /// The one spelling without liberties: compact, members in the order given, fewest escapes.
    pub fn plain() -> Self {
        Self { random: SplitMix::new(0), odds: None }
    }

    /// A spelling that takes liberties.
    pub fn free(seed: u64) -> Self {
        let mut random = SplitMix::new(seed);
        let odds = Some(2 + random.below(8));
        Self { random, odds }
    }

    fn liberty(&mut self) -> bool {
        self.odds.is_some_and(|odds| self.random.once_in(odds))
    }

    /// The members of an event, its time spelled.
    pub fn members(&mut self, event: &EventValue) -> Vec<(String, Json)> {
        let text = |text: &str| Json::String(text.to_owned());
        let time = Json::String(self.time(event.time));
        let named = [
            ("source", text(&event.source)),
            ("event_type", text(&event.event_type)),
            ("entity_id", text(&event.entity_id)),
            ("event_time", time),
            ("payload", event.payload.clone()),
        ];
        named.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// A body.
    pub fn event(&mut self, event: &EventValue) -> String {
        let members = self.members(event);
        self.value(&Json::Object(members))
    }

    /// A JSON text, with white space around it.
    pub fn value(&mut self, value: &Json) -> String {
        let mut out = String::new();
        self.space(&mut out);
        self.write(value, &mut out);
        self.space(&mut out);
        out
    }

    fn write(&mut self, value: &Json, out: &mut String) {
        match value {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Number(number) => self.number(number, out),
            Json::String(text) => self.string(text, out),
            Json::Array(items) => {
                out.push('[');
                self.space(out);
                for (index, item) in items.iter().enumerate() {
                    self.comma(index, out);
                    self.write(item, out);
                    self.space(out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                let mut order: Vec<&(String, Json)> = members.iter().collect();
                if self.odds.is_some() {
                    self.random.shuffle(&mut order);
                }
                out.push('{');
                self.space(out);
                for (index, (name, value)) in order.into_iter().enumerate() {
                    self.comma(index, out);
                    self.string(name, out);
                    self.space(out);
                    out.push(':');
                    self.space(out);
                    self.write(value, out);
                    self.space(out);
                }
                out.push('}');
            }
            Json::Text(text) => out.push_str(text),
        }
    }

    fn comma(&mut self, index: usize, out: &mut String) {
        if index > 0 {
            out.push(',');
            self.space(out);
        }
    }

    fn space(&mut self, out: &mut String) {
        while self.liberty() {
            out.push_str(self.random.pick(&[" ", "\n", "\t", "\r", "\r\n  ", "    "]));
        }
    }

    /// A string with its quotes.
    pub fn string(&mut self, text: &str, out: &mut String) {
        out.push('"');
        for character in text.chars() {
            let short = match character {
                '"' => Some("\\\""),
                '\\' => Some("\\\\"),
                '/' => Some("\\/"),
                '\u{8}' => Some("\\b"),
                '\u{c}' => Some("\\f"),
                '\n' => Some("\\n"),
                '\r' => Some("\\r"),
                '\t' => Some("\\t"),
                _ => None,
            };
            let must = character < ' ' || matches!(character, '"' | '\\');
            match short {
                _ if !must && !self.liberty() => out.push(character),
                Some(escape) if !self.liberty() => out.push_str(escape),
                _ => self.numbered(character, out),
            }
        }
        out.push('"');
    }

    fn numbered(&mut self, character: char, out: &mut String) {
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            out.push_str("\\u");
            for digit in format!("{unit:04x}").chars() {
                let upper = self.liberty();
                out.push(if upper { digit.to_ascii_uppercase() } else { digit });
            }
        }
    }

    fn number(&mut self, number: &Decimal, out: &mut String) {
        if number.is_negative() {
            out.push('-');
        }
        let digits = number.digits();
        if digits.is_empty() {
            return self.zero(out);
        }
        // Where the point is written; the exponent makes up for the rest.
        let length = digits.len() as i64;
        let at = if self.odds.is_none() || self.liberty() {
            if (-9..=30).contains(&number.point()) { number.point() } else { 1 }
        } else {
            self.random.between(-4, length + 4)
        };
        if at <= 0 {
            out.push_str("0.");
            zeros(-at, out);
            out.push_str(digits);
        } else if at < length {
            out.push_str(&digits[..at as usize]);
            out.push('.');
            out.push_str(&digits[at as usize..]);
        } else {
            out.push_str(digits);
            zeros(at - length, out);
            if self.liberty() {
                out.push_str(".0");
            }
        }
        if at < length && self.liberty() {
            out.push_str("000");
        }
        let exponent = number.point() - at;
        if exponent != 0 || self.liberty() {
            out.push(if self.liberty() { 'E' } else { 'e' });
            if exponent < 0 {
                out.push('-');
            } else if self.liberty() {
                out.push('+');
            }
            while self.liberty() {
                out.push('0');
            }
            out.push_str(&exponent.unsigned_abs().to_string());
        }
    }

    fn zero(&mut self, out: &mut String) {
        if self.odds.is_none() {
            out.push('0');
        } else {
            out.push_str(self.random.pick(&[
                "0",
                "-0",
                "0.0",
                "-0.000",
                "0e5",
                "0E-77",
                "-0.0e+0",
                "0e99999999999999999999",
            ]));
        }
    }

    /// A time in one of the accepted forms.
    pub fn time(&mut self, instant: Instant) -> String {
        let Instant { mut seconds, nanoseconds } = instant;
        let mut leap = false;
        let utc = Wall::of_seconds(seconds - 1);
        if (utc.hour, utc.minute, utc.second) == (23, 59, 59)
            && matches!((utc.month, utc.day), (6, 30) | (12, 31))
            && self.liberty()
        {
            leap = true;
            seconds -= 1;
        }
        let mut offset = 0;
        if self.liberty() {
            offset = self.random.between(-1_439, 1_439);
            if self.liberty() {
                offset = offset / 60 * 60;
            }
        }
        let mut wall = Wall::of_seconds(seconds + offset * 60);
        // What is written must be of the years 0001–9999, too.
        for other in [0, 60, -60] {
            if (1..=9_999).contains(&wall.year) {
                break;
            }
            offset = other;
            wall = Wall::of_seconds(seconds + offset * 60);
        }
        let (dash, colon) = if self.liberty() { ("", "") } else { ("-", ":") };
        let separator = if self.liberty() { self.random.pick(&["t", " "]) } else { "T" };
        let Wall { year, month, day, hour, minute, second } = wall;
        let mut out = format!("{year:04}{dash}{month:02}{dash}{day:02}{separator}{hour:02}{colon}{minute:02}");
        if second != 0 || nanoseconds != 0 || !self.liberty() {
            let second = if leap { 60 } else { second };
            out.push_str(&format!("{colon}{second:02}"));
            let fraction = format!("{nanoseconds:09}");
            let shortest = fraction.trim_end_matches('0').len();
            let digits = if self.liberty() { self.random.between(shortest as i64, 9) as usize } else { shortest };
            if digits > 0 {
                out.push(if self.liberty() { ',' } else { '.' });
                out.push_str(&fraction[..digits]);
            }
        }
        self.zone(offset, &mut out);
        out
    }

    fn zone(&mut self, offset: i64, out: &mut String) {
        if offset == 0 && !self.liberty() {
            out.push(if self.liberty() { 'z' } else { 'Z' });
            return;
        }
        let negative = offset < 0 || offset == 0 && self.liberty();
        let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
        out.push_str(&format!("{}{hours:02}", if negative { '-' } else { '+' }));
        if minutes != 0 || !self.liberty() {
            let colon = if self.liberty() { "" } else { ":" };
            out.push_str(&format!("{colon}{minutes:02}"));
        }
    }
}

fn zeros(count: i64, out: &mut String) {
    out.extend(core::iter::repeat_n('0', count as usize));
}
