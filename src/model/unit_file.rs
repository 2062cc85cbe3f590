//! Where the files of systemd's units are.

/// Where systemd reads the units of the system (systemd.unit(5), "Unit File Load Path"), as far as a person or a package puts them there.
pub const UNIT_FOLDERS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Whether a path is one of the files that systemd makes its units of: a unit, a drop-in of one, a link to one.
#[must_use]
pub fn is_unit_file(path: &str) -> bool {
    UNIT_FOLDERS
        .iter()
        .any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::is_unit_file;

    #[test]
    fn units_and_drop_ins_are_known_by_their_folder() {
        for path in
            ["/etc/systemd/system/a.service", "/etc/systemd/system/a.service.d/b.conf", "/lib/systemd/system/x.timer"]
        {
            assert!(is_unit_file(path), "{path}");
        }
        for path in [
            "/etc/systemd/system",
            "/etc/systemd/system/",
            "/etc/systemd/systemd.conf",
            "/etc/systemd/system.conf",
            "/srv/a.service",
        ] {
            assert!(!is_unit_file(path), "{path}");
        }
    }
}
