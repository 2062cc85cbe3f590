//! The page around the plan: head, title, way to skip, foot.

use crate::display::plan::origin::PlanOrigin;
use crate::display::plan::page::markup::{Element, Html, el, text};
use crate::display::time::date_time;
use crate::plan::Plan;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What stands around the content of a page.
pub(in crate::display) struct Frame<'a> {
    /// The window's title.
    pub(in crate::display) title: String,
    /// What sort of page it is, before the heading.
    pub(in crate::display) kicker: Html,
    pub(in crate::display) heading: &'a str,
    /// The section that a keyboard may want to skip to: its id and what it is.
    pub(in crate::display) skip: (&'static str, &'static str),
    /// What stands at its foot.
    pub(in crate::display) foot: String,
    /// What lets the page go on by itself, where something does: it may ask where the page came from, and nobody else.
    pub(in crate::display) live: Option<&'static str>,
}

pub(in crate::display) fn page(frame: Frame<'_>, main: Element) -> String {
    let head = el("head")
        .child(el("meta").attr("charset", "utf-8"))
        .child(el("meta").attr("http-equiv", "Content-Security-Policy").attr("content", policy(frame.live)))
        .child(meta("viewport", "width=device-width, initial-scale=1"))
        .child(meta("color-scheme", "light dark"))
        .child(meta("referrer", "no-referrer"))
        .child(el("title").text(&frame.title))
        .child(el("style").source(STYLE));
    let body = el("body")
        .child(el("a").class("skip").link(frame.skip.0).text(frame.skip.1))
        .child(el("header").child(el("p").class("kicker").child(frame.kicker)).child(el("h1").rich(frame.heading)))
        .child(main)
        .child(el("footer").child(el("p").text(&frame.foot)))
        .child(el("script").source(SCRIPT))
        .child(frame.live.map(|code| el("script").source(code)));
    Html::from(el("html").attr("lang", "en").child(head).child(body)).into_page()
}

fn meta(name: &'static str, content: &str) -> Element {
    el("meta").attr("name", name).attr("content", content)
}

/// Only this style and these scripts; nothing is loaded from elsewhere, nothing is sent.
pub(in crate::display) fn policy(live: Option<&str>) -> String {
    let also = live.map_or_else(String::new, |code| format!(" '{}'; connect-src 'self'", source_hash(code)));
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'{also}; base-uri 'none'; form-action 'none'",
        source_hash(STYLE),
        source_hash(SCRIPT)
    )
}

/// `sha256-…` of a style or script, in base64 (Content Security Policy 3, 2.3.1 "hash-source").
fn source_hash(code: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("sha256-");
    for three in Sha256::digest(code).chunks(3) {
        let byte = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for n in 0..4 {
            let letter = LETTERS.get((bits >> (18 - 6 * n) & 63) as usize).copied().unwrap_or(b'=');
            text.push(if n <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// What a page is of, and where: `Plan of `x` in 123456789012, ap-northeast-1`.
pub(in crate::display) fn kicker(what: &str, plan: &Plan) -> Html {
    let place: Vec<&str> = [&plan.account, &plan.region].into_iter().flatten().map(String::as_str).collect();
    let mut html = text(what);
    html.add(el("code").text(&plan.runbook.name));
    if !place.is_empty() {
        html.add(text(&format!(" in {}", place.join(", "))));
    }
    html
}

/// When and by whom a plan was made, at its foot.
pub(in crate::display) fn made(origin: &PlanOrigin) -> String {
    format!(
        "Made {} UTC by {} with runbook {}, by reading only: nothing was changed to make this plan.",
        date_time(origin.at),
        origin.by,
        origin.tool
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_browsers() {
        // SHA-256 of nothing, as every browser's console prints it for an empty inline script.
        assert_eq!(source_hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
