//! Releases are made up here: what the real ones look like is tried by hand (docs/rehearsal.md).

use std::fs;

use super::*;

const ROOT: &str = "/var/www/html/nextcloud";

/// A release of a few lines; `nothing` of it when `files` is cut short.
fn release(at: &Path, files: usize) {
    let all = [
        ("version.php", "<?php $OC_VersionString = '29.0.6';"),
        ("status.php", "<?php"),
        ("index.php", "<?php"),
        ("remote.php", "<?php"),
        ("occ", "#!/usr/bin/env php"),
        ("lib/base.php", "<?php"),
        ("3rdparty/autoload.php", "<?php"),
        ("lib/versioncheck.php", "<?php if (PHP_VERSION_ID < 80000) {} if (PHP_VERSION_ID >= 80400) {}"),
        ("config/config.sample.php", "<?php"),
        ("config/config.php", "<?php $CONFIG = ['dbpassword' => 'a live site is no release'];"),
        ("config/s3.config.php", "<?php $CONFIG = ['secret' => 'neither is this'];"),
        ("data/anna/files/letter.txt", "private"),
        ("core/data/kept.txt", "only the site's own data folder is not taken"),
    ];
    for (name, text) in &all[..files.min(all.len())] {
        let path = at.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

async fn made(cache: &Cache, path: &Path) -> Result<Release, String> {
    ensure(cache, path, ROOT, false, &|_| ()).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn what_is_no_whole_release_for_this_php_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("empty")).unwrap();
    fs::write(at("notes.txt"), "").unwrap();
    release(&at("clone"), 6);
    release(&at("old"), 99);
    fs::write(at("old/lib/versioncheck.php"), "<?php if (PHP_VERSION_ID >= 80200) { exit(1); }").unwrap();
    for (name, says) in [
        ("nowhere", "cannot find"),
        ("notes.txt", "neither a folder nor an archive"),
        ("empty", "is no Nextcloud"),
        ("clone", "lacks 3rdparty/autoload.php"),
        ("old", "is Nextcloud 29.0.6, which does not run on the lab's PHP 8.2"),
    ] {
        let said = made(&cache, &at(name)).await.unwrap_err();
        assert!(said.contains(says) && said.contains(name), "{name}: {said}");
    }
    assert!(!cache_holds_a_release(&cache), "nothing half is kept");
}

#[tokio::test]
async fn folder_and_archive_become_the_same_layer_without_anybodys_configuration() {
    if !rustix::process::geteuid().is_root() {
        return; // files are given to another user
    }
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let source = folder.path().join("nextcloud");
    release(&source, 99);
    let archive = folder.path().join("nextcloud-29.0.6.tar.gz");
    Tool::new("tar").arg("-C").arg(folder.path()).arg("-czf").arg(&archive).arg("nextcloud").run().await.unwrap();
    for path in [&source, &archive] {
        let Release { version, layer } = made(&cache, path).await.unwrap();
        assert_eq!(version, "29.0.6");
        let site = layer.join(&ROOT[1..]);
        for (name, there) in [
            ("lib/base.php", true),
            ("config/config.sample.php", true),
            ("core/data/kept.txt", true),
            ("config/config.php", false),
            ("config/s3.config.php", false),
            ("data/anna", false),
        ] {
            assert_eq!(site.join(name).exists(), there, "{name} of {}", path.display());
        }
        let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(site.join("config")).unwrap());
        assert_eq!(owner, Owner::Web.number());
        assert_eq!(made(&cache, path).await.unwrap().layer, layer, "the second time it is there");
    }
    let before = made(&cache, &source).await.unwrap().layer;
    fs::write(source.join("status.php"), "<?php // changed").unwrap();
    assert_ne!(made(&cache, &source).await.unwrap().layer, before, "another release is another layer");
}

fn cache_holds_a_release(cache: &Cache) -> bool {
    let folder = cache.entry("nextcloud", "").parent().unwrap().to_owned();
    let names = fs::read_dir(folder).map(|all| all.flatten().map(|e| e.file_name().into_string().unwrap()).collect());
    let names: Vec<String> = names.unwrap_or_default();
    names.iter().any(|name| name.starts_with("nextcloud-") && !name.ends_with(".lock") && !name.ends_with(".making"))
}
