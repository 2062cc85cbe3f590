//! Sets keys of Nextcloud's `config.php`, and takes them back.
//!
//! What it is: edits by spans of tokens where `$CONFIG` is one array written out, as Nextcloud
//! writes it and as most people do.
//!
//! What it promises: only the keys that are asked for change; comments, order and layout of all
//! else stay. No message holds a value of the file: it is full of secrets. The result is read
//! again: if it is not the file that was meant, it is refused.
//!
//! What it does not handle: files that compute `$CONFIG` (they are refused),
//! `config/*.config.php`, which Nextcloud reads after this file, and settings that keep others from their
//! effect (`overwritecondaddr`, `forwarded_for_headers`): php on the host judges those.

mod array;
mod config;
mod insert;
mod lex;
mod literal;
mod set;
mod setting;
mod shown;
mod style;
mod unset;

pub use setting::{Previous, Setting};
pub use shown::{names_secret, shown, shown_value};

use std::collections::BTreeMap;

use super::{Edit, EditRefusal, Note, Reason, span};
use config::Config;

/// Makes the keys hold what is wanted: values that are there are replaced or added to, others are
/// put at the end of `$CONFIG`, in the file's own style.
///
/// # Errors
///
/// Every place of the file, and every key, that keeps it from being edited safely.
pub fn set_config(bytes: &[u8], wanted: &[(String, Setting)]) -> Result<Edit, EditRefusal> {
    let keys: Vec<&str> = wanted.iter().map(|(key, _)| key.as_str()).collect();
    refuse_repeated(&keys)?;
    let config = Config::read(bytes).map_err(EditRefusal::new)?;
    let (patch, mut notes) = set::set(&config, wanted).map_err(EditRefusal::new)?;
    notes.extend(surroundings(&config));
    notes.sort_by_key(|note| (note.line.is_none(), note.line));
    let after = patch.apply(bytes);
    let is_as_meant = Config::read(&after).is_ok_and(|again| {
        let is_set = |(key, setting): &(String, Setting)| {
            let entry = again.entry(key).ok().flatten();
            entry.and_then(|entry| again.literal(entry)).is_some_and(|found| setting.holds(&found))
        };
        again.others(&keys) == config.others(&keys) && wanted.iter().all(is_set)
    });
    if is_as_meant { Ok(Edit::new(bytes, after, notes)) } else { Err(not_as_meant()) }
}

/// Takes back what [`set_config`] did to these keys, and nothing else, in a file that may have
/// changed since.
///
/// # Errors
///
/// Every place of the file, and every key, that keeps it from being edited safely.
pub fn unset_config(bytes: &[u8], keys: &[(String, Previous)]) -> Result<Edit, EditRefusal> {
    let names: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
    refuse_repeated(&names)?;
    let config = Config::read(bytes).map_err(EditRefusal::new)?;
    let after = unset::unset(&config, keys).map_err(EditRefusal::new)?.apply(bytes);
    let is_as_meant = Config::read(&after).is_ok_and(|again| {
        let is_back = |(key, previous): &(String, Previous)| match (again.entry(key), previous) {
            (Ok(Some(entry)), Previous::Was(raw)) => again.text(entry.element.value()) == raw,
            (Ok(found), Previous::Absent) => found.is_none(),
            (Ok(None), Previous::Was(_)) | (Err(_), _) => false,
        };
        again.others(&names) == config.others(&names) && keys.iter().all(is_back)
    });
    if is_as_meant { Ok(Edit::new(bytes, after, Vec::new())) } else { Err(not_as_meant()) }
}

/// The values of these keys as they stand in the file, byte by byte; none for a key that is not
/// there. No other value leaves the file.
///
/// # Errors
///
/// Every place of the file that makes it uncertain what the keys hold.
pub fn read_raw(bytes: &[u8], keys: &[String]) -> Result<BTreeMap<String, Option<Vec<u8>>>, EditRefusal> {
    let config = Config::read(bytes).map_err(EditRefusal::new)?;
    let found = keys.iter().map(|key| {
        let entry = config.entry(key)?;
        let value = entry.map(|entry| config.text(entry.element.value()).to_vec());
        Ok((key.clone(), value))
    });
    found.collect::<Result<_, Reason>>().map_err(EditRefusal::from)
}

/// What else of the file bears on the edit.
fn surroundings(config: &Config<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    if span::bom_length(config.bytes) > 0 {
        let message = "the file begins with a byte order mark, which PHP sends to clients";
        notes.push(Note::warning(Some(1), message));
    }
    notes
}

fn refuse_repeated(keys: &[&str]) -> Result<(), EditRefusal> {
    let repeated = keys.iter().enumerate().find(|(at, key)| keys[..*at].contains(key));
    repeated.map_or(Ok(()), |(_, key)| {
        let message = format!("`{key}` is asked for twice");
        Err(Reason::whole(message, "ask for each key once").into())
    })
}

fn not_as_meant() -> EditRefusal {
    let message = "the edited file would not read as it should";
    Reason::whole(message, "edit the file by hand").into()
}
