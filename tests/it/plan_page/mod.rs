//! The plan's page in a real browser: it shows what it must, asks for nothing, and everybody can use it.

mod written;

use crate::display::fixture::{origin, plan, sentences};
use crate::display::plans::{looks, rollback_page};
use crate::display::{changes, checks};
use crate::support::browser::Browser;
use runbook::display::plan_html;
use runbook::plan::Order;
use std::path::PathBuf;

/// A page in a file of its own.
fn in_a_file(page: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.html");
    std::fs::write(&file, page).unwrap();
    (folder, file)
}

/// A page of the fixture's plan, which refuses.
fn page(order: Order) -> (tempfile::TempDir, PathBuf) {
    in_a_file(&plan_html(&plan(order), &origin(), &sentences, &looks()))
}

/// Light and dark, narrow and wide, folded and unfolded: nothing is to be complained of, and it fits the screen.
pub(crate) fn suits_everybody(browser: &mut Browser) {
    for (scheme, width) in [("light", 1280), ("dark", 1600), ("light", 360), ("dark", 360)] {
        browser.dress(scheme, width);
        for open in [false, true] {
            browser.evaluate(&format!("document.querySelectorAll('details').forEach(d => d.open = {open})"));
            let found = browser.axe();
            assert!(found.is_empty(), "{scheme}, {width} px, unfolded: {open}: {found:#?}");
            let wide = browser.evaluate("document.documentElement.scrollWidth");
            assert_eq!(wide, width, "{scheme}, {width} px, unfolded: {open}: it does not fit");
        }
    }
    assert!(browser.console.is_empty(), "the console says {:?}", browser.console);
}

#[test]
fn it_shows_the_plan_and_asks_for_nothing() {
    let (_folder, file) = page(Order::Article);
    let mut browser = Browser::open(&file);
    let text = browser.evaluate("document.body.innerText");
    let text = text.as_str().unwrap();
    for wanted in
        ["1 action refuses: the run must not begin", "One server becomes two", "123456789012", "15 min", "hana"]
    {
        assert!(text.contains(wanted), "`{wanted}` is not in:\n{text}");
    }
    let open = browser.evaluate("[...document.querySelectorAll('details[open]')].map(d => d.id).join()");
    assert_eq!(open, "step-2", "the step that refuses is unfolded, no other is");
    let asked: Vec<&String> = browser.asked_for.iter().filter(|url| !url.ends_with("/plan.html")).collect();
    assert!(asked.is_empty(), "the page asked for {asked:?}");
    assert!(browser.console.is_empty(), "the console says {:?}", browser.console);
    assert_eq!(browser.evaluate("document.documentElement.lang"), "en");
}

#[test]
fn a_keyboard_unfolds_every_step_and_all_of_them() {
    let (_folder, file) = page(Order::Article);
    let mut browser = Browser::open(&file);
    let shut = "document.querySelectorAll('details:not([open])').length";
    let before = browser.evaluate(shut).as_u64().unwrap();
    assert!(before > 4, "{before} are folded");
    // From the top to the bottom by Tab alone; Enter on each fold that is shut opens it and brings its own folds.
    let mut seen = 0;
    for _ in 0..300 {
        browser.press("Tab", 9, "");
        let at = browser.evaluate("document.activeElement.tagName");
        if at == "BODY" {
            break;
        }
        seen += 1;
        let ring = "getComputedStyle(document.activeElement).outlineStyle !== 'none' && \
                    parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2";
        let what = browser.evaluate("document.activeElement.outerHTML.slice(0, 80)");
        assert_eq!(browser.evaluate(ring), true, "the focus is not to be seen on {what}");
        if at == "SUMMARY" && browser.evaluate("document.activeElement.parentElement.open") == false {
            browser.press("Enter", 13, "\r");
        }
    }
    assert_eq!(browser.evaluate(shut), 0, "after {seen} stops");
    let press = |what: &str| format!("document.querySelector('[data-fold={what}]').focus()");
    browser.evaluate(&press("shut"));
    browser.press(" ", 32, " ");
    assert_eq!(browser.evaluate("document.querySelectorAll('details[open]').length"), 0);
    browser.evaluate(&press("open"));
    browser.press(" ", 32, " ");
    assert_eq!(browser.evaluate(shut), 0);
    browser.evaluate(&press("shut"));
    browser.press(" ", 32, " ");
    browser.evaluate("location.hash = '#rds-multi-az/modify'; new Promise(r => setTimeout(r, 50))");
    assert_eq!(browser.evaluate("document.getElementById('step-3').open"), true, "a link unfolds what it leads to");
    assert!(browser.console.is_empty(), "the console says {:?}", browser.console);
}

#[test]
fn everybody_can_use_it_in_light_and_dark_narrow_and_wide() {
    for order in [Order::Article, Order::Overlap] {
        let (_folder, file) = page(order);
        suits_everybody(&mut Browser::open(&file));
    }
}

#[test]
fn everybody_can_read_what_changes() {
    let (_folder, file) = in_a_file(&plan_html(&changes::plan(), &origin(), &changes::sentences, &changes::looks()));
    let mut browser = Browser::open(&file);
    suits_everybody(&mut browser);
    // Without colours and without pictures the two sides are still told apart.
    let row = "[...document.querySelectorAll('.diff tr')].find(r => r.innerText.includes('listen 443 ssl'))";
    browser.dress("light", 1280);
    let told = browser.evaluate(&format!("[...{row}.cells].map(c => c.textContent).join('|')"));
    assert_eq!(told, "10|-    listen 443 ssl;|10|+    listen 80;");
    assert_eq!(browser.evaluate("document.querySelectorAll('.diff del').length"), 5);
    assert_eq!(browser.evaluate("document.querySelectorAll('.diff ins').length"), 3);
    assert!(browser.console.is_empty(), "the console says {:?}", browser.console);
    let (_, printed) = browser.print();
    for wanted in ["listen 443 ssl;", "ec2:RunInstances", "these keys and nothing else", "sudo -n -- mv /a"] {
        assert!(printed.contains(wanted), "`{wanted}` is not printed:\n{printed}");
    }
}

#[test]
fn everybody_can_read_what_was_checked() {
    let plan = checks::checked(&[("dns.elastic-ip", "ours until March")]);
    let (_folder, file) = in_a_file(&plan_html(&plan, &origin(), &sentences, &looks()));
    let mut browser = Browser::open(&file);
    suits_everybody(&mut browser);
    let told = browser.evaluate("document.getElementById('checks').innerText");
    for wanted in
        ["they are in one Availability Zone", "ours until March", "lower it to 60 s", "compare with the quota"]
    {
        assert!(told.as_str().unwrap().contains(wanted), "`{wanted}` is not in:\n{told}");
    }
    assert!(browser.console.is_empty(), "the console says {:?}", browser.console);
}

#[test]
fn everybody_can_use_the_rollback_page() {
    let (_folder, file) = in_a_file(&rollback_page());
    suits_everybody(&mut Browser::open(&file));
}

#[test]
fn everybody_can_use_a_report() {
    let (_folder, file) = in_a_file(&crate::display::reports::report_page());
    let mut browser = Browser::open(&file);
    let text = browser.evaluate("document.body.innerText");
    let text = text.as_str().unwrap();
    for wanted in ["is finished", "What the site's downtime went by in", "was left off", "clone-server/run"] {
        assert!(text.contains(wanted), "`{wanted}` is not in:\n{text}");
    }
    suits_everybody(&mut browser);
    let asked: Vec<&String> = browser.asked_for.iter().filter(|url| !url.ends_with("/plan.html")).collect();
    assert!(asked.is_empty(), "the page asked for {asked:?}");
}

#[test]
fn the_check_for_everybody_finds_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.html");
    std::fs::write(&file, "<p style='color:#ccc;background:#fff'>pale</p><img src=''><table><th></th></table>")
        .unwrap();
    let mut browser = Browser::open(&file);
    let found: Vec<String> = browser.axe().iter().map(|v| v["id"].as_str().unwrap().to_owned()).collect();
    for wanted in ["color-contrast", "image-alt", "html-has-lang"] {
        assert!(found.iter().any(|id| id == wanted), "`{wanted}` is not in {found:?}");
    }
}

#[test]
fn in_print_everything_is_unfolded_without_the_script_too() {
    let (_folder, file) = page(Order::Article);
    let mut browser = Browser::open(&file);
    browser.call("Emulation.setScriptExecutionDisabled", &serde_json::json!({ "value": true }));
    browser.show(&file);
    let (_, text) = browser.print();
    for wanted in ["subnet-0c1d2e3f", "(known after step-4)", "set it to stop first", "it removes its file"] {
        assert!(text.contains(wanted), "`{wanted}` is not printed:\n{text}");
    }
    for unwanted in ["Unfold all", "Skip to"] {
        assert!(!text.contains(unwanted), "`{unwanted}` is printed:\n{text}");
    }
}

/// Not a test: makes pictures of a page to look at (`PAGE=plan.html OUT=folder`).
#[test]
#[ignore = "makes pictures to look at"]
fn pictures() {
    let (page, out) = (PathBuf::from(std::env::var("PAGE").unwrap()), PathBuf::from(std::env::var("OUT").unwrap()));
    let mut browser = Browser::open(&page);
    for (name, scheme, width) in
        [("light", "light", 1280), ("dark", "dark", 1280), ("narrow", "light", 360), ("wide", "dark", 1600)]
    {
        for open in [false, true] {
            browser.dress(scheme, width);
            browser.evaluate(&format!("document.querySelectorAll('details').forEach(d => d.open = {open})"));
            let name = format!("{name}{}.png", if open { "-open" } else { "" });
            browser.picture(&out.join(name));
        }
    }
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = false)");
    std::fs::write(out.join("print.pdf"), browser.print().0).unwrap();
}
