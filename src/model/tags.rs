//! An operator's own tags: which ones every service takes.
//!
//! One set of tags goes on whatever a run creates, in EC2, Elastic Load Balancing and ACM alike, so it must be what the
//! strictest of them takes:
//! - key: 1 to 127 characters (EC2 API reference, Tag: "a maximum of 127"; the others 128), value: at most 256;
//! - letters, digits, spaces (`\p{L}`, `\p{N}`, `\p{Z}`) and `_.:/=+-@` (ELB's and ACM's service models, TagKey and TagValue;
//!   RDS API reference, Tag). EC2 takes any character, and a run that came as far as its balancer would rest there;
//! - no key begins with `aws:`, in whatever case (all of them), and no value either (ELB user guide, "Tag restrictions");
//! - at most 50 tags on a resource (each service's quotas).
//!
//! Of our own: `Name` and what begins with `runbook:` is given by the run, by which it knows its work.

use super::Value;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory as Category;

/// The most tags on a resource.
const MOST: usize = 50;

/// The tags that a run itself gives: its own, the step's and the name.
const OURS: usize = 3;

/// What an operator's own tags are, as an error message says it.
pub(super) const EXPECTED: &str = "texts by name, of letters, digits, spaces and _.:/=+-@";

/// Something in an operator's own tags that cannot be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TagFault {
    /// What it is.
    pub(super) found: String,
    /// What can be given instead, with whose rule that is.
    pub(super) expected: &'static str,
}

/// Whether every service takes the text in a tag.
fn is_plain(text: &str, most: usize) -> bool {
    let categories = CodePointMapData::<Category>::new();
    text.encode_utf16().count() <= most
        && text.chars().all(|c| {
            use Category as C;
            "_.:/=+-@".contains(c)
                || matches!(
                    categories.get(c),
                    C::UppercaseLetter
                        | C::LowercaseLetter
                        | C::TitlecaseLetter
                        | C::ModifierLetter
                        | C::OtherLetter
                        | C::DecimalNumber
                        | C::LetterNumber
                        | C::OtherNumber
                        | C::SpaceSeparator
                        | C::LineSeparator
                        | C::ParagraphSeparator
                )
        })
}

/// Whether every service takes the text as a tag's key.
fn is_key(text: &str) -> bool {
    !text.is_empty() && is_plain(text, 127) && !begins(text, "aws:")
}

/// Whether every service takes the text as a tag's value.
pub(super) fn is_value(text: &str) -> bool {
    is_plain(text, 256) && !begins(text, "aws:")
}

fn begins(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// The first thing in an operator's own tags that cannot be given; nothing when all of them can.
pub(super) fn fault(tags: &serde_json::Map<String, Value>) -> Option<TagFault> {
    let fault = |found: String, expected| Some(TagFault { found, expected });
    for (key, value) in tags {
        let Some(value) = value.as_str() else {
            return fault(format!("tag `{key}` with `{value}`"), "a text: put it in quotes");
        };
        if key == "Name" || begins(key, "runbook:") {
            let ours = "another name: the run gives `Name` and what begins with `runbook:` itself";
            return fault(format!("tag `{key}`"), ours);
        }
        if !is_key(key) {
            let rule = "at most 127 letters, digits, spaces and _.:/=+-@, not beginning with `aws:` (EC2, ELB and ACM API references, Tag)";
            return fault(format!("a tag named `{key}`"), rule);
        }
        if !is_value(value) {
            let rule = "at most 256 letters, digits, spaces and _.:/=+-@, not beginning with `aws:` (ELB and ACM API references, Tag)";
            return fault(format!("tag `{key}` with the value `{value}`"), rule);
        }
    }
    let most = "at most 47: a resource takes 50 (each service's quotas), and the run gives 3 itself";
    if tags.len() > MOST - OURS { fault(format!("{} tags", tags.len()), most) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(tags: &Value) -> Option<String> {
        fault(tags.as_object().unwrap()).map(|fault| format!("{}, expected {}", fault.found, fault.expected))
    }

    #[test]
    fn what_one_service_refuses_is_found() {
        assert_eq!(said(&json!({"Owner": "ops@example.org", "Größe": "5 Äpfel", "面": "½ Ⅷ"})), None);
        for (key, value) in [
            ("Note", "Team (web), Berlin"),
            ("Cost&Centre", "1"),
            ("aws:owner", "x"),
            ("AwS:owner", "x"),
            ("Name", "mine"),
            ("runbook:run", "r2"),
            ("", "x"),
            ("emoji", "☺"),
            ("value", "aws:x"),
            ("tab", "a\tb"),
        ] {
            assert!(said(&json!({key: value})).is_some_and(|said| said.contains(key)), "{key}={value}");
        }
        assert!(said(&json!({"Size": 4})).unwrap().contains("in quotes"));
        let many: serde_json::Map<_, _> = (0..48).map(|n| (format!("k{n}"), json!("v"))).collect();
        assert!(fault(&many).unwrap().found.contains("48 tags"));
    }

    #[test]
    fn lengths_are_those_of_the_strictest() {
        assert!(is_key(&"k".repeat(127)) && !is_key(&"k".repeat(128)));
        assert!(is_value(&"v".repeat(256)) && !is_value(&"v".repeat(257)));
        assert!(!is_value(&"𐐀".repeat(129)), "two units of UTF-16 each");
    }
}
