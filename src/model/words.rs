//! A text that may have parts which are not known yet.
//!
//! Promise: which parts those are is data beside the text and is never read from it. So a text that looks like the words for
//! an unknown value is just that text; and one that came from a document, an input, an output or a file is wholly known, for
//! serde reads and writes the text alone.

use super::Reference;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A text as it is shown, and which parts of it only stand for what is not known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Text {
    shown: String,
    gaps: Vec<Gap>,
}

/// A part of a text that is not known yet: the bytes `from` to `to` of what is shown are words for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gap {
    /// Where the words begin.
    pub from: usize,
    /// Where they end.
    pub to: usize,
    /// What will bring it.
    pub reference: Reference,
}

impl Gap {
    /// Whether an action of the run will bring it.
    #[must_use]
    pub fn is_output(&self) -> bool {
        self.reference.output().is_some()
    }
}

impl Text {
    /// A text none of which is known; `words` are shown in its place.
    #[must_use]
    pub fn unknown(reference: Reference, words: String) -> Self {
        let gap = Gap { from: 0, to: words.len(), reference };
        Self { shown: words, gaps: vec![gap] }
    }

    /// The text as it is shown. That of a call that is carried out has no part that is not known.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// The text, when all of it is known.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        self.gaps.is_empty().then_some(self.shown.as_str())
    }

    /// The parts that are not known, in order.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Whether an action of the run will bring a part of it.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.gaps.iter().any(Gap::is_output)
    }

    /// Whether an action of the run will bring all of it.
    #[must_use]
    pub fn is_output(&self) -> bool {
        matches!(self.gaps.as_slice(), [gap] if gap.from == 0 && gap.to == self.shown.len() && gap.is_output())
    }

    /// Adds a known text at the end.
    pub fn push_str(&mut self, more: &str) {
        self.shown.push_str(more);
    }

    /// Adds a text at the end.
    pub fn push(&mut self, more: &Text) {
        let at = self.shown.len();
        self.shown.push_str(&more.shown);
        self.gaps.extend(more.gaps.iter().map(|gap| Gap { from: at + gap.from, to: at + gap.to, ..gap.clone() }));
    }

    /// Texts one after the other, `between` between each two.
    #[must_use]
    pub fn joined(texts: impl IntoIterator<Item = Text>, between: &str) -> Self {
        let mut all = Self::default();
        for (n, text) in texts.into_iter().enumerate() {
            if n > 0 {
                all.push_str(between);
            }
            all.push(&text);
        }
        all
    }
}

impl From<String> for Text {
    fn from(known: String) -> Self {
        Self { shown: known, gaps: Vec::new() }
    }
}

impl From<&str> for Text {
    fn from(known: &str) -> Self {
        known.to_owned().into()
    }
}

impl From<Text> for String {
    fn from(text: Text) -> String {
        text.shown
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "(known after step-6)";

    fn later() -> Text {
        Text::unknown(Reference::parse("steps.a.b.c").unwrap(), WORDS.to_owned())
    }

    #[test]
    fn what_is_not_known_is_beside_the_text() {
        let mut log = Text::from("app-");
        log.push(&later());
        log.push_str(".log");
        assert_eq!((log.as_str(), log.known()), ("app-(known after step-6).log", None));
        assert_eq!(log.gaps().iter().map(|gap| &log.as_str()[gap.from..gap.to]).collect::<Vec<_>>(), [WORDS]);
        assert!(log.waits() && !log.is_output() && later().is_output());
        let both = Text::joined([log, later()], ", ");
        assert_eq!(both.gaps().iter().map(|gap| &both.as_str()[gap.from..gap.to]).collect::<Vec<_>>(), [WORDS; 2]);
        assert!(!Text::unknown(Reference::RunId, "(the run's id)".into()).waits());
    }

    #[test]
    fn words_alone_are_known() {
        let text = Text::from(WORDS);
        assert_eq!(text.known(), Some(WORDS));
        assert_ne!(text, later());
        let written = serde_json::to_value(later()).unwrap();
        assert_eq!(written, WORDS);
        assert_eq!(serde_json::from_value::<Text>(written).unwrap(), text);
    }
}
