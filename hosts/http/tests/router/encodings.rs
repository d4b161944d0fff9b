//! `Content-Encoding`.

use std::io::Write;

use axum::http::Method;
use flate2::Compression;
use flate2::write::GzEncoder;
use pik_http::Config;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::service::{Answered, EXAMPLE, EXAMPLE_ID, Service};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

/// A zstd frame of blocks that each inflate four bytes to 128 KiB, or are invalid.
fn zstd_bomb(window: u8, blocks: usize, invalid: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
    for _ in 0..blocks {
        frame.extend([0x02, 0x00, 0x10, b' ']);
    }
    for _ in 0..invalid {
        frame.extend([0x06, 0x00, 0x10, b' ']);
    }
    frame
}

/// 1 MiB, in a frame's header.
const WINDOW_1_MIB: u8 = 10 << 3;
const WINDOW_8_MIB: u8 = 13 << 3;
const WINDOW_128_MIB: u8 = 17 << 3;

fn post(target: &str, encodings: &[&str], body: Vec<u8>) -> Answered {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(encodings.iter().map(|encoding| ("content-encoding", *encoding)));
    Service::new(Config::default()).call(Method::POST, target, &headers, body)
}

#[test]
fn gzip_and_zstd_are_inflated() {
    let text = EXAMPLE.as_bytes();
    let two_members = [gzip(&text[..50]), gzip(&text[50..])].concat();
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zstd(text)].concat();
    let two_frames = [zstd(&text[..50]), zstd(&text[50..])].concat();
    for (encodings, body) in [
        (&["gzip"][..], gzip(text)),
        (&["GZip"], gzip(text)),
        (&["x-gzip"], gzip(text)),
        (&["gzip"], two_members),
        (&["zstd"], zstd(text)),
        (&[" zstd ,"], zstd(text)),
        (&["zstd"], skippable),
        (&["zstd"], two_frames),
        (&["identity"], text.to_vec()),
        (&["identity, gzip"], gzip(text)),
        (&[""], text.to_vec()),
    ] {
        let answer = post("/ingest", encodings, body);
        assert_eq!(answer.gist(), "200 ACCEPTED", "{encodings:?}");
        assert_eq!(answer.json()["event_id"], EXAMPLE_ID);
    }
}

#[test]
fn other_encodings_and_several_are_not_taken() {
    for encodings in
        [&["br"][..], &["deflate"], &["compress"], &["gzip, gzip"], &["gzip", "zstd"], &["gzip;q=1"], &["*"]]
    {
        let answer = post("/ingest", encodings, gzip(EXAMPLE.as_bytes()));
        assert_eq!(answer.gist(), "415 REJECTED unsupported_media_type", "{encodings:?}");
        assert_eq!(answer.header("accept-encoding"), "gzip, zstd");
    }
}

#[test]
fn what_does_not_inflate_is_not_json() {
    let cut = |mut body: Vec<u8>| {
        body.truncate(body.len() - 3);
        body
    };
    let flipped = |mut body: Vec<u8>, from_end: usize| {
        let at = body.len() - from_end;
        body[at] ^= 1;
        body
    };
    let text = EXAMPLE.as_bytes();
    // Bit 2 of the frame's descriptor: without a checksum the flip below would prove nothing.
    assert_eq!(zstd(text)[4] & 4, 4);
    for (encoding, body) in [
        ("gzip", text.to_vec()),
        ("gzip", Vec::new()),
        ("gzip", cut(gzip(text))),
        ("gzip", flipped(gzip(text), 8)),
        ("gzip", flipped(gzip(text), 1)),
        ("gzip", [gzip(text), b"more".to_vec()].concat()),
        ("gzip", zstd(text)),
        ("zstd", text.to_vec()),
        ("zstd", Vec::new()),
        ("zstd", cut(zstd(text))),
        ("zstd", flipped(zstd(text), 1)),
        ("zstd", [zstd(text), b"more".to_vec()].concat()),
        ("zstd", gzip(text)),
        ("zstd", vec![0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1]),
    ] {
        assert_eq!(
            post("/ingest", &[encoding], body.clone()).gist(),
            "400 REJECTED invalid_json",
            "{encoding} {body:x?}"
        );
    }
}

#[test]
fn random_damage_is_an_answer_and_never_a_wrong_event() {
    let mut seed = 1_u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    for (encoding, whole) in [("gzip", gzip(EXAMPLE.as_bytes())), ("zstd", zstd(EXAMPLE.as_bytes()))] {
        for _ in 0..2000 {
            let mut body = whole.clone();
            for _ in 0..=random() % 3 {
                let at = random() % body.len();
                body[at] = random() as u8;
            }
            let answer = post("/ingest", &[encoding], body);
            assert!(matches!(answer.status.as_u16(), 200 | 400 | 413), "{answer:?}");
            if answer.status == 200 {
                assert_eq!(answer.json()["event_id"], EXAMPLE_ID);
            }
        }
    }
}

#[test]
fn the_limit_is_on_what_was_inflated_to_the_byte() {
    for (size, gist) in [(1_048_576, "200 ACCEPTED"), (1_048_577, "413 REJECTED too_large")] {
        let text = format!("{EXAMPLE}{}", " ".repeat(size - EXAMPLE.len()));
        assert_eq!(post("/ingest", &["gzip"], gzip(text.as_bytes())).gist(), gist);
        assert_eq!(post("/ingest", &["zstd"], zstd(text.as_bytes())).gist(), gist);
    }
}

#[test]
fn a_bomb_is_not_inflated_past_the_limit() {
    // 64 MiB, broken after a quarter: a reader that gets there says invalid_json.
    let mut body = gzip(&vec![b' '; 64 << 20]);
    let quarter = body.len() / 4;
    body[quarter..].fill(0xff);
    assert_eq!(post("/ingest", &["gzip"], body.clone()).gist(), "413 REJECTED too_large");
    // What a batch may have is read to where it ends too early.
    let mut short = body;
    short.truncate(quarter);
    assert_eq!(post("/ingest/batch", &["gzip"], short).gist(), "400 REJECTED invalid_json");

    for window in [WINDOW_1_MIB, WINDOW_8_MIB] {
        assert_eq!(post("/ingest", &["zstd"], zstd_bomb(window, 100, 1)).gist(), "413 REJECTED too_large");
        assert_eq!(post("/ingest", &["zstd"], zstd_bomb(window, 4, 1)).gist(), "400 REJECTED invalid_json");
        // 26 GB.
        assert_eq!(post("/ingest", &["zstd"], zstd_bomb(window, 200_000, 0)).gist(), "413 REJECTED too_large");
        assert_eq!(post("/ingest/batch", &["zstd"], zstd_bomb(window, 200_000, 0)).gist(), "413 REJECTED too_large");
    }
    // No memory is set aside for a window that only hostile frames have.
    assert_eq!(post("/ingest", &["zstd"], zstd_bomb(WINDOW_128_MIB, 1, 0)).gist(), "413 REJECTED too_large");
}

#[test]
fn the_limit_is_on_what_was_received_too() {
    let stored = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
        encoder.finish().unwrap()
    };
    assert!(stored.len() > 1 << 20);
    assert_eq!(post("/ingest", &["gzip"], stored).gist(), "413 REJECTED too_large");
}

#[test]
fn members_and_frames_have_a_limit_however_little_is_in_them() {
    let empty_frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0];
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
    let text = EXAMPLE.as_bytes();
    for (encoding, nothing, event) in [
        ("gzip", gzip(b""), gzip(text)),
        ("zstd", empty_frame.to_vec(), zstd(text)),
        ("zstd", skipped.to_vec(), zstd(text)),
    ] {
        for (before, gist) in
            [(1023, "200 ACCEPTED"), (1024, "400 REJECTED invalid_json"), (50_000, "400 REJECTED invalid_json")]
        {
            let body = [nothing.repeat(before), event.clone()].concat();
            let answer = post("/ingest", &[encoding], body);
            assert_eq!(answer.gist(), gist, "{encoding} {before}");
            let told = String::from_utf8(answer.body).unwrap().contains("1,024");
            assert_eq!(told, before > 1023, "{encoding} {before}");
        }
    }
}

#[test]
fn batches_may_be_compressed() {
    let batch = format!("[{EXAMPLE},{EXAMPLE}]");
    for (encoding, body) in [("gzip", gzip(batch.as_bytes())), ("zstd", zstd(batch.as_bytes()))] {
        let json = post("/ingest/batch", &[encoding], body).json();
        assert_eq!((&json["accepted"], &json["duplicate"]), (&1.into(), &1.into()));
    }
}
