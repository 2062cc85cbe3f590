//! Sentences in which values stand, told so that what is not known yet stays told apart from the words for it.

use super::Text;

/// What can stand in a sentence.
pub trait Tell {
    /// Adds it to a text.
    fn tell(&self, into: &mut Text);
}

impl Tell for Text {
    fn tell(&self, into: &mut Text) {
        into.push(self);
    }
}

impl Tell for str {
    fn tell(&self, into: &mut Text) {
        into.push_str(self);
    }
}

impl Tell for String {
    fn tell(&self, into: &mut Text) {
        into.push_str(self);
    }
}

impl Tell for u32 {
    fn tell(&self, into: &mut Text) {
        into.push_str(&self.to_string());
    }
}

impl Tell for u16 {
    fn tell(&self, into: &mut Text) {
        into.push_str(&self.to_string());
    }
}

impl<T: Tell + ?Sized> Tell for &T {
    fn tell(&self, into: &mut Text) {
        (**self).tell(into);
    }
}

/// How many values a sentence has places for.
#[must_use]
pub const fn places(sentence: &str) -> usize {
    let (bytes, mut at, mut count) = (sentence.as_bytes(), 0, 0);
    while at + 1 < bytes.len() {
        if bytes[at] == b'{' && bytes[at + 1] == b'}' {
            count += 1;
        }
        at += 1;
    }
    count
}

/// A sentence with these values in its places.
#[must_use]
pub fn told(sentence: &str, values: &[&dyn Tell]) -> Text {
    let mut text = Text::default();
    let mut values = values.iter();
    for (n, words) in sentence.split("{}").enumerate() {
        if n > 0
            && let Some(value) = values.next()
        {
            value.tell(&mut text);
        }
        text.push_str(words);
    }
    text
}

/// A [`Text`] like `format!` makes a `String`: `{}` is the place of each value, in order.
macro_rules! tell {
    ($sentence:literal $(, $value:expr)* $(,)?) => {{
        const {
            let values: &[&str] = &[$(stringify!($value)),*];
            assert!($crate::model::places($sentence) == values.len(), "as many values as places");
        }
        $crate::model::told($sentence, &[$(&$value as &dyn $crate::model::Tell),*])
    }};
}
pub(crate) use tell;

#[cfg(test)]
mod tests {
    use crate::model::{Reference, Text};

    #[test]
    fn values_stay_told_apart_from_words() {
        let words = "(known after step-6)";
        let later = Text::unknown(Reference::parse("steps.a.b.c").unwrap(), words.to_owned());
        let text = tell!("put `{}` on {} at {}", words, later, 80_u16);
        assert_eq!(text.as_str(), "put `(known after step-6)` on (known after step-6) at 80");
        let [gap] = text.gaps() else { panic!("{text:?}") };
        assert_eq!(&text.as_str()[..gap.from], "put `(known after step-6)` on ");
    }
}
