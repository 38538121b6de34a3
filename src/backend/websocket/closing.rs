//! What the end of a WebSocket means: the service says why in the reason (`generic::<kind>: …`), or with the number alone
//! (ces-api 1.7).

use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tonic::{Code, Status};

use crate::backend::TurnError;
use crate::backend::error::name;
use crate::backend::error::status::failure;

/// What a closing means: an error, or that everything was said.
pub(super) fn meaning(frame: Option<&CloseFrame>) -> Result<(), TurnError> {
    let Some(frame) = frame else { return Ok(()) };
    let reason = frame.reason.as_str().trim();
    let (named, said) = match in_words(reason) {
        Some((code, said)) => (Some(code), said),
        None => (None, reason),
    };
    let code = match (named, frame.code) {
        (Some(code), _) => code,
        (None, CloseCode::Normal | CloseCode::Away | CloseCode::Status) => return Ok(()),
        // Frames that are none of the service, or that say what cannot be.
        (None, CloseCode::Invalid | CloseCode::Unsupported | CloseCode::Protocol) => Code::InvalidArgument,
        (None, CloseCode::Size) => Code::OutOfRange,
        (None, CloseCode::Policy) => Code::PermissionDenied,
        (None, CloseCode::Error) => Code::Internal,
        (None, CloseCode::Again | CloseCode::Restart) => Code::Unavailable,
        (None, _) => Code::Unknown,
    };
    if code == Code::Ok {
        return Ok(());
    }
    let message = match said {
        "" => format!("the WebSocket was closed with {}", u16::from(frame.code)),
        said => said.to_owned(),
    };
    Err(failure(&Status::new(code, message)))
}

/// `generic::failed_precondition: goodbye`, whatever stands before it.
fn in_words(reason: &str) -> Option<(Code, &str)> {
    let (_, rest) = reason.split_once("generic::")?;
    let end = rest
        .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
        .unwrap_or(rest.len());
    let (kind, said) = rest.split_at(end);
    let kind = kind.to_ascii_uppercase();
    let code = (0..=16).map(Code::from).find(|code| name(*code) == kind)?;
    Some((code, said.trim_start_matches([':', ' '])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::Sent;

    fn closed(code: u16, reason: &str) -> Result<(), (&'static str, String, Sent)> {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.to_owned().into(),
        };
        meaning(Some(&frame)).map_err(|failed| {
            let code = failed.error.code.unwrap();
            (code, failed.error.message, failed.sent)
        })
    }

    #[test]
    fn an_end_without_a_reason_is_an_end() {
        assert!(meaning(None).is_ok());
        for code in [1000, 1001] {
            assert_eq!(closed(code, ""), Ok(()));
        }
        assert_eq!(closed(1000, "generic::ok"), Ok(()));
    }

    #[test]
    fn a_reason_names_its_kind() {
        for (code, reason, name, said) in [
            (
                1000,
                "generic::failed_precondition: goodbye",
                "FAILED_PRECONDITION",
                "goodbye",
            ),
            (1011, "generic::unavailable", "UNAVAILABLE", "closed with 1011"),
            (
                1007,
                "error: generic::invalid_argument: bad",
                "INVALID_ARGUMENT",
                "bad",
            ),
            (
                1011,
                "generic::nothing_known: x",
                "INTERNAL",
                "generic::nothing_known: x",
            ),
        ] {
            let (named, message, _) = closed(code, reason).unwrap_err();
            assert_eq!(named, name, "{reason}");
            assert!(message.ends_with(said), "{message}");
        }
    }

    #[test]
    fn a_number_alone_says_something_too() {
        for (code, name, sent) in [
            (1007, "INVALID_ARGUMENT", Sent::Yes),
            (1008, "PERMISSION_DENIED", Sent::Yes),
            (1009, "OUT_OF_RANGE", Sent::Yes),
            (1011, "INTERNAL", Sent::Unknown),
            (1013, "UNAVAILABLE", Sent::Unknown),
            (4000, "UNKNOWN", Sent::Unknown),
        ] {
            let (named, message, told) = closed(code, "").unwrap_err();
            assert_eq!((named, told), (name, sent), "{code}");
            assert!(message.contains(&code.to_string()), "{message}");
        }
    }
}
