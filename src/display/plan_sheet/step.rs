//! A step and an action of the sheet.

use super::super::changes::Shown;
use super::super::usual::Usual;
use super::back::Back;
use super::schedule::Slot;
use super::timing::SiteDuring;
use crate::model::{Step, StepAction};
use crate::plan::{Look, Site};

/// A step.
pub(in super::super) struct SheetStep<'a> {
    pub(in super::super) step: &'a Step,
    pub(in super::super) slot: Slot,
    pub(in super::super) usual: Usual,
    pub(in super::super) site: SiteDuring,
    /// The site once it is done.
    pub(in super::super) after: Site,
    /// Nothing before it can be brought back once it is done.
    pub(in super::super) no_return: bool,
    /// The run has done all of it.
    pub(in super::super) done: bool,
    pub(in super::super) actions: Vec<SheetAction<'a>>,
}

/// An action.
pub(in super::super) struct SheetAction<'a> {
    pub(in super::super) action: &'a StepAction,
    pub(in super::super) slot: Slot,
    pub(in super::super) usual: Usual,
    /// What it does, in a sentence.
    pub(in super::super) does: String,
    /// The author's title, when `does` says something else.
    pub(in super::super) title: Option<String>,
    pub(in super::super) parameters: Vec<Parameter>,
    pub(in super::super) shown: Shown,
    pub(in super::super) undo: String,
    pub(in super::super) back: Back,
    /// What was seen of it; nothing when nobody looked.
    pub(in super::super) look: Option<&'a Look>,
}

/// A parameter of an action.
pub(in super::super) struct Parameter {
    pub(in super::super) name: String,
    pub(in super::super) value: String,
    /// Only the run will bring all of it.
    pub(in super::super) later: bool,
    /// The value is told in words, with names in backticks.
    pub(in super::super) in_words: bool,
}
