//! Saved plans as files, and who signed them: `plan.json` and, beside it, `plan.json.signatures`.
//!
//! A signature is a line of JSON: who, when, which SHA-256. Lines are only added. A plan whose signatures speak of another
//! SHA-256 is one that was changed after it was signed: every command refuses it. What a signature is worth is what the
//! file's permissions and the operating system's names are worth; it is no cryptographic proof.

use crate::cli::place::{OutputPlace, place};
use crate::cli::{CommandFailure, Exit};
use crate::journal::{PlanFile, Signature};
use crate::model::sha256;
use crate::plan::{Plan, Saved, SavedError};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A saved plan that was read and is as it was saved.
#[derive(Debug)]
pub(in crate::cli) struct ReadPlan {
    pub(in crate::cli) saved: Saved,
    pub(in crate::cli) plan: Plan,
    pub(in crate::cli) file: PlanFile,
}

/// Where a plan can be saved: not over one that was signed.
pub(in crate::cli) fn place_for(named: &Path) -> Result<OutputPlace, CommandFailure> {
    let place = place("plan", named)?;
    let signatures = beside(named);
    if signatures.exists() {
        return Err(CommandFailure::refused(format!("`{}` is signed, and is not overwritten", named.display()))
            .hint("save the new plan under another name")
            .hint(format!("or, when nobody will run the old one, remove it with `{}`", signatures.display())));
    }
    Ok(place)
}

/// Saves a plan; answers its SHA-256.
pub(in crate::cli) fn save(place: &OutputPlace, saved: &Saved) -> Result<String, CommandFailure> {
    let text = saved.text().map_err(|e| CommandFailure::chain(Exit::Failed, &e))?;
    place.write(&text)?;
    Ok(sha256(text.as_bytes()))
}

/// Reads a saved plan and its signatures, and judges nothing but that they belong together.
pub(in crate::cli) fn read(path: &Path) -> Result<ReadPlan, CommandFailure> {
    let shown = path.display();
    let bytes =
        fs::read(path).map_err(|e| CommandFailure::usage(format!("cannot read `{shown}`")).cause(e.to_string()))?;
    let unusable = |e: SavedError| {
        CommandFailure::refused(format!("`{shown}` cannot be used")).cause(e.to_string()).hint(
            "take the file as it was saved (`sha256sum` tells which it is), or make a new one: `runbook plan ... --out`",
        )
    };
    let saved = Saved::read(&bytes).map_err(unusable)?;
    let plan = saved.plan().map_err(|e| unusable(e.into()))?;
    let sha256 = sha256(&bytes);
    let signatures = signatures(path)?;
    if let Some(other) = signatures.iter().find(|signature| signature.sha256 != sha256) {
        return Err(CommandFailure::refused(format!("`{shown}` was changed after it was signed"))
            .cause(format!("{} signed {}", other.by, other.sha256))
            .cause(format!("the file is   {sha256}"))
            .hint("bring back the file that was signed, or make a new plan and have it signed"));
    }
    let file = PlanFile { sha256, made_by: saved.made_by.clone(), made_at: saved.made_at, signatures };
    Ok(ReadPlan { saved, plan, file })
}

/// Adds a signature.
pub(in crate::cli) fn add(path: &Path, signature: &Signature) -> Result<(), CommandFailure> {
    let beside = beside(path);
    let line = serde_json::to_string(signature).map_err(|e| CommandFailure::output(&e.into()))?;
    // One write at the end of the file: two who sign at once do not mix their lines.
    let added = OpenOptions::new().append(true).create(true).open(&beside).and_then(|mut file| {
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_all()
    });
    added.map_err(|e| {
        CommandFailure::new(Exit::Failed, format!("cannot add the signature to `{}`", beside.display()))
            .cause(e.to_string())
    })
}

/// The file in which a plan's signatures are.
pub(in crate::cli) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".signatures");
    name.into()
}

fn signatures(path: &Path) -> Result<Vec<Signature>, CommandFailure> {
    let beside = beside(path);
    let shown = beside.display();
    let text = match fs::read_to_string(&beside) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(CommandFailure::refused(format!("cannot read `{shown}`")).cause(e.to_string())),
    };
    let mut all = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let signature: Signature = serde_json::from_str(line).map_err(|e| {
            CommandFailure::refused(format!("line {number} of `{shown}` is no signature"))
                .cause(e.to_string())
                .hint("remove the file and have the plan signed again")
        })?;
        all.push(signature);
    }
    Ok(all)
}
