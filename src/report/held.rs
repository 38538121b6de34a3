//! A text that waits for its stream, on which something else is shown while it is written.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};

/// Bytes that wait in memory; a longer text waits on disk.
const KEPT_IN_MEMORY: usize = 1 << 20;

/// A text and the stream it goes to.
pub struct Held {
    text: Text,
    stream: Box<dyn Write + Send>,
}

enum Text {
    Memory(Vec<u8>),
    /// With what is in it, in bytes.
    Disk(File, u64),
    /// In memory, because the disk has no room.
    Stuck(Vec<u8>),
}

impl Held {
    pub(super) fn new(stream: impl Write + Send + 'static) -> Self {
        Self {
            text: Text::Memory(Vec::new()),
            stream: Box::new(stream),
        }
    }

    /// Writes the text to its stream.
    ///
    /// # Errors
    /// When the stream cannot be written to.
    pub(super) fn release(self) -> io::Result<()> {
        let Self { text, mut stream } = self;
        match text {
            Text::Memory(text) | Text::Stuck(text) => stream.write_all(&text)?,
            Text::Disk(mut file, length) => {
                file.seek(SeekFrom::Start(0))?;
                io::copy(&mut file.take(length), &mut stream)?;
            }
        }
        stream.flush()
    }
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.add(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Text {
    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(text) if text.len() + bytes.len() > KEPT_IN_MEMORY => {
                let mut text = std::mem::take(text);
                text.extend_from_slice(bytes);
                *self = match on_disk(&text) {
                    Ok(file) => Self::Disk(file, text.len() as u64),
                    Err(_) => Self::Stuck(text),
                };
            }
            Self::Memory(text) | Self::Stuck(text) => text.extend_from_slice(bytes),
            Self::Disk(file, length) => {
                if file.write_all(bytes).is_ok() {
                    *length += bytes.len() as u64;
                } else {
                    let mut text = read_back(file, *length)?;
                    text.extend_from_slice(bytes);
                    *self = Self::Stuck(text);
                }
            }
        }
        Ok(())
    }
}

fn on_disk(text: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(text)?;
    Ok(file)
}

fn read_back(file: &mut File, length: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(length).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Stream(Arc<Mutex<Vec<u8>>>);

    impl Write for Stream {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn texts_of_any_length_come_out_whole_and_not_before() {
        for pieces in [0, 1, 3, 40] {
            let stream = Stream::default();
            let mut held = Held::new(stream.clone());
            let piece = "a line\n".repeat(10_000);
            for _ in 0..pieces {
                held.write_all(piece.as_bytes()).unwrap();
            }
            assert_eq!(matches!(held.text, Text::Disk(..)), pieces == 40);
            assert!(stream.0.lock().unwrap().is_empty());
            held.release().unwrap();
            assert_eq!(*stream.0.lock().unwrap(), piece.repeat(pieces).into_bytes());
        }
    }

    /// A disk that is full once the text lies on it.
    #[test]
    fn what_the_disk_does_not_take_stays_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        std::fs::write(&path, "begun, ").unwrap();
        let read_only = File::open(&path).unwrap();
        let stream = Stream::default();
        let mut held = Held::new(stream.clone());
        held.text = Text::Disk(read_only, 7);
        held.write_all(b"and gone on with").unwrap();
        held.write_all(b".").unwrap();
        held.release().unwrap();
        assert_eq!(*stream.0.lock().unwrap(), b"begun, and gone on with.");
    }
}
