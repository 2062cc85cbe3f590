//! Each feature of a `config.php` that is known to matter has a file that shows it, and each file is there for one.

use super::{data, files};

#[test]
fn each_feature_has_a_file_and_each_file_a_feature() {
    let table = std::fs::read_to_string(data("php").join("README.md")).unwrap();
    let mut rows = table.lines().filter(|line| line.starts_with('|')).map(|line| line.split(" | ").collect::<Vec<_>>());
    assert_eq!(rows.next().unwrap(), ["| feature", "file", "after |"]);
    let mut shown = Vec::new();
    let mut after = 0;
    for row in rows.skip(1) {
        // A source may be empty, and takes its blank with it then.
        assert!(row.len() >= 2, "{row:?}: feature, file, source");
        let file = row[1].trim_end_matches(" |").trim();
        assert!(data("php").join(file).is_file(), "{}: no file `{file}`", row[0]);
        after += usize::from(row.len() == 3 && row[2].len() > 3);
        shown.push(file.to_owned());
    }
    let mut there: Vec<String> = ["php", "php/refused"]
        .into_iter()
        .flat_map(|folder| files(folder, "php"))
        .map(|path| path.strip_prefix(data("php")).unwrap().display().to_string())
        .collect();
    shown.sort();
    there.sort();
    assert_eq!(shown, there);
    assert!(there.len() >= 25, "{} files", there.len());
    assert!(after >= 10, "{after} files are written after public ones");
}
