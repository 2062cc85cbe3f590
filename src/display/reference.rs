//! The reference of the format, as docs/runbook-format.md has it, by its sections: whoever has only the binary can read it.

/// The document that is the reference.
const DOCUMENT: &str = include_str!("../../docs/runbook-format.md");
/// The section with one part for each action and check, which are told from the vocabulary.
const VOCABULARY: &str = "The actions";

/// A section: its heading, and its text with that.
struct Section {
    heading: &'static str,
    text: &'static str,
}

/// What the sections are called.
pub fn sections() -> impl Iterator<Item = &'static str> {
    all().into_iter().map(|section| section.heading)
}

/// The section of this name, else the one that has most to say of the word; nothing where none has.
#[must_use]
pub fn section(name: &str) -> Option<&'static str> {
    let plain = |text: &str| text.to_lowercase().trim_start_matches("the ").trim_end_matches('s').to_owned();
    let all = all();
    let named = all.iter().find(|section| plain(section.heading) == plain(name));
    let is_word = |text: &str, at: usize| {
        let inside = |c: char| c.is_alphanumeric() || "_.-".contains(c);
        !text[..at].ends_with(inside) && !text[at + name.len()..].starts_with(inside)
    };
    let says = |it: &Section| it.text.match_indices(name).filter(|(at, _)| is_word(it.text, *at)).count();
    let of_it = || all.iter().filter(|it| name.len() > 3 && says(it) > 1).max_by_key(|it| says(it));
    named.or_else(of_it).map(|section| section.text)
}

fn all() -> Vec<Section> {
    let (mut sections, mut in_code, mut at) = (Vec::<(usize, &'static str)>::new(), false, 0);
    for line in DOCUMENT.split_inclusive('\n') {
        in_code ^= line.starts_with("```");
        let heading = line.strip_prefix("### ").or_else(|| line.strip_prefix("## "));
        if let Some(heading) = heading.filter(|_| !in_code) {
            sections.push((at, heading.trim()));
        }
        at += line.len();
    }
    let ends = sections.iter().skip(1).map(|(at, _)| *at).chain([DOCUMENT.len()]);
    let of = |((from, heading), to): (&(usize, &'static str), usize)| Section { heading, text: &DOCUMENT[*from..to] };
    sections.iter().zip(ends).map(of).take_while(|section| section.heading != VOCABULARY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_found_by_name_and_by_what_they_are_about() {
        let begins = |name: &str| section(name).unwrap_or_else(|| panic!("{name}")).lines().next().unwrap_or_default();
        for (name, heading) in [
            ("loops", "### Loops"),
            ("Guard", "### Guards"),
            ("site", "### The site"),
            ("for_each", "### Loops"),
            ("include", "### Pieces"),
            ("join", "## References"),
            ("retry_on", "## Commands"),
        ] {
            assert_eq!(begins(name), heading, "{name}");
        }
        assert!(section("nothing-like-that").is_none() && section("on").is_none());
        assert!(sections().count() > 10 && !sections().any(|it| it.starts_with('`')));
    }
}
