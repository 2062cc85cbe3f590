//! What is said of an action in every form of a plan: what it does, what undoes it, why it cannot be told yet.

use crate::display::wording::first_sentence;
use crate::model::{ActionPath, Description, Reversibility, Spec, StepAction, Text, tell};

/// Where an action's description comes from. Nothing when its parameters do not fit.
pub type Sentences<'a> = &'a dyn Fn(&ActionPath) -> Option<Description>;

/// What an action's undo does: its own sentence, else what is said about its kind.
pub(in crate::display) fn undo_sentence(spec: &Spec, sentence: Option<Text>) -> Text {
    sentence.unwrap_or_else(|| {
        let said = spec.about.split_once(" Undo ").map(|(_, undo)| first_sentence(undo).into());
        said.unwrap_or_else(|| "takes it back".into())
    })
}

/// The same with how far it can be undone.
pub(in crate::display) fn undo(action: &StepAction, sentence: Option<Text>) -> Text {
    let spec = action.kind.spec();
    match action.reversibility() {
        Reversibility::Reversible => undo_sentence(&spec, sentence),
        Reversibility::WithLoss(what) => tell!("{} (lost: {})", undo_sentence(&spec, sentence), what),
        Reversibility::NothingToUndo(why) => nothing_to_undo(why, sentence.as_ref()),
        Reversibility::Irreversible(why) => tell!("cannot be undone: {}", why),
    }
}

/// What undoing does where nothing is to be taken back: it may look or wait all the same.
pub(in crate::display) fn nothing_to_undo(why: &str, sentence: Option<&Text>) -> Text {
    match sentence {
        None => tell!("nothing to undo: {}", why),
        Some(sentence) => tell!("takes nothing back: {}", sentence),
    }
}

/// Why what was seen of an action is not what it will find.
pub(in crate::display) fn too_early(after: &ActionPath) -> String {
    format!("`{after}` changes that before")
}
