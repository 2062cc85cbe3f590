//! The way back of an action, as a reader judges it.

use crate::display::plan::spoken::nothing_to_undo;
use crate::display::table::count;
use crate::model::{Reversibility, StepAction, Text};

/// How far an action can be taken back.
pub(in crate::display) enum Back {
    /// Wholly.
    Whole,
    /// Something is lost; what.
    Loss(String),
    /// It leaves nothing behind; the whole sentence, with why or with what an undo does all the same.
    Nothing(Text),
    /// Not at all; why it is done all the same.
    Never(String),
}

impl Back {
    /// What the kind of action allows; what the document says of this one weighs more. `undo` is the action's own sentence.
    pub(in crate::display) fn of(action: &StepAction, undo: Option<&Text>) -> Self {
        if let Some(why) = action.cannot_be_undone() {
            return Back::Never(why.to_owned());
        }
        match action.reversibility() {
            Reversibility::Reversible => Back::Whole,
            Reversibility::WithLoss(what) => Back::Loss(what.into()),
            Reversibility::NothingToUndo(why) => Back::Nothing(nothing_to_undo(why, undo)),
            Reversibility::Irreversible(why) => Back::Never(why.into()),
        }
    }
}

/// `24 actions can be undone`, `1 cannot be undone`: only what there is.
pub(in crate::display) fn tally_text<'a>(backs: impl Iterator<Item = &'a Back>) -> Vec<String> {
    let (mut whole, mut loss, mut nothing, mut never) = (0, 0, 0, 0);
    for back in backs {
        match back {
            Back::Whole => whole += 1,
            Back::Loss(_) => loss += 1,
            Back::Nothing(_) => nothing += 1,
            Back::Never(_) => never += 1,
        }
    }
    let rows = [
        (whole, "can be undone"),
        (loss, "can be undone with a loss"),
        (never, "cannot be undone"),
        (nothing, "with nothing to undo"),
    ];
    let told = |(number, what): (usize, &str)| (number > 0).then(|| format!("{} {what}", count(number, "action")));
    rows.into_iter().filter_map(told).collect()
}
