//! Whether an edit left everything alone that it did not mean to change.
//!
//! What it promises: each directive that no change touches is in the edited file too, with the same words, in the same
//! order, as deep as before. A change that lets a comment swallow a `;`, or glues two words together, does not pass,
//! although the file may still be one that nginx reads.

use super::super::Reason;
use super::super::span::Patch;
use super::tree::{Directive, Tree};

/// Finds the first directive that should have stayed and is not there any more.
///
/// # Errors
///
/// Says which, with its line in the file as it was.
pub(super) fn untouched(before: &Tree<'_>, patch: &Patch, after: &[u8]) -> Result<(), Reason> {
    const ADVICE: &str = "edit the site by hand";
    let after =
        Tree::read(after).map_err(|_| Reason::whole("the edited file would not be one that nginx reads", ADVICE))?;
    let mut there = after.all().map(|directive| shape(&after, directive));
    for directive in before.all().filter(|directive| !patch.touches(&directive.head())) {
        let wanted = shape(before, directive);
        if !there.any(|found| found == wanted) {
            let message = format!("the edit would change `{}`, which it must not", before.quote(directive));
            return Err(before.reason(directive, message, ADVICE));
        }
    }
    Ok(())
}

/// A directive without its place: how deep it is, whether it has a block, its words, and those of the block it is in.
fn shape<'t>(tree: &'t Tree<'_>, directive: &'t Directive) -> (usize, bool, Vec<&'t [u8]>, Vec<&'t [u8]>) {
    let words = |of: &'t Directive| of.words().iter().map(|word| word.value.as_slice()).collect();
    let outer = tree.parent(directive).map(words).unwrap_or_default();
    (directive.depth, directive.is_block, words(directive), outer)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    fn judged(before: &str, cut: &str, with: &str) -> Result<(), String> {
        let tree = Tree::read(before.as_bytes()).unwrap();
        let start = before.find(cut).unwrap();
        let span = start..start + cut.len();
        let after = before.replacen(cut, with, 1);
        let mut patch = Patch::default();
        patch.replace(span, with);
        untouched(&tree, &patch, after.as_bytes()).map_err(|reason| reason.to_string())
    }

    #[test]
    fn what_no_change_touches_is_still_there() {
        assert_eq!(judged("a;\nb { c; }\nd;\n", "c;", ""), Ok(()));
        assert_eq!(judged("a;\nb { c; }\nd;\n", "c", "e"), Ok(()));
        assert_eq!(judged("a;\nb { c; }\nd;\n", "b { c; }", ""), Ok(()));
    }

    #[test]
    fn a_directive_that_a_comment_or_a_neighbour_swallows_is_missed() {
        let swallowed = judged("n x # main\n    y;\n  return 301;\n", "\n    y", "").unwrap_err();
        assert!(swallowed.contains("line 3, column 3: the edit would change `return 301`"), "{swallowed}");
        let glued = judged("a 1;\n\nb 2;\n", ";\n", "").unwrap_err();
        assert!(glued.contains("line 3, column 1"), "{glued}");
        let deeper = judged("s { a; }\nb;\n", "}\n", "").unwrap_err();
        assert!(deeper.contains("would not be one that nginx reads"), "{deeper}");
        assert!(judged("s { a; }\nb { c; }\n", "}\nb {", "").unwrap_err().contains("`c`"));
    }
}
