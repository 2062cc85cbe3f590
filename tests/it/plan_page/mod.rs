//! The plan's page in a real browser: it shows what it must, asks for nothing, and everybody can use it.

use crate::display::fixture::{plan, sentences};
use crate::support::browser::Browser;

/// Not a test: makes pictures of a page to look at (`PAGE=plan.html OUT=folder`).
#[test]
#[ignore = "makes pictures to look at"]
fn pictures() {
    let (page, out) = (std::env::var("PAGE").unwrap(), std::path::PathBuf::from(std::env::var("OUT").unwrap()));
    let mut browser = Browser::open(std::path::Path::new(&page));
    for (name, scheme, width) in
        [("light", "light", 1280), ("dark", "dark", 1280), ("narrow", "light", 360), ("wide", "dark", 1600)]
    {
        browser.dress(scheme, width);
        std::fs::write(out.join(format!("{name}.b64")), browser.picture()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
        eprintln!("{name}: {:#?}", browser.axe());
        eprintln!("{} of {width}", browser.evaluate("document.documentElement.scrollWidth"));
    }
    browser.dress("light", 1280);
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)");
    std::fs::write(out.join("open.b64"), browser.picture()).unwrap();
    browser.dress("dark", 360);
    std::fs::write(out.join("open-narrow.b64"), browser.picture()).unwrap();
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = false)");
    std::fs::write(out.join("print.b64"), browser.print()).unwrap();
    eprintln!("{:?} {:?}", browser.console, browser.asked_for);
}
