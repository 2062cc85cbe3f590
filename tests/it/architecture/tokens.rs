//! A source text as words and signs: what is in comments and literals is not code.

/// One piece of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A name or keyword.
    Word(String),
    /// `::`
    Path,
    /// Any other sign.
    Sign(char),
}

impl Token {
    /// The word, when it is one.
    pub fn word(&self) -> Option<&str> {
        match self {
            Token::Word(word) => Some(word),
            Token::Path | Token::Sign(_) => None,
        }
    }

    /// Whether it is this word.
    pub fn is(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    /// Whether it is this sign.
    pub fn sign(&self, sign: char) -> bool {
        *self == Token::Sign(sign)
    }
}

fn of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The text's tokens, without comments, literals and lifetimes.
pub fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match c {
            '/' if next == Some('/') => at += chars[at..].iter().take_while(|c| **c != '\n').count(),
            '/' if next == Some('*') => at = after_comment(&chars, at),
            '"' => at = after_text(&chars, at),
            '\'' => at = after_quote(&chars, at),
            ':' if next == Some(':') => {
                found.push(Token::Path);
                at += 2;
            }
            c if of_word(c) => {
                let word: String = chars[at..].iter().take_while(|c| of_word(**c)).collect();
                let end = at + word.chars().count();
                let hashes = chars[end..].iter().take_while(|c| **c == '#').count();
                let raw = matches!(word.as_str(), "r" | "br" | "cr") && chars.get(end + hashes) == Some(&'"');
                if raw {
                    at = after_raw(&chars, end + hashes + 1, hashes);
                } else {
                    found.push(Token::Word(word));
                    at = end;
                }
            }
            c => {
                if !c.is_whitespace() {
                    found.push(Token::Sign(c));
                }
                at += 1;
            }
        }
    }
    found
}

fn after_comment(chars: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn after_text(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn after_raw(chars: &[char], from: usize, hashes: usize) -> usize {
    let ends =
        |at: usize| chars[at] == '"' && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    (from..chars.len()).find(|at| ends(*at)).map_or(chars.len(), |at| at + 1 + hashes)
}

/// A character's literal has its end at once; a lifetime has none.
fn after_quote(chars: &[char], from: usize) -> usize {
    match (chars.get(from + 1), chars.get(from + 2)) {
        (Some('\\'), _) => {
            let end = chars[from + 3..].iter().position(|c| *c == '\'').map_or(chars.len(), |n| from + 3 + n);
            end + 1
        }
        (Some(_), Some('\'')) => from + 3,
        _ => from + 1 + chars[from + 1..].iter().take_while(|c| of_word(**c)).count(),
    }
}

#[test]
fn comments_literals_and_lifetimes_are_no_code() {
    let text = r##"
        // crate::a
        /* crate::b /* crate::c */ crate::d */
        fn e<'long>(f: &'long str) { g("crate::h \" i", 'j', '\'', r#"crate::k " l"#, b"m"); n }
    "##;
    let words: Vec<String> = tokens(text).iter().filter_map(|t| t.word().map(str::to_owned)).collect();
    assert_eq!(words, ["fn", "e", "f", "str", "g", "b", "n"]);
}
