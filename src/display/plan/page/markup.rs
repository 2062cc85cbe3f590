//! HTML that cannot be broken out of: the only ways to make [`Html`] escape what they are given, and names of elements and
//! attributes are constants of the program.
//!
//! Not handled: attributes whose value is code or an address with a scheme (`onclick`, `href="javascript:"`). The page has
//! none: addresses are fragments, made by [`Element::link`].

use crate::display::rich::{Span, spans, visible};
use crate::model::Text;
use std::fmt::{Display, Write};

/// A piece of a page, escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::display) struct Html(String);

/// An element under construction.
#[derive(Debug)]
pub(in crate::display) struct Element {
    tag: &'static str,
    attributes: String,
    children: String,
}

/// Elements without an end tag.
const VOID: &[&str] = &["meta", "rect", "line", "br"];

/// Elements after which the source goes on in a new line, for whoever reads or compares it.
const BLOCKS: &[&str] = &[
    "html", "head", "meta", "title", "style", "script", "body", "header", "main", "footer", "section", "article", "h1",
    "h2", "h3", "h4", "p", "ul", "ol", "li", "dl", "div", "dt", "dd", "table", "caption", "thead", "tbody", "tr",
    "details", "summary", "svg", "nav",
];

/// Begins an element.
pub(in crate::display) fn el(tag: &'static str) -> Element {
    Element { tag, attributes: String::new(), children: String::new() }
}

/// A text, escaped.
pub(in crate::display) fn text(text: &str) -> Html {
    Html(escaped(text))
}

/// A text whose names in backticks are shown as code.
pub(in crate::display) fn rich(text: &str) -> Html {
    rich_text(&text.into())
}

/// The same of a text in which what only the run will bring is marked.
pub(in crate::display) fn rich_text(text: &Text) -> Html {
    let mut html = Html::default();
    for span in spans(text) {
        match span {
            Span::Plain(plain) => html.0.push_str(&escaped(plain)),
            Span::Code(code) => html.add(el("code").text(code)),
            Span::Later(words) => html.add(later(words)),
        }
    }
    html
}

/// The words for something that only the run will bring.
pub(in crate::display) fn later(words: &str) -> Element {
    el("span").class("later").text(words)
}

/// An author's prose: paragraphs at blank lines, lines that he indented as they are.
pub(in crate::display) fn prose(given: &str) -> Html {
    let mut html = Html::default();
    for paragraph in given.split("\n\n").map(str::trim_end).filter(|p| !p.trim().is_empty()) {
        let kept = paragraph.lines().any(|line| line.starts_with([' ', '\t', '-', '*']));
        html.add(el("p").class(if kept { "as-written" } else { "prose" }).child(rich(paragraph)));
    }
    html
}

impl Html {
    pub(in crate::display) fn add(&mut self, child: impl Into<Html>) {
        self.0.push_str(&child.into().0);
    }

    /// The piece's text, for a page that has the rest.
    pub(in crate::display) fn into_fragment(self) -> String {
        self.0
    }

    /// The page's text. `<!DOCTYPE>` is no element and is put before it here.
    pub(in crate::display) fn into_page(self) -> String {
        format!("<!DOCTYPE html>\n{}", self.0)
    }
}

impl Element {
    pub(in crate::display) fn attr(mut self, name: &'static str, value: impl Display) -> Self {
        // Writing into a String cannot fail.
        let _ = write!(self.attributes, " {name}=\"{}\"", escaped(&value.to_string()));
        self
    }

    /// An attribute without a value.
    pub(in crate::display) fn flag(mut self, name: &'static str, set: bool) -> Self {
        if set {
            self.attributes.push(' ');
            self.attributes.push_str(name);
        }
        self
    }

    pub(in crate::display) fn class(self, class: &'static str) -> Self {
        self.attr("class", class)
    }

    pub(in crate::display) fn id(self, id: impl Display) -> Self {
        self.attr("id", id)
    }

    /// A link to a place of this page.
    pub(in crate::display) fn link(self, fragment: impl Display) -> Self {
        self.attr("href", format_args!("#{fragment}"))
    }

    pub(in crate::display) fn text(mut self, given: &str) -> Self {
        self.children.push_str(&escaped(given));
        self
    }

    pub(in crate::display) fn rich(self, given: &str) -> Self {
        self.child(rich(given))
    }

    pub(in crate::display) fn rich_text(self, given: &Text) -> Self {
        self.child(rich_text(given))
    }

    pub(in crate::display) fn child(mut self, child: impl Into<Html>) -> Self {
        self.children.push_str(&child.into().0);
        self
    }

    pub(in crate::display) fn children<T: Into<Html>>(self, children: impl IntoIterator<Item = T>) -> Self {
        children.into_iter().fold(self, Self::child)
    }

    /// Code of the program itself, which the browser does not unescape (`style` and `script`).
    pub(in crate::display) fn source(mut self, code: &'static str) -> Self {
        self.children.push_str(code);
        self
    }
}

impl From<Element> for Html {
    fn from(element: Element) -> Html {
        let Element { tag, attributes, children } = element;
        let end = if BLOCKS.contains(&tag) { "\n" } else { "" };
        if VOID.contains(&tag) {
            return Html(format!("<{tag}{attributes}/>{end}"));
        }
        Html(format!("<{tag}{attributes}>{children}</{tag}>{end}"))
    }
}

impl<T: Into<Html>> From<Option<T>> for Html {
    fn from(given: Option<T>) -> Html {
        given.map(Into::into).unwrap_or_default()
    }
}

impl<T: Into<Html>> FromIterator<T> for Html {
    fn from_iter<I: IntoIterator<Item = T>>(pieces: I) -> Html {
        let mut html = Html::default();
        pieces.into_iter().for_each(|piece| html.add(piece));
        html
    }
}

/// Safe in a text and in an attribute in double quotes (HTML Standard, 13.3 "escaping a string"; `'` and `>` besides).
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A section of the page under a heading of its own.
pub(in crate::display) fn titled(id: &'static str, heading: &str) -> Element {
    let name = format!("{id}-heading");
    el("section").id(id).attr("aria-labelledby", &name).child(el("h2").id(&name).text(heading))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out() {
        let bad = "\"><script>alert('x')</script>&amp;";
        let html = Html::from(el("p").attr("title", bad).text(bad).rich(&format!("`{bad}`")));
        assert_eq!(html.0.matches('<').count(), 4, "{}", html.0);
        assert_eq!(html.0.matches('"').count(), 2, "{}", html.0);
        assert!(html.0.contains("&amp;amp;"));
    }

    #[test]
    fn prose_has_paragraphs() {
        let html = prose("One\nline.\n\n- two\n- three");
        assert_eq!(html.0, "<p class=\"prose\">One\nline.</p>\n<p class=\"as-written\">- two\n- three</p>\n");
    }
}
