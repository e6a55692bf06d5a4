use super::*;

#[test]
fn a_glob_matches_whole_names() {
    for (pattern, name, expected) in [
        ("*", "", true),
        ("*", "crawl.parse", true),
        ("crawl.*", "crawl.parse.deep", true),
        ("crawl.*", "crawl", false),
        ("crawl", "crawl.parse", false),
        ("parse", "crawl.parse", false),
        ("*.parse", "crawl.parse", true),
        ("*a*b*", "xxaxxbxx", true),
        ("*a*b", "xxaxxbxx", false),
        ("?", "é", true),
        ("?", "ab", false),
        ("q[0-9]", "q7", true),
        ("q[0-9]", "qx", false),
        ("q[!0-9]", "qx", true),
        ("q[a-cx-]", "q-", true),
        ("q[a-cx-]", "qb", true),
        ("q[a-cx-]", "qd", false),
        ("[*]", "*", true),
        ("[*]", "a", false),
        ("a.b", "axb", false),
        ("**", "a", true),
    ] {
        assert_eq!(Glob::new(pattern).unwrap().matches(name), expected, "{pattern} on {name}");
    }
}

#[test]
fn a_broken_pattern_says_why() {
    for (pattern, why) in [
        ("", GlobError::Empty),
        ("a[b", GlobError::Unclosed),
        ("a[]", GlobError::EmptyClass),
        ("a[!]", GlobError::EmptyClass),
        ("[z-a]", GlobError::Backwards { from: 'z', to: 'a' }),
    ] {
        assert_eq!(Glob::new(pattern), Err(why), "{pattern}");
    }
}

#[test]
fn agrees_with_the_plain_definition_on_all_short_names() {
    fn plain(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => plain(rest, name) || (!name.is_empty() && plain(pattern, &name[1..])),
            ([b'?', rest @ ..], [_, tail @ ..]) => plain(rest, tail),
            ([c, rest @ ..], [d, tail @ ..]) => c == d && plain(rest, tail),
            _ => false,
        }
    }
    let words = |letters: &'static [u8]| {
        (1..=5_u32).flat_map(move |length| {
            (0..letters.len().pow(length)).map(move |mut number| {
                let mut word = String::new();
                for _ in 0..length {
                    word.push(char::from(letters[number % letters.len()]));
                    number /= letters.len();
                }
                word
            })
        })
    };
    for pattern in words(b"ab*?") {
        let glob = Glob::new(&pattern).unwrap();
        for name in words(b"ab") {
            assert_eq!(glob.matches(&name), plain(pattern.as_bytes(), name.as_bytes()), "{pattern} on {name}");
        }
    }
}

#[test]
fn two_patterns_overlap_if_there_is_a_name_that_both_fit() {
    let letters: Vec<char> = "ab".chars().collect();
    let mut names = vec![String::new()];
    for length in 0..5 {
        let longer: Vec<_> = names.iter().filter(|name| name.len() == length).cloned().collect();
        names.extend(longer.iter().flat_map(|name| letters.iter().map(move |c| format!("{name}{c}"))));
    }
    let parts = ["a", "b", "?", "*", "[ab]", "[!a]"];
    let mut patterns: Vec<String> = vec![String::new()];
    for _ in 0..3 {
        let longer = patterns.iter().flat_map(|pattern| parts.map(|part| format!("{pattern}{part}")));
        patterns = patterns.iter().cloned().chain(longer).filter(|pattern| !pattern.is_empty()).collect();
    }
    patterns.sort();
    patterns.dedup();
    let globs: Vec<_> = patterns.iter().map(|pattern| Glob::new(pattern).unwrap()).collect();
    let fitting: Vec<Vec<bool>> =
        globs.iter().map(|glob| names.iter().map(|name| glob.matches(name)).collect()).collect();
    for (one, by_one) in globs.iter().zip(&fitting) {
        for (other, by_other) in globs.iter().zip(&fitting) {
            // A name of these letters stands for any other: none of the classes tells the rest apart from `b`.
            let both = by_one.iter().zip(by_other).any(|(one, other)| *one && *other);
            assert_eq!(one.overlaps(other), both, "{one} and {other}");
        }
    }
}

#[test]
fn an_exact_name_is_most_specific_then_the_one_with_more_literals() {
    let order = ["*", "?*", "a*", "a?c*", "abc*", "a", "abcd"];
    let order = order.map(|pattern| Glob::new(pattern).unwrap().specificity());
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(Glob::new("a[*]").unwrap().specificity(), (true, 2), "a wildcard that is meant as a character");
}

#[test]
fn many_stars_do_not_explode() {
    // With naive backtracking this would outlast the machine.
    let glob = Glob::new(&("*a".repeat(50) + "*b")).unwrap();
    assert!(!glob.matches(&"a".repeat(5_000)));
}
