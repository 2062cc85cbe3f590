//! A step and an action of the sheet.

use crate::display::plan::changes::Shown;
use crate::display::plan::sheet::back::Back;
use crate::display::plan::sheet::schedule::Slot;
use crate::display::plan::sheet::timing::SiteDuring;
use crate::display::plan::usual::Usual;
use crate::model::{Step, StepAction, Text};
use crate::plan::Look;

/// A step.
pub(in crate::display) struct SheetStep<'a> {
    pub(in crate::display) step: &'a Step,
    pub(in crate::display) slot: Slot,
    pub(in crate::display) usual: Usual,
    pub(in crate::display) site: SiteDuring,
    /// The site once it is done.
    pub(in crate::display) after: Option<&'static str>,
    /// Nothing before it can be brought back once it is done.
    pub(in crate::display) no_return: bool,
    /// The run has done all of it.
    pub(in crate::display) done: bool,
    pub(in crate::display) actions: Vec<SheetAction<'a>>,
}

/// An action.
pub(in crate::display) struct SheetAction<'a> {
    pub(in crate::display) action: &'a StepAction,
    pub(in crate::display) slot: Slot,
    pub(in crate::display) usual: Usual,
    /// What it does, in a sentence.
    pub(in crate::display) does: Text,
    /// The author's title, when `does` says something else.
    pub(in crate::display) title: Option<String>,
    pub(in crate::display) parameters: Vec<Parameter>,
    pub(in crate::display) shown: Shown,
    pub(in crate::display) undo: Text,
    pub(in crate::display) back: Back,
    /// What was seen of it; nothing when nobody looked.
    pub(in crate::display) look: Option<&'a Look>,
}

/// A parameter of an action.
pub(in crate::display) struct Parameter {
    pub(in crate::display) name: String,
    pub(in crate::display) value: Text,
    /// The value is told in words, with names in backticks.
    pub(in crate::display) in_words: bool,
}
