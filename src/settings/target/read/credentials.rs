//! Reads `credentials:` of a target.

use super::One;
use crate::diagnostic::Diagnostic;
use crate::model::capability::Group;
use crate::settings::keys::fields;
use crate::settings::target::{Credentials, Secret};
use crate::yaml::{Map, Node};

impl One<'_> {
    pub(super) fn credentials(&mut self, map: &Map) -> Credentials {
        let Some(node) = map.get("credentials") else {
            return Credentials::default();
        };
        if node.as_map().is_none() {
            return match self.reader.text(node, "`credentials`").as_deref() {
                Some("none") => Credentials::None,
                Some("adc") | None => Credentials::ApplicationDefault,
                Some(other) => {
                    let known = ["adc", "none"];
                    self.reader.unknown(
                        other,
                        node.span.clone(),
                        "unknown-value",
                        "there are no credentials",
                        &known,
                    );
                    Credentials::default()
                }
            };
        }
        let Some(map) = fields(self.reader, node, Group::Credentials) else {
            return Credentials::default();
        };
        match (map.get("file"), map.get("json_env"), map.get("token_env")) {
            (Some(file), None, None) => {
                let file = self.reader.name(file, "`file`").unwrap_or_default();
                Credentials::File(self.root.directory().join(file))
            }
            (None, Some(variable), None) => self.secret(variable, "`json_env`", Credentials::Json),
            (None, None, Some(variable)) => self.secret(variable, "`token_env`", Credentials::Token),
            _ => {
                let message = "`credentials` needs one of `file`, `json_env` and `token_env`";
                self.reader.error("missing-key", message, node.span.clone());
                Credentials::default()
            }
        }
    }

    /// What a variable holds; `node` names it.
    fn secret(&mut self, node: &Node, what: &str, of: fn(Secret) -> Credentials) -> Credentials {
        let Some(name) = self.reader.name(node, what) else {
            return Credentials::default();
        };
        match self.variables.get(&name) {
            Ok(secret) => of(Secret::new(secret.trim())),
            Err(problem) if self.variables.offline() && !problem.is_static() => Credentials::None,
            Err(problem) => {
                let shown = Diagnostic::error("variable", problem.to_string())
                    .at(&self.reader.file, node.span.clone(), "")
                    .help(problem.help(self.variables));
                if problem.is_static() {
                    self.reader.push(shown);
                } else {
                    self.unusable.push(shown);
                }
                Credentials::default()
            }
        }
    }
}
