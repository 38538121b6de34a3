//! Why no recording answers: what is told of a cassette that is missing, damaged, or about something else.

use std::path::Path;

use super::compare::{Nearest, Place};
use super::format::{Damage, FORMAT, Recording, Written};
use crate::backend::error::{BackendError, BackendErrorKind};
use crate::expect::{Difference, difference_lines};

const RECORD_AGAIN: &str = "record the conversation again: run it with --record instead of --replay";

/// There is no cassette.
pub(super) fn missing(file: &Path) -> BackendError {
    let message = format!(
        "nothing is recorded for this conversation: there is no {}",
        file.display()
    );
    error(&message, "record it: run it with --record instead of --replay")
}

/// The file cannot be read.
pub(super) fn unreadable(file: &Path, why: &str) -> BackendError {
    told(file, &format!("the cassette cannot be read: {why}"), RECORD_AGAIN)
}

/// The file is no cassette, or one of another version.
pub(super) fn damaged(file: &Path, damage: &Damage) -> BackendError {
    match damage {
        Damage::Version(format) => told(
            file,
            &format!("the cassette's format is `{format}`, and this version plays `{FORMAT}`"),
            "play it with the version of turnproof that wrote it, or record the conversation again",
        ),
        Damage::Malformed(why, line, column) => {
            let place = format!("{}:{line}:{}", file.display(), (*column).max(1));
            error(&format!("{place}: the cassette is damaged: {why}"), RECORD_AGAIN)
        }
    }
}

/// A message of the cassette cannot be read.
pub(super) fn garbled(file: &Path, recording: &Recording<Written>, place: Place, why: &str) -> BackendError {
    let message = format!("{} is damaged: {why}", named(recording, place));
    told(file, &message, RECORD_AGAIN)
}

/// The cassette has no such session.
pub(super) fn no_session(file: &Path, attempt: u32, session: u32) -> BackendError {
    let which = match session {
        1 => format!("attempt {attempt}"),
        _ => format!("session {session} of attempt {attempt}"),
    };
    error(
        &format!("{which} is not recorded in {}", file.display()),
        RECORD_AGAIN,
    )
}

/// The session goes on, and the recording does not.
pub(super) fn at_the_end(file: &Path, recording: &Recording<Written>, due: Place) -> BackendError {
    let due = named(recording, due);
    let message = format!(
        "nothing is recorded for this request: there is no {due} in {}",
        file.display()
    );
    error(&message, RECORD_AGAIN)
}

/// The stream goes on, and its recording does not.
pub(super) fn stream_at_the_end(file: &Path, recording: &Recording<Written>, place: Place) -> BackendError {
    let there = named(recording, place);
    let message = format!(
        "nothing is recorded for this message: the stream that is {there} in {} ends before it",
        file.display()
    );
    error(&message, RECORD_AGAIN)
}

/// What is asked is not what was recorded.
pub(super) fn differs(
    file: &Path,
    recording: &Recording<Written>,
    due: Place,
    nearest: Nearest,
) -> BackendError {
    let Nearest { place, differences } = nearest;
    let there = named(recording, place);
    let Some(first) = differences.first() else {
        let due = named(recording, due);
        let message = format!(
            "the request is recorded as {there} in {}, but {due} is due",
            file.display()
        );
        let hint = "an answer holds only after what was said before it; record the conversation again";
        return error(&message, hint);
    };
    let nearest = if place == due { "" } else { "the nearest is " };
    let message = format!(
        "the request differs from the recording: {}{} ({nearest}{there} in {})",
        in_words(first),
        and_more(differences.len() - 1),
        file.display()
    );
    BackendError {
        diff: difference_lines(&differences).map(Box::new),
        ..error(&message, RECORD_AGAIN)
    }
}

/// What is spoken was recorded elsewhere.
pub(super) fn sounds_like(
    differs: BackendError,
    recording: &Recording<Written>,
    place: Place,
) -> BackendError {
    let place = named(recording, place);
    differs.hint(format!("this sound is that of {place}; {RECORD_AGAIN}"))
}

fn in_words(difference: &Difference) -> String {
    let path = &difference.path;
    match (&difference.expected, &difference.actual) {
        (Some(recorded), Some(now)) => format!("{path} was {recorded}, now {now}"),
        (Some(recorded), None) => format!("{path} was {recorded}, now absent"),
        (None, Some(now)) => format!("{path} was absent, now {now}"),
        (None, None) => format!("{path}: {}", difference.message),
    }
}

fn and_more(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => ", and 1 more difference".to_owned(),
        count => format!(", and {count} more differences"),
    }
}

/// An interaction as people count them.
pub(super) fn named(recording: &Recording<Written>, place: Place) -> String {
    let interaction = place.interaction + 1;
    let Some(session) = recording.sessions.get(place.session) else {
        return format!("interaction {interaction}");
    };
    let attempt = session.attempt;
    match session.session {
        1 => format!("interaction {interaction} of attempt {attempt}"),
        number => format!("interaction {interaction} of session {number} of attempt {attempt}"),
    }
}

fn told(file: &Path, message: &str, hint: &str) -> BackendError {
    error(&format!("{}: {message}", file.display()), hint)
}

fn error(message: &str, hint: &str) -> BackendError {
    BackendError::new(BackendErrorKind::Cassette, message).hint(hint)
}
