//! Conversations that pass whatever is answered, because all that is expected is for the other service.

use super::parse::title;
use crate::diagnostic::Diagnostic;
use crate::model::suite::{Conversation, Service};

/// Finds that nothing which a conversation expects is asked of the target that plays it. One that expects nothing at
/// all says so itself.
pub(super) fn check(conversation: &Conversation, target: &str, service: Service) -> Option<Diagnostic> {
    let only_on = &conversation.only_on;
    let is_elsewhere = !only_on.is_empty() && !only_on.iter().any(|meant| meant == target);
    if conversation.skip.is_some() || is_elsewhere {
        return None;
    }
    let of_turns = conversation.turns.iter().flat_map(|turn| &turn.expect);
    let mut others = of_turns
        .chain(&conversation.expect)
        .map(|expectation| expectation.only_on.filter(|meant| *meant != service));
    let other = others.next()??;
    others.all(|meant| meant.is_some()).then(|| {
        let message = format!(
            "on {} nothing is checked here: all that is expected is for {} only",
            title(service),
            title(other)
        );
        Diagnostic::warning("nothing-checked", message)
            .help("expect something beside `on`, or name the targets that are meant, `only_on: […]`")
    })
}
