//! What spreads along a plan: a place is settled when it is so of itself and all that it waits for are settled.
//!
//! Promises: what is said of one place is taken in at the cost of what changes because of it, and after any number of such changes it
//! is as if all had been said at once.
//! Not handled: places that wait for each other. A plan has none.

/// Which places are settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Whether a place is settled as far as it is up to itself.
    of_itself: Vec<bool>,
    /// How many of those that a place waits for are not settled.
    lacking: Vec<usize>,
}

impl Settled {
    /// So many places, all of them settled.
    pub(crate) fn all(count: usize) -> Self {
        Self { of_itself: vec![true; count], lacking: vec![0; count] }
    }

    /// Places of which none is settled of itself, each with how many others it waits for.
    pub(crate) fn none(waits_for: impl Iterator<Item = usize>) -> Self {
        let lacking: Vec<usize> = waits_for.collect();
        Self { of_itself: vec![false; lacking.len()], lacking }
    }

    /// Whether all that a place waits for is settled.
    pub(crate) fn is_open(&self, place: usize) -> bool {
        self.lacking.get(place) == Some(&0)
    }

    /// Says of a place whether it is settled of itself. `after` are those that wait for a place; `turned` is told of each place
    /// that has become open, or is so no more.
    pub(crate) fn say<'a>(
        &mut self,
        place: usize,
        is_so: bool,
        after: impl Fn(usize) -> &'a [usize],
        mut turned: impl FnMut(usize),
    ) {
        let Some(was) = self.of_itself.get_mut(place) else { return };
        if std::mem::replace(was, is_so) == is_so || !self.is_open(place) {
            return;
        }
        // The places that have just been settled, or are so no more.
        let mut spreading = vec![place];
        while let Some(from) = spreading.pop() {
            for &next in after(from) {
                let Some(lacking) = self.lacking.get_mut(next) else { continue };
                let was_open = *lacking == 0;
                *lacking = if is_so { lacking.saturating_sub(1) } else { *lacking + 1 };
                if was_open != (*lacking == 0) {
                    turned(next);
                    if self.of_itself.get(next) == Some(&true) {
                        spreading.push(next);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 <- 1 <- 3, 0 <- 2 <- 3, and 3 waits for 0 twice.
    const AFTER: [&[usize]; 4] = [&[1, 2, 3, 3], &[3], &[3], &[]];
    const WAITS_FOR: [usize; 4] = [0, 1, 1, 4];

    fn settled(of_itself: [bool; 4]) -> Settled {
        let mut all = Settled::none(WAITS_FOR.into_iter());
        (0..4).for_each(|place| all.say(place, of_itself[place], |from| AFTER[from], |_| {}));
        all
    }

    #[test]
    fn any_order_of_saying_comes_to_the_same() {
        for from in 0..16u8 {
            for to in 0..16u8 {
                let bits = |all: u8| [0, 1, 2, 3].map(|place| all & (1 << place) != 0);
                for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
                    let mut all = settled(bits(from));
                    let open = |all: &Settled| [0, 1, 2, 3].map(|place| all.is_open(place));
                    let mut told = open(&all);
                    for place in order {
                        all.say(place, bits(to)[place], |from| AFTER[from], |place| told[place] = !told[place]);
                    }
                    assert_eq!(all, settled(bits(to)), "{from} {to} {order:?}");
                    assert_eq!(told, open(&all), "each turn is told");
                }
            }
        }
    }

    #[test]
    fn a_place_is_open_when_all_it_waits_for_is_settled() {
        let all = settled([true, true, false, false]);
        assert_eq!([0, 1, 2, 3].map(|place| all.is_open(place)), [true, true, true, false]);
        let all = settled([false, true, true, true]);
        assert_eq!([0, 1, 2, 3].map(|place| all.is_open(place)), [true, false, false, false]);
    }
}
