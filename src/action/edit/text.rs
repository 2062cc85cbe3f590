//! Replacing of texts in a file that has to hold them exactly so often.
//!
//! What it promises: every byte outside of what was found stays as it is; what is found another number of times than was said is
//! refused, with the lines. What it does not handle: a file that is no UTF-8, which is refused.

use super::span::place;
use super::{Edit, EditRefusal, Reason};
use crate::model::{Replacement, Text};
use regex_lite::{Regex, RegexBuilder};

/// How many lines a refusal names.
const LINES_TOLD: usize = 5;

/// Makes the replacements, each in what those before it left.
///
/// # Errors
/// When something is found more or less often than it was said to be, or cannot be looked for.
pub fn replace(bytes: &[u8], replacements: &[Replacement]) -> Result<Edit, EditRefusal> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Reason::whole("it is no UTF-8 text", "edit it by hand").into());
    };
    let after = replacements.iter().try_fold(text.to_owned(), |text, replacement| replaced(&text, replacement))?;
    Ok(Edit::new(bytes, after.into_bytes(), Vec::new()))
}

fn replaced(text: &str, replacement: &Replacement) -> Result<String, EditRefusal> {
    let (sought, regex) =
        match (replacement.text.as_ref().map(Text::as_str), replacement.regex.as_ref().map(Text::as_str)) {
            (Some(plain), None) if !plain.is_empty() => (plain, Regex::new(&regex_lite::escape(plain))),
            (None, Some(regex)) => (regex, RegexBuilder::new(regex).multi_line(true).build()),
            _ => {
                let message = "a replacement has either a `text` that is not empty or a `regex`";
                return Err(Reason::whole(message, "give one of the two").into());
            }
        };
    let regex = regex.map_err(|e| {
        Reason::whole(format!("`{sought}` is no regular expression: {e}"), "mend it, or give it as `text`")
    })?;
    let found: Vec<usize> = regex.find_iter(text).map(|at| at.start()).collect();
    let wanted = replacement.times.unwrap_or(1);
    if found.len() != wanted as usize {
        let lines: Vec<String> =
            found.iter().take(LINES_TOLD).map(|at| place(text.as_bytes(), *at).line.to_string()).collect();
        let more = if found.len() > LINES_TOLD { ", ..." } else { "" };
        let at = if lines.is_empty() { String::new() } else { format!(" (lines {}{more})", lines.join(", ")) };
        let message = format!("`{sought}` is there {} times{at}, expected {wanted}", found.len());
        let advice = "see whether it is the file that is meant; say more of the line, or another `times`";
        let first = found.first().copied().unwrap_or_default();
        return Err(Reason { message, ..Reason::at(text.as_bytes(), first, "", advice) }.into());
    }
    let after = match &replacement.regex {
        Some(_) => regex.replace_all(text, replacement.with.as_str()),
        None => regex.replace_all(text, regex_lite::NoExpand(replacement.with.as_str())),
    };
    Ok(after.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: Option<&str>, regex: Option<&str>, with: &str, times: Option<u32>) -> Replacement {
        let own = |it: Option<&str>| it.map(Text::from);
        Replacement { text: own(text), regex: own(regex), with: with.into(), times }
    }

    fn told(bytes: &[u8], replacement: Replacement) -> String {
        replace(bytes, &[replacement]).unwrap_err().to_string()
    }

    #[test]
    fn what_is_found_so_often_is_replaced() {
        let before = b"listen 80;\r\nname a.b;\r\nlisten 80;\r\n";
        let edit = |all: &[Replacement]| String::from_utf8(replace(before, all).unwrap().bytes).unwrap();
        let all = [
            one(Some("listen 80;"), None, "listen $1;", Some(2)),
            one(None, Some(r"^name (\w+)\.b;"), "name ${1}x;", None),
        ];
        assert_eq!(edit(&all), "listen $1;\r\nname ax;\r\nlisten $1;\r\n");
        assert_eq!(edit(&[one(Some("none"), None, "x", Some(0))]), String::from_utf8(before.to_vec()).unwrap());
        let chained = [one(Some("a.b"), None, "c", None), one(Some("name c"), None, "name d", None)];
        assert!(edit(&chained).contains("name d;"));
        assert!(!replace(before, &[one(Some("a.b"), None, "a.b", None)]).unwrap().changed);
    }

    #[test]
    fn what_is_found_otherwise_is_refused_with_its_lines() {
        let text = b"x\ny\nx\n";
        assert!(told(text, one(Some("x"), None, "z", None)).contains("`x` is there 2 times (lines 1, 3), expected 1"));
        assert!(told(text, one(Some("axb"), None, "z", None)).contains("0 times, expected 1"));
        assert!(told(text, one(Some("."), None, "z", None)).contains("0 times"), "a text is no expression");
        assert!(told(text, one(None, Some("("), "z", None)).contains("no regular expression"));
        for odd in [one(None, None, "", None), one(Some("x"), Some("x"), "", None), one(Some(""), None, "", None)] {
            assert!(told(text, odd).contains("either a `text`"));
        }
        assert!(told(b"\xff", one(Some("x"), None, "z", None)).contains("no UTF-8"));
    }
}
