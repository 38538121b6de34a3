//! What comes back over REST: one message, or a list of them piece by piece, or an error.

use prost::bytes::Bytes;
use reqwest::Response;
use serde_json::Value;
use tokio::time::Instant;

use super::elements::Elements;
use super::request::Answers;
use crate::backend::TurnError;
use crate::backend::call::LARGEST_MESSAGE;
use crate::backend::error::http::{Head, error_of};
use crate::backend::error::status::{broken, root_cause};
use crate::backend::json::check_size;
use crate::backend::transport::{LARGEST_ANSWER, Part, no_answer};
use crate::model::outcome::Sent;
use crate::proto::json::read::{Reading, json_to_bytes};

/// Of an answer that is an error, no more is read.
const LARGEST_ERROR: usize = 1024 * 1024;
/// JSON is larger than what it says: bytes grow by a third.
const LARGEST_TEXT: usize = LARGEST_ANSWER / 2 * 3;

/// Reads a whole answer.
pub(super) async fn read(
    mut response: Response,
    answers: &Answers,
    sent_at: Instant,
) -> Result<Vec<Part>, TurnError> {
    let head = head(&response);
    if !response.status().is_success() {
        return Err(head.failure(&beginning(&mut response).await));
    }
    if !head.is_json() {
        return Err(head.foreign());
    }
    let mut reader = Reader {
        head,
        answers,
        sent_at,
        parts: Vec::new(),
        size: 0,
    };
    if answers.is_list {
        reader.list(response).await?;
    } else {
        reader.one(response).await?;
    }
    Ok(reader.parts)
}

/// What tells failures apart.
pub(in crate::backend) fn head(response: &Response) -> Head {
    Head::of(response.status().as_u16(), response.headers())
}

/// The beginning of an answer that is an error: it may break off, and is told all the same.
pub(in crate::backend) async fn beginning(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > LARGEST_ERROR {
            break;
        }
    }
    body
}

struct Reader<'a> {
    head: Head,
    answers: &'a Answers,
    sent_at: Instant,
    parts: Vec<Part>,
    /// Bytes of all parts.
    size: usize,
}

impl Reader<'_> {
    async fn one(&mut self, mut response: Response) -> Result<(), TurnError> {
        let mut text = Vec::new();
        while let Some(piece) = next(&mut response).await? {
            text.extend_from_slice(&piece);
            if text.len() > LARGEST_TEXT {
                return Err(too_large());
            }
        }
        self.take(&text)
    }

    async fn list(&mut self, mut response: Response) -> Result<(), TurnError> {
        let mut elements = Elements::default();
        let mut size = 0;
        while let Some(piece) = next(&mut response).await? {
            size += piece.len();
            if size > LARGEST_TEXT {
                return Err(too_large());
            }
            for element in elements.push(&piece).map_err(unreadable)? {
                self.take(&element)?;
            }
        }
        if elements.is_over() {
            Ok(())
        } else {
            Err(cut_off())
        }
    }

    /// One message, or the error in its place.
    fn take(&mut self, text: &[u8]) -> Result<(), TurnError> {
        check_size(text)?;
        let json: Value = match serde_json::from_slice(text) {
            Ok(json) => json,
            Err(error) if error.is_eof() => return Err(cut_off()),
            Err(error) => return Err(unreadable(error)),
        };
        if error_of(&json).is_some() {
            return Err(self.head.refused(&json));
        }
        let bytes = json_to_bytes(&self.answers.kind, &json, Reading::OF_OTHERS).map_err(unreadable)?;
        self.size += bytes.len() + size_of::<Part>();
        if bytes.len() > LARGEST_MESSAGE || self.size > LARGEST_ANSWER {
            return Err(too_large());
        }
        self.parts.push(Part {
            bytes: bytes.into(),
            at: self.sent_at.elapsed(),
        });
        Ok(())
    }
}

async fn next(response: &mut Response) -> Result<Option<Bytes>, TurnError> {
    response.chunk().await.map_err(|error| TurnError {
        error: broken(&root_cause(&error), "REST"),
        sent: Sent::Unknown,
    })
}

fn cut_off() -> TurnError {
    TurnError {
        error: broken("the answer ended in the middle", "REST"),
        sent: Sent::Unknown,
    }
}

fn unreadable(error: impl std::fmt::Display) -> TurnError {
    no_answer(format!("the answer cannot be read: {error}"))
}

fn too_large() -> TurnError {
    no_answer("the answer is larger than 64 MiB")
}
