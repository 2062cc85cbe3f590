//! Something that must hold in a world: a command's end, or what AWS answers.

use crate::model::ActionPath;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Where a command of the operator's runs.
pub(in crate::rehearsal) const OPERATOR: &str = "operator";

/// Something that must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holds {
    /// What it means, for the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// Where the command runs: a host of the world, an instance by its `Name` tag (one that the run makes), or `operator`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// A command for `sh -eu`, as root on a host; of a host that is off, with its disk as the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// What it must print, white space around apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prints: Option<String>,
    /// The exit status that is wanted.
    #[serde(default)]
    pub status: i32,
    /// Variables of the command, each with AWS's answer to a question.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given: BTreeMap<String, AwsQuestion>,
    /// In place of a command: an operation of AWS that looks, as its command line names it, e.g. `ec2 describe-instances`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws: Option<String>,
    /// Its parameters, as in the API; a question in the place of a value stands for its answer.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub with: Value,
    /// A JMESPath over the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// What must come out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Value>,
    /// It holds only when all of these actions are done.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "one_or_more")]
    pub since: Vec<ActionPath>,
    /// It holds only while none of these actions is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "one_or_more")]
    pub until: Vec<ActionPath>,
    /// It rightly holds before the run, too: otherwise that it did would say that it shows nothing of the run.
    #[serde(default)]
    pub also_before: bool,
    /// Its command does something that lasts: it is not tried before the run.
    #[serde(default)]
    pub acts: bool,
    /// It does not hold under these faults.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// It holds under these faults only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub under: Vec<String>,
}

/// A question to AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsQuestion {
    /// An operation that looks, as its command line names it.
    pub aws: String,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub with: Value,
    /// A JMESPath over the answer.
    pub query: String,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rehearsal) enum HoldsBy<'h> {
    /// A command.
    Command { on: &'h str, run: &'h str },
    /// A question to AWS, and the answer that is wanted.
    Account { question: AwsQuestion, is: &'h Value },
}

impl Holds {
    /// What is looked at; why that is not clear.
    pub(in crate::rehearsal) fn looked(&self) -> Result<HoldsBy<'_>, String> {
        let of_command = self.prints.is_some() || self.status != 0 || !self.given.is_empty();
        let of_account = !self.with.is_null() || self.query.is_some() || self.is.is_some();
        match (&self.on, &self.run, &self.aws, &self.is) {
            (Some(on), Some(run), None, None) if !of_account => Ok(HoldsBy::Command { on, run }),
            (None, None, Some(aws), Some(is)) if !of_command => {
                let question = AwsQuestion {
                    aws: aws.clone(),
                    with: self.with.clone(),
                    query: self.query.clone().unwrap_or_else(|| "@".to_owned()),
                };
                Ok(HoldsBy::Account { question, is })
            }
            _ => Err(format!(
                "`{}` is neither a command (`on`, `run`, and `prints` or `status`) nor a question to AWS (`aws`, `with`, `query`, `is`)",
                self.told()
            )),
        }
    }

    /// Whether it is to hold when these actions are done (all of them without a set), under this fault.
    pub(in crate::rehearsal) fn applies(&self, done: Option<&BTreeSet<ActionPath>>, fault: Option<&str>) -> bool {
        let is_done = |path: &ActionPath| done.is_none_or(|done| done.contains(path));
        let named = |faults: &[String]| fault.is_some_and(|fault| faults.iter().any(|it| it == fault));
        self.since.iter().all(is_done)
            && !self.until.iter().any(is_done)
            && !named(&self.except)
            && (self.under.is_empty() || named(&self.under))
    }

    /// Whether it is said when it holds, among the actions.
    pub(in crate::rehearsal) fn has_a_place(&self) -> bool {
        !(self.since.is_empty() && self.until.is_empty())
    }

    /// What it is, for the verdict.
    #[must_use]
    pub fn told(&self) -> String {
        self.what.clone().unwrap_or_else(|| match (&self.on, &self.run, &self.aws) {
            (Some(on), Some(run), _) => {
                let first = run.trim().lines().next().unwrap_or_default();
                let wanted = match &self.prints {
                    Some(prints) => format!("prints `{}`", prints.trim()),
                    None => format!("ends with {}", self.status),
                };
                format!("`{first}` on {on} {wanted}")
            }
            (_, _, Some(aws)) => {
                let is = self.is.as_ref().map(Value::to_string).unwrap_or_default();
                format!("`{aws} --query '{}'` is {is}", self.query.as_deref().unwrap_or("@"))
            }
            _ => "something".to_owned(),
        })
    }
}

/// One path, or a list of them.
mod one_or_more {
    use crate::model::ActionPath;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected an action, `STEP/ACTION`, or a list of them")]
    enum Written {
        One(ActionPath),
        More(Vec<ActionPath>),
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<ActionPath>, D::Error> {
        Ok(match Written::deserialize(from)? {
            Written::One(path) => vec![path],
            Written::More(paths) => paths,
        })
    }

    pub(super) fn serialize<S: Serializer>(paths: &[ActionPath], into: S) -> Result<S::Ok, S::Error> {
        paths.serialize(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Holds {
        serde_saphyr::from_str(text).unwrap()
    }

    #[test]
    fn it_is_a_command_or_a_question_and_nothing_between() {
        assert!(matches!(read("{ on: a, run: x }").looked(), Ok(HoldsBy::Command { .. })));
        assert!(matches!(read("{ aws: ec2 describe-instances, is: [] }").looked(), Ok(HoldsBy::Account { .. })));
        for odd in [
            "{ on: a }",
            "{ run: x }",
            "{ aws: ec2 describe-instances }",
            "{ on: a, run: x, is: 1 }",
            "{ aws: ec2 describe-instances, is: 1, prints: x }",
            "{ on: a, run: x, aws: y, is: 1 }",
        ] {
            assert!(read(odd).looked().is_err(), "{odd}");
        }
    }

    #[test]
    fn it_holds_since_an_action_was_done_and_until_another_is() {
        let [one, two] = ["a/one", "a/two"].map(|path| serde_json::from_value::<ActionPath>(path.into()).unwrap());
        let holds = read("{ on: a, run: x, since: a/one, until: [a/two] }");
        let when = |done: &[&ActionPath]| holds.applies(Some(&done.iter().map(|it| (*it).clone()).collect()), None);
        assert!(!when(&[]) && when(&[&one]) && !when(&[&one, &two]));
        assert!(!holds.applies(None, None), "at the end all are done");
        let faulty = read("{ on: a, run: x, under: [flood] }");
        assert!(
            faulty.applies(None, Some("flood")) && !faulty.applies(None, None) && !faulty.applies(None, Some("fire"))
        );
        assert!(!read("{ on: a, run: x, except: [flood] }").applies(None, Some("flood")));
    }
}
