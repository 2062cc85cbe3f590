//! Names that an `include` means. nginx asks glob(3) without flags: `*`, `?` and `[...]` match no slash and no leading
//! dot; the names come in the order of their bytes (nginx sets no locale).

/// Whether the path is one that the pattern means.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let (patterns, parts): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    patterns.len() == parts.len()
        && patterns.iter().zip(&parts).all(|(pattern, part)| {
            let is_hidden = part.starts_with('.') && !pattern.starts_with('.');
            !is_hidden && part_matches(pattern.as_bytes(), part.as_bytes())
        })
}

/// Whether it may mean several names.
pub(super) fn is_pattern(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

fn part_matches(pattern: &[u8], part: &[u8]) -> bool {
    match pattern.split_first() {
        None => part.is_empty(),
        Some((b'*', rest)) => (0..=part.len()).any(|at| part_matches(rest, &part[at..])),
        Some((b'?', rest)) => !part.is_empty() && part_matches(rest, &part[1..]),
        Some((b'\\', rest)) if !rest.is_empty() => part.first() == rest.first() && part_matches(&rest[1..], &part[1..]),
        Some((b'[', rest)) => match (class(rest), part.split_first()) {
            (Some((class, rest)), Some((byte, part))) => in_class(class, *byte) && part_matches(rest, part),
            (Some(_), None) => false,
            (None, _) => part.first() == Some(&b'[') && part_matches(rest, &part[1..]),
        },
        Some((byte, rest)) => part.first() == Some(byte) && part_matches(rest, &part[1..]),
    }
}

/// What is between the brackets, and what comes after them. A `]` at the start is one of the class.
fn class(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let head = usize::from(matches!(text.first(), Some(b'!' | b'^')));
    let end = text.iter().skip(head + 1).position(|byte| *byte == b']')? + head + 1;
    Some((&text[..end], &text[end + 1..]))
}

fn in_class(class: &[u8], byte: u8) -> bool {
    let (class, is_negated) = match class.split_first() {
        Some((b'!' | b'^', rest)) => (rest, true),
        _ => (class, false),
    };
    let mut at = 0;
    let mut is_in = false;
    while at < class.len() {
        if class.get(at + 1) == Some(&b'-') && at + 2 < class.len() {
            is_in |= (class[at]..=class[at + 2]).contains(&byte);
            at += 3;
        } else {
            is_in |= class[at] == byte;
            at += 1;
        }
    }
    is_in != is_negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_glob_says() {
        for (pattern, path) in [
            ("/etc/nginx/conf.d/*.conf", "/etc/nginx/conf.d/a.conf"),
            ("/etc/nginx/sites-enabled/*", "/etc/nginx/sites-enabled/default"),
            ("/etc/*/a?.conf", "/etc/nginx/ab.conf"),
            ("/a/[0-9][!a]*", "/a/0b-x"),
            ("/a/[]x]", "/a/]"),
            ("/a/.*", "/a/.hidden"),
            ("/a/\\*", "/a/*"),
            ("/a/**b", "/a/xb"),
            ("/a/[", "/a/["),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/etc/nginx/conf.d/*.conf", "/etc/nginx/conf.d/.a.conf"),
            ("/etc/nginx/conf.d/*.conf", "/etc/nginx/conf.d/a.conf.bak"),
            ("/etc/nginx/*", "/etc/nginx/conf.d/a.conf"),
            ("/a/[0-9]", "/a/x"),
            ("/a/[^0-9]", "/a/1"),
            ("/a/?", "/a/"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }
}
