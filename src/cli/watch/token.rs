//! The word in the page's address.

use std::fs::File;
use std::io::Read;

/// 128 bits that nobody can guess, in hexadecimal.
pub(super) fn new() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether two words are the same, in a time that does not tell how much of them is.
pub(super) fn is(word: &str, token: &str) -> bool {
    let differ = word.bytes().zip(token.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    word.len() == token.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_long_new_and_compared_whole() {
        let (one, other) = (new().unwrap(), new().unwrap());
        assert!(one.len() == 32 && one != other && one.bytes().all(|b| b.is_ascii_hexdigit()));
        assert!(is(&one, &one) && !is(&other, &one) && !is("", &one) && !is(&one[..31], &one));
        assert!(!is(&format!("{one}0"), &one));
    }
}
