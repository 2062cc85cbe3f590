//! Which file takes something from which: the arrows of the house, and its circles.
//!
//! Seen: `use` lines (groups, renames, `*`), paths in the code, through `crate`, `self`, `super`, names that a `use` line
//! has brought in, and modules below. What a file only hands on (`pub use`) is followed to the file that defines it, and
//! is no arrow of the one that hands it on. Not seen: methods and fields of values whose type is not named, what macros
//! make, and modules under `#[cfg(test)]`, written inside or as a `_test.rs` file.

use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};

/// The files of a crate by their path under `src`.
pub struct House {
    files: BTreeMap<String, Source>,
    /// Module path -> its file and the path inside it.
    modules: BTreeMap<Vec<String>, (String, Vec<String>)>,
}

fn module_of(file: &str) -> Vec<String> {
    let stem = file.trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if stem == "lib" { Vec::new() } else { stem.split('/').map(str::to_owned).collect() }
}

impl House {
    /// Reads the files: path under `src`, text.
    pub fn read<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> House {
        let files: BTreeMap<String, Source> = texts
            .into_iter()
            .filter(|(file, _)| !file.ends_with("_test.rs") && !file.ends_with("/tests.rs") && *file != "main.rs")
            .map(|(file, text)| (file.to_owned(), Source::read(text)))
            .collect();
        let mut modules = BTreeMap::new();
        for (file, source) in &files {
            for inside in source.modules.keys() {
                modules.insert([module_of(file), inside.clone()].concat(), (file.clone(), inside.clone()));
            }
        }
        House { files, modules }
    }

    /// Files with what they take and from where: file -> file -> paths as written.
    pub fn arrows(&self) -> BTreeMap<&str, BTreeMap<String, BTreeSet<String>>> {
        let mut arrows: BTreeMap<&str, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (file, source) in &self.files {
            for written in &source.paths {
                if written.handed_on.as_ref().is_some_and(|name| !source.words.contains(name)) {
                    continue;
                }
                let module = [module_of(file), written.within.clone()].concat();
                if let Some(home) = self.home(&module, &written.path, 0).filter(|home| home != file) {
                    arrows.entry(file).or_default().entry(home).or_default().insert(written.path.join("::"));
                }
            }
        }
        arrows
    }

    /// The file that defines what a path names in a module; none when it is not of this crate, or a module itself.
    fn home(&self, module: &[String], path: &[String], hops: usize) -> Option<String> {
        let (first, rest) = path.split_first()?;
        if hops > 16 {
            return None;
        }
        match first.as_str() {
            "crate" => self.below(&[], rest, hops),
            "self" => self.below(module, rest, hops),
            "super" => self.home_above(module, rest, hops),
            _ => self.below(module, path, hops),
        }
    }

    fn home_above(&self, module: &[String], rest: &[String], hops: usize) -> Option<String> {
        let (_, above) = module.split_last()?;
        match rest.split_first() {
            Some((first, rest)) if first == "super" => self.home_above(above, rest, hops),
            _ => self.below(above, rest, hops),
        }
    }

    /// Walks down from a module; whoever defines the first word that is no module is the home.
    fn below(&self, module: &[String], path: &[String], hops: usize) -> Option<String> {
        let (file, inside) = self.modules.get(module)?;
        let (first, rest) = path.split_first()?;
        let here = &self.files[file].modules[inside];
        let down = [module, std::slice::from_ref(first)].concat();
        if !rest.is_empty() && self.modules.contains_key(&down) {
            self.below(&down, rest, hops)
        } else if here.defined.contains(first) {
            Some(file.clone())
        } else if let Some(bound) = here.bound.get(first).filter(|bound| *bound != path) {
            self.home(module, &[bound, rest].concat(), hops + 1)
        } else {
            here.globs.iter().find_map(|glob| self.home(module, &[glob, path].concat(), hops + 1))
        }
    }

    /// The sets of files that reach each other, each with what ties it.
    pub fn circles(&self) -> Vec<String> {
        let arrows = self.arrows();
        let mut reach: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for file in arrows.keys() {
            let (mut seen, mut open) = (BTreeSet::new(), vec![*file]);
            while let Some(file) = open.pop() {
                let next = arrows.get(file).into_iter().flat_map(BTreeMap::keys);
                open.extend(next.map(String::as_str).filter(|file| seen.insert(*file)));
            }
            reach.insert(file, seen);
        }
        let both = |a: &str, b: &str| {
            reach.get(a).is_some_and(|r| r.contains(b)) && reach.get(b).is_some_and(|r| r.contains(a))
        };
        let circles: BTreeSet<Vec<&str>> = (reach.keys())
            .filter(|file| both(file, file))
            .map(|file| reach.keys().filter(|other| both(file, other)).copied().collect())
            .collect();
        let tie = |circle: &Vec<&str>| {
            let ties = circle.iter().flat_map(|from| {
                let taken = arrows[from].iter().filter(|(to, _)| circle.contains(&to.as_str()));
                taken.map(move |(to, paths)| {
                    format!("  {from} -> {to}: {}", Vec::from_iter(paths.iter().map(String::as_str)).join(", "))
                })
            });
            format!("{} files:\n{}", circle.len(), Vec::from_iter(ties).join("\n"))
        };
        circles.iter().map(tie).collect()
    }

    /// Types that other files can name: name -> the files that define one of it.
    pub fn public_types(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut types: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (file, source) in &self.files {
            for found in source.types.iter().filter(|found| found.public) {
                types.entry(&found.name).or_default().push(file);
            }
        }
        types
    }
}
