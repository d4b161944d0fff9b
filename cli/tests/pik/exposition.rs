//! Prometheus's text format, read as strictly as its documents have it.

use std::collections::BTreeMap;

/// A metric with all that is told of it.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) kind: String,
    /// Name, labels without `le`, `le`, value.
    samples: Vec<(String, String, Option<f64>, f64)>,
}

/// Every family by its name; panics on the first breach of a rule.
pub(crate) fn families(text: &str) -> BTreeMap<String, Family> {
    assert!(text.ends_with('\n'), "the last line has no end");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, help) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')).expect(line);
        assert!(help.len() > 5 && !help.ends_with('.'), "{line}");
        let mut characters = name.chars();
        assert!(characters.next().is_some_and(|first| first.is_ascii_lowercase()), "{line}");
        assert!(characters.all(|char| char == '_' || char.is_ascii_lowercase() || char.is_ascii_digit()), "{line}");
        let line = lines.next().expect("a type follows each help");
        let kind = line.strip_prefix(&format!("# TYPE {name} ")).expect(line).to_owned();
        let mut samples = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            samples.push(sample(line));
        }
        let family = Family { kind, samples };
        family.check(name);
        assert!(families.insert(name.to_owned(), family).is_none(), "{name} is told twice");
    }
    families
}

fn sample(line: &str) -> (String, String, Option<f64>, f64) {
    let (series, value) = line.rsplit_once(' ').expect(line);
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').expect(line);
    let (mut others, mut le) = (Vec::new(), None);
    for label in labels.split(',').filter(|label| !label.is_empty()) {
        let (name, value) = label.split_once('=').expect(line);
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).expect(line);
        if name == "le" { le = Some(value.parse().expect(line)) } else { others.push(label) }
    }
    (name.to_owned(), others.join(","), le, value.parse().expect(line))
}

impl Family {
    fn check(&self, name: &str) {
        assert!(!self.samples.is_empty(), "{name} has no value");
        for unit in ["_ms", "_milliseconds", "_kilobytes", "_percent", "_minutes"] {
            assert!(!name.contains(unit), "{name} is not in a base unit");
        }
        assert_eq!(name.ends_with("_total"), self.kind == "counter", "{name}");
        match self.kind.as_str() {
            "counter" => self.each(name, |value| value.is_finite() && value >= 0.0),
            "gauge" => {
                assert!(!["_count", "_sum", "_bucket"].iter().any(|end| name.ends_with(end)), "{name}");
                self.each(name, |value| !value.is_nan());
            }
            "histogram" => self.check_histogram(name),
            other => panic!("{name} is a {other}"),
        }
    }

    fn each(&self, name: &str, is_right: impl Fn(f64) -> bool) {
        let mut seen = std::collections::BTreeSet::new();
        for (sample, labels, le, value) in &self.samples {
            assert!(sample == name && le.is_none() && is_right(*value), "{sample} {value}");
            assert!(seen.insert(labels), "{name}{{{labels}}} is told twice");
        }
    }

    fn check_histogram(&self, name: &str) {
        let mut by_labels: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for sample in &self.samples {
            by_labels.entry(&sample.1).or_default().push(sample);
        }
        for (labels, samples) in by_labels {
            let one = |part: &str| {
                let found: Vec<f64> =
                    samples.iter().filter(|(sample, ..)| *sample == format!("{name}_{part}")).map(|at| at.3).collect();
                assert_eq!(found.len(), 1, "{name}_{part}{{{labels}}}");
                found[0]
            };
            let (count, sum) = (one("count"), one("sum"));
            let buckets: Vec<(f64, f64)> = samples.iter().filter_map(|at| Some((at.2?, at.3))).collect();
            assert_eq!(buckets.len() + 2, samples.len(), "{name}{{{labels}}}");
            assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1), "{buckets:?}");
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, count)), "{name}");
            assert!(sum.is_finite(), "{name}");
        }
    }
}
