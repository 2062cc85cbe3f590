//! Whose a file is to be, and who may do what with it.

use super::file::FileImage;
use super::file_scripts::ACCOUNTS;
use super::place::Hand;
use crate::access::RemoteCommand;
use crate::action::Context;
use crate::model::{Account, Failure, FileMode, Target, Text, tell};

/// The permissions of a new file.
const USUAL_MODE: u32 = 0o644;

/// Whose a file is to be and who may do what with it, as far as that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    /// The owner's id.
    pub(super) owner: Option<u32>,
    /// The group's id.
    pub(super) group: Option<u32>,
    /// The permissions.
    pub(super) mode: Option<u32>,
}

impl Attributes {
    /// Whether a file has them.
    pub(super) fn fit(&self, image: &FileImage) -> bool {
        self.owner.is_none_or(|owner| owner == image.owner)
            && self.group.is_none_or(|group| group == image.group)
            && self.mode.is_none_or(|mode| Some(mode) == image.permissions())
    }

    /// As chown(1) takes them.
    pub(super) fn whose(&self) -> String {
        let number = |id: Option<u32>| id.map_or_else(String::new, |id| id.to_string());
        match (self.owner, self.group) {
            (None, None) => String::new(),
            (owner, None) => number(owner),
            (owner, group) => format!("{}:{}", number(owner), number(group)),
        }
    }

    /// As chmod(1) takes them.
    pub(super) fn permissions(&self) -> String {
        self.mode.map_or_else(String::new, |mode| format!("{mode:04o}"))
    }

    /// What a new file is given: whoever makes it is its owner, everybody may read it, unless that is said.
    pub(super) fn of_new(&self, hand: Hand) -> Self {
        let group = if hand == Hand::Root { Some(0) } else { None };
        Self { group: self.group.or(group), mode: self.mode.or(Some(USUAL_MODE)), ..self.clone() }
    }

    /// What of a file becomes another, in words.
    pub(super) fn told(&self, now: &FileImage) -> String {
        let changed = |what: &str, from: &str, to: String| format!("; {what} {from} becomes {to}");
        let owner = self.owner.filter(|owner| *owner != now.owner);
        let group = self.group.filter(|group| *group != now.group);
        let mode = self.mode.filter(|mode| Some(*mode) != now.permissions());
        [
            owner.map(|owner| changed("owner", &now.owner.to_string(), owner.to_string())),
            group.map(|group| changed("group", &now.group.to_string(), group.to_string())),
            mode.map(|mode| changed("mode", &now.mode, format!("{mode:03o}"))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The same as a runbook says it, by names.
#[derive(Clone, Copy)]
pub(super) struct NamedAttributes<'a> {
    pub(super) owner: Option<&'a Account>,
    pub(super) group: Option<&'a Account>,
    pub(super) mode: Option<&'a FileMode>,
}

impl NamedAttributes<'_> {
    /// The part of a sentence that names them.
    pub(super) fn told(&self) -> Text {
        let said = [
            self.owner.map(|owner| tell!(", owner {}", owner)),
            self.group.map(|group| tell!(", group {}", group)),
            self.mode.map(|mode| tell!(", mode {}", mode)),
        ];
        Text::joined(said.into_iter().flatten(), "")
    }

    /// The same as numbers, as the host knows them.
    ///
    /// # Errors
    /// Refused when the host knows no such user or group.
    pub(super) async fn known_to(self, on: &Target, cx: &Context<'_>) -> Result<Attributes, Failure> {
        let Self { owner, group, mode } = self;
        let mode = mode.and_then(FileMode::bits);
        if owner.is_none() && group.is_none() {
            return Ok(Attributes { mode, ..Attributes::default() });
        }
        let words = [owner, group].map(|account| account.map_or("-", Account::as_str));
        let told = cx.run_ok(on, RemoteCommand::root_script(ACCOUNTS, words), "asking for users and groups").await?;
        let mut lines = told.lines().map(str::trim);
        let mut number = |kind: &str, account: Option<&Account>| match (account, lines.next()) {
            (None, _) => Ok(None),
            (Some(_), Some(id)) if id.parse::<u32>().is_ok() => Ok(id.parse().ok()),
            (Some(name), _) => Err(Failure::refused(format!("there is no {kind} `{name}` on {on}"))
                .advise(format!(
                    "make it first, or name another: see `getent passwd` and `getent group` on {}",
                    on.name
                ))
                .lacking(&on.name, format!("{kind} {name}"))),
        };
        Ok(Attributes { owner: number("user", owner)?, group: number("group", group)?, mode })
    }
}
