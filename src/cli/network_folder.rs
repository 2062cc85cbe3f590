//! Whether a folder is on a file system of another machine.
//!
//! SQLite's write-ahead log needs memory that all its processes share, and locks that hold: neither is sure over a network
//! (sqlite.org, "Write-Ahead Logging", and "How To Corrupt An SQLite Database File"). The numbers are Linux's
//! (linux/magic.h, statfs(2)).

use std::path::Path;

/// File systems of other machines. FUSE has local ones too; what it is used for most, where a journal is concerned, is not.
const NETWORK: &[(i64, &str)] = &[
    (0x6969, "NFS"),
    (0xff53_4d42, "SMB"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x0102_1997, "9P, as WSL and virtual machines use for their host's files"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x6573_5546, "FUSE, as sshfs and cloud drives use"),
];

/// What the folder is on, when that is, or may be, another machine's.
pub(in crate::cli) fn kind(folder: &Path) -> Option<&'static str> {
    // A folder that is not made yet is where its parent is.
    let there = folder.ancestors().find(|path| path.exists())?;
    let number = rustix::fs::statfs(there).ok()?.f_type;
    named(number)
}

fn named(number: i64) -> Option<&'static str> {
    NETWORK.iter().find(|(known, _)| *known == number & 0xffff_ffff).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_machines_file_systems_are_known_and_this_ones_are_not() {
        assert_eq!(named(0x6969), Some("NFS"));
        assert_eq!(named(i64::from(0xff53_4d42_u32 as i32)), Some("SMB"), "as a 32-bit machine has it");
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(kind(&folder.path().join("not/there/yet")), None);
    }
}
