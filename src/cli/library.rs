//! The runbooks that come with the tool, and finding the one an operator names.

use crate::cli::CommandFailure;
use crate::model::{LocalFile, Runbook, StepId, Value, ValueType, Values};
use crate::{display, document, validate};
use std::io::IsTerminal;
use std::path::Path;

/// Name and text of each.
pub(in crate::cli) const SHIPPED: &[(&str, &str)] = &[
    ("single-to-ha", include_str!("../../runbooks/single-to-ha.yaml")),
    ("single-to-ha-online", include_str!("../../runbooks/single-to-ha-online.yaml")),
    ("restart-web-node", include_str!("../../runbooks/restart-web-node.yaml")),
    ("release", include_str!("../../runbooks/release.yaml")),
    ("certificate-rolling", include_str!("../../runbooks/certificate-rolling.yaml")),
    ("postgres-move", include_str!("../../runbooks/postgres-move.yaml")),
    ("central-logs", include_str!("../../runbooks/central-logs.yaml")),
];

/// The worlds on which they are rehearsed.
pub(in crate::cli) const WORLDS: &[(&str, &str)] = &[
    ("single-to-ha", include_str!("../../runbooks/single-to-ha.world.yaml")),
    ("single-to-ha-online", include_str!("../../runbooks/single-to-ha-online.world.yaml")),
    ("restart-web-node", include_str!("../../runbooks/restart-web-node.world.yaml")),
    ("release", include_str!("../../runbooks/release.world.yaml")),
    ("certificate-rolling", include_str!("../../runbooks/certificate-rolling.world.yaml")),
    ("postgres-move", include_str!("../../runbooks/postgres-move.world.yaml")),
    ("central-logs", include_str!("../../runbooks/central-logs.world.yaml")),
];

/// A runbook that was found and is valid.
#[derive(Debug)]
pub(in crate::cli) struct FoundRunbook {
    pub(in crate::cli) text: String,
    /// The file it was read from, absolute; nothing when it comes with the tool.
    pub(in crate::cli) source: Option<String>,
    pub(in crate::cli) runbook: Runbook,
}

/// The runbook of this name, or in this file.
pub(in crate::cli) fn find(name: &str) -> Result<FoundRunbook, CommandFailure> {
    let mut source = None;
    let (place, text) = match SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        Some((shipped, text)) => (format!("{shipped}.yaml"), (*text).to_owned()),
        None if looks_like_a_file(name) => {
            let text = whole(Path::new(name))?;
            source = std::path::absolute(name).ok().map(|path| path.display().to_string());
            (name.to_owned(), text)
        }
        None => {
            let names: Vec<&str> = SHIPPED.iter().map(|(n, _)| *n).collect();
            let near = names.iter().max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
            let failure = CommandFailure::usage(format!("there is no runbook `{name}`"));
            return Err(match near {
                Some(near) if strsim::jaro(near, name) > 0.7 => failure.hint(format!("did you mean `{near}`?")),
                _ => {
                    failure.hint("`runbook list` lists those that come with the tool; a file is named with its `.yaml`")
                }
            });
        }
    };
    let runbook = validate::parse_runbook(&place, &text).map_err(|p| problems(&p))?;
    Ok(FoundRunbook { text, source, runbook })
}

impl FoundRunbook {
    /// The runbook that it is with these inputs.
    pub(in crate::cli) fn with(&self, inputs: &Values) -> Result<Runbook, CommandFailure> {
        let place = self.source.as_deref().unwrap_or(&self.runbook.name);
        validate::parse_runbook_with(place, &self.text, inputs).map_err(|p| problems(&p))
    }
}

/// The folder of a runbook's file.
pub(in crate::cli) fn folder(source: Option<&str>) -> Option<String> {
    Some(Path::new(source?).parent()?.display().to_string())
}

/// The inputs from a file and `--set`, checked against the runbook.
pub(in crate::cli) fn inputs(
    runbook: &Runbook,
    file: Option<&Path>,
    sets: &[(String, String)],
) -> Result<Values, CommandFailure> {
    let read = match file {
        Some(path) => Some((path.display().to_string(), read(path)?)),
        None => None,
    };
    let named = read.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    let mut values = validate::parse_inputs(runbook, named, sets).map_err(|p| problems(&p))?;
    for input in runbook.inputs.iter().filter(|input| input.value_type == ValueType::File) {
        // Whoever goes on with the run may be in another folder.
        let whole = |it: &Value| it.as_str().and_then(|path| std::path::absolute(path).ok());
        if let Some(whole) = values.get(&input.name).and_then(whole) {
            values.insert(input.name.clone(), whole.display().to_string().into());
        }
    }
    Ok(values)
}

pub(in crate::cli) fn problems(problems: &validate::Problems) -> CommandFailure {
    CommandFailure::problems(
        problems.render(display::Terminal::of_environment(std::io::stderr().is_terminal()).colour),
        problems.to_json(),
    )
}

fn looks_like_a_file(name: &str) -> bool {
    name.contains('/') || name.ends_with(".yaml") || name.ends_with(".yml") || Path::new(name).is_file()
}

/// A runbook's text with the pieces that it includes, each a file in the runbook's own folder, links followed, or below it. What is no
/// runbook is given as it is: whoever reads it says why.
pub(in crate::cli) fn whole(path: &Path) -> Result<String, CommandFailure> {
    let text = read(path)?;
    // Most include nothing, and reading a large one twice is felt. One that writes the word otherwise is told that a piece is missing.
    if !text.contains("include") {
        return Ok(text);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut pieces: Vec<(String, String)> = Vec::new();
    loop {
        let now = document::whole(&text, &pieces);
        let Ok(document) = document::parse("", &now) else { return Ok(now) };
        let is_new = |name: &String| !document.pieces.iter().any(|piece| piece.name == *name);
        let Some(next) = validate::wanted_pieces(&document).into_iter().find(is_new) else { return Ok(now) };
        let text = piece(folder, &next)?;
        pieces.push((next, text));
    }
}

fn piece(folder: &Path, name: &str) -> Result<String, CommandFailure> {
    let path = folder.join(name);
    let refused = |why: String| {
        CommandFailure::usage(format!("cannot read the piece `{name}`"))
            .cause(why)
            .hint(format!("a runbook includes what is in its own folder, `{}`, or below it", folder.display()))
    };
    if !LocalFile::is_inside(name) {
        return Err(refused("its path leads elsewhere".to_owned()));
    }
    let real = path.canonicalize().map_err(|error| refused(error.to_string()))?;
    let home = folder.canonicalize().map_err(|error| refused(error.to_string()))?;
    if !real.starts_with(&home) {
        return Err(refused(format!("it leads to `{}`", real.display())));
    }
    read(&real)
}

fn read(path: &Path) -> Result<String, CommandFailure> {
    std::fs::read_to_string(path)
        .map_err(|e| CommandFailure::usage(format!("cannot read `{}`", path.display())).cause(e.to_string()))
}

pub(in crate::cli) fn step(runbook: &Runbook, name: &str) -> Result<StepId, CommandFailure> {
    runbook.step(name).map(|s| s.id.clone()).ok_or_else(|| {
        let steps: Vec<String> = runbook.steps.iter().map(|s| format!("step-{} {}", s.number, s.id)).collect();
        CommandFailure::usage(format!("there is no step `{name}`")).hint(format!("steps: {}", steps.join(", ")))
    })
}
