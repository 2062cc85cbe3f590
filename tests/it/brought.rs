//! What a plan finds missing and an earlier action brings: it does not refuse, and only where nobody knows is it warned of.

use runbook::model::{ActionPath, BroughtBy, Lacking, Values};
use runbook::plan::{Order, Plan, brought};
use runbook::validate::parse_runbook;
use std::collections::BTreeSet;

const RUNBOOK: &str = "runbook: r
title: t
about: a
targets:
  app: { host: app-1 }
  same: { host: app-1 }
  db: { host: db-1 }
steps:
  - id: one
    title: t
    why: w
    actions:
      - { id: any, do: ssh.run, with: { on: app, shell: apt-get install redis, undo: ':' } }
      - { id: says, do: ssh.run, with: { on: app, shell: useradd app, undo: ':', touches: [user app, /srv/app] } }
      - { id: looks, do: ssh.run, with: { on: db, shell: id, reads: true } }
      - { id: unit, do: file.write, with: { on: app, path: /etc/systemd/system/tick.service, content: x } }
  - id: aside
    title: t
    why: w
    needs: []
    actions:
      - { id: conf, do: file.write, with: { on: db, path: /etc/db.conf, content: x } }
  - id: two
    title: t
    why: w
    needs: [one]
    actions:
      - { id: it, do: service.start, with: { on: same, service: tick } }
";

fn by(order: Order, on: &str, what: &str, done: &[&str]) -> Option<(String, bool)> {
    let runbook = parse_runbook("r.yaml", RUNBOOK).unwrap_or_else(|problems| panic!("{problems}"));
    let plan = Plan::make(runbook, Values::new(), None, order).unwrap();
    let done: BTreeSet<ActionPath> = done.iter().map(|path| path.parse().unwrap()).collect();
    let lacking = Lacking { on: on.to_owned(), what: what.to_owned() };
    let found = brought(&plan, &"two/it".parse().unwrap(), &lacking, |earlier| !done.contains(earlier));
    found.map(|BroughtBy { action: by, is_sure }| (by.to_string(), is_sure))
}

#[test]
fn what_is_known_to_bring_it_is_told_before_what_may() {
    let sure = |path: &str| Some((path.to_owned(), true));
    let may = |path: &str| Some((path.to_owned(), false));
    for (on, what, brought_by) in [
        ("same", "service tick", sure("one/unit")),
        ("app", "service tick", sure("one/unit")),
        ("app", "user app", sure("one/says")),
        ("app", "file /srv/app/conf/x", sure("one/says")),
        // A command that says nothing may bring anything on its host, and on no other.
        ("app", "service redis", may("one/any")),
        ("app", "file /etc/redis/redis.conf", may("one/any")),
        ("db", "service tick", None),
        ("db", "file /etc/x", None),
    ] {
        assert_eq!(by(Order::Article, on, what, &[]), brought_by, "{on} {what}");
    }
    // What is done already, or is as wanted already, brings nothing more.
    assert_eq!(by(Order::Article, "app", "service tick", &["one/unit"]), may("one/any"));
    assert_eq!(by(Order::Article, "app", "service redis", &["one/any"]), None);
    // Where they run side by side it must be waited for.
    assert_eq!(by(Order::Article, "db", "file /etc/db.conf", &[]), sure("aside/conf"));
    assert_eq!(by(Order::Overlap, "db", "file /etc/db.conf", &[]), None);
    assert_eq!(by(Order::Overlap, "app", "service tick", &[]), sure("one/unit"));
}
