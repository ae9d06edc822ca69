//! `xray-ecs map`: drawn as an SVG, with its edges, and live.

use std::collections::BTreeSet;

use crate::program::{Place, Running};

/// A place with the traces of one job.
fn traced() -> Place {
    let place = Place::new();
    let run = place.run(&["run", "--local", "jobs/create-bucket.json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    place
}

#[test]
fn the_map_is_a_well_formed_svg_with_a_title_for_each_node_and_edge() {
    let place = traced();
    let to_stdout = place.run(&["map", "--local", "--svg", "-"]);
    assert_eq!(to_stdout.code, 0, "{}", to_stdout.stderr);
    let document = roxmltree::Document::parse(&to_stdout.stdout).unwrap();
    let named = |class: &str| -> BTreeSet<String> {
        let groups = document.descendants().filter(|node| {
            let classes = node.attribute("class").unwrap_or_default();
            classes.split(' ').next() == Some(class)
        });
        // Those of the legend have none.
        let titles = groups.filter_map(|node| node.first_element_child()?.text());
        titles.map(str::to_owned).collect()
    };
    let nodes = named("node");
    assert!(
        nodes.contains("Clients: who calls from outside"),
        "{nodes:?}"
    );
    assert!(
        nodes.iter().any(|title| title.contains("(S3::Bucket): ")),
        "{nodes:?}"
    );
    let edges = named("edge");
    let is_call = |title: &String| title.starts_with("bucket creation calls S3 ");
    assert!(edges.iter().any(is_call), "{edges:?}");

    let to_file = place.run(&["map", "--local", "--svg", "map.svg"]);
    assert_eq!((to_file.code, to_file.stdout.as_str()), (0, ""));
    assert_eq!(place.read("map.svg"), to_stdout.stdout);
}

#[test]
fn edges_have_a_table_and_flags_that_contradict_are_refused() {
    let place = traced();
    let map = place.run(&["map", "--local", "--edges"]);
    let table = map.stdout.split("FROM ").nth(1).unwrap();
    let row = |from: &str, to: &str| {
        let mut rows = table
            .lines()
            .map(|row| row.split_whitespace().collect::<Vec<_>>());
        rows.any(|row| row[0] == from && row[1..].join(" ").starts_with(to))
    };
    assert!(row("Clients", "bucket creation 1 1"), "{table}");
    assert!(row("Clients", "bucket creation run 1 1"), "{table}");
    // The run's link to its job, which began while the run went on.
    let links = map.stdout.split("LINK FROM ").nth(1).unwrap();
    let link: Vec<&str> = links.lines().nth(1).unwrap().split("  ").collect();
    let cells: Vec<&str> = link.into_iter().map(str::trim).collect();
    let cells: Vec<&str> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
    let expected = [
        "bucket creation run",
        "bucket creation",
        "1",
        "< 1 ms",
        "< 1 ms",
    ];
    assert_eq!(cells, expected, "{links}");
    for flags in [
        ["--json", "--edges"],
        ["--json", "--svg=-"],
        ["--svg=-", "--watch"],
        // What is past stays as it is.
        ["--until=2026-01-01T00:00:00Z", "--watch"],
        ["--svg=-", "--edges"],
    ] {
        let refused = place.run(&[&["map", "--local"], &flags[..]].concat());
        assert_eq!(refused.code, 2, "{flags:?}");
        assert!(
            refused.stderr.contains("cannot be used with"),
            "{}",
            refused.stderr
        );
    }
}

#[test]
fn a_live_map_is_printed_again_when_it_has_changed_until_it_is_stopped() {
    let place = traced();
    let watching = Running::start(place.command(&["map", "--local", "--watch=0.1"]));
    watching.line_with("100 % ok");
    watching.line("NODE");
    let run = place.run(&["run", "--local", "jobs/create-bucket.json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    watching.line_with("2 req");
    watching.signal("INT");
    let (code, _) = watching.wait();
    assert_eq!(code, Some(0));
}
