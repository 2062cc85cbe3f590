//! How to add an action: `file.rename` at every place that must know it. The vocabulary is closed, so a kind cannot be added from
//! here; what is held against the code is the list of places, and what each of them gives the rest.

use super::places::{Words, files, told};
use runbook::action::{describe, permissions};
use runbook::model::{ActionKind, Reversibility, WayBack};
use runbook::plan::{Order, Plan, PlanError};
use runbook::validate;
use serde_json::json;

const ROW: &str = "src/model/action/vocabulary.rs";
const LIST: &str = "src/action/dispatch.rs";
const TOUCHED: &str = "src/plan/resources.rs";

/// Each place that the document names knows the kind, and nobody else does.
#[test]
fn the_document_lists_every_place() {
    let told = told("How to add an action");
    let of_the_kind = Words::read().naming("FileRename");
    assert_eq!(of_the_kind, files([ROW, LIST, TOUCHED, "src/action/host/rename.rs"]));
    for place in [ROW, LIST, TOUCHED] {
        assert!(told.contains(place), "{place} is not told of");
    }
    assert!(told.contains("src/action/contract.rs"), "what a phase promises");
}

/// What others must know of a kind is in its row: nobody asks for it by name.
#[test]
fn no_kind_is_known_by_name_elsewhere() {
    let home = |file: &String| file.starts_with("src/action/") || file.starts_with("src/model/") || *file == TOUCHED;
    let words = Words::read();
    for kind in ActionKind::ALL {
        let known = words.naming(&format!("{kind:?}"));
        let elsewhere: Vec<&String> = known.iter().filter(|file| !home(file)).collect();
        assert!(elsewhere.is_empty(), "{kind}: {elsewhere:?}");
        assert!([ROW, LIST, TOUCHED].iter().all(|place| known.contains(*place)), "{kind}: {known:?}");
    }
}

/// The row gives the document its form, the plan its figures, the way back its order.
#[test]
fn the_row_is_what_others_know() {
    let kind = ActionKind::FileRename;
    let spec = kind.spec();
    assert_eq!((spec.name, kind.way_back()), ("file.rename", WayBack::Restores));
    assert!(matches!(spec.reversibility, Reversibility::Reversible));
    assert!(!kind.needs_aws() && permissions(kind).0.is_empty());
    assert_eq!(spec.params.iter().map(|param| param.name).collect::<Vec<_>>(), ["on", "from", "to"]);

    let parameters = json!({ "on": { "name": "web-1", "host": "web-1" }, "from": "/etc/a", "to": "/etc/b" });
    let described = describe(kind, &parameters.into()).unwrap();
    assert!(
        described.does.as_str().contains("/etc/a") && described.does.as_str().contains("/etc/b"),
        "{}",
        described.does
    );
}

/// What it works on keeps two of it apart.
#[test]
fn what_it_works_on_is_told_from_the_document() {
    let plan = |second: &str| {
        let document = format!(
            "runbook: renames\ntitle: T\nabout: A\ntargets: {{ web: {{ host: web-1 }} }}\nsteps:\n  - {{ id: one, title: T, why: W, needs: [], actions: [{{ id: a, do: \
             file.rename, with: {{ on: web, from: /etc/a, to: /etc/b }} }}] }}\n  - {{ id: two, title: T, why: W, needs: [], actions: \
             [{{ id: b, do: file.rename, with: {{ on: web, from: {second}, to: /etc/d }} }}] }}\n"
        );
        let runbook = validate::parse_runbook("renames", &document).unwrap_or_else(|problems| panic!("{problems:?}"));
        Plan::make(runbook, Default::default(), None, Order::Overlap)
    };
    assert!(plan("/etc/c").is_ok());
    assert!(matches!(plan("/etc/b"), Err(PlanError::Conflict(_))), "both work on /etc/b");
}
