//! Sets of times.

use crate::model::Millis;

/// A set of times: intervals that neither touch nor overlap, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Intervals(Vec<(Millis, Millis)>);

impl Intervals {
    /// From `begun` to `ended`; nothing where that is not later.
    pub(super) fn of(begun: Millis, ended: Millis) -> Self {
        Self(if begun < ended { vec![(begun, ended)] } else { Vec::new() })
    }

    /// What is in either.
    pub(super) fn with(&self, other: &Self) -> Self {
        let mut all: Vec<(Millis, Millis)> = self.0.iter().chain(&other.0).copied().collect();
        all.sort_unstable();
        let mut merged: Vec<(Millis, Millis)> = Vec::new();
        for (begun, ended) in all {
            match merged.last_mut() {
                Some(last) if begun <= last.1 => last.1 = last.1.max(ended),
                _ => merged.push((begun, ended)),
            }
        }
        Self(merged)
    }

    /// What is in this and not in the other.
    pub(super) fn without(&self, other: &Self) -> Self {
        let mut left = self.0.clone();
        for (from, to) in &other.0 {
            let cut = |(begun, ended): (Millis, Millis)| [(begun, ended.min(*from)), (begun.max(*to), ended)];
            left = left.into_iter().flat_map(cut).filter(|(begun, ended)| begun < ended).collect();
        }
        Self(left)
    }

    /// How long it is in all.
    pub(super) fn length(&self) -> Millis {
        self.0.iter().fold(0, |sum: Millis, (begun, ended)| sum.saturating_add(ended.saturating_sub(*begun)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn some() -> impl Strategy<Value = Intervals> {
        let spans = proptest::collection::vec((0i64..60, 0i64..60), 0..6);
        spans.prop_map(|all| all.into_iter().fold(Intervals::default(), |it, (a, b)| it.with(&Intervals::of(a, b))))
    }

    fn has(it: &Intervals, moment: Millis) -> bool {
        it.0.iter().any(|(begun, ended)| (*begun..*ended).contains(&moment))
    }

    proptest! {
        #[test]
        fn they_are_sets(a in some(), b in some()) {
            let (with, without) = (a.with(&b), a.without(&b));
            for moment in 0..60 {
                prop_assert_eq!(has(&with, moment), has(&a, moment) || has(&b, moment));
                prop_assert_eq!(has(&without, moment), has(&a, moment) && !has(&b, moment));
            }
            let counted = (0..60).filter(|moment| has(&without, *moment)).count();
            prop_assert_eq!(without.length(), counted as Millis);
        }
    }
}
