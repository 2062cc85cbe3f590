//! Reading named values of which the names are known beforehand.

use super::problem::Notes;
use super::words::{found, meant, nearest};
use crate::document::{Kind, Node, Place};

/// Where a field belongs that is not known here.
type OfAnotherPlace<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The fields of one mapping, unknown and duplicate ones told.
pub(super) struct Fields<'d> {
    what: String,
    place: Place,
    found: Vec<(&'d str, &'d Node)>,
    /// Fields that were probably meant by unknown ones: not told as missing too.
    misspelt: Vec<&'d str>,
}

impl<'d> Fields<'d> {
    /// Reads `node`, which is `what` (e.g. "step `stop-cron`"); `place` is where missing fields are told. Nothing when it
    /// is no mapping.
    pub(super) fn of(node: &'d Node, place: Place, what: &str, known: &[&'d str], notes: &mut Notes) -> Option<Self> {
        Self::beside(node, place, what, (known, &|_| None), notes)
    }

    /// The same where a name that is not known may be one of another place: `there` says which.
    pub(super) fn beside(
        node: &'d Node,
        place: Place,
        what: &str,
        (known, there): (&[&'d str], &OfAnotherPlace<'_>),
        notes: &mut Notes,
    ) -> Option<Self> {
        let Some(entries) = node.entries() else {
            notes.advise(
                node.place,
                format!("{what}: found {}, expected named values", found(node)),
                format!("the fields are {}", super::words::listed(known.iter().copied())),
            );
            return None;
        };
        let mut it = Fields { what: what.to_owned(), place, found: Vec::new(), misspelt: Vec::new() };
        for (n, entry) in entries.iter().enumerate() {
            let name = entry.key.text.as_str();
            if let Some(first) = entries[..n].iter().find(|e| e.key.text == name) {
                twice(&format!("`{name}`"), what, entry.key.place, first.key.place, notes);
            } else if known.contains(&name) {
                it.found.push((name, &entry.value));
            } else if let Some(there) = there(name) {
                notes.advise(entry.key.place, format!("unknown field `{name}` in {what}"), there);
            } else {
                let others = || known.iter().copied().filter(|k| node.get(k).is_none());
                let ours = others().find(|other| is_elsewhere(other, name));
                it.misspelt.extend(ours.or_else(|| nearest(name, others())));
                let help = match ours {
                    Some(ours) => format!("here it is called `{ours}`"),
                    None => meant(name, others(), "other fields"),
                };
                notes.advise(entry.key.place, format!("unknown field `{name}` in {what}"), help);
            }
        }
        Some(it)
    }

    /// A field, if it was given.
    pub(super) fn get(&self, name: &str) -> Option<&'d Node> {
        self.found.iter().find(|(n, _)| *n == name).map(|(_, node)| *node)
    }

    /// Whether a field is missing, and not only misspelt.
    pub(super) fn lacks(&self, name: &str) -> bool {
        self.get(name).is_none() && !self.misspelt.contains(&name)
    }

    /// A field that must be given.
    pub(super) fn required(&self, name: &str, notes: &mut Notes) -> Option<&'d Node> {
        let node = self.get(name);
        if self.lacks(name) {
            notes.add(self.place, format!("{} has no `{name}`", self.what));
        }
        node
    }

    /// A text for people, if it was given: not empty, and shown as it stands.
    pub(super) fn prose(&self, name: &str, notes: &mut Notes) -> Option<String> {
        let node = self.get(name)?;
        let Some(text) = node.text() else {
            notes.add(node.place, format!("`{name}` of {}: found {}, expected a text", self.what, found(node)));
            return None;
        };
        if text.trim().is_empty() {
            notes.add(node.place, format!("`{name}` of {} is empty", self.what));
            return None;
        }
        if text.contains("${{") {
            notes.advise(
                node.place,
                format!("`{name}` of {} contains a reference, and is shown as it stands", self.what),
                "references work in `region`, `tags`, in targets and in an action's `with`",
            );
        }
        Some(text.trim().to_owned())
    }

    /// A text for people that must be given.
    pub(super) fn required_prose(&self, name: &str, notes: &mut Notes) -> Option<String> {
        self.required(name, notes)?;
        self.prose(name, notes)
    }

    /// The same in one line.
    pub(super) fn line(&self, name: &str, notes: &mut Notes) -> Option<String> {
        let text = self.prose(name, notes)?;
        let place = self.get(name).map_or(self.place, |n| n.place);
        if text.contains('\n') {
            notes.add(place, format!("`{name}` of {} has several lines, expected one", self.what));
        } else if let Some(c) = text.chars().find(|c| c.is_control()) {
            let message =
                format!("`{name}` of {} has a control character (U+{:04X}), expected a line", self.what, u32::from(c));
            notes.advise(place, message, "it would steer the terminal of whoever reads it; leave it away");
        }
        Some(text)
    }

    /// The same in one line, which must be given.
    pub(super) fn required_line(&self, name: &str, notes: &mut Notes) -> Option<String> {
        self.required(name, notes)?;
        self.line(name, notes)
    }

    /// `true` or `false`, if it was given.
    pub(super) fn flag(&self, name: &str, notes: &mut Notes) -> Option<bool> {
        let node = self.get(name)?;
        match node.kind {
            Kind::Bool(it) => Some(it),
            _ => {
                let message = format!("`{name}` of {}: found {}, expected `true` or `false`", self.what, found(node));
                notes.add(node.place, message);
                None
            }
        }
    }

    /// A list, if it was given.
    pub(super) fn list(&self, name: &str, notes: &mut Notes) -> Option<&'d [Node]> {
        let node = self.get(name)?;
        let items = node.items();
        if items.is_none() {
            notes.add(node.place, format!("`{name}` of {}: found {}, expected a list", self.what, found(node)));
        }
        items
    }
}

/// Whether other tools of this kind call so what is called `ours` here.
pub(super) fn is_elsewhere(ours: &str, name: &str) -> bool {
    let theirs: &[&str] = match ours {
        "when" => &["if", "unless", "only_if", "condition", "conditions"],
        "deadline" => &["timeout", "time_limit", "max_time", "timeout_seconds"],
        "for_each" => &["loop", "foreach", "with_items", "each", "items", "matrix"],
        "at_once" => &["parallel", "max_parallel", "concurrency", "serial", "forks"],
        "title" => &["name", "summary"],
        "why" => &["description", "reason"],
        "needs" => &["depends_on", "after", "requires", "depends", "dependencies"],
        "do" => &["action", "uses", "module", "type"],
        "with" => &["args", "params", "parameters", "inputs"],
        "argv" => &["command", "cmd", "args"],
        "shell" => &["run", "script", "bash", "sh"],
        "env" => &["environment", "vars"],
        "sudo" => &["become", "root"],
        "user" => &["become_user", "as", "run_as"],
        "cwd" => &["chdir", "workdir", "working_dir", "working_directory", "dir"],
        "outputs" => &["register", "capture"],
        "undo" => &["rollback", "revert", "down", "compensate"],
        "check" => &["creates", "verify", "test", "unless"],
        "steps" => &["tasks", "jobs", "stages"],
        "inputs" => &["vars", "variables", "parameters"],
        "targets" => &["hosts", "servers", "inventory"],
        "on" => &["host", "target", "hosts"],
        "retry" => &["retries", "attempts"],
        _ => &[],
    };
    theirs.contains(&name)
}

/// Tells a duplicate with the place of the first.
pub(super) fn twice(name: &str, what: &str, place: Place, first: Place, notes: &mut Notes) {
    notes.advise(
        place,
        format!("{name} is given twice in {what}"),
        format!("the first is at line {}, column {}", first.line, first.column),
    );
}
