//! Runs the binary, as a person on call and as a script would.

#![allow(clippy::unwrap_used)] // A helper of a test may fail it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use queue_core::FamilyStats;
use serde_json::Value;

const GOOD: &str = r#"interval: 1s
alerts:
  - name: Full
    signal: utilization_peak
    above: 80%
    for: 2s
    summary: "{queue} is full"
  - name: Deep
    signal: depth
    levels: { warning: 50, critical: 90 }
overrides:
  - queue: "crawl.*"
    capacity: 200
    alerts:
      Full: { above: 90%, severity: critical }
      Deep: off
"#;

fn queuectl(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_queuectl"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A folder with `good.yaml`, and `bad.yaml` with two mistakes.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.yaml"), GOOD).unwrap();
    fs::write(folder.path().join("bad.yaml"), GOOD.replace("depth", "dept").replace("80%", "80")).unwrap();
    folder
}

#[test]
fn a_good_file_is_one_line_and_a_bad_one_every_error_with_its_place() {
    let folder = folder();
    let output = queuectl(folder.path(), &["check", "good.yaml"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "good.yaml: ok, 2 alerts, 1 overrides\n"));
    assert_eq!(text(&output.stderr), "");
    let output = queuectl(folder.path(), &["check", "bad.yaml", "good.yaml", "none.yaml"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), "good.yaml: ok, 2 alerts, 1 overrides\n"));
    let said = text(&output.stderr);
    for part in [
        "bad.yaml:5:12: alerts[0].above: a share cannot be more than 1, the whole\n  5 |     above: 80\n    |            ^\n",
        "did you mean `80%`?",
        "bad.yaml:9:13: alerts[1].signal: unknown signal",
        "did you mean `depth`?",
        "none.yaml: -: cannot read the file",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn check_says_the_same_to_scripts() {
    let folder = folder();
    let output = queuectl(folder.path(), &["check", "--json", "bad.yaml", "good.yaml"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), ""));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&list[0]["ok"], &list[1]["ok"]), (&false.into(), &true.into()));
    let error = &list[0]["errors"][0];
    assert_eq!((&error["line"], &error["column"], &error["path"]), (&5.into(), &12.into(), &"alerts[0].above".into()));
}

#[test]
fn what_looks_like_a_mistake_is_a_warning_and_no_error() {
    let folder = folder();
    let yaml = "mute: [{ queues: [\"*\"], until: 2020-01-01T00:00:00Z }]\nhttp: { listen: \"0.0.0.0:9464\" }";
    fs::write(folder.path().join("odd.yaml"), yaml).unwrap();
    let output = queuectl(folder.path(), &["check", "odd.yaml"]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stderr);
    assert_eq!(said.lines().filter(|line| line.starts_with("warning: odd.yaml: ")).count(), 3, "{said}");
}

#[test]
fn explain_says_each_value_and_the_line_that_sets_it() {
    let folder = folder();
    let output = queuectl(folder.path(), &["explain", "good.yaml", "crawl.parse"]);
    let expected = "Full signal utilization_peak good.yaml:4\nFull above 90% good.yaml:15\nFull clear_below 90% default\n\
                    Full for 2s good.yaml:6\nFull keep_firing_for 0s default\nFull severity critical good.yaml:15\n\
                    Full summary {queue} is full good.yaml:7\nDeep off good.yaml:16\n- capacity 200 good.yaml:13\n";
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), expected));
    let output = queuectl(folder.path(), &["explain", "good.yaml", "ingest"]);
    let said = text(&output.stdout);
    for line in [
        "Full above 80% good.yaml:5\n",
        "Deep levels.warning 50 good.yaml:10\n",
        "Deep levels.critical 90 good.yaml:10\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
    let output = queuectl(folder.path(), &["explain", "--json", "good.yaml", "crawl.parse"]);
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let above = rows.as_array().unwrap().iter().find(|row| row["field"] == "above").unwrap();
    assert_eq!((&above["value"], &above["line"], &above["alert"]), (&"90%".into(), &15.into(), &"Full".into()));
    assert_eq!(queuectl(folder.path(), &["explain", "bad.yaml", "a"]).status.code(), Some(1));
}

fn samples() -> String {
    let depths = [10, 95, 95, 95, 95, 10];
    let lines = depths.iter().zip(0_u32..).map(|(depth, second)| {
        let family = FamilyStats {
            name: "jobs".into(),
            instances: 1,
            capacity: Some(100),
            depth: *depth,
            depth_peak: *depth,
            ..FamilyStats::default()
        };
        format!("{{\"mono\":{second},\"time\":\"\",\"queues\":[{}]}}\n", serde_json::to_string(&family).unwrap())
    });
    lines.collect()
}

#[test]
fn replay_tells_what_would_have_fired_and_by_which_value() {
    let folder = folder();
    fs::write(folder.path().join("samples.jsonl"), samples() + "{\"mono\": 9").unwrap();
    let output = queuectl(folder.path(), &["replay", "good.yaml", "samples.jsonl"]);
    let expected = r#"{"mono":1.0,"alert":"Full","queue":"jobs","severity":"warning","from":"ok","to":"pending","value":0.95}
{"mono":1.0,"alert":"Deep","queue":"jobs","severity":"critical","from":"ok","to":"firing","value":95.0}
{"mono":3.0,"alert":"Full","queue":"jobs","severity":"warning","from":"pending","to":"firing","value":0.95}
{"mono":5.0,"alert":"Full","queue":"jobs","severity":"warning","from":"firing","to":"ok","value":0.1}
{"mono":5.0,"alert":"Deep","queue":"jobs","severity":"critical","from":"firing","to":"ok","value":10.0}
"#;
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), expected));
    assert!(text(&output.stderr).contains("samples.jsonl:7: the last line is not whole"), "{}", text(&output.stderr));
}

#[test]
fn samples_that_are_none_are_told_with_their_line() {
    let folder = folder();
    for (lines, part) in [
        ("nonsense\n".to_owned(), "samples.jsonl:1: not JSON"),
        ("{\"mono\": -1, \"queues\": []}\n".to_owned(), "samples.jsonl:1: `mono` is -1"),
        (samples() + &samples(), "samples.jsonl:7: `mono` is 0 after 5"),
        ("{\"mono\": 1}\n".to_owned(), "`queues` is missing"),
        ("{\"mono\": 1, \"queues\": [{}]}\n".to_owned(), "queues[0]: missing field"),
    ] {
        fs::write(folder.path().join("samples.jsonl"), lines).unwrap();
        let output = queuectl(folder.path(), &["replay", "good.yaml", "samples.jsonl"]);
        assert!(text(&output.stderr).contains(part), "{}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn rules_and_schema_are_what_the_library_says() {
    let folder = folder();
    let rules = queuectl(folder.path(), &["rules", "good.yaml"]);
    let config = queue_monitor::Config::from_yaml(GOOD).unwrap();
    assert_eq!(text(&rules.stdout), queue_monitor::rules::prometheus(&config));
    assert_eq!(text(&queuectl(folder.path(), &["schema"]).stdout), queue_monitor::schema());
    assert_eq!(queuectl(folder.path(), &["rules", "bad.yaml"]).status.code(), Some(1));
}

#[test]
fn dashboards_are_what_the_library_says_by_the_file_or_without_one() {
    let folder = folder();
    let config = queue_monitor::Config::from_yaml(GOOD).unwrap();
    let printed = |arguments: &[&str]| {
        let output = queuectl(folder.path(), arguments);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{arguments:?}");
        text(&output.stdout).to_owned()
    };
    let overview = queue_monitor::dashboard::grafana(&config);
    assert_eq!(printed(&["dashboard", "good.yaml"]), overview);
    assert_eq!(printed(&["dashboard", "good.yaml", "--page", "overview"]), overview);
    let queue = queue_monitor::dashboard::grafana_queue(&config);
    assert_eq!(printed(&["dashboard", "--page", "queue", "good.yaml"]), queue);
    let unjudged = queue_monitor::dashboard::grafana(&queue_monitor::Config::default());
    assert_eq!(printed(&["dashboard"]), unjudged);
    assert_ne!(unjudged, overview);

    let output = queuectl(folder.path(), &["dashboard", "bad.yaml"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
    assert!(text(&output.stderr).contains("bad.yaml:5:12: alerts[0].above"), "{}", text(&output.stderr));
    assert_eq!(queuectl(folder.path(), &["dashboard", "--page", "quue"]).status.code(), Some(2));
    let help = queuectl(folder.path(), &["dashboard", "--help"]);
    for part in ["--page queue > queue.json", "One queue in depth", "provisioning"] {
        assert!(text(&help.stdout).contains(part), "{part}");
    }
}

#[test]
fn rules_that_are_left_out_are_told_on_standard_error_as_well() {
    let folder = folder();
    let globs = (1..15)
        .map(|length| format!("- {{ queue: '*{}*', alerts: {{ A: {{ for: {length}s }} }} }}\n", "x".repeat(length)));
    let yaml = format!("alerts: [{{ name: A, signal: depth, above: 1 }}]\noverrides:\n{}", globs.collect::<String>());
    fs::write(folder.path().join("overlapping.yaml"), yaml).unwrap();
    for command in ["rules", "check"] {
        let output = queuectl(folder.path(), &[command, "overlapping.yaml"]);
        let warning = "warning: overlapping.yaml: the overrides of \"A\" overlap in more than 1000 ways";
        assert!(text(&output.stderr).starts_with(warning), "{}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(0));
    }
    assert_eq!(text(&queuectl(folder.path(), &["rules", "good.yaml"]).stderr), "");
}

#[test]
fn help_teaches_and_wrong_usage_is_2() {
    let folder = folder();
    let help = queuectl(folder.path(), &["--help"]);
    for part in ["queuectl replay queues.yaml samples.jsonl", "Exit status:", "NO_COLOR", "yaml-language-server"] {
        assert!(text(&help.stdout).contains(part), "{part}");
    }
    for arguments in [&["check"][..], &["chek", "good.yaml"], &["explain", "good.yaml"], &[]] {
        assert_eq!(queuectl(folder.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn every_shell_gets_its_completions() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = queuectl(folder.path(), &["completions", shell]);
        assert!(script.status.success() && text(&script.stdout).contains("replay"), "{shell}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let folder = folder();
    let mut child = Command::new(env!("CARGO_BIN_EXE_queuectl"))
        .args(["schema"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}
