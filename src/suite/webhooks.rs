//! Answers for webhook calls in a file of their own, for an emulator that plays no suites.

use std::path::Path;
use std::sync::Arc;

use super::parse::{Called, Parser};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::model::suite::{Service, Stubs};
use crate::yaml;

/// Reads a file in the shape of the settings' `webhooks:`, a list of rules for each webhook. There are no names to
/// fill in: `{{ … }}` is text.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_webhooks(file: &Arc<SourceFile>) -> Result<Stubs, Vec<Diagnostic>> {
    let parsed = yaml::parse(file);
    let path: Arc<Path> = Arc::from(file.path.as_path());
    let mut parser = Parser::new(file, &path, true, Some(Service::Cx));
    parser.reader.problems = parsed.problems;
    let stubs = parsed.root.as_ref().and_then(|root| parser.stubs(root, Called::Webhook, "a file of webhook answers"));
    let problems = parser.reader.problems;
    if problems.iter().any(Diagnostic::is_error) {
        return Err(problems);
    }
    Ok(stubs.unwrap_or_default())
}
