//! Reads how a live service is reached: domain, quota, certificates, proxy.

use std::path::PathBuf;

use super::{One, id};
use crate::diagnostic::Diagnostic;
use crate::model::capability::Group;
use crate::model::endpoint::{Endpoint, ProxyAddress};
use crate::model::resource::Malformed;
use crate::settings::keys::fields;
use crate::settings::target::{Access, ProxyChoice, TlsFiles};
use crate::yaml::{Map, Node};

impl One<'_> {
    pub(super) fn access(&mut self, map: &Map, endpoint: Option<&Endpoint>) -> Access {
        if let (Some(_), Some(entry)) = (endpoint, map.entry("universe_domain")) {
            let message = "`endpoint` says which host it is, `universe_domain` does not count";
            self.conflict(message, entry.key.span.clone());
        }
        let plaintext = endpoint.is_some_and(|endpoint| !endpoint.is_encrypted());
        if let Some(entry) = map.entry("tls").filter(|_| plaintext) {
            let message = "the endpoint is plaintext: there is nothing that `tls` could say";
            self.conflict(message, entry.key.span.clone());
        }
        let proxy = map
            .get("proxy")
            .and_then(|node| self.parsed(node, "`proxy`", "bad-endpoint", proxy))
            .unwrap_or_default();
        if let (true, ProxyChoice::Address(_), Some(entry)) = (plaintext, &proxy, map.entry("proxy")) {
            let message =
                "the endpoint is plaintext, and so on this machine: a proxy would read all that goes there";
            self.conflict(message, entry.key.span.clone());
        }
        Access {
            universe_domain: map
                .get("universe_domain")
                .and_then(|node| self.parsed(node, "`universe_domain`", "bad-domain", domain)),
            quota_project: map
                .get("quota_project")
                .and_then(|node| self.parsed(node, "`quota_project`", "bad-id", id)),
            tls: map.get("tls").map(|node| self.tls(node)).unwrap_or_default(),
            proxy,
        }
    }

    fn conflict(&mut self, message: &str, span: std::ops::Range<usize>) {
        self.reader.error("conflicting-keys", message, span);
    }

    fn tls(&mut self, node: &Node) -> TlsFiles {
        let Some(map) = fields(self.reader, node, Group::Tls) else {
            return TlsFiles::default();
        };
        let authorities = map
            .get("authorities")
            .and_then(|node| self.machine_file(node, "`authorities`"));
        let identity = match (map.get("certificate"), map.get("key")) {
            (Some(certificate), Some(key)) => self
                .machine_file(certificate, "`certificate`")
                .zip(self.machine_file(key, "`key`")),
            (None, None) => None,
            _ => {
                let message = "`certificate` needs its `key`, and the other way round";
                self.reader.error("missing-key", message, node.span.clone());
                None
            }
        };
        TlsFiles {
            authorities,
            identity,
        }
    }

    /// A file of the machine's, which may stand anywhere; from the settings' folder unless it is absolute.
    fn machine_file(&mut self, node: &Node, what: &str) -> Option<PathBuf> {
        let written = self.reader.name(node, what)?;
        let path = self.root.directory().join(&written);
        let matters = !self.unfilled.contains(&node.span) && !self.variables.offline();
        if matters && !path.exists() {
            let message = format!("{what}: there is no file `{written}`");
            let problem = Diagnostic::error("missing-file", message);
            self.unusable
                .push(problem.at(&self.reader.file, node.span.clone(), ""));
        }
        Some(path)
    }
}

fn domain(text: &str) -> Result<String, Malformed> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let parts_are_there = text.split('.').count() > 1 && text.split('.').all(|part| !part.is_empty());
    if text.chars().all(allowed) && parts_are_there {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Malformed(
        "a universe's domain is a name such as `example.cloud`".to_owned(),
    ))
}

fn proxy(text: &str) -> Result<ProxyChoice, Malformed> {
    match text {
        "none" => Ok(ProxyChoice::None),
        address => ProxyAddress::parse(address).map(ProxyChoice::Address),
    }
}
