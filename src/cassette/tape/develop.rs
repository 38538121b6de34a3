//! How what was kept as it came becomes readable: messages in protobuf's JSON form, the session's id and long bytes
//! replaced by what stands for them.

use serde_json::Value;

use super::Failed;
use crate::backend::TurnError;
use crate::cassette::blobs;
use crate::cassette::compare::replaced;
use crate::cassette::format::{Failure, SESSION, millis};
use crate::proto::json::bytes_to_json_with;

/// What is known of a call.
pub(super) struct Developing<'t> {
    /// The session's id, which is another one each time.
    pub(super) id: &'t str,
    /// The type of what is sent.
    pub(super) input: String,
    /// The type of what is heard.
    pub(super) output: String,
    /// The files of what was heard.
    pub(super) files: &'t mut Vec<(String, Vec<u8>)>,
}

impl Developing<'_> {
    pub(super) fn sent(&self, message: &[u8]) -> Value {
        self.told(bytes_to_json_with(&self.input, message, &mut blobs::sent))
    }

    /// A message with a piece of sound that was sent, as if it had all of it.
    pub(super) fn spoken(&self, message: &[u8], sound: &[u8]) -> Value {
        self.told(bytes_to_json_with(&self.input, message, &mut |_| {
            blobs::sent(sound)
        }))
    }

    pub(super) fn heard(&mut self, message: &[u8]) -> Value {
        let json = bytes_to_json_with(&self.output, message, &mut |bytes| {
            blobs::heard(bytes, self.files)
        });
        self.told(json)
    }

    /// A message with a piece of sound that was heard, as if it had all of it.
    pub(super) fn heard_as(&mut self, message: &[u8], sound: &[u8]) -> Value {
        let json = bytes_to_json_with(&self.output, message, &mut |_| blobs::heard(sound, self.files));
        self.told(json)
    }

    /// What was heard, but for the bytes in it, which are added to `found`.
    pub(super) fn shape(&self, message: &[u8], found: &mut Vec<Vec<u8>>) -> Value {
        bytes_to_json_with(&self.output, message, &mut |bytes| {
            found.push(bytes.to_vec());
            String::new()
        })
    }

    pub(super) fn failure(&self, failed: &Failed) -> Failure {
        let TurnError { error, sent } = &failed.error;
        Failure {
            at_ms: millis(failed.at),
            kind: error.kind.into(),
            code: error.code.map(str::to_owned),
            message: error.message.replace(self.id, SESSION),
            hint: error.hint.clone(),
            sent: *sent,
        }
    }

    fn told(&self, json: Value) -> Value {
        replaced(json, self.id, SESSION)
    }
}
