//! What a run's records say of its site's answers, so far.

use crate::model::{Millis, SiteSeen};

/// What its answers showed, while executors asked it: in the pauses of a run nobody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteAsked {
    /// What it was seen to be last.
    pub last: SiteSeen,
    /// How long it was down in the times that are over, in milliseconds. One that ended in a pause counts until it was asked again.
    pub over_ms: Millis,
    /// How many times it went down.
    pub times: u32,
}

impl SiteAsked {
    /// The same after it was seen so once more; nothing before.
    #[must_use]
    pub fn after(before: Option<&Self>, seen: &SiteSeen) -> Self {
        let (mut over_ms, mut times) = before.map_or((0, 0), |before| (before.over_ms, before.times));
        let was_down = before.map(|before| &before.last).filter(|last| !last.up);
        let mut last = seen.clone();
        match was_down {
            Some(down) if seen.up => over_ms += seen.since.saturating_sub(down.since).max(0),
            // It is the same time that it is down.
            Some(down) => last.since = last.since.min(down.since),
            None if !seen.up => times += 1,
            None => {}
        }
        Self { last, over_ms, times }
    }

    /// How long it was down in all, until now where it is.
    #[must_use]
    pub fn down_ms(&self, now: Millis) -> Millis {
        let open = if self.last.up { 0 } else { now.saturating_sub(self.last.since).max(0) };
        self.over_ms + open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_without_an_answer_add_up() {
        let seen = |up, since| SiteSeen { up, since, seen: String::new() };
        let all = [seen(true, 5), seen(false, 10), seen(false, 40), seen(true, 60), seen(true, 80), seen(false, 100)];
        let mut asked: Option<SiteAsked> = None;
        let after: Vec<(Millis, u32)> = all
            .iter()
            .map(|seen| {
                let next = SiteAsked::after(asked.as_ref(), seen);
                let told = (next.down_ms(110), next.times);
                asked = Some(next);
                told
            })
            .collect();
        assert_eq!(after, [(0, 0), (100, 1), (100, 1), (50, 1), (50, 1), (60, 2)]);
    }
}
