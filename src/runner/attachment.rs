//! Files that the user hands over, made ready to be sent.

use std::sync::Arc;

use serde_json::json;

use super::unknown::Unknown;
use crate::backend::Handed;
use crate::model::suite::{Attachment, HistoryChunk, Input};
use crate::model::{Map, Value};
use crate::suite::attachment::read;

/// The files of an input; `None` for one that hands over none.
pub(super) async fn handed(input: &Input) -> Result<Option<Vec<Handed>>, Unknown> {
    let Input::Attached { files, .. } = input else {
        return Ok(None);
    };
    let mut read = Vec::with_capacity(files.len());
    for file in files {
        read.push(bytes(file).await?);
    }
    Ok(Some(read))
}

async fn bytes(file: &Attachment) -> Result<Handed, Unknown> {
    let refused = |why: String| Unknown::suite(format!("`{}` cannot be handed over: {why}", file.written));
    let wanted = file.clone();
    let bytes = tokio::task::spawn_blocking(move || read(&wanted)).await;
    let bytes = bytes
        .map_err(|error| refused(error.to_string()))?
        .map_err(|error| refused(error.to_string()))?;
    Ok(Handed {
        kind: file.kind,
        mime_type: file.mime_type.clone(),
        bytes: bytes.into(),
    })
}

/// A file as later sessions are told of it.
pub(super) fn told(file: &Handed) -> HistoryChunk {
    HistoryChunk::File {
        kind: file.kind,
        mime_type: file.mime_type.clone(),
        bytes: Arc::clone(&file.bytes),
    }
}

/// What was handed over as results have it: never the bytes, but how many there were, once they were read.
pub(super) fn record(say: Option<&str>, files: &[Attachment], read: Option<&[Handed]>) -> Value {
    let mut members = Map::new();
    if let Some(say) = say {
        members.insert("say".to_owned(), Value::from(say));
    }
    for (place, file) in files.iter().enumerate() {
        let mut shown = json!({ "file": file.written, "type": file.mime_type });
        if let Some(read) = read.and_then(|read| read.get(place)) {
            shown["size"] = Value::from(read.bytes.len());
        }
        members.insert(file.kind.name().to_owned(), shown);
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::TurnInput;
    use crate::model::outcome::Verdict;
    use crate::model::suite::{AttachmentKind, Turn};
    use crate::runner::fake::{FakeBackend, FakeRun, say, with_turns};

    fn shows(path: std::path::PathBuf) -> Turn {
        let file = Attachment {
            kind: AttachmentKind::Blob,
            written: "fixtures/bill.pdf".to_owned(),
            path,
            mime_type: "application/pdf".to_owned(),
        };
        Turn {
            input: Input::Attached {
                say: Some("what I paid".to_owned()),
                files: vec![file],
            },
            ..say("")
        }
    }

    #[tokio::test]
    async fn bytes_are_sent_and_results_tell_their_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bill.pdf");
        std::fs::write(&path, "forty euro").unwrap();
        let backend = FakeBackend::echo();
        let result = FakeRun::one(&backend, with_turns("a", [shows(path)])).await;
        assert_eq!(result.verdict, Verdict::Passed, "{:?}", result.reason);
        let sent = backend.sent.lock().unwrap()[0].request.input.clone();
        let TurnInput::Attached { say, files } = sent else {
            panic!("{sent:?}")
        };
        assert_eq!(say.as_deref(), Some("what I paid"));
        assert_eq!(&*files[0].bytes, b"forty euro");
        let file = json!({"file": "fixtures/bill.pdf", "type": "application/pdf", "size": 10});
        assert_eq!(
            result.attempts[0].turns[0].input,
            json!({"say": "what I paid", "blob": file})
        );
    }

    #[tokio::test]
    async fn a_file_that_went_away_is_an_error_of_the_suite() {
        let folder = tempfile::tempdir().unwrap();
        let backend = FakeBackend::echo();
        let turns = with_turns("a", [shows(folder.path().join("gone.pdf"))]);
        let result = FakeRun::one(&backend, turns).await;
        assert_eq!(result.verdict, Verdict::Errored);
        let error = result.attempts[0].error.as_ref().unwrap();
        assert_eq!(error.kind, "suite");
        assert!(
            error
                .message
                .starts_with("`fixtures/bill.pdf` cannot be handed over"),
            "{error:?}"
        );
        assert!(backend.inputs().is_empty());
    }
}
