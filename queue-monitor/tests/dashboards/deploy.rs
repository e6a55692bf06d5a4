//! What is shipped to be copied: right for those who read it, and of one mind with the code.

use std::path::{Path, PathBuf};
use std::process::Command;

use queue_monitor::{Config, rules};
use serde_yaml::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploy")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("docs/deploy/{file}: {error}"))
}

fn yaml(file: &str) -> Value {
    serde_yaml::from_str(&read(file)).unwrap_or_else(|error| panic!("docs/deploy/{file}: {error}"))
}

fn config() -> Config {
    Config::from_yaml_file(folder().join("queues.yaml")).unwrap_or_else(|errors| panic!("{errors}"))
}

fn accepted(program: &str, package: &str, arguments: &[&str]) {
    let output = Command::new(program).current_dir(folder()).args(arguments).output();
    let output = output.unwrap_or_else(|error| {
        panic!("{program}: {error}; Debian's package `{package}` has it, and ci/test installs it")
    });
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && !said.contains("FAILED"), "{said}");
}

#[test]
fn prometheus_accepts_its_file_and_the_rules() {
    accepted("promtool", "prometheus", &["check", "config", "prometheus/prometheus.yml"]);
}

#[test]
fn alertmanager_accepts_its_file() {
    accepted("amtool", "prometheus-alertmanager", &["check-config", "alertmanager/alertmanager.yml"]);
}

#[test]
fn the_rules_are_those_of_the_configuration() {
    assert!(
        read("prometheus/rules.yml") == rules::prometheus(&config()),
        "docs/deploy/prometheus/rules.yml is not what the code says; write it anew: cargo run -p queuectl -- rules \
         docs/deploy/queues.yaml > docs/deploy/prometheus/rules.yml"
    );
}

#[test]
fn everybody_scrapes_as_often_as_the_configuration_says() {
    let every = config().prometheus.scrape_interval;
    let said = [
        &yaml("prometheus/prometheus.yml")["global"]["scrape_interval"],
        &yaml("grafana/provisioning/datasources/prometheus.yml")["datasources"][0]["jsonData"]["timeInterval"],
    ]
    .map(|value| value.as_str().unwrap().to_owned());
    assert_eq!(said, [format!("{}s", every.as_secs()), format!("{}s", every.as_secs())]);
    let target = &yaml("prometheus/prometheus.yml")["scrape_configs"][0]["static_configs"][0]["targets"][0];
    assert_eq!(target.as_str().unwrap(), config().http.unwrap().listen.to_string());
}

#[test]
fn the_compose_file_mounts_what_there_is_where_it_is_looked_for() {
    let compose = yaml("compose.yaml");
    let services = compose["services"].as_mapping().unwrap();
    assert_eq!(services.len(), 3);
    let mut mounted = Vec::new();
    for service in services.values() {
        let image = service["image"].as_str().unwrap();
        assert!(image.rsplit_once(':').is_some_and(|(_, tag)| tag != "latest"), "{image} has no version");
        for volume in service["volumes"].as_sequence().unwrap() {
            let parts: Vec<_> = volume.as_str().unwrap().split(':').collect();
            if parts[0].starts_with('.') {
                assert!(folder().join(parts[0]).is_dir() && parts[2] == "ro", "{parts:?}");
                mounted.push(parts[1].to_owned());
            } else {
                assert!(compose["volumes"].as_mapping().unwrap().contains_key(parts[0]), "{parts:?}");
            }
        }
    }
    let provider = yaml("grafana/provisioning/dashboards/queues.yml");
    let path = provider["providers"][0]["options"]["path"].as_str().unwrap();
    assert!(mounted.iter().any(|folder| folder == path), "{path} is not among {mounted:?}");
    let home = &compose["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"];
    assert_eq!(home.as_str().unwrap(), format!("{path}/overview.json"));
}

#[test]
fn the_image_of_grafana_is_of_the_version_that_the_dashboards_are_held_against() {
    let image = yaml("compose.yaml")["services"]["grafana"]["image"].as_str().unwrap().to_owned();
    let packages = folder().join("../../ci/grafana/package.json");
    let packages: Value = serde_yaml::from_str(&std::fs::read_to_string(packages).unwrap()).unwrap();
    let versions = ["schema", "ui"].map(|package| &packages["devDependencies"][format!("@grafana/{package}").as_str()]);
    for version in versions {
        assert_eq!(image, format!("grafana/grafana:{}", version.as_str().unwrap()));
    }
}
