//! How long a site may be down: a plan that expects more of it is refused, unless a person takes that upon himself.

use crate::support::desk::Desk;
use serde_json::Value;

const RUNBOOK: &str = r#"runbook: shop
title: replace it
about: It replaces.
steps:
  - id: away
    title: away
    why: To be replaced.
    needs: []
    actions:
      - { id: stop, do: local.run, usually: 1m, downtime: begins, with: { argv: ["true"], undo: ["true"] } }
  - id: work
    title: work
    why: It is the work.
    needs: []
    actions:
      - { id: much, do: local.run, usually: 9m, deadline: 20m, with: { argv: ["true"], undo: ["true"] } }
  - id: back
    title: back
    why: To be used.
    needs: [away, work]
    actions:
      - { id: start, do: local.run, usually: 1m, downtime: ends, with: { argv: ["true"], undo: ["true"] } }
"#;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("shop.yaml", RUNBOOK);
    desk
}

#[test]
fn more_than_the_site_may_be_down_is_refused() {
    let desk = desk();
    let shop = |command: &str, more: &[&str]| desk.types("hana", &[&[command, "shop.yaml"], more].concat());
    shop("plan", &["--max-downtime", "11m"]).exits(0).says("expected to be down for 11 min, and may be for 11 min");
    let refused = shop("plan", &["--max-downtime", "10m"]).exits(3);
    refused
        .says("downtime.fits")
        .says("expected to be down for 11 min, and may be for 10 min")
        .says("--order least-downtime");
    shop("run", &["--max-downtime", "10m", "--yes"]).exits(3).says("nothing was changed");
    assert_eq!(desk.runs(), Value::Array(Vec::new()));
    // In another order it fits.
    shop("plan", &["--max-downtime", "3m", "--order", "least-downtime"]).exits(0);
    // Or a person says so, and why.
    shop("plan", &["--max-downtime", "10m", "--accept", "downtime.fits=the shop is closed"])
        .exits(0)
        .says("the shop is closed");
    shop("plan", &["--max-downtime", "soon"]).exits(2).says("write it like 90s, 10m or 1h30m");
}

/// What it may be is part of what is signed, and is held to when it is run.
#[test]
fn it_is_a_part_of_the_plan() {
    let desk = desk();
    desk.types("hana", &["plan", "shop.yaml", "--max-downtime", "11m", "--out", "plan.json"]).exits(0);
    let saved: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    assert!(desk.read("plan.json").contains("\"max_downtime_s\":660"), "{saved:#}");
    desk.types("hana", &["run", "--plan", "plan.json", "--max-downtime", "1h", "--yes"]).exits(2);
    let tight = desk.read("plan.json").replace("\"max_downtime_s\":660", "\"max_downtime_s\":60");
    desk.write("tight.json", &tight);
    desk.types("hana", &["run", "--plan", "tight.json", "--yes"]).exits(3).says("may be for 1 min");
    desk.types("hana", &["run", "--plan", "plan.json", "--yes", "--poll-interval", "100ms"]).exits(0);
}
