//! The signs of which formulas and conditions are made: words, texts in quotes, whole numbers, and a few signs.

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Lexeme {
    /// Letters, digits and `_ . - @`: a name, or a reference.
    Word(String),
    /// What stands in quotes; the quotes that it is in stand twice for one.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `==`, `(` and the like.
    Sign(&'static str),
}

const SIGNS: [&str; 10] = ["==", "!=", "(", ")", "[", "]", "{", "}", ",", ":"];

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-@".contains(c)
}

/// The signs of a text.
///
/// # Errors
/// What has no meaning in it.
pub fn lexemes(text: &str) -> Result<Vec<Lexeme>, String> {
    pieces(text)?.into_iter().map(|(lexeme, _)| Ok(lexeme)).collect()
}

/// The same text with other words: each word for which there is one is replaced, quoted texts stay.
///
/// # Errors
/// What has no meaning in it.
pub fn with_words(text: &str, mut word: impl FnMut(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut from = 0;
    for (lexeme, place) in pieces(text)? {
        if let Lexeme::Word(it) = &lexeme
            && let Some(other) = word(it)
        {
            out.push_str(&text[from..place.start]);
            out.push_str(&other);
            from = place.end;
        }
    }
    out.push_str(&text[from..]);
    Ok(out)
}

fn pieces(text: &str) -> Result<Vec<(Lexeme, std::ops::Range<usize>)>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        let (lexeme, used) = if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Lexeme::Sign(sign), sign.len())
        } else if first == '"' || first == '\'' {
            quoted(rest, first).ok_or_else(|| format!("the text {rest} does not end"))?
        } else {
            let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
            let word = &rest[..end];
            match word.parse::<i64>() {
                _ if word.is_empty() => return Err(format!("`{first}` has no meaning here")),
                Ok(number) => (Lexeme::Number(number), end),
                Err(_) => (Lexeme::Word(word.to_owned()), end),
            }
        };
        found.push((lexeme, at..at + used));
        rest = rest[used..].trim_start();
    }
    Ok(found)
}

/// The text at the beginning that is in these quotes, and how long it is with them.
fn quoted(rest: &str, quote: char) -> Option<(Lexeme, usize)> {
    let (mut text, mut used) = (String::new(), 1);
    loop {
        let end = used + rest[used..].find(quote)?;
        text.push_str(&rest[used..end]);
        used = end + 1;
        if !rest[used..].starts_with(quote) {
            return Some((Lexeme::Text(text), used));
        }
        text.push(quote);
        used += 1;
    }
}

impl std::fmt::Display for Lexeme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Lexeme::Word(word) => write!(f, "`{word}`"),
            Lexeme::Text(text) => write!(f, "\"{text}\""),
            Lexeme::Number(number) => write!(f, "`{number}`"),
            Lexeme::Sign(sign) => write!(f, "`{sign}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_replaced_outside_of_quotes() {
        let each = |word: &str| (word == "each").then(|| "'web-1'".to_owned());
        let filled = with_words(" lower( each ), 'each', inputs.ports[each].each", each).unwrap();
        assert_eq!(filled, " lower( 'web-1' ), 'each', inputs.ports['web-1'].each");
        let twice = lexemes("'it''s' \"\" \"a \"\"b\"\"\"").unwrap();
        let texts = ["it's", "", "a \"b\""].map(|text| Lexeme::Text(text.into()));
        assert_eq!(twice, texts);
        assert!(with_words("a + b", each).unwrap_err().contains("`+` has no meaning"));
    }
}
