//! What looks at the world have said, found by the action.

use crate::model::{ActionPath, Found};
use crate::plan::Look;
use std::collections::HashMap;

/// The lines of a preflight, in the plan's order.
pub(in crate::display) struct Looks<'a> {
    lines: &'a [(ActionPath, Look)],
    at: HashMap<&'a ActionPath, usize>,
    /// Where the first line stands that would change a fact.
    changing: HashMap<&'a str, usize>,
}

impl<'a> Looks<'a> {
    pub(in crate::display) fn of(lines: &'a [(ActionPath, Look)]) -> Self {
        let (mut at, mut changing) = (HashMap::new(), HashMap::new());
        for (n, (path, line)) in lines.iter().enumerate() {
            at.entry(path).or_insert(n);
            if let Look::Seen(finding) = line
                && finding.found != Found::Holds
            {
                finding.facts.keys().for_each(|fact| _ = changing.entry(fact.as_str()).or_insert(n));
            }
        }
        Self { lines, at, changing }
    }

    /// What was said of an action.
    pub(in crate::display) fn line(&self, path: &ActionPath) -> Option<&'a Look> {
        self.at.get(path).and_then(|n| self.lines.get(*n)).map(|(_, line)| line)
    }

    /// The first action before this one that would change one of the facts that were seen of this one.
    pub(in crate::display) fn overtaking(&self, path: &ActionPath) -> Option<&'a ActionPath> {
        let at = *self.at.get(path)?;
        let (_, Look::Seen(own)) = self.lines.get(at)? else { return None };
        let first = own.facts.keys().filter_map(|fact| self.changing.get(fact.as_str()).copied()).min()?;
        self.lines.get(first).filter(|_| first < at).map(|(action, _)| action)
    }
}
