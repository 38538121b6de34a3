//! Zips and folders, sound and hostile.

use std::io::Write;

use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use super::*;

const SMALL: Limits = Limits {
    archive_bytes: 4 << 20,
    entries: 20,
    file_bytes: 3 << 20,
    total_bytes: 4 << 20,
    ratio: 50,
    depth: 4,
};

fn zip_of(files: &[(&str, &[u8])]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("agent.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap();
    (folder, path)
}

fn names(package: &Package) -> Vec<String> {
    package
        .read(|_| true, |name, bytes| format!("{name}={}", bytes.len()))
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

fn codes(result: Result<Package, Vec<Diagnostic>>) -> Vec<&'static str> {
    result.unwrap_err().iter().map(|problem| problem.code).collect()
}

#[test]
fn a_zip_is_read_from_its_root() {
    let (_folder, path) = zip_of(&[("agent.json", b"{}"), ("flows/F/F.json", b"123")]);
    let package = Package::open(&path, SMALL).unwrap();
    assert_eq!(names(&package), ["agent.json=2", "flows/F/F.json=3"]);
    assert_eq!(package.path_of("agent.json"), path.join("agent.json"));
}

#[test]
fn one_folder_may_wrap_the_agent_and_macos_leaves_its_droppings() {
    let (_folder, path) = zip_of(&[
        ("bot/agent.json", b"{}"),
        ("bot/flows/F/F.json", b"123"),
        ("__MACOSX/bot/._agent.json", b"?"),
        ("__MACOSX/agent.json", b"?"),
    ]);
    let package = Package::open(&path, SMALL).unwrap();
    assert_eq!(names(&package), ["agent.json=2", "flows/F/F.json=3"]);
    assert_eq!(package.path_of("agent.json"), path.join("bot/agent.json"));
}

#[test]
fn no_agent_and_several_agents_are_errors() {
    let (_folder, path) = zip_of(&[("flows/F/F.json", b"{}")]);
    assert_eq!(codes(Package::open(&path, SMALL)), ["no-agent"]);
    let (_folder, path) = zip_of(&[("a/agent.json", b"{}"), ("b/agent.json", b"{}")]);
    assert_eq!(codes(Package::open(&path, SMALL)), ["no-agent"]);
}

#[test]
fn names_that_leave_the_archive_are_all_listed() {
    let (_folder, path) = zip_of(&[
        ("agent.json", b"{}"),
        ("../../etc/passwd", b"x"),
        ("/absolute.json", b"x"),
        ("flows/..\\..\\x.json", b"x"),
        ("C:/x.json", b"x"),
    ]);
    let problems = Package::open(&path, SMALL).unwrap_err();
    assert_eq!(problems.len(), 4);
    assert!(problems.iter().all(|problem| problem.code == "unsafe-archive"));
}

#[test]
fn symbolic_links_are_refused_in_archives() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("agent.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    writer
        .add_symlink("agent.json", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    writer.finish().unwrap();
    assert_eq!(codes(Package::open(&path, SMALL)), ["unsafe-archive"]);
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_refused_in_folders() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("agent.json"), "{}").unwrap();
    std::fs::create_dir(folder.path().join("flows")).unwrap();
    std::os::unix::fs::symlink("/etc", folder.path().join("flows/F")).unwrap();
    assert_eq!(codes(Package::open(folder.path(), SMALL)), ["unsafe-archive"]);
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![b'0'; 2 << 20];
    let (_folder, path) = zip_of(&[("agent.json", b"{}"), ("flows/F/F.json", &zeros)]);
    assert_eq!(codes(Package::open(&path, SMALL)), ["unsafe-archive"]);

    let large = vec![b'0'; (3 << 20) + 1];
    let (_folder, path) = zip_of(&[("agent.json", &large)]);
    assert_eq!(codes(Package::open(&path, SMALL)), ["too-large"]);

    let part = vec![b'0'; 1 << 20];
    let names: Vec<String> = (0..5).map(|number| format!("intents/i{number}/i.json")).collect();
    let mut files: Vec<(&str, &[u8])> = vec![("agent.json", b"{}")];
    files.extend(names.iter().map(|name| (name.as_str(), part.as_slice())));
    let (_folder, path) = zip_of(&files);
    assert_eq!(codes(Package::open(&path, SMALL)), ["too-large"]);

    let names: Vec<String> = (0..30)
        .map(|number| format!("intents/i{number}/i.json"))
        .collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), b"{}".as_slice()))
        .collect();
    let (_folder, path) = zip_of(&files);
    assert_eq!(codes(Package::open(&path, SMALL)), ["too-large"]);

    let (_folder, path) = zip_of(&[("agent.json", b"{}"), ("a/b/c/d/e/f.json", b"{}")]);
    assert_eq!(codes(Package::open(&path, SMALL)), ["too-large"]);
}

#[test]
fn a_size_that_the_directory_lies_about_is_caught_when_reading() {
    // The declared size is patched to 1 in both headers; the contents unpack to more than the limit.
    let zeros: Vec<u8> = (0_u32..(1 << 20)).flat_map(u32::to_le_bytes).collect();
    let (_folder, path) = zip_of(&[("agent.json", &zeros)]);
    let mut bytes = std::fs::read(&path).unwrap();
    let size = u32::try_from(zeros.len()).unwrap().to_le_bytes();
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == size {
            bytes[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
        }
    }
    std::fs::write(&path, bytes).unwrap();
    let Ok(package) = Package::open(&path, SMALL) else {
        return;
    };
    assert!(package.read(|_| true, |_, _| ()).iter().all(Result::is_err));
}

#[test]
fn what_is_no_archive_is_an_error_whatever_its_bytes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("agent.zip");
    for bytes in [b"".as_slice(), b"PK", b"not a zip at all", &[0; 4096]] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(codes(Package::open(&path, SMALL)), ["not-an-export"]);
    }
    let missing = folder.path().join("nothing-here");
    assert_eq!(codes(Package::open(&missing, SMALL)), ["unreadable"]);
}

#[test]
fn a_damaged_file_is_reported_alone() {
    let (_folder, path) = zip_of(&[("agent.json", b"{}"), ("flows/F/F.json", &[b'x'; 400])]);
    let mut bytes = std::fs::read(&path).unwrap();
    let start = bytes.windows(8).position(|window| window == b"F/F.json").unwrap() + 8;
    bytes[start] ^= 0xff;
    std::fs::write(&path, bytes).unwrap();
    let package = Package::open(&path, SMALL).unwrap();
    let read = package.read(|_| true, |name, _| name.to_owned());
    assert_eq!(read.iter().filter(|file| file.is_ok()).count(), 1);
}

#[test]
fn a_folder_is_read_without_what_people_keep_beside() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("bot");
    for part in ["flows/F/pages", "node_modules/x", ".git"] {
        std::fs::create_dir_all(root.join(part)).unwrap();
    }
    for file in [
        "agent.json",
        "flows/F/pages/P.json",
        "node_modules/x/y.json",
        ".git/z.json",
        "flows/.DS_Store",
    ] {
        std::fs::write(root.join(file), "{}").unwrap();
    }
    for path in [folder.path(), &root] {
        let package = Package::open(path, SMALL).unwrap();
        assert_eq!(names(&package), ["agent.json=2", "flows/F/pages/P.json=2"]);
        assert_eq!(package.path_of("agent.json"), root.join("agent.json"));
    }
}
