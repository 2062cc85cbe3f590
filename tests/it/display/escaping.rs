//! Whatever a runbook, an input or the world says, it is text in the page and in the Markdown.

use super::fixture::{Story, origin, path, plan, step_id};
use proptest::prelude::*;
use runbook::display::{RollbackShown, plan_html, plan_markdown, rollback_html, rollback_markdown};
use runbook::journal::RollbackTo;
use runbook::model::{
    ActionPath, Change, CheckRow, CheckVerdict, Description, Failure, Finding, Found, KeyChange, Value, Values,
};
use runbook::plan::Look;
use runbook::plan::{Order, Plan};

/// A change of each kind. A diff's lines are those of a file, so that a text cannot add one.
fn changes(text: &str) -> Vec<Change> {
    let (on, path) = (text.to_owned(), text.to_owned());
    let line = text.replace(['\n', '\r'], " ");
    let key = |from: Option<&str>, to: Option<&str>| KeyChange {
        key: text.to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    let keys = vec![key(None, Some(text)), key(Some(text), None)];
    vec![
        Change::File {
            on: on.clone(),
            path: path.clone(),
            diff: format!("@@ -1,2 +1,2 @@\n {line}\n-{line}\n+{line}\n"),
        },
        Change::Keys { on: on.clone(), path, keys },
        Change::Request {
            operation: text.to_owned(),
            with: [(text.to_owned(), Value::from(text))].into(),
            later: Default::default(),
        },
        Change::Command { on, argv: vec![text.to_owned(), text.to_owned()] },
    ]
}

/// A check that refuses and one that was accepted.
fn checks(text: &str) -> Vec<CheckRow> {
    let row = |id: &str, accepted: Option<&str>| CheckRow {
        id: id.to_owned(),
        verdict: CheckVerdict::Refuse,
        evidence: text.to_owned(),
        advice: vec![text.to_owned()],
        acceptable: true,
        accepted: accepted.map(str::to_owned),
    };
    vec![row("dns.ttl", None), row("disk.space", Some(text))]
}

/// What an action is said to do.
fn sentence(text: &str) -> Option<Description> {
    let (does, undo) = (format!("{text} done").into(), Some(format!("{text} undone").into()));
    Some(Description { parameters: Value::Null.into(), does, undo, changes: Vec::new() })
}

/// The run has done four steps, and goes back to the third, after which the site is down.
fn on_its_way_back() -> (Story, RollbackTo, [ActionPath; 3]) {
    let mut story = Story::three_steps();
    for action in ["clone-server/create-image", "clone-server/run", "clone-server/start"] {
        story.whole(action, 1_000, "it is so");
    }
    let queue = ["clone-server/start", "clone-server/run", "clone-server/create-image"].map(path);
    (story, RollbackTo::Step(step_id("rds-multi-az")), queue)
}

/// A plan in which a text stands everywhere where somebody else's text can stand.
fn everywhere(text: &str) -> (Plan, Vec<(ActionPath, Look)>) {
    let mut plan = plan(Order::Article);
    plan.account = Some(text.into());
    plan.region = Some(text.into());
    plan.tags.insert(text.into(), text.into());
    for name in ["db", "fqdn", "instance"] {
        plan.inputs.insert(name.into(), Value::from(text));
    }
    plan.runbook.title = text.into();
    plan.runbook.about = text.into();
    for input in &mut plan.runbook.inputs {
        input.about = text.into();
    }
    for step in &mut plan.runbook.steps {
        step.title = text.into();
        step.why = text.into();
        step.actions[0].title = Some(text.into());
    }
    plan.runbook.steps[0].actions[0].irreversible = Some(text.into());
    let finding = Finding {
        found: Found::Unknown,
        ours: false,
        before: Value::Null,
        outputs: Values::new(),
        evidence: text.into(),
        changes: changes(text),
        facts: runbook::model::Facts::new(),
        brought_by: None,
    };
    plan.checks = checks(text);
    let refused = Failure::refused(text).cause(format!("{text}1")).advise(text);
    let path = |step: usize| plan.runbook.steps[step].actions[0].path.clone();
    let looks = vec![(path(0), Look::Seen(finding)), (path(1), Look::Refused(refused))];
    (plan, looks)
}

/// Texts made of what breaks out of HTML and Markdown.
fn nasty() -> impl Strategy<Value = String> {
    let pieces = [
        "<script>alert(1)</script>",
        "</style>",
        "\"",
        "'",
        " onload=x ",
        "&",
        "&lt;",
        "<!--",
        "-->",
        "`",
        "``",
        "```",
        "|",
        "\n",
        "\n\n",
        "\n# ",
        "\n- ",
        "\n1. ",
        "\r\n",
        "\t",
        "*",
        "_",
        "[a](javascript:x)",
        "![i](http://x)",
        "\\",
        "~~~",
        "</details>",
        "<img src=x>",
        "名前",
        "é",
        "\u{202e}",
        "\u{0}",
        "(known after step-",
        "a",
        " ",
        "$(x)",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..8).prop_map(|all| all.concat())
}

/// The tags of a page with their attributes' names: what a text must never add to. A small reader of what `plan_html`
/// writes; anything it does not expect is an error.
fn skeleton(page: &str) -> Result<Vec<String>, String> {
    let mut tags = Vec::new();
    let mut rest = page.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    while let Some(at) = rest.find('<') {
        if let Some(stray) = rest[..at].find('>') {
            return Err(format!("a stray > in {:?}", &rest[stray..at]));
        }
        rest = &rest[at + 1..];
        let name_end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '/')).ok_or("an open tag")?;
        let mut tag = rest[..name_end].to_owned();
        rest = &rest[name_end..];
        loop {
            rest = rest.trim_start_matches(' ');
            if let Some(after) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
                rest = after;
                break;
            }
            let end = rest.find(['=', ' ', '>', '/']).ok_or("an open attribute")?;
            tag.push_str(&format!(" {}", &rest[..end]));
            rest = &rest[end..];
            if let Some(value) = rest.strip_prefix("=\"") {
                let close = value.find('"').ok_or("an open value")?;
                rest = &value[close + 1..];
            }
        }
        if let Some(raw) = ["style", "script"].into_iter().find(|raw| tag == *raw) {
            let close = rest.find(&format!("</{raw}>")).ok_or("an open style or script")?;
            rest = &rest[close..];
        }
        tags.push(tag);
    }
    Ok(tags)
}

/// Tags that depend on how a text reads: paragraphs of prose, names in backticks, values known later.
fn without_inline(tags: Vec<String>) -> Vec<String> {
    let inline = ["code", "/code", "p class", "/p", "span class", "/span"];
    tags.into_iter().filter(|tag| !inline.contains(&tag.as_str())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_page_has_the_same_tags_whatever_the_texts_say(text in nasty()) {
        let page = |text: &str| {
            let (plan, looks) = everywhere(text);
            plan_html(&plan, &origin(), &|_| sentence(text), &looks)
        };
        same_tags(&text, page)?;
    }

    #[test]
    fn a_rollback_s_page_has_the_same_tags_whatever_the_texts_say(text in nasty()) {
        let (story, to, queue) = on_its_way_back();
        let page = |text: &str| {
            let (plan, _) = everywhere(text);
            let sentences = |_: &_| sentence(text);
            let back = RollbackShown { plan: &plan, state: &story.state, to: &to, queue: &queue, sentences: &sentences };
            rollback_html(&origin(), &back)
        };
        same_tags(&text, page)?;
    }

    #[test]
    fn markdown_keeps_its_lines_whatever_the_texts_say(text in nasty()) {
        let (plan, looks) = everywhere(&text);
        let markdown = plan_markdown(&plan, &origin(), &|_| sentence(&text), &looks);
        keeps_its_lines(&markdown, &["# Plan of ", "## In all", "## Checks before the run", "## Warnings",
            "## Timeline", "## Steps", "## Inputs", "## This plan", "### ", "#### "])?;
        prop_assert_eq!(markdown.matches("\n### ").count(), plan.runbook.steps.len());
    }

    #[test]
    fn a_rollback_s_markdown_keeps_its_lines_whatever_the_texts_say(text in nasty()) {
        let (story, to, queue) = on_its_way_back();
        let (plan, _) = everywhere(&text);
        let markdown = rollback_markdown(&plan, &story.state, &to, &queue, &|_| sentence(&text));
        keeps_its_lines(&markdown, &["# Rollback of run ", "## What is undone", "## What stays done"])?;
        prop_assert_eq!(markdown.lines().filter(|line| line.starts_with("| ")).count(), 2 + queue.len());
    }
}

fn same_tags(text: &str, page: impl Fn(&str) -> String) -> Result<(), TestCaseError> {
    // A text that is empty or the like leaves sections away, so that it is compared with one of its own kind.
    let plain = if text.trim().is_empty() { text } else { "harmless" };
    let wanted = without_inline(skeleton(&page(plain)).unwrap());
    let found = skeleton(&page(text)).map_err(TestCaseError::fail)?;
    let only = ["img", "iframe", "object", "form"];
    prop_assert!(!found.iter().any(|tag| only.contains(&tag.as_str())));
    if !text.trim().is_empty() && text.chars().any(char::is_alphanumeric) {
        // The sections differ only where a text equals another one that is left out.
        prop_assert_eq!(without_inline(found), wanted);
    }
    Ok(())
}

/// Every line of a document is one of ours: known headings and tables, no markup, every fence closed.
fn keeps_its_lines(markdown: &str, headings: &[&str]) -> Result<(), TestCaseError> {
    let mut fence: Option<String> = None;
    for line in markdown.lines() {
        if let Some(open) = &fence {
            if line == open {
                fence = None;
            }
            continue;
        }
        let ticks = line.len() - line.trim_start_matches('`').len();
        if ticks >= 3 && ["text", "diff", "sh"].contains(&&line[ticks..]) {
            fence = Some(line[..ticks].to_owned());
            continue;
        }
        let ours = ["<details>", "<details open>", "</details>"].contains(&line)
            || (line.starts_with("<summary>Actions of step ") && line.ends_with("</summary>"));
        prop_assert!(ours || !outside_code(line).replace("<br>", "").contains('<'), "markup in {line:?}");
        if line.starts_with("| ") {
            let cells = line.replace("\\\\", "").replace("\\|", "").matches('|').count() - 1;
            prop_assert!([2, 3, 4, 6].contains(&cells), "{cells} cells in {line:?}");
        }
        let known = headings.iter().any(|heading| line.starts_with(heading));
        prop_assert!(!line.starts_with('#') || known, "a heading of its own: {line:?}");
    }
    prop_assert_eq!(fence, None, "a fence stays open");
    Ok(())
}

/// A line without its code spans (CommonMark 6.1: closed by a run of backticks as long as the one that opened it).
fn outside_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        let before = &rest[..at];
        let escaped = before.len() - before.trim_end_matches('\\').len();
        out.push_str(before);
        let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        rest = &rest[at + run..];
        if escaped % 2 == 1 {
            continue;
        }
        let mut from = 0;
        while let Some(found) = rest[from..].find('`') {
            let start = from + found;
            let length = rest[start..].len() - rest[start..].trim_start_matches('`').len();
            from = start + length;
            if length == run {
                rest = &rest[from..];
                break;
            }
        }
    }
    out.push_str(rest);
    out
}
