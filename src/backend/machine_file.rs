//! Small files of the machine's, which settings or variables name: credentials, certificates, keys.
//!
//! Settings may come from a stranger. What they name may be a pipe that nobody writes into, or stand on a disk that does
//! not answer: so it must be a regular file, and is read where nothing else has to wait for it.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::error::{BackendError, BackendErrorKind};

/// No such file is larger: all the certificates that the world trusts are a quarter of it.
const LARGEST: u64 = 1024 * 1024;
/// A disk that has not answered by then will not.
const PATIENCE: Duration = Duration::from_secs(30);

/// The bytes of a regular file. It may take as long as the disk likes: see [`apart`].
///
/// # Errors
/// When it cannot be read, is something else, or is too large.
pub(in crate::backend) fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe waits for whoever writes into it.
    if !std::fs::metadata(path)?.is_file() {
        let message = "this is not a regular file";
        return Err(io::Error::new(ErrorKind::InvalidInput, message));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "it is far too large"));
    }
    Ok(bytes)
}

/// Reads and checks files on a thread of its own, so that deadlines and signals count meanwhile; `what` is what messages
/// call what is read.
///
/// # Errors
/// Those of the work, and when it takes far too long.
pub async fn apart<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> Result<T, BackendError> + Send + 'static,
) -> Result<T, BackendError> {
    let failed = |why: &str| BackendError::new(BackendErrorKind::Request, format!("{what}: {why}"));
    match timeout(PATIENCE, spawn_blocking(work)).await {
        Ok(Ok(done)) => done,
        Ok(Err(error)) => Err(failed(&error.to_string())),
        Err(_) => {
            Err(failed("the disk did not answer in time").hint("is it a network's disk that went away?"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "text").unwrap();
        assert_eq!(read(&file).unwrap(), b"text");
        let large = File::create(&file).unwrap();
        large.set_len(LARGEST + 1).unwrap();
        for (path, expected) in [
            (file.as_path(), "far too large"),
            (folder.path(), "not a regular file"),
        ] {
            let error = read(path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_nobody_writes_into_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let error = read(&pipe).unwrap_err();
        assert_eq!(error.to_string(), "this is not a regular file");
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_does_not_answer_is_given_up() {
        let (answer, wait) = std::sync::mpsc::channel::<()>();
        let reading = apart("the key", move || {
            // It ends with the test.
            let _ = wait.recv();
            Ok(())
        });
        // Time stands still while a thread works, so it is let go by hand.
        let (read, ()) = tokio::join!(reading, async {
            tokio::task::yield_now().await;
            tokio::time::advance(PATIENCE * 2).await;
        });
        drop(answer);
        assert_eq!(
            read.unwrap_err().message,
            "the key: the disk did not answer in time"
        );
    }
}
