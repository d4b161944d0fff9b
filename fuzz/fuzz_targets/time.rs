//! Any text as an event time: what is accepted has one canonical form, and another library agrees on the instant.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pik_core::EventTime;

fuzz_target!(|text: &str| {
    let Ok(time) = text.parse::<EventTime>() else { return };
    let canonical = time.canonical();
    assert_eq!(canonical.parse::<EventTime>(), Ok(time), "the canonical form is another instant");
    assert_eq!(canonical.parse::<EventTime>().expect("a time").canonical().as_str(), canonical.as_str());
    assert_eq!(time.sort_key().parse::<EventTime>(), Ok(time));
    assert_eq!(EventTime::from_unix(time.unix_seconds(), time.subsecond_nanoseconds()), Some(time));
    assert!(canonical.starts_with(time.date().as_str()) && canonical[11..].starts_with(time.hour().as_str()));
    assert!(canonical.len() == 20 || (22..=30).contains(&canonical.len()) && !canonical.ends_with("0Z"));

    let nanoseconds = i128::from(time.unix_seconds()) * 1_000_000_000 + i128::from(time.subsecond_nanoseconds());
    // The other library's years end a day and two hours earlier.
    if time.unix_seconds() <= jiff::Timestamp::MAX.as_second() {
        let reread: jiff::Timestamp = canonical.parse().expect("every library reads the canonical form");
        assert_eq!(reread.as_nanosecond(), nanoseconds);
    }
    // Other libraries take a second of 60 for 59.
    if let Ok(other) = text.parse::<jiff::Timestamp>()
        && !text.contains("60")
    {
        assert_eq!(other.as_nanosecond(), nanoseconds);
    }
});
