//! `${VAR}` and `${VAR:-default}` in single values, replaced after the file was parsed.

use super::error::{Mismatch, quoted};

/// Looks a variable up; `None` if it is not set, or is not UTF-8.
pub(super) type Environment<'e> = dyn Fn(&str) -> Option<String> + 'e;

const ACCEPTED: &str = "`${VAR}` or `${VAR:-default}`; `$${` writes `${` itself";

/// The environment of the process.
pub(super) fn of_the_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether anything of `text` comes from the environment.
pub(super) fn is_used(text: &str) -> bool {
    text.replace("$${", "").contains("${")
}

/// Replaces every variable of `text`. One that is empty counts as unset.
pub(super) fn substitute(text: &str, environment: &Environment<'_>) -> Result<String, Mismatch> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, behind) = rest.split_at(at);
        let behind = &behind[2..];
        if let Some(before) = before.strip_suffix('$') {
            result.push_str(before);
            result.push_str("${");
            rest = behind;
            continue;
        }
        result.push_str(before);
        let Some((inside, behind)) = behind.split_once('}') else {
            return Err(Mismatch::new("`${` is not closed by `}`", quoted(text), ACCEPTED));
        };
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !is_name {
            let plain: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let meant = name[plain.len()..].strip_prefix(['-', '=', ':']).filter(|_| !plain.is_empty());
            let what = Mismatch::new("not the name of a variable", quoted(&format!("${{{inside}}}")), ACCEPTED);
            return Err(what.suggest(meant.map(|default| format!("${{{plain}:-{default}}}"))));
        }
        match (environment(name).filter(|value| !value.is_empty()), default) {
            (Some(value), _) => result.push_str(&value),
            (None, Some(default)) => result.push_str(default),
            (None, None) => {
                let accepted = format!("a variable that is set and not empty, or a default: `${{{name}:-default}}`");
                return Err(Mismatch::new(format!("the variable `{name}` is not set"), quoted(text), accepted));
            }
        }
        rest = behind;
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn substituted(text: &str) -> Result<String, String> {
        let environment = |name: &str| match name {
            "HOST" => Some("example.org".to_owned()),
            "EMPTY" => Some(String::new()),
            "NESTED" => Some("${HOST}".to_owned()),
            _ => None,
        };
        substitute(text, &environment).map_err(|what| format!("{}: {}", what.message, what.hint))
    }

    #[test]
    fn variables_are_replaced_and_defaults_stand_in_for_unset_and_empty_ones() {
        for (text, expected) in [
            ("http://${HOST}/", "http://example.org/"),
            ("${HOST}${HOST}", "example.orgexample.org"),
            ("${NONE:-10s}", "10s"),
            ("${EMPTY:-10s}", "10s"),
            ("${NONE:-}", ""),
            ("${HOST:-other}", "example.org"),
            ("$${HOST} $HOST $", "${HOST} $HOST $"),
            ("${NESTED}", "${HOST}"),
            ("{queue}", "{queue}"),
        ] {
            assert_eq!(substituted(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_replaced_says_why() {
        for (text, why) in [
            ("${NONE}", "the variable `NONE` is not set"),
            ("${EMPTY}", "the variable `EMPTY` is not set"),
            ("a ${HOST", "`${` is not closed by `}`"),
            ("${}", "not the name of a variable"),
            ("${A B}", "not the name of a variable"),
            ("${HOST-x}", "did you mean `${HOST:-x}`?"),
            ("${1}", "not the name of a variable"),
        ] {
            let told = substituted(text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    #[test]
    fn only_what_is_replaced_is_kept_out_of_errors() {
        assert!(is_used("${A}") && is_used("$${A} ${B}"));
        assert!(!is_used("$${A}") && !is_used("{queue} $A"));
    }
}
