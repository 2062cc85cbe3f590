//! What is made up for one region: nobody knows it before, and it ends with the region.

use crate::model::hex;
use crate::rehearsal::error::RehearsalError;
use std::collections::BTreeMap;
use std::path::Path;

/// Made-up values by their names.
#[derive(Debug, Clone, Default)]
pub(in crate::rehearsal) struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// One for each name.
    pub(in crate::rehearsal) fn make_up(names: &[String]) -> Result<Self, RehearsalError> {
        names.iter().map(|name| Ok((name.clone(), random(12)?))).collect::<Result<_, _>>().map(Self)
    }

    /// All of them.
    pub(in crate::rehearsal) fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

/// Random bytes in hexadecimal, from the kernel.
pub(in crate::rehearsal) fn random(bytes: usize) -> Result<String, RehearsalError> {
    use std::io::Read;
    let source = Path::new("/dev/urandom");
    let mut buffer = vec![0; bytes];
    std::fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut buffer))
        .map_err(RehearsalError::file("read", source))?;
    Ok(hex(&buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_values_differ() {
        assert_ne!(random(16).unwrap(), random(16).unwrap());
    }
}
