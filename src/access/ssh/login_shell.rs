//! A command as one line of text that every login shell hands on as it is.
//!
//! sshd gives a command to the account's login shell as one text (`SHELL -c TEXT`, sshd(8)), and shells differ: csh ends a
//! quoted word at a line break and reads `!`, fish reads `\\` in single quotes. So the text is single-quoted words of letters
//! that none of them reads, everything else as `\0ooo` of `printf %b` (POSIX), and the host's own `sh` makes the command of it.
//! Words are short, for csh's have a limit.
//!
//! Start-up files of the login shell may print, on either output. `sh` prints a mark before the command: what comes before it
//! is theirs, and where no mark comes the login shell has not run the command at all (`nologin`, a forced command).
//! Messages of the host's programs are asked for in English; the character set stays as it is.
//!
//! Not handled: a start-up file that reads standard input.

use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher, RandomState};

/// What makes the command of its words. No single quote, backslash, `!` or line break is in it.
const UNPACK: &str = "m=$1;shift;echo \"$m\";echo \"$m\">&2;unset LC_ALL LANGUAGE;export LC_MESSAGES=C;\
                      eval \"$(printf %b \"$@\")\"";
/// The longest word: the original csh ends at 1024.
const WORD: usize = 900;

/// A text that no start-up file prints.
#[derive(Debug)]
pub(super) struct Mark(String);

impl Mark {
    pub(super) fn new() -> Self {
        Self(format!("runbook-begins-{:016x}", RandomState::new().build_hasher().finish()))
    }

    /// What came after the mark; nothing when it never came.
    pub(super) fn after<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let mark = format!("{}\n", self.0).into_bytes();
        let at = bytes.windows(mark.len()).position(|window| window == mark)?;
        Some(&bytes[at + mark.len()..])
    }
}

/// The text for the login shell.
pub(super) fn line(argv: &[String], mark: &Mark) -> String {
    let command: Vec<String> = argv.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
    let mut text = format!("sh -c '{UNPACK}' sh {}", mark.0);
    for word in packed(&format!("exec {}", command.join(" "))) {
        let _ = write!(text, " '{word}'");
    }
    text
}

fn packed(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for byte in text.bytes() {
        let piece = match byte {
            b'\'' | b'\\' | b'!' | 0..=0x1f | 0x7f.. => format!("\\0{byte:03o}"),
            plain => char::from(plain).to_string(),
        };
        if words.last().is_some_and(|word| word.len() + piece.len() > WORD) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push_str(&piece);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    fn through(shell: &str, argv: &[String], mark: &Mark) -> Vec<u8> {
        Command::new(shell).args(["-c", &line(argv, mark)]).output().unwrap().stdout
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn any_arguments_come_out_as_they_went_in(words in prop::collection::vec("[^\0]{0,40}|[\\\\'!\n ]{1,9}", 1..4)) {
            let mut argv = vec!["printf".to_owned(), r"%s\n".to_owned()];
            argv.extend(words.clone());
            let mark = Mark::new();
            let out = through("sh", &argv, &mark);
            let wanted: String = words.iter().map(|word| format!("{word}\n")).collect();
            prop_assert_eq!(mark.after(&out).unwrap(), wanted.as_bytes());
        }
    }

    #[test]
    fn the_text_has_nothing_that_a_shell_reads_and_no_long_word() {
        let text = line(&["a'b\\c!\n\u{e9}".repeat(2000)], &Mark::new());
        let inside = text.strip_prefix(&format!("sh -c '{UNPACK}' ")).unwrap();
        assert!(!text.contains(['!', '\n']) && text.is_ascii() && !inside.contains(r"\\") && !inside.contains(r"\'"));
        assert!(inside.split(' ').all(|word| word.len() <= WORD + 2));
    }

    #[test]
    fn what_comes_before_the_mark_is_left_out() {
        let mark = Mark::new();
        let said = format!("hello\n{}\nout", mark.0);
        assert_eq!(mark.after(said.as_bytes()), Some(b"out".as_slice()));
        assert_eq!(mark.after(b"hello\n"), None);
    }
}
