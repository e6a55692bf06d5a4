//! `traceparent`: what is printed is read again, and no text does harm.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use queue_core::TraceContext;
use support::{Random, panic_of};

const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Any bytes at all.
fn random_bytes<const N: usize>(random: &mut Random) -> [u8; N] {
    [0; N].map(|_| random.below(256) as u8)
}

#[test]
fn what_was_printed_is_read_as_it_was() {
    let mut random = Random(11);
    for _ in 0..20_000 {
        let (trace, span, flags) = (random_bytes(&mut random), random_bytes(&mut random), random.below(256) as u8);
        let context = TraceContext::new(trace, span, flags).unwrap();
        let printed = context.to_string();
        assert_eq!(printed.parse(), Ok(context));
        assert_eq!((printed.len(), &printed[..3]), (55, "00-"));
        assert_eq!(printed.parse::<TraceContext>().unwrap().to_string(), printed);
    }
}

#[test]
fn no_text_makes_the_reader_panic_and_what_it_reads_is_what_stands_there() {
    let (mut random, mut read) = (Random(5), 0);
    for _ in 0..150_000 {
        let mut text: Vec<char> = GOOD.chars().collect();
        for _ in 0..random.below(4) {
            let place = random.below(text.len() as u64) as usize;
            let any = ['0', 'f', 'F', 'g', '-', ' ', '\0', 'é', '🦀', '9'][random.below(10) as usize];
            match random.below(4) {
                0 => text.insert(place, any),
                1 if text.len() > 1 => drop(text.remove(place)),
                2 => text.truncate(place.max(1)),
                _ => text[place] = any,
            }
        }
        let text: String = text.into_iter().collect();
        match text.parse::<TraceContext>() {
            Err(error) => assert!(error.to_string().starts_with("not a traceparent: "), "{error}"),
            Ok(context) => {
                read += 1;
                // Only the version may differ: it is printed as ours.
                assert_eq!(context.to_string()[2..], text[2..55], "{text:?}");
                assert!(text.len() == 55 || !text.starts_with("00") && text[55..].starts_with('-'), "{text:?}");
            }
        }
    }
    assert!(read > 30_000, "{read}: most must be wrong, but not all");
    assert_eq!(panic_of(|| drop("é".repeat(28).parse::<TraceContext>())), None);
}
