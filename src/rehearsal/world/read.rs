//! Reading a world file for a runbook: all that is wrong with it, each with its line.

use super::check::{check, known, located_holds};
use super::file::World;
use super::holds::OPERATOR;
use super::names::WorldNames;
use crate::document::{self, Document, Entry, Kind, Node};
use crate::model::{ActionPath, Reference, Runbook, Scope, Value, ValueType, Values};
use crate::validate::{Data, Problems, inputs_under, meant};
use std::collections::{BTreeMap, BTreeSet};

/// Under which name the world stands that another one is like.
const LIKE: &str = "like";

/// Under which name the inputs of the runbook stand.
const INPUTS: &str = "inputs";

/// A world file that was read, with the places of what it says.
#[derive(Debug, Clone)]
pub struct ReadWorld {
    /// What it says.
    pub world: World,
    document: Document,
}

/// Reads a world file; `name` is what the operator calls it.
///
/// # Errors
/// All that is wrong with it.
pub fn parse(name: &str, text: &str) -> Result<ReadWorld, Problems> {
    judged(document::parse_data(name, text).map_err(Problems::from)?)
}

/// Reads a world file that is `like` another one: what it does not say itself is as there.
///
/// # Errors
/// All that is wrong with it.
pub fn parse_like(name: &str, text: &str, like: &ReadWorld) -> Result<ReadWorld, Problems> {
    let document = document::parse_data(name, text).map_err(Problems::from)?;
    let root = over(&document.root, &like.document.root);
    judged(document.with_root(root))
}

/// Which world a world file says that it is like.
///
/// # Errors
/// When it is no document.
pub fn likeness(name: &str, text: &str) -> Result<Option<String>, Problems> {
    let document = document::parse_data(name, text).map_err(Problems::from)?;
    let Kind::Map(entries) = &document.root.kind else { return Ok(None) };
    let said = entries.iter().find(|entry| entry.key.text == LIKE);
    Ok(said.and_then(|entry| match &entry.value.kind {
        Kind::Text(text) => Some(text.clone()),
        _ => None,
    }))
}

/// The entries of `own`, and those of `base` that it does not have.
fn over(own: &Node, base: &Node) -> Node {
    let (Kind::Map(said), Kind::Map(there)) = (&own.kind, &base.kind) else { return own.clone() };
    let rest = there.iter().filter(|entry| said.iter().all(|own| own.key.text != entry.key.text));
    Node { place: own.place, kind: Kind::Map(said.iter().chain(rest).cloned().collect()) }
}

fn judged(document: Document) -> Result<ReadWorld, Problems> {
    let mut data = Data::of(&document);
    let world: Option<World> = data.read();
    if let Some(world) = &world {
        check(world, &mut data);
        let names = WorldNames::stand_ins(world);
        data.each_text(&|text| {
            let unknown = names.unknown(text).into_iter();
            unknown
                .map(|name| {
                    let inner = name.trim_start_matches("${").trim_end_matches('}');
                    let help = meant(inner, names.all(), "names");
                    (format!("`{name}` stands for nothing in this world"), Some(help))
                })
                .collect()
        });
    }
    let world = data.finish(world)?;
    Ok(ReadWorld { world, document })
}

impl ReadWorld {
    /// The values of a runbook's inputs, judged as an inputs file would be. What the lab gives the hosts is not known yet: values of
    /// the same form stand in.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn inputs(&self, runbook: &Runbook) -> Result<Values, Problems> {
        let names = WorldNames::stand_ins(&self.world);
        let filled = self.document.with_root(filled(&self.document.root, &names));
        inputs_under(INPUTS, runbook, &filled)
    }

    /// Whether what it leads to is there in the runbook, `decided` by these inputs or `as_written`, and what the runbook's targets
    /// lead to in it.
    ///
    /// # Errors
    /// All that leads to nothing.
    pub fn fits(&self, as_written: &Runbook, decided: &Runbook, inputs: &Values) -> Result<(), Problems> {
        let mut data = Data::of(&self.document);
        let actions: BTreeSet<String> =
            as_written.actions().chain(decided.actions()).map(|action| action.path.to_string()).collect();
        for (path, holds) in located_holds(&self.world) {
            for (name, named) in [("since", &holds.since), ("until", &holds.until)] {
                for (n, action) in named.iter().map(ToString::to_string).enumerate() {
                    if !actions.contains(&action) {
                        let place = [&path[..], &[name.to_owned(), n.to_string()]].concat();
                        let help = meant(&action, actions.iter().map(String::as_str), "actions");
                        data.wrong(&place, format!("the runbook has no action `{action}`"), Some(help));
                    }
                }
            }
        }
        let standing = standing(decided);
        for (path, holds) in located_holds(&self.world) {
            let always = |over: &&ActionPath| {
                holds
                    .since
                    .iter()
                    .any(|since| since == *over || standing.get(since).is_some_and(|all| all.contains(*over)))
            };
            if let Some(over) = holds.until.iter().find(always) {
                let place = [&path[..], &["until".to_owned()]].concat();
                let help = "nobody would ever look at it: say `until` of an action that comes later";
                data.wrong(&place, format!("`{over}` is done whenever what `since` says is"), Some(help.to_owned()));
            }
        }
        // An instance that the run makes is known by its Name tag only then.
        let is_instance = |(name, of): &(String, ValueType)| name == "instance" && *of == ValueType::InstanceId;
        if !decided.actions().any(|action| action.outputs().iter().any(is_instance)) {
            for (path, holds) in located_holds(&self.world) {
                let on = holds.on.as_ref().filter(|on| on.as_str() != OPERATOR);
                let place = [&path[..], &["on".to_owned()]].concat();
                known(&mut data, "host", on, self.world.hosts.keys().map(String::as_str), &place);
            }
        }
        self.targets(decided, inputs, &mut data);
        data.finish(Some(()))
    }

    /// Tells targets that are hosts of a name which no host of the world has.
    fn targets(&self, runbook: &Runbook, inputs: &Values, data: &mut Data<'_>) {
        for target in &runbook.targets {
            let Some(host) = target.fields.get("host") else { continue };
            let scope = Scope { run: None, inputs, outputs: &BTreeMap::new() };
            let Ok(Value::String(name)) = host.resolve(&scope) else { continue };
            // With a dot or a colon it may be an address, or a name of a zone.
            if name.contains(['.', ':']) || self.world.hosts.contains_key(&name) {
                continue;
            }
            let message = format!("the target `{}` is the host `{name}`, which this world does not have", target.name);
            let help = meant(&name, self.world.hosts.keys().map(String::as_str), "hosts");
            match host.references().into_iter().find_map(Reference::input) {
                Some(input) => data.wrong(&[INPUTS, input], message, Some(help)),
                None => data.wrong(&["hosts"], message, Some(help)),
            }
        }
    }
}

/// For each action those that are done whenever it is.
fn standing(runbook: &Runbook) -> BTreeMap<&ActionPath, BTreeSet<ActionPath>> {
    let mut all: BTreeMap<&ActionPath, BTreeSet<ActionPath>> = BTreeMap::new();
    for (action, needs) in runbook.needs() {
        let further = needs.iter().filter_map(|need| all.get(need)).flatten().cloned();
        let whole = further.chain(needs.iter().cloned()).collect();
        all.insert(action, whole);
    }
    all
}

/// A tree with what its names stand for.
fn filled(node: &Node, names: &WorldNames) -> Node {
    let kind = match &node.kind {
        Kind::Text(text) => Kind::Text(names.fill(text)),
        Kind::List(items) => Kind::List(items.iter().map(|item| filled(item, names)).collect()),
        Kind::Map(entries) => {
            Kind::Map(entries.iter().map(|it| Entry { key: it.key.clone(), value: filled(&it.value, names) }).collect())
        }
        other => other.clone(),
    };
    Node { place: node.place, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_read_whole() {
        let world = parse(
            "app.world.yaml",
            "hosts:\n  app-1:\n    files:\n      /etc/app/a.conf: mode = old\n      /etc/app/b.key: { content: k, mode: \"0600\", owner: app }\n    \
             run: [useradd app]\n  db-1: {}\ninputs: { node: app-1, n: 5 }\nafter:\n  - { on: app-1, run: cat /etc/app/a.conf, prints: mode = new }\n",
        )
        .unwrap()
        .world;
        assert_eq!(world.hosts["app-1"].watched()[..2], ["/etc", "/etc/app"]);
        assert!(world.hosts["db-1"].watched().contains(&"/etc".to_owned()), "never nothing");
        assert_eq!(world.after[0].told(), "`cat /etc/app/a.conf` on app-1 prints `mode = new`");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, says) in [
            ("hosts: {}\n", "at least one host"),
            ("hosts: { A: {} }\n", "cannot be the name"),
            ("hosts: { operator: {} }\n", "cannot be the name"),
            ("hosts: { a: { files: { etc/x: text } } }\n", "is no path"),
            ("hosts: { a: { files: { /etc/x: { content: y, mode: \"0789\" } } } }\n", "no permissions"),
            ("hosts: { a: { units: { shop: x } } }\n", "is no unit"),
            ("hosts: { a: { instance: { groups: [web] } } }\n", "there are no "),
            ("hosts: { a: { files: { /etc/x: \"${host.b.address}\" } } }\n", "stands for nothing"),
            ("hosts: { a: { files: { /etc/x: \"${secret.x}\" } } }\n", "stands for nothing"),
            ("hosts: { a: {} }\nbalancers: { web: { hosts: [b], port: 80, health: / } }\n", "did you mean `a`"),
            (
                "hosts: { a: {} }\nbalancers: { web: { hosts: [a], port: 80, health: /, certificate: x.example } }\n",
                "there are no ",
            ),
            ("hosts: { a: {} }\nzones: { example.org: [{ name: a.example.org, host: b }] }\n", "did you mean `a`"),
            ("hosts: { a: {} }\nzones: { example.org: [{ name: a.example.org }] }\n", "has either"),
            ("hosts: { a: {} }\ndatabases: { 1db: {} }\n", "identifier"),
            ("hosts: { a: {} }\ngroups: { web: [{ from: 10.0.0.0/33 }] }\n", "no group `10.0.0.0/33`"),
            ("hosts: { a: {} }\npackages: [Postgres]\n", "no name of a Debian package"),
            ("hosts: { a: { file: {} } }\n", "unknown field"),
            ("hosts: { a: { files: { /etc/x: { content: y, moed: \"0600\" } } } }\n", "moed"),
            ("hosts: { a: { files: { /etc/x: { mode: \"0600\" } } } }\n", "content"),
            ("hosts: { a: {} }\nafter: [{ on: a, run: x, under: [flood] }]\n", "there are no "),
            ("hosts: { a: {} }\nafter: [{ on: a }]\n", "neither a command"),
            ("hosts: { a: {} }\nafter: [{ on: a, run: x, since: y }]\n", "since"),
        ] {
            let problems = parse("odd.world.yaml", text).unwrap_err().to_string();
            assert!(problems.contains(says), "{text}: {problems}");
            assert!(problems.contains(" odd.world.yaml:"), "with its line: {problems}");
        }
    }
}
