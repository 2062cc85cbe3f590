//! What an action changes, chosen and taken apart for the forms that show it.
//!
//! Promises: what was seen of the world weighs more than what parameters tell; what is as wanted already changes nothing,
//! unless an earlier action of the same plan changes it first. A diff is shown as it is given, line by line.

use crate::display::plan::looks::Looks;
use crate::display::rich::visible;
use crate::model::{ActionPath, Change, Description, Found};
use crate::plan::{Look, Plan};

/// What is shown of an action's changes.
#[derive(Debug, Default)]
pub(in crate::display) struct Shown {
    /// What applying would change.
    pub(in crate::display) changes: Vec<Change>,
    /// An earlier action of the plan that changes what was seen of this one: it was looked at too early.
    pub(in crate::display) after: Option<ActionPath>,
}

impl Shown {
    /// What is shown of one action of a plan.
    pub(in crate::display) fn of(
        plan: &Plan,
        path: &ActionPath,
        told: Option<&Description>,
        looks: &Looks<'_>,
    ) -> Self {
        let described = || told.map(|told| plan.named(&told.changes)).unwrap_or_default();
        let Some(finding) = looks.line(path).and_then(Look::finding) else {
            return Self { changes: described(), after: None };
        };
        let after = looks.overtaking(path).cloned();
        let changes = match (finding.found, finding.changes.as_slice()) {
            (Found::Holds, _) if after.is_none() => Vec::new(),
            (Found::Holds, _) | (_, []) => described(),
            (_, seen) => plan.named(seen),
        };
        Self { changes, after }
    }
}

/// An argument vector as it is typed into a shell, on one line.
#[must_use]
pub fn shell_line(argv: &[String]) -> String {
    argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A command whose last word is a text of several lines, a script as a rule: what comes before, and the lines as they stand within
/// single quotes. Line by line it can be read, and typed into a shell as well.
pub(in crate::display) fn script(argv: &[String]) -> Option<(&[String], String)> {
    let (last, before) = argv.split_last()?;
    let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\t';
    let is_script = !before.is_empty() && last.trim_end().contains('\n') && last.chars().all(is_plain);
    is_script.then(|| (before, last.trim_end().replace('\'', "'\\''").replace('\t', "    ")))
}

/// A command as it is typed into a shell: a script at its end on lines of its own.
pub(in crate::display) fn shell_block(argv: &[String]) -> String {
    match script(argv) {
        None => shell_line(argv),
        Some((before, lines)) => format!("{} '\n{lines}\n'", shell_line(before)),
    }
}

fn quoted(word: &str) -> String {
    if !word.chars().any(char::is_control) {
        return crate::model::quoted(word);
    }
    // Control characters as bash, ksh and zsh read them, so that the line stays one.
    let escaped = word.chars().map(|c| match c {
        '\\' | '\'' => format!("\\{c}"),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("$'{}'", escaped.collect::<String>())
}

/// A line of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::display) enum DiffLine<'a> {
    /// A jump to another place of the file: where it is there before and after.
    Place { old: usize, new: usize },
    /// It stays.
    Same(&'a str),
    /// It goes.
    Old(&'a str),
    /// It comes.
    New(&'a str),
    /// A remark of diff itself, e.g. that the last line does not end.
    Remark(&'a str),
}

/// The lines of a unified diff, its file names left out.
pub(in crate::display) fn diff_lines(diff: &str) -> Vec<DiffLine<'_>> {
    // A line that is taken out may begin with `--`: only what is before the first place is a heading.
    let body = diff.lines().skip_while(|line| !line.starts_with("@@"));
    body.map(|line| match line.split_at_checked(1) {
        Some(("@", _)) => place(line).unwrap_or(DiffLine::Remark(line)),
        Some(("-", text)) => DiffLine::Old(text),
        Some(("+", text)) => DiffLine::New(text),
        Some((" ", text)) => DiffLine::Same(text),
        Some(("\\", text)) => DiffLine::Remark(text.trim()),
        _ => DiffLine::Same(line),
    })
    .collect()
}

/// `@@ -7,3 +7,9 @@`.
fn place(line: &str) -> Option<DiffLine<'_>> {
    let mut words = line.split(' ').skip(1);
    let mut number = |sign| words.next()?.strip_prefix(sign)?.split(',').next()?.parse().ok();
    Some(DiffLine::Place { old: number('-')?, new: number('+')? })
}

/// A row of two columns: what is there now, and what will be, each with its line number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::display) enum ChangeRow<'a> {
    /// Lines between are left out.
    Place { old: usize, new: usize },
    /// The same on both sides.
    Same(usize, usize, &'a str),
    /// One side or both.
    Changed(Option<(usize, &'a str)>, Option<(usize, &'a str)>),
    /// A remark of diff itself.
    Remark(&'a str),
}

/// A unified diff side by side: of lines that go and lines that come in one place, the first beside the first.
pub(in crate::display) fn side_by_side(diff: &str) -> Vec<ChangeRow<'_>> {
    let (mut rows, mut old_at, mut new_at) = (Vec::new(), 1, 1);
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for line in diff_lines(diff) {
        match line {
            DiffLine::Old(text) => {
                gone.push((old_at, text));
                old_at += 1;
                continue;
            }
            DiffLine::New(text) => {
                come.push((new_at, text));
                new_at += 1;
                continue;
            }
            _ => beside(&mut gone, &mut come, &mut rows),
        }
        match line {
            DiffLine::Place { old, new } => {
                (old_at, new_at) = (old, new);
                rows.push(ChangeRow::Place { old, new });
            }
            DiffLine::Same(text) => {
                rows.push(ChangeRow::Same(old_at, new_at, text));
                old_at += 1;
                new_at += 1;
            }
            DiffLine::Remark(text) => rows.push(ChangeRow::Remark(text)),
            DiffLine::Old(_) | DiffLine::New(_) => {}
        }
    }
    beside(&mut gone, &mut come, &mut rows);
    rows
}

fn beside<'a>(gone: &mut Vec<(usize, &'a str)>, come: &mut Vec<(usize, &'a str)>, rows: &mut Vec<ChangeRow<'a>>) {
    for at in 0..gone.len().max(come.len()) {
        rows.push(ChangeRow::Changed(gone.get(at).copied(), come.get(at).copied()));
    }
    gone.clear();
    come.clear();
}

/// A line of a file as a reader sees it: what would steer a terminal is made visible, a line end of CRLF is left out.
pub(in crate::display) fn shown_line(line: &str) -> std::borrow::Cow<'_, str> {
    visible(line.strip_suffix('\r').unwrap_or(line))
}

/// How many lines come and go, `3 lines go, 1 comes`.
pub(in crate::display) fn counted(diff: &str) -> String {
    let count = |is: fn(&DiffLine<'_>) -> bool| diff_lines(diff).iter().filter(|line| is(line)).count();
    let (old, new) = (count(|l| matches!(l, DiffLine::Old(_))), count(|l| matches!(l, DiffLine::New(_))));
    let lines = |n: usize| crate::display::table::count(n, "line");
    format!("{} removed, {} added", lines(old), lines(new))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str =
        "--- /f\n+++ /f\n@@ -2,4 +2,3 @@\n a\n-b\n--- c\n+B\n d\n@@ -9 +8 @@\n-x\n\\ No newline at end of file\n+y\n";

    #[test]
    fn a_diff_stands_side_by_side() {
        assert_eq!(
            side_by_side(DIFF),
            [
                ChangeRow::Place { old: 2, new: 2 },
                ChangeRow::Same(2, 2, "a"),
                ChangeRow::Changed(Some((3, "b")), Some((3, "B"))),
                ChangeRow::Changed(Some((4, "-- c")), None),
                ChangeRow::Same(5, 4, "d"),
                ChangeRow::Place { old: 9, new: 8 },
                ChangeRow::Changed(Some((9, "x")), None),
                ChangeRow::Remark("No newline at end of file"),
                ChangeRow::Changed(None, Some((8, "y"))),
            ]
        );
        assert_eq!(counted(DIFF), "3 lines removed, 2 lines added");
    }

    #[test]
    fn a_command_can_be_typed_as_it_is_shown() {
        let line = |argv: &[&str]| shell_line(&argv.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
        assert_eq!(line(&["systemctl", "stop", "php8.2-fpm"]), "systemctl stop php8.2-fpm");
        assert_eq!(line(&["sh", "-c", "echo \"$1\"", "", "it's"]), r#"sh -c 'echo "$1"' '' 'it'\''s'"#);
        assert_eq!(line(&["printf", "a\nb\\'\u{1b}"]), r"printf $'a\nb\\\'\u001b'");
        assert_eq!(line(&["~", "*", "$HOME", "a;b", "名"]), "'~' '*' '$HOME' 'a;b' '名'");
    }
}
